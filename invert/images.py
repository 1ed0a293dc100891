"""What an image and a digit are, and how much may be asked for: the checks at the door."""

import itertools
import reprlib
from collections.abc import Iterable

import numpy as np

SIDE = 28
PIXELS = SIDE * SIDE
DIGITS = 10

# Of one call. XLA must know the length of a record; the others bound memory.
MAX_COUNT = 1000
MAX_STEPS = 1000
MAX_FRAMES = 64
MAX_SEED = 2**31 - 1


def check_images(images, name: str = "images") -> np.ndarray:
    """Return ``images`` as ``(N, 28, 28)`` float32, or say what is wrong with them.

    Args:
        images: ``(N, 28, 28)`` or ``(28, 28)``, any real dtype, values in [0, 1], ink = 1.
        name: what the error calls them.

    Raises:
        ValueError: another shape, a dtype that is no number, NaN, or values out of range.

    >>> check_images(np.zeros((28, 28))).shape
    (1, 28, 28)
    >>> check_images(np.full((1, 28, 28), 255))
    Traceback (most recent call last):
    ValueError: images must lie in [0, 1], ink = 1; got values from 255 to 255. Divide bytes by 255.
    """
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise ValueError(f"{name} must be one array of shape (N, 28, 28): {error}.") from error
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE):
        raise ValueError(
            f"{name} must have the shape (N, 28, 28) or (28, 28); got {np.shape(images)}."
            " invert.drawing.from_pixels makes one of any picture."
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be real numbers; got dtype {array.dtype}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got NaN or infinity. Use numpy.nan_to_num first.")
    if array.size and (array.min() < 0 or array.max() > 1):
        raise ValueError(
            f"{name} must lie in [0, 1], ink = 1; got values from {array.min():g} to"
            f" {array.max():g}. Divide bytes by 255."
        )
    return np.ascontiguousarray(array, np.float32)


def check_whole(value, name: str, least: int, most: int) -> int:
    """Return ``value`` as an int in ``least … most``, or raise a ValueError that says so.

    >>> check_whole(0, "count", 1, 1000)
    Traceback (most recent call last):
    ValueError: count must be a whole number from 1 to 1000; got 0.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    if not whole or not least <= value <= most:
        raise ValueError(
            f"{name} must be a whole number from {least} to {most}; got {brief(value)}."
        )
    return int(value)


def brief(value) -> str:
    """Return a value as an error shows it: in a few signs, whatever it is.

    >>> brief("eight"), brief(10**5000), brief(np.int64(3))
    ("'eight'", 'int', '3')
    """
    try:
        return reprlib.repr(value.item() if isinstance(value, np.generic) else value)
    except Exception:  # a number of too many digits, or an object's own mistake
        return type(value).__name__


def check_digits(digits, most: int = MAX_COUNT) -> np.ndarray:
    """Return ``digits`` as ``(N,)`` int64, or say what is wrong with them.

    Args:
        digits: a digit 0–9 or a sequence of them.
        most: the largest number of them.

    Raises:
        ValueError: something else.

    >>> check_digits(8), check_digits([1, 2])
    (array([8]), array([1, 2]))
    >>> check_digits([3, 10])
    Traceback (most recent call last):
    ValueError: each digit must be a whole number from 0 to 9; got 10.
    """
    if isinstance(digits, np.ndarray):
        digits = digits.tolist()
    several = isinstance(digits, Iterable) and not isinstance(digits, str)
    if isinstance(digits, list | tuple):
        sequence = digits
    else:  # of what may have no end, no more is taken than it takes to refuse it
        sequence = list(itertools.islice(digits, most + 1)) if several else [digits]
    check_whole(len(sequence), "the count of images", 1, most)
    return np.array([check_whole(d, "each digit", 0, DIGITS - 1) for d in sequence])
