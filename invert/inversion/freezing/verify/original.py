"""Run the graph of a file as it is, functions and all, to compare the frozen one with it.

What is run has passed the gate, and every operation in it has been followed and bounded by `walk`:
of the main graph what the output needs, of functions what they return.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.flat import AS_IT_STANDS, Flat, Ref
from invert.inversion.freezing.names_in_graphs import CALLS, Body, called, data_inputs, pivots

HANDLES = ("VarHandleOp",)
REFERENCES = ("Variable", "VariableV2")


def compute(
    nodes: Mapping,
    library: Mapping,
    failed: Collection[tuple[str, str]],
    given: Mapping[str, np.ndarray],
    output: str,
    variable: Callable[[str], np.ndarray],
    versions,
) -> np.ndarray:
    """Return a tensor of a graph.

    Args:
        nodes: the operations that it needs, by name.
        library: the graph's functions, by name.
        failed: outputs of functions that cannot be had, which nothing needs.
        given: values of tensors, by name.
        output: the tensor.
        variable: gives a variable's value, by the name of its operation.
        versions: the graph's.
    """
    graph_def = tf.compat.v1.GraphDef(
        node=[_bare(node, nodes) for node in nodes.values() if f"{node.name}:0" not in given],
        versions=versions,
    )
    waiting = [name for node in nodes.values() for name in called(node, library)]
    functions: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name in library and name not in functions:
            functions[name] = _pruned(library[name], library, failed)
            waiting += [n for node in functions[name].node_def for n in called(node, library)]
    graph_def.library.function.extend(functions.values())
    with tf.Graph().as_default() as graph:
        feeds, places = {}, {}
        read = {node.name: variable(node.name) for node in nodes.values() if node.op in REFERENCES}
        for tensor, value in {**{f"{name}:0": v for name, v in read.items()}, **given}.items():
            places[tensor] = tf.compat.v1.placeholder(value.dtype, value.shape)
            feeds[places[tensor]] = value
        used = {_full(name) for node in graph_def.node for name in node.input}
        used_places = {name: place for name, place in places.items() if name in used}
        (found,) = tf.graph_util.import_graph_def(graph_def, used_places, [output], name="")
        with tf.compat.v1.Session(graph=graph, config=AS_IT_STANDS) as session:
            for node in nodes.values():
                if node.op in HANDLES:
                    value = variable(node.name)
                    place = tf.compat.v1.placeholder(value.dtype, value.shape)
                    handle = graph.get_tensor_by_name(f"{node.name}:0")
                    assign = tf.raw_ops.AssignVariableOp(resource=handle, value=place)
                    session.run(assign, {place: value})
            return session.run(found, feeds)


def _bare(node, nodes: Mapping):
    """A node without hints on where and how it is to be run. It waits for no more than to know
    whether it is in a branch that is taken."""
    bare = tf.compat.v1.NodeDef()
    bare.CopyFrom(node)
    bare.device = ""
    bare.input[:] = data_inputs(node) + [f"^{name}" for name in pivots(node, nodes)]
    for key in [key for key in bare.attr if key.startswith("_")]:
        del bare.attr[key]
    if node.op in HANDLES:
        bare.attr["shared_name"].s = node.name.encode()
        bare.attr["container"].s = b""
    if node.op in CALLS:
        for key in ("config", "config_proto", "executor_type"):
            bare.attr.pop(key, None)
    return bare


def _full(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _pruned(function, library: Mapping, failed):
    """A function with nothing in it but what its outputs need; what nobody can have is a zero."""
    body = Body(function.node_def, library, function)
    outputs = {argument.name: argument for argument in function.signature.output_arg}
    needed, waiting = (
        {},
        [ret for name, ret in function.ret.items() if (body.name, name) not in failed],
    )
    while waiting:
        name = waiting.pop().split(":")[0]
        if name in body.nodes and name not in needed:
            needed[name] = _bare(body.nodes[name], body.nodes)
            waiting.extend(name.removeprefix("^") for name in needed[name].input)
    pruned = type(function)(
        signature=function.signature, node_def=needed.values(), ret=dict(function.ret)
    )
    pruned.signature.ClearField("control_output")
    for name in outputs:
        if (body.name, name) in failed:
            dtype = tf.as_dtype(outputs[name].type)
            zero = tf.compat.v1.NodeDef(name=f"{name}/failed", op="Const")
            zero.attr["dtype"].type = outputs[name].type
            zero.attr["value"].tensor.CopyFrom(
                tf.make_tensor_proto("" if dtype == tf.string else 0, dtype)
            )
            pruned.node_def.append(zero)
            pruned.ret[name] = f"{name}/failed:output:0"
    return pruned


def compiled(flat: Flat, output: Ref, images: np.ndarray) -> np.ndarray:
    """Return a tensor of a flat graph, as XLA computes it."""
    constants = {ref: tf.constant(value) for ref, value in flat.constants.items()}

    @tf.function(autograph=False, jit_compile=True)
    def run(x):
        places = {flat.image: x, **{ref: tf.identity(v) for ref, v in constants.items()}}
        graph_def = flat.graph_def([output])
        used = {name for node in graph_def.node for name in node.input}
        places = {ref: value for ref, value in places.items() if ref in used}
        return tf.graph_util.import_graph_def(graph_def, places, [output])[0]

    return run(tf.constant(images)).numpy()
