"""A frozen graph as bytes, to be passed from a process that is not trusted.

The bytes are numbers and names alone: no pickle, nothing that is imported or run. None of it is
trusted. What ``freeze`` promises of a graph is checked again, as far as it can be without running
the graph.
"""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import GRADIENT, GRADIENT_OF, LARGE
from invert.inversion.domain import Domain
from invert.inversion.freezing import feature_bounds
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.gate.operations import ARITHMETIC
from invert.inversion.freezing.refusal import Refusal, shortened
from invert.inversion.frozen_graph import FrozenGraph, Layer, Place

# Bytes. A graph of 600 operations has a tenth of that; parsed it takes fifty times as much.
MOST_DESCRIPTION, MOST_GRAPH = 2**18, 2**21
MOST_SIDE = 2**22
MOST_LAYERS, LONGEST_LAYER, MOST_UNITS = 200, 80, 2**14  # of those that are passed on
LENGTH = 4  # bytes, of the number that says how long the description is
NUMBERS = {
    name: tf.as_dtype(name)
    for name in (
        *("float64", "float32", "float16", "bfloat16", "bool"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    )
}
OF_A_FROZEN_GRAPH = ARITHMETIC | {"Const"}


def pack(frozen: FrozenGraph) -> bytes:
    """Return a frozen graph as bytes: a description, the graph, and the weights one by one.

    Raises:
        Refusal: it is too large, even without its weights.
    """
    architecture = frozen.architecture
    graph_def = architecture.graph_def.SerializeToString()
    weights = dict(zip(architecture.weights, map(np.asarray, frozen.weights), strict=True))
    known = {
        "graph": len(graph_def),
        "weights": [[name, tf.as_dtype(w.dtype).name, w.shape] for name, w in weights.items()],
        "placeholder": architecture.placeholder,
        "output": architecture.output,
        "input_shape": architecture.input_shape,
        "image_shape": frozen.image_shape,
        "classes": frozen.classes,
        "pixel_range": frozen.pixel_range,
        "head": frozen.head,
        "layers": _described_layers(frozen),
    }
    description = json.dumps(known).encode()
    if len(description) > MOST_DESCRIPTION or len(graph_def) > MOST_GRAPH:
        raise Refusal(
            f"A network must take at most {MOST_GRAPH / 2**20:.0f} MB without its weights; this one"
            f" takes {(len(description) + len(graph_def)) / 2**20:,.1f} MB. Give a smaller one."
        )
    parts = [len(description).to_bytes(LENGTH), description, graph_def]
    return b"".join([*parts, *(value.tobytes() for value in weights.values())])


def unpack(data: bytes, name: str) -> FrozenGraph:
    """Return the frozen graph that was packed, under a new name.

    Its classes are called by their numbers.

    Raises:
        Refusal: it is no frozen graph, or one that ``freeze`` would not have made.
    """
    try:
        return _unpack(memoryview(data), name)
    except Refusal:
        raise
    except (Exception, RecursionError) as error:  # whatever does not fit says so in its own way
        raise Refusal(f"What was passed on is no frozen graph ({shortened(error)}).") from error


def _unpack(data: memoryview, name: str) -> FrozenGraph:
    start = LENGTH + int.from_bytes(data[:LENGTH])
    _demand(
        start <= min(LENGTH + MOST_DESCRIPTION, len(data)), "its description is cut or too long"
    )
    known = json.loads(bytes(data[LENGTH:start]))
    domain, input_shape = _domain(known), _sides(known["input_shape"])
    classes, head = known["classes"], known["head"]
    values = head == "values" and not domain.is_image
    _demand(values or head in ("softmax", "sigmoid"), "its head is unknown")
    _demand(
        type(classes) is int and (1 if values else 2) <= classes <= MOST_SIDE, "it has no classes"
    )
    _demand(math.prod(domain.shape) == math.prod(input_shape), "its images have no shape")
    length = _whole(known["graph"])
    _demand(length <= min(MOST_GRAPH, len(data) - start), "its graph is cut or too large")
    end = start + length
    graph_def = tf.compat.v1.GraphDef.FromString(bytes(data[start:end]))
    _check_graph(graph_def)
    for tensor in (known["placeholder"], known["output"]):
        _demand(type(tensor) is str, "its ends have no name")
    layers = [_layer(each) for each in _list(known["layers"], MOST_LAYERS)]
    _demand(len({layer.name for layer, _ in layers}) == len(layers), "two layers share a name")
    frozen = FrozenGraph.of(
        graph_def,
        _weights(known["weights"], data[end:]),
        known["placeholder"],
        known["output"],
        input_shape=input_shape,
        domain=domain,
        labels=tuple(str(number) for number in range(classes)),
        head=head,
        name=name,
        places={layer.name: place for layer, place in layers},
    )
    return dataclasses.replace(frozen, layers=tuple(layer for layer, _ in layers))


def _described_layers(frozen: FrozenGraph) -> list[list[Any]]:
    """Name, width, tensor and axes of those layers whose units can be looked into."""
    return [
        [name, width, *frozen.places[name]]
        for name, width in frozen.layers
        if name in frozen.places
        and name.isprintable()
        and len(name) <= LONGEST_LAYER
        and 2 <= width <= MOST_UNITS
    ][:MOST_LAYERS]


def _layer(described) -> tuple[Layer, Place]:
    """A layer and where it is, as they are described; whether that is so shows when it is run."""
    name, width, tensor, axes = _list(described, 4)
    _demand(
        type(name) is str and 0 < len(name) <= LONGEST_LAYER and name.isprintable(),
        "a layer has no name",
    )
    _demand(type(width) is int and 2 <= width <= MOST_UNITS, "a layer has no units")
    _demand(type(tensor) is str and len(tensor) <= LONGEST_LAYER, "a layer is nowhere")
    places = [_whole(axis) for axis in _list(axes, 3)]
    _demand(all(1 <= axis <= 4 for axis in places), "a layer has no axes")
    return Layer(name, width), Place(tensor, tuple(places))


def _list(value, most: int) -> list[Any]:
    _demand(type(value) is list and len(value) <= most, "a list is wrong")
    return list(value)


def _domain(known) -> Domain:
    """What an image may be, by the description; or features, all of one range."""
    ends = [_ends(bound) for bound in known["pixel_range"]]
    _demand(len(ends) == 2, "its pixels have no range")
    _demand(
        all(-math.inf < one < two < math.inf for one in ends[0] for two in ends[1]),
        "its pixels have no range",
    )
    shape = _sides(known["image_shape"])
    if len(shape) == 1:
        _demand(shape[0] > 0 and len(ends[0]) == len(ends[1]) == 1, "its features have no range")
        told = feature_bounds.told((ends[0][0], ends[1][0]), None, None, None)
        assert told is not None
        return told.domain(shape)
    _demand(len(shape) in (2, 3) and shape[2:] in ((), (3,)), "its images have no shape")
    return Domain(shape, _bound(ends[0]), _bound(ends[1]))


def _weights(described, data: memoryview) -> dict[str, np.ndarray]:
    """The weights that fill ``data``, one after the other, as they are described."""
    weights: dict[str, np.ndarray] = {}
    end = 0
    for key, kind, sides in described:
        dtype, shape = NUMBERS[kind].as_numpy_dtype, _sides(sides)
        start, end = end, end + math.prod(shape) * np.dtype(dtype).itemsize
        _demand(end <= len(data), "its weights are cut")
        _demand(type(key) is str and key.endswith(":0") and key not in weights, "a weight's name")
        weights[key] = np.frombuffer(data[start:end], dtype).reshape(shape)
    _demand(end == len(data), "something follows it")
    return weights


def _check_graph(graph_def) -> None:
    """Refuse all but arithmetic: functions, hints to TensorFlow, large constants."""
    entry.check(graph_def, OF_A_FROZEN_GRAPH)
    _demand(not graph_def.library.ListFields(), "it has functions")
    names = {node.name for node in graph_def.node}
    _demand(len(names) == len(graph_def.node), "two operations share a name")
    for node in graph_def.node:
        _demand(
            not node.device and not any(i.startswith("^") for i in node.input),
            "it is bound to a device or an order",
        )
        for key, value in node.attr.items():
            ours = (node.op, key, value.s) == ("MatMul", GRADIENT_OF, GRADIENT.encode())
            _demand(ours or not key.startswith("_"), "it has hints")
            _demand(not value.HasField("func") and not value.list.func, "it has functions")
        if node.op == "Const":
            tensor = node.attr["value"].tensor
            _demand(tf.as_dtype(tensor.dtype) in NUMBERS.values(), "a constant is no number")
            _demand(node.attr["dtype"].type == tensor.dtype, "a constant's type")
            size = math.prod(side.size for side in tensor.tensor_shape.dim)
            _demand(size < LARGE, "a constant is too large")


def _ends(bound) -> tuple[float, ...]:
    """The lowest or the highest value of a pixel: one number, or one for each colour."""
    numbers = bound if type(bound) is list else [bound]
    _demand(len(numbers) in (1, 3), "its pixels have no range")
    _demand(all(type(number) is float for number in numbers), "its pixels have no range")
    return tuple(numbers)


def _bound(end: tuple[float, ...]) -> float | tuple[float, ...]:
    return end if len(end) > 1 else end[0]


def _sides(sides) -> tuple[int, ...]:
    _demand(type(sides) is list and len(sides) <= 8, "a shape is wrong")
    return tuple(_whole(side) for side in sides)


def _whole(number) -> int:
    _demand(type(number) is int and 0 <= number <= 2**31, "a length is wrong")
    return int(number)


def _demand(met: bool, what: str) -> None:
    if not met:
        raise Refusal(f"What was passed on is no frozen graph: {what}.")
