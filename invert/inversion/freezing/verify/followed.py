"""Cut a file's graph down to what the walk has followed, which is all that may ever be run.

Branches that are not taken, loops that are not entered and whatever the answer does not depend on
are left out, and so are hints on where and how to compute.
"""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from invert.inversion.architecture import operation_of
from invert.inversion.freezing.flattening.op_handlers import MERGES
from invert.inversion.freezing.flattening.walk import Walk
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.gate.operations import ON_THE_WAY
from invert.inversion.freezing.names_in_graphs import CALLS, Body, called, data_inputs, pivots

HANDLES = ("VarHandleOp",)
RUN_SETTINGS = ("config", "config_proto", "executor_type")


class Followed:
    """The operations and functions that a walk followed.

    Args:
        library: the graph's functions, by name.
        walk: the walk.
        without: an operation that is to pass its input on, as (function, operation), or None.
    """

    def __init__(self, library: Mapping, walk: Walk, without: tuple[str, str] | None):
        self._library = library
        self._walk = walk
        self._without = without

    def graph(self, nodes: Mapping, given, versions) -> tf.compat.v1.GraphDef:
        """Return the graph of ``nodes``, by name, but for those that are given from outside.

        Raises:
            Refusal: something in it is no arithmetic.
        """
        visited = self._walk.visited.get("", set())
        kept = [
            self._bare(node, nodes, visited)
            for node in nodes.values()
            if node.name in visited and f"{node.name}:0" not in given
        ]
        functions: dict[str, Any] = {}
        waiting = [name for node in kept for name in called(node, self._library)]
        while waiting:
            name = waiting.pop()
            if name not in functions:
                functions[name] = self._function(self._library[name])
                inner = functions[name].node_def
                waiting += [n for node in inner for n in called(node, self._library)]
        graph_def = tf.compat.v1.GraphDef(node=kept, versions=versions)
        graph_def.library.function.extend(functions.values())
        inner = (node for function in functions.values() for node in function.node_def)
        entry.check_operations([*kept, *inner], ON_THE_WAY | functions.keys())
        return graph_def

    def _bare(self, node, nodes: Mapping, visited: set[str]):
        """A copy of a node without hints, which waits for nothing but the branch it is in."""
        bare = tf.compat.v1.NodeDef()
        bare.CopyFrom(node)
        bare.device = ""
        inputs = data_inputs(node)
        if node.op in MERGES:
            inputs = [i for i in inputs if i.split(":")[0] in visited or i not in nodes]
            bare.attr["N"].i = len(inputs)
        bare.input[:] = inputs + [f"^{name}" for name in pivots(node, nodes) if name in visited]
        for key in [key for key in bare.attr if key.startswith("_")]:
            del bare.attr[key]
        if node.op in HANDLES:
            bare.attr["shared_name"].s = node.name.encode()
            bare.attr["container"].s = b""
        if node.op in CALLS:
            for key in RUN_SETTINGS:
                bare.attr.pop(key, None)
        self._take_one_branch(bare)
        return bare

    def _take_one_branch(self, node) -> None:
        """Replace each branch that was not followed by one that was."""
        if node.op not in ("If", "StatelessIf", "Case", "StatelessCase"):
            return
        branches = [
            node.attr[key].func for key in ("then_branch", "else_branch") if key in node.attr
        ]
        branches += node.attr["branches"].list.func if "branches" in node.attr else []
        taken = [branch.name for branch in branches if branch.name in self._walk.visited]
        for branch in branches:
            branch.name = branch.name if branch.name in taken else taken[0]

    def _past(self, function: str, tensor: str, body: Body) -> str:
        """A function's tensor; of the operation that is left out, its first input instead."""
        operation = tensor.split(":")[0]
        left_out = (function, operation) == self._without
        return data_inputs(body.nodes[operation])[0] if left_out else tensor

    def _function(self, function):
        """A function with only what its outputs need; an output that cannot be frozen is zero."""
        name = function.signature.name
        pruned = type(function)(signature=function.signature)
        pruned.signature.ClearField("control_output")
        if "_input_shapes" in function.attr:
            pruned.attr["_input_shapes"].CopyFrom(function.attr["_input_shapes"])
        outputs = function.signature.output_arg
        if name not in self._walk.visited:  # the body of a loop without a round
            for given, returned in zip(function.signature.input_arg, outputs, strict=True):
                pruned.ret[returned.name] = given.name
            return pruned
        body = Body(function.node_def, self._library, function)
        needed: dict[str, Any] = {}
        for output in outputs:
            if (name, output.name) in self._walk.failed:
                zero = f"{output.name}/failed"
                needed[zero] = _zero(zero, output.type)
                pruned.ret[output.name] = f"{zero}:output:0"
            else:
                pruned.ret[output.name] = self._past(name, function.ret[output.name], body)
        waiting = list(pruned.ret.values())
        visited = self._walk.visited[name]
        while waiting:
            inner = operation_of(waiting.pop())
            if inner in visited and inner in body.nodes and inner not in needed:
                needed[inner] = self._bare(body.nodes[inner], body.nodes, visited)
                needed[inner].input[:] = [self._past(name, i, body) for i in needed[inner].input]
                waiting.extend(needed[inner].input)
        pruned.node_def.extend(needed.values())
        return pruned


def _zero(name: str, kind: int):
    zero = tf.compat.v1.NodeDef(name=name, op="Const")
    zero.attr["dtype"].type = kind
    dtype = tf.as_dtype(kind)
    value = tf.make_tensor_proto("" if dtype == tf.string else 0, dtype)
    zero.attr["value"].tensor.CopyFrom(value)
    return zero
