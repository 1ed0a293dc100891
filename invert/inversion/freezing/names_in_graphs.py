"""How the operations of a graph, or of a function in its library, name each other's outputs."""

from collections.abc import Mapping

import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2
from tensorflow.python.framework import op_def_registry

from invert.inversion.freezing.refusal import Refusal

SWITCHES = ("Switch", "RefSwitch")
CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class Body:
    """The operations of a graph or function by name, and where a tensor's name leads.

    In a graph a tensor is "operation:2". In a function it is "operation:argument:0", by the name
    that TensorFlow's own records give that output, or just the name of an argument.
    """

    def __init__(self, nodes, library: Mapping, function=None):
        self.function = function
        self.nodes = {node.name: node for node in nodes}
        self._library = library

    @property
    def name(self) -> str:
        return self.function.signature.name if self.function is not None else ""

    def locate(self, tensor: str) -> tuple[str, int]:
        """Return the operation and the number of the output that a tensor's name stands for."""
        parts = tensor.split(":")
        try:
            if len(parts) == 3:
                return parts[0], self._first(parts[0], parts[1]) + int(parts[2])
            return parts[0], int(parts[1]) if len(parts) == 2 else 0
        except ValueError:
            raise Refusal(f"The graph names a tensor {tensor[:80]!r}, which cannot be.") from None

    def count(self, node) -> int:
        """How many outputs an operation has."""
        return sum(_length(node, argument) for argument in self._arguments(node))

    def _first(self, name: str, output: str) -> int:
        node = self.nodes.get(name)
        before = 0
        for argument in self._arguments(node) if node is not None else ():
            if argument.name == output:
                return before
            before += _length(node, argument)
        raise Refusal(f"A function of the graph uses {name[:80]!r}, output {output[:80]!r}: none.")

    def _arguments(self, node):
        if node.op in self._library:
            return self._library[node.op].signature.output_arg
        found = op_def_registry.get(node.op)
        return found.output_arg if found is not None else ()


class UniqueNames:
    """Gives every name once: the second "x" becomes "x_1"."""

    def __init__(self):
        self._given: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        unique = name
        while unique in self._given:
            self._given[name] += 1
            unique = f"{name}_{self._given[name]}"
        self._given[unique] = 0
        return unique


def attribute(node, key: str) -> attr_value_pb2.AttrValue:
    """An attribute of an operation, empty if it has none. (Indexing would put it there.)"""
    return node.attr[key] if key in node.attr else attr_value_pb2.AttrValue()


def data_inputs(node) -> list[str]:
    """The tensors that an operation computes with, without those that it only waits for."""
    return [name for name in node.input if not name.startswith("^")]


def pivots(node, nodes: Mapping) -> list[str]:
    """The branches of TensorFlow 1 that an operation waits for: if one is not taken, neither is
    the operation."""
    waited = (name[1:] for name in node.input if name.startswith("^"))
    return [name for name in waited if _is_pivot(nodes.get(name), nodes)]


def called(node, library: Mapping) -> list[str]:
    """The functions that an operation names in its attributes, or is itself a call of."""
    names = [node.op] if node.op in library else []
    for value in node.attr.values():
        if value.HasField("func"):
            names.append(value.func.name)
        names.extend(function.name for function in value.list.func)
    return names


def _is_pivot(node, nodes: Mapping) -> bool:
    if node is not None and node.op == "Identity" and node.input:
        node = nodes.get(node.input[0].split(":")[0])
    return node is not None and node.op in SWITCHES


def _length(node, argument) -> int:
    if argument.number_attr:
        return attribute(node, argument.number_attr).i
    if argument.type_list_attr:
        return len(attribute(node, argument.type_list_attr).list.type)
    return 1


def dtype_of(node, index: int) -> tf.DType | None:
    """The type of an operation's output, as far as its own attributes say."""
    found = op_def_registry.get(node.op)
    for argument in found.output_arg if found is not None else ():
        length = _length(node, argument)
        if index < length:
            if argument.type_list_attr:
                return tf.as_dtype(attribute(node, argument.type_list_attr).list.type[index])
            number = argument.type or attribute(node, argument.type_attr).type
            usual = {known.name: known.default_value.type for known in found.attr}
            number = number or usual.get(argument.type_attr)
            return tf.as_dtype(number).base_dtype if number else None
        index -= length
    return None
