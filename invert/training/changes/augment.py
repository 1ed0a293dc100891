"""Random changes of handwriting: its shape by an affine map, its ink and paper by pen and dirt."""

from typing import NamedTuple

import tensorflow as tf

ROTATION = 0.2  # radians
SHEAR = 0.25
SCALE = 0.1
SHIFT = 1.2  # pixels
# Of ink and paper, each for half of the images:
THICKNESS = 0.8  # of the way to a pen of two pixels more
THINNESS = 0.5  # of the way to one of two pixels less
GAMMA = 2.0
STAINS = 0.5  # of the ink
DIRT = 0.3  # of full ink, smooth, and a third of that from pixel to pixel
CELLS = 9  # a side: how smooth stains and dirt are
MARK_WIDTH = 2.4  # pixels
TINY = (10, 15)  # pixels a side of a tiny picture that was enlarged; scans of 8×8 and 16×16 are so
HARDNESS = 8.0  # how many times as steep its edges are, at most: some have but black and white
EDGE = 0.35  # of full ink: there they are, so that thin strokes stay


class Writing(NamedTuple):
    """How far what is written differs from MNIST.

    Attributes:
        marked: share of the ones that get a foot, as many a flag; of the sevens a bar.
        foot, flag: half their length at most, in pixels.
        lean: radians more than usual that they may lean.
        enlarged: share of the images, or nearly, that come from a tiny picture.
    """

    marked: float = 0.3
    foot: float = 6.0
    flag: float = 4.0
    lean: float = 0.0
    enlarged: float = 0.0


def affine(images, generator: tf.random.Generator):
    """Change each of ``images`` ``(N, 784)`` in [0, 1] by an affine map of its own.

    Angle, shear, scale and shift are uniform in plus or minus the constants above; pixels are
    interpolated bilinearly, paper fills what comes in at the border.
    """
    count = tf.shape(images)[0]

    def uniform(limit):
        return generator.uniform((count,), -limit, limit)

    angle, shear = uniform(ROTATION), uniform(SHEAR)
    scale_x, scale_y = 1.0 + uniform(SCALE), 1.0 + uniform(SCALE)
    cos, sin = tf.cos(angle), tf.sin(angle)
    a, b = cos * scale_x, (shear * cos - sin) * scale_y
    c, d = sin * scale_x, (shear * sin + cos) * scale_y
    centre = 13.5  # of the pixel grid, about which the image turns
    x = centre - a * centre - b * centre + uniform(SHIFT)
    y = centre - c * centre - d * centre + uniform(SHIFT)
    zero = tf.zeros_like(a)
    changed = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.reshape(images, (-1, 28, 28, 1)),
        transforms=tf.stack([a, b, x, c, d, y, zero, zero], axis=1),
        output_shape=(28, 28),
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    return tf.reshape(changed, (-1, 784))


def marks(images, digits, writing: Writing, generator: tf.random.Generator):
    """Write some of ``images`` ``(N, 784)`` as much of the world does, and few in MNIST.

    Ones get a foot, or a flag at their head; sevens a bar through the stem.
    """
    count = tf.shape(images)[0]
    page = tf.reshape(images, (-1, 28, 28))
    inked = tf.cast(tf.reduce_max(page, axis=2) > 0.5, tf.float32)
    top = tf.argmax(inked, axis=1, output_type=tf.int32)
    bottom = 27 - tf.argmax(inked[:, ::-1], axis=1, output_type=tf.int32)
    places = tf.range(28.0)

    def uniform(low, high):
        return generator.uniform((count,), low, high)

    def across(row):
        """Where a row's ink is, from left to right."""
        there = tf.gather(page, row, axis=1, batch_dims=1)
        return tf.reduce_sum(there * places, axis=1) / (tf.reduce_sum(there, axis=1) + 1e-6)

    def line(x, y, angle, half):
        """A straight stroke about ``(x, y)``."""
        right, down = (
            (places[None] - x[:, None])[:, None, :],
            (places[None] - y[:, None])[..., None],
        )
        cos, sin = tf.cos(angle)[:, None, None], tf.sin(angle)[:, None, None]
        along = tf.clip_by_value(
            right * cos + down * sin, -half[:, None, None], half[:, None, None]
        )
        far = tf.sqrt((right - along * cos) ** 2 + (down - along * sin) ** 2)
        return tf.clip_by_value(MARK_WIDTH / 2 + 0.5 - far, 0.0, 1.0)

    middle = tf.clip_by_value((top + bottom) // 2 + tf.cast(uniform(-1.0, 3.0), tf.int32), 0, 27)
    bar = line(across(middle), tf.cast(middle, tf.float32), uniform(-0.4, 0.4), uniform(3.0, 5.0))
    angle, half = uniform(-0.2 - writing.lean, 0.2), uniform(3.0, writing.foot)
    foot = line(across(bottom), tf.cast(bottom, tf.float32), angle, half)
    angle = uniform(2.0 - writing.lean, 2.7 + writing.lean)
    half = uniform(2.0, writing.flag)
    x, y = across(top) + half * tf.cos(angle), tf.cast(top, tf.float32) + half * tf.sin(angle)
    flag = line(x, y, angle, half)
    for mark, digit in ((bar, 7), (foot, 1), (flag, 1)):
        chosen = (digits == digit) & (uniform(0.0, 1.0) < writing.marked)
        page = tf.where(chosen[:, None, None], tf.maximum(page, mark), page)
    return tf.reshape(page, (-1, 784))


def ink(images, writing: Writing, generator: tf.random.Generator):
    """Change each of ``images`` ``(N, 28, 28)`` in [0, 1] as pens, paper and scanners do.

    Strokes grow thicker, thinner, softer or jagged, the ink paler or darker and uneven, the paper
    dirty.
    """
    count = tf.shape(images)[0]
    x = images[..., None]

    def strength(most):
        """Nothing for half of the images, up to ``most`` for the others."""
        return tf.maximum(generator.uniform((count, 1, 1, 1), -most, most), 0.0)

    def smooth():
        cells = generator.normal((count, CELLS, CELLS, 1))
        return tf.image.resize(cells, (28, 28))

    x += strength(THICKNESS) * (tf.nn.max_pool2d(x, 3, 1, "SAME") - x)
    x += strength(THINNESS) * (-tf.nn.max_pool2d(-x, 3, 1, "SAME") - x)
    x += strength(1.0) * (blurred(x) - x)
    for side in TINY if writing.enlarged else ():
        hardness = generator.uniform((count, 1, 1, 1), 1.0, HARDNESS)
        chosen = generator.uniform((count, 1, 1, 1)) < writing.enlarged / len(TINY)
        x = tf.where(chosen, _tiny(x, side, hardness), x)
    x **= GAMMA ** generator.uniform((count, 1, 1, 1), -1.0, 1.0)
    x *= 1.0 - strength(STAINS) * tf.clip_by_value(smooth(), 0.0, 1.0)
    x += strength(DIRT) * tf.maximum(smooth(), 0.0)
    x += strength(DIRT / 3) * tf.abs(generator.normal((count, 28, 28, 1)))
    return tf.clip_by_value(x, 0.0, 1.0)[..., 0]


def _tiny(images, side: int, hardness):
    """``images`` ``(N, 28, 28, 1)`` as enlarged from ``side``, with edges that much harder."""
    few = tf.image.resize(images, (side, side), antialias=True)
    few = tf.clip_by_value(EDGE + hardness * (few - EDGE), 0.0, 1.0)
    return tf.clip_by_value(tf.image.resize(few, (28, 28), "bicubic"), 0.0, 1.0)


def blurred(images):
    """``(N, 28, 28, 1)``, each pixel averaged with its eight neighbours by weights 1, 2, 4."""
    row = tf.constant([1.0, 2.0, 1.0]) / 4
    return tf.nn.conv2d(images, (row[:, None] * row)[:, :, None, None], 1, "SAME")
