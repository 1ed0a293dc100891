"""Whether the gradients that a file declares are the ordinary ones, which the frozen graph has.

Many are: a function declares its own gradient to save memory. They are compared as flat arithmetic,
bounded like all the rest, for random gradients coming in.
"""

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.flattening.values import Frame
from invert.inversion.freezing.flattening.walk import Walk
from invert.inversion.freezing.names_in_graphs import attribute
from invert.inversion.freezing.refusal import DECLARED, OtherGradient
from invert.inversion.freezing.source import Gradient, Source

NEAR = 1e-2  # of the length of a gradient


def check(source: Source, walk: Walk, images: np.ndarray) -> None:
    """Raise a Refusal if a gradient that was declared on the way is another than the ordinary.

    Args:
        source: the file, with its declared gradients.
        walk: the walk, which may be carried on.
        images: as the graph takes them.
    """
    for frame, node, inputs in list(walk.declared):
        kind = attribute(node, "_gradient_op_type").s.decode(errors="replace")
        gradient = source.gradients.get(kind)
        if gradient is not None and not _is_ordinary(walk, frame, node, inputs, gradient, images):
            raise OtherGradient(DECLARED)


def _is_ordinary(walk: Walk, frame: Frame, node, inputs, gradient: Gradient, images) -> bool:
    flat, random = walk.flat, np.random.default_rng(0)
    incoming = []
    for value in inputs:
        shape = flat.shape(value) if isinstance(value, str) else ()
        dtype = flat.dtype(value) if isinstance(value, str) else tf.float32
        noise = random.standard_normal(shape).astype(dtype.as_numpy_dtype)
        incoming.append(flat.constant(f"{node.name}/incoming", noise))
    given = [*incoming, *(walk.value(frame, tensor) for tensor in gradient.captured)]
    outputs = walk.visit(gradient.function, given, f"{node.name}/back/")
    # The results come first, and then what they were made of; only of that there are gradients.
    results = inputs[: min(gradient.of)]
    declared, arguments = [], []
    for output, place in zip(outputs, gradient.of, strict=True):
        if isinstance(inputs[place], str) and inputs[place] not in flat.fixed:
            declared.append(walk.number(output))
            arguments.append(inputs[place])
    ordinary = _ordinary(flat, results, arguments, incoming[: len(results)], images)
    return all(
        np.linalg.norm(mine - own) <= NEAR * np.linalg.norm(own)
        for mine, own in zip(ordinary, flat.run(declared, images), strict=True)
    )


def _ordinary(flat: Flat, results: list[Ref], arguments: list[Ref], incoming, images):
    values = [flat.constants[ref] for ref in incoming]

    def back(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
        made, of = tensors[: len(results)], tensors[len(results) :]
        return tf.gradients(made, of, grad_ys=values, unconnected_gradients="zero")

    return flat.run([*results, *arguments], images, back)
