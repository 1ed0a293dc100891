"""Priors: penalties on what inputs rarely look like, whatever the network.

Each takes M ``(N, …)``, the inputs made of it ``(N, *shape)`` in [0, 1], the parametrisation and
where M started, and returns ``(N,)``, so that no input's optimisation depends on its neighbours.
"""

import math

import numpy as np
import tensorflow as tf

BROADEST = 0.75  # of its height: few letters and digits are broader
NEAR = 1e-3  # units of M: below it a distance is rounded off, for at 0 it has no gradient


def total_variation(m, inputs, parametrisation, start):
    """Sum of the absolute differences between neighbouring pixels: high for noise.

    Source: Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; here in its anisotropic
    form, down and right apart, summed over the channels.

    >>> image = tf.reshape(tf.one_hot(400, 784), (1, 28, 28))
    >>> float(total_variation(image, image, None, None)[0])
    4.0
    """
    images = inputs if inputs.shape.rank == 4 else inputs[..., None]
    return tf.image.total_variation(images)


def l2(m, inputs, parametrisation, start):
    """Half the sum of M's squares: of an image, its ink; of a code, minus its log-density.

    Source: Yosinski et al. 2015, https://arxiv.org/abs/1506.06579, there as decay.

    >>> float(l2(tf.constant([[3.0, 4.0]]), None, None, None)[0])
    12.5
    """
    return 0.5 * tf.reduce_sum(tf.square(tf.reshape(m, (-1, math.prod(m.shape[1:])))), axis=1)


def bending(m, inputs, parametrisation, start):
    """How much strokes bend: the integral of ``|c''|²`` along the curves, whose time is 0 to 1.

    Source: de Boor 1978, "A Practical Guide to Splines", chapter 14, there of a smoothing spline.
    """
    curves = parametrisation.curves(m)
    turn = curves[:, :, 2:] - 2 * curves[:, :, 1:-1] + curves[:, :, :-2]
    return tf.reduce_sum(turn**2, (1, 2, 3)) * np.float32((parametrisation.samples - 1) ** 3)


def breadth(m, inputs, parametrisation, start):
    """How much broader than ``BROADEST`` of its height a drawing is, squared.

    >>> from invert.inversion.parametrisations.strokes import Strokes
    >>> corners = tf.constant([[[-0.5, 0.5], [0.5, -0.5]]])  # as broad as tall
    >>> float(breadth(corners[None], None, Strokes((28, 28), 1, 2), None)[0])
    0.0625
    """
    across = parametrisation.curves(m)[..., 0]
    broad = tf.reduce_max(across, (1, 2)) - tf.reduce_min(across, (1, 2))
    return tf.nn.relu(broad - BROADEST) ** 2


def travel(m, inputs, parametrisation, start):
    """The squared distance from each stroke's end to the next one's beginning, added up.

    >>> lines = tf.constant([[[[0.0, 0.0], [1.0, 0.0]], [[1.0, 2.0], [0.0, 0.0]]]])
    >>> float(travel(lines, None, None, None)[0])
    4.0
    """
    return tf.reduce_sum((m[:, 1:, 0] - m[:, :-1, -1]) ** 2, (1, 2))


def closeness(m, inputs, parametrisation, start):
    """How far M's points went from where they started, added up: few go far, most stay.

    Source: Yuan & Lin 2006, "Model selection and estimation in regression with grouped variables",
    https://doi.org/10.1111/j.1467-9868.2005.00532.x.

    >>> start = tf.zeros((1, 2, 6, 2))
    >>> round(float(closeness(start + [3.0, 4.0], None, None, start)[0]), 3)
    59.988
    """
    far = tf.sqrt(tf.reduce_sum((m - start) ** 2, -1) + NEAR**2) - NEAR
    return tf.reduce_sum(tf.reshape(far, (-1, math.prod(far.shape[1:]))), axis=1)


PENALTIES = {
    "total_variation": total_variation,
    "l2": l2,
    "bending": bending,
    "breadth": breadth,
    "travel": travel,
    "closeness": closeness,
}
