"""What is known of inputs before any network is asked: penalties.

Each takes M ``(N, …)``, the inputs made of it ``(N, *shape)`` in [0, 1] and the parametrisation,
and returns ``(N,)``, so that no input's optimisation depends on its neighbours.
"""

import math

import tensorflow as tf


def total_variation(m, inputs, parametrisation):
    """Sum of the absolute differences between neighbouring pixels: high for noise.

    Source: Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; here in its anisotropic
    form, down and right apart, summed over the channels.

    >>> image = tf.reshape(tf.one_hot(400, 784), (1, 28, 28))
    >>> float(total_variation(image, image, None)[0])
    4.0
    """
    images = inputs if inputs.shape.rank == 4 else inputs[..., None]
    return tf.image.total_variation(images)


def l2(m, inputs, parametrisation):
    """Half the sum of M's squares: of an image, its ink; of a code, minus its log-density.

    Source: Yosinski et al. 2015, https://arxiv.org/abs/1506.06579, there as decay.

    >>> float(l2(tf.constant([[3.0, 4.0]]), None, None)[0])
    12.5
    """
    return 0.5 * tf.reduce_sum(tf.square(tf.reshape(m, (-1, math.prod(m.shape[1:])))), axis=1)


PENALTIES = {"total_variation": total_variation, "l2": l2}
