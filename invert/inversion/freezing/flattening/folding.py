"""Fold what follows a convolution, a factor and a summand for each channel, into its weights.

Batch normalisation of a frozen network is no more than that. As an operation of its own it is one
more pass over all pixels, forward and backward; in the weights it costs nothing. So do those who
bring networks to phones (Jacob et al. 2018, section 3.2, https://arxiv.org/abs/1712.05877).
"""

import collections
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.names_in_graphs import attribute

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
NORMALISATIONS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
OUTPUTS = 6  # of a normalisation; but for the first they are there for training
EPSILON = 1e-4  # of a normalisation that names none
NOTHING, ONE = np.zeros(1, np.float32), np.ones(1, np.float32)

Node = Any  # a NodeDef, which has no types
Uses = collections.Counter[Ref]


class Affine(NamedTuple):
    """An operation that makes ``factor * tensor + summand``, each ``(1,)`` or one each channel."""

    tensor: Ref
    factor: np.ndarray
    summand: np.ndarray


class Convolution(NamedTuple):
    """A convolution that nothing reads but the ``BiasAdd`` after it, where there is one."""

    node: Node
    weights: np.ndarray
    bias: np.ndarray
    bias_node: Node | None


def fold(
    flat: Flat, graph_def: tf.compat.v1.GraphDef, constants: dict[Ref, np.ndarray], logits: Ref
) -> set[Ref]:
    """Change a graph and its constants in place; what it computes stays the same.

    Args:
        flat: where the graph was taken from. It keeps its own operations as they are.
        graph_def: the graph, its operations in an order in which they can be computed.
        constants: the values of its constants, by tensor.
        logits: the tensor that the graph is for.

    Returns:
        The tensors inside that are no longer what they were: what the convolutions make.
    """
    changed: set[Ref] = set()
    nodes = {node.name: node for node in graph_def.node}
    uses = Uses([logits, *(ref for node in graph_def.node for ref in node.input)])
    for node in list(nodes.values()):
        affine = _affine(node, constants, uses)
        convolution = affine and _convolution(affine.tensor, nodes, constants, uses)
        if not affine or not convolution:
            continue
        channels = flat.shape(f"{node.name}:0")[-1]
        if not {affine.factor.size, affine.summand.size} <= {1, channels}:
            continue
        factor = np.broadcast_to(affine.factor, channels)
        # The channels of a depthwise convolution are two sides of its weights.
        sides = (channels,) if convolution.node.op == "Conv2D" else convolution.weights.shape[2:]
        weights = convolution.weights * factor.reshape(sides)
        bias = np.broadcast_to(convolution.bias * factor + affine.summand, channels)
        refs = [
            flat.constant(f"{node.name}/{what}", value)
            for what, value in (("weights", weights), ("bias", bias))
        ]
        constants |= zip(refs, (weights, bias), strict=True)
        convolution.node.input[1] = refs[0]
        changed.add(f"{convolution.node.name}:0")
        if convolution.bias_node:
            del nodes[convolution.bias_node.name]
        _become_bias(node, f"{convolution.node.name}:0", refs[1])
    read = {logits, *(ref for node in nodes.values() for ref in node.input)}
    for ref in constants.keys() - read:
        del constants[ref]
    kept = tf.compat.v1.GraphDef(node=nodes.values())
    del graph_def.node[:]
    graph_def.node.extend(kept.node)
    return changed


def _affine(node: Node, constants: Mapping[Ref, np.ndarray], uses: Uses) -> Affine | None:
    if attribute(node, "T").type != tf.float32.as_datatype_enum:
        return None
    if node.op in NORMALISATIONS:
        return _normalisation(node, constants, uses)
    if node.op in ("Mul", "Add", "AddV2"):
        for tensor, other in (node.input, reversed(node.input)):
            value = constants.get(other)
            if value is not None and value.ndim <= 4 and set(value.shape[:-1]) <= {1}:
                each = value.ravel()
                return Affine(tensor, *((each, NOTHING) if node.op == "Mul" else (ONE, each)))
    return None


def _normalisation(node: Node, constants: Mapping[Ref, np.ndarray], uses: Uses) -> Affine | None:
    learning = "is_training" not in node.attr or node.attr["is_training"].b
    read = any(uses[f"{node.name}:{k}"] for k in range(1, OUTPUTS))
    if learning or read or not constants.keys() >= set(node.input[1:]):
        return None
    scale, offset, mean, variance = (constants[ref] for ref in node.input[1:])
    epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else EPSILON
    factor = scale / np.sqrt(variance + np.float32(epsilon))
    return Affine(node.input[0], factor, offset - mean * factor)


def _convolution(
    ref: Ref, nodes: Mapping[str, Node], constants: Mapping[Ref, np.ndarray], uses: Uses
) -> Convolution | None:
    """The convolution whose result is a tensor, if its weights may be changed."""
    node, bias, bias_node = nodes.get(ref.rsplit(":", 1)[0]), NOTHING, None
    if node is not None and node.op == "BiasAdd" and node.input[1] in constants:
        if uses[ref] > 1:
            return None
        bias, bias_node = constants[node.input[1]], node
        ref = node.input[0]
        node = nodes.get(ref.rsplit(":", 1)[0])
    if node is None or node.op not in CONVOLUTIONS or uses[ref] > 1:
        return None
    last = attribute(node, "data_format").s in (b"", b"NHWC")
    weights = constants.get(node.input[1])
    return Convolution(node, weights, bias, bias_node) if last and weights is not None else None


def _become_bias(node: Node, tensor: Ref, bias: Ref) -> None:
    """Make of an operation the sum of a tensor and a bias, under the same name."""
    bias_add = tf.compat.v1.NodeDef(name=node.name, op="BiasAdd", input=[tensor, bias])
    bias_add.attr["T"].type = tf.float32.as_datatype_enum
    node.CopyFrom(bias_add)
