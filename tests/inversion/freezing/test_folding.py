"""Factors and summands for each channel go into the convolution before them; answers stay."""

import collections

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import gradient_of, logits_of, pictures, v1, weights, write

from invert.inversion.freezing import freeze


def operations_of(frozen):
    return collections.Counter(node.op for node in frozen.architecture.graph_def.node)


def learned(model):
    """A model whose normalisations and biases are no longer what they were at first."""
    for layer in model.layers:
        before = enumerate(layer.get_weights())
        layer.set_weights(
            [w if w.ndim > 1 else 1 + abs(weights(*w.shape, seed=k, scale=1)) for k, w in before]
        )
    return model


@pytest.mark.parametrize("use_bias", [True, False])
def test_normalisations_of_keras(use_bias):
    """Before and behind each kind of convolution; Keras's own numbers are the oracle."""
    layers = [keras.layers.Conv2D(4, 3, use_bias=use_bias), keras.layers.BatchNormalization()]
    layers += [keras.layers.ReLU(), keras.layers.DepthwiseConv2D(3, depth_multiplier=2)]
    layers += [keras.layers.BatchNormalization(), keras.layers.ReLU(6.0)]
    layers += [keras.layers.SeparableConv2D(6, 3), keras.layers.BatchNormalization(scale=False)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(5)]
    model = learned(keras.Sequential([keras.Input((12, 12, 3)), *layers]))
    frozen, images = freeze(model), pictures(3, 12, 12, 3)
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model(x)
    np.testing.assert_allclose(logits_of(frozen, images), logits, rtol=1e-4, atol=1e-4)
    gradient = tape.gradient(logits, x, tf.one_hot([2] * 3, 5))
    np.testing.assert_allclose(gradient_of(frozen, images, 2), gradient, rtol=1e-3, atol=1e-5)
    found = operations_of(frozen)
    assert not found["Mul"] and not found["AddV2"]
    assert found["Conv2D"] + found["DepthwiseConv2dNative"] == 4 and found["BiasAdd"] == 4


def frozen_tf1(path, end):
    """A frozen graph of a convolution, what follows it, and a mean over the pixels."""
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 8, 4, 3), name="x")
        end(tf.nn.conv2d(x, tf.constant(weights(3, 3, 3, 4)), 1, "SAME"))
    return freeze(write(path / "net.pb", graph))


def by_hand(images, then):
    made = tf.nn.conv2d(images, weights(3, 3, 3, 4), 1, "SAME").numpy().astype(np.float64)
    return then(made).mean((1, 2))


SCALE, OFFSET = weights(4, seed=2, scale=1), weights(4, seed=3, scale=1)
MEAN, VARIANCE = weights(4, seed=4, scale=1), abs(weights(4, seed=5, scale=1))


@pytest.mark.parametrize("op", ["FusedBatchNorm", "FusedBatchNormV3"])
def test_fused_normalisations(tmp_path, op):
    def end(images):
        numbers = [tf.constant(value) for value in (SCALE, OFFSET, MEAN, VARIANCE)]
        norm = getattr(tf.raw_ops, op)
        made = norm(
            **dict(
                zip(("x", "scale", "offset", "mean", "variance"), (images, *numbers), strict=True)
            ),
            epsilon=0.25,
            is_training=False,
        )
        tf.reduce_mean(made[0], (1, 2), name="logits")

    frozen, images = frozen_tf1(tmp_path, end), pictures(2, 8, 4, 3)
    expected = by_hand(images, lambda y: (y - MEAN) / np.sqrt(VARIANCE + 0.25) * SCALE + OFFSET)
    np.testing.assert_allclose(logits_of(frozen, images), expected, rtol=1e-4, atol=1e-5)
    assert operations_of(frozen).keys() & {op, "BiasAdd"} == {"BiasAdd"}


def test_a_number_is_a_factor_for_all_channels(tmp_path):
    frozen = frozen_tf1(tmp_path, lambda y: tf.reduce_mean(3.0 * y + OFFSET, (1, 2), name="logits"))
    images = pictures(2, 8, 4, 3)
    expected = by_hand(images, lambda y: 3 * y + OFFSET)
    np.testing.assert_allclose(logits_of(frozen, images), expected, rtol=1e-4, atol=1e-5)
    assert not operations_of(frozen)["Mul"]


def test_what_is_read_twice_stays(tmp_path):
    """The convolution itself is one branch, what follows it another."""
    frozen = frozen_tf1(
        tmp_path, lambda y: tf.reduce_mean(tf.nn.relu(y * SCALE) + y, (1, 2), name="logits")
    )
    images = pictures(2, 8, 4, 3)
    expected = by_hand(images, lambda y: np.maximum(y * SCALE, 0) + y)
    np.testing.assert_allclose(logits_of(frozen, images), expected, rtol=1e-4, atol=1e-5)
    assert operations_of(frozen)["Mul"] == 1


def test_a_factor_each_pixel_stays(tmp_path):
    """As many numbers as channels, but along another side."""
    rows = weights(1, 1, 4, 1, scale=1)
    frozen = frozen_tf1(tmp_path, lambda y: tf.reduce_mean(y * rows, (1, 2), name="logits"))
    images = pictures(2, 8, 4, 3)
    expected = by_hand(images, lambda y: y * rows)
    np.testing.assert_allclose(logits_of(frozen, images), expected, rtol=1e-4, atol=1e-5)
    assert operations_of(frozen)["Mul"] == 1
