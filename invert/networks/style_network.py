"""The network of an opposite model: a style and random numbers → M, which is drawn.

It holds some styles of each class, each an M, and one small network that moves a style by random
numbers. The parametrisation says what M is: a pen's strokes, or waves. A view shows what is made of
M as another hand would draw it, or another camera take it. Without styles a model would draw each
class in one way.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from invert.inversion.parametrisations import Parametrisation
from invert.inversion.views import Moment, normal, uniform

NUMBERS = 16  # random ones, that move a style
HIDDEN = 128
# The streams of random numbers; the view takes the first.
OF_STYLE, OF_NUMBERS = 1, 2
# The step whose views are drawn, none of which a step of learning has seen.
DRAWN = 2**21
# Images that are drawn together, and values that such have; how few are drawn without XLA.
AT_ONCE, MOST_AT_ONCE, FEW = 250, 2**22, 100
MAX_VALUES = 2**23  # that a model may hold: 32 MB


@dataclasses.dataclass(frozen=True)
class StyleNetwork:
    """Which styles there are, and what moves them.

    Attributes:
        parametrisation: what M is.
        view: how an M is seen; a record as in ``inversion.views``.
        classes: how many.
        styles: of each class.
        near: how far from its style an M is moved: this times what the network says.
    """

    parametrisation: Parametrisation
    view: Any
    classes: int
    styles: int
    near: float

    @functools.cached_property
    def m_shape(self) -> tuple[int, ...]:
        """Of one M."""
        with tf.init_scope():  # the caller may be building a graph
            return self.parametrisation.start(1, 0).shape[1:]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the weights: all styles, then kernel and bias of three dense layers."""
        of_m = math.prod(self.m_shape)
        sides = (of_m + NUMBERS, HIDDEN, HIDDEN, of_m)
        layers = [((i, o), (o,)) for i, o in itertools.pairwise(sides)]
        return [(self.classes * self.styles, of_m), *(shape for layer in layers for shape in layer)]

    def start(self, seed: int, size: float | None = None) -> list[np.ndarray]:
        """Return random weights: every style a random start, hardly moved by numbers.

        Args:
            seed: of what is random.
            size: the deviation of the numbers of an M, once it is learned; None if it starts so.
        """
        random = np.random.default_rng(seed)
        styles = self.parametrisation.start(self.classes * self.styles, seed)
        weights = [styles.reshape(len(styles), -1)]
        for shape in self.shapes[1:]:
            # He et al. 2015, https://arxiv.org/abs/1502.01852
            values = random.normal(0, math.sqrt(2 / shape[0]), shape) if len(shape) == 2 else 0
            weights.append(np.broadcast_to(values, shape).astype(np.float32))
        # A style weighs as much as random numbers do; and at first nothing moves it far.
        weights[1][:-NUMBERS] /= size or max(float(weights[0].std()), 1e-6)
        weights[-2] *= np.float32(0.1)
        return weights

    def m_of(self, weights: Sequence[Any], rows, numbers):
        """Return M ``(N, …)`` of styles ``(N,)`` int32, moved by random numbers ``(N, 16)``."""
        styles, first, bias, second, offset, out, last = weights
        style = tf.gather(styles, rows)
        x = tf.nn.relu(tf.concat([style, numbers], 1) @ first + bias)
        x = tf.nn.relu(x @ second + offset)
        moved = tf.reshape(style + self.near * (x @ out + last), (-1, *self.m_shape))
        return self.parametrisation.project(moved)

    def imagine(self, weights: Sequence[Any], classes, moment: Moment):
        """Return M ``(N, …)`` of classes ``(N,)`` int32, in random styles of theirs."""
        count = tf.shape(classes)[0]
        share = uniform(moment, count, 1, OF_STYLE)[:, 0]
        rows = classes * self.styles + tf.cast(share * self.styles, tf.int32)
        return self.m_of(weights, rows, normal(moment, count, NUMBERS, OF_NUMBERS))

    def drawing(self, weights: Sequence[np.ndarray], strength: float):
        """Return a function: classes ``(N,)`` and a seed → inputs in [0, 1] and M.

        Many are drawn by XLA, in a tenth of the time; for few it would take longer to compile.
        """
        held = [tf.constant(each) for each in weights]

        def draw(classes, seed, first):
            moment = Moment(seed, DRAWN, first, 1.0)
            m = self.imagine(held, classes, moment)
            return self.view.seen(self.parametrisation, m, strength, moment), m

        signature = [tf.TensorSpec(shape, tf.int32) for shape in ((None,), (), ())]
        few = tf.function(draw, autograph=False, input_signature=signature)
        many = tf.function(draw, autograph=False, input_signature=signature, jit_compile=True)

        def drawn(classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
            count, by_xla = len(classes), len(classes) > FEW
            size = at_once(self.parametrisation.shape, AT_ONCE)
            filled = np.pad(np.int32(classes), (0, -count % size if by_xla else 0))
            parts = [
                (many if by_xla else few)(filled[at : at + size], np.int32(seed), np.int32(at))
                for at in range(0, count, size)
            ]
            inputs, m = (np.concatenate(each)[:count] for each in zip(*parts, strict=True))
            return inputs, m

        return drawn


def at_once(shape: tuple[int, ...], most: int) -> int:
    """Return how many images of a shape are made together, ``most`` of small ones."""
    return max(1, min(most, MOST_AT_ONCE // math.prod(shape)))
