"""A frozen graph cut at a layer answers as that layer does, also once it was passed on."""

import json

import keras
import numpy as np
import pytest
from small_networks import gradient_of, logits_of, pictures

from invert.inversion.freezing import cutting, freeze, passing

SHAPE = (7, 7, 3)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Rescaling(2.0, name="scale"),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(5, "tanh", name="hidden"),
            layers.Dense(3, "softmax", name="end"),
        ]
    )


def by_keras(network, name, x):
    for layer in network.layers:
        x = layer(x)
        if layer.name == name:
            return x.numpy().reshape(len(x), -1, x.shape[-1]).mean(axis=1)
    raise KeyError(name)


@pytest.mark.parametrize("name", ["scale", "conv", "pool", "flat", "hidden"])
@pytest.mark.parametrize("passed", [False, True])
def test_it_gives_the_layers_activations_and_their_gradients(network, name, passed):
    frozen = freeze(network)
    if passed:
        frozen = passing.unpack(passing.pack(frozen), "again")
    cut, x = freeze(frozen, output=name), pictures(3, *SHAPE)
    want = by_keras(network, name, x)
    np.testing.assert_allclose(logits_of(cut, x), want, atol=1e-5)
    assert (cut.head, cut.layer, cut.classes) == ("activations", name, want.shape[1])
    whole = freeze(network, output=name)
    np.testing.assert_allclose(gradient_of(cut, x, 1), gradient_of(whole, x, 1), atol=1e-6)
    assert len(cut.weights) < len(frozen.weights), "what comes behind is gone"


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_convolution_that_was_folded_is_no_layer_any_more_and_its_normalisation_is(use_bias):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    stack = [layers.Conv2D(4, 3, use_bias=use_bias, name="conv"), layers.BatchNormalization()]
    stack += [layers.ReLU(), layers.Flatten(), layers.Dense(3, name="end")]
    model = keras.Sequential([keras.Input(SHAPE), *stack])
    normal = stack[1]
    normal.set_weights([np.float32([3, -2, 1, 0.5]), *np.float32([[1, 2, 3, 4]] * 3)])
    frozen, x = freeze(model), pictures(3, *SHAPE)
    assert "conv" not in frozen.places and normal.name in frozen.places
    assert [layer.name for layer in cutting.telling_layers(frozen)] == [
        layer.name for layer in stack[1:3]
    ]
    for name in frozen.places:
        want = by_keras(model, name, x)
        np.testing.assert_allclose(logits_of(freeze(frozen, output=name), x), want, atol=1e-4)
    with pytest.raises(ValueError, match="is frozen already"):
        freeze(frozen, output="conv")


def test_those_layers_tell_something_that_weigh_and_do_not_only_hand_on(network):
    layers = cutting.telling_layers(freeze(network))
    assert [layer.name for layer in layers] == ["conv", "hidden"]
    end = keras.layers.Dense(3, name="logits")
    logits = keras.Sequential([keras.Input(SHAPE), *network.layers[:-1], end])
    assert [x.name for x in cutting.telling_layers(freeze(logits))] == ["conv", "hidden"]


def test_anything_else_of_a_frozen_graph_stays_as_it_is(network):
    frozen = freeze(network)
    for settings in ({"output": "cnv"}, {"output": "conv", "labels": list("abcd")}, {"output": []}):
        with pytest.raises(ValueError, match="is frozen already"):
            freeze(frozen, **settings)


@pytest.mark.parametrize(
    "layers",
    [
        [["conv", 4, "n1:0"]],
        [["conv", 4, "n1:0", [0]]],
        [["conv", 4, "n1:0", [9]]],
        [["conv", -4, "n1:0", []]],
        [["conv", 2**30, "n1:0", []]],
        [["", 4, "n1:0", []]],
        [["a\u202eb", 4, "n1:0", []]],
        [["conv", 4, 7, []]],
        [["conv", True, "n1:0", []]],
        [["conv", 4, "n1:0", []], ["conv", 4, "n2:0", []]],
        [["conv", 4, "n1:0", []]] * 1000,
        {"conv": 4},
    ],
    ids=str,
)
def test_layers_that_were_tampered_with_are_not_taken(network, layers):
    data = passing.pack(freeze(network))
    end = passing.LENGTH + int.from_bytes(data[: passing.LENGTH])
    known = json.loads(data[passing.LENGTH : end]) | {"layers": layers}
    text = json.dumps(known).encode()
    with pytest.raises(ValueError, match="no frozen graph"):
        passing.unpack(len(text).to_bytes(passing.LENGTH) + text + data[end:], "again")


def test_a_layer_that_is_elsewhere_or_of_another_width_does_not_run(network):
    data = passing.pack(freeze(network))
    end = passing.LENGTH + int.from_bytes(data[: passing.LENGTH])
    known = json.loads(data[passing.LENGTH : end])
    conv = next(each for each in known["layers"] if each[0] == "conv")
    known["layers"] = [["lost", 4, "n999:0", []], ["wide", 300, *conv[2:]]]
    text = json.dumps(known).encode()
    again = passing.unpack(len(text).to_bytes(passing.LENGTH) + text + data[end:], "again")
    assert set(again.places) == {"wide"}
    with pytest.raises(ValueError, match="Cannot reshape"):
        logits_of(freeze(again, output="wide"), pictures(3, *SHAPE))
