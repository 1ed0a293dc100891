import numpy as np
import pytest

from invert import freeze
from invert.explanation import attribution


@pytest.fixture(scope="module")
def three(sample):
    images, digits = sample
    return images[digits == 3][4]


@pytest.mark.parametrize("digit", [3, 8])
def test_input_times_gradient_is_numpys(digit, three, robust_by_hand):
    flat = three.reshape(1, 784).astype(np.float64)
    want = -flat * robust_by_hand.gradient(flat, np.array([digit]), "logit")
    got = attribution.input_times_gradient(three, digit, "robust")
    np.testing.assert_allclose(got.reshape(1, 784), want, atol=1e-4)


@pytest.mark.parametrize("digit", [3, 8])
def test_integrated_gradients_add_up_to_the_logits_rise(digit, three, robust_by_hand):
    shares = attribution.integrated_gradients(three, digit, "robust")
    flat = three.reshape(1, 784).astype(np.float64)
    rise = robust_by_hand.logits(flat) - robust_by_hand.logits(0 * flat)
    assert shares.sum() == pytest.approx(rise[0, digit], abs=0.02)
    assert not shares[three == 0].any()


def test_of_a_linear_network_both_are_the_weights_times_the_ink(three):
    import keras

    line = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    want = line.get_weights()[0][:, 5].reshape(28, 28) * three
    for explain in (attribution.input_times_gradient, attribution.integrated_gradients):
        np.testing.assert_allclose(explain(three, 5, freeze(line)), want, atol=1e-5)


@pytest.mark.parametrize(
    ("image", "digit", "words"),
    [
        (np.zeros((2, 28, 28)), 3, "image must be one image; got 2"),
        (np.zeros((28, 28)), 10, "digit must be a whole number from 0 to 9; got 10"),
        (np.full((28, 28), np.nan), 3, "image must be finite"),
    ],
)
def test_mistakes_are_named(image, digit, words):
    with pytest.raises(ValueError, match=words):
        attribution.input_times_gradient(image, digit, "robust")


def test_large_networks_are_asked_a_little_at_a_time_and_answer_alike(three, monkeypatch):
    expected = attribution.integrated_gradients(three, 3, "robust")
    asked, gradients = [], attribution._gradients
    monkeypatch.setattr(attribution.batches, "most_at_once", lambda *_: 7)
    monkeypatch.setattr(
        attribution, "_gradients", lambda g, x, t: asked.append(len(x)) or gradients(g, x, t)
    )
    assert attribution.integrated_gradients(three, 3, "robust") == pytest.approx(expected, abs=1e-4)
    assert max(asked) == 7 and sum(asked) == attribution.POINTS
