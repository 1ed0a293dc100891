"""What is known of images before any classifier is asked: penalties, and a random transform.

Images are flat here, ``(N, values)`` in [0, 1], and ``shape`` is one image's, ``(H, W)`` or
``(H, W, C)``. Each penalty returns ``(N,)``, so that no image's optimisation depends on its
neighbours.
"""

import numpy as np
import tensorflow as tf


def total_variation(x, shape: tuple[int, ...]):
    """Sum of the absolute differences between neighbouring pixels: high for noise.

    Source: Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; here in its anisotropic
    form, down and right apart, summed over the channels.

    >>> float(total_variation(tf.reshape(tf.one_hot(400, 784), (1, 784)), (28, 28))[0])
    4.0
    """
    return tf.image.total_variation(_square(x, shape))


def l2(x, shape: tuple[int, ...] = ()):
    """Half the sum of squares: of an image, its ink; of a code, minus its Gaussian log-density.

    Source: Yosinski et al. 2015, https://arxiv.org/abs/1506.06579, there as decay.

    >>> float(l2(tf.constant([[3.0, 4.0]]))[0])
    12.5
    """
    return 0.5 * tf.reduce_sum(tf.square(x), axis=1)


PENALTIES = {"total_variation": total_variation, "l2": l2}
# Not a penalty: the image is shown to the classifier a few pixels to the side, at every step
# elsewhere, so that only what survives the shift is learned. Mordvintsev et al. 2015,
# https://research.google/blog/inceptionism-going-deeper-into-neural-networks/.
JITTER = "jitter"
NAMES = (*PENALTIES, JITTER)


def jitter_shifts(most: int, steps: int, seed: int) -> np.ndarray:
    """Random shifts of ``-most … most`` pixels down and right, for each step: ``(steps, 2)`` int32.

    >>> bool(np.abs(jitter_shifts(2, 100, seed=0)).max() == 2)
    True
    """
    if not most:
        return np.zeros((steps, 2), np.int32)
    return np.random.default_rng(seed).integers(-most, most, (steps, 2), np.int32, endpoint=True)


def shift(x, by, shape: tuple[int, ...]):
    """Shift images by ``by`` ``(2,)`` pixels; what leaves on one side comes back on the other."""
    return tf.reshape(tf.roll(_square(x, shape), by, axis=(1, 2)), tf.shape(x))


def _square(x, shape: tuple[int, ...]):
    """Images ``(N, H, W, C)`` of flat ones."""
    height, width, channels = (*shape, 1)[:3]
    return tf.reshape(x, (-1, height, width, channels))
