"""A frozen graph that ends at one of its layers: what comes behind is cut off."""

import dataclasses

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import operation_of
from invert.inversion.frozen_graph import FrozenGraph, Layer

# What hands values on, or makes fewer of them: it looks for nothing of its own.
PASSING = (
    *("Identity", "Reshape", "Squeeze", "ExpandDims", "Transpose", "Pad", "PadV2", "MirrorPad"),
    *("MaxPool", "AvgPool", "Mean", "Max", "Cast", "StopGradient", "Snapshot"),
)
AXES, MEANS = "invert/axes", "invert/means"


def telling_layers(frozen: FrozenGraph) -> tuple[Layer, ...]:
    """Return the layers that compute something of their own, in order.

    Left out are those that pool, pad or reshape, the first that change single values alone, and the
    one that gives the answer.
    """
    operations = {node.name: node.op for node in frozen.architecture.graph_def.node}
    behind = _behind_weights(frozen)
    return tuple(
        layer
        for layer in frozen.layers
        if layer.name in frozen.places
        for tensor in [frozen.places[layer.name].tensor]
        if operations.get(operation_of(tensor), "Identity") not in PASSING
        and operation_of(tensor) in behind
        and tensor != frozen.architecture.output
    )


def at_layer(frozen: FrozenGraph, name: str) -> FrozenGraph:
    """Return the graph of a layer's activations, as ``freeze(source, output=name)`` does.

    Args:
        frozen: a network.
        name: of one of its ``places``.

    >>> from invert.networks.classifier import open_graph
    >>> cut = at_layer(open_graph("robust"), "hidden2")
    >>> cut.classes, cut.layer, cut.head
    (256, 'hidden2', 'activations')
    """
    known, place = frozen.architecture, frozen.places[name]
    graph_def = tf.compat.v1.GraphDef()
    graph_def.CopyFrom(known.graph_def)
    constants = dict(zip(known.weights, map(np.asarray, frozen.weights), strict=True))
    output = place.tensor
    if place.axes:
        axes = graph_def.node.add(name=AXES, op="Const")
        axes.attr["dtype"].type = tf.int32.as_datatype_enum
        value = np.array(place.axes, np.int32)
        axes.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        means = graph_def.node.add(name=MEANS, op="Mean", input=[output, AXES])
        means.attr["T"].type = tf.float32.as_datatype_enum
        means.attr["Tidx"].type = tf.int32.as_datatype_enum
        output = f"{MEANS}:0"
    width = next(layer.width for layer in frozen.layers if layer.name == name)
    cut = FrozenGraph.of(
        graph_def,
        constants,
        known.placeholder,
        output,
        input_shape=known.input_shape,
        domain=known.domain,
        labels=tuple(map(str, range(width))),
        head="activations",
        name=frozen.name,
        places=frozen.places,
    )
    return dataclasses.replace(
        cut,
        layers=frozen.layers,
        layer=name,
        range_evidence=frozen.range_evidence,
        range_assumed=frozen.range_assumed,
    )


def _behind_weights(frozen: FrozenGraph) -> set[str]:
    """The operations that a product or a convolution leads to, and these themselves."""
    behind: set[str] = set()
    for node in frozen.architecture.graph_def.node:  # in an order in which they can be computed
        mixes = any(kind in node.op for kind in ("Conv", "MatMul", "Einsum"))
        if mixes or any(operation_of(tensor) in behind for tensor in node.input):
            behind.add(node.name)
    return behind
