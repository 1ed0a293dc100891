"""An architecture: a frozen graph with its weights left open.

What is compiled for an architecture takes the weights as arguments. So it serves every network of
that architecture, and keeps no network's weights alive.
"""

import collections
import dataclasses
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from invert.inversion.domain import Domain

# What makes answers of what a network returns: probabilities, values as they are, or activations of
# a hidden layer as they are.
Head = Literal["softmax", "sigmoid", "values", "activations"]
# The mark of a product whose gradient ``substitution`` takes.
GRADIENT = "InvertMatMulByTransposedConstant"
GRADIENT_OF = "_gradient_op_type"
# On a processor XLA's convolutions take five times as long as TensorFlow's own. For the others here
# its code is no faster, or missing.
NOT_FOR_XLA = re.compile(
    "Conv|Pool|BatchMatMul|Einsum|TensorList|While|LRN|Resize|FFT|TopK|Sort|Where"
)
# Values. A constant of as many or more is a weight, of any dtype.
LARGE = 1024
# Marks of what was compiled for an architecture.
ADMITTED, REFUSED = "XLA may compile for it", "XLA has refused it"
# Keep this many unused architectures, at 3 MB each; and all for which XLA has compiled something:
# it would have to compile it once more, and keep that, too.
MOST = 8
_known: collections.OrderedDict[bytes, "Architecture"] = collections.OrderedDict()


@dataclasses.dataclass(frozen=True, eq=False)
class Architecture:
    """A network without its weights. Networks that differ in nothing else share one.

    Attributes:
        graph_def: the graph, *without* the placeholder's own node: nothing may be left of it,
            since XLA has no kernel for a placeholder that nothing feeds. Its names are numbers,
            whatever the network called its parts.
        placeholder: name of the tensor that inputs take the place of.
        weights: shape and dtype of every constant of floating point, and of every large one, by
            the name of its tensor.
        products: names of the weights that something is multiplied by, ``x @ w``.
        output: name of the tensor of the logits.
        operations: names of all kinds of operations.
        input_shape: of one input as the graph takes it, such as ``(784,)`` or ``(28, 28, 1)``.
        domain: of one input as everybody else sees it.
        outputs: how many logits there are.
        head: what makes probabilities of the logits.
        compiled: what was compiled for it.
    """

    graph_def: tf.compat.v1.GraphDef
    placeholder: str
    weights: dict[str, tf.TensorSpec]
    products: tuple[str, ...]
    output: str
    operations: frozenset[str]
    input_shape: tuple[int, ...]
    domain: Domain
    outputs: int
    head: Head
    compiled: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def fast_by_xla(self) -> bool:
        """Whether XLA's code for it is faster than TensorFlow's own."""
        return not any(NOT_FOR_XLA.search(operation) for operation in self.operations)


def take_apart(
    graph_def: tf.compat.v1.GraphDef,
    constants: Mapping[str, np.ndarray],
    placeholder: str,
    output: str,
    inside: Iterable[str] = (),
    **known: Any,
) -> tuple[Architecture, tuple[tf.Tensor, ...], dict[str, str]]:
    """Return a graph's architecture, the same object for equal ones, its weights, and new names.

    Args:
        graph_def: the graph without its placeholder's node.
        constants: what the graph takes from elsewhere, by the name of the tensor.
        placeholder, output: names of tensors.
        inside: names of other tensors, whose new names are returned if they lead to the output.
        **known: ``input_shape``, ``domain``, ``outputs`` and ``head``, of the ``Architecture``.

    Raises:
        ValueError: the output does not depend on the placeholder.
    """
    graph_def, names, constants = _numbered(graph_def, constants, placeholder, output)
    weights = {name: value for name, value in constants.items() if _is_weight(value)}
    for name, value in constants.items():
        if name not in weights:
            graph_def.node.append(_constant(name, value))
    specs = {name: tf.TensorSpec(value.shape, value.dtype) for name, value in weights.items()}
    ends = {"placeholder": _rename(placeholder, names), "output": _rename(output, names)}
    known = {**ends, "weights": specs, **known}
    domain = known["domain"]
    digest = hashlib.sha256(repr((known, sorted(domain.fixed.items()))).encode())
    digest.update(graph_def.SerializeToString(deterministic=True))
    architecture = _remembered(digest.digest(), graph_def, known)
    renamed = {tensor: _rename(tensor, names) for tensor in inside if operation_of(tensor) in names}
    with tf.init_scope():  # outside of any graph, so that all share them
        return architecture, tuple(tf.constant(value) for value in weights.values()), renamed


def _remembered(key: bytes, graph_def, known: dict[str, Any]) -> Architecture:
    if key not in _known:
        operations = frozenset(node.op for node in _all_nodes(graph_def))
        products = tuple(_products(graph_def, known["weights"]))
        _known[key] = Architecture(graph_def, products=products, operations=operations, **known)
    _known.move_to_end(key)
    architecture = _known[key]
    forgettable = [known for known in _known if ADMITTED not in _known[known].compiled]
    if len(forgettable) > MOST:
        del _known[forgettable[0]]
    return architecture


def _numbered(
    graph_def, constants: Mapping[str, np.ndarray], placeholder: str, output: str
) -> tuple[tf.compat.v1.GraphDef, dict[str, str], dict[str, np.ndarray]]:
    """Return what leads to the output with a number for a name, those numbers, and constants.

    Two networks of one architecture have other names, and another order, in their files. Constants
    that are nodes of the graph join those from elsewhere.
    """
    nodes = {node.name: node for node in graph_def.node}
    numbers: dict[str, str] = {}  # in an order in which they can be computed
    entered: set[str] = set()
    waiting = [operation_of(output)]
    while waiting:
        name = waiting[-1]
        sources = nodes[name].input if name in nodes and name not in entered else ()
        missing = [name for name in map(operation_of, sources) if name not in numbers]
        entered.add(name)
        waiting += reversed(missing)
        if not missing:
            numbers.setdefault(waiting.pop(), f"n{len(numbers)}")
    if operation_of(placeholder) not in numbers:
        raise ValueError(
            f"The logits must depend on the input; no path leads from {placeholder} to {output}."
            " Name another one with output=."
        )
    numbered = tf.compat.v1.GraphDef(versions=graph_def.versions, library=graph_def.library)
    found = {_rename(n, numbers): v for n, v in constants.items() if operation_of(n) in numbers}
    for name, number in numbers.items():
        if name not in nodes:
            continue
        if nodes[name].op == "Const" and tf.as_dtype(nodes[name].attr["dtype"].type).is_floating:
            found[f"{number}:0"] = tf.make_ndarray(nodes[name].attr["value"].tensor)
            continue
        node = numbered.node.add(name=number, op=nodes[name].op)
        node.input.extend(_rename(source, numbers) for source in nodes[name].input)
        for key, value in nodes[name].attr.items():
            if key == GRADIENT_OF or not key.startswith("_"):  # others say where it was computed
                node.attr[key].CopyFrom(value)
    order = {f"{number}:0": place for place, number in enumerate(numbers.values())}
    return numbered, numbers, dict(sorted(found.items(), key=lambda item: order[item[0]]))


def operation_of(tensor: str) -> str:
    """Return the name of the operation that returns a tensor, or that "^name" waits for."""
    return tensor.removeprefix("^").partition(":")[0]


def full_name(tensor: str) -> str:
    """Return a tensor's name with its output's number, which graphs leave out where it is 0."""
    return tensor if ":" in tensor else f"{tensor}:0"


def _rename(tensor: str, numbers: dict[str, str]) -> str:
    name = operation_of(tensor)
    return tensor.replace(name, numbers[name], 1)


def _is_weight(value: np.ndarray) -> bool:
    """Whether a constant is an argument of what is compiled, and no part of the graph.

    Large constants in the graph would be copied into every compiled loop, 35 MB a loop. A single
    number stays in the graph: it says what an operation does.
    """
    return value.size >= LARGE or (value.ndim > 0 and tf.as_dtype(value.dtype).is_floating)


def _constant(tensor: str, value: np.ndarray):
    node = tf.compat.v1.NodeDef(name=operation_of(tensor), op="Const")
    node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    return node


def _products(graph_def, weights: Mapping[str, tf.TensorSpec]) -> Iterator[str]:
    nodes = {node.name: node for node in graph_def.node}
    found = set()
    for node in graph_def.node:
        if GRADIENT_OF not in node.attr or node.attr[GRADIENT_OF].s.decode() != GRADIENT:
            continue
        factor = node.input[1]
        while factor in nodes and nodes[factor].op == "Identity":
            factor = nodes[factor].input[0]
        name = full_name(factor)
        if name in weights and name not in found:
            found.add(name)
            yield name


def _all_nodes(graph_def) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
