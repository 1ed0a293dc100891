"""Whether the frozen graph gives what the source gives, seen on images of random pixels."""

import numpy as np
import tensorflow as tf

from invert.inversion.domain import Domain
from invert.inversion.freezing.refusal import DECLARED, OtherGradient, Refusal, shortened
from invert.inversion.freezing.verify.asked import LEAST, Question
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.substitution import substitute

TOLERANCE = 1e-4
HALF_TOLERANCE = 5e-3  # float16 has three digits, bfloat16 two and a half


def images(count: int, image_shape, pixel_range, seed: int = 0) -> np.ndarray:
    """Return images of random pixels, ``(count, *image_shape)`` float32."""
    shares = np.random.default_rng(seed).random((count, *image_shape), np.float32)
    return Domain(image_shape, *pixel_range).from_unit(shares)


def compare(frozen: FrozenGraph, asked: Question, layout, shown, got, half, random) -> None:
    """Raise a Refusal if the frozen graph does not give what the source gave.

    Args:
        frozen: the frozen graph.
        asked: what the source was asked.
        layout: how images go into it.
        shown: images ``(N, *image_shape)``.
        got: what the source gave for them, and the gradient of a mixture of it, or None.
        half: whether the network computes with half precision.
        random: whether there are random numbers in it.
    """
    spec = tf.TensorSpec((None, *shown.shape[1:]), tf.float32)
    try:
        run = tf.function(lambda x: _run(frozen, asked, x), autograph=False)
        run = run.get_concrete_function(spec)
        logits, *mine = (value.numpy() for value in run(tf.constant(shown)))
        alone = run(tf.constant(shown[:1]))[0].numpy()
    except Refusal:
        raise
    except Exception as error:  # whatever operation does not fit says so in its own way
        raise Refusal(
            "The network must run on float32 batches of any size; it does not"
            f" ({shortened(error)})."
        ) from error
    if np.isnan(logits).any():
        raise Refusal(
            "The network must answer images with numbers; it answers with NaN. Look for NaN among"
            " its weights, or give another pixel_range=."
        )
    tolerance = HALF_TOLERANCE if half else TOLERANCE
    answers, gradient = got
    if not _same(asked, logits, mine[0], answers, tolerance):
        raise Refusal(
            "The network gives other answers than its source, "
            + (
                "for it draws random numbers, as dropout does in training. Give what turns that"
                " off, such as feed={'keep_prob': 1.0}."
                if random
                else "so something in it is not understood. Export it once more, as the path from"
                " image to logits."
            )
        )
    near = 10 * tolerance * _size(logits)
    if not np.allclose(alone, logits[:1], rtol=10 * tolerance, atol=near, equal_nan=True):
        raise Refusal(
            "The network's answer to an image depends on the other images of the batch, as in"
            " training. Export it for inference."
        )
    if len(mine) > 1 and not _same_gradient(layout.inputs(mine[1]), gradient, 100 * tolerance):
        raise OtherGradient(DECLARED)


def _same(asked: Question, logits, mine, answers, tolerance: float) -> bool:
    if asked.kind == "class":
        got = answers.reshape(len(logits), -1).astype(np.int64)[:, 0]
        if got.min() < 0 or got.max() >= logits.shape[1]:
            return False
        # Of two classes as likely as each other either may be named.
        likeliest = logits.max(axis=1) - tolerance * _size(logits)
        return bool((logits[np.arange(len(logits)), got] >= likeliest).all())
    if answers.size != mine.size:
        return False
    answers = answers.reshape(mine.shape).astype(np.float32)
    if asked.logarithms:
        own, theirs = (np.log(np.maximum(values, LEAST)) for values in (mine, answers))
        if not _near(own, theirs, 10 * tolerance):
            return False
    return _near(mine, answers, tolerance)


def _near(mine, answers, tolerance: float) -> bool:
    """Whether values agree, as exactly as the largest of them can be computed."""
    near = tolerance * _size(answers)
    return np.allclose(mine, answers, rtol=tolerance, atol=near, equal_nan=True)


def _size(values) -> float:
    """The largest of some values, at least 1."""
    return float(max(1.0, np.abs(values[np.isfinite(values)]).max(initial=0.0)))


def _same_gradient(mine: np.ndarray, gradient, tolerance: float) -> bool:
    """Whether the gradients of each image agree, by their lengths and their distance."""
    if gradient is None or gradient.size != mine.size:
        return False
    pair = (np.nan_to_num(g.astype(np.float64).reshape(len(mine), -1)) for g in (mine, gradient))
    mine, gradient = pair
    far = np.linalg.norm(mine - gradient, axis=1)
    return bool((far <= tolerance * np.linalg.norm(gradient, axis=1) + 1e-30).all())


def _run(frozen: FrozenGraph, asked: Question, x) -> list[tf.Tensor]:
    """The logits for ``x``, what the source should answer, and the gradient of its mixture."""
    logits = substitute(frozen, x)
    answer = asked.of(logits)
    try:
        (back,) = tf.gradients(logits, x)
        mixture = asked.mixture(answer)
        gradients = [] if mixture is None else tf.gradients(mixture, x)
    except LookupError as error:
        raise Refusal(
            "The network cannot be run backwards, for TensorFlow has no gradient of one of its"
            f" operations ({shortened(error)})."
        ) from error
    if back is None:
        raise OtherGradient("The network's scores do not depend on the image by any gradient.")
    return [logits, answer, *gradients]
