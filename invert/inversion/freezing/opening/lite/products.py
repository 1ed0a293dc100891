"""Convolutions and products of LiteRT, and the bias and activation function that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from invert.inversion.freezing.opening.lite.flatbuffer import Operation
from invert.inversion.freezing.opening.lite.units import fused
from invert.inversion.freezing.refusal import Refusal

if TYPE_CHECKING:
    from invert.inversion.freezing.opening.lite.rebuilding import Rebuilt

PADDINGS = ("SAME", "VALID")


def convolution(graph: Rebuilt, o: Operation) -> str:
    kind = "Conv2DOptions"
    filters = _arranged(graph, o.inputs[1], (1, 2, 3, 0))
    made = graph.node(
        "Conv2D", [graph.ref(o.inputs[0]), filters], **steps(o, kind), **_dilations(o, kind)
    )
    return _finished(graph, o, kind, made, bias=2)


def depthwise(graph: Rebuilt, o: Operation) -> str:
    """Its filters are (1, H, W, channels · m); TensorFlow's (H, W, channels, m)."""
    kind = "DepthwiseConv2DOptions"
    filters = graph.value(o.inputs[1])
    multiplier = o.option(kind, "DepthMultiplier", 1) or 1
    if filters.ndim != 4 or filters.shape[0] != 1 or filters.shape[3] % multiplier:
        raise Refusal(
            f"The LiteRT file's depthwise convolution has filters of the shape {filters.shape}."
        )
    shape = (*filters.shape[1:3], filters.shape[3] // multiplier, multiplier)
    inputs = [graph.ref(o.inputs[0]), graph.constant(filters.reshape(shape))]
    made = graph.node("DepthwiseConv2dNative", inputs, **steps(o, kind), **_dilations(o, kind))
    return _finished(graph, o, kind, made, bias=2)


def transposed_convolution(graph: Rebuilt, o: Operation) -> str:
    kind = "TransposeConvOptions"
    filters = _arranged(graph, o.inputs[1], (1, 2, 0, 3))
    inputs = [graph.ref(o.inputs[0]), filters, graph.ref(o.inputs[2])]
    made = graph.node("Conv2DBackpropInput", inputs, **steps(o, kind))
    return _finished(graph, o, kind, made, bias=3)


def product(graph: Rebuilt, o: Operation) -> str:
    """Rows times a matrix (units, values), whatever shape the rows are given in."""
    kind = "FullyConnectedOptions"
    if o.option(kind, "WeightsFormat"):
        raise Refusal("The LiteRT file's weights are shuffled. Convert the model anew.")
    weights = _arranged(graph, o.inputs[1], (1, 0))
    units, values = graph.tensor(o.inputs[1]).shape
    x = graph.ref(o.inputs[0])
    rows = graph.node("Reshape", [x, graph.whole([-1, values])], Tshape=tf.int32)
    made = graph.node("MatMul", [rows, weights], transpose_a=False, transpose_b=False)
    if o.option(kind, "KeepNumDims", False):
        sides = graph.tensor(o.outputs[0]).shape
        shape = graph.whole([-1, *sides[1:-1], units])
        made = graph.node("Reshape", [made, shape], Tshape=tf.int32)
    return _finished(graph, o, kind, made, bias=2)


def batch_product(graph: Rebuilt, o: Operation) -> str:
    kind = "BatchMatMulOptions"
    adjoint = {f"adj_{side.lower()}": bool(o.option(kind, f"Adj{side}")) for side in "XY"}
    return graph.node("BatchMatMulV2", graph.refs(o), graph.dtype(o.inputs[0]), **adjoint)


def _arranged(graph: Rebuilt, number: int, order: tuple[int, ...]) -> str:
    """Weights with their axes in another order. Constants are transposed here, once."""
    if len(graph.tensor(number).shape) != len(order):
        raise Refusal(f"The LiteRT file's weights have the shape {graph.tensor(number).shape}.")
    if graph.is_constant(number):
        return graph.constant(graph.value(number).transpose(order))
    return graph.node("Transpose", [graph.ref(number), graph.whole(order)], Tperm=tf.int32)


def steps(o: Operation, kind: str) -> dict:
    strides = [1, o.option(kind, "StrideH"), o.option(kind, "StrideW"), 1]
    return {"strides": strides, "padding": _padding(o, kind), "data_format": "NHWC"}


def _padding(o: Operation, kind: str) -> str:
    number = o.option(kind, "Padding")
    if not 0 <= number < len(PADDINGS):
        raise Refusal(f"The LiteRT file pads by a rule of the number {number}.")
    return PADDINGS[number]


def _dilations(o: Operation, kind: str) -> dict:
    factors = [o.option(kind, f"Dilation{side}Factor", 1) for side in "HW"]
    return {"dilations": [1, *factors, 1]}


def _finished(graph: Rebuilt, o: Operation, kind: str, made: str, bias: int) -> str:
    """What follows a product: its bias and activation function."""
    if graph.given(o, bias):
        made = graph.node("AddV2", [made, graph.ref(o.inputs[bias])])
    return fused(graph, o, kind, made)
