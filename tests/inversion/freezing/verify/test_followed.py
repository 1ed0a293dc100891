"""What a random draw decides is never taken for known, and what was not followed is never run."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf
from small_networks import logits_of, pictures, v1, weights, write
from test_graphs import branches_of_tf1

from invert.inversion.freezing import freeze
from invert.inversion.freezing.flattening import flat, op_handlers
from invert.inversion.freezing.verify import original

X = pictures(3, 784)
W = weights(784, 10)


def drawn(shape=()):
    """Zero or one, by a random draw. At its middle, a half, it is one."""
    return tf.cast(tf.random.uniform(shape) > 0.4, tf.float32)


def switched(x):
    return v1.cond(drawn() > 0.5, lambda: x, lambda: 2 * x)


def looped(x):
    _, x = tf.while_loop(lambda k, _: k < 2 + drawn(), lambda k, x: (k + 1, 2 * x), (0.0, x))
    return x


def filled(x):
    size = tf.cast(4 * drawn((1,)), tf.int32)
    return x + tf.reduce_sum(tf.fill(size, 0.0))


def cased(x):
    return tf.switch_case(tf.cast(drawn(), tf.int32), [lambda: x, lambda: 2 * x])


def listed(x):
    items = tf.TensorArray(tf.float32, tf.cast(1 + drawn(), tf.int32), clear_after_read=False)
    return items.write(0, x).read(0)


# How a draw may decide, whether by the branches of TensorFlow 1, and what is said.
DECISIONS = {
    "if": (switched, False, "branch at '.*' depends on random numbers"),
    "switch": (switched, True, "branch at '.*' depends on random numbers"),
    "case": (cased, False, "branch at '.*' depends on random numbers"),
    "while": (looped, False, "loop at '.*' depends on random numbers"),
    "list": (listed, False, "list at '.*' has no length that can be told"),
    "fill": (filled, False, "size depends on the image or on random numbers"),
}


@pytest.mark.parametrize("how", DECISIONS)
def test_what_a_draw_decides_is_refused(how, tmp_path):
    decide, as_in_tf1, words = DECISIONS[how]
    branches = branches_of_tf1() if as_in_tf1 else contextlib.nullcontext()

    @tf.function(autograph=False)
    def network(x):
        return decide(x) @ tf.constant(W)

    if as_in_tf1:
        with tf.Graph().as_default() as graph, branches:
            x = v1.placeholder(tf.float32, (None, 784), name="x")
            tf.matmul(decide(x), tf.constant(W), name="scores")
    else:
        graph = network.get_concrete_function(tf.TensorSpec((None, 784), name="x")).graph
    with pytest.raises(ValueError, match=words):
        freeze(write(tmp_path / "drawn.pb", graph))


def test_the_shape_of_random_numbers_is_known(tmp_path):
    """Dropout that is turned off draws numbers, and nothing depends on them."""
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, 784), name="x")
        noise = tf.random.uniform(tf.shape(x))
        kept = tf.reshape(tf.floor(noise + 1.0), tf.shape(noise))
        tf.matmul(x * kept, tf.constant(W), name="scores")
    frozen = freeze(write(tmp_path / "dropout.pb", graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ W, atol=1e-5)


def test_bounds_hold_whatever_is_drawn(tmp_path, monkeypatch):
    """Of a branch that a draw might lead into, nothing is run: it is above the (lowered) limits."""
    monkeypatch.setattr(flat, "MAX_BYTES", 2**15)
    monkeypatch.setattr(op_handlers, "MAX_ROUNDS", 3)
    ran = []
    monkeypatch.setattr(original, "compute", lambda *known: ran.append(known))

    @tf.function(autograph=False)
    def network(x):
        def large():
            return x + tf.reduce_sum(tf.fill((2**14,), 0.0))

        def long():
            return tf.while_loop(lambda k, _: k < 5, lambda k, x: (k + 1, x), (0, x))[1]

        x = tf.cond(drawn() > 0.5, lambda: x, large)
        return tf.cond(drawn() > 0.5, lambda: x, long)[:, :10]

    concrete = network.get_concrete_function(tf.TensorSpec((None, 784), name="x"))
    with pytest.raises(ValueError, match="depends on random numbers"):
        freeze(write(tmp_path / "drawn.pb", concrete.graph))
    assert not ran


class Restoring(tf.Module):
    """A network with a branch that would read a file that is not there."""

    def __init__(self, decide):
        super().__init__()
        self.w = tf.Variable(W, name="w")
        self.decide = decide

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None, 784), name="x")])
    def serve(self, x):
        def restored():
            (other,) = tf.raw_ops.RestoreV2(
                prefix="/not/there", tensor_names=["w"], shape_and_slices=[""], dtypes=[tf.float32]
            )
            return tf.reshape(other, (784, 10))

        return x @ tf.cond(self.decide(), self.w.read_value, restored)


def saved(folder, decide):
    module = Restoring(decide)
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


def test_a_draw_leads_into_no_other_file(tmp_path):
    with pytest.raises(ValueError, match="branch at '.*' depends on random numbers"):
        freeze(saved(tmp_path / "drawn", lambda: drawn() > 0.5))


def test_only_what_was_followed_is_run(tmp_path, monkeypatch):
    run, ops = original.compute, set()

    def watched(graph_def, *known):
        functions = graph_def.library.function
        for nodes in (graph_def.node, *(function.node_def for function in functions)):
            ops.update(node.op for node in nodes)
        return run(graph_def, *known)

    monkeypatch.setattr(original, "compute", watched)
    frozen = freeze(saved(tmp_path / "known", lambda: tf.constant(1.0) > 0.5))
    np.testing.assert_allclose(logits_of(frozen, X), X @ W, atol=1e-5)
    assert ops & {"If", "StatelessIf"} and "MatMul" in ops
    assert "RestoreV2" not in ops


def test_the_body_of_a_loop_without_a_round_is_not_run(tmp_path):
    @tf.function(autograph=False)
    def network(x):
        def body(k, x):
            return k + 1, x + tf.random.normal((784,))  # which the walk would refuse

        return tf.while_loop(lambda k, _: k < 0, body, (0, x))[1] @ tf.constant(W)

    concrete = network.get_concrete_function(tf.TensorSpec((None, 784), name="x"))
    frozen = freeze(write(tmp_path / "loop.pb", concrete.graph))
    np.testing.assert_allclose(logits_of(frozen, X), X @ W, atol=1e-5)
