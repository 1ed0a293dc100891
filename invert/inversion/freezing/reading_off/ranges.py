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
SIGNED = (-1.0, 1.0)
STANDARD = 0.9  # from this deviation on, pixels were standardised


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
    scale, shift, statistics = _first_steps(flat)
    if (scale, shift) != (1.0, 0.0) and scale != 0 and np.isfinite([scale, shift]).all():
        words = f"its first step is {scale:.4g}·x {'−' if shift < 0 else '+'} {abs(shift):.4g}"
        return Evidence(_made_for(scale, shift), words, assumed=False)
    if statistics is not None and (usual := seen_by(*statistics)) is not None:
        of = f"mean {statistics[0]:.3g}, deviation {statistics[1]:.3g}"
        return Evidence(usual, f"its first batch normalisation saw pixels of {of}")
    if family is not None:
        words = f"its layers are named as those of {family.name}, which takes {family.pixels}"
        return Evidence(family.pixel_range, words)
    return Evidence(UNIT, "nothing in the network speaks of another range")


def seen_by(mean: float, deviation: float) -> tuple[float, float] | None:
    """Return the smallest usual range that pixels of such statistics can come from; None if none.

    Numbers between a and b of mean m have a variance of at most (b - m)(m - a) (Bhatia & Davis
    2000, "A better bound on the variance"). Those of deviation 1 about 0 were standardised, or
    never seen.

    >>> seen_by(0.13, 0.31), seen_by(-0.05, 0.5), seen_by(120, 60), seen_by(0, 1)
    ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), None)
    """
    for low, high in (UNIT, SIGNED, BYTE):
        if low < mean < high and 0 < deviation**2 <= (high - mean) * (mean - low):
            return None if (low, high) == SIGNED and deviation > STANDARD else (low, high)
    return None


def _made_for(scale: float, shift: float) -> tuple[float, float]:
    """The range that a network with this first step is made for."""
    middle, unit = -shift / scale, 1 / abs(scale)  # the pixel that becomes 0, and how far ±1 is
    if unit >= 25 or abs(middle) > 3:
        return BYTE
    return (-1.0, 1.0) if abs(middle + 1) < 1e-3 and scale > 0 else UNIT


def _first_steps(flat: Flat) -> tuple[float, float, tuple[float, float] | None]:
    """The scale and shift that pixels go through before anything else happens to them.

    And where that is a batch normalisation, the mean and deviation of the pixels that it saw.
    """
    readers: dict[str, list] = {}
    for node in flat.nodes.values():
        for ref in set(node.input):
            if node.op not in ("Shape", "Size", "Rank", "ShapeN"):
                readers.setdefault(ref, []).append(node)
    scale, shift, ref = 1.0, 0.0, flat.image
    while len(readers.get(ref, ())) == 1:
        (node,) = readers[ref]
        other = [name for name in node.input if name != ref]
        statistics = _normalised(flat, node) if (scale, shift) == (1.0, 0.0) else None
        if statistics is not None:
            return scale, shift, statistics
        if node.op in MOVES and node.input[0] == ref:
            pass
        elif node.op in STEPS and len(other) == 1 and other[0] in flat.fixed:
            value = float(np.mean(flat.value(other[0])))
            scale, shift = STEPS[node.op](scale, shift, value, node.input[0] == ref)
        else:
            break
        ref = f"{node.name}:0"
    return scale, shift, None


def _normalised(flat: Flat, node) -> tuple[float, float] | None:
    """The mean and deviation that a batch normalisation has kept; None for anything else."""
    if node.op.startswith("FusedBatchNorm"):
        mean, variance = node.input[3:5]
    elif node.name.endswith("batchnorm/mul_1"):  # written out: x·f + (shift − mean·f)
        parts = node.name.removesuffix("mul_1")
        factors, sums = (flat.nodes.get(f"{parts}{name}") for name in ("mul_2", "add"))
        means = [ref for ref in (factors.input if factors else ()) if ref != f"{parts}mul:0"]
        if sums is None or len(means) != 1:
            return None
        (mean,), variance = means, f"{sums.name}:0"
    else:
        return None
    if not {mean, variance} <= flat.fixed:
        return None
    values = [float(np.mean(flat.value(ref))) for ref in (mean, variance)]
    good = np.isfinite(values).all() and values[1] >= 0
    return (values[0], float(np.sqrt(values[1]))) if good else None


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
