"""What the operations of LiteRT are in TensorFlow.

Each function adds what stands for one operation, and returns the name of its output, or those of
several. What they compute: https://ai.google.dev/edge/litert/conversion/tensorflow/operators_compatibility
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from invert.inversion.freezing.opening.lite import products, units
from invert.inversion.freezing.opening.lite.flatbuffer import Operation
from invert.inversion.freezing.opening.lite.units import fused
from invert.inversion.freezing.refusal import Refusal

if TYPE_CHECKING:
    from invert.inversion.freezing.opening.lite.rebuilding import Rebuilt

MIRRORS = ("REFLECT", "SYMMETRIC")


def _typed(op: str, **types: int) -> Callable[[Rebuilt, Operation], str]:
    """An operation with the same inputs; ``types`` are attributes, with the inputs they tell of."""

    def typed(graph: Rebuilt, o: Operation) -> str:
        told = {key: graph.dtype(o.inputs[place]) for key, place in types.items()}
        return graph.node(op, graph.refs(o), graph.dtype(o.inputs[0]), **told)

    return typed


def _with_unit(op: str, kind: str) -> Callable[[Rebuilt, Operation], str]:
    return lambda graph, o: fused(graph, o, kind, _typed(op)(graph, o))


def _pool(op: str) -> Callable[[Rebuilt, Operation], str]:
    def pool(graph: Rebuilt, o: Operation) -> str:
        kind = "Pool2DOptions"
        window = [1, o.option(kind, "FilterHeight"), o.option(kind, "FilterWidth"), 1]
        made = graph.node(op, [graph.ref(o.inputs[0])], ksize=window, **products.steps(o, kind))
        return fused(graph, o, kind, made)

    return pool


def _reduced(op: str) -> Callable[[Rebuilt, Operation], str]:
    def reduced(graph: Rebuilt, o: Operation) -> str:
        keep = bool(o.option("ReducerOptions", "KeepDims", False))
        dtype = graph.dtype(o.inputs[0])
        return graph.node(op, graph.refs(o), dtype, Tidx=tf.int32, keep_dims=keep)

    return reduced


# --- Shapes


def _reshape(graph: Rebuilt, o: Operation) -> str:
    x, dtype = graph.ref(o.inputs[0]), graph.dtype(o.inputs[0])
    if graph.given(o, 1):
        shape = graph.ref(o.inputs[1])
    else:
        shape = graph.whole(o.numbers("ReshapeOptions", "NewShape"))
    return graph.node("Reshape", [x, shape], dtype, Tshape=tf.int32)


def _squeeze(graph: Rebuilt, o: Operation) -> str:
    sides = o.numbers("SqueezeOptions", "SqueezeDims")
    dtype = graph.dtype(o.inputs[0])
    return graph.node("Squeeze", [graph.ref(o.inputs[0])], dtype, squeeze_dims=sides)


def _mirror(graph: Rebuilt, o: Operation) -> str:
    mode = MIRRORS[min(max(o.option("MirrorPadOptions", "Mode"), 0), 1)]
    return graph.node(
        "MirrorPad", graph.refs(o), graph.dtype(o.inputs[0]), Tpaddings=tf.int32, mode=mode
    )


def _joined(graph: Rebuilt, o: Operation) -> str:
    kind = "ConcatenationOptions"
    axis, dtype = graph.whole(o.option(kind, "Axis")), graph.dtype(o.inputs[0])
    inputs = [*graph.refs(o), axis]
    made = graph.node("ConcatV2", inputs, dtype, Tidx=tf.int32, N=len(inputs) - 1)
    return fused(graph, o, kind, made)


def _pack(graph: Rebuilt, o: Operation) -> str:
    inputs, axis = graph.refs(o), o.option("PackOptions", "Axis")
    return graph.node("Pack", inputs, graph.dtype(o.inputs[0]), N=len(inputs), axis=axis)


def _unpack(graph: Rebuilt, o: Operation) -> list[str]:
    count, axis = len(o.outputs), o.option("UnpackOptions", "Axis")
    dtype = graph.dtype(o.inputs[0])
    return _several(graph.node("Unpack", graph.refs(o), dtype, num=count, axis=axis), count)


def _split(graph: Rebuilt, o: Operation) -> list[str]:
    count, dtype = len(o.outputs), graph.dtype(o.inputs[1])
    return _several(graph.node("Split", graph.refs(o), dtype, num_split=count), count)


def _several(name: str, count: int) -> list[str]:
    return [name if k == 0 else f"{name}:{k}" for k in range(count)]


def _slice(graph: Rebuilt, o: Operation) -> str:
    kind, masks = "StridedSliceOptions", ("Begin", "End", "Ellipsis", "NewAxis", "ShrinkAxis")
    if o.option(kind, "Offset", False):
        raise Refusal("The LiteRT file cuts by an offset, which is not rebuilt.")
    keys = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    told = {key: o.option(kind, f"{m}Mask") for key, m in zip(keys, masks, strict=True)}
    return graph.node(
        "StridedSlice", graph.refs(o), graph.dtype(o.inputs[0]), Index=tf.int32, **told
    )


def _shape(graph: Rebuilt, o: Operation) -> str:
    dtype, made = graph.dtype(o.inputs[0]), graph.dtype(o.outputs[0])
    return graph.node("Shape", [graph.ref(o.inputs[0])], dtype, out_type=made)


def _gather(graph: Rebuilt, o: Operation) -> str:
    kind = "GatherOptions"
    indices, values = graph.dtype(o.inputs[1]), graph.dtype(o.inputs[0])
    inputs = [*graph.refs(o), graph.whole(o.option(kind, "Axis"))]
    types = {"Tparams": values, "Tindices": indices, "Taxis": tf.int32}
    return graph.node("GatherV2", inputs, None, **types, batch_dims=o.option(kind, "BatchDims"))


def _resized(op: str, kind: str) -> Callable[[Rebuilt, Operation], str]:
    def resized(graph: Rebuilt, o: Operation) -> str:
        corners = bool(o.option(kind, "AlignCorners"))
        centers = bool(o.option(kind, "HalfPixelCenters"))
        dtype = graph.dtype(o.inputs[0])
        told = {"align_corners": corners, "half_pixel_centers": centers}
        return graph.node(op, graph.refs(o), dtype, **told)

    return resized


def _blocks(op: str, kind: str) -> Callable[[Rebuilt, Operation], str]:
    return lambda graph, o: graph.node(
        op, graph.refs(o), graph.dtype(o.inputs[0]), block_size=o.option(kind, "BlockSize")
    )


def _cast(graph: Rebuilt, o: Operation) -> str:
    types = {"SrcT": graph.dtype(o.inputs[0]), "DstT": graph.dtype(o.outputs[0])}
    return graph.node("Cast", [graph.ref(o.inputs[0])], None, **types)


def _as_it_is(graph: Rebuilt, o: Operation) -> str:
    """Weights in few bits are put into the graph as the numbers that they stand for."""
    graph.equate(o.outputs[0], o.inputs[0])
    return graph.ref(o.inputs[0])


def _largest(graph: Rebuilt, o: Operation) -> str:
    types = {"Tidx": graph.dtype(o.inputs[1]), "output_type": graph.dtype(o.outputs[0])}
    return graph.node("ArgMax", graph.refs(o), graph.dtype(o.inputs[0]), **types)


REBUILT: dict[str, Callable[[Rebuilt, Operation], str | list[str]]] = {
    "CONV_2D": products.convolution,
    "DEPTHWISE_CONV_2D": products.depthwise,
    "TRANSPOSE_CONV": products.transposed_convolution,
    "FULLY_CONNECTED": products.product,
    "BATCH_MATMUL": products.batch_product,
    **dict.fromkeys(units.UNITS, units.unit),
    "LEAKY_RELU": units.leaky,
    "PRELU": units.prelu,
    "GELU": units.gelu,
    "SOFTMAX": units.softmax,
    "L2_NORMALIZATION": units.unit_length,
    "ADD": _with_unit("AddV2", "AddOptions"),
    "SUB": _with_unit("Sub", "SubOptions"),
    "MUL": _with_unit("Mul", "MulOptions"),
    "DIV": _with_unit("RealDiv", "DivOptions"),
    "MAXIMUM": _typed("Maximum"),
    "MINIMUM": _typed("Minimum"),
    "SQUARED_DIFFERENCE": _typed("SquaredDifference"),
    "POW": _typed("Pow"),
    "NEG": _typed("Neg"),
    "ABS": _typed("Abs"),
    "EXP": _typed("Exp"),
    "LOG": _typed("Log"),
    "SQRT": _typed("Sqrt"),
    "RSQRT": _typed("Rsqrt"),
    "SQUARE": _typed("Square"),
    "AVERAGE_POOL_2D": _pool("AvgPool"),
    "MAX_POOL_2D": _pool("MaxPool"),
    "MEAN": _reduced("Mean"),
    "SUM": _reduced("Sum"),
    "REDUCE_MAX": _reduced("Max"),
    "REDUCE_MIN": _reduced("Min"),
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": _typed("ExpandDims", Tdim=1),
    "TRANSPOSE": _typed("Transpose", Tperm=1),
    "PAD": _typed("Pad", Tpaddings=1),
    "PADV2": _typed("PadV2", Tpaddings=1),
    "MIRROR_PAD": _mirror,
    "CONCATENATION": _joined,
    "PACK": _pack,
    "UNPACK": _unpack,
    "SPLIT": _split,
    "SLICE": _typed("Slice", Index=1),
    "STRIDED_SLICE": _slice,
    "SHAPE": _shape,
    "GATHER": _gather,
    "RESIZE_BILINEAR": _resized("ResizeBilinear", "ResizeBilinearOptions"),
    "RESIZE_NEAREST_NEIGHBOR": _resized("ResizeNearestNeighbor", "ResizeNearestNeighborOptions"),
    "SPACE_TO_DEPTH": _blocks("SpaceToDepth", "SpaceToDepthOptions"),
    "DEPTH_TO_SPACE": _blocks("DepthToSpace", "DepthToSpaceOptions"),
    "SPACE_TO_BATCH_ND": _typed("SpaceToBatchND", Tblock_shape=1, Tpaddings=2),
    "BATCH_TO_SPACE_ND": _typed("BatchToSpaceND", Tblock_shape=1, Tcrops=2),
    "CAST": _cast,
    "DEQUANTIZE": _as_it_is,
    "ARG_MAX": _largest,
}
