"""Take the operations that tensorflow.js fused apart into ordinary ones.

A fused operation is a convolution or product, a bias and an activation function. TensorFlow has no
gradients of them, and no kernels of some.
"""

from collections.abc import Iterable, Iterator

import tensorflow as tf

from invert.inversion.freezing.names_in_graphs import attribute, data_inputs
from invert.inversion.freezing.refusal import Refusal

NodeDef = tf.compat.v1.NodeDef
IN_PARTS = {
    "_FusedConv2D": "Conv2D",
    "FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
# Attributes of the convolution or product. The others are of what follows it.
OF_THE_PRODUCT = (
    *("T", "strides", "padding", "data_format", "dilations", "explicit_paddings"),
    *("transpose_a", "transpose_b"),
)
BIAS, PRELU = "BiasAdd", "Prelu"
UNITS = ("Relu", "Relu6", "Elu", "LeakyRelu", "Sigmoid", "Tanh")


def in_parts(nodes: Iterable) -> Iterator:
    """Yield the operations of a graph, and what fused ones stand for.

    Raises:
        Refusal: something else is fused than a bias and an activation function.
    """
    for node in nodes:
        if node.op in IN_PARTS:
            yield from _parts(node)
        elif node.op == PRELU and len(data_inputs(node)) == 2:
            x, slope = data_inputs(node)
            yield from _prelu(node.name, x, slope, attribute(node, "T").type)
        else:
            yield node


def _parts(node) -> Iterator:
    dtype = attribute(node, "T").type or tf.float32.as_datatype_enum
    fused = [name.decode(errors="replace") for name in attribute(node, "fused_ops").list.s]
    image, filters, *others = data_inputs(node)
    known = all(name in (BIAS, PRELU, *UNITS) for name in fused)
    if not known or len(others) != sum(name in (BIAS, PRELU) for name in fused):
        raise Refusal(
            f"The graph's fused operation {node.name[:80]!r} is made of {fused!r:.200} with"
            f" {len(others)} values beside its weights; only a bias and {', '.join(UNITS)} or"
            f" {PRELU} can be taken apart. Export the model as a SavedModel."
        )
    part = NodeDef(op=IN_PARTS[node.op], name=_name(node, 0, fused), input=[image, filters])
    for key in OF_THE_PRODUCT:
        if key in node.attr:
            part.attr[key].CopyFrom(node.attr[key])
    part.attr["T"].type = dtype
    yield part
    for number, op in enumerate(fused, 1):
        before, name = _name(node, number - 1, fused), _name(node, number, fused)
        if op == PRELU:
            yield from _prelu(name, before, others.pop(0), dtype)
            continue
        part = NodeDef(op=op, name=name, input=[before, *([others.pop(0)] if op == BIAS else [])])
        part.attr["T"].type = dtype
        if op == BIAS and "data_format" in node.attr:
            part.attr["data_format"].CopyFrom(node.attr["data_format"])
        if op == "LeakyRelu":
            part.attr["alpha"].f = attribute(node, "leakyrelu_alpha").f
        yield part


def _name(node, number: int, fused: list[str]) -> str:
    """What a part is called; the last is called like the whole, as others refer to it."""
    return node.name if number == len(fused) else f"{node.name}/part_{number}"


def _prelu(name: str, x: str, slope: str, dtype: int) -> Iterator:
    """max(x, 0) − slope · max(−x, 0)"""
    parts = (
        ("Relu", f"{name}/above", [x]),
        ("Neg", f"{name}/negative", [x]),
        ("Relu", f"{name}/below", [f"{name}/negative"]),
        ("Mul", f"{name}/sloping", [slope, f"{name}/below"]),
        ("Sub", name, [f"{name}/above", f"{name}/sloping"]),
    )
    for op, part_name, inputs in parts:
        part = NodeDef(op=op, name=part_name, input=inputs)
        part.attr["T"].type = dtype or tf.float32.as_datatype_enum
        yield part
