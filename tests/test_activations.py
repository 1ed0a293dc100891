import numpy as np
import pytest

from invert import activations, classifier, classify, weights


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
    for layer, want in zip(got, (sums, first, second, net.logits(flat[None])[0]), strict=True):
        np.testing.assert_allclose(layer, want, atol=1e-4)
    assert 0 < (got.hidden1 > 0).sum() < 256, "some units speak, some are silent"


@pytest.mark.parametrize("name", weights.CLASSIFIERS)
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
