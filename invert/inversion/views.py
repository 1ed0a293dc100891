"""How the network sees the input at one step: at every step in another way.

A view is a record with ``seen``, which takes the parametrisation, M, its strength and the moment,
and returns the inputs ``(N, *shape)`` that the network sees. What is drawn depends on the seed, the
step and the number of the image alone, so an image sees the same whoever its neighbours are.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

PHILOX = 1  # the algorithm's number; its whole numbers are the same by TensorFlow and by XLA
LANES = 4  # whole numbers from one count
# The deviations of a camera: of the place, as shares of height and width; of the logarithms of size
# and contrast; of the brightness.
MOVED, ZOOMED, CONTRASTED, BRIGHTENED = 1 / 16, 0.05, 0.8, 0.24
# The deviations of a hand: of control points, as shares of the drawing's height; of the angle,
# in radians; of the logarithms of width and height; of the slant; of the place, as a share of the
# page's shorter side; of the logarithm of the pen's width.
SHAKEN, TURNED, SIZED, SLANTED, SHIFTED, WIDENED = 0.2, 0.2, 0.12, 0.2, 1 / 28, 0.25
STEADIED = 0.7  # of the shaking, what is gone by the end: first the whole form, then its details


class Moment(NamedTuple):
    """When something is drawn, and for whom: int32 numbers or tensors.

    Attributes:
        seed: of the run.
        step: the number of the look, from 0.
        first: the number of the first image; the others follow.
        progress: the share of the steps that lie behind, 0 to 1.
    """

    seed: Any
    step: Any
    first: Any
    progress: Any = 0.0


def uniform(moment: Moment, count, numbers: int, stream: int = 0):
    """Return uniform random numbers in [0, 1), ``(count, numbers)`` float32, image by image.

    Made of Philox's whole numbers (Salmon et al. 2011): TensorFlow's own floats differ between its
    kernels and XLA, and depend on how many are drawn.

    >>> some, others = (uniform(Moment(1, 0, first), 3, 2) for first in (0, 2))
    >>> bool(tf.reduce_all(some[2] == others[0]))
    True
    """
    counts = -(-numbers // LANES)
    begin = tf.cast(moment.first, tf.uint64) * counts
    bits = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=tf.stack([count, counts * LANES]),
        key=tf.reshape(tf.cast(moment.seed, tf.uint64) * 64 + np.uint64(stream), (1,)),
        counter=tf.stack([begin, tf.cast(moment.step, tf.uint64)]),
        alg=PHILOX,
        dtype=tf.uint32,
    )
    bits = tf.bitwise.right_shift(bits, np.uint32(8))[:, :numbers]
    return tf.cast(tf.bitcast(bits, tf.int32), tf.float32) * np.float32(2.0**-24)


def normal(moment: Moment, count, numbers: int, stream: int = 0):
    """Return standard normal numbers ``(count, numbers)`` float32, by Box and Muller 1958."""
    half = -(-numbers // 2)
    shares = uniform(moment, count, 2 * half, stream)
    length = tf.sqrt(-2.0 * tf.math.log(1.0 - shares[:, :half]))
    turn = np.float32(2 * math.pi) * shares[:, half:]
    return tf.concat([length * tf.cos(turn), length * tf.sin(turn)], 1)[:, :numbers]


class Straight(NamedTuple):
    """The input as it is."""

    name: str = "straight"

    def seen(self, parametrisation, m, strength, moment: Moment):
        """Return the inputs made of M."""
        return parametrisation.make(m)


class Jitter(NamedTuple):
    """The input a few pixels to the side, all images alike; what leaves comes back opposite.

    ``strength`` is the largest shift in pixels. Only what survives the shift is learned. Source:
    Mordvintsev et al. 2015,
    https://research.google/blog/inceptionism-going-deeper-into-neural-networks/.
    """

    name: str = "jitter"

    def seen(self, parametrisation, m, strength, moment: Moment):
        """Return the inputs made of M, shifted down and right by whole pixels."""
        inputs = parametrisation.make(m)
        return tf.roll(inputs, self.shift(strength, moment), axis=(1, 2))

    @staticmethod
    def shift(strength, moment: Moment):
        """Return ``(2,)`` int32 in ``-strength … strength``."""
        most = tf.cast(strength, tf.int32)
        key = tf.stack([moment.seed, moment.step])
        return tf.random.stateless_uniform((2,), key, -most, most + 1, tf.int32, alg="philox")


class Camera(NamedTuple):
    """An image as another camera would take it: moved, nearer or farther, in another light.

    ``strength`` multiplies everything that is drawn at random; 1 is meant for photographs. Beyond
    its edges an image goes on mirrored. It is neither turned nor mirrored: on networks of
    photographs that made no difference, and a traffic sign would say something else.
    """

    name: str = "camera"

    def seen(self, parametrisation, m, strength, moment: Moment):
        """Return the images made of M, each taken in its own way."""
        images = parametrisation.make(m)
        down, right, zoom, contrast, light = tf.unstack(
            strength * normal(moment, tf.shape(images)[0], 5), axis=1
        )
        zoom = tf.exp(ZOOMED * zoom)
        images = resampled(images, 1, zoom, MOVED * down)
        images = resampled(images, 2, zoom, MOVED * right)
        each = (-1, *[1] * (images.shape.rank - 1))
        mean = tf.reduce_mean(images, axis=range(1, images.shape.rank), keepdims=True)
        contrast = tf.reshape(tf.exp(CONTRASTED * contrast), each)
        lit = mean + contrast * (images - mean) + tf.reshape(BRIGHTENED * light, each)
        return tf.clip_by_value(lit, 0.0, 1.0)


def resampled(images, axis: int, zoom, shift):
    """Return images enlarged about their middle and moved along one axis, mirrored at its ends.

    What is between two pixels is mixed of both. This is a product with a matrix, so the gradient is
    exact; that of TensorFlow's ``ImageProjectiveTransformV3`` is not.

    Args:
        images: ``(N, …)``.
        axis: 1 or later.
        zoom: ``(N,)``, how many times as large an image is shown.
        shift: ``(N,)``, as shares of the axis, towards its end.
    """
    side = images.shape[axis]
    if side == 1:
        return images
    last = np.float32(side - 1)
    place = np.arange(side, dtype=np.float32) - last / 2
    source = (place - side * shift[:, None]) / zoom[:, None] + last / 2
    source = last - tf.abs(tf.math.floormod(source, 2 * last) - last)
    product = tf.nn.relu(1.0 - tf.abs(source[:, :, None] - np.arange(side, dtype=np.float32)))
    order = [0, axis, *(other for other in range(1, images.shape.rank) if other != axis)]
    rows = tf.transpose(images, order)
    moved = tf.matmul(product, tf.reshape(rows, (-1, side, math.prod(rows.shape[2:]))))
    moved = tf.reshape(moved, (-1, *rows.shape[1:]))
    return tf.transpose(moved, np.argsort(order))


class Hand(NamedTuple):
    """Strokes as another hand would draw them: turned, slanted, of other sizes, with another pen.

    The hand shakes, less from step to step. ``strength`` multiplies everything that is drawn at
    random; 1 is meant for handwriting. A digit that is read in all these forms does not depend on
    single pixels.
    """

    name: str = "hand"

    def seen(self, parametrisation, m, strength, moment: Moment):
        """Return the inputs that ``Strokes`` draws of M, each in its own way."""
        numbers = 7 + math.prod(m.shape[1:])
        drawn = strength * normal(moment, tf.shape(m)[0], numbers)
        shake = SHAKEN * (1 - STEADIED * moment.progress)
        shaken = parametrisation.project(m + shake * tf.reshape(drawn[:, 7:], tf.shape(m)))
        turn, wide, tall, slant, right, down, pen = tf.unstack(drawn[:, :7], axis=1)
        sine, cosine = tf.sin(TURNED * turn), tf.cos(TURNED * turn)
        wide, tall = tf.exp(SIZED * wide), tf.exp(SIZED * tall)
        rows = [cosine * wide, SLANTED * slant - sine * tall], [sine * wide, cosine * tall]
        turned = tf.stack([tf.stack(row, -1) for row in rows], 1)
        shift = SHIFTED * tf.stack([right, down], -1)
        return parametrisation.draw(shaken, turned, shift, tf.exp(WIDENED * pen))


STRAIGHT = Straight()
VIEWS = {view.name: view for view in (STRAIGHT, Jitter(), Camera(), Hand())}
