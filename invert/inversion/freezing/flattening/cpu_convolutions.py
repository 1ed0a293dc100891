"""Rewrite convolutions so that they run on any processor, forward and backward.

Without XLA, TensorFlow cannot run convolutions with the channels first on a processor, and has no
gradient of those in groups. The first get their images transposed, before and after; the others
become one convolution for each group.
"""

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.gate.operations import names
from invert.inversion.freezing.names_in_graphs import attribute

FIRST, LAST = b"NCHW", b"NHWC"
TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
# Which of their inputs are images; so are their first outputs.
IMAGES = {
    **dict.fromkeys(names("Conv2D DepthwiseConv2dNative AvgPool MaxPool BiasAdd"), 0),
    **dict.fromkeys(names("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3"), 0),
    **dict.fromkeys(names("DepthToSpace SpaceToDepth"), 0),
    "Conv2DBackpropInput": 2,
}
SIDES = ("strides", "dilations", "ksize")  # one number a dimension


def is_channels_first(node) -> bool:
    """Whether an operation is one that only XLA can compute on a processor."""
    return node.op in IMAGES and attribute(node, "data_format").s == FIRST


def add(flat: Flat, node, inputs: list[Ref]) -> list[Ref]:
    """Add an operation to ``flat``, as one that runs anywhere. ``node`` may be changed."""
    if is_channels_first(node) and len(flat.shape(inputs[IMAGES[node.op]])) == 4:
        return _channels_last(flat, node, inputs)
    if node.op == "Conv2D":
        image, weights = (flat.shape(ref) for ref in inputs)
        if len(image) == len(weights) == 4 and 0 < weights[2] < image[3]:
            return _by_groups(flat, node, inputs, image[3] // weights[2])
    return flat.add(node, inputs)


def _channels_last(flat: Flat, node, inputs: list[Ref]) -> list[Ref]:
    inputs = list(inputs)
    which = IMAGES[node.op]
    inputs[which] = _turned(flat, node.name, inputs[which], TO_LAST)
    node.attr["data_format"].s = LAST
    for key in SIDES:
        sides = attribute(node, key).list.i
        if len(sides) == 4:
            sides[:] = [sides[k] for k in TO_LAST]
    paddings = attribute(node, "explicit_paddings").list.i
    if len(paddings) == 8:
        paddings[:] = [paddings[2 * k + end] for k in TO_LAST for end in (0, 1)]
    if node.op == "Conv2DBackpropInput":  # its first input is the shape of its output
        order = flat.constant(f"{node.name}/order", np.array(TO_LAST, np.int32))
        axis = flat.constant(f"{node.name}/axis", np.int32(0))
        types = {"Tparams": tf.int32, "Tindices": tf.int32, "Taxis": tf.int32}
        sizes = [inputs[0], order, axis]
        (inputs[0],) = flat.compute("GatherV2", f"{node.name}/sizes", sizes, **types)
    first, *rest = add(flat, node, inputs)
    return [_turned(flat, node.name, first, TO_FIRST), *rest]


def _by_groups(flat: Flat, node, inputs: list[Ref], groups: int) -> list[Ref]:
    axis = flat.constant(f"{node.name}/axis", np.int32(3))
    types = {"T": flat.dtype(inputs[0])}
    split = [
        flat.compute("Split", f"{node.name}/groups", [axis, ref], num_split=groups, **types)
        for ref in inputs
    ]
    made = [flat.add(node, pair)[0] for pair in zip(*split, strict=True)]
    types = {"N": groups, "Tidx": tf.int32, **types}
    return flat.compute("ConcatV2", f"{node.name}/together", [*made, axis], **types)


def _turned(flat: Flat, name: str, ref: Ref, order) -> Ref:
    """A batch of images with its dimensions in another order."""
    order = flat.constant(f"{name}/order", np.int32(order))
    types = {"T": flat.dtype(ref), "Tperm": tf.int32}
    return flat.compute("Transpose", f"{name}/turned", [ref, order], **types)[0]
