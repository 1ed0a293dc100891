"""Checkpoints: values in one set of files, the graph beside them in a `.meta`."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from small_networks import graph_of_tf1, logits_of, pictures, v1, weights
from test_graphs import by_hand, trained_by_tf1

from invert.inversion.freezing import freeze

X = pictures(5, 784)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A checkpoint of a training, as TensorFlow 1 left it: loss, optimizer, dropout, labels."""
    folder = tmp_path_factory.mktemp("checkpoint")
    with graph_of_tf1() as graph, v1.Session(graph=graph) as session:
        trained_by_tf1()
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt"), global_step=1999)
    return folder


def test_all_ways_of_naming_a_checkpoint_lead_to_it(trained):
    prefix = trained / "model.ckpt-1999"
    names = [trained, prefix, trained / "checkpoint"]
    names += [f"{prefix}.meta", f"{prefix}.index", f"{prefix}.data-00000-of-00001"]
    for name in names:
        frozen = freeze(name, feed={"keep_prob": 1})
        assert frozen.name == "model.ckpt-1999"
        np.testing.assert_allclose(logits_of(frozen, X), by_hand(X), rtol=1e-4, atol=1e-4)


def test_the_logits_are_what_the_loss_is_taken_of(trained):
    frozen = freeze(trained, feed={"keep_prob": 1})
    np.testing.assert_allclose(logits_of(frozen, X), by_hand(X), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="has 2 placeholders: 'x', 'keep_prob'"):
        freeze(trained)


def test_any_output_can_be_named(trained):
    frozen = freeze(trained, output="ArgMax", feed={"keep_prob": 1})
    np.testing.assert_allclose(logits_of(frozen, X), by_hand(X), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="has 3 placeholders: 'x', 'y_', 'keep_prob'"):
        freeze(trained, output="accuracy")


def test_a_loss_written_by_hand_leaves_the_softmax_to_be_found(tmp_path):
    with graph_of_tf1() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        y = v1.placeholder(tf.float32, (None, 10), name="y_")
        w = v1.Variable(weights(784, 10), name="w")
        p = tf.nn.softmax(x @ w)
        loss = -tf.reduce_sum(y * tf.math.log(p))
        v1.train.GradientDescentOptimizer(0.01).minimize(loss)
        right = tf.equal(tf.argmax(p, 1), tf.argmax(y, 1))
        tf.reduce_mean(tf.cast(right, tf.float32))
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "beginner"))
    np.testing.assert_allclose(logits_of(freeze(tmp_path), X), X @ weights(784, 10), atol=1e-5)


def test_resource_variables_and_shards_of_a_variable(tmp_path):
    """Newer graphs read variables by a handle; large ones were kept in parts."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        parts = v1.get_variable(
            "w",
            (784, 10),
            initializer=v1.random_normal_initializer(),
            partitioner=v1.fixed_size_partitioner(3),
            use_resource=True,
        )
        bias = v1.get_variable("b", initializer=weights(10), use_resource=True)
        tf.add(tf.matmul(x, parts), bias, name="scores")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "parts"))
        want = session.run("scores:0", {x: X})
    frozen = freeze(tmp_path, output="scores")
    np.testing.assert_allclose(logits_of(frozen, X), want, atol=1e-5)


def test_of_several_checkpoints_one_is_named(trained, tmp_path):
    for name in ("early", "late"):
        for path in trained.glob("model.ckpt-1999.*"):
            shutil.copy(path, tmp_path / path.name.replace("model.ckpt-1999", name))
    with pytest.raises(ValueError, match=r"holds the checkpoints 'early', 'late'. Name one, as '"):
        freeze(tmp_path)
    frozen = freeze(tmp_path / "late", feed={"keep_prob": 1})
    np.testing.assert_allclose(logits_of(frozen, X), by_hand(X), rtol=1e-4, atol=1e-4)


def test_parts_of_a_checkpoint_say_what_is_missing(trained, tmp_path):
    meta = shutil.copy(trained / "model.ckpt-1999.meta", tmp_path / "alone.meta")
    with pytest.raises(ValueError, match="graph of a checkpoint without its values. Put its .inde"):
        freeze(meta)
    index = shutil.copy(trained / "model.ckpt-1999.index", tmp_path / "values.index")
    with pytest.raises(ValueError, match="a checkpoint of values alone. Its network is in a .meta"):
        freeze(index)
    data = trained / "model.ckpt-1999.data-00000-of-00001"
    data = shutil.copy(data, tmp_path / "other.data-00000-of-00001")
    with pytest.raises(ValueError, match="one file of a checkpoint. The others are not beside it"):
        freeze(data)


def test_values_that_are_not_there_are_one_sentence(trained, tmp_path):
    for path in trained.glob("model.ckpt-1999.*"):
        shutil.copy(path, tmp_path / path.name)
    meta = tmp_path / "model.ckpt-1999.meta"
    parsed = v1.MetaGraphDef.FromString(meta.read_bytes())
    for node in parsed.graph_def.node:
        names = node.attr["value"].tensor.string_val if node.op == "Const" else ()
        for k, name in enumerate(names):
            names[k] = b"gone" if name == b"w1" else name
        if node.name == "w1":
            node.name = "w3"
        node.input[:] = ["w3" if name == "w1" else name for name in node.input]
    meta.write_bytes(parsed.SerializeToString())
    with pytest.raises(ValueError, match="variable 'w3' has no value in .*ckpt-1999, which has 'w"):
        freeze(tmp_path, feed={"keep_prob": 1})


def test_a_graph_that_reads_files_is_refused(trained, tmp_path):
    for path in trained.glob("model.ckpt-1999.*"):
        shutil.copy(path, tmp_path / path.name)
    meta = tmp_path / "model.ckpt-1999.meta"
    parsed = v1.MetaGraphDef.FromString(meta.read_bytes())
    parsed.graph_def.node.add(name="harm", op="ReadFile", input=["save/Const"])
    meta.write_bytes(parsed.SerializeToString())
    with pytest.raises(ValueError, match="holds an operation 'ReadFile'"):
        freeze(tmp_path, feed={"keep_prob": 1})
