"""What an opposite model draws with, a pen or waves, and how it learns to."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from invert.inversion.parametrisations.fourier import Fourier
from invert.inversion.parametrisations.strokes import Strokes
from invert.inversion.priors import bending, breadth
from invert.inversion.views import Camera, Hand
from invert.networks.style_network import MAX_VALUES, StyleNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

# Weights of how much strokes bend, and of how broad a drawing is.
BENDING, BREADTH = 4e-4, 40.0
LARGE = 0.03  # weight of the mean square of waves: without it colours become glaring
MOST_WAVES = 64  # a side: a larger image is drawn so large, and enlarged
STYLES, KEPT = 32, 12  # of each class: learned, and kept as those its classifier takes most surely
# Styles of waves in all; of many classes each has fewer.
STYLES_OF_WAVES = 320


@dataclasses.dataclass(frozen=True)
class Craft:
    """How it is learned to draw with something.

    Attributes:
        steps: at most.
        fewest: in fewer steps little is learned.
        view: how the classifier sees what is drawn.
        strength: of the views that are shown in the end; 1 while it learns.
        size: the deviation of the numbers of an M, once it is learned; None if it starts so.
        near: how far from its style an M is moved: this times what the network says.
        rate: of Adam, for the styles.
        enough: a margin that is large enough, in tenths of the deviation of logits over starts.
        apart: weight of the push between images of a class.
        penalty: takes M ``(N, …)`` and its parametrisation, and returns ``(N,)``.
    """

    steps: int
    fewest: int
    view: Any
    strength: float
    size: float | None
    near: float
    rate: float
    enough: float
    apart: float
    penalty: Callable[[Any, Any], Any]


PEN = Craft(
    steps=4500,
    fewest=900,
    view=Hand(),
    strength=0.6,
    size=None,
    near=0.3,
    rate=0.01,
    enough=25.0,
    apart=0.2,
    penalty=lambda m, pen: (  # how unlike handwriting
        BENDING * bending(m, None, pen, None) + BREADTH * breadth(m, None, pen, None)
    ),
)
WAVES = Craft(
    steps=800,
    fewest=400,
    view=Camera(),
    strength=0.0,
    size=3.0,
    near=0.1,
    rate=0.2,
    enough=100.0,
    apart=0.05,  # more is more varied, and read less by other networks
    penalty=lambda m, waves: LARGE * tf.reduce_mean(m * m, range(1, m.shape.rank)),
)


def craft_for(shape: tuple[int, ...]) -> Craft:
    """Return what images of a shape are drawn with: a pen if grey, waves if of colours."""
    return WAVES if len(shape) == 3 else PEN


def craft_of(network: StyleNetwork) -> Craft:
    """Return how a network is learned, by what its M is."""
    return PEN if isinstance(network.parametrisation, Strokes) else WAVES


def of_pen(pen: Strokes, classes: int, styles: int) -> StyleNetwork:
    """Return the network that draws with a pen, so many styles of each class."""
    return StyleNetwork(pen, PEN.view, classes, styles, PEN.near)


def of_waves(waves: Fourier, classes: int, styles: int) -> StyleNetwork:
    """Return the network that draws with waves, so many styles of each class."""
    return StyleNetwork(waves, WAVES.view, classes, styles, WAVES.near)


def waves_for(shape: tuple[int, ...]) -> Fourier:
    """Return the waves that images of a shape are drawn with."""
    return Fourier(shape, MOST_WAVES)


def styles_of_waves(waves: Fourier, classes: int) -> int:
    """Return how many styles of each class are learned.

    Raises:
        ValueError: there are too many classes for even one.
    """
    most = MAX_VALUES // math.prod(waves.start(1, 0).shape)
    if classes > most:
        raise ValueError(
            f"opposite learns at most {most} classes of images of this size; got {classes}."
        )
    return min(STYLES, most // classes, max(1, STYLES_OF_WAVES // classes))
