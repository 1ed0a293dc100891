"""One picture that turns into another: what is read on the way."""

import keras
import numpy as np
import pytest

import invert
from invert.page.pictures import morph


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_what_is_read_on_the_way_is_read_in_the_networks_own_range(shape):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(4)]
    model = keras.Sequential([keras.Input(shape), *layers])
    graph = invert.freeze(model, shape=shape, pixel_range=(-1, 3))
    start, end = np.random.default_rng(0).random((2, *shape), np.float32)
    said = morph.read_on_the_way(start, end, graph)
    weights, bias = (array.astype(float) for array in model.get_weights())
    for share, probabilities in zip(morph.SHARES, said, strict=True):
        image = -1 + 4 * ((1 - share) * start + share * end)
        scores = np.exp(image.reshape(-1) @ weights + bias)
        np.testing.assert_allclose(probabilities, scores / scores.sum(), atol=1e-4)
