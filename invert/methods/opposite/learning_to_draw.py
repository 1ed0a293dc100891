"""Learn the opposite model of a classifier, through that classifier alone.

Every step draws some images of each class, shows them to the classifier as other hands would draw
them or other cameras take them, and changes the model so that their class wins by a larger margin,
up to a bound. Images that convince are pushed away from other images of their class. A source of
the idea, there of a generator that makes a network's training images for a student: Chen et al.
2019, "Data-free learning of student networks", https://arxiv.org/abs/1904.01186. The pen, the
waves, the styles and the bound are this project's own.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from invert.inversion import compiling
from invert.inversion.aims import negative_margin, one_hot
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.loop import UNSEEN
from invert.inversion.reading import read
from invert.inversion.views import Moment, normal, uniform
from invert.methods.opposite.crafts import craft_of
from invert.networks.style_network import (
    HIDDEN,
    NUMBERS,
    OF_NUMBERS,
    OF_STYLE,
    StyleNetwork,
    at_once,
)

# Images a step, of up to ten classes; fewer where they have many values.
AT_ONCE, FEWER, LARGE = 80, 16, 2**14
CLASSES_AT_ONCE = 10
RATE = 0.001  # of Adam, but for the styles
COOLING = 0.3  # the share of the steps in which the rates fall to nothing
REACH = 24.5  # how fast the push fades with the mean squared difference of their pixels
COARSE = 14  # cells a side, in which images are compared
# It stops early once so many of the images shown in some steps convinced.
CONVINCED = 0.995
CHUNK = 100
LOOKS = 32  # views by which a style is chosen or dropped
BETA1, BETA2 = 0.9, 0.99


class State(NamedTuple):
    """Where learning stands: all that it takes to go on.

    Attributes:
        step: how many steps were taken.
        end: after how many it ends: fewer than asked for once the classifier is convinced.
        weights, means, squares: the network's, and Adam's two memories of each.
    """

    step: int
    end: int
    weights: list[Any]
    means: list[Any]
    squares: list[Any]


def begin(network: StyleNetwork, seed: int, steps: int) -> State:
    """Return the state before the first step."""
    weights = network.start(seed, craft_of(network).size)
    nothing = [np.zeros_like(each) for each in weights]
    return State(0, steps, weights, nothing, [each.copy() for each in nothing])


def learn(
    frozen: FrozenGraph,
    network: StyleNetwork,
    state: State,
    seed: int,
    report: Callable[[State, float], None],
    every: int | None = None,
) -> State:
    """Take the steps that are left.

    Args:
        frozen: the classifier.
        network: what is learned.
        state: where it stands.
        seed: of everything that is drawn at random.
        report: called with the state and the seconds that one step took.
        every: after how many steps; by default ``CHUNK``.

    Raises:
        ValueError: the classifier's logits or gradients are not finite.
    """
    unit = _unit(frozen, network, seed)
    while state.step < state.end:
        began = time.perf_counter()
        count = min(every or CHUNK, state.end - state.step)
        numbers = (np.int32(state.step), np.int32(count), np.int32(state.end), unit, np.int32(seed))
        try:
            arrays, shares = _steps(frozen, network, state, numbers)
        except compiling.Refused:  # which the architecture remembers
            arrays, shares = _steps(frozen, network, state, numbers)
        if not all(np.isfinite(np.asarray(each)).all() for each in arrays[0]):
            raise ValueError(
                f"The logits of {frozen.name} and their gradient must be finite; at some step they"
                " were not."
            )
        sure = float(shares) / count
        step = state.step + count
        end = state.end
        if sure >= CONVINCED and step < (1 - COOLING) * end:
            end = int(step / (1 - COOLING))  # the rates begin to fall
        state = State(step, end, *arrays)
        report(state, (time.perf_counter() - began) / count)
    return state


def choose(
    frozen: FrozenGraph, network: StyleNetwork, weights: list[Any], seed: int, keep: int
) -> np.ndarray:
    """Return the styles of each class that the classifier takes for it most surely, by new views.

    Returns:
        ``(classes, keep)`` row numbers, the surest first.
    """
    unit = _unit(frozen, network, seed)
    rows = np.arange(network.classes * network.styles, dtype=np.int32)
    size = at_once(frozen.domain.shape, 500)
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    classes = rows // network.styles

    held = [tf.constant(each) for each in weights]

    @tf.function(
        autograph=False,
        input_signature=[tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.int32)],
    )
    def seen(rows, step):
        moment = Moment(seed, step, rows[0], 1.0)
        m = network.m_of(held, rows, normal(moment, tf.shape(rows)[0], NUMBERS, OF_NUMBERS))
        return network.view.seen(network.parametrisation, m, 1.0, moment)

    total = np.zeros(len(rows))
    for number in range(LOOKS):
        shown = np.concatenate([seen(part, UNSEEN + number).numpy() for part in parts])
        logits = read(frozen, frozen.domain.from_unit(shown)) / unit
        margins = -negative_margin(logits, one_hot(classes, network.classes), frozen.head)
        total += np.minimum(margins.numpy(), craft_of(network).enough)
    ranks = np.argsort(-total.reshape(network.classes, network.styles), axis=1, kind="stable")
    return ranks[:, :keep] + network.styles * np.arange(network.classes)[:, None]


def _unit(frozen, network, seed) -> np.float32:
    """A tenth of the deviation of logits over random starts: the unit of margins."""
    starts = network.parametrisation.start(200, seed)
    logits = read(frozen, frozen.domain.from_unit(network.parametrisation.make(starts).numpy()))
    spread = float((logits - logits.mean(axis=1, keepdims=True)).std())
    return np.float32(max(spread, 1e-6) / 10)


def _steps(frozen, network, state, numbers):
    arrays = state.weights, state.means, state.squares
    flat = [tf.constant(each) for each in (*arrays[0], *arrays[1], *arrays[2])]
    many = compiling.compiled(
        frozen,
        ("opposite", network),
        lambda logits_of, *rest: _take(frozen.architecture, network, logits_of, *rest),
        [
            *(
                tf.TensorSpec((), tf.float32 if number.dtype == np.float32 else tf.int32)
                for number in numbers
            ),
            *(tf.TensorSpec(each.shape, tf.float32) for each in flat),
        ],
        xla=compiling.suits_xla(frozen),
    )
    *after, shares = many(*map(tf.constant, numbers), *flat)
    after, third = [each.numpy() for each in after], len(flat) // 3
    return [after[:third], after[third : 2 * third], after[2 * third :]], shares.numpy()


def _take(architecture, network, logits_of, first, count, end, unit, seed, *flat):
    """``count`` steps from step ``first``."""
    third, craft = len(flat) // 3, craft_of(network)
    shown = AT_ONCE if architecture.domain.values <= LARGE else min(AT_ONCE, FEWER)
    groups = min(network.classes, CLASSES_AT_ONCE, shown // 2)
    each = shown // groups

    def loss_of(weights, i):
        moment = Moment(seed, i, 0, tf.cast(i, tf.float32) / tf.cast(end, tf.float32))
        # Of many classes, some whose numbers follow each other.
        offset = tf.cast(uniform(moment, 1, 1, OF_STYLE + 2)[0, 0] * network.classes, tf.int32)
        offset = offset if groups < network.classes else 0
        classes = tf.repeat((tf.range(groups) + offset) % network.classes, each)
        m = network.imagine(weights, classes, moment)
        seen = network.view.seen(network.parametrisation, m, tf.constant(1.0), moment)
        logits = logits_of(architecture.domain.from_unit(seen)) / unit
        aims = tf.one_hot(classes, network.classes)
        margins = -negative_margin(logits, aims, architecture.head)
        loss = tf.reduce_mean(tf.nn.softplus(craft.enough - margins)) / craft.enough
        loss += tf.reduce_mean(craft.penalty(m, network.parametrisation))
        sure = tf.stop_gradient(tf.sigmoid(margins - craft.enough / 2))
        near = _nearness(network.parametrisation.make(m), groups, each)
        pushed = tf.reduce_sum(near * tf.reshape(sure, (groups, each, 1)))
        loss += craft.apart * pushed / (groups * each * (each - 1))
        return loss, tf.reduce_mean(tf.cast(margins > 0, tf.float32))

    def body(i, weights, means, squares, shares):
        loss, share = loss_of(weights, i)
        slopes = [tf.convert_to_tensor(slope) for slope in tf.gradients(loss, weights)]
        t = tf.cast(i + 1, tf.float32)
        done = t / tf.cast(end, tf.float32)
        cooling = tf.clip_by_value((1 - done) / COOLING, 0.02, 1.0)
        # Many inputs that all take steps of one size move what comes of them too far.
        rates = [RATE * min(1.0, HIDDEN / w.shape[0]) for w in weights[1::2]]
        rates = [craft.rate, *itertools.chain(*((of_kernel, RATE) for of_kernel in rates))]
        means = [BETA1 * mean + (1 - BETA1) * g for mean, g in zip(means, slopes, strict=True)]
        squares = [BETA2 * sq + (1 - BETA2) * g * g for sq, g in zip(squares, slopes, strict=True)]
        # Kingma & Ba 2015, https://arxiv.org/abs/1412.6980
        weights = [
            w - rate * cooling * (m / (1 - BETA1**t)) / (tf.sqrt(s / (1 - BETA2**t)) + 1e-6)
            for w, rate, m, s in zip(weights, rates, means, squares, strict=True)
        ]
        return i + 1, weights, means, squares, shares + share

    groups_of = [list(flat[k * third : (k + 1) * third]) for k in range(3)]
    last = first + count
    _, weights, means, squares, shares = tf.while_loop(
        lambda i, *_: i < last, body, (first, *groups_of, tf.constant(0.0))
    )
    return (*weights, *means, *squares, shares)


def _nearness(inputs, groups: int, each: int):
    """How near images of one class are to one another, 0 to 1: ``(groups, each, each)``."""
    rows, columns = (max(1, side // COARSE) for side in inputs.shape[1:3])
    image = tf.reshape(inputs, (groups * each, *inputs.shape[1:3], -1))
    image = image[:, : image.shape[1] // rows * rows, : image.shape[2] // columns * columns]
    cells = (-1, image.shape[1] // rows, rows, image.shape[2] // columns, columns, image.shape[3])
    coarse = tf.reduce_mean(tf.reshape(image, cells), (2, 4))
    flat = tf.reshape(coarse, (groups, each, -1))
    size = tf.reduce_mean(flat * flat, -1)
    products = tf.matmul(flat, flat, transpose_b=True) / flat.shape[-1]
    squares = tf.maximum(size[:, :, None] + size[:, None] - 2 * products, 0.0)
    return tf.exp(-REACH * squares) * (1 - tf.eye(each))
