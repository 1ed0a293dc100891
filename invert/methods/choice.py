"""What one's own network is run backwards by, where nobody says: the network itself chooses.

A few images are made by each method in few steps. Then the network looks at them in ways that no
method learned by: moved, nearer or farther, and blurred. The method counts whose images it still
takes for their classes most surely. What draws specks that work only where they are loses. Noise in
place of the blur tells little: specks are stronger than it. A pen wins already where it is nearly
as sure: 24 numbers that convince say more of a class than hundreds of waves.
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
# What a pen has to reach of the surest. To strangers' networks of digits, drawings and clothes its
# images kept 0.75 or more, and showed the class where waves showed none.
SIMPLER = 0.6
OF_A_PEN = f" A pen is chosen if it keeps {SIMPLER:.0%} of the highest, as it needs so few numbers."
SMALL = 64  # pixels a side: larger pictures are no drawings
# The method whose priors' weights a network chooses, among these shares of the usual ones.
SEARCHED, WEIGHTS = "regularized", (1.0, 0.1, 0.01)
CHOSEN, SHARE = "the method that the network chose", "the share of the weights that it chose"


@dataclasses.dataclass(frozen=True)
class ChosenMethod:
    """A method that a network chose.

    Attributes:
        method: its name.
        why: one to three sentences.
    """

    method: str
    why: str


def method_of(graph: FrozenGraph) -> ChosenMethod:
    """Return the method that a network chooses for itself; asked once, then kept with it.

    >>> from keras import Input, Sequential, layers
    >>> from invert.inversion.freezing import freeze
    >>> network = freeze(Sequential([Input((8, 6, 3)), layers.Flatten(), layers.Dense(2)]))
    >>> method_of(network).method in candidates(network)
    True
    """
    if CHOSEN not in graph.compiled:  # nothing of ``once``, which has others wait
        graph.compiled[CHOSEN] = _choose(graph)
    choice: ChosenMethod = graph.compiled[CHOSEN]
    return choice


def weights_of(graph: FrozenGraph) -> dict[str, float]:
    """Return the weights of the priors of ``regularized`` that a network stands, by their names.

    The usual ones were found for networks of digits; on others they draw near-black pages.
    """
    if SHARE not in graph.compiled:
        alone = _alone(graph)
        rated = {share: _rated(graph, alone, SEARCHED, _weights(share)) for share in WEIGHTS}
        # The surest of those that convince most.
        best = max(rated, key=lambda share: (round(rated[share][0], 3), rated[share][1]))
        graph.compiled[SHARE] = best
    return _weights(graph.compiled[SHARE])


def known(graph: FrozenGraph) -> ChosenMethod | None:
    """Return what a network chose, if it was asked, or what ``tell`` was told."""
    return graph.compiled.get(CHOSEN)


def known_weights(graph: FrozenGraph, method: str) -> dict[str, float]:
    """Return the weights that a network chose for a method's priors, if it is one that it chooses.

    They are the usual ones if the network was not asked.
    """
    return _weights(graph.compiled.get(SHARE, 1.0)) if method == SEARCHED else {}


def tell(graph: FrozenGraph, choice: ChosenMethod, share: float) -> None:
    """Say what a network chose, so that it is not asked.

    Args:
        graph: the network.
        choice: what ``method_of`` returned for it.
        share: one of ``WEIGHTS``, see ``share_of``.
    """
    graph.compiled[CHOSEN] = choice
    graph.compiled[SHARE] = share


def share_of(graph: FrozenGraph) -> float:
    """Return the share of the usual weights that a network chose; 1 if it was not asked."""
    return float(graph.compiled.get(SHARE, 1.0))


def trial(graph: FrozenGraph) -> tuple[int, int]:
    """Return how many images a method is tried by, and how many steps."""
    classes, steps = LARGE_TRIAL if graph.values > LARGE else TRIAL
    return min(classes, graph.classes), steps


def candidates(graph: FrozenGraph) -> tuple[str, ...]:
    """Return the names of the methods that a network of images chooses among."""
    side, colours = max(graph.image_shape[:2]), len(graph.image_shape) == 3
    drawn = [] if colours or side > SMALL else ["strokes"]
    return (*drawn, "fourier", OWN_METHOD)


def _weights(share: float) -> dict[str, float]:
    """The usual weights, which were found for networks of digits, times a share."""
    record = METHODS[SEARCHED]
    assert isinstance(record, Optimization)
    return {name: share * weight for name, weight in record.priors.items()}


def _choose(graph: FrozenGraph) -> ChosenMethod:
    if not graph.domain.is_image:
        return ChosenMethod(
            OWN_METHOD, "It reads no pictures, so its inputs are learned as they are."
        )
    from invert.methods import pen  # TensorFlow comes with it

    alone = _alone(graph)
    rated = {name: _rated(graph, alone, name, {}) for name in candidates(graph)}
    dark = pen.known_dark(alone)
    if dark is not None:  # it found out which ink it reads, and need not be asked again
        pen.tell_dark(graph, dark)
    least = rated[OWN_METHOD][0]  # at being convincing nothing chosen is worse
    able = [name for name, (convinced, _) in rated.items() if convinced >= least]
    best = max(able, key=lambda name: rated[name][1])
    by_pen = best != "strokes" and "strokes" in able
    simpler = by_pen and rated["strokes"][1] >= SIMPLER * rated[best][1]
    best = "strokes" if simpler else best
    surer = [name for name in rated if name not in able and rated[name][1] > rated[best][1]]
    left_out = f" With {' and '.join(surer)} fewer images convinced it." if surer else ""
    said = ", ".join(f"{name} {sure:.2f}" for name, (_, sure) in rated.items())
    return ChosenMethod(
        best,
        f"The network chose {best}: moved, resized and blurred, its images keep"
        f" {'enough' if simpler else 'the most'} of their"
        f" {'probability' if graph.classifies else 'activation, in deviations above noise'}"
        f" ({said}).{OF_A_PEN if simpler else ''}{left_out}",
    )


def _rated(
    graph: FrozenGraph, alone: FrozenGraph, method: str, settings: dict[str, Any]
) -> tuple[float, float]:
    """Try a method and rate it; one that ends in numbers that are not finite loses."""
    try:
        return _rate(graph, _try(alone, method, settings))
    except ValueError:
        return 0.0, 0.0


def _alone(graph: FrozenGraph) -> FrozenGraph:
    """A copy: what is compiled for trials goes with it, and XLA would take longer than they do."""
    from invert.inversion.compiling import without_xla

    return without_xla(dataclasses.replace(graph))


def _try(graph: FrozenGraph, method: str, settings: dict[str, Any]) -> Run:
    from invert.methods.generation import generate

    classes, steps = trial(graph)
    return generate(range(classes), method, classifier=graph, steps=steps, **settings)


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
