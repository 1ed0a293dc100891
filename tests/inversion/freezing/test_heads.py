"""Where the logits are, whatever a network ends in."""

import numpy as np
import pytest
import tensorflow as tf
from small_networks import (
    dense_graph,
    gradient_of,
    logits_of,
    pictures,
    probabilities_of,
    softmax,
    v1,
    weights,
    write,
)

from invert.inversion.freezing import freeze

X = pictures(6, 784)


def by_exponentials(z):
    odds = tf.exp(z)
    return odds / tf.reduce_sum(odds, axis=1, keepdims=True)


ENDS = {
    "logits": lambda z: z,
    "softmax": tf.nn.softmax,
    "softmax, identity": lambda z: tf.identity(tf.identity(tf.nn.softmax(z))),
    "softmax, reshape": lambda z: tf.reshape(tf.nn.softmax(z), (-1, 1, 10)),
    "reshape, softmax": lambda z: tf.nn.softmax(tf.reshape(z, (-1, 10))),
    "log of softmax": tf.nn.log_softmax,
    "argmax": lambda z: tf.argmax(z, axis=1),
    "argmax, softmax": lambda z: tf.argmax(tf.nn.softmax(z), axis=1),
    "argmax as a float": lambda z: tf.cast(tf.argmax(z, axis=1, output_type=tf.int32), tf.float32),
    "top one": lambda z: tf.math.top_k(z, 1)[1],
    "softmax by hand": by_exponentials,
    "softmax, half": lambda z: tf.cast(tf.nn.softmax(tf.cast(z, tf.float16)), tf.float32),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_logits_are_found_behind(how, tmp_path):
    path, w = dense_graph(tmp_path / "end.pb", ENDS[how])
    frozen = freeze(path)
    assert frozen.head == "softmax" and frozen.classes == 10
    near = 5e-3 if how == "softmax, half" else 1e-5
    np.testing.assert_allclose(probabilities_of(frozen, X), softmax(X @ w), atol=near)
    got = gradient_of(frozen, X, 3) - gradient_of(frozen, X, 5)
    np.testing.assert_allclose(got, np.tile(w[:, 3] - w[:, 5], (6, 1)), atol=3 * near)


def hard_sigmoid(z):
    return tf.clip_by_value(0.2 * z + 0.5, 0, 1)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_sigmoid_for_each_class_is_never_taken_for_logits(by_hand, tmp_path):
    end = (lambda z: 1 / (1 + tf.exp(-z))) if by_hand else tf.sigmoid
    path, w = dense_graph(tmp_path / "end.pb", end)
    frozen = freeze(path)
    assert frozen.head == "sigmoid"
    want = 1 / (1 + np.exp(-(X @ w)))
    np.testing.assert_allclose(probabilities_of(frozen, X), want, atol=1e-5)
    np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-3)


def test_probabilities_of_any_making_are_undone(tmp_path):
    path, w = dense_graph(tmp_path / "end.pb", hard_sigmoid)
    frozen = freeze(path)
    assert frozen.head == "sigmoid"
    np.testing.assert_allclose(
        probabilities_of(frozen, X), np.clip(0.2 * X @ w + 0.5, 0, 1), atol=1e-5
    )
    assert np.isfinite(gradient_of(frozen, 100 * X, 3)).all()


def test_small_scores_are_not_taken_for_probabilities(tmp_path):
    """Between 0 and 1 on ordinary images, they leave it on brighter ones."""
    path, w = dense_graph(tmp_path / "end.pb", lambda z: tf.square(0.05 * z))
    scores = (0.05 * X @ w) ** 2
    assert scores.min() >= 0 and scores.max() < 1
    frozen = freeze(path)
    np.testing.assert_allclose(logits_of(frozen, X), scores, atol=1e-5)


@pytest.mark.parametrize("flat", [False, True])
def test_one_sigmoid_tells_two_classes_apart(flat, tmp_path):
    def end(z):
        return tf.reshape(tf.sigmoid(z), (-1,)) if flat else tf.sigmoid(z)

    path, w = dense_graph(tmp_path / "end.pb", end, classes=1)
    frozen = freeze(path, labels=["no", "yes"])
    assert (frozen.head, frozen.labels) == ("softmax", ("no", "yes"))
    z = X @ w
    np.testing.assert_allclose(logits_of(frozen, X), np.concatenate([0 * z, z], 1), atol=1e-5)
    p = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(probabilities_of(frozen, X), np.hstack([1 - p, p]), atol=1e-5)


def test_one_number_is_no_classifier(tmp_path):
    path, _ = dense_graph(tmp_path / "end.pb", classes=1)
    with pytest.raises(
        ValueError, match="one number for an image, which is no probability.*output="
    ):
        freeze(path)
    frozen = freeze(path, head="values")
    assert (frozen.head, frozen.classes, frozen.image_shape) == ("values", 1, (28, 28))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda z: tf.cast(z, tf.int32), "returns whole numbers"),
        (lambda z: tf.nn.softmax(z[:, :1]), "a softmax of one class"),
        (lambda z: tf.reshape(z, (-1, 2, 5)), r"returns the shape \(2, 2, 5\) for 2 images"),
        (lambda z: tf.reduce_sum(z), r"returns the shape \(\) for 2 images"),
    ],
)
def test_what_is_no_row_of_scores_is_refused(end, words, tmp_path):
    path, _ = dense_graph(tmp_path / "end.pb", end)
    with pytest.raises(ValueError, match=words):
        freeze(path)


def test_the_best_scores_alone_are_not_enough(tmp_path):
    path, w = dense_graph(tmp_path / "end.pb", lambda z: tf.math.top_k(z, 3))
    np.testing.assert_allclose(logits_of(freeze(path), X), X @ w, atol=1e-5)
    with pytest.raises(ValueError, match="returns its best scores alone. Name all with output="):
        freeze(path, output="TopKV2:0")


def test_attention_within_is_no_end(tmp_path):
    """A softmax or sigmoid on the way is not where a network ends."""
    w = weights(784, 10)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        z = tf.nn.softmax(x) * tf.sigmoid(x)
        tf.matmul(z, tf.constant(w), name="scores")
    frozen = freeze(write(tmp_path / "inner.pb", graph))
    want = (softmax(X) / (1 + np.exp(-X))) @ w
    np.testing.assert_allclose(logits_of(frozen, X), want, atol=1e-6)
