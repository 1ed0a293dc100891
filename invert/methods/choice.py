"""What one's own network is run backwards by, where nobody says: the network itself chooses.

A few images are made by each method in few steps. Then the network looks at them in ways that no
method learned by: moved, nearer or farther, and blurred. The method counts whose images it still
takes for their classes most surely. What draws specks that work only where they are loses. Noise in
place of the blur tells little: specks are stronger than it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from invert.methods import answers
from invert.methods.records import METHODS, OWN_METHOD, Optimization

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.methods.runs import Run

# Classes and steps that a method is tried by; fewer where an image has many values.
TRIAL, LARGE_TRIAL, LARGE = (4, 150), (2, 60), 2**14
LOOKS = 8  # at each image
MOVED, ZOOMED = 1 / 16, 0.08  # deviations: of the place, in sides; of the logarithm of the size
BLUR = 2  # how many times smaller an image is made before it is enlarged again
SMALL = 64  # pixels a side: larger pictures are no drawings
WEIGHTS = (1.0, 0.1, 0.01)  # of the priors of ``regularized``, as shares of the usual ones
CHOSEN = "the method that the network chose"


@dataclasses.dataclass(frozen=True)
class Choice:
    """A method that a network chose.

    Attributes:
        method: its name.
        why: a sentence.
    """

    method: str
    why: str


def method_of(graph: FrozenGraph) -> Choice:
    """Return the method that a network chooses for itself; asked once, then kept with it.

    >>> from invert.networks.classifier import open_graph
    >>> method_of(open_graph("robust")).method in METHODS
    True
    """
    if CHOSEN not in graph.compiled:  # nothing of ``once``, which has others wait
        graph.compiled[CHOSEN] = _choose(graph)
    choice: Choice = graph.compiled[CHOSEN]
    return choice


def weights_of(graph: FrozenGraph) -> dict[str, float]:
    """Return the weights of the priors of ``regularized`` that a network stands, by their names.

    The usual ones were found for networks of digits; on others they draw near-black pages.
    """
    record = METHODS["regularized"]
    assert isinstance(record, Optimization)
    key = CHOSEN, record.name
    if key not in graph.compiled:
        tried = {share: _shares(record, share) for share in WEIGHTS}
        rated = {
            share: _rate(graph, _try(graph, record.name, weights))
            for share, weights in tried.items()
        }
        # The surest of those that convince most.
        best = max(rated, key=lambda share: (round(rated[share][0], 3), rated[share][1]))
        graph.compiled[key] = tried[best]
    weights: dict[str, float] = graph.compiled[key]
    return weights


def _shares(record: Optimization, share: float) -> dict[str, float]:
    return {name: share * weight for name, weight in record.priors.items()}


def _choose(graph: FrozenGraph) -> Choice:
    if not graph.domain.is_image:
        return Choice(OWN_METHOD, "It reads no pictures, so its inputs are learned as they are.")
    side, colours = max(graph.image_shape[:2]), len(graph.image_shape) == 3
    drawn = [] if colours or side > SMALL else ["strokes"]
    rated = {name: _rate(graph, _try(graph, name, {})) for name in (*drawn, "fourier", OWN_METHOD)}
    least = rated[OWN_METHOD][0]  # at being convincing nothing chosen is worse
    able = [name for name, (convinced, _) in rated.items() if convinced >= least]
    best = max(able, key=lambda name: rated[name][1])
    said = ", ".join(f"{name} {sure:.2f}" for name, (_, sure) in rated.items())
    return Choice(
        best,
        f"The network chose {best}: moved, resized and blurred, its images keep the most of their"
        f" {'probability' if graph.classifies else 'activation, in deviations above noise'}"
        f" ({said}).",
    )


def _try(graph: FrozenGraph, method: str, settings: dict[str, Any]) -> Run:
    from invert.inversion.compiling import without_xla
    from invert.methods.generation import generate

    # A copy: what is compiled for a trial goes with it, and XLA would take longer than the trial.
    alone = without_xla(dataclasses.replace(graph))
    classes, steps = LARGE_TRIAL if graph.values > LARGE else TRIAL
    targets = range(min(classes, graph.classes))
    return generate(targets, method, classifier=alone, steps=steps, **settings)


def _rate(graph: FrozenGraph, run: Run) -> tuple[float, float]:
    """Return the share of images that convince, and how sure the network is of them, looked at."""
    import tensorflow as tf

    from invert.inversion.reading import read
    from invert.inversion.views import Moment, normal, resampled

    images, sure = tf.constant(graph.domain.to_unit(run.images)), []
    height, width = graph.image_shape[:2]
    count = len(run.images)
    small = max(1, height // BLUR), max(1, width // BLUR)
    for look in range(LOOKS):
        down, right, zoom = normal(Moment(0, look, 0), count, 3).numpy().T
        size = np.exp(ZOOMED * zoom)
        seen = resampled(images, 1, size, MOVED * down)
        seen = resampled(seen, 2, size, MOVED * right)
        seen = tf.reshape(seen, (count, height, width, -1))
        seen = tf.image.resize(tf.image.resize(seen, small, antialias=True), (height, width))
        shares = np.clip(seen.numpy().reshape(images.shape), 0, 1)
        probabilities = graph.probabilities(read(graph, graph.domain.from_unit(shares)))
        sure.append(answers.sure(graph, probabilities, run.targets).mean())
    convinced = np.mean([verdict == "convinced" for verdict in run.verdicts])
    return float(convinced), float(np.mean(sure))
