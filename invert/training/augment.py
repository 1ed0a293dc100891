"""Random affine changes of handwriting: a little rotation, shear, scale and shift."""

import tensorflow as tf

ROTATION = 0.2  # radians
SHEAR = 0.25
SCALE = 0.1
SHIFT = 1.2  # pixels


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
