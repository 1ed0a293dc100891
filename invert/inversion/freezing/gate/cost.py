"""How much an operation has to compute."""

import math

import tensorflow as tf

from invert.inversion.freezing.gate.operations import names
from invert.inversion.freezing.names_in_graphs import attribute

# Cost per operation, forward and backward, in multiplications of a convolution, of which each takes
# 0.04 ns on two cores of 2024. Each kind was measured alone, in chains of 10 to 900 operations; the
# slowest of a kind stands for all of it.
A_PRODUCT = 2.5  # a multiplication in a matrix product
A_WEIGHT = 12  # a weight of a matrix, fetched at every step
A_VALUE = 40  # a value that is added, multiplied, cut off or copied
A_RESULT = 125  # a value that a convolution or matrix product returns, beside its multiplications
A_LOOK = 60  # a value in a pool's window
A_DEAR_VALUE = 600  # a value of any other operation: powers, sorting, running sums and products
AN_OPERATION = 125_000  # starting an operation, whatever its size
A_DEAR_OPERATION = 2_500_000
FREE = names("Shape ShapeN Size Rank Squeeze ExpandDims Reshape")
CHEAP = names("""
    Add AddN AddV2 BiasAdd BiasAddV1 Cast Concat ConcatV2 Div Exp FusedBatchNorm FusedBatchNormV2
    FusedBatchNormV3 LeakyRelu LogSoftmax Maximum Mean Minimum Mul Neg Pack Pad PadV2 RealDiv Relu
    Relu6 Rsqrt Sigmoid Slice Softmax Split SplitV Sqrt Square SquaredDifference StridedSlice Sub
    Sum Tanh Transpose Unpack
""")


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


def effort(node, tensors, outputs) -> float:
    """How long an operation takes, forward and backward, in multiplications.

    What does not grow with the batch is left out; see ``overhead``.
    """
    if node.op in FREE:
        return 0
    made = sum(tensor.shape.num_elements() for tensor in outputs)
    # A sum returns one value of many, and its gradient many of one.
    size = max([made, *(tensor.shape.num_elements() for tensor in tensors)])
    if node.op in CHEAP:
        return A_VALUE * size
    count = products(node, tensors, outputs)
    if "Pool" in node.op:
        return A_LOOK * max(count, size)
    if "Conv" in node.op:
        return count + A_RESULT * made
    if "MatMul" in node.op or node.op == "Einsum":
        return A_PRODUCT * count + A_RESULT * made
    return count + A_DEAR_VALUE * size


def overhead(node, tensors) -> float:
    """What an operation takes at every step, whatever the batch, in multiplications."""
    if node.op == "MatMul":
        return AN_OPERATION + A_WEIGHT * tensors[1].shape.num_elements()
    return AN_OPERATION if node.op in FREE | CHEAP else A_DEAR_OPERATION
