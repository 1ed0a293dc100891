"""How much an operation has to compute."""

import math

import tensorflow as tf

from invert.inversion.freezing.flattening.functions import attribute


def products(node, tensors, outputs) -> int:
    """How many multiplications an operation takes, beyond one for each value it returns."""
    made = outputs[0].shape.num_elements() if outputs else 0
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if node.op == "MatMul" and shapes[0]:
        return made * shapes[0][0 if attribute(node, "transpose_a").b else 1]
    if node.op.startswith("BatchMatMul"):
        return made * shapes[0][-2 if attribute(node, "adj_x").b else -1]
    if node.op in ("Conv2D", "Conv3D"):
        return made * math.prod(shapes[1][:-1])
    if node.op in ("Conv2DBackpropInput", "Conv3DBackpropInputV2"):
        return math.prod(shapes[2]) * math.prod(shapes[1][:-1])
    if node.op in ("DepthwiseConv2dNative", "Dilation2D"):
        return made * math.prod(shapes[1][:2])
    if node.op in ("AvgPool", "MaxPool", "AvgPool3D", "MaxPool3D"):
        return made * math.prod(max(side, 0) for side in attribute(node, "ksize").list.i)
    if node.op == "MaxPoolV2":
        window = tf.get_static_value(tensors[1])
        return made * (math.prod(shapes[0]) if window is None else math.prod(window.tolist()))
    if node.op == "LRN":
        return made * shapes[0][-1]
    if node.op == "Einsum":
        terms = attribute(node, "equation").s.decode().split("->")[0].split(",")
        sides: dict[str, int] = {}
        for term, shape in zip(terms, shapes, strict=False):
            if "." in term or len(term.strip()) != len(shape):  # an ellipsis: count all there is
                return math.prod(max(side, 1) for shape in shapes for side in shape)
            sides.update(zip(term.strip(), shape, strict=True))
        return math.prod(sides.values())
    return made
