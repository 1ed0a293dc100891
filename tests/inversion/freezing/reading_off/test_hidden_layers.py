"""A hidden layer is found by its name, and its units answer as Keras's own sub-model does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from small_networks import gradient_of, logits_of, pictures

from invert.inversion.freezing import freeze
from invert.inversion.freezing.reading_off import hidden_layers

SHAPE = (6, 6, 3)


def in_a_model():
    """A model in a model, of Keras 3."""
    layers = keras.layers
    base = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, activation="silu", name="conv"),
            layers.BatchNormalization(name="bn"),
        ],
        name="base",
    )
    image = keras.Input(SHAPE)
    mean = layers.GlobalAveragePooling2D(name="pool")(base(image))
    model = keras.Model(image, layers.Dense(3, "softmax", name="end")(mean))
    return model, lambda x: base.layers[0](x).numpy()


def of_keras_2():
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input(SHAPE),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(3, activation="softmax", name="end"),
        ]
    )
    return model, lambda x: model.layers[0](x).numpy()


@pytest.fixture(scope="module", params=[in_a_model, of_keras_2])
def network(request):
    keras.utils.set_random_seed(0)
    return request.param()


def as_file(model, kind, folder):
    if kind == "live":
        return model
    if kind == "saved model":
        tf.saved_model.save(model, str(folder / "model"))
        return folder / "model"
    model.save(folder / f"model{kind}")
    return folder / f"model{kind}"


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("kind", ["live", ".keras", ".h5", "saved model"])
def test_channels_are_their_means_as_the_layer_itself_gives_them(network, kind, tmp_path):
    model, layer = network
    graph = freeze(as_file(model, kind, tmp_path), output="conv")
    x = pictures(3, *SHAPE)
    np.testing.assert_allclose(logits_of(graph, x), layer(x).mean((1, 2)), atol=1e-6)
    assert graph.head == "activations" and graph.layer.split("/")[-1] == "conv"
    names = [name.split("/")[-1] for name, _ in graph.layers]
    assert {"conv", "end"} <= set(names)
    assert [width for name, width in graph.layers if name.endswith(("conv", "end"))] == [4, 3]


def test_the_way_back_is_the_layers_own():
    model, _ = in_a_model()
    x = pictures(2, *SHAPE)
    with tf.GradientTape() as tape:
        m = tf.Variable(x)
        tape.watch(m)
        base = model.get_layer("base")
        mean = tf.reduce_mean(base.get_layer("conv")(m)[..., 2])
    want = tape.gradient(mean, m) * len(x)
    np.testing.assert_allclose(
        gradient_of(freeze(model, output="base/conv"), x, 2), want, atol=1e-6
    )


def test_the_last_layer_is_the_classifier_and_a_wrong_name_is_told_the_right_ones():
    model, _ = of_keras_2()
    assert freeze(model, output="end").head == "softmax"
    with pytest.raises(ValueError, match="no output 'cnv'; it has 'output', and the layers 'conv'"):
        freeze(model, output="cnv")


def test_a_layer_that_is_called_twice_has_two_places():
    shared = keras.layers.Dense(4, "relu", name="shared")
    values = keras.Input((2, 2))
    flat = keras.layers.Flatten()(values)
    model = keras.Model(values, keras.layers.Dense(2, "softmax")(shared(shared(flat))))
    x = pictures(3, 2, 2)
    once = shared(x.reshape(3, 4)).numpy()
    for name, want in (("shared", once), ("shared#2", shared(once).numpy())):
        np.testing.assert_allclose(logits_of(freeze(model, output=name), x), want, atol=1e-6)


def test_of_a_name_of_many_parts_the_first_count(monkeypatch):
    """Every part is compared with every reader's: names of a million parts would never end."""

    @tf.function(input_signature=[tf.TensorSpec((None, 4, 4))])
    def network(x):
        with tf.name_scope("one/two/three/four"):
            hidden = tf.reshape(x, (-1, 16)) @ np.eye(16, 5, dtype=np.float32)
        with tf.name_scope("end"):
            return tf.nn.softmax(hidden @ np.eye(5, 3, dtype=np.float32))

    function = network.get_concrete_function()
    assert freeze(function, output="four").layer == "one/two/three/four"
    monkeypatch.setattr(hidden_layers, "DEEPEST", 3)  # the function itself is the first
    assert freeze(function, output="two").layer == "one/two"
    with pytest.raises(ValueError, match="four"):
        freeze(function, output="four")


def test_a_network_without_classes_has_layers_too():
    image = keras.Input(SHAPE)
    conv = keras.layers.Conv2D(4, 3, name="conv")
    model = keras.Model(image, keras.layers.MaxPooling2D(2)(conv(image)))
    x = pictures(3, *SHAPE)
    want = conv(x).numpy().mean((1, 2))
    np.testing.assert_allclose(logits_of(freeze(model, output="conv"), x), want, atol=1e-6)
