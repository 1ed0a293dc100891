import concurrent.futures

import keras
import numpy as np
import pytest

from invert.inversion import batches
from invert.inversion.freezing import freeze
from invert.inversion.reading import read


@pytest.fixture(scope="module")
def model():
    layers = [keras.layers.Conv2D(3, 3), keras.layers.Flatten(), keras.layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers])


@pytest.fixture(scope="module")
def network(model):
    return freeze(model)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((11, 8, 8, 3), np.float32)


def test_logits_are_the_models(network, model, images):
    logits = read(network, images)
    assert logits.shape == (11, 4) and logits.dtype == np.float32
    np.testing.assert_allclose(logits, model(images), atol=1e-5)
    np.testing.assert_allclose(read(network, images.reshape(11, 192)), logits, atol=1e-6)
    np.testing.assert_allclose(read(network, images[:1]), logits[:1], atol=1e-5)
    assert read(network, images[:0]).shape == (0, 4)


def test_many_images_are_read_in_batches(network, images, monkeypatch):
    want = read(network, images)
    monkeypatch.setattr(batches, "MOST", 4)
    np.testing.assert_allclose(read(network, images), want, atol=1e-5)


def test_threads_may_read_at_once(network, images):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        each = list(pool.map(lambda image: read(network, image[None]), images))
    assert np.array_equal(each, [read(network, image[None]) for image in images])
