"""The activation functions of LiteRT's layers, and what else acts on each unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.opening.lite.flatbuffer import Operation
from invert.inversion.freezing.refusal import Refusal

if TYPE_CHECKING:
    from invert.inversion.freezing.opening.lite.rebuilding import Rebuilt

NO_LENGTH = 1e-6  # LiteRT uses this in place of a norm of zero
FUSED = {1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH"}


def _bounded(low: float, high: float) -> Callable[[Rebuilt, str], str]:
    def between(graph: Rebuilt, x: str) -> str:
        below = graph.node("Minimum", [x, graph.constant(np.float32(high))])
        return graph.node("Maximum", [below, graph.constant(np.float32(low))])

    return between


def _plain(op: str) -> Callable[[Rebuilt, str], str]:
    return lambda graph, x: graph.node(op, [x])


def _hard_swish(graph: Rebuilt, x: str) -> str:
    moved = graph.node("AddV2", [x, graph.constant(np.float32(3))])
    gate = graph.node("Relu6", [moved])
    product = graph.node("Mul", [x, gate])
    return graph.node("Mul", [product, graph.constant(np.float32(1 / 6))])


UNITS: dict[str, Callable[[Rebuilt, str], str]] = {
    "RELU": _plain("Relu"),
    "RELU6": _plain("Relu6"),
    "RELU_N1_TO_1": _bounded(-1, 1),
    "RELU_0_TO_1": _bounded(0, 1),
    "TANH": _plain("Tanh"),
    "LOGISTIC": _plain("Sigmoid"),
    "ELU": _plain("Elu"),
    "HARD_SWISH": _hard_swish,
    "LOG_SOFTMAX": _plain("LogSoftmax"),
}


def unit(graph: Rebuilt, o: Operation) -> str:
    return UNITS[o.kind](graph, graph.ref(o.inputs[0]))


def leaky(graph: Rebuilt, o: Operation) -> str:
    slope = float(o.option("LeakyReluOptions", "Alpha"))
    return graph.node("LeakyRelu", [graph.ref(o.inputs[0])], alpha=slope)


def prelu(graph: Rebuilt, o: Operation) -> str:
    x, slope = graph.refs(o)
    below = graph.node("Relu", [graph.node("Neg", [x])])
    below = graph.node("Mul", [slope, below])
    return graph.node("Sub", [graph.node("Relu", [x]), below])


def gelu(graph: Rebuilt, o: Operation) -> str:
    """x · Φ(x), exactly or by tanh (Hendrycks & Gimpel, 2016, arXiv:1606.08415)."""
    x = graph.ref(o.inputs[0])

    def times(one: str, factor: float) -> str:
        return graph.node("Mul", [one, graph.constant(np.float32(factor))])

    if o.option("GeluOptions", "Approximate", False):
        cubed = graph.node("Mul", [x, graph.node("Square", [x])])
        inner = graph.node("AddV2", [x, times(cubed, 0.044715)])
        shaped = graph.node("Tanh", [times(inner, math.sqrt(2 / math.pi))])
    else:
        shaped = graph.node("Erf", [times(x, math.sqrt(0.5))])
    raised = graph.node("AddV2", [shaped, graph.constant(np.float32(1))])
    return graph.node("Mul", [times(x, 0.5), raised])


def softmax(graph: Rebuilt, o: Operation) -> str:
    x, sharpness = graph.ref(o.inputs[0]), float(o.option("SoftmaxOptions", "Beta", 1.0))
    if sharpness != 1:
        x = graph.node("Mul", [x, graph.constant(np.float32(sharpness))])
    return graph.node("Softmax", [x])


def unit_length(graph: Rebuilt, o: Operation) -> str:
    x = graph.ref(o.inputs[0])
    squares = graph.node("Square", [x])
    total = graph.node("Sum", [squares, graph.whole([-1])], Tidx=tf.int32, keep_dims=True)
    length = graph.node("Sqrt", [total])
    length = graph.node("Maximum", [length, graph.constant(np.float32(NO_LENGTH))])
    return graph.node("RealDiv", [x, length])


def fused(graph: Rebuilt, o: Operation, kind: str, made: str) -> str:
    number = o.option(kind, "FusedActivationFunction")
    if number == 0:
        return made
    if number not in FUSED:
        raise Refusal(f"The LiteRT file's {o.kind} ends in a function of the number {number}.")
    return UNITS[FUSED[number]](graph, made)
