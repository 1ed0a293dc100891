"""Transfer: what other networks, trained apart on the same classes, make of a network's images.

It needs no judge and no data, so it measures any network's images. An image that only its own
network reads does not show the class. Source: Szegedy et al. 2014,
https://arxiv.org/abs/1312.6199, who measured how many networks an image misleads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from invert.methods.runs import Run
from invert.networks.classifier import classify, open_graph

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.networks.classifier import Classifier


def transfer(run: Run, other: Classifier) -> float:
    """Return the share of a run's images that another network reads as meant, 0 to 1.

    Args:
        run: what ``invert.generate`` returned.
        other: a network that reads images of the same shape, in any range, and has a class for
            each target. Classes are matched by their labels, in any order and case.

    Raises:
        ValueError: the other network has no class of a target's label, or reads other images.

    >>> import invert
    >>> run = invert.generate([3, 8], classifier="robust")
    >>> transfer(run, "energy")
    1.0
    """
    graph = open_graph(other)
    labels = [run.labels[target] for target in run.targets]
    wanted = check_pair(labels, run.domain.shape, graph)
    images = graph.domain.from_unit(run.domain.to_unit(run.images))
    read = classify(graph.domain.clip(images), graph).argmax(axis=1)
    return float(np.mean(read == wanted))


def check_pair(labels: Sequence[str], shape: tuple[int, ...], graph: FrozenGraph) -> np.ndarray:
    """Return the number of a network's class for each label, or say what does not fit.

    Args:
        labels: of what is drawn.
        shape: of its images.
        graph: the network that is to read them.

    Raises:
        ValueError: it has no class of a label, or reads other images.
    """
    if graph.image_shape != shape:
        raise ValueError(
            f"the other network must read images of the run's shape, {shape}; got"
            f" {graph.name}, which reads {graph.image_shape}."
        )
    numbers = {label.strip().casefold(): number for number, label in enumerate(graph.labels)}
    for label in labels:
        if label.strip().casefold() not in numbers:
            raise ValueError(
                f"the other network must have a class for each target; {graph.name} has none called"
                f" {label!r}. Name its classes when it is frozen: invert.freeze(…, labels=[…])."
            )
    return np.array([numbers[label.strip().casefold()] for label in labels])
