"""The layers of a classifier that is nothing but dense layers, read out of its frozen graph.

What changes the pixels alone before them, such as a division by 255, is made part of the first.
"""

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import operation_of
from invert.inversion.frozen_graph import FrozenGraph

ADDING = ("BiasAdd", "Add", "AddV2")
OF_A_PIXEL = ("Mul", "RealDiv", "Add", "AddV2", "Sub")  # with a constant
# They hand values on, in the same or another shape.
PASSING = ("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "Snapshot", "Cast")


def dense_layers(graph: FrozenGraph) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return weights and biases of each layer, from the image to the logits.

    Args:
        graph: a classifier whose layers are ``relu(x @ weights + bias)``, the last without relu.

    Returns:
        For each layer its weights ``(inputs, units)`` and its bias ``(units,)``, float32.

    Raises:
        ValueError: there is something else between the image and the logits.

    >>> from invert.networks.classifier import open_graph
    >>> [weights.shape for weights, _ in dense_layers(open_graph("robust"))]
    [(784, 256), (256, 256), (256, 10)]
    """
    known = graph.architecture
    nodes = {node.name: node for node in known.graph_def.node}
    layers: list[tuple[np.ndarray, np.ndarray]] = []
    name = _before_passing(known.output, nodes)
    while name != operation_of(known.placeholder):
        if layers and name in nodes and nodes[name].op in OF_A_PIXEL:
            name, layers[-1] = _before_pixels(nodes, name, graph, *layers[-1])
            continue
        if layers:
            name = _before_passing(_enter(nodes, name, graph, "Relu").input[0], nodes)
        node = _enter(nodes, name, graph, "MatMul", *ADDING)
        bias = None
        if node.op in ADDING:
            bias = _constant(node.input[1], nodes, graph)
            node = _enter(nodes, _before_passing(node.input[0], nodes), graph, "MatMul")
        weights = _constant(node.input[1], nodes, graph)
        weights = weights.T if node.attr["transpose_b"].b else weights
        layers.append((weights, np.zeros(weights.shape[1], np.float32) if bias is None else bias))
        name = _before_passing(node.input[0], nodes)
    return layers[::-1]


def is_dense(graph: FrozenGraph) -> bool:
    """Return whether ``dense_layers`` can read a classifier's layers; asked once."""
    if "dense" not in graph.compiled:
        try:
            graph.compiled["dense"] = bool(dense_layers(graph))
        except ValueError:
            graph.compiled["dense"] = False
    return bool(graph.compiled["dense"])


def _before_pixels(nodes, name: str, graph: FrozenGraph, weights, bias):
    """Go back over one change of each pixel; return what is before it, and the layer with it."""
    node, (first, second) = nodes[name], nodes[name].input[:2]
    turned = _is_constant(first, nodes, graph)
    value = _constant(first if turned else second, nodes, graph)
    if value.size in (1, graph.values):
        pixels = np.broadcast_to(value.reshape(-1), (graph.values,))
    else:  # one for each colour, say, with or without an axis for the batch
        shape = graph.architecture.input_shape
        pixels = np.broadcast_to(value.reshape(value.shape[-len(shape) :]), shape).reshape(-1)
    if node.op in ("Mul", "RealDiv"):
        if turned and node.op == "RealDiv":
            raise _refusal(graph, "a division by the image")
        weights = weights * (pixels if node.op == "Mul" else 1 / pixels)[:, None]
    else:
        sign = -1 if node.op == "Sub" else 1
        bias = bias + pixels @ weights * (1 if turned else sign)
        weights = -weights if turned and node.op == "Sub" else weights
    return _before_passing(second if turned else first, nodes), (weights, bias)


def _is_constant(tensor: str, nodes, graph: FrozenGraph) -> bool:
    name = _before_passing(tensor, nodes)
    return f"{name}:0" in graph.architecture.weights or (
        name in nodes and nodes[name].op == "Const"
    )


def _enter(nodes, name: str, graph: FrozenGraph, *operations: str):
    """The node of that name, which must be one of these operations."""
    node = nodes.get(name)
    if node is None or node.op not in operations:
        raise _refusal(graph, "an input" if node is None else node.op)
    return node


def _refusal(graph: FrozenGraph, found: str) -> ValueError:
    return ValueError(
        "Looking into layers needs a network of dense layers with relu between them;"
        f" {graph.name} has {found} on the way. Its images, reasons and smallest changes need"
        " nothing of the kind."
    )


def _before_passing(tensor: str, nodes) -> str:
    """The name of the node that a tensor's values come from."""
    name = operation_of(tensor)
    while name in nodes and nodes[name].op in PASSING:
        name = operation_of(nodes[name].input[0])
    return name


def _constant(tensor: str, nodes, graph: FrozenGraph) -> np.ndarray:
    """A constant's value."""
    name = _before_passing(tensor, nodes)
    held = dict(zip(graph.architecture.weights, graph.weights, strict=True))
    if f"{name}:0" in held:
        return held[f"{name}:0"].numpy()
    return tf.make_ndarray(_enter(nodes, name, graph, "Const").attr["value"].tensor)
