"""Whether the frozen graph gives what the source gives, seen on images of random pixels."""

import numpy as np
import tensorflow as tf

from invert.inversion.domain import Domain
from invert.inversion.freezing.reading_off.logits import Ending
from invert.inversion.freezing.refusal import Refusal, shortened
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.substitution import substitute

TOLERANCE = 1e-4
HALF_TOLERANCE = 5e-3  # float16 has three digits, bfloat16 two and a half


def images(count: int, image_shape, pixel_range, seed: int = 0) -> np.ndarray:
    """Return images of random pixels, ``(count, *image_shape)`` float32."""
    shares = np.random.default_rng(seed).random((count, *image_shape), np.float32)
    return Domain(image_shape, *pixel_range).from_unit(shares)


def compare(frozen: FrozenGraph, ending: Ending, shown, answers, half: bool, random: bool) -> None:
    """Raise a Refusal if the frozen graph does not give what the source gave.

    Args:
        frozen: the frozen graph.
        ending: what the source makes of the logits.
        shown: images ``(N, *image_shape)``.
        answers: what the source gave for them.
        half: whether the network computes with half precision.
        random: whether there are random numbers in it.
    """
    spec = tf.TensorSpec((None, *shown.shape[1:]), tf.float32)
    try:
        run = tf.function(lambda x: _logits(frozen, x), autograph=False)
        run = run.get_concrete_function(spec)
        logits = run(tf.constant(shown)).numpy()
        alone = run(tf.constant(shown[:1])).numpy()
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
    if not _same(ending, frozen, logits, np.asarray(answers), tolerance):
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
    if not np.allclose(alone, logits[:1], rtol=10 * tolerance, atol=10 * tolerance, equal_nan=True):
        raise Refusal(
            "The network's answer to an image depends on the other images of the batch, as in"
            " training. Export it for inference."
        )


def _same(ending: Ending, frozen: FrozenGraph, logits, answers, tolerance: float) -> bool:
    count = len(logits)
    probabilities = frozen.probabilities(logits)
    if ending.answer == "class":
        got = answers.reshape(count, -1).astype(np.int64)[:, 0]
        if got.min() < 0 or got.max() >= frozen.classes:
            return False
        # Of two classes as likely as each other either may be named.
        return bool((logits[np.arange(count), got] >= logits.max(axis=1) - tolerance).all())
    want = {
        "logits": logits,
        "probabilities": probabilities,
        "probability": probabilities[:, 1:],
    }[ending.answer]
    if answers.size != want.size:
        return False
    answers = answers.reshape(want.shape).astype(np.float32)
    return np.allclose(want, answers, rtol=tolerance, atol=tolerance, equal_nan=True)


def _logits(frozen: FrozenGraph, x) -> tf.Tensor:
    """The logits for ``x``, if there is a way back from them to ``x``."""
    logits = substitute(frozen, x)
    try:
        (gradient,) = tf.gradients(logits, x)
    except LookupError as error:
        raise Refusal(
            "The network cannot be run backwards, for TensorFlow has no gradient of one of its"
            f" operations ({shortened(error)})."
        ) from error
    if gradient is None:
        raise Refusal("The network's scores do not depend on the image by any gradient.")
    return logits
