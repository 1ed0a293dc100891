"""A graph model of tensorflow.js: a ``GraphDef`` in JSON, its constants' values beside it."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from invert.inversion.architecture import full_name, operation_of
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.names_in_graphs import attribute
from invert.inversion.freezing.opening.tfjs.fused import in_parts
from invert.inversion.freezing.refusal import Refusal, shortened
from invert.inversion.freezing.source import Source


def source_of(topology: dict, weights: Mapping[str, np.ndarray], signature, name: str) -> Source:
    """Return the graph of a description, with its constants in place.

    Args:
        topology: the file's ``modelTopology``.
        weights: values of constants, by the names of their operations.
        signature: the file's own list of inputs and outputs, if it has one.
        name: what to call it.

    Raises:
        Refusal: it holds more than arithmetic, or constants without values.
    """
    graph_def = tf.compat.v1.GraphDef()
    nodes = topology.get("node")
    if isinstance(nodes, list) and len(nodes) > entry.MAX_NODES:
        raise Refusal(f"The graph has {len(nodes):,} operations; {entry.MAX_NODES:,} are allowed.")
    try:
        json_format.ParseDict(topology, graph_def, ignore_unknown_fields=True)
    except Exception as error:  # whatever is no part of a graph says so in its own way
        raise Refusal(
            f"The tensorflow.js model's graph cannot be read ({shortened(error)})."
        ) from error
    nodes = list(in_parts(graph_def.node))
    del graph_def.node[:]
    graph_def.node.extend(nodes)
    left = dict(weights)
    functions = (function.node_def for function in graph_def.library.function)
    for node in (node for nodes in (graph_def.node, *functions) for node in nodes):
        if node.op == "Const":
            _fill(node, left)
    entry.check(graph_def)

    def no_value(variable: str):
        raise Refusal(
            f"The tensorflow.js model reads a variable {variable[:80]!r} that has no value. Export"
            " it as a SavedModel."
        )

    known = {node.name for node in graph_def.node}
    inputs, outputs = (_named(signature, key, known) for key in ("inputs", "outputs"))
    return Source(name, graph_def, no_value, inputs=inputs, outputs=outputs)


def _fill(node, left: dict[str, np.ndarray]) -> None:
    """Give a constant its value, once, in the type that the graph says. (The files know fewer.)"""
    tensor = node.attr["value"].tensor
    if node.name in left:
        value = left.pop(node.name)
        dtype = tf.as_dtype(attribute(node, "dtype").type or tensor.dtype or 1)
        if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
            raise Refusal(f"The graph's constant {node.name[:80]!r} is of type {dtype.name}.")
        tensor.CopyFrom(tf.make_tensor_proto(value.astype(dtype.as_numpy_dtype), dtype))
        node.attr["dtype"].type = tensor.dtype
    elif not (tensor.tensor_content or entry.given(tensor)) and _size(tensor):
        raise Refusal(
            f"The graph's constant {node.name[:80]!r} has no value in the files of the"
            " tensorflow.js model."
        )


def _size(tensor) -> int:
    return int(np.prod([side.size for side in tensor.tensor_shape.dim], dtype=object))


def _named(signature, key: str, known: set[str]) -> dict[str, str]:
    """The inputs or outputs that a file lists, by the names it gives them."""
    listed = signature.get(key) if isinstance(signature, dict) else None
    if not isinstance(listed, dict):
        return {}
    tensors = {name: told.get("name") for name, told in listed.items() if isinstance(told, dict)}
    return {
        name: full_name(tensor)
        for name, tensor in sorted(tensors.items())
        if isinstance(tensor, str) and operation_of(tensor) in known
    }
