"""What an image and a target are: the checks at the door."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from invert.inversion.checks import MAX_COUNT, brief, check_whole
from invert.inversion.domain import Domain

# Of this package's own digits; one's own networks have sizes of their own.
SIDE = 28
PIXELS = SIDE * SIDE
DIGITS = 10
DIGIT = Domain((SIDE, SIDE))
NUMBER = re.compile(r"-?[0-9]{1,9}")  # of a class, as text


def check_images(
    images,
    name: str = "images",
    domain: Domain = DIGIT,
) -> np.ndarray:
    """Return ``images`` as ``(N, *shape)`` float32, or say what is wrong with them.

    Args:
        images: ``(N, *shape)`` or one of ``shape``, any real dtype, values in the pixel range.
        name: what the error calls them.
        domain: their shape, ``(H, W)`` or ``(H, W, 3)``, and their lowest and highest value; of a
            digit ``(28, 28)``, 0 for paper and 1 for ink.

    Raises:
        ValueError: another shape, a dtype that is no number, NaN, or values out of range.

    >>> check_images(np.zeros((28, 28))).shape
    (1, 28, 28)
    >>> check_images(np.full((1, 28, 28), 255))
    Traceback (most recent call last):
    ValueError: images must lie in [0, 1], ink = 1; got values from 255 to 255. Divide bytes by 255.
    """
    shape = domain.shape
    wanted = ", ".join(str(side) for side in shape)
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise ValueError(f"{name} must be one array of shape (N, {wanted}): {error}.") from error
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1 and len(shape) == 2:
        array = array[..., 0]  # a channel of its own, as Keras has it
    if array.ndim == len(shape):
        array = array[None]
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        way_out = ""
        if shape == (SIDE, SIDE):
            way_out = " invert.drawing.from_pixels makes one of any picture."
        raise ValueError(
            f"{name} must have the shape (N, {wanted}) or ({wanted}); got {np.shape(images)}."
            f"{way_out}"
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be real numbers; got dtype {array.dtype}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got NaN or infinity. Use numpy.nan_to_num first.")
    array = np.ascontiguousarray(array, np.float32)
    if (array < domain.low).any() or (array > domain.high).any():
        ink = ", ink = 1" if domain == DIGIT else ""
        bytes_too = " Divide bytes by 255." if domain.is_unit else ""
        raise ValueError(
            f"{name} must lie in {domain.range_in_words}{ink}; got values from {array.min():g} to"
            f" {array.max():g}.{bytes_too}"
        )
    return array


def check_image(
    image,
    name: str = "image",
    domain: Domain = DIGIT,
) -> np.ndarray:
    """Return one image as ``(1, *shape)`` float32; see ``check_images`` for the rest.

    Raises:
        ValueError: not one image.

    >>> check_image(np.zeros((2, 28, 28)))
    Traceback (most recent call last):
    ValueError: image must be one image; got 2.
    """
    images = check_images(image, name, domain)
    if len(images) != 1:
        raise ValueError(f"{name} must be one image; got {len(images)}.")
    return images


def check_targets(
    targets, labels: Sequence[str] = tuple("0123456789"), most: int = MAX_COUNT
) -> np.ndarray:
    """Return classes ``(N,)`` int64, or say what is wrong with them.

    Args:
        targets: a class or a sequence of them, each by its label or its number, such as 8 or "8".
            Where a number is also another class's label, the label counts.
        labels: of all classes, in order; of digits "0" to "9".
        most: the largest number of targets.

    Raises:
        ValueError: something else.

    >>> check_targets("8"), check_targets(["cat", 1, "1"], labels=["cat", "dog"])
    (array([8]), array([0, 1, 1]))
    >>> check_targets([3, 10])
    Traceback (most recent call last):
    ValueError: each digit must be a whole number from 0 to 9; got 10.
    """
    if isinstance(targets, Mapping):
        raise ValueError(
            f"targets must be a class or a list of classes; got {brief(targets)}. Name each class"
            " for itself: shares cannot be asked for."
        )
    if isinstance(targets, np.ndarray):
        targets = targets.tolist()
    several = isinstance(targets, Iterable) and not isinstance(targets, str | bytes)
    if isinstance(targets, list | tuple):
        sequence = targets
    else:  # of what may have no end, no more is taken than it takes to refuse it
        sequence = list(itertools.islice(targets, most + 1)) if several else [targets]
    check_whole(len(sequence), "the count of images", 1, most)
    return np.array([_class_of(target, labels) for target in sequence])


def _class_of(target, labels: Sequence[str]) -> int:
    """The number of a class that is named by its label or, in digits or as text, its number."""
    if isinstance(target, str):
        if list(labels).count(target) == 1:
            return list(labels).index(target)
        named = list(labels) != [str(number) for number in range(len(labels))]
        if NUMBER.fullmatch(target):
            target = int(target)
        elif named:
            known = ", ".join(labels[:20]) + (", …" if len(labels) > 20 else "")
            raise ValueError(f"each target must be one of {known}; got {brief(target)}.")
    digits = [str(digit) for digit in range(DIGITS)]
    what = "each digit" if list(labels) == digits else "each target"
    return check_whole(target, what, 0, len(labels) - 1)
