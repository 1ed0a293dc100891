"""The range of a network's pixels, read from its first steps."""

import dataclasses

import numpy as np

from invert.inversion.checks import brief
from invert.inversion.domain import Bound
from invert.inversion.freezing.flattening.flat import Flat
from invert.inversion.freezing.gate.operations import MOVES
from invert.inversion.freezing.reading_off.families import Family
from invert.inversion.freezing.refusal import Refusal

COLOURS = 3
BYTE = (0.0, 255.0)
UNIT = (0.0, 1.0)


def told(pixel_range) -> tuple[Bound, Bound]:
    """Return the range that a caller gave, or say what is wrong with it.

    >>> told((0, 255)), told(([-2.0, -1.5, -1.0], [2, 2, 2]))
    ((0.0, 255.0), ((-2.0, -1.5, -1.0), (2.0, 2.0, 2.0)))
    """
    try:
        low, high = (np.asarray(value, np.float32) for value in pixel_range)
        good = bool(np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all())
        good = good and all(bound.shape in ((), (COLOURS,)) for bound in (low, high))
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise Refusal(
            "pixel_range must be the lowest and the highest value of a pixel, such as (0, 255), or"
            f" three of each for red, green and blue; got {brief(pixel_range)}."
        )
    return _plain(low), _plain(high)


def _plain(bound: np.ndarray) -> Bound:
    return tuple(bound.tolist()) if bound.ndim else float(bound)


def check(pixel_range: tuple[Bound, Bound], image_shape: tuple[int, ...]) -> None:
    """Refuse a range with three numbers where images have no three colours."""
    if any(isinstance(bound, tuple) for bound in pixel_range) and len(image_shape) != 3:
        raise Refusal(
            "pixel_range can have three numbers for images in colour alone; this network's have the"
            f" shape {image_shape}."
        )


@dataclasses.dataclass(frozen=True)
class Evidence:
    """A range of pixels, and what speaks for it.

    Attributes:
        pixel_range: the lowest and the highest value.
        words: what speaks for it, to follow "because" or a colon.
        assumed: whether nothing in the network itself settles it.
    """

    pixel_range: tuple[Bound, Bound]
    words: str
    assumed: bool = True


def found(flat: Flat, whole_numbers: bool, family: Family | None) -> Evidence:
    """Return the range that a network's graph tells.

    A network that divides its pixels by 255, or subtracts a mean of more than 3, is made for 0–255;
    one that turns -1 into 0, for -1–1. One that begins with no such step may be built on a
    well-known one. Else 0–1 is assumed.
    """
    if whole_numbers:
        return Evidence(BYTE, "it takes whole numbers", assumed=False)
    scale, shift = _first_steps(flat)
    if (scale, shift) != (1.0, 0.0) and scale != 0 and np.isfinite([scale, shift]).all():
        words = f"its first step is {scale:.4g}·x {'−' if shift < 0 else '+'} {abs(shift):.4g}"
        return Evidence(_made_for(scale, shift), words, assumed=False)
    if family is not None:
        words = f"its layers are named as those of {family.name}, which takes {family.pixels}"
        return Evidence(family.pixel_range, words)
    return Evidence(UNIT, "nothing in the network speaks of another range")


def _made_for(scale: float, shift: float) -> tuple[float, float]:
    """The range that a network with this first step is made for."""
    middle, unit = -shift / scale, 1 / abs(scale)  # the pixel that becomes 0, and how far ±1 is
    if unit >= 25 or abs(middle) > 3:
        return BYTE
    return (-1.0, 1.0) if abs(middle + 1) < 1e-3 and scale > 0 else UNIT


def _first_steps(flat: Flat) -> tuple[float, float]:
    """The scale and shift that pixels go through before anything else happens to them."""
    readers: dict[str, list] = {}
    for node in flat.nodes.values():
        for ref in set(node.input):
            if node.op not in ("Shape", "Size", "Rank", "ShapeN"):
                readers.setdefault(ref, []).append(node)
    scale, shift, ref = 1.0, 0.0, flat.image
    while len(readers.get(ref, ())) == 1:
        (node,) = readers[ref]
        other = [name for name in node.input if name != ref]
        if node.op in MOVES and node.input[0] == ref:
            pass
        elif node.op in STEPS and len(other) == 1 and other[0] in flat.fixed:
            value = float(np.mean(flat.value(other[0])))
            scale, shift = STEPS[node.op](scale, shift, value, node.input[0] == ref)
        else:
            break
        ref = f"{node.name}:0"
    return scale, shift


def _times(scale, shift, value, _):
    return scale * value, shift * value


def _plus(scale, shift, value, _):
    return scale, shift + value


def _minus(scale, shift, value, first):
    return (scale, shift - value) if first else (-scale, value - shift)


def _over(scale, shift, value, first):
    return (scale / value, shift / value) if first and value else (0.0, 0.0)


STEPS = {
    "Mul": _times,
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), _plus),
    "Sub": _minus,
    **dict.fromkeys(("RealDiv", "Div"), _over),
}
