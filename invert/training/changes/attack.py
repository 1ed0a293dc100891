"""Projected gradient descent: the strongest small change that makes a classifier err.

Source: Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks",
https://arxiv.org/abs/1706.06083, in the L2 ball, with the image kept in [0, 1].
"""

import numpy as np
import tensorflow as tf


def norm(x):
    """Euclidean norm of each row of ``x`` ``(N, D)``, ``(N, 1)``, never zero."""
    return tf.sqrt(tf.reduce_sum(tf.square(x), axis=1, keepdims=True) + 1e-20)


def cross_entropy(logits, digits):
    """Mean softmax cross-entropy of ``logits`` ``(N, 10)`` against ``digits`` ``(N,)``."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(digits, logits)
    return tf.reduce_mean(losses)


def perturb(model, x, digits, radius, steps: int):
    """Climb the loss from ``x`` inside the L2 ball of ``radius``, in ``steps`` equal steps.

    Args:
        model: a function of ``(N, 784)`` to logits.
        x: images ``(N, 784)`` float32 in [0, 1].
        digits: the true digits ``(N,)``.
        radius: of the ball, in units of the image (full ink of one pixel = 1).
        steps: how many; each is 2.5 × radius / steps long, enough to reach the border and turn.

    Returns:
        The attacked images ``(N, 784)``, in [0, 1] and within ``radius`` of ``x``.
    """
    attacked = x
    for _ in tf.range(steps):
        with tf.GradientTape() as tape:
            tape.watch(attacked)
            loss = cross_entropy(model(attacked), digits)
        gradient = tape.gradient(loss, attacked)
        change = attacked + 2.5 * radius / steps * gradient / norm(gradient) - x
        change *= tf.minimum(1.0, radius / norm(change))
        attacked = tf.clip_by_value(x + change, 0.0, 1.0)
    return attacked


def accuracy(model, images, digits, radius: float = 0.0, steps: int = 40) -> float:
    """Share of ``images`` read right, under attack where ``radius`` is positive."""

    @tf.function(jit_compile=True)
    def hits(x, y):
        if radius:
            x = perturb(model, x, y, radius, steps)
        return tf.reduce_sum(tf.cast(tf.argmax(model(x), axis=1) == y, tf.float32))

    flat = images.reshape(len(images), -1)
    batches = np.array_split(np.arange(len(flat)), max(1, len(flat) // 1000))
    total = sum(float(hits(tf.constant(flat[b]), tf.constant(digits[b]))) for b in batches)
    return total / len(flat)
