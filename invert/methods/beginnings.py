"""What M is and where it starts, for each parametrisation that a method may name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from invert.images import DIGITS, PIXELS
from invert.inversion.checks import brief, is_number
from invert.inversion.domain import Domain
from invert.methods import starts
from invert.methods.records import Method, Optimization

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.inversion.parametrisations import Parametrisation
    from invert.inversion.parametrisations.fourier import Fourier


SAMPLE, STRONG = 16, 2.0  # random waves that tell how large a network's logits are
STRONG_WAVES, WAKING = "strong random waves", 4.0  # a start that wakes channels; how strong it is


class Beginning(NamedTuple):
    """What a run begins with.

    Attributes:
        parametrisation: what M is.
        m: where it starts, ``(N * tries, …)`` float32.
        weights: of the priors, for this network.
        step_size: for this network.
        tries: starts an image.
    """

    parametrisation: Parametrisation
    m: np.ndarray
    weights: dict[str, float]
    step_size: float
    tries: int = 1


def check(record: Optimization, start: Any) -> None:
    """Raise a ValueError for a start that a method does not take, before any file is opened."""
    unsaid = start is None or (isinstance(start, str) and start == starts.RANDOM)
    if record.parametrisation == "pixels":
        if isinstance(start, str):
            starts.check_name(start)
    elif record.parametrisation == "strokes":
        if not unsaid and not isinstance(start, dict):
            raise ValueError(
                f"{record.name} starts from random strokes or from a drawing, a dict such as the"
                f" canvas's json_data; got {brief(start)}."
            )
    elif not unsaid:
        what = {"decoder": "a random code", "fourier": "random waves"}[record.parametrisation]
        raise ValueError(f"{record.name} starts from {what} and takes no other start.")


def check_network(record: Optimization, graph: FrozenGraph) -> None:
    """Raise a ValueError if a network's inputs are not what a method makes."""
    if record.parametrisation == "decoder":
        check_digits(record.name, graph)
    pictures = record.parametrisation in ("fourier", "strokes") or record.view == "jitter"
    if pictures and not graph.domain.is_image:
        raise ValueError(f"{record.name} draws pictures; {graph.name} reads none. Use steepest.")


def check_pixels(record: Method, what: str) -> None:
    """Raise a ValueError unless a method changes the values of an input one by one."""
    if getattr(record, "parametrisation", "") != "pixels":
        raise ValueError(
            f"{what}, and {record.name} makes images of something else. Use steepest or plain."
        )


def fixing(domain: Domain, fixed: Any) -> Domain:
    """Return a domain with more values held, or say what is wrong with them.

    Args:
        domain: of the network.
        fixed: values by their places, as ``Domain.places`` takes them.

    >>> fixing(Domain((2,), 0, 9, is_image=False, names=("x", "y")), {"y": 3}).fixed
    {1: 3.0}
    """
    if not isinstance(fixed, Mapping):
        raise ValueError(
            f"fixed must give values by name or place, such as {{2: 0.25}}; got {brief(fixed)}."
        )
    held = dict(domain.fixed)
    low, high = domain.ends()
    chosen = {place for group in domain.one_of for place in group}
    for key, value in fixed.items():
        real = is_number(value)
        for place in domain.places(key):
            least, most = float(low[place]), float(high[place])
            good = real and least <= np.float32(value) <= most
            if not good or (place in domain.whole and not float(value).is_integer()):
                kind = "whole number" if place in domain.whole else "number"
                raise ValueError(
                    f"fixed must give {brief(key)} a {kind} from {least:g} to {most:g};"
                    f" got {brief(value)}."
                )
            if place in chosen and value not in (least, most):
                raise ValueError(
                    f"fixed must give {brief(key)}, which is one of many, {least:g} or {most:g};"
                    f" got {brief(value)}."
                )
            held[place] = float(value)
    for group in domain.one_of:
        on = [place for place in group if held.get(place) == high[place]]
        if len(on) > 1 or all(held.get(place) == low[place] for place in group):
            raise ValueError("fixed must leave one of a group at its highest value, and no more.")
    return dataclasses.replace(domain, fixed=held)


def check_within(record: Method, within: Any) -> float:
    """Return the most that an input may differ from its start, or say what is wrong with it."""
    if not is_number(within) or not within > 0:
        raise ValueError(
            "within must be a number above 0, the L2 distance to the start in shares of the range;"
            f" got {brief(within)}."
        )
    check_pixels(record, "within bounds how far pixels go")
    return float(within)


def check_digits(method: str, graph: FrozenGraph) -> None:
    """Raise a ValueError unless a network reads 28×28 digits."""
    if graph.values != PIXELS or graph.classes != DIGITS or not graph.classifies:
        raise ValueError(
            f"{method} draws 28×28 digits; {graph.name} reads {graph.classes} classes of"
            f" {'×'.join(str(side) for side in graph.image_shape)} images. Use steepest."
        )


def begin(
    record: Optimization,
    graph: FrozenGraph,
    start: Any,
    classes: np.ndarray,
    seed: int,
    domain: Domain,
    settled: bool = False,
) -> Beginning:
    """Return what a run begins with.

    Args:
        record: the method.
        graph: the network.
        start: as for ``generate``, by name or by value.
        classes: the classes that the images are about, ``(N,)``.
        seed: of what is random.
        domain: of its inputs, with what is held fixed.
        settled: whether whole numbers and what is one of many stay as the start has them.
    """
    if record.parametrisation == "pixels":
        return _pixels(record, graph, start, classes, seed, domain, settled)
    return BEGINNINGS[record.parametrisation](record, graph, start, classes, seed)


def _pixels(record, graph, start, classes, seed, domain: Domain, settled) -> Beginning:
    from invert.inversion.parametrisations.features import Features
    from invert.inversion.parametrisations.pixels import Pixels

    first = starts.make(start, classes, seed, domain)
    pixels: Parametrisation = Pixels(domain.shape)
    if not domain.is_free:
        pixels = Features.of(domain, settled)
        first = pixels.begin(first, domain)
    length = record.step_size
    # Sums over pixels: as much for each pixel, however many there are.
    if record.step_rule == "steepest":
        length *= math.sqrt(graph.values / PIXELS)
    weights = {name: weight * PIXELS / graph.values for name, weight in record.priors.items()}
    return Beginning(pixels, first, weights, length)


def _code(record, graph, start, classes, seed) -> Beginning:
    from invert.networks import inverse_model

    decoder = inverse_model.decoder()
    first = decoder.start(len(classes), seed)
    return Beginning(decoder, first, dict(record.priors), record.step_size)


def _waves(record, graph, start, classes, seed) -> Beginning:
    from invert.inversion.parametrisations.fourier import FAINT, Fourier

    waves = Fourier(graph.domain.shape)
    first = waves.start(len(classes), seed)
    if isinstance(start, str) and start == STRONG_WAVES:
        first *= np.float32(WAKING / FAINT)
    # In units of the network's logits, and of a picture's waves, which grow with its sides.
    unit = _unit(graph, waves) * PIXELS / math.prod(waves.drawn) if record.priors else 0.0
    weights = {name: weight * unit for name, weight in record.priors.items()}
    return Beginning(waves, first, weights, record.step_size)


def _unit(graph: FrozenGraph, waves: Fourier) -> float:
    """The deviation of a network's logits of random waves, as strong as learned ones."""
    from invert.inversion.parametrisations.fourier import FAINT
    from invert.inversion.reading import read

    pictures = waves.make(waves.start(SAMPLE, 0) * np.float32(STRONG / FAINT)).numpy()
    return float(read(graph, graph.domain.from_unit(pictures)).std(axis=1).mean())


def _strokes(record, graph, start, classes, seed) -> Beginning:
    from invert.methods import pen

    strokes, first, weights = pen.begin(record, graph, start, len(classes), seed)
    return Beginning(strokes, first, weights, record.step_size, len(first) // len(classes))


BEGINNINGS = {"decoder": _code, "fourier": _waves, "strokes": _strokes}
