"""What M is learned for, and by which rule it takes its steps."""

from typing import NamedTuple

import tensorflow as tf


class Objective(NamedTuple):
    """What M is learned for: everything that needs a compilation of its own.

    Attributes:
        loss: "cross-entropy" of the target, or its "logit" (its negative).
        step_rule: "adam" or "steepest".
        priors: names from ``invert.inversion.priors.NAMES`` that join in.
    """

    loss: str
    step_rule: str
    priors: tuple[str, ...] = ()


def _cross_entropy(logits, targets, head: str):
    """Minus the log-probability of the target, and nothing but the target.

    A softmax shares out one probability. Of a head of sigmoids, each class is a question of its
    own: the target's is to be answered yes, and every other no. That is the sum of their binary
    cross-entropies, the loss that such a head is trained with.
    """
    if head == "sigmoid":
        wanted = tf.one_hot(targets, logits.shape[1])
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits)
        return tf.reduce_sum(each, axis=1)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)


def _negative_logit(logits, targets, head: str):
    return -tf.gather(logits, targets, axis=1, batch_dims=1)


def _adam(gradient, memory, time):
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, with the constants of the paper."""
    mean, square = memory
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * tf.square(gradient)
    unbiased_mean = mean / (1.0 - 0.9**time)
    unbiased_square = square / (1.0 - 0.999**time)
    return unbiased_mean / (tf.sqrt(unbiased_square) + 1e-8), (mean, square)


def _steepest(gradient, memory, time):
    """Steepest descent in L2: the gradient's direction, at length one for each image."""
    norm = tf.norm(gradient, axis=1, keepdims=True)
    return tf.math.divide_no_nan(gradient, norm), memory


LOSSES = {"cross-entropy": _cross_entropy, "logit": _negative_logit}
STEP_RULES = {"adam": _adam, "steepest": _steepest}
