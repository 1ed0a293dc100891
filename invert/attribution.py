"""Why a classifier answers as it does: pixels for and against, and the smallest other way."""

import numpy as np
import tensorflow as tf

from invert import frozen, weights
from invert.images import DIGITS, PIXELS, SIDE, check_images, check_whole

# Of the straight line from a black page; so many meet the exact sum to one in a hundred.
POINTS = 256
# Of the search for a smallest change; its longest useful way and its finest turn.
STEPS = 300
FIRST_STEP, LAST_STEP = 1.0, 0.01
NORM_CHANGE = 0.05
# An answer that a rounding error could turn is none.
MARGIN = 1e-3


def input_times_gradient(image, digit: int, classifier: str) -> np.ndarray:
    """How strongly each pixel's ink speaks for a digit, by the logit's slope right here.

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        digit: whose logit is explained.
        classifier: its name.

    Returns:
        ``(28, 28)`` float32, in units of the logit: positive for, negative against, zero where
        there is no ink. Source: Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713.

    Raises:
        ValueError: no image, or no digit.

    >>> input_times_gradient(np.zeros((28, 28)), 8, "robust").any()
    np.False_
    """
    x, digit = _check(image, digit)
    gradient = _gradients(classifier)(x, digit).numpy()
    return (x * gradient).reshape(SIDE, SIDE)


def integrated_gradients(image, digit: int, classifier: str) -> np.ndarray:
    """How much of a digit's logit each pixel's ink brings, on the way from a black page.

    The mean gradient along the straight line from black, times the ink: the pixels' shares add up
    to the logit's whole rise. Source: Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365.

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        digit: whose logit is explained.
        classifier: its name.

    Returns:
        ``(28, 28)`` float32, in units of the logit.

    Raises:
        ValueError: no image, or no digit.

    >>> integrated_gradients(np.full((28, 28), 0.5), 8, "robust").shape
    (28, 28)
    """
    x, digit = _check(image, digit)
    middles = (np.arange(POINTS, dtype=np.float32)[:, None] + 0.5) / POINTS
    gradients = _gradients(classifier)(middles * x, digit).numpy()
    return (x * gradients.mean(axis=0)).reshape(SIDE, SIDE)


def smallest_changes(image, classifier: str) -> np.ndarray:
    """For every digit, the nearest image that the classifier takes for it.

    Nearest in L2, as far as the search finds: decoupled direction and norm, Rony et al. 2019,
    https://arxiv.org/abs/1811.09600, aimed at each digit, on the difference of its logit and the
    largest other (cross-entropy falls silent where `question` is sure).

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        classifier: its name.

    Returns:
        ``(10, 28, 28)`` float32 in [0, 1]. Entry ``d`` is read as ``d``; where the image itself is,
        it is the image; where nothing was found (rare), it is NaN.

    Raises:
        ValueError: ``image`` is no image.

    >>> smallest_changes(np.zeros((28, 28)), "robust").shape
    (10, 28, 28)
    """
    x, _ = _check(image, 0)
    return _search(classifier)(x).numpy().reshape(DIGITS, SIDE, SIDE)


def _check(image, digit) -> tuple[np.ndarray, int]:
    images = check_images(image, "image")
    if len(images) != 1:
        raise ValueError(f"image must be one image; got {len(images)}.")
    return images.reshape(1, PIXELS), check_whole(digit, "digit", 0, DIGITS - 1)


@weights.once
def _gradients(classifier: str):
    """The gradient of one digit's logit by each of some images."""
    graph = frozen.load(classifier)
    spec = tf.TensorSpec((None, PIXELS), tf.float32), tf.TensorSpec((), tf.int32)

    @tf.function(input_signature=spec)
    def gradients(x, digit):
        return tf.gradients(tf.gather(frozen.substitute(graph, x), digit, axis=1), x)[0]

    return gradients


@weights.once
def _search(classifier: str):
    """The search, for all ten digits at once."""
    graph = frozen.load(classifier)
    targets = tf.eye(DIGITS)

    @tf.function(jit_compile=True)
    def search(image):
        image = tf.repeat(image, DIGITS, axis=0)

        def lead(x):
            """How far the target's logit leads the largest other."""
            z = frozen.substitute(graph, x)
            return tf.reduce_sum(z * targets, axis=1) - tf.reduce_max(z - 1e9 * targets, axis=1)

        def body(i, change, norm, best, least):
            x = image + change
            margin = lead(x)
            (gradient,) = tf.gradients(margin, x)
            length = tf.norm(change, axis=1)
            there = margin > MARGIN
            better = there & (length < least)
            best = tf.where(better[:, None], x, best)
            least = tf.where(better, length, least)

            share = tf.cast(i, tf.float32) / STEPS
            cosine = 0.5 * (1.0 + tf.cos(np.pi * share))
            step = LAST_STEP + (FIRST_STEP - LAST_STEP) * cosine
            change += step * tf.math.l2_normalize(gradient, axis=1, epsilon=1e-20)
            norm *= tf.where(there, 1.0 - NORM_CHANGE, 1.0 + NORM_CHANGE)
            change = norm[:, None] * tf.math.l2_normalize(change, axis=1, epsilon=1e-20)
            return i + 1, tf.clip_by_value(image + change, 0.0, 1.0) - image, norm, best, least

        state = (
            tf.constant(0),
            tf.zeros_like(image),
            tf.ones(DIGITS),
            tf.fill(tf.shape(image), np.float32(np.nan)),
            tf.fill([DIGITS], np.float32(np.inf)),
        )
        return tf.while_loop(lambda i, *_: i < STEPS, body, state)[3]

    return search
