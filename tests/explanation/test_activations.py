import numpy as np
import pytest

from invert import classify, freeze
from invert.explanation import activations
from invert.networks import classifier
from invert.networks.classifier import DENSE


@pytest.fixture(scope="module")
def three(sample):
    images, digits = sample
    return images[digits == 3][4]


def test_layers_are_numpys(three, robust_by_hand):
    net = robust_by_hand
    flat = three.reshape(784).astype(np.float64)
    sums = net.w1.T @ flat + net.b1
    first = sums * (sums > 0)
    before = net.w2.T @ first + net.b2
    second = before * (before > 0)
    got = activations.activations(three, "robust")
    layers = (got.sums, *got.hidden, got.logits)
    for layer, want in zip(layers, (sums, first, second, net.logits(flat[None])[0]), strict=True):
        np.testing.assert_allclose(layer, want, atol=1e-4)
    assert 0 < (got.hidden[0] > 0).sum() < 256, "some units are active, some are not"


def test_votes_add_up_to_the_answers(three, robust_by_hand):
    found = activations.activations(three, "robust")
    total = found.votes[1].sum(axis=0) + robust_by_hand.b3
    np.testing.assert_allclose(total, found.logits, atol=1e-4)
    # Of the first layer: the slope of each answer by finite differences, times the activation.
    first = found.hidden[0].astype(np.float64)

    def logits(hidden):
        net = robust_by_hand
        return np.maximum(hidden @ net.w2 + net.b2, 0) @ net.w3 + net.b3

    for unit in np.argsort(-first)[:20]:
        nudged = first.copy()
        nudged[unit] += 1e-6
        slope = (logits(nudged) - logits(first)) / 1e-6
        np.testing.assert_allclose(found.votes[0][unit], first[unit] * slope, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", DENSE)
def test_softmax_of_the_logits_is_the_answer(three, name):
    logits = activations.activations(three, name).logits.astype(np.float64)
    powers = np.exp(logits - logits.max())
    np.testing.assert_allclose(powers / powers.sum(), classify(three, name)[0], atol=1e-5)


def test_a_units_picture_times_the_ink_is_its_sum(three):
    pictures = activations.first_weights("robust")
    bias = classifier.load("robust").get_weights()[1]
    sums = activations.activations(three, "robust").sums
    np.testing.assert_allclose((pictures * three).sum(axis=(1, 2)) + bias, sums, atol=1e-4)


def test_bad_input_is_named(three):
    with pytest.raises(ValueError, match="must be one image; got 2"):
        activations.activations(np.stack([three, three]), "robust")
    with pytest.raises(ValueError, match="classifier must be one of question, robust, energy"):
        activations.first_weights("rubost")


def test_ones_own_dense_network_is_looked_into_and_another_says_what_it_lacks():
    import keras

    rng = np.random.default_rng(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(5, "relu"), keras.layers.Dense(3)]
    own = keras.Sequential([keras.Input((6, 4, 3)), *layers])
    image = rng.random((6, 4, 3), np.float32)
    found = activations.activations(image, freeze(own))
    (w1, b1), (w2, b2) = layers[1].get_weights(), layers[2].get_weights()
    hidden = np.maximum(image.reshape(-1) @ w1 + b1, 0)
    np.testing.assert_allclose(found.hidden[0], hidden, atol=1e-5)
    np.testing.assert_allclose(found.logits, hidden @ w2 + b2, atol=1e-5)
    assert activations.first_weights(freeze(own)).shape == (5, 6, 4, 3)

    layers = [
        keras.layers.Conv2D(2, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ]
    convolutional = freeze(keras.Sequential([keras.Input((6, 4, 3)), *layers]))
    with pytest.raises(ValueError, match="needs a network of dense layers.* has Conv2D on the way"):
        activations.activations(image, convolutional)
