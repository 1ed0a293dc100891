"""How sure a network's answers are, measured by what it answers to random inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from invert.methods import starts
from invert.targets import NEAR_VALUES

if TYPE_CHECKING:
    from invert.inversion.domain import Domain
    from invert.inversion.frozen_graph import FrozenGraph

SAMPLE = 256  # random inputs that tell how far values range
NEIGHBOURS = 64  # of an input
NEAR_BY = 0.02  # the deviation of a neighbour's values from the input's, as a share of the range
MOST_VALUES, FEWEST = 2**24, 4  # of all random inputs together: 128 MB; and how few there may be
APART = 0.05  # of its range, by which a value of two different inputs differs
RANGED = "how far values range"
PICTURES = 64  # of noise
CONVINCING = 3.0  # standard deviations above their mean
USUAL = "what noise gives"


def usual(graph: FrozenGraph) -> np.ndarray:
    """Return mean and standard deviation of each unit over pictures of noise, ``(2, units)``."""
    from invert.inversion.reading import read

    if USUAL not in graph.compiled:
        activations = read(graph, _random_inputs(graph.domain, PICTURES))
        graph.compiled[USUAL] = np.stack([activations.mean(axis=0), activations.std(axis=0)])
    found: np.ndarray = graph.compiled[USUAL]
    return found


def above(activations: np.ndarray, units: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return how many standard deviations over noise each input's own unit is, ``(N,)`` float32.

    Args:
        activations: ``(N, units)``.
        units: the number of each input's own, ``(N,)``.
        usual: as ``usual`` returns it.

    >>> above(np.array([[7.0, 1.0]]), np.array([0]), np.array([[1.0, 0.0], [2.0, 1.0]]))
    array([3.], dtype=float32)
    """
    mean, deviation = usual[:, units]
    own = activations[np.arange(len(units)), units]
    least = 1e-6 * np.maximum(1, np.abs(mean))  # of a unit that is the same for all noise
    return np.asarray((own - mean) / np.maximum(deviation, least), np.float32)


def sure(graph: FrozenGraph, outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return how sure a network is of each input's class, or how far above noise its unit is.

    Args:
        graph: the network.
        outputs: its answers, ``(N, classes)``.
        classes: each input's own, ``(N,)``.
    """
    if graph.head == "activations":
        return above(outputs, classes, usual(graph))
    return np.asarray(outputs[np.arange(len(classes)), classes])


def convinced(graph: FrozenGraph, outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return whether a network takes each input for its class, or its unit answers it, ``(N,)``.

    A hidden unit answers where it is more than ``CONVINCING`` standard deviations above the mean
    over ``PICTURES`` pictures of noise, where runs start.
    """
    if graph.head == "activations":
        return sure(graph, outputs, classes) > CONVINCING
    return graph.convinced(outputs, classes)


def nine_in_ten(graph: FrozenGraph) -> np.ndarray:
    """Return what nine in ten random inputs give: the lowest and highest values, ``(2, A)``."""
    from invert.inversion.reading import read

    if RANGED not in graph.compiled:
        values = read(graph, _random_inputs(graph.domain, SAMPLE))
        graph.compiled[RANGED] = np.percentile(values, [5, 95], axis=0)
    found: np.ndarray = graph.compiled[RANGED]
    return found


def ranges(graph: FrozenGraph) -> np.ndarray:
    """Return the range of nine in ten of each output's values, over random inputs, ``(A,)``."""
    low, high = nine_in_ten(graph)
    least = 1e-6 * np.maximum(1, np.abs([low, high]).max(axis=0))  # of one that never changes
    return np.asarray(np.maximum(high - low, least), np.float32)


def near_enough(graph: FrozenGraph) -> np.ndarray:
    """Return how far each output of values may be from what is asked, ``(A,)``."""
    return NEAR_VALUES * ranges(graph)


def neighbourhood(graph: FrozenGraph, domain: Domain, inputs: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each output over inputs' neighbours, ``(N, A)`` float32.

    Args:
        graph: the network.
        domain: of the inputs, with what is held fixed. Whole numbers and what is one of many stay.
        inputs: ``(N, *shape)``.
    """
    from invert.inversion.reading import read

    held = [*domain.fixed, *domain.whole, *(place for group in domain.one_of for place in group)]
    count = _bounded(NEIGHBOURS, domain)
    noise = NEAR_BY * np.random.default_rng(0).standard_normal((count, domain.values))
    noise[:, held] = 0
    found = []
    for each in np.asarray(domain.to_unit(inputs), np.float32):
        near = np.clip(each + noise.reshape(-1, *domain.shape), 0, 1).astype(np.float32)
        outputs = graph.probabilities(read(graph, domain.settled(domain.from_unit(near))))
        found.append(outputs.std(axis=0))
    return np.array(found, np.float32)


def _random_inputs(domain: Domain, count: int) -> np.ndarray:
    """Inputs of noise, where runs start, that a domain allows; fewer of very many values."""
    shares = starts.make("noise", np.zeros(_bounded(count, domain), int), seed=0, domain=domain)
    return allowed(domain, shares)


def _bounded(count: int, domain: Domain) -> int:
    return max(FEWEST, min(count, MOST_VALUES // domain.values))


def allowed(domain: Domain, shares: np.ndarray) -> np.ndarray:
    """Return the inputs that a domain allows nearest to shares of its ranges, ``(N, *shape)``."""
    if not domain.is_free:
        from invert.inversion.parametrisations.features import Features

        features = Features.of(domain)
        shares = features.make(features.begin(shares, domain)).numpy()
    return domain.settled(np.asarray(domain.from_unit(shares)))


def distinct(inputs: np.ndarray, aims: np.ndarray) -> int:
    """Return how many inputs are different from all before them of the same aims.

    Args:
        inputs: ``(N, *shape)``, as shares of their range.
        aims: ``(N, A)``.

    >>> distinct(np.array([[0.1, 0.5], [0.12, 0.5], [0.3, 0.5]]), np.array([[7.0], [7.0], [7.0]]))
    2
    """
    kept: dict[bytes, list[np.ndarray]] = {}
    for each, aim in zip(inputs, aims, strict=True):
        others = kept.setdefault(np.asarray(aim).tobytes(), [])
        if all(np.abs(each - other).max() > APART for other in others):
            others.append(each)
    return sum(map(len, kept.values()))
