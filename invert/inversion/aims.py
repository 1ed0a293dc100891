"""What the output is to become, and how far from it an output is.

Aims are ``(N, A)`` float32, one row an input: of a class, one-hot; of a mixture, shares; and -1 for
a class that the input is not to be taken for. A loss takes outputs and aims
and returns ``(N,)``, so that no input's optimisation depends on its neighbours.
"""

import numpy as np
import tensorflow as tf

FAR = np.float32(1e9)  # -FAR is less than any logit, and finite, so that no gradient is NaN


def one_hot(targets, classes: int) -> np.ndarray:
    """Return the aims of classes, ``(N, classes)`` float32.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return np.eye(classes, dtype=np.float32)[np.asarray(targets)]


def cross_entropy(logits, aims, head: str):
    """Minus the log-probability of the aims.

    Of a head of sigmoids, every class has a probability of its own: the target's is to be 1, and
    every other's 0. The loss is the sum of their binary cross-entropies, with which such a head is
    trained.
    """
    if head == "sigmoid":
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=aims, logits=logits)
        return tf.reduce_sum(each, axis=1)
    return tf.nn.softmax_cross_entropy_with_logits(aims, logits)


def cross_entropy_or_avoidance(logits, aims, head: str):
    """The cross-entropy; of a class to avoid, minus the log-probability that it is not."""
    away = aims < 0
    if head == "sigmoid":
        each = tf.nn.softplus(logits)
        avoidance = tf.reduce_sum(tf.where(away, each, 0.0), axis=1)
    else:
        rivals = tf.reduce_logsumexp(tf.where(away, -FAR, logits), axis=1)
        chosen = tf.reduce_logsumexp(tf.where(away, logits, -FAR), axis=1)
        avoidance = tf.nn.softplus(chosen - rivals)
    entropy = cross_entropy(logits, tf.nn.relu(aims), head)
    return tf.where(tf.reduce_any(away, axis=1), avoidance, entropy)


def negative_logit(logits, aims, head: str):
    """Minus the logit that is aimed at."""
    return -tf.reduce_sum(aims * logits, axis=1)


def negative_margin(logits, aims, head: str):
    """Minus what the logit that is aimed at has over all others together.

    The gradient does not vanish once the network is sure, and its rivals are pushed down too.
    """
    others = tf.reduce_logsumexp(tf.where(aims > 0, -FAR, logits), axis=1)
    return others - tf.reduce_sum(aims * logits, axis=1)


def squared_distance(outputs, aims, head: str):
    """The sum of the squared differences from the aims; where an aim is NaN, any output will do.

    >>> aims = tf.constant([[3.0, np.nan]])
    >>> float(squared_distance(tf.constant([[1.0, 5.0]]), aims, "values")[0])
    4.0
    """
    off = tf.where(tf.math.is_nan(aims), 0.0, outputs - aims)
    return tf.reduce_sum(tf.square(off), axis=1)


LOSS_FUNCTIONS = {
    "cross-entropy": cross_entropy,
    "logit": negative_logit,
    "margin": negative_margin,
    "aims": cross_entropy_or_avoidance,
    "values": squared_distance,
}
