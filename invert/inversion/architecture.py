"""An architecture: a frozen graph with its weights left open.

What is compiled for an architecture takes the weights as arguments. So it serves every network of
that architecture, and keeps no network's weights alive.
"""

import collections
import dataclasses
import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from invert.inversion.frozen_graph import FrozenGraph, Head

# The mark of a product whose gradient ``substitution`` takes.
GRADIENT = "InvertMatMulByTransposedConstant"
GRADIENT_OF = "_gradient_op_type"
# On a processor XLA's convolutions take five times as long as TensorFlow's own. Of the others here
# it has no better code, or none.
NOT_FOR_XLA = re.compile(
    "Conv|Pool|BatchMatMul|Einsum|TensorList|While|LRN|Resize|FFT|TopK|Sort|Where"
)
# Marks of what was compiled for an architecture.
ADMITTED, REFUSED = "XLA may compile for it", "XLA has refused it"
# So many architectures are remembered when no network of theirs is left, at 3 MB each; and all for
# which XLA has compiled something: it would have to compile it once more, and keep that, too.
MOST = 8
_known: collections.OrderedDict[bytes, "Architecture"] = collections.OrderedDict()


@dataclasses.dataclass(frozen=True, eq=False)
class Architecture:
    """A classifier without its weights. Networks that differ in nothing else share one.

    Attributes:
        graph_def: the graph; its names are numbers, whatever the network called its parts.
        placeholder: name of the tensor that images take the place of.
        weights: shape and dtype of every constant of floating point, by the name of its tensor.
        products: names of the weights that something is multiplied by, ``x @ w``.
        output: name of the tensor of the logits.
        operations: names of all kinds of operations.
        input_shape, image_shape, classes, pixel_range, head: as of the ``FrozenGraph``.
        compiled: what was compiled for it.
    """

    graph_def: tf.compat.v1.GraphDef
    placeholder: str
    weights: dict[str, tf.TensorSpec]
    products: tuple[str, ...]
    output: str
    operations: frozenset[str]
    input_shape: tuple[int, ...]
    image_shape: tuple[int, ...]
    classes: int
    pixel_range: tuple[float, float]
    head: Head
    compiled: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def values(self) -> int:
        """How many values an image has."""
        return math.prod(self.image_shape)

    @property
    def fast_by_xla(self) -> bool:
        """Whether XLA's code for it is faster than TensorFlow's own."""
        return not any(NOT_FOR_XLA.search(operation) for operation in self.operations)


def architecture_of(frozen: FrozenGraph) -> Architecture:
    """Return the architecture of a frozen graph, the same object for equal ones."""
    return frozen.once("architecture", lambda: _take_apart(frozen))[0]


def weights_of(frozen: FrozenGraph) -> tuple[tf.Tensor, ...]:
    """Return a frozen graph's weights, in the order of its architecture's."""
    return frozen.once("architecture", lambda: _take_apart(frozen))[1]


def transposes_of(frozen: FrozenGraph) -> tuple[tf.Tensor, ...]:
    """Return transposed copies of the weights in ``products``; they go when the graph goes."""

    def transposed():
        held = dict(zip(architecture_of(frozen).weights, weights_of(frozen), strict=True))
        with tf.init_scope():  # outside of any graph, so that all share them
            return tuple(tf.transpose(held[name]) for name in architecture_of(frozen).products)

    return frozen.once("transposed weights", transposed)


def _take_apart(frozen: FrozenGraph) -> tuple[Architecture, tuple[tf.Tensor, ...]]:
    """Return architecture and weights; ``once`` lets in one thread at a time."""
    graph_def, names = _numbered(frozen)
    weights = {names[name]: tensor for name, tensor in frozen.weights.items() if name in names}
    for node in [node for node in graph_def.node if _is_weight(node)]:
        with tf.init_scope():
            weights[f"{node.name}:0"] = tf.constant(tf.make_ndarray(node.attr["value"].tensor))
        graph_def.node.remove(node)
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in weights.items()}
    known: dict[str, Any] = {
        "placeholder": names[frozen.placeholder],
        "weights": specs,
        "output": names[frozen.output],
        "input_shape": frozen.input_shape,
        "image_shape": frozen.image_shape,
        "classes": frozen.classes,
        "pixel_range": (float(frozen.pixel_range[0]), float(frozen.pixel_range[1])),
        "head": frozen.head,
    }
    digest = hashlib.sha256(repr(known).encode())
    digest.update(graph_def.SerializeToString(deterministic=True))
    key = digest.digest()
    if key not in _known:
        operations = frozenset(node.op for node in _all_nodes(graph_def))
        products = tuple(_products(graph_def, specs))
        _known[key] = Architecture(graph_def, products=products, operations=operations, **known)
    _known.move_to_end(key)
    architecture = _known[key]
    forgettable = [known for known in _known if ADMITTED not in _known[known].compiled]
    if len(forgettable) > MOST:
        del _known[forgettable[0]]
    return architecture, tuple(weights.values())


def _numbered(frozen: FrozenGraph) -> tuple[tf.compat.v1.GraphDef, dict[str, str]]:
    """Return what leads to the logits with a number for a name, and the tensors' new names.

    Two networks of one architecture have other names, and another order, in their files.
    """
    nodes = {node.name: node for node in frozen.graph_def.node}
    numbers: dict[str, str] = {}
    waiting = [_node_of(frozen.output)]
    while waiting:
        name = waiting.pop()
        if name in numbers:
            continue
        numbers[name] = f"n{len(numbers)}"
        if name in nodes:
            waiting += [_node_of(source) for source in reversed(nodes[name].input)]
    if _node_of(frozen.placeholder) not in numbers:
        raise ValueError(
            f"The logits of {frozen.name} must depend on the image; no path leads from"
            f" {frozen.placeholder} to {frozen.output}. Name another one with output=."
        )
    graph_def = tf.compat.v1.GraphDef(
        versions=frozen.graph_def.versions, library=frozen.graph_def.library
    )
    for name, number in numbers.items():
        if name not in nodes:
            continue
        node = graph_def.node.add(name=number, op=nodes[name].op)
        node.input.extend(_rename(source, numbers) for source in nodes[name].input)
        for key, value in nodes[name].attr.items():
            if key == GRADIENT_OF or not key.startswith("_"):  # the others are notes for the road
                node.attr[key].CopyFrom(value)
    tensors = [frozen.output, frozen.placeholder, *frozen.weights]
    return graph_def, {t: _rename(t, numbers) for t in tensors if _node_of(t) in numbers}


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def _rename(tensor: str, numbers: dict[str, str]) -> str:
    name = _node_of(tensor)
    return tensor.replace(name, numbers[name], 1)


def _is_weight(node) -> bool:
    """A constant of a single number says what an operation does, rather than what was learned."""
    if node.op != "Const" or not tf.as_dtype(node.attr["dtype"].type).is_floating:
        return False
    return len(node.attr["value"].tensor.tensor_shape.dim) > 0


def _products(graph_def, weights: Mapping[str, tf.TensorSpec]) -> Iterator[str]:
    nodes = {node.name: node for node in graph_def.node}
    found = set()
    for node in graph_def.node:
        if GRADIENT_OF not in node.attr or node.attr[GRADIENT_OF].s.decode() != GRADIENT:
            continue
        factor = node.input[1]
        while factor in nodes and nodes[factor].op == "Identity":
            factor = nodes[factor].input[0]
        name = factor if ":" in factor else f"{factor}:0"
        if name in weights and name not in found:
            found.add(name)
            yield name


def _all_nodes(graph_def) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
