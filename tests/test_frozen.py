import keras
import numpy as np
import pytest
import tensorflow as tf

from invert import classifier, frozen


def logits_of(graph, images):
    return tf.function(lambda x: frozen.substitute(graph, x))(tf.constant(images)).numpy()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((5, 784), np.float32)


@pytest.fixture(scope="module")
def robust():
    return classifier.load("robust")


def test_only_constants_are_left():
    ops = {node.op for node in frozen.load("robust").graph_def.node}
    assert "Const" in ops and "MatMul" in ops
    assert not ops & {"Placeholder", "VarHandleOp", "ReadVariableOp", "PartitionedCall"}


def test_the_frozen_graph_answers_like_the_model(robust, images):
    want = robust(images).numpy()
    np.testing.assert_allclose(logits_of(frozen.load("robust"), images), want, atol=1e-5)


def test_a_variable_takes_the_placeholders_place_and_gradients_reach_it(robust_by_hand, images):
    m = tf.Variable(images)

    @tf.function
    def gradient():
        value = m.read_value()
        logits = frozen.substitute(frozen.load("robust"), value)
        return tf.gradients(tf.gather(logits, [3], axis=1), value)[0]

    want = -robust_by_hand.gradient(images.astype(np.float64), np.full(5, 3), "logit")
    np.testing.assert_allclose(gradient(), want, atol=1e-4)


def test_no_graph_holds_a_copy_of_the_weights_or_reads_across_them():
    def climb(x):
        logits = frozen.substitute(frozen.load("robust"), x)
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
    assert max(tf.make_ndarray(constant).size for constant in constants) < frozen.WEIGHT


def test_a_saved_model_can_be_frozen(robust, images, tmp_path):
    robust.export(tmp_path / "saved", verbose=False)
    graph = frozen.freeze(tmp_path / "saved")
    np.testing.assert_allclose(logits_of(graph, images), robust(images), atol=1e-5)


def test_a_frozen_pb_can_be_read_and_its_softmax_is_taken_off(images, tmp_path):
    w = np.random.default_rng(1).normal(size=(784, 10)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 784), name="X")
        tf.nn.softmax(x @ tf.constant(w), name="probabilities")
    (tmp_path / "old.pb").write_bytes(graph.as_graph_def().SerializeToString())
    opened = frozen.freeze(tmp_path / "old.pb")
    assert opened.placeholder == "X:0"
    np.testing.assert_allclose(logits_of(opened, images), images @ w, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (1, 784)])
def test_any_shape_of_784_values_is_served(shape, images):
    model = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    )
    graph = frozen.freeze(model)
    assert graph.shape == shape
    probabilities = tf.nn.softmax(logits_of(graph, images))
    np.testing.assert_allclose(probabilities, model(images.reshape(-1, *shape)), atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [((32, 32), 10, r"take 784 values.*\(32, 32\)"), ((28, 28), 9, "return 10 values.*got 9")],
)
def test_networks_of_another_shape_are_refused(inputs, outputs, words):
    model = keras.Sequential(
        [keras.Input(inputs), keras.layers.Flatten(), keras.layers.Dense(outputs)]
    )
    with pytest.raises(ValueError, match=words):
        frozen.freeze(model)


def test_gradients_lead_through_custom_ones(images):
    # Keras's silu carries a custom gradient, a function of the graph it was made in.
    layers = [keras.layers.Dense(8, "silu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    graph, x = frozen.freeze(model), tf.Variable(images)
    with tf.GradientTape() as tape:
        top = tf.reduce_sum(model(x)[:, 4])
    want = tape.gradient(top, x)

    @tf.function
    def gradient(value):
        return tf.gradients(frozen.substitute(graph, value)[:, 4], value)[0]

    np.testing.assert_allclose(gradient(tf.constant(images)), want, atol=1e-5)


def test_files_that_hold_no_classifier_are_refused(tmp_path):
    (tmp_path / "text.pb").write_text("not a graph")
    for path in ("text.pb", "missing.pb", "."):
        with pytest.raises(ValueError, match="must be a Keras model or .keras file"):
            frozen.freeze(tmp_path / path)


def test_a_graph_with_two_inputs_is_refused(tmp_path):
    with tf.Graph().as_default() as graph:
        tf.add(*(tf.compat.v1.placeholder(tf.float32, (None, 784)) for _ in range(2)))
    (tmp_path / "two.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ValueError, match="one placeholder and one output; this one has 2 and 1"):
        frozen.freeze(tmp_path / "two.pb")


def test_the_same_frozen_graph_is_shared():
    assert frozen.load("robust") is frozen.load("robust")


@pytest.mark.parametrize("source", [None, 3, np.zeros(3), keras.layers.Dense(10)])
def test_what_is_no_model_at_all_is_refused(source):
    with pytest.raises(ValueError, match=f"must be a Keras model.*got {type(source).__name__}"):
        frozen.freeze(source)


def test_models_without_one_input_are_refused():
    with pytest.raises(ValueError, match="must be built, with one input; this one has none"):
        frozen.freeze(keras.Sequential([keras.layers.Dense(10)]))
    a, b = keras.Input((784,)), keras.Input((784,))
    with pytest.raises(ValueError, match="this one has several"):
        frozen.freeze(keras.Model([a, b], keras.layers.Dense(10)(a + b)))


@pytest.mark.parametrize(("dtype", "batch"), [(tf.float64, None), (tf.float32, 5)])
def test_other_dtypes_and_fixed_batches_are_one_sentence(dtype, batch, tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(dtype, (batch, 784))
        tf.reshape(tf.matmul(x, tf.zeros((784, 10), dtype)), (batch or -1, 10))
    (tmp_path / "odd.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ValueError, match="float32 batches of any size; it does not") as caught:
        frozen.freeze(tmp_path / "odd.pb")
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_a_keras_file_can_be_frozen(robust, images, tmp_path):
    robust.save(tmp_path / "robust.keras")
    graph = frozen.freeze(tmp_path / "robust.keras")
    np.testing.assert_allclose(logits_of(graph, images), robust(images), atol=1e-5)


@pytest.mark.parametrize("kind", ["write", "read", "python"])
def test_a_graph_that_does_more_than_arithmetic_is_refused_before_it_is_run(kind, tmp_path):
    secret, mark = tmp_path / "secret", tmp_path / "mark"
    secret.write_text("7")

    def harm():
        if kind == "write":
            return tf.raw_ops.WriteFile(filename=str(mark), contents="harm")
        if kind == "read":
            return tf.strings.to_number(tf.raw_ops.ReadFile(filename=str(secret)))
        return tf.numpy_function(lambda: np.float32(mark.write_text("harm")), (), tf.float32)

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 784))
        done = harm()
        with tf.control_dependencies([done]):
            logits = tf.identity(x[:, :10] + (done if kind == "read" else 0.0))
        tf.nn.softmax(logits)
    (tmp_path / "hostile.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ValueError, match="must run, compiled"):
        frozen.freeze(tmp_path / "hostile.pb")
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore")
def test_a_keras_file_with_code_in_it_is_refused(tmp_path):
    path = tmp_path / "hostile.keras"
    keras.Sequential([keras.Input((784,)), keras.layers.Lambda(lambda x: x[:, :10])]).save(path)
    with pytest.raises(ValueError, match="A classifier must be"):
        frozen.freeze(path)
