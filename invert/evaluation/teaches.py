"""What a set of images teaches: how well a network reads real digits that saw nothing else.

Source: Ravuri & Vinyals 2019, "Classification accuracy score for conditional generative models",
https://arxiv.org/abs/1905.10887. It needs no judge, and it notices missing variety: images
that all look alike teach little, however good each is.

The network never sees exactly the same image twice. Each time it is turned, slanted, resized,
moved and warped a little, as Simard et al. 2003 do (doi:10.1109/ICDAR.2003.1227801), and half the
time a round spot is wiped out (DeVries & Taylor 2017, https://arxiv.org/abs/1708.04552). How
strongly was chosen on validation digits, with an opposite model's images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from invert import data
from invert.networks import lenet

if TYPE_CHECKING:
    from invert.inversion.views import Moment

EPOCHS = 15
BATCH = 100
LEARNING_RATE = 0.002  # of Adam, falls to zero by a cosine
# The deviations of how an image is varied: of the angle in radians, the slant, the logarithms of
# width and height, and of the place in pixels.
TURNED, SLANTED, WIDENED, LENGTHENED, MOVED = 0.15, 0.25, 0.13, 0.08, 1.3
# A warp: so many places a side are each shifted with this deviation, in pixels; bicubic in between.
WARPED, PLACES = 1.2, 5
SPOT = 4  # its radius in pixels
VARIED = (TURNED, SLANTED, WIDENED, LENGTHENED, MOVED, WARPED, PLACES, SPOT)


def teaches(images: np.ndarray, digits: np.ndarray, test: data.Split, seed: int = 0) -> float:
    """Train a LeNet-5 on images alone and return its accuracy on real ones.

    Args:
        images: ``(N, 28, 28)`` float32 in [0, 1], ink = 1.
        digits: ``(N,)``, what each was made to be.
        test: the real images, and what they are.
        seed: of the network's start, the order of the images, and how they are varied.

    Returns:
        The share of ``test`` that is read right, 0 to 1.

    >>> images = np.zeros((10, 28, 28), np.float32)
    >>> round(teaches(images, np.full(10, 7), data.Split(images, np.full(10, 7))), 3)
    1.0
    """
    import keras
    import tensorflow as tf

    from invert.inversion.views import Moment

    keras.utils.set_random_seed(seed)
    model = lenet.build()
    steps = -(-EPOCHS * len(images) // BATCH)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    lessons = tf.data.Dataset.from_tensor_slices((images, digits))
    lessons = lessons.shuffle(len(images), seed).repeat(EPOCHS).batch(BATCH).enumerate()
    lessons = lessons.map(lambda step, batch: (varied(batch[0], Moment(seed, step, 0)), batch[1]))
    model.fit(lessons.prefetch(2), shuffle=False, verbose=0)
    return float(model.evaluate(*test, BATCH, verbose=0)[1])


def varied(images, moment: Moment):
    """Return images ``(N, H, W)``, each turned, slanted, resized, moved, warped and spotted."""
    import tensorflow as tf

    from invert.inversion.views import normal, uniform

    count, (height, width) = tf.shape(images)[0], images.shape[1:]
    drawn = normal(moment, count, 6 + 2 * PLACES**2)
    turn, slant, wide, tall, right, down = tf.unstack(drawn[:, :6], axis=1)
    sine, cosine = tf.sin(TURNED * turn), tf.cos(TURNED * turn)
    wide, tall, slant = tf.exp(WIDENED * wide), tf.exp(LENGTHENED * tall), SLANTED * slant
    # Where each pixel comes from, to the right and down from the middle.
    rows = [cosine, cosine * slant - sine], [sine, sine * slant + cosine]
    scales = 1 / wide, 1 / tall
    turned = tf.stack(
        [tf.stack(row, 1) * s[:, None] for row, s in zip(rows, scales, strict=True)], 1
    )
    place = np.stack(np.meshgrid(range(width), range(height)), -1).astype(np.float32)
    middle = np.array([width - 1, height - 1], np.float32) / 2
    source = tf.einsum("nij,hwj->nhwi", turned, place - middle) + middle
    source += MOVED * tf.stack([right, down], 1)[:, None, None]
    warp = tf.reshape(WARPED * drawn[:, 6:], (-1, PLACES, PLACES, 2))
    source += tf.image.resize(warp, (height, width), "bicubic")
    spot, wiped = tf.split(uniform(moment, count, 3, stream=1)[:, None, None], [2, 1], 3)
    far = tf.reduce_sum((place - spot * [width, height]) ** 2, 3)
    return tf.where((far < SPOT**2) & (wiped[..., 0] < 0.5), 0.0, sampled(images, source))


def sampled(images, source):
    """Sample images at ``source``, bilinearly; they are 0 beyond their edges.

    Args:
        images: ``(N, H, W)``.
        source: ``(N, H, W, 2)`` in pixels, to the right and down from the first.
    """
    import tensorflow as tf

    height, width = images.shape[1:]
    across = width + 3  # one beyond the edge on the left, two on the right
    padded = tf.pad(images, [[0, 0], [1, 2], [1, 2]])
    padded = tf.reshape(padded, (-1, (height + 3) * across))
    x, y = (
        tf.clip_by_value(each + 1, 0.0, last + 1.0)
        for each, last in zip(tf.unstack(source, axis=3), (width, height), strict=True)
    )
    left, top = tf.floor(x), tf.floor(y)
    first = tf.cast(top, tf.int32) * across + tf.cast(left, tf.int32)

    def pixel(offset):
        at = tf.reshape(first + offset, (-1, height * width))
        return tf.reshape(tf.gather(padded, at, batch_dims=1), tf.shape(x))

    right, lower = x - left, y - top
    above = (1 - right) * pixel(0) + right * pixel(1)
    below = (1 - right) * pixel(across) + right * pixel(across + 1)
    return (1 - lower) * above + lower * below
