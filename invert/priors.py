"""What is known of images before any classifier is asked: penalties, and a random transform.

Each penalty takes images ``(N, 784)`` and returns ``(N,)``, so that no image's optimisation
depends on its neighbours.
"""

import numpy as np
import tensorflow as tf

from invert.images import SIDE


def total_variation(x):
    """Sum of the absolute differences between neighbouring pixels: high for noise.

    Source: Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; here in its anisotropic
    form, down and right apart.

    >>> float(total_variation(tf.reshape(tf.one_hot(400, 784), (1, 784)))[0])
    4.0
    """
    images = tf.reshape(x, (-1, SIDE, SIDE, 1))
    return tf.image.total_variation(images)


def l2(x):
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


def jitter_shifts(most: int, steps: int, seed: int) -> np.ndarray:
    """Random shifts of ``-most … most`` pixels down and right, for each step: ``(steps, 2)`` int32.

    >>> bool(np.abs(jitter_shifts(2, 100, seed=0)).max() == 2)
    True
    """
    return np.random.default_rng(seed).integers(-most, most, (steps, 2), np.int32, endpoint=True)


def shift(x, by):
    """Shift images ``(N, 784)`` by ``by`` ``(2,)`` pixels; what leaves on one side comes back."""
    images = tf.roll(tf.reshape(x, (-1, SIDE, SIDE)), by, axis=(1, 2))
    return tf.reshape(images, tf.shape(x))
