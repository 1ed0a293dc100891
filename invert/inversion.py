"""Learn M: the whole optimisation is one XLA-compiled loop over a frozen graph.

Steps 2 and 4 of the question's plan. ``M`` is a new ``tf.Variable`` in every call, so nothing
that changes is shared; the weights are constants of the graph, so nothing else can be learned.
"""

import functools
import threading
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from invert.frozen import FrozenGraph, substitute
from invert.images import DIGITS, PIXELS

# XLA compiles each batch size apart, so a batch is filled up to the next of these.
BUCKETS = (1, 4, 16, 64, 256)
# The same for the frames that are kept; 0 asks for none.
FRAME_BUCKETS = (0, 32, 64)
# Bounds the loop's record of losses and logits, whose shape XLA must know.
MAX_STEPS = 1000

_compiling = threading.Lock()


class Objective(NamedTuple):
    """What M is learned for: everything that needs a compilation of its own.

    Attributes:
        loss: "cross-entropy" of the digit, or "logit" (its negative).
        step_rule: "adam" or "steepest".
    """

    loss: str
    step_rule: str


class Learned(NamedTuple):
    """What ``learn`` returns, ``N`` images, ``S`` steps, ``F`` frames; all float32.

    Attributes:
        images: ``(N, 784)``, M at the end.
        losses: ``(S, N)``, before each step.
        logits: ``(S + 1, N, 10)``, before each step and at the end.
        frames: ``(F, N, 784)``, M after ``frame_steps`` steps.
    """

    images: np.ndarray
    losses: np.ndarray
    logits: np.ndarray
    frames: np.ndarray


def learn(
    frozen: FrozenGraph,
    objective: Objective,
    start: np.ndarray,
    digits: np.ndarray,
    steps: int,
    step_size: float,
    frame_steps: np.ndarray,
) -> Learned:
    """Learn the images that a frozen classifier takes for ``digits``.

    Args:
        frozen: the classifier.
        objective: loss and step rule.
        start: where M starts, ``(N, 784)`` float32 in [0, 1].
        digits: what M is to become, ``(N,)``, 0–9.
        steps: 1 to ``MAX_STEPS``.
        step_size: of Adam, or the L2 length of a steepest step, in units of the image.
        frame_steps: after how many steps M is kept as a frame: ``(F,)``, rising, at most
            ``steps``; F at most 64, may be 0.

    Returns:
        Images, losses, logits and frames.

    >>> from invert import classifier, frozen
    >>> graph = frozen.freeze(classifier.build())
    >>> start = np.zeros((2, 784), np.float32)
    >>> learned = learn(graph, Objective("logit", "steepest"), start, np.array([3, 8]), 9, 0.2, [])
    >>> learned.images.shape, learned.losses.shape
    ((2, 784), (9, 2))
    """
    batches = [slice(i, i + BUCKETS[-1]) for i in range(0, len(start), BUCKETS[-1])]
    parts = [
        _learn_batch(frozen, objective, start[b], digits[b], steps, step_size, frame_steps)
        for b in batches
    ]
    images, losses, logits, frames = zip(*parts, strict=True)
    return Learned(
        np.concatenate(images),
        np.concatenate(losses, axis=1),
        np.concatenate(logits, axis=1),
        np.concatenate(frames, axis=1),
    )


def _learn_batch(frozen, objective, start, digits, steps, step_size, frame_steps) -> Learned:
    count = len(start)
    fill = next(b for b in BUCKETS if b >= count) - count
    # A step may be asked for twice, where there are more frames than steps.
    distinct, place = np.unique(np.asarray(frame_steps, np.int32), return_inverse=True)
    slots = next(b for b in FRAME_BUCKETS if b >= len(distinct))
    with _compiling:
        loop = _compile(frozen, objective)
    m = tf.Variable(np.pad(start, ((0, fill), (0, 0))))
    losses, logits, frames = loop(
        m,
        tf.constant(np.pad(digits, (0, fill)), tf.int32),
        tf.constant(steps, tf.int32),
        tf.constant(step_size, tf.float32),
        tf.constant(np.pad(distinct, (0, slots - len(distinct)), constant_values=MAX_STEPS + 1)),
    )
    return Learned(
        m.numpy()[:count],
        losses[:steps, :count].numpy(),
        logits[: steps + 1, :count].numpy(),
        frames.numpy()[place, :count] if slots else np.zeros((0, count, PIXELS), np.float32),
    )


@functools.lru_cache(maxsize=64)
def _compile(frozen: FrozenGraph, objective: Objective):
    """The loop for one classifier and objective; its numbers are tensors and never recompile."""
    loss_of, rule = LOSSES[objective.loss], STEP_RULES[objective.step_rule]

    @tf.function(jit_compile=True)
    def loop(m: tf.Variable, digits, steps, step_size, frame_steps):
        count, slots = m.shape[0], frame_steps.shape[0]

        def record(size, shape):
            return tf.TensorArray(tf.float32, size, element_shape=shape, clear_after_read=False)

        def keep(frames, i, x):
            # Written again at every step until the frame's own step is reached.
            slot = tf.reduce_sum(tf.cast(frame_steps < i, tf.int32))
            return frames.write(slot, x) if slots else frames

        def body(i, memory, losses, logits, frames):
            x = m.read_value()
            z = substitute(frozen, x)
            loss = loss_of(z, digits)
            (gradient,) = tf.gradients(loss, x)
            step, memory = rule(gradient, memory, tf.cast(i + 1, tf.float32))
            frames = keep(frames, i, x)
            # The projection: what is learned must be an image at every step.
            m.assign(tf.clip_by_value(x - step_size * step, 0.0, 1.0))
            return i + 1, memory, losses.write(i, loss), logits.write(i, z), frames

        memory = (tf.zeros_like(m), tf.zeros_like(m)) if objective.step_rule == "adam" else ()
        i, _, losses, logits, frames = tf.while_loop(
            lambda i, *_: i < steps,
            body,
            (
                tf.constant(0),
                memory,
                record(MAX_STEPS, (count,)),
                record(MAX_STEPS + 1, (count, DIGITS)),
                record(max(slots, 1), (count, PIXELS) if slots else (1, 1)),
            ),
        )
        x = m.read_value()
        logits = logits.write(i, substitute(frozen, x))
        return losses.stack(), logits.stack(), keep(frames, i, x).stack()

    return loop


def _cross_entropy(logits, digits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(digits, logits)


def _negative_logit(logits, digits):
    return -tf.gather(logits, digits, axis=1, batch_dims=1)


def _adam(gradient, memory, time):
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, with the constants of the paper."""
    mean, square = memory
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * tf.square(gradient)
    unbiased_mean = mean / (1.0 - 0.9**time)
    unbiased_square = square / (1.0 - 0.999**time)
    return unbiased_mean / (tf.sqrt(unbiased_square) + 1e-8), (mean, square)


def _steepest(gradient, memory, time):
    """Steepest descent in L2: the gradient's direction, at length one for each image."""
    norm = tf.norm(gradient, axis=1, keepdims=True)
    return tf.math.divide_no_nan(gradient, norm), memory


LOSSES = {"cross-entropy": _cross_entropy, "logit": _negative_logit}
STEP_RULES = {"adam": _adam, "steepest": _steepest}
