"""Which tensor takes the image, and which may be the classifier's answer."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import full_name
from invert.inversion.checks import brief
from invert.inversion.freezing.gate.operations import ON_THE_WAY
from invert.inversion.freezing.names_in_graphs import CALLS, attribute, data_inputs, dtype_of
from invert.inversion.freezing.opening.variables import VARIABLES
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import PLACEHOLDERS, Source

LEARNING_PHASE = "keras_learning_phase"  # Keras 2 asked with it whether it trains
LOSS_OPERATIONS = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
MAX_ENDS = 50
ENDINGS = ("Softmax", "LogSoftmax", "Sigmoid", "ArgMax")


@dataclasses.dataclass(frozen=True)
class Input:
    """The tensor that takes the image.

    Attributes:
        tensor: its name in the source's graph.
        dtype: its type there.
        static: its shape there, the batch in front, None for what is not known; or None.
        fed: values of other tensors.
        rows: values of other tensors for one image, ``(1, …)``, which are the same for every one.
    """

    tensor: str
    dtype: tf.DType
    static: tuple | None
    fed: Mapping[str, np.ndarray]
    rows: Mapping[str, np.ndarray]


def outputs(source: Source, told: str | None) -> list[list[str]]:
    """Return tensors that may be the answer, in groups, the likeliest first.

    Of a group, all that are a classifier's scores must come from the same logits.

    Raises:
        Refusal: the one that was told is not there, or there is none at all.
    """
    if told is not None:
        return [[source.tensor(told, source.outputs, "output")]]
    if source.outputs:
        return [list(source.outputs.values())]
    # A graph as it was trained says where its logits are: the loss is taken of them.
    losses = [n for n in source.graph_def.node if n.op in LOSS_OPERATIONS and n.input]
    trained = [data_inputs(node)[0] for node in losses]
    ahead = source.ahead()
    used = {name.split(":")[0] for node in source.graph_def.node for name in data_inputs(node)}
    known = [n for n in source.graph_def.node if n.op in ON_THE_WAY and n.name in ahead]
    known = [n for n in known if dtype_of(n, 0) != tf.bool]  # conditions
    ends = [_scores(n) for n in known if n.name not in used and n.op not in PLACEHOLDERS]
    inner = [f"{n.name}:0" for n in known if n.name in used and n.op in ENDINGS]
    inner = [tensor for tensor in inner if _has_weights(source.behind([tensor]).values())]
    groups = [list(dict.fromkeys(full_name(name) for name in trained)), ends, inner]
    groups = [group for group in groups if 0 < len(group) <= MAX_ENDS]
    if not groups:
        raise Refusal(
            f"The network has {len(ends) or 'no'} ends that depend on a placeholder. Name the"
            " tensor of its scores with output=."
        )
    return groups


def _has_weights(nodes) -> bool:
    """Whether any of these operations holds something learned; those of labels do not."""
    return any(node.op in (*VARIABLES, *CALLS) or _is_float_array(node) for node in nodes)


def _is_float_array(node) -> bool:
    tensor = attribute(node, "value").tensor
    return tf.as_dtype(tensor.dtype or 1).is_floating and len(tensor.tensor_shape.dim) > 0


def image_input(source: Source, answers: list[str], told: str | None, feed) -> Input:
    """Return the tensor that takes the image, given what may be the answer.

    Raises:
        Refusal: there are several and no choice, or what was told is not there.
    """
    fed = _fed(source, feed)
    if told is not None:
        tensor = source.tensor(told, source.inputs, "input")
    else:
        tensor = _only_one(source, answers, fed)
    name, _, index = tensor.partition(":")
    node = source.nodes[name]
    dtype = dtype_of(node, int(index))
    if dtype is None or not (dtype.is_floating or dtype.is_integer):
        raise Refusal(
            f"The network's input {tensor!r} takes {dtype.name if dtype else 'no numbers'}, such as"
            " files or records that it decodes itself, and an image is numbers. Name the tensor of"
            " its pixels with input=."
        )
    found = {name: _row(_static(source, name), value) for name, value in fed.items()}
    rows = {name: row for name, row in found.items() if row is not None}
    fed = {name: value for name, value in fed.items() if name not in rows}
    return Input(tensor, dtype, _static(source, tensor), fed, rows)


def _row(static: tuple | None, value: np.ndarray) -> np.ndarray | None:
    """A value for one image of a placeholder that takes a batch; or None, if it is for all."""
    if not static or static[0] is not None or None in static[1:]:
        return None
    if value.ndim == len(static) and value.shape[0] != 1:
        return None
    try:
        return np.broadcast_to(value, (1, *static[1:]))
    except ValueError:
        raise Refusal(
            f"feed must give a placeholder that takes the shape {static} a value of that shape, or"
            f" one for each image; got the shape {value.shape}."
        ) from None


def _only_one(source: Source, answers: list[str], fed) -> str:
    named = {tensor: name for name, tensor in source.inputs.items() if tensor not in fed}
    each = []
    for answer in answers:
        nodes = source.behind([answer], {**named, **fed}).values()
        places = {f"{node.name}:0" for node in nodes if _is_open(node)} - fed.keys()
        each.append(places | source.starts([answer], named))
    order = [*named, *(f"{name}:0" for name in source.nodes if f"{name}:0" not in named)]
    every = [tensor for tensor in order if any(tensor in places for places in each)]
    shared = [tensor for tensor in every if all(tensor in places for places in each)]
    asked = shared or every
    default = "PlaceholderWithDefault"
    open_ones = [t for t in asked if source.nodes[t.split(":")[0]].op != default] or asked
    if len(open_ones) == 1:
        return open_ones[0]
    if not open_ones:
        raise Refusal(
            "The network's output depends on no placeholder. Name the tensor that takes the image"
            " with input=."
        )
    shown = listed(named.get(name, name.split(":")[0]) for name in open_ones)
    rest = named.get(open_ones[-1], open_ones[-1].split(":")[0])
    raise Refusal(
        f"The network has {len(open_ones)} placeholders: {shown}. Name the one that takes the image"
        f" with input=, and give the others a value, as feed={{{rest!r}: 1.0}}."
    )


def _is_open(node) -> bool:
    """Whether this is a placeholder of a value, not of a variable."""
    return node.op in PLACEHOLDERS and dtype_of(node, 0) != tf.resource


def _fed(source: Source, feed) -> dict[str, np.ndarray]:
    """Values of tensors, by name, as their placeholders have them."""
    if feed is None:
        feed = {}
    if not isinstance(feed, Mapping):
        raise Refusal(
            "feed must give placeholders' values by name, such as {'keep_prob': 1.0};"
            f" got {brief(feed)}."
        )
    told = {
        source.tensor(name, source.inputs, "placeholder"): value for name, value in feed.items()
    }
    for node in source.graph_def.node:
        plain = node.op in ("Placeholder", "PlaceholderV2")
        if plain and node.name.split("/")[-1].startswith(LEARNING_PHASE):
            told.setdefault(f"{node.name}:0", False)
    fed = dict(source.constants)
    for tensor, value in told.items():
        dtype = dtype_of(source.nodes[tensor.split(":")[0]], int(tensor.split(":")[1]))
        try:
            fed[tensor] = np.asarray(value, dtype and dtype.as_numpy_dtype)
        except (TypeError, ValueError):
            raise Refusal(
                f"feed must give {tensor.split(':')[0]!r} a value of its type,"
                f" {dtype.name if dtype else 'unknown'}; got {brief(value)}."
            ) from None
    return fed


def _static(source: Source, tensor: str) -> tuple | None:
    """The shape that a file gives an input, as far as it does."""
    shape = attribute(source.nodes[tensor.split(":")[0]], "shape").shape
    # Old graphs write "no dimensions" where they mean "not known". An image is no single number.
    if not shape.unknown_rank and len(shape.dim):
        return tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)
    return source.shapes.get(tensor)


def _scores(node) -> str:
    """The output of an end that tells most about the classes; of TopKV2, which ones are best."""
    return f"{node.name}:{1 if node.op == 'TopKV2' else 0}"
