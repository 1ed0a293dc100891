"""The layers that are read out of a frozen graph compute what the network computes."""

import keras
import numpy as np
import pytest

import invert
from invert.explanation import activations, invariances
from invert.explanation.dense_layers import dense_layers, is_dense
from invert.inversion.reading import read

layers = keras.layers


def network(*before, shape=(6, 5), hidden=(7, 4), classes=3):
    keras.utils.set_random_seed(3)
    dense = [layers.Dense(width, "relu", bias_initializer="normal") for width in hidden]
    end = layers.Dense(classes, "softmax", bias_initializer="normal")
    return keras.Sequential([keras.Input(shape), *before, layers.Flatten(), *dense, end])


KINDS = {
    "any shape": (network(), (0, 1)),
    "one layer": (network(hidden=()), (0, 1)),
    "many layers": (network(hidden=(9, 8, 7, 6)), (0, 1)),
    "bytes": (network(layers.Rescaling(1 / 255)), (0, 255)),
    "both ways": (network(layers.Rescaling(1 / 127.5, offset=-1)), (0, 255)),
    "colours": (network(layers.Rescaling([0.5, 2, 3], [1, 0, -1]), shape=(4, 5, 3)), (0, 1)),
    "mean and variance": (
        network(layers.Normalization(mean=[1.0, 2, 3], variance=[4.0, 5, 6]), shape=(4, 5, 3)),
        (0, 9),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_they_add_up_to_the_networks_own_scores(kind):
    model, pixel_range = KINDS[kind]
    graph = invert.freeze(model, pixel_range=pixel_range)
    images = np.random.default_rng(0).uniform(*pixel_range, (2, *graph.image_shape))
    x = images.reshape(2, -1).astype(np.float32)
    *hidden, (weights, bias) = dense_layers(graph)
    for w, b in hidden:
        x = np.maximum(x @ w + b, 0)
    np.testing.assert_allclose(x @ weights + bias, read(graph, images), atol=1e-4)
    found = activations.activations(images[1].astype(np.float32), graph)
    np.testing.assert_allclose(found.logits, read(graph, images)[1], atol=1e-4)
    assert is_dense(graph) and len(found.votes) == len(hidden)
    seen, _ = invariances.split(images, graph)
    np.testing.assert_allclose(read(graph, seen), read(graph, images), atol=1e-3)


def test_what_is_more_than_dense_layers_is_none():
    tanh = keras.Sequential(
        [keras.Input((4, 4)), layers.Flatten(), layers.Dense(3, "tanh"), layers.Dense(2)]
    )
    one_over = keras.Input((4, 4))
    divided = keras.Model(one_over, layers.Dense(2)(layers.Flatten()(1 / (1 + one_over))))
    for model in (tanh, divided):
        graph = invert.freeze(model)
        assert not is_dense(graph)
        with pytest.raises(ValueError, match="Looking into layers needs a network of dense"):
            dense_layers(graph)
