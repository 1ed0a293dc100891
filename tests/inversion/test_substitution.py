import keras
import numpy as np
import pytest
import tensorflow as tf

from invert.inversion.architecture import GRADIENT
from invert.inversion.domain import Domain
from invert.inversion.freezing import freeze
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.substitution import substitute


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(width, "relu") for width in (64, 48)]
    return keras.Sequential([keras.Input((784,)), *layers, keras.layers.Dense(10)])


@pytest.fixture(scope="module")
def network(model):
    return freeze(model)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((5, 28, 28), np.float32)


def test_m_takes_the_placeholders_place(network, model, images):
    put = tf.function(lambda m: substitute(network, m))
    want = model(images.reshape(5, 784))
    for m in (tf.constant(images), tf.constant(images.reshape(5, 784)), tf.Variable(images)):
        np.testing.assert_allclose(put(m), want, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("count", [1, 5])
def test_gradients_lead_back_to_m(network, model, images, count, jit_compile):
    with tf.GradientTape() as tape:
        x = tf.Variable(images[:count].reshape(count, 784))
        top = model(x)[:, 3]
    want = tape.gradient(top, x)
    m = tf.Variable(x)

    @tf.function(jit_compile=jit_compile)
    def gradient():
        value = m.read_value()
        return tf.gradients(substitute(network, value)[:, 3], value)[0]

    np.testing.assert_allclose(gradient(), want, atol=1e-5)


def test_no_graph_holds_a_copy_of_the_weights_or_reads_across_them(network):
    def climb(x):
        logits = substitute(network, x)
        return x + tf.gradients(tf.reduce_max(logits, axis=1), x)[0]

    @tf.function
    def loop(x):
        return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, climb(x)), (0, x))

    graph = loop.get_concrete_function(tf.TensorSpec((5, 784))).graph.as_graph_def()
    nodes = [node for function in graph.library.function for node in function.node_def]
    products = [node for node in nodes if node.op == "MatMul"]
    assert len(products) == 6, "three forwards, three backwards"
    assert not any(node.attr["transpose_b"].b for node in products)
    constants = [node.attr["value"].tensor for node in [*nodes, *graph.node] if node.op == "Const"]
    assert max(tf.make_ndarray(constant).size for constant in constants) < 64 * 48


def test_a_graph_that_wants_its_channels_first_gets_them():
    w = np.random.default_rng(0).normal(size=(3 * 4 * 5, 7)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 3, 4, 5), "image")
        product = tf.matmul(tf.reshape(x, (-1, 60)), tf.constant(w), name="logits")
        product.op._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=GRADIENT.encode()))
    graph_def = graph.as_graph_def()
    graph_def.node.remove(next(node for node in graph_def.node if node.op == "Placeholder"))
    labels = tuple("abcdefg")
    known = {"input_shape": (3, 4, 5), "domain": Domain((4, 5, 3)), "labels": labels}
    network = FrozenGraph.of(graph_def, {}, "image:0", "logits:0", **known)
    images = np.random.default_rng(1).random((2, 4, 5, 3), np.float32)
    want = images.transpose(0, 3, 1, 2).reshape(2, 60) @ w

    @tf.function
    def both(m):
        logits = substitute(network, m)
        return logits, tf.gradients(logits[:, 2], m)[0]

    for m in (images, images.reshape(2, 60)):
        logits, gradient = both(tf.constant(m))
        np.testing.assert_allclose(logits, want, rtol=1e-4, atol=1e-4)
        slope = np.broadcast_to(w[:, 2].reshape(3, 4, 5).transpose(1, 2, 0), (2, 4, 5, 3))
        np.testing.assert_allclose(gradient, slope.reshape(m.shape), atol=1e-5)


def test_logits_that_do_not_depend_on_the_image_are_refused():
    with tf.Graph().as_default() as graph:
        tf.ones((1, 7), name="logits")
    graph_def = graph.as_graph_def()
    known = {"input_shape": (4,), "domain": Domain((2, 2)), "labels": tuple("abcdefg")}
    with pytest.raises(ValueError, match="depend on the input; no path leads from image:0"):
        FrozenGraph.of(graph_def, {}, "image:0", "logits:0", **known)
