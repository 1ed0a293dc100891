"""Learn M: the whole optimisation is one XLA-compiled loop over a frozen graph.

Steps 2 and 4 of the question's plan. ``M`` is a new ``tf.Variable`` in every call, so nothing
that changes is shared; the weights are constants, held once, so nothing else can be learned.
"""

import concurrent.futures
import functools
import threading
import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from invert import priors
from invert.frozen import FrozenGraph, substitute
from invert.images import DIGITS, MAX_STEPS, PIXELS

# XLA compiles each batch size apart, so a batch is filled up to the next of these.
BUCKETS = (1, 5, 8, 16)
# Two small batches side by side beat one large one whose every product is shared by the cores.
SIDE_BY_SIDE = 2
# The same for the frames that are kept; 0 asks for none.
FRAME_BUCKETS = (0, 32, 64)

_making = threading.Lock()
_threads = concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE, "invert-learn")


class Objective(NamedTuple):
    """What M is learned for: everything that needs a compilation of its own.

    Attributes:
        loss: "cross-entropy" of the digit, or "logit" (its negative).
        step_rule: "adam" or "steepest".
        priors: names from ``invert.priors.NAMES`` that the loss is joined by.
    """

    loss: str
    step_rule: str
    priors: tuple[str, ...] = ()


class Learned(NamedTuple):
    """What ``learn`` returns, ``N`` images, ``S`` steps, ``F`` frames; all float32.

    Attributes:
        images: ``(N, 784)``, at the end.
        losses: ``(S, N)``, priors included, before each step.
        logits: ``(S + 1, N, 10)``, before each step and at the end.
        frames: ``(F, N, 784)``, the images after ``frame_steps`` steps.
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
    *,
    decoder: FrozenGraph | None = None,
    steps: int,
    step_size: float,
    weights: Mapping[str, float] = types.MappingProxyType({}),
    frame_steps: Sequence[int] = (),
    seed: int = 0,
) -> Learned:
    """Learn the images that a frozen classifier takes for ``digits``.

    Args:
        frozen: the classifier.
        objective: loss, step rule and priors.
        start: where M starts, ``(N, 784)`` float32 in [0, 1]; or the decoder's codes.
        digits: what M is to become, ``(N,)``, 0–9.
        decoder: where given, M is its code, and the image what it makes of M; without, M is the
            image, and every step ends with a projection to [0, 1].
        steps: 1 to ``MAX_STEPS``.
        step_size: of Adam, or the L2 length of a steepest step, in units of M.
        weights: of the objective's priors, by name; of jitter, the largest shift in pixels.
        frame_steps: after how many steps M is kept as a frame: ``(F,)``, rising, at most
            ``steps``; F at most 64, may be 0.
        seed: of the jitter.

    Returns:
        Images, losses, logits and frames.

    >>> from invert import classifier, frozen
    >>> graph = frozen.freeze(classifier.build())
    >>> start, digits = np.zeros((2, 784), np.float32), np.array([3, 8])
    >>> climb = Objective("logit", "steepest")
    >>> learned = learn(graph, climb, start, digits, steps=9, step_size=0.2)
    >>> learned.images.shape, learned.losses.shape
    ((2, 784), (9, 2))
    """
    # A step may be asked for twice, where there are more frames than steps.
    distinct, place = np.unique(np.asarray(frame_steps, np.int32), return_inverse=True)
    slots = _bucket(len(distinct), FRAME_BUCKETS)
    shifts = priors.jitter_shifts(int(weights.get(priors.JITTER, 0)), MAX_STEPS + 1, seed)
    settings = [
        tf.constant(steps, tf.int32),
        tf.constant(step_size, tf.float32),
        tf.constant([weights[p] for p in objective.priors], tf.float32, len(objective.priors)),
        tf.constant(shifts),
        tf.constant(_fill(distinct, slots, MAX_STEPS + 1)),
    ]
    count = len(start)
    # As many batches as keep the cores busy to the end, all of nearly one size.
    rounds = -(-count // (SIDE_BY_SIDE * BUCKETS[-1]))
    batches = np.array_split(np.arange(count), min(count, rounds * SIDE_BY_SIDE))

    def learn_batch(batch):
        bucket = _bucket(len(batch), BUCKETS)
        with _making:
            loop = _compile(frozen, decoder, objective, bucket, slots)
        m = tf.Variable(_fill(start[batch], bucket, 0))
        targets = tf.constant(_fill(digits[batch].astype(np.int32), bucket, 0))
        images, losses, logits, frames = (r.numpy() for r in loop(m, targets, *settings))
        records = images, losses[:steps], logits[: steps + 1], frames[: len(distinct)]
        return [record[:, : len(batch)] for record in records]

    if len(batches) == 1:
        parts = [learn_batch(batches[0])]
    else:
        learning = [_threads.submit(learn_batch, batch) for batch in batches]
        concurrent.futures.wait(learning)  # all of them, so that none goes on when one has failed
        parts = [each.result() for each in learning]
    images, losses, logits, frames = (np.concatenate(r, axis=1) for r in zip(*parts, strict=True))
    return Learned(images[0], losses, logits, frames[place])


def _bucket(length: int, buckets: Sequence[int]) -> int:
    return next(bucket for bucket in buckets if bucket >= length)


def _fill(array: np.ndarray, length: int, value) -> np.ndarray:
    """Lengthen an array's first axis to ``length``."""
    rest = [(0, 0)] * (array.ndim - 1)
    return np.pad(array, [(0, length - len(array)), *rest], constant_values=value)


@functools.lru_cache(maxsize=256)
def _compile(frozen, decoder, objective: Objective, count: int, slots: int):
    """The loop for one classifier, objective and shape; its numbers are tensors, so that no
    setting ever compiles again."""
    loss_of, step_rule = LOSSES[objective.loss], STEP_RULES[objective.step_rule]

    def image_of(x):
        return x if decoder is None else substitute(decoder, x)

    @tf.function(jit_compile=True)
    def loop(m: tf.Variable, digits, steps, step_size, weights, shifts, frame_steps):
        def record(length, *shape):
            shape = (count, *shape)
            return tf.TensorArray(tf.float32, length, element_shape=shape, clear_after_read=False)

        def keep(frames, i, image):
            # Written again at every step until the frame's own step is reached; what comes after
            # the last of them goes to a slot that nobody reads.
            return frames.write(tf.reduce_sum(tf.cast(frame_steps < i, tf.int32)), image)

        def body(i, image, memory, losses, logits, frames):
            x = m.read_value()
            image = image_of(x)
            seen = priors.shift(image, shifts[i]) if priors.JITTER in objective.priors else image
            z = substitute(frozen, seen)
            loss = loss_of(z, digits)
            shown = z if seen is image else substitute(frozen, image)
            for place, name in enumerate(objective.priors):
                if name in priors.PENALTIES:
                    loss += weights[place] * priors.PENALTIES[name](x)
            (gradient,) = tf.gradients(loss, x)
            step, memory = step_rule(gradient, memory, tf.cast(i + 1, tf.float32))
            # The last time round there is only something to record.
            x -= tf.where(i < steps, step_size, 0.0) * step
            m.assign(tf.clip_by_value(x, 0.0, 1.0) if decoder is None else x)
            return (
                i + 1,
                image,
                memory,
                losses.write(i, loss),
                logits.write(i, shown),
                keep(frames, i, image),
            )

        memory = (tf.zeros_like(m), tf.zeros_like(m)) if objective.step_rule == "adam" else ()
        _, image, _, losses, logits, frames = tf.while_loop(
            lambda i, *_: i <= steps,
            body,
            (
                tf.constant(0),
                tf.zeros((count, PIXELS)),
                memory,
                record(MAX_STEPS + 1),
                record(MAX_STEPS + 1, DIGITS),
                record(slots + 1, PIXELS),
            ),
        )
        return image[None], losses.stack(), logits.stack(), frames.stack()

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
