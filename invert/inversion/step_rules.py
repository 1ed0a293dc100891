"""The step rules: how a gradient becomes a step, before the step size multiplies it.

A rule takes the gradient ``(N, …)``, its memory, and the number of the step from 1, float32. It
returns the step and its memory.
"""

import math

import tensorflow as tf


def adam(gradient, memory, time):
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, with the constants of the paper."""
    mean, square = memory
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * tf.square(gradient)
    unbiased_mean = mean / (1.0 - 0.9**time)
    unbiased_square = square / (1.0 - 0.999**time)
    return unbiased_mean / (tf.sqrt(unbiased_square) + 1e-8), (mean, square)


def steepest(gradient, memory, time):
    """Steepest descent in L2: the gradient's direction, at length one for each input."""
    flat = tf.reshape(gradient, (-1, math.prod(gradient.shape[1:])))
    norm = tf.norm(flat, axis=1, keepdims=True)
    return tf.reshape(tf.math.divide_no_nan(flat, norm), tf.shape(gradient)), memory


STEP_RULES = {"adam": adam, "steepest": steepest}
# How many tensors of M's shape each rule's memory holds, zeros at first.
MEMORIES = {"adam": 2, "steepest": 0}
