"""SavedModels of TensorFlow 1 and 2, of many signatures, with optimizers, damaged and hostile."""

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from small_networks import (
    gradient_of,
    graph_of_tf1,
    logits_of,
    pictures,
    probabilities_of,
    softmax,
    v1,
    weights,
    write,
)
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening import saved_model

X = pictures(5, 28, 28)
FLAT = X.reshape(5, 784)


class Digits(tf.Module):
    """A module as one writes it for TensorFlow 2, with functions in functions."""

    def __init__(self):
        super().__init__()
        self.w1 = tf.Variable(weights(784, 16), name="w1")
        self.w2 = tf.Variable(weights(16, 10, scale=1), name="w2")
        self.mean = tf.constant(weights(784))

    @tf.function
    def hidden(self, x):
        return tf.nn.relu(tf.matmul(x - self.mean, self.w1))

    @tf.function(input_signature=[tf.TensorSpec((None, 28, 28), name="x")])
    def infer(self, x):
        logits = tf.matmul(self.hidden(tf.reshape(x, (-1, 784))), self.w2)
        return {"logits": logits, "output": tf.nn.softmax(logits)}

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def save(self, path):
        tf.raw_ops.Save(filename=path, tensor_names=["w1"], data=[self.w1.read_value()])
        return {"path": path}

    @tf.function(input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec((None, 10))])
    def train(self, x, y):
        with tf.GradientTape() as tape:
            logits = self.infer(x)["logits"]
            loss = tf.nn.softmax_cross_entropy_with_logits(y, logits)
        self.w1.assign_sub(0.1 * tape.gradient(loss, self.w1))
        return {"loss": tf.reduce_mean(loss)}

    def by_hand(self, x):
        hidden = np.maximum((x - weights(784)) @ weights(784, 16), 0)
        return hidden @ weights(16, 10, scale=1)


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder, digits = tmp_path_factory.mktemp("saved") / "digits", Digits()
    signatures = {name: getattr(digits, name) for name in ("infer", "save", "train")}
    tf.saved_model.save(digits, str(folder), signatures=signatures)
    return folder


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What `model.export` of Keras writes, and the model."""
    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv2D(4, 3, activation="relu")
    stack = [conv, keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    folder = tmp_path_factory.mktemp("saved") / "exported"
    model.export(folder, verbose=False)
    return folder, model


def changed(folder, target, change):
    """A copy of a SavedModel with its graph changed by hand."""
    shutil.copytree(folder, target)
    path = target / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString())
    return target


def test_a_model_that_keras_exported(exported):
    folder, model = exported
    frozen = freeze(folder)
    assert frozen.name == "exported" and frozen.image_shape == (28, 28)
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)


def test_a_signature_of_several_is_named(module):
    frozen = freeze(module, signature="infer")
    np.testing.assert_allclose(logits_of(frozen, X), Digits.by_hand(None, FLAT), atol=1e-4)
    with pytest.raises(ValueError) as caught:
        freeze(module)
    assert str(caught.value) == (
        "The SavedModel has the signatures 'infer', 'save', 'train'. Name the one from image to"
        " classes with signature=."
    )
    with pytest.raises(ValueError, match="has the signatures 'infer', 'save', 'train'"):
        freeze(module, signature="predict")


def test_signatures_that_are_no_classifier_are_refused(module):
    with pytest.raises(ValueError, match="takes string, such as files"):
        freeze(module, signature="save", input="path")
    with pytest.raises(ValueError, match="has 2 placeholders"):
        freeze(module, signature="train")


def test_an_output_is_named_by_its_key(module):
    frozen = freeze(module, signature="infer", output="output", input="x")
    np.testing.assert_allclose(
        probabilities_of(frozen, X), softmax(Digits.by_hand(None, FLAT)), atol=1e-5
    )
    with pytest.raises(ValueError, match="has no output 'classes'; it has 'logits', 'output'"):
        freeze(module, signature="infer", output="classes")


def test_the_optimizer_of_an_older_version_is_passed_over(exported, tmp_path):
    """TensorFlow's own loader fails on these, with or without Keras 2 beside it."""
    folder, model = exported

    def add_optimizer(graph):
        objects = graph.object_graph_def.nodes
        variables = [k for k, thing in enumerate(objects) if thing.HasField("variable")]
        optimizer = objects.add()
        optimizer.user_object.identifier = "optimizer"
        optimizer.user_object.version.producer = 1
        optimizer.slot_variables.add(
            original_variable_node_id=variables[0],
            slot_name="m",
            slot_variable_node_id=variables[1],
        )
        objects[0].children.add(node_id=len(objects) - 1, local_name="optimizer")

    old = changed(folder, tmp_path / "old", add_optimizer)
    with pytest.raises((AttributeError, ValueError), match="add_slot|incompatible tensor"):
        tf.saved_model.load(str(old))
    np.testing.assert_allclose(probabilities_of(freeze(old), X), model(X[..., None]), atol=1e-5)


def save_tf1(folder, **signatures):
    """A SavedModel as TensorFlow 1 wrote it, with labels in a table that is filled at the start."""
    with graph_of_tf1() as graph, v1.Session(graph=graph) as session:
        records = v1.placeholder(tf.string, (None,), name="tf_example")
        parsed = v1.parse_example(records, {"x": v1.FixedLenFeature((784,), tf.float32)})
        x = tf.identity(parsed["x"], name="x")
        logits = x @ v1.get_variable("w", initializer=weights(784, 10))
        scores = tf.nn.softmax(logits, name="scores")
        _, best = tf.math.top_k(scores, 10)
        table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.range(10, dtype=tf.int64), tf.constant([str(k) for k in range(10)])
            ),
            "?",
        )
        names = table.lookup(tf.cast(best, tf.int64))
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        build = v1.saved_model.signature_def_utils.build_signature_def
        info = v1.saved_model.utils.build_tensor_info
        signatures = {
            "serving_default": build(
                {"inputs": info(records)}, {"classes": info(names), "scores": info(scores)}
            ),
            "predict_images": build({"images": info(x)}, {"scores": info(scores)}),
        }
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session, ["serve"], signatures, main_op=v1.tables_initializer()
        )
        builder.save()
    return folder


def test_a_model_of_tensorflow_1_with_tables_and_records(tmp_path):
    folder = save_tf1(tmp_path / "old")
    frozen = freeze(folder, signature="predict_images", shape=(28, 28))
    np.testing.assert_allclose(logits_of(frozen, X), FLAT @ weights(784, 10), atol=1e-5)
    inner = freeze(folder, input="x", output="scores", shape=(28, 28))
    np.testing.assert_allclose(logits_of(inner, X), FLAT @ weights(784, 10), atol=1e-5)
    with pytest.raises(ValueError, match="takes string, such as files or records.*input="):
        freeze(folder)


@pytest.mark.parametrize("scores", ["probabilities", None])
def test_an_output_of_texts_does_not_stand_in_the_way(scores, tmp_path):
    """Estimators return the classes' names beside their scores, by one function."""

    class Named(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(weights(784, 10))

        @tf.function(input_signature=[tf.TensorSpec((None, 784), name="x")])
        def serve(self, x):
            logits = x @ self.w
            best = tf.argmax(logits, axis=1)
            return {
                "class_ids": best[:, None],
                "classes": tf.strings.as_string(best),
                "logits": logits,
                "probabilities": tf.nn.softmax(logits),
            }

    named = Named()
    tf.saved_model.save(named, str(tmp_path / "named"), signatures=named.serve)
    frozen = freeze(tmp_path / "named", output=scores)
    np.testing.assert_allclose(logits_of(frozen, FLAT), FLAT @ weights(784, 10), atol=1e-5)


def test_outputs_of_operations_in_functions_have_names(tmp_path):
    class Best(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(weights(784, 10))

        @tf.function(input_signature=[tf.TensorSpec((None, 784), name="x")])
        def serve(self, x):
            left, right = tf.split(x @ self.w, 2, axis=1)
            return {"best": tf.math.top_k(tf.concat([right, left], 1), 1).indices}

    best = Best()
    tf.saved_model.save(best, str(tmp_path / "best"), signatures=best.serve)
    want = np.roll(FLAT @ weights(784, 10), 5, axis=1)
    np.testing.assert_allclose(logits_of(freeze(tmp_path / "best"), FLAT), want, atol=1e-5)


def test_the_text_form_is_read(exported, tmp_path):
    folder, model = exported
    shutil.copytree(folder, tmp_path / "text")
    binary = tmp_path / "text" / "saved_model.pb"
    parsed = saved_model_pb2.SavedModel.FromString(binary.read_bytes())
    (tmp_path / "text" / "saved_model.pbtxt").write_text(str(parsed))
    binary.unlink()
    frozen = freeze(tmp_path / "text")
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)


def test_the_graph_of_a_folder_leads_to_the_folder(exported):
    folder, model = exported
    frozen = freeze(folder / "saved_model.pb")
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)


def test_a_lone_graph_is_told_what_it_lacks(exported, tmp_path):
    folder, _ = exported
    for name in ("saved_model.pb", "renamed.pb"):
        shutil.copy(folder / "saved_model.pb", tmp_path / name)
        with pytest.raises(ValueError, match="without the values of its variables. Give the whole"):
            freeze(tmp_path / name)
        (tmp_path / name).unlink()


def test_the_folder_above_leads_to_the_only_one_in_it(exported, tmp_path):
    folder, _ = exported
    shutil.copytree(folder, tmp_path / "exported")
    assert freeze(tmp_path).name == "exported"
    shutil.copytree(folder, tmp_path / "other")
    with pytest.raises(ValueError, match=r"holds several networks: 'exported', 'other'. Give one"):
        freeze(tmp_path)


def test_values_of_another_network_are_refused(exported, tmp_path):
    folder, _ = exported

    def widen(graph):
        for node in graph.graph_def.node:
            if node.op == "VarHandleOp" and node.attr["shape"].shape.dim:
                node.attr["shape"].shape.dim[0].size += 1

    with pytest.raises(ValueError, match="The graph and the values are not of one network"):
        freeze(changed(folder, tmp_path / "wide", widen))


def test_damaged_values_are_one_sentence(exported, tmp_path):
    folder, _ = exported
    shutil.copytree(folder, tmp_path / "damaged")
    index = tmp_path / "damaged" / "variables" / "variables.index"
    index.write_bytes(index.read_bytes()[:-20])
    with pytest.raises(ValueError, match="variables cannot be read from .*variables") as caught:
        freeze(tmp_path / "damaged")
    assert "\n" not in str(caught.value)


def test_no_part_of_a_saved_model_is_run(exported, tmp_path):
    """TensorFlow runs initialisers as soon as a folder is opened."""
    folder, _ = exported
    mark = tmp_path / "mark"

    def initialise(graph):
        nodes = graph.graph_def.node
        for name, value in (("mark", str(mark)), ("harm", "harm")):
            new = nodes.add(name=name, op="Const")
            new.attr["dtype"].type = tf.string.as_datatype_enum
            new.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        nodes.add(name="write", op="WriteFile", input=["mark", "harm"])
        first = graph.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"]
        first.name = "write"

    hostile = changed(folder, tmp_path / "hostile", initialise)
    with pytest.raises(ValueError, match=r"holds an operation 'WriteFile' \(named 'write'\)"):
        freeze(hostile)
    assert not mark.exists()


def test_what_saves_may_not_be_run_at_the_start(exported, tmp_path):
    folder, _ = exported

    def initialise(graph):
        first = graph.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"]
        first.name = graph.saver_def.save_tensor_name

    with pytest.raises(ValueError, match="which is no arithmetic"):
        freeze(changed(folder, tmp_path / "saves", initialise))


def test_every_function_that_is_called_is_looked_at(exported, tmp_path):
    folder, _ = exported

    def spoil(graph):
        for function in graph.graph_def.library.function:
            function.node_def.add(name="read", op="ReadFile", input=["secret"])

    with pytest.raises(ValueError, match=r"holds an operation 'ReadFile' \(named 'read'\)"):
        freeze(changed(folder, tmp_path / "hostile", spoil))


@pytest.mark.parametrize("op", ["RngReadAndSkip", "CudnnRNNV3", "ReadFile"])
def test_functions_that_nothing_calls_are_left_out(op, exported, tmp_path):
    """Keras 2 leaves those of training beside the ones that serve."""
    folder, model = exported

    def add(graph):
        function = graph.graph_def.library.function.add()
        function.signature.name = "unused"
        function.node_def.add(name="it", op=op)

    other = changed(folder, tmp_path / "other", add)
    source = saved_model.open_folder(other, None)
    names = [function.signature.name for function in source.graph_def.library.function]
    assert names and "unused" not in names
    np.testing.assert_allclose(probabilities_of(freeze(other), X), model(X[..., None]), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("trained", [False, True])
def test_a_keras_model_that_tensorflow_saved(trained, tmp_path):
    """What is restored and what is read are two operations there."""
    keras.utils.set_random_seed(0)
    stack = [keras.layers.Flatten(), keras.layers.BatchNormalization(), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    if trained:
        model.compile("adam", "mse")
        model.fit(X[..., None], np.ones((5, 10)), verbose=0)
    tf.saved_model.save(model, str(tmp_path / "saved"))
    frozen = freeze(tmp_path / "saved")
    np.testing.assert_allclose(logits_of(frozen, X), model(X[..., None]), atol=1e-5)


def by_module(x):
    return Digits.by_hand(None, x.reshape(-1, 784))


def test_what_was_loaded_is_a_source(module):
    loaded = tf.saved_model.load(str(module))
    frozen = freeze(loaded, signature="infer")
    np.testing.assert_allclose(logits_of(frozen, X), by_module(X), atol=1e-4)
    with pytest.raises(ValueError, match="has the signatures .*'infer'.*signature="):
        freeze(loaded)
    frozen = freeze(loaded.signatures["infer"])
    np.testing.assert_allclose(logits_of(frozen, X), by_module(X), atol=1e-4)
    assert np.abs(gradient_of(frozen, X, 3)).max() > 0


def test_a_layer_of_a_saved_model_is_a_source(module):
    layer = keras.layers.TFSMLayer(str(module), call_endpoint="infer")
    np.testing.assert_allclose(logits_of(freeze(layer), X), by_module(X), atol=1e-4)


def test_a_function_is_a_source():
    w = tf.Variable(weights(784, 10))

    @tf.function
    def network(x):
        return tf.nn.softmax(tf.reshape(x, (-1, 784)) @ w)

    frozen = freeze(network, shape=(28, 28))
    np.testing.assert_allclose(logits_of(frozen, X), FLAT @ weights(784, 10), atol=1e-5)
    with pytest.raises(ValueError, match="must have been traced.*input_signature.*shape="):
        freeze(tf.function(lambda x: x))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["live", "saved", "graph"])
def test_batch_normalization_of_keras_2(kind, tmp_path):
    """Fused, it has an output that is nothing on a processor, and no size is known of it."""
    norm, dense = tf_keras.layers.BatchNormalization(), tf_keras.layers.Dense(5)
    model = tf_keras.Sequential(
        [tf_keras.layers.Input((8, 8, 3)), norm, tf_keras.layers.Flatten(), dense]
    )
    norm.moving_mean.assign(weights(3))
    norm.moving_variance.assign([1.0, 2.0, 3.0])
    source = model
    if kind == "saved":
        source = tmp_path / "saved"
        model.save(source, save_format="tf")
    elif kind == "graph":
        call = tf.function(lambda x: model(x, training=False))
        concrete = call.get_concrete_function(tf.TensorSpec((None, 8, 8, 3), name="x"))
        frozen = convert_variables_to_constants_v2(concrete)
        source = write(tmp_path / "graph.pb", frozen.graph)
        ops = {node.op for node in frozen.graph.as_graph_def().node}
        assert "FusedBatchNormV3" in ops
    x = pictures(2, 8, 8, 3)
    frozen = freeze(source)
    np.testing.assert_allclose(logits_of(frozen, x), model(x), atol=1e-5)
    assert np.abs(gradient_of(frozen, x, 3)).max() > 0


def test_a_model_without_signatures_is_refused(tmp_path):
    tf.saved_model.save(Digits(), str(tmp_path / "none"), signatures={})
    with pytest.raises(ValueError, match="has no signature. Save it with one"):
        freeze(tmp_path / "none")


def test_a_model_for_other_things_than_serving_is_refused(exported, tmp_path):
    folder, _ = exported

    def twice(graph):
        graph.meta_info_def.tags[:] = ["train"]

    def second(path):
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        model.meta_graphs.add().CopyFrom(model.meta_graphs[0])
        model.meta_graphs[1].meta_info_def.tags[:] = ["eval"]
        path.write_bytes(model.SerializeToString())

    frozen = freeze(changed(folder, tmp_path / "train", twice))
    assert frozen.classes == 10  # the only graph there is
    second(tmp_path / "train" / "saved_model.pb")
    with pytest.raises(ValueError, match="one graph that is tagged 'serve'.*has 'train', 'eval'"):
        freeze(tmp_path / "train")
