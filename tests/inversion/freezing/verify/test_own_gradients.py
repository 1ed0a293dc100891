"""The way back is the source's own: declared gradients are kept, or the network is refused."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import dense_graph, gradient_of, logits_of, pictures, v1, weights, write

from invert.inversion.freezing import assemble, freeze

layers = keras.layers
X = pictures(3, 784)


@tf.custom_gradient
def sign(x):
    """Straight through, where its input is small."""
    return tf.sign(x), lambda dy: dy * tf.cast(tf.abs(x) < 1, tf.float32)


@tf.custom_gradient
def reversed_(x):
    return tf.identity(x), lambda dy: -2 * dy


@tf.custom_gradient
def product(a, b):
    """Two gradients, neither of which is the product's."""
    return a * b, lambda dy: (3 * dy * b, 5 * dy * a)


@tf.custom_gradient
def by_hand(x):
    """A gradient that is the ordinary one, as of Keras's silu."""
    odds = tf.sigmoid(x)
    return x * odds, lambda dy: dy * odds * (1 + x * (1 - odds))


@tf.custom_gradient
def clipped(x):
    """A gradient that is no product with any matrix."""
    return tf.identity(x), lambda dy: tf.clip_by_value(dy, -1e-3, 1e-3)


class Layer(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


def network(function, *rest):
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(16), Layer(function), *rest]
    return keras.Sequential([keras.Input((784,)), *stack])


def own_gradient(model, unit=1):
    x = tf.Variable(X)
    with tf.GradientTape() as tape:
        top = tf.reduce_sum(model(x, training=False)[:, unit])
    return tape.gradient(top, x).numpy()


KEPT = {
    "straight through": sign,
    "reversal": reversed_,
    "two inputs": lambda x: product(x, tf.sigmoid(x)),
    "one after the other": lambda x: reversed_(sign(x)),
    "ordinary": by_hand,
    "stopped": lambda x: x + tf.stop_gradient(tf.sign(x) - x),
    "half stopped": lambda x: x * tf.stop_gradient(tf.tanh(x)),
}


@pytest.mark.parametrize("how", KEPT)
@pytest.mark.parametrize("last", [False, True])
def test_declared_gradients_of_a_model_are_kept(how, last):
    model = network(KEPT[how], *([] if last else [layers.Dense(10)]))
    frozen = freeze(model)
    np.testing.assert_allclose(logits_of(frozen, X), model(X), atol=1e-5)
    want = own_gradient(model)
    np.testing.assert_allclose(gradient_of(frozen, X, 1), want, atol=1e-4 * np.abs(want).max())
    if how == "ordinary":  # and costs nothing
        assert not {"StopGradient", "Sub"} & {
            node.op for node in frozen.architecture.graph_def.node
        }


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.parametrize("in_a_file", [False, True])
def test_quantized_networks_of_keras_keep_their_gradient(in_a_file, tmp_path):
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(32, "relu"), layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *stack])
    model.quantize("int8")
    if in_a_file:
        model.save(tmp_path / "int8.keras")
    frozen = freeze(tmp_path / "int8.keras" if in_a_file else model)
    np.testing.assert_allclose(logits_of(frozen, X), model(X), atol=1e-5)
    want = own_gradient(model)
    np.testing.assert_allclose(gradient_of(frozen, X, 1), want, atol=1e-4 * np.abs(want).max())


def test_a_gradient_that_cannot_be_kept_is_refused():
    with pytest.raises(ValueError, match="declares gradients of its own.*cannot be kept"):
        freeze(network(clipped, layers.Dense(10)))


@pytest.mark.parametrize("how", ["reversal", "two inputs"])
def test_other_gradients_of_a_saved_model_are_refused(how, tmp_path):
    network(KEPT[how], layers.Dense(10)).export(tmp_path / "saved", verbose=False)
    with pytest.raises(ValueError, match="declares gradients of its own.*Give the Keras model"):
        freeze(tmp_path / "saved")


@pytest.mark.parametrize("how", ["ordinary", "stopped", "half stopped"])
def test_gradients_of_a_saved_model_are_its_own(how, tmp_path):
    model = network(KEPT[how], layers.Dense(10))
    model.export(tmp_path / "saved", verbose=False)
    frozen = freeze(tmp_path / "saved")
    want = own_gradient(model)
    np.testing.assert_allclose(gradient_of(frozen, X, 1), want, atol=1e-4 * np.abs(want).max())


def test_stopped_gradients_of_a_graph_stay_stopped(tmp_path):
    w, other = weights(784, 10), weights(784, 10, seed=7)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.add(x @ tf.constant(w), tf.stop_gradient(x @ tf.constant(other)), name="scores")
    frozen = freeze(write(tmp_path / "stopped.pb", graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ (w + other), atol=1e-4)
    np.testing.assert_allclose(gradient_of(frozen, X, 1), np.tile(w[:, 1], (3, 1)), atol=1e-6)


# --- The comparison itself, of networks that were spoilt on the way


def spoilt(monkeypatch, change):
    whole = assemble.assemble

    def assembled(*arguments, **known):
        return change(whole(*arguments, **known))

    monkeypatch.setattr(assemble, "assemble", assembled)


def halved(frozen):
    sizes = [int(tf.size(weight)) for weight in frozen.weights]
    first = sizes.index(max(sizes))  # the first layer's is the largest here
    weights = [w / 2 if place == first else w for place, w in enumerate(frozen.weights)]
    return dataclasses.replace(frozen, weights=tuple(weights))


def of_another_graph(frozen, graph_def):
    architecture = dataclasses.replace(frozen.architecture, graph_def=graph_def, compiled={})
    return dataclasses.replace(frozen, architecture=architecture)


def certain(end):
    """A network whose softmax is sure of one class, to the last digit."""
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(64, "relu", kernel_initializer=keras.initializers.RandomNormal(stddev=90))
    stack = [hidden, layers.Dense(10, kernel_initializer="random_normal"), *end]
    return keras.Sequential([keras.Input((784,)), *stack])


@pytest.mark.parametrize("kind", ["model", "saved model", "graph", "by hand"])
def test_halved_weights_show_behind_a_sure_softmax(kind, monkeypatch, tmp_path):
    model = certain([layers.Softmax()])
    assert np.sort(model(X), axis=1)[:, -1].min() > 1 - 1e-6  # and stays so with halved weights
    source = model
    if kind == "saved model":
        model.export(tmp_path / "sure", verbose=False)
        source = tmp_path / "sure"
    elif kind == "graph":
        source, _ = dense_graph(tmp_path / "sure.pb", lambda z: tf.nn.softmax(300 * z))
    elif kind == "by hand":

        def exponentials(z):
            odds = tf.exp(30 * z)
            return odds / tf.reduce_sum(odds, axis=1, keepdims=True)

        source, _ = dense_graph(tmp_path / "sure.pb", exponentials)
    freeze(source)
    spoilt(monkeypatch, halved)
    with pytest.raises(ValueError, match="gives other answers than its source"):
        freeze(source)


def test_a_sigmoid_that_is_sure_is_looked_behind(monkeypatch):
    keras.utils.set_random_seed(0)
    wide = keras.initializers.RandomNormal(stddev=90)
    stack = [layers.Dense(64, "relu", kernel_initializer=wide), layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((784,)), *stack])
    assert np.abs(np.asarray(model(X)) - 0.5).min() > 0.5 - 1e-6
    spoilt(monkeypatch, halved)
    with pytest.raises(ValueError, match="gives other answers than its source"):
        freeze(model)


def test_another_gradient_is_seen_though_the_answers_agree(monkeypatch):
    def stopped(frozen):
        """The same values, and only half of the way back."""
        graph_def = v1.GraphDef()
        graph_def.CopyFrom(frozen.architecture.graph_def)
        (relu,) = (node for node in graph_def.node if node.op == "Relu")
        relu.op = "Abs"
        return of_another_graph(frozen, graph_def)

    keras.utils.set_random_seed(0)
    positive = keras.initializers.RandomUniform(0, 1)
    flat = layers.Dense(16, "relu", kernel_initializer=positive)
    model = keras.Sequential([keras.Input((784,)), flat, layers.Dense(10)])
    freeze(model)
    spoilt(monkeypatch, stopped)  # of values above 0 it makes no difference at all
    freeze(model)

    def cut(frozen):
        graph_def = v1.GraphDef()
        graph_def.CopyFrom(frozen.architecture.graph_def)
        first = next(node for node in graph_def.node if node.op == "Relu")
        half = graph_def.node.add(name="half", op="StopGradient", input=[f"{first.name}:0"])
        half.attr["T"].type = tf.float32.as_datatype_enum
        both = graph_def.node.add(name="both", op="Maximum", input=["half:0", f"{first.name}:0"])
        both.attr["T"].type = tf.float32.as_datatype_enum
        for node in graph_def.node:
            if node.name not in ("half", "both", first.name):
                node.input[:] = ["both:0" if i == f"{first.name}:0" else i for i in node.input]
        return of_another_graph(frozen, graph_def)

    monkeypatch.undo()
    spoilt(monkeypatch, cut)
    with pytest.raises(ValueError, match="declares gradients of its own"):
        freeze(model)
