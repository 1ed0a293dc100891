"""Find the logits: what goes into the argmax, softmax or sigmoid that a classifier ends in.

What is cut off is remembered, so that the answers of the frozen graph can be compared with the
source's. What cannot be cut off is undone: the logarithm of probabilities serves as logits.
"""

import dataclasses
import math
from typing import Literal

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import Head
from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.refusal import Refusal

MAX_CLASSES = 2**16
Answer = Literal["logits", "probabilities", "class", "probability"]
RESHAPES = ("Reshape", "Squeeze", "ExpandDims")


@dataclasses.dataclass(frozen=True)
class Ending:
    """Where the logits are, and what the source makes of them.

    Attributes:
        logits: their tensor, one row of classes an image.
        classes: how many there are.
        head: what makes probabilities of them.
        answer: what the source itself returns: the logits, probabilities, the number of the
            likeliest class, or the probability of the second of two classes.
        sure: whether the graph says so, not only its numbers.
        last: the operation that the logits were found before, such as a softmax, or "".
        places: axes of the source's answer that a map's channels are averaged over.
    """

    logits: Ref
    classes: int
    head: Head = "softmax"
    answer: Answer = "logits"
    sure: bool = False
    last: str = ""
    places: tuple[int, ...] = ()


def find(flat: Flat, output: Ref, head: Head | None = None, features: bool = False) -> Ending:
    """Return where the logits of an output are.

    Args:
        flat: the graph.
        output: the output.
        head: what it is known to end in, or None.
        features: whether the network reads no pictures: then what ends in neither argmax, softmax
            nor sigmoid gives values, and not the scores of classes.

    Raises:
        Refusal: the output is no classifier's.
    """
    if head == "values":
        return _checked(flat, Ending(output, 0, "values", sure=True))
    answer: Answer = "logits"
    last = ""
    end = _before_casts_of_a_class(flat, _before_reshapes(flat, output))
    node = flat.node(end)
    if node is not None and node.op in ("ArgMax", "TopKV2"):
        if node.op == "TopKV2" and end.endswith(":0"):
            raise Refusal("The network returns its best scores alone. Name all with output=.")
        answer, output, last = "class", node.input[0], node.name
        end = _before_reshapes(flat, output)
        node = flat.node(end)
    if node is not None and node.op == "Softmax":
        if _classes(flat, end) == 1:
            raise Refusal("The network ends in a softmax of one class, which is always sure.")
        kind: Answer = "class" if answer == "class" else "probabilities"
        return _checked(flat, Ending(node.input[0], 0, "softmax", kind, sure=True, last=node.name))
    if node is not None and node.op == "Sigmoid":
        if _classes(flat, end) == 1:
            return _of_two(flat, node.input[0], node.name)
        kind = "class" if answer == "class" else "probabilities"
        return _checked(flat, Ending(node.input[0], 0, "sigmoid", kind, sure=True, last=node.name))
    if (
        features
        and head is None
        and answer == "logits"
        and (node is None or node.op != "LogSoftmax")
    ):
        return _checked(flat, Ending(output, 0, "values", sure=True))
    sure = head is not None or (
        node is not None and node.op in ("LogSoftmax", "MatMul", "BiasAdd", "Relu")
    )
    if _classes(flat, end) == _classes(flat, output):
        output = end
    return _checked(flat, Ending(output, 0, head or "softmax", answer, sure, last))


def undo(flat: Flat, ending: Ending, near: np.ndarray, far: np.ndarray) -> Ending:
    """Return an ending whose logits are no probabilities.

    Args:
        flat: the graph, which may grow by what undoes them.
        ending: where the logits seem to be.
        near: what is there for some images.
        far: what is there for images whose pixels are out of all bounds.
    """
    near, far = near.reshape(-1, ending.classes), far[~np.isnan(far)]  # e^x overflows there
    bounded = all((values >= 0).all() and (values <= 1).all() for values in (near, far))
    if not bounded:
        if ending.classes == 1:
            raise _one_number()
        return ending
    # No pixels, however bright, lead out of [0, 1]: these are probabilities.
    if ending.classes == 1:
        return _of_two(flat, _logit(flat, ending.logits))
    kind: Answer = "class" if ending.answer == "class" else "probabilities"
    if np.allclose(near.sum(axis=1), 1, atol=1e-3):
        return Ending(_log(flat, ending.logits), ending.classes, "softmax", kind, sure=True)
    return Ending(_logit(flat, ending.logits), ending.classes, "sigmoid", kind, sure=True)


def _checked(flat: Flat, ending: Ending) -> Ending:
    if not flat.dtype(ending.logits).is_floating:
        raise Refusal("The network returns whole numbers. Name the scores before with output=.")
    classes = _classes(flat, ending.logits)
    if not 1 <= classes <= MAX_CLASSES:
        raise Refusal(
            f"The network returns the shape {flat.shape(ending.logits)} for"
            f" {flat.shape(flat.image)[0]} images; a classifier returns one row of scores an image,"
            f" of {MAX_CLASSES:,} classes at most."
        )
    if classes == 1 and ending.sure and ending.head != "values":
        raise _one_number()
    return dataclasses.replace(ending, classes=classes)


def _classes(flat: Flat, ref: Ref) -> int:
    """How many values an image has there, or -1 if they are more than one row."""
    batch, *sides = flat.shape(ref) or (0,)
    if batch != flat.shape(flat.image)[0] or sum(side != 1 for side in sides) > 1:
        return -1
    return math.prod(sides)


def _before_reshapes(flat: Flat, ref: Ref) -> Ref:
    """The tensor whose values these are, in another shape."""
    node = flat.node(ref)
    while node is not None and (
        node.op in RESHAPES
        or (node.op == "Cast" and flat.dtype(node.input[0]).is_floating and _real(flat, ref))
    ):
        ref = node.input[0]
        node = flat.node(ref)
    return ref


def _before_casts_of_a_class(flat: Flat, ref: Ref) -> Ref:
    """The number of a class, before it was cast to any other type; anything else as it is."""
    node = flat.node(ref)
    while node is not None and node.op == "Cast":
        inner = _before_reshapes(flat, node.input[0])
        before = flat.node(inner)
        if before is None or before.op not in ("ArgMax", "Cast"):
            break
        ref, node = inner, before
    return ref


def _real(flat: Flat, ref: Ref) -> bool:
    return flat.dtype(ref).is_floating


def _of_two(flat: Flat, logit: Ref, last: str = "") -> Ending:
    """Two classes of one logit: that of the first is 0."""
    dtype = flat.dtype(logit)
    column = flat.constant("invert/column", np.array([-1, 1], np.int32))
    (second,) = flat.compute("Reshape", "invert/second", [logit, column], T=dtype, Tshape=tf.int32)
    (first,) = flat.compute("ZerosLike", "invert/first", [second], T=dtype)
    axis = flat.constant("invert/axis", np.int32(1))
    both = flat.compute(
        "ConcatV2", "invert/both", [first, second, axis], N=2, T=dtype, Tidx=tf.int32
    )
    return Ending(both[0], 2, "softmax", "probability", sure=True, last=last)


def _log(flat: Flat, ref: Ref) -> Ref:
    dtype = flat.dtype(ref)
    least = flat.constant("invert/least", np.array(np.finfo(np.float32).tiny, np.float32))
    (ref,) = _float32(flat, ref) if dtype != tf.float32 else (ref,)
    (held,) = flat.compute("Maximum", "invert/held", [ref, least], T=tf.float32)
    return flat.compute("Log", "invert/log", [held], T=tf.float32)[0]


def _logit(flat: Flat, ref: Ref) -> Ref:
    (ref,) = _float32(flat, ref) if flat.dtype(ref) != tf.float32 else (ref,)
    one = flat.constant("invert/one", np.float32(1))
    (rest,) = flat.compute("Sub", "invert/rest", [one, ref], T=tf.float32)
    logs = [_log(flat, part) for part in (ref, rest)]
    return flat.compute("Sub", "invert/logit", logs, T=tf.float32)[0]


def _float32(flat: Flat, ref: Ref) -> list[Ref]:
    return flat.compute("Cast", "invert/cast", [ref], SrcT=flat.dtype(ref), DstT=tf.float32)


def _one_number() -> Refusal:
    return Refusal(
        "The network returns one number for an image, which is no probability; a classifier returns"
        " a score for each class. Name its scores with output=, or end it in a sigmoid, or say"
        " head='values' if it is a value that is meant."
    )
