"""The door: what `freeze` returns, for Keras models and the arguments that go with any source."""

import concurrent.futures
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import gradient_of, logits_of, pictures, probabilities_of, softmax

from invert.inversion.freezing import assemble, freeze
from invert.inversion.substitution import GRADIENT

layers = keras.layers


def network(*stack, shape=(28, 28, 1)):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), *stack])


def dense(shape=(784,), classes=10, activation=None):
    flat = [layers.Flatten()] if len(shape) > 1 else []
    return network(*flat, layers.Dense(classes, activation), shape=shape)


@pytest.fixture(scope="module")
def model():
    hidden = layers.Dense(32, "relu")
    return network(hidden, layers.Dense(10, bias_initializer="normal"), shape=(784,))


def test_only_constants_are_left(model):
    frozen = freeze(model)
    ops = {node.op for node in frozen.architecture.graph_def.node}
    assert ops <= {"Const", "MatMul", "BiasAdd", "Add", "AddV2", "Relu"}
    assert not frozen.architecture.graph_def.library.function
    assert frozen.name == model.name


def test_large_constants_are_held_beside_the_graph_and_products_are_marked(model):
    frozen = freeze(model)
    shapes = [tuple(value.shape) for value in frozen.weights]
    assert sorted(shapes) == sorted(value.shape for value in model.get_weights())
    nodes = frozen.architecture.graph_def.node
    held = [tf.make_ndarray(n.attr["value"].tensor) for n in nodes if n.op == "Const"]
    assert max((value.size for value in held), default=0) <= 4, "sizes, no weights"
    marks = {n.attr["_gradient_op_type"].s.decode() for n in nodes if n.op == "MatMul"}
    assert marks == {GRADIENT}


def test_the_frozen_graph_answers_like_the_model(model):
    x = pictures(5, 784)
    np.testing.assert_allclose(logits_of(freeze(model), x), model(x), atol=1e-5)


def test_its_gradient_is_that_of_the_model(model):
    x = tf.Variable(pictures(3, 784))
    with tf.GradientTape() as tape:
        top = tf.reduce_sum(model(x)[:, 3])
    want = tape.gradient(top, x)
    np.testing.assert_allclose(gradient_of(freeze(model), x.numpy(), 3), want, atol=1e-5)


def test_gradients_lead_through_custom_ones():
    # Keras's silu carries a custom gradient, a function of the graph it was made in.
    model = network(layers.Dense(8, "silu"), layers.Dense(10), shape=(784,))
    x = tf.Variable(pictures(3, 784))
    with tf.GradientTape() as tape:
        top = tf.reduce_sum(model(x)[:, 4])
    want = tape.gradient(top, x)
    np.testing.assert_allclose(gradient_of(freeze(model), x.numpy(), 4), want, atol=1e-5)


def test_a_frozen_graph_is_returned_as_it_is(model):
    frozen = freeze(model)
    assert freeze(frozen) is frozen


def test_freezing_changes_nothing_outside(model):
    before = [w.copy() for w in model.get_weights()]
    x = keras.Input((3,))
    freeze(model)
    assert tf.executing_eagerly() and tf.compat.v1.resource_variables_enabled()
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    keras.Model(x, layers.Dense(2)(x))  # a session that was cleared would not know x


@pytest.mark.parametrize(
    ("input_shape", "image_shape"),
    [
        ((784,), (28, 28)),
        ((28, 28), (28, 28)),
        ((28, 28, 1), (28, 28)),
        ((1, 784), (28, 28)),
        ((1, 28, 28), (28, 28)),
        ((20, 24, 3), (20, 24, 3)),
        ((3, 20, 24), (20, 24, 3)),
        ((1, 20, 24, 3), (20, 24, 3)),
    ],
)
def test_the_shape_of_images_is_found_out(input_shape, image_shape):
    model = dense(input_shape)
    frozen = freeze(model)
    assert (frozen.architecture.input_shape, frozen.image_shape) == (input_shape, image_shape)
    x = pictures(3, *image_shape)
    turned = x.transpose(0, 3, 1, 2) if input_shape[0] == 3 else x
    want = model(turned.reshape(-1, *input_shape))
    np.testing.assert_allclose(logits_of(frozen, x), want, atol=1e-5)


@pytest.mark.parametrize(
    ("input_shape", "told"),
    [((256,), (16, 16)), ((256,), [8, 32]), ((3072,), (32, 32, 3)), ((300,), (10, 10, 3))],
)
def test_a_flat_input_is_what_it_is_told_to_be(input_shape, told):
    model = dense(input_shape)
    frozen = freeze(model, shape=told)
    assert frozen.image_shape == tuple(told)
    x = pictures(2, *told)
    np.testing.assert_allclose(logits_of(frozen, x), model(x.reshape(2, -1)), atol=1e-5)


def test_a_network_for_any_size_is_told_one():
    stack = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(5)]
    model = network(*stack, shape=(None, None, 3))
    with pytest.raises(ValueError, match=r"takes the shape \(None, None, None, 3\).*shape=\(32"):
        freeze(model)
    frozen = freeze(model, shape=(9, 12, 3))
    x = pictures(2, 9, 12, 3)
    np.testing.assert_allclose(logits_of(frozen, x), model(x), atol=1e-5)
    with pytest.raises(ValueError, match=r"shape=\(9, 12\) does not fit it"):
        freeze(model, shape=(9, 12))


@pytest.mark.parametrize(
    ("shape", "told", "words"),
    [
        ((256,), None, r"takes 256 values an image.*for example shape=\(16, 16\)"),
        ((3072,), None, r"takes 3,072 values an image.*for example shape=\(32, 32, 3\)"),
        ((250,), None, r"takes 250 values an image.*as shape=\(height, width\)"),
        ((256,), (28, 28), r"takes the shape \(None, 256\); shape=\(28, 28\) does not fit it"),
        ((28, 28), (16, 49), r"shape=\(16, 49\) does not fit it"),
        ((8, 8, 4), None, r"takes the shape \(8, 8, 4\).*one or three channels"),
        ((2, 8, 8, 3), None, r"takes the shape \(2, 8, 8, 3\).*one or three channels"),
        ((784,), "28x28", "shape must be the height and width.*got '28x28'"),
        ((784,), (28, 28.0), "shape must be the height and width"),
        ((784,), (-28, -28), "shape must be the height and width"),
        ((784,), (10**9, 10**9), "shape must be the height and width"),
        ((256,), (256,), r"shape must be the height and width.*got \(256,\)"),
    ],
)
def test_shapes_that_fit_no_image_are_one_sentence(shape, told, words):
    with pytest.raises(ValueError, match=words) as caught:
        freeze(dense(shape), shape=told)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("classes", [2, 47, 1000])
def test_any_number_of_classes_is_taken(classes):
    model = dense(classes=classes)
    frozen = freeze(model)
    assert frozen.classes == classes and frozen.labels[-1] == str(classes - 1)
    assert logits_of(frozen, pictures(3, 784)).shape == (3, classes)


def test_classes_have_the_names_that_they_are_told():
    assert freeze(dense(classes=3), labels=["cat", "dog", "emu"]).labels == ("cat", "dog", "emu")
    with pytest.raises(ValueError, match="name each of the 3 classes; got 2 names"):
        freeze(dense(classes=3), labels=["cat", "dog"])
    for odd in ("abc", [1, 2, 3], 3, []):
        with pytest.raises(ValueError, match="labels must be a sequence of names"):
            freeze(dense(classes=3), labels=odd)


def test_a_mixed_float16_network_takes_and_returns_float32():
    half = keras.dtype_policies.DTypePolicy("mixed_float16")
    model = network(
        layers.Conv2D(4, 3, activation="relu", dtype=half),
        layers.Flatten(),
        layers.Dense(10, "softmax", dtype=half),
    )
    frozen = freeze(model)
    x = pictures(3, 28, 28)
    assert logits_of(frozen, x).dtype == np.float32
    np.testing.assert_allclose(probabilities_of(frozen, x), model(x[..., None]), atol=2e-3)
    assert np.isfinite(gradient_of(frozen, x, 2)).all()


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_other_kinds_of_floats_are_cast(dtype):
    stack = [layers.Flatten(dtype=dtype), layers.Dense(10, dtype=dtype)]
    model = keras.Sequential([keras.Input((28, 28), dtype=dtype), *stack])
    frozen, x = freeze(model), pictures(3, 28, 28)
    logits = logits_of(frozen, x)
    assert logits.dtype == np.float32
    near = {"float64": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}[dtype]
    np.testing.assert_allclose(logits, np.asarray(model(x), np.float32), atol=near)


RANGES = {
    "divided": ([layers.Rescaling(1 / 255)], (0, 255)),
    "around zero": ([layers.Rescaling(1 / 127.5, offset=-1)], (0, 255)),
    "by the mean of bytes": ([layers.Normalization(mean=33.3, variance=6163.0)], (0, 255)),
    "by the mean of a unit": ([layers.Normalization(mean=0.1307, variance=0.095)], (0, 1)),
    "from minus one": ([layers.Rescaling(0.5, offset=0.5)], (-1, 1)),
    "doubled": ([layers.Rescaling(2.0, offset=-1)], (0, 1)),
    "to bytes": ([layers.Rescaling(255.0)], (0, 1)),
    "after a reshape": ([layers.Reshape((784,)), layers.Rescaling(1 / 255)], (0, 255)),
    "augmented": ([layers.RandomFlip(), layers.Rescaling(1 / 255)], (0, 255)),
    "none": ([], (0, 1)),
}


@pytest.mark.parametrize("how", RANGES)
def test_the_range_of_pixels_is_read_from_the_first_layers(how):
    first, want = RANGES[how]
    model = network(*first, layers.Flatten(), layers.Dense(10))
    assert freeze(model).pixel_range == want
    assert freeze(model, pixel_range=(-2, 3)).pixel_range == (-2.0, 3.0)


def test_whole_number_pixels_are_bytes():
    inputs = keras.Input((28, 28, 1), dtype="uint8")
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, layers.Dense(10)(flat))
    frozen = freeze(model)
    x = np.round(pictures(3, 28, 28, high=255))
    assert frozen.pixel_range == (0, 255)
    want = model(x[..., None].astype(np.uint8))
    np.testing.assert_allclose(logits_of(frozen, x), want, atol=1e-5)
    assert np.abs(gradient_of(frozen, x, 2)).max() > 0


@pytest.mark.parametrize("odd", [(1, 0), (0, 0), (0, np.inf), (0,), "ab", 255, (0, None)])
def test_other_ranges_are_refused(odd):
    with pytest.raises(ValueError, match="pixel_range must be the lowest and the highest value"):
        freeze(dense(), pixel_range=odd)


def test_convolutions_with_channels_first_run_without_xla():
    stack = [
        layers.Conv2D(4, 3, strides=2, padding="same", data_format="channels_first"),
        layers.MaxPooling2D(2, data_format="channels_first"),
        layers.BatchNormalization(axis=1),
        layers.Flatten(),
        layers.Dense(10),
    ]
    model = network(*stack, shape=(3, 12, 16))
    frozen, x = freeze(model), pictures(3, 12, 16, 3)
    want = tf.function(model, jit_compile=True)(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(logits_of(frozen, x), want, atol=1e-5)
    assert np.abs(gradient_of(frozen, x, 2)).max() > 0


def test_convolutions_in_groups_have_gradients_without_xla():
    stack = [layers.Conv2D(8, 3), layers.Conv2D(6, 3, groups=2, activation="relu")]
    model = network(*stack, layers.Flatten(), layers.Dense(10), shape=(8, 8, 1))
    frozen, x = freeze(model), pictures(3, 8, 8)
    want = tf.function(model, jit_compile=True)(x[..., None])
    np.testing.assert_allclose(logits_of(frozen, x), want, atol=1e-5)
    assert np.abs(gradient_of(frozen, x, 2)).max() > 0


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_loops_of_recurrent_layers_are_written_out(kind):
    inner = getattr(layers, kind)(3, return_sequences=kind == "GRU")
    model = network(inner, layers.Flatten(), layers.Dense(4), shape=(6, 5))
    frozen, x = freeze(model), pictures(3, 6, 5)
    ops = {node.op for node in frozen.architecture.graph_def.node}
    assert not [op for op in ops if op == "While" or op.startswith("TensorList")]
    np.testing.assert_allclose(logits_of(frozen, x), model(x), atol=1e-5)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        top = tf.reduce_sum(model(variable)[:, 1])
    want = tape.gradient(top, variable)
    np.testing.assert_allclose(gradient_of(frozen, x, 1), want, atol=1e-5)


def two_headed():
    picture, age = keras.Input((28, 28, 1), name="picture"), keras.Input((1,), name="age")
    flat = layers.Flatten()(picture)
    digit = layers.Dense(10, "softmax", name="digit")(flat)
    colour = layers.Dense(4, name="colour")(flat * age)
    return keras.Model([picture, age], [digit, colour])


def test_one_of_several_inputs_and_outputs_is_named():
    model, x = two_headed(), pictures(2, 28, 28)
    frozen = freeze(model, input="picture", output="colour", feed={"age": [[2.0]]})
    want = model([x[..., None], np.full((2, 1), 2, np.float32)])
    np.testing.assert_allclose(logits_of(frozen, x), want[1], atol=1e-5)
    digit = freeze(model, output="digit")
    np.testing.assert_allclose(probabilities_of(digit, x), want[0], atol=1e-5)
    with pytest.raises(ValueError, match=r"depends on the placeholder 'age' too.*feed=\{'age'"):
        freeze(model, output="colour", input="picture")
    with pytest.raises(ValueError, match="has 2 placeholders: 'picture', 'age'. Name the one"):
        freeze(model, output="colour")
    with pytest.raises(ValueError, match="has several outputs: 'colour', 'digit'. Name the one"):
        freeze(model, input="picture", feed={"age": [[2.0]]})
    with pytest.raises(ValueError, match="has no output 'smell'; it has '(colour|digit)', '"):
        freeze(model, output="smell")
    with pytest.raises(ValueError, match="has no input 'sound'; it has 'age', 'picture'"):
        freeze(model, input="sound")


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        ({"nothing": 1}, "has no placeholder 'nothing'; it has 'age', 'picture'"),
        ({"age": "old"}, "feed must give 'age' a value of its type, float32; got 'old'"),
        ([1], r"feed must give placeholders' values by name.*got \[1\]"),
    ],
)
def test_feeds_that_fit_no_placeholder_are_refused(feed, words):
    with pytest.raises(ValueError, match=words):
        freeze(two_headed(), feed=feed)


@pytest.mark.parametrize("source", [None, 3, np.zeros(3), layers.Dense(10)])
def test_what_is_no_model_at_all_is_refused(source):
    with pytest.raises(ValueError, match=f"must be a Keras model.*got {type(source).__name__}"):
        freeze(source)


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.flat, self.end = layers.Flatten(), layers.Dense(10, "softmax")

    def call(self, x):
        return self.end(self.flat(x))


def test_a_model_of_ones_own_class_is_told_its_shape():
    model = Own()
    with pytest.raises(ValueError, match="must be built, with one input of a known shape"):
        freeze(model, shape=(28, 28))
    x = pictures(2, 28, 28)
    want = model(x)
    with pytest.raises(ValueError, match="or call it once and say shape="):
        freeze(model)
    np.testing.assert_allclose(probabilities_of(freeze(model, shape=(28, 28)), x), want, atol=1e-5)


def test_a_model_without_an_input_is_refused():
    with pytest.raises(ValueError, match="must be built, with one input of a known shape"):
        freeze(keras.Sequential([layers.Dense(10)]))


def test_a_network_that_cannot_be_run_backwards_is_refused():
    class Steps(layers.Layer):
        def call(self, x):
            return tf.cast(tf.cast(x * 8, tf.int32), tf.float32)

    with pytest.raises(ValueError, match="do not depend on the image by any gradient"):
        freeze(network(Steps(), layers.Flatten(), layers.Dense(10)))


def test_a_network_that_learns_while_it_is_asked_is_refused():
    # Batch normalization by the batch's own mean: the answer to one image depends on the others.
    class Batch(layers.Layer):
        def call(self, x):
            return x - tf.reduce_mean(x, axis=0, keepdims=True)

    with pytest.raises(ValueError, match="depends on the other images of the batch"):
        freeze(network(Batch(), layers.Flatten(), layers.Dense(10)))


def test_a_frozen_graph_that_gives_other_answers_is_not_returned(monkeypatch, model):
    whole = assemble.assemble

    def spoilt(*arguments, **known):
        frozen = whole(*arguments, **known)
        return dataclasses.replace(frozen, weights=tuple(w * 1.01 for w in frozen.weights))

    monkeypatch.setattr(assemble, "assemble", spoilt)
    with pytest.raises(ValueError, match="gives other answers than its source"):
        freeze(model)


def test_several_are_frozen_at_once():
    models = [dense((28, 28), classes=classes, activation="softmax") for classes in range(2, 8)]
    x = pictures(3, 28, 28)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        every = list(pool.map(freeze, models))
    for model, frozen in zip(models, every, strict=True):
        np.testing.assert_allclose(probabilities_of(frozen, x), model(x), atol=1e-5)


def test_softmax_of_the_logits_is_what_a_classifier_says():
    model, x = dense((28, 28), activation="softmax"), pictures(4, 28, 28)
    frozen = freeze(model)
    assert frozen.head == "softmax"
    np.testing.assert_allclose(softmax(logits_of(frozen, x)), model(x), atol=1e-5)


def test_a_graph_is_shown_in_one_line():
    small = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten(), keras.layers.Dense(3)])
    assert len(repr(freeze(small))) < 300
