"""What M is and where it starts, for each parametrisation that a method may name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from invert.images import DIGITS, PIXELS
from invert.inversion.checks import brief
from invert.methods import starts
from invert.methods.records import Optimization

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.inversion.parametrisations import Parametrisation


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
    if record.parametrisation in ("fourier", "strokes") and not graph.domain.is_image:
        raise ValueError(f"{record.name} draws pictures; {graph.name} reads none. Use steepest.")


def check_digits(method: str, graph: FrozenGraph) -> None:
    """Raise a ValueError unless a network reads 28×28 digits."""
    if graph.values != PIXELS or graph.classes != DIGITS:
        raise ValueError(
            f"{method} draws 28×28 digits; {graph.name} reads {graph.classes} classes of"
            f" {'×'.join(str(side) for side in graph.image_shape)} images. Use steepest."
        )


def begin(
    record: Optimization, graph: FrozenGraph, start: Any, classes: np.ndarray, seed: int
) -> Beginning:
    """Return what a run begins with.

    Args:
        record: the method.
        graph: the network.
        start: as for ``generate``, by name or by value.
        classes: the classes that the images are about, ``(N,)``.
        seed: of what is random.
    """
    return BEGINNINGS[record.parametrisation](record, graph, start, classes, seed)


def _pixels(record, graph, start, classes, seed) -> Beginning:
    from invert.inversion.parametrisations.pixels import Pixels

    first = starts.make(start, classes, seed, graph.domain)
    length = record.step_size
    # Sums over pixels: as much for each pixel, however many there are.
    if record.step_rule == "steepest":
        length *= math.sqrt(graph.values / PIXELS)
    weights = {name: weight * PIXELS / graph.values for name, weight in record.priors.items()}
    return Beginning(Pixels(graph.domain.shape), first, weights, length)


def _code(record, graph, start, classes, seed) -> Beginning:
    from invert.networks import inverse_model

    decoder = inverse_model.decoder()
    first = decoder.start(len(classes), seed)
    return Beginning(decoder, first, dict(record.priors), record.step_size)


def _waves(record, graph, start, classes, seed) -> Beginning:
    from invert.inversion.parametrisations.fourier import Fourier

    waves = Fourier(graph.domain.shape)
    first = waves.start(len(classes), seed)
    return Beginning(waves, first, dict(record.priors), record.step_size)


def _strokes(record, graph, start, classes, seed) -> Beginning:
    from invert.methods import pen

    strokes, first, weights = pen.begin(record, graph, start, len(classes), seed)
    return Beginning(strokes, first, weights, record.step_size, len(first) // len(classes))


BEGINNINGS = {"pixels": _pixels, "decoder": _code, "fourier": _waves, "strokes": _strokes}
