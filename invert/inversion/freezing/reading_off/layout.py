"""The shape of the images, from the shape of a network's input."""

import dataclasses
import math

import numpy as np

from invert.inversion.checks import brief
from invert.inversion.freezing.refusal import Refusal, WrongSize

USUAL = (28, 28)  # the one flat size that needs no shape=
MAX_VALUES = 2**22


@dataclasses.dataclass(frozen=True)
class Layout:
    """How images go into a network.

    Attributes:
        input_shape: of one input, as the graph takes it.
        image_shape: of one image, ``(H, W)`` or ``(H, W, 3)``.
    """

    input_shape: tuple[int, ...]
    image_shape: tuple[int, ...]

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Return images ``(N, *image_shape)`` as the graph takes them."""
        if self.input_shape[:1] == self.image_shape[2:] and len(self.input_shape) == 3:
            images = images.transpose(0, 3, 1, 2)  # channels first
        return images.reshape(-1, *self.input_shape)


def layouts(static: tuple | None, told) -> list[Layout]:
    """Return the ways in which images may go into a network, the likeliest first.

    Args:
        static: the shape of its input, the batch in front, None for what is not known; or None.
        told: the shape of an image, as the caller gave it, or None.

    Raises:
        WrongSize: the shape cannot be told from this, or the two do not fit.
        Refusal: images have no such shape.

    >>> layouts((None, 784), None)
    [Layout(input_shape=(784,), image_shape=(28, 28))]
    >>> layouts((None, 3, 32, 32), None)
    [Layout(input_shape=(3, 32, 32), image_shape=(32, 32, 3))]
    """
    if told is not None:
        told = _checked(told)
    if static is not None and len(static) < 2:
        raise Refusal(
            f"The network's input has the shape {static}; it must be a batch of images, such as"
            " (None, 28, 28)."
        )
    if static is None or None in static[1:]:
        if told is None:
            taken = "any shape" if static is None else f"the shape {static}"
            raise WrongSize(
                f"The network's input takes {taken}, so say which size its images have:"
                " shape=(28, 28), or shape=(32, 32, 3) if they are in colour."
            )
        fits = [layout for layout in _ways_in(told) if static is None or _fits(layout, static[1:])]
        if not fits:
            raise _misfit(static, told)
        return fits
    return [_known(tuple(static[1:]), told)]


def _known(sides: tuple[int, ...], told) -> Layout:
    """The layout of an input of known sides."""
    if min(sides) < 1 or math.prod(sides) > MAX_VALUES:
        raise Refusal(f"The network takes {sides} an image; at most {MAX_VALUES:,} values may be.")
    long = tuple(side for side in sides if side != 1)
    count = math.prod(sides)
    if len(long) < 2:
        image: tuple[int, ...] | None = USUAL if long == (math.prod(USUAL),) else None
        if told is not None:
            image = _image(told)
        if image is None:
            raise WrongSize(
                f"The network takes {count:,} value{'s' * (count > 1)} an image, which may lie in"
                f" rows of any length. Say how, {_hint(count)}; or, if they are features and no"
                " picture, say what each may be with bounds=.",
                values=count,
            )
        if math.prod(image) != count:
            raise _misfit((None, *sides), told)
        return Layout(sides, image)
    if len(long) == 2 or (len(long) == 3 and long[2] == 3):
        image = long
    elif long == sides and len(long) == 3 and long[0] == 3:
        image = (*long[1:], 3)
    else:
        raise Refusal(
            f"The network takes the shape {sides} an image; images have a height, a width and one"
            " or three channels."
        )
    if told is not None and _image(told) != image:
        raise _misfit((None, *sides), told)
    return Layout(sides, image)


def _fits(layout: Layout, sides: tuple) -> bool:
    """Whether a layout agrees with the sides of an input that are known."""
    return len(layout.input_shape) == len(sides) and all(
        known in (None, side) for known, side in zip(sides, layout.input_shape, strict=True)
    )


def _checked(told) -> tuple[int, ...]:
    sides = told if isinstance(told, tuple | list) else ()
    whole = all(isinstance(s, int | np.integer) and not isinstance(s, bool) for s in sides)
    good = whole and len(sides) in (1, 2, 3) and all(1 <= side <= MAX_VALUES for side in sides)
    if good and len(sides) == 1:
        good = sides[0] == math.prod(USUAL)
    elif good and len(sides) == 3:
        good = sides[2] in (1, 3) or sides[0] in (1, 3)
    if not good or math.prod(sides) > MAX_VALUES:
        raise Refusal(
            "shape must be the height and width of an image, such as (28, 28), or with colours"
            f" (32, 32, 3); got {brief(told)}."
        )
    return tuple(int(side) for side in sides)


def _image(told: tuple[int, ...]) -> tuple[int, ...]:
    """The image shape that is meant: without a single channel, colours behind."""
    if len(told) == 1:
        return (28, 28)
    if len(told) == 2:
        return told
    if told[2] in (1, 3):
        return told if told[2] == 3 else told[:2]
    return (*told[1:], 3) if told[0] == 3 else told[1:]


def _ways_in(told: tuple[int, ...]) -> list[Layout]:
    """All ways of putting such images in, first the very shape that was told."""
    image = _image(told)
    height, width = image[:2]
    channels = image[2] if len(image) == 3 else 1
    shapes = [
        *([told] if len(told) == 3 else []),
        (math.prod(image),),
        (height, width, channels),
        *([(height, width)] if channels == 1 else []),
        (channels, height, width),
    ]
    return [Layout(shape, image) for shape in dict.fromkeys(shapes)]


def _misfit(static, told) -> WrongSize:
    return WrongSize(f"The network's input takes the shape {static}; shape={told} does not fit it.")


def _hint(count: int) -> str:
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side * side * channels == count:
            shape = (side, side) if channels == 1 else (side, side, 3)
            return f"for example shape={shape}"
    return "as shape=(height, width)"
