import keras
import numpy as np
import pytest

from invert import data
from invert.evaluation import teaches
from invert.networks import lenet

pytestmark = pytest.mark.usefixtures("no_jit")


@pytest.mark.long
def test_real_digits_teach_and_noise_and_wrong_digits_do_not(sample, monkeypatch):
    images, digits = sample
    lessons, test = (images[::2], digits[::2]), data.Split(images[1::2], digits[1::2])
    assert teaches.teaches(*lessons, test) > 0.8
    assert teaches.teaches(lessons[0], (lessons[1] + 1) % 10, test) < 0.1
    noise = np.random.default_rng(0).random((200, 28, 28), np.float32)
    assert teaches.teaches(noise, lessons[1][:200], test) < 0.3


@pytest.mark.long
def test_images_that_look_alike_teach_little(sample):
    images, digits = sample
    first = np.array([np.flatnonzero(digits == digit)[0] for digit in range(10)])
    test = data.Split(images[1::2], digits[1::2])
    assert teaches.teaches(images[first][digits], digits, test) < 0.7


def test_the_seed_decides(sample, monkeypatch):
    monkeypatch.setattr(teaches, "EPOCHS", 2)
    images, digits = sample[0][::3], sample[1][::3]
    test = data.Split(*sample)
    one, same, other = (teaches.teaches(images, digits, test, seed) for seed in (3, 3, 4))
    assert one == same != other


def test_the_network_is_lenet():
    model = lenet.build()
    kernels = [layer.kernel.shape for layer in model.layers if hasattr(layer, "kernel")]
    assert kernels == [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    assert model.count_params() == pytest.approx(61706)
    assert isinstance(model, keras.Sequential)
