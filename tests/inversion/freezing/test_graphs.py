"""Frozen graphs, `.pb`, with the oddities that those of other people have."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf
from small_networks import (
    constant,
    dense_graph,
    gradient_of,
    graph_of_tf1,
    logits_of,
    node,
    picture_graph,
    pictures,
    probabilities_of,
    softmax,
    v1,
    weights,
    write,
)

from invert.inversion.freezing import freeze

X = pictures(5, 784)


def test_the_placeholder_keeps_its_name_and_the_file_gives_the_network_its(tmp_path):
    path, w = dense_graph(tmp_path / "old.pb")
    frozen = freeze(path)
    assert (frozen.name, frozen.image_shape) == ("old.pb", (28, 28))
    np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-5)
    np.testing.assert_allclose(logits_of(freeze(str(path)), X), X @ w, atol=1e-5)


def test_text_is_read_whatever_it_is_called(tmp_path):
    for name in ("graph.pbtxt", "graph.pb"):
        path, w = dense_graph(tmp_path / name, text=True)
        np.testing.assert_allclose(logits_of(freeze(path), X), X @ w, atol=1e-5)


def test_variable_reads_that_name_what_they_stood_beside(tmp_path):
    """TensorFlow 1 froze variables to constants, and left `_class` on what read them."""
    graph_def = picture_graph()
    read = graph_def.node.add(name="w/read", op="Identity", input=["w"])
    read.attr["T"].type = tf.float32.as_datatype_enum
    read.attr["_class"].list.s.append(b"loc:@w")
    graph_def.node[2].input[1] = "w/read"
    frozen = freeze(write(tmp_path / "reads.pb", graph_def))
    np.testing.assert_allclose(logits_of(frozen, X), X @ weights(784, 10), atol=1e-5)
    assert not any("_class" in n.attr for n in frozen.architecture.graph_def.node)


def trained_by_tf1():
    """A network with dropout, labels, a loss and an optimizer, and its values in a session."""
    x = v1.placeholder(tf.float32, (None, 784), name="x")
    y = v1.placeholder(tf.float32, (None, 10), name="y_")
    keep = v1.placeholder(tf.float32, name="keep_prob")
    w1 = v1.get_variable("w1", initializer=weights(784, 16))
    w2 = v1.get_variable("w2", initializer=weights(16, 10, scale=1))
    hidden = v1.nn.dropout(tf.nn.relu(x @ w1), keep_prob=keep)
    logits = tf.matmul(hidden, w2, name="logits")
    loss = tf.reduce_mean(v1.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    v1.train.AdamOptimizer(0.01).minimize(loss)
    right = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    tf.reduce_mean(tf.cast(right, tf.float32), name="accuracy")
    v1.summary.scalar("loss", loss)
    return logits


def by_hand(x):
    return np.maximum(x @ weights(784, 16), 0) @ weights(16, 10, scale=1)


@pytest.fixture
def frozen_by_tf1(tmp_path):
    with graph_of_tf1() as graph, v1.Session() as session:
        logits = trained_by_tf1()
        tf.nn.softmax(logits, name="output")
        session.run(v1.global_variables_initializer())
        constants = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["output"]
        )
    return write(tmp_path / "dropout.pb", constants)


def test_a_second_placeholder_is_fed_a_constant(frozen_by_tf1):
    frozen = freeze(frozen_by_tf1, feed={"keep_prob": 1.0})
    np.testing.assert_allclose(logits_of(frozen, X), by_hand(X), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(probabilities_of(frozen, X), softmax(by_hand(X)), atol=1e-5)
    # No random number is left, so the same image gives the same gradient.
    assert not [n.op for n in frozen.architecture.graph_def.node if "Random" in n.op]
    with pytest.raises(ValueError) as caught:
        freeze(frozen_by_tf1)
    assert str(caught.value) == (
        "The network has 2 placeholders: 'x', 'keep_prob'. Name the one that takes the image with"
        " input=, and give the others a value, as feed={'keep_prob': 1.0}."
    )
    with pytest.raises(ValueError, match="on the placeholder 'keep_prob' too.*feed={'keep_prob'"):
        freeze(frozen_by_tf1, input="x")


def test_dropout_at_work_is_refused(frozen_by_tf1):
    with pytest.raises(ValueError, match="it draws random numbers.*feed={'keep_prob': 1.0}"):
        freeze(frozen_by_tf1, feed={"keep_prob": 0.5})


def test_a_placeholder_with_a_default_keeps_it_until_it_is_fed(tmp_path):
    w = weights(784, 10)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        scale = v1.placeholder_with_default(tf.constant(2.0), (), name="scale")
        tf.multiply(x @ tf.constant(w), scale, name="scores")
    path = write(tmp_path / "default.pb", graph)
    np.testing.assert_allclose(logits_of(freeze(path), X), 2 * X @ w, atol=1e-5)
    fed = freeze(path, feed={"scale": 3.0})
    np.testing.assert_allclose(logits_of(fed, X), 3 * X @ w, atol=1e-5)


def test_branches_for_training_are_not_taken(tmp_path):
    """Keras 2 put each dropout and batch normalization into a branch, by its learning phase."""
    w = weights(784, 10)
    with tf.Graph().as_default() as graph, branches_of_tf1():
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        phase = v1.placeholder(tf.bool, (), name="batch_1/keras_learning_phase")

        def trained():
            first, second = tf.split(tf.random.normal(tf.shape(x)), 2, axis=1)
            return tf.concat([second, first], axis=1)

        hidden = v1.cond(phase, trained, lambda: x * 1.0)
        tf.nn.softmax(hidden @ tf.constant(w), name="answer")
    ops = {n.op for n in graph.as_graph_def().node}
    assert {"Switch", "Merge"} <= ops
    frozen = freeze(write(tmp_path / "phase.pb", graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-5)
    assert np.abs(gradient_of(frozen, X, 1) - w[:, 1]).max() < 1e-5


@contextlib.contextmanager
def branches_of_tf1():
    before = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    yield
    if before:
        v1.enable_control_flow_v2()


@pytest.mark.parametrize("training", [False, True])
def test_branches_of_constants_are_told_apart(training, tmp_path):
    """What is in them does not depend on the condition: it only waits for it."""
    w, other = weights(784, 10), weights(784, 10, seed=7)
    with tf.Graph().as_default() as graph, branches_of_tf1():
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        phase = v1.placeholder(tf.bool, (), name="training")

        def trained():
            return tf.random.normal((784, 10), stddev=1e-9) + tf.constant(other)

        tf.matmul(x, v1.cond(phase, trained, lambda: tf.constant(w)), name="scores")
    path = write(tmp_path / "branches.pb", graph)
    if training:
        with pytest.raises(ValueError, match="'RandomStandardNormal'.*without random numbers"):
            freeze(path, feed={"training": True})
    else:
        frozen = freeze(path, feed={"training": False})
        np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-5)


def test_nothing_is_run_in_a_branch_that_is_not_taken(tmp_path):
    w = weights(784, 10)
    with tf.Graph().as_default() as graph, branches_of_tf1():
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        never = v1.placeholder_with_default(tf.constant(False), (), name="never")
        huge = v1.cond(never, lambda: tf.reduce_sum(tf.fill((2**40,), 1.0)), lambda: 1.0)
        tf.multiply(x @ tf.constant(w), huge, name="scores")
    path = write(tmp_path / "branches.pb", graph)
    np.testing.assert_allclose(logits_of(freeze(path), X), X @ w, atol=1e-5)
    with pytest.raises(ValueError, match="needs more than 512 MB"):
        freeze(path, feed={"never": True})


def test_a_loop_of_tensorflow_1_is_refused(tmp_path):
    with tf.Graph().as_default() as graph, branches_of_tf1():
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        _, x = tf.while_loop(lambda k, _: k < 3, lambda k, x: (k + 1, 2 * x), (0, x))
        tf.identity(x[:, :10], name="scores")
    with pytest.raises(ValueError, match="has a loop of TensorFlow 1 .*Write it out, as tf.nn"):
        freeze(write(tmp_path / "loop.pb", graph))


def test_random_numbers_that_no_argument_turns_off_are_refused(tmp_path):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.matmul(x + tf.random.normal((784,)), tf.constant(weights(784, 10)), name="scores")
    with pytest.raises(ValueError, match="'RandomStandardNormal'.*without random numbers.$"):
        freeze(write(tmp_path / "random.pb", graph))


def test_functional_branches_and_loops_are_written_out(tmp_path):
    w = weights(784, 10)

    @tf.function
    def network(x, training):
        x = tf.cond(training, lambda: x * 0, lambda: x)
        for _ in tf.range(3):
            x = x * 2
        return x @ tf.constant(w)

    concrete = network.get_concrete_function(tf.TensorSpec((None, 784)), tf.TensorSpec((), tf.bool))
    path = write(tmp_path / "functions.pb", concrete.graph)
    ops = {n.op for n in concrete.graph.as_graph_def().node}
    assert ops & {"If", "StatelessIf"} and ops & {"While", "StatelessWhile"}
    frozen = freeze(path, feed={"training": False})
    np.testing.assert_allclose(logits_of(frozen, X), 8 * X @ w, rtol=1e-5, atol=1e-5)


def test_a_loop_as_long_as_the_image_says_is_refused(tmp_path):
    @tf.function
    def network(x):
        while tf.reduce_sum(x) < 1000.0:
            x = x * 2
        return x[:, :10]

    concrete = network.get_concrete_function(tf.TensorSpec((None, 784)))
    with pytest.raises(ValueError, match="loop at 'while' depends on the image"):
        freeze(write(tmp_path / "loop.pb", concrete.graph))


def test_a_placeholder_without_a_shape_is_told_one(tmp_path):
    path, w = dense_graph(tmp_path / "shapeless.pb", tf.nn.softmax, shape=None)
    with pytest.raises(ValueError) as caught:
        freeze(path)
    assert str(caught.value) == (
        "The network's input takes any shape, so say which size its images have: shape=(28, 28),"
        " or shape=(32, 32, 3) if they are in colour."
    )
    for told in ((28, 28), (28, 28, 1), (784,)):
        frozen = freeze(path, shape=told)
        assert (frozen.architecture.input_shape, frozen.image_shape) == ((784,), (28, 28))
        np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-5)


def test_a_convolution_without_a_shape_is_told_one(tmp_path):
    kernel = weights(3, 3, 3, 5)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, name="x")
        maps = tf.nn.conv2d(x, tf.constant(kernel), 1, "SAME")
        tf.reduce_mean(maps, axis=(1, 2), name="scores")
    frozen = freeze(write(tmp_path / "shapeless.pb", graph), shape=(9, 8, 3))
    images = pictures(2, 9, 8, 3)
    want = tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"), axis=(1, 2))
    np.testing.assert_allclose(logits_of(frozen, images), want, atol=1e-5)


@pytest.mark.parametrize("rest", [26 * 26 * 4, -1])
@pytest.mark.parametrize("batch", [1, 7])
def test_a_batch_of_one_size_becomes_any(batch, rest, tmp_path):
    kernel, w = weights(3, 3, 1, 4), weights(26 * 26 * 4, 10, scale=0.02)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (batch, 784), name="x")
        maps = tf.nn.conv2d(tf.reshape(x, (batch, 28, 28, 1)), tf.constant(kernel), 1, "VALID")
        tf.matmul(tf.reshape(maps, (batch, rest)), tf.constant(w), name="scores")
    frozen = freeze(write(tmp_path / "batch.pb", graph))
    maps = tf.nn.conv2d(X.reshape(-1, 28, 28, 1), kernel, 1, "VALID")
    want = tf.reshape(maps, (5, -1)) @ w
    np.testing.assert_allclose(logits_of(frozen, X), want, atol=1e-5)


def test_a_batch_that_cannot_become_any_is_refused(tmp_path):
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (7, 784), name="x")
        tf.add(x @ tf.constant(weights(784, 10)), tf.constant(weights(7, 10)), name="scores")
    with pytest.raises(ValueError, match="batches of any size|the other images of the batch"):
        freeze(write(tmp_path / "batch.pb", graph))


def test_the_input_can_be_any_tensor(tmp_path):
    """What decodes files is left out, by naming the tensor of the pixels."""
    graph_def = picture_graph()
    node(graph_def, "file", "Placeholder", dtype=tf.string, shape=tf.TensorShape(()))
    node(graph_def, "square", "Square", ["x"], T=tf.float32)
    graph_def.node[2].input[0] = "square"
    frozen = freeze(write(tmp_path / "inner.pb", graph_def), input="square:0", shape=(28, 28))
    np.testing.assert_allclose(logits_of(frozen, X), X @ weights(784, 10), atol=1e-5)
    with pytest.raises(ValueError, match="input 'file:0' takes string.*Name the tensor of its"):
        freeze(tmp_path / "inner.pb", input="file")


def test_of_two_ends_one_is_named(tmp_path):
    w, other = weights(784, 10), weights(784, 4, seed=5)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.matmul(x, tf.constant(w), name="digit")
        tf.matmul(x, tf.constant(other), name="colour")
    path = write(tmp_path / "two.pb", graph)
    with pytest.raises(ValueError) as caught:
        freeze(path)
    assert str(caught.value) == (
        "The network has several outputs: 'colour:0', 'digit:0'. Name the one that gives the"
        " classes' scores with output=."
    )
    np.testing.assert_allclose(logits_of(freeze(path, output="digit"), X), X @ w, atol=1e-5)
    frozen = freeze(path, output="colour:0")
    np.testing.assert_allclose(logits_of(frozen, X), X @ other, atol=1e-5)
    with pytest.raises(ValueError, match="has no output 'nothing'"):
        freeze(path, output="nothing")


def test_ends_that_come_from_the_same_logits_are_one(tmp_path):
    path, w = dense_graph(tmp_path / "ends.pb", lambda z: (tf.argmax(z, 1), tf.nn.softmax(z)))
    frozen = freeze(path)
    assert "Softmax" not in {n.op for n in frozen.architecture.graph_def.node}
    np.testing.assert_allclose(logits_of(frozen, X), X @ w, atol=1e-5)


def test_an_unfrozen_graph_is_told_what_it_lacks(tmp_path):
    with graph_of_tf1() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.matmul(x, v1.get_variable("w", (784, 10)), name="scores")
    for text in (False, True):
        path = write(tmp_path / "graph.pb", graph, text)
        with pytest.raises(ValueError, match="not frozen: its variables 'w' have no values. Give"):
            freeze(path)


def test_what_is_computed_from_constants_is_computed_once(tmp_path):
    """Batch normalization written out: the frozen graph multiplies by what comes of it."""
    w, variance = weights(784, 10), np.abs(weights(10)) + 0.5
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        scale = tf.math.rsqrt(tf.constant(variance) + 1e-3)
        tf.multiply(x @ tf.constant(w), scale, name="scores")
    frozen = freeze(write(tmp_path / "norm.pb", graph))
    assert sorted(n.op for n in frozen.architecture.graph_def.node) == ["MatMul", "Mul"]
    np.testing.assert_allclose(
        logits_of(frozen, X), X @ w / np.sqrt(variance + 1e-3), rtol=1e-4, atol=1e-5
    )


def test_an_output_of_a_constant_operation_that_is_not_its_first(tmp_path):
    w = weights(784, 20)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.matmul(x, tf.split(tf.constant(w), 2, axis=1)[1], name="scores")
    frozen = freeze(write(tmp_path / "split.pb", graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ w[:, 10:], atol=1e-5)
    assert [tuple(weight.shape) for weight in frozen.weights] == [(784, 10)]


def test_a_small_output_that_is_not_the_first(tmp_path):
    w, b = weights(784, 10), weights(20)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        tf.add(tf.matmul(x, tf.constant(w)), tf.split(tf.constant(b), 2)[1], name="scores")
    frozen = freeze(write(tmp_path / "split.pb", graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ w + b[10:], atol=1e-5)


def test_a_graph_without_an_image_is_refused(tmp_path):
    graph_def = v1.GraphDef()
    constant(graph_def, "only", weights(2, 10))
    with pytest.raises(ValueError, match="has no ends that depend on a placeholder"):
        freeze(write(tmp_path / "constant.pb", graph_def))


def test_byte_pixels_of_an_old_graph(tmp_path):
    w = weights(784, 10, scale=0.001)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.uint8, (None, 28, 28), name="x")
        tf.matmul(tf.cast(tf.reshape(x, (-1, 784)), tf.float32), tf.constant(w), name="scores")
    frozen = freeze(write(tmp_path / "bytes.pb", graph))
    assert frozen.pixel_range == (0, 255)
    np.testing.assert_allclose(logits_of(frozen, 255 * X), 255 * X @ w, rtol=1e-4, atol=1e-4)


def test_channels_first_convolutions_of_a_file(tmp_path):
    kernel, bias = weights(3, 3, 1, 4), weights(4)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 1, 12, 12), name="x")
        maps = tf.nn.conv2d(x, tf.constant(kernel), 2, "SAME", data_format="NCHW")
        maps = tf.nn.bias_add(maps, tf.constant(bias), data_format="NCHW")
        tf.reshape(tf.nn.max_pool2d(maps, 2, 2, "VALID", data_format="NCHW"), (-1, 36), name="z")
    frozen = freeze(write(tmp_path / "first.pb", graph))
    images = pictures(3, 12, 12)
    maps = tf.nn.conv2d(images[..., None], kernel, 2, "SAME") + bias
    maps = tf.transpose(tf.nn.max_pool2d(maps, 2, 2, "VALID"), (0, 3, 1, 2))
    np.testing.assert_allclose(logits_of(frozen, images), tf.reshape(maps, (3, 36)), atol=1e-5)


def test_a_graph_that_decodes_a_picture_first_is_taken_from_behind(tmp_path):
    w = weights(8 * 8 * 3, 10)
    with tf.Graph().as_default() as graph:
        file = v1.placeholder(tf.string, (), name="contents")
        pixels = tf.cast(tf.io.decode_jpeg(file, 3), tf.float32)
        batch = tf.expand_dims(pixels, 0, name="batch")
        small = v1.image.resize_bilinear(batch, (8, 8))
        tf.matmul(tf.reshape((small - 128) / 128, (-1, 192)), tf.constant(w), name="scores")
    path = write(tmp_path / "decodes.pb", graph)
    with pytest.raises(ValueError, match="input 'contents:0' takes string.*with input="):
        freeze(path)
    frozen = freeze(path, input="batch", shape=(12, 12, 3), pixel_range=(0, 255))
    images = pictures(2, 12, 12, 3, high=255)
    small = v1.image.resize_bilinear(images, (8, 8))
    want = tf.reshape((small - 128) / 128, (-1, 192)) @ w
    np.testing.assert_allclose(logits_of(frozen, images), want, atol=1e-4)


def test_images_may_be_resized_without_steps(tmp_path):
    w = weights(5 * 5, 10)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 28, 28, 1), name="x")
        small = tf.image.resize(x, (5, 5), antialias=True)
        tf.matmul(tf.reshape(small, (-1, 25)), tf.constant(w), name="scores")
    assert "ScaleAndTranslate" in {n.op for n in graph.as_graph_def().node}
    frozen = freeze(write(tmp_path / "resized.pb", graph))
    images = tf.constant(X.reshape(-1, 28, 28, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        small = tf.reshape(tf.image.resize(images, (5, 5), antialias=True), (-1, 25))
        scores = small @ w
    np.testing.assert_allclose(logits_of(frozen, images), scores, atol=1e-5)
    want = tape.gradient(scores, images, np.eye(10, dtype=np.float32)[[1] * 5])
    np.testing.assert_allclose(gradient_of(frozen, images, 1), want, atol=1e-5)


@pytest.mark.parametrize("fed", [2.0, [1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]]])
def test_what_is_fed_for_one_image_is_fed_for_each(fed, tmp_path):
    w = weights(787, 10)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        y = v1.placeholder(tf.float32, (None, 3), name="y")
        tf.matmul(tf.concat([x, y], axis=1), tf.constant(w), name="scores")
    path = write(tmp_path / "two.pb", graph)
    frozen = freeze(path, input="x", feed={"y": fed})
    both = np.hstack([X, np.broadcast_to(np.float32(fed), (5, 3))])
    np.testing.assert_allclose(logits_of(frozen, X), both @ w, atol=1e-5)
    with pytest.raises(ValueError, match=r"takes the shape \(None, 3\).*got the shape \(2,\)"):
        freeze(path, input="x", feed={"y": [1.0, 2.0]})
