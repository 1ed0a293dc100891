import concurrent.futures
import gc
import threading
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import architecture, batches, compiling
from invert.inversion.architecture import architecture_of
from invert.inversion.freezing import freeze
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.learning import learn
from invert.inversion.objectives import Objective
from invert.inversion.reading import read

pytestmark = pytest.mark.usefixtures("xla")
STEEPEST = Objective("cross-entropy", "steepest")
ADAM = Objective("logit", "adam", ("total_variation", "l2", "jitter"))


def dense(width=12, activation="relu"):
    layers = [keras.layers.Dense(width, activation), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((784,)), *layers])


def convolutional(filters=4):
    layers = [
        keras.layers.Conv2D(filters, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers])


@pytest.fixture
def start():
    return np.random.default_rng(0).uniform(0, 1, (4, 28, 28)).astype(np.float32)


def run(network, objective, start, **settings):
    settings = {"steps": 12, "step_size": 0.1, "frame_steps": [0, 12], **settings}
    weights = {"total_variation": 0.1, "l2": 0.1, "jitter": 2}
    targets = np.arange(len(start))
    return learn(network, objective, start, targets, weights=weights, **settings)


def ways_of(network):
    """How the loops of a network were compiled: True by XLA, False as an ordinary graph."""
    traced = architecture_of(network).compiled.get("traced", {})
    return {xla for key, xla, _ in traced if key != "read"}


def traced_for(network):
    return [concrete for concrete, _ in architecture_of(network).compiled["traced"].values()]


def test_products_are_compiled_by_xla_and_convolutions_are_not(start):
    networks = freeze(dense()), freeze(convolutional())
    for network in networks:
        run(network, STEEPEST, start)
    assert [ways_of(network) for network in networks] == [{True}, {False}]
    assert [compiling.suits_xla(network) for network in networks] == [True, False]


@pytest.mark.parametrize("objective", [STEEPEST, ADAM], ids=["steepest", "adam"])
def test_both_ways_of_compiling_agree(objective, start, monkeypatch):
    network = freeze(dense())
    by_xla = [run(network, objective, start[:count]) for count in (1, 4)]
    monkeypatch.setattr(compiling, "suits_xla", lambda frozen: False)
    ordinary = [run(network, objective, start[:count]) for count in (1, 4)]
    assert ways_of(network) == {True, False}
    for records in zip(by_xla, ordinary, strict=True):
        for one, other in zip(*records, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_xla_compiles_for_so_many_architectures_and_no_more(start, monkeypatch):
    monkeypatch.setattr(compiling, "MOST_BY_XLA", compiling._by_xla + 1)
    first, second = freeze(dense(width=21)), freeze(dense(width=22))
    for network in (first, second, first):
        run(network, STEEPEST, start[:1])
    assert [ways_of(network) for network in (first, second)] == [{True}, {False}]


def test_networks_of_one_architecture_share_what_is_compiled(start):
    models = dense(), dense()
    networks = [freeze(model) for model in models]
    learned = [run(network, STEEPEST, start) for network in networks]
    for model, each in zip(models, learned, strict=True):
        np.testing.assert_allclose(each.logits[0], model(start.reshape(4, 784)), atol=1e-4)
        np.testing.assert_allclose(each.logits[-1], model(each.images.reshape(4, 784)), atol=1e-4)
    assert not np.allclose(learned[0].images, learned[1].images)
    # A third brings nothing new.
    traced = traced_for(networks[0])
    run(freeze(dense()), STEEPEST, start)
    assert traced_for(networks[1]) == traced


def bessel():
    """A graph with an operation that XLA has no code for."""
    w = tf.constant(np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32))
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 784), "image")
        v = tf.compat.v1.placeholder(tf.float32, (784, 10), "weights")
        tf.identity(tf.math.special.bessel_j0(x) @ v, "logits")
    graph_def = graph.as_graph_def()
    for node in [node for node in graph_def.node if node.op == "Placeholder"]:
        graph_def.node.remove(node)
    labels = tuple(map(str, range(10)))
    return FrozenGraph(graph_def, {"weights:0": w}, "image:0", "logits:0", (784,), (28, 28), labels)


def test_nobody_waits_for_what_another_compiles(start, monkeypatch):
    """While one long trace is under way, what is made already is used."""
    made, other = freeze(dense()), freeze(dense(13))
    run(made, STEEPEST, start)
    compiles, go, make_trace = threading.Event(), threading.Event(), compiling._trace

    def slow(*args):
        compiles.set()
        assert go.wait(60)
        return make_trace(*args)

    monkeypatch.setattr(compiling, "_trace", slow)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        slower = threads.submit(run, other, STEEPEST, start)
        assert compiles.wait(60)
        try:
            threads.submit(run, made, STEEPEST, start).result(timeout=60)
        finally:
            go.set()
        slower.result(timeout=60)


def test_what_xla_refuses_runs_as_an_ordinary_graph(start):
    network = bessel()
    learned = run(network, STEEPEST, start)
    assert False in ways_of(network)
    assert not compiling.suits_xla(network)
    assert (learned.losses[-1] < learned.losses[0]).all()
    assert np.array_equal(run(network, STEEPEST, start).images, learned.images)


def test_names_and_order_in_a_file_make_no_other_architecture():
    first, second = freeze(dense()), freeze(dense())
    assert [n.name for n in first.graph_def.node] != [n.name for n in second.graph_def.node]
    assert architecture_of(first) is architecture_of(second)
    others = [freeze(dense(width=13)), freeze(dense(activation="tanh"))]
    others += [freeze(dense(), pixel_range=(0, 255))]
    assert len({id(architecture_of(network)) for network in [first, *others]}) == 4


@pytest.mark.parametrize("make", [dense, convolutional])
def test_a_network_is_given_back_when_nobody_holds_it(make, start):
    network = freeze(make())
    run(network, STEEPEST, start)
    run(network, STEEPEST, start[:1])
    read(network, start)
    gone = [weakref.ref(network), *map(weakref.ref, network.weights.values())]
    gone += map(weakref.ref, architecture.transposes_of(network))
    gone += map(weakref.ref, architecture.weights_of(network))
    del network
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


def test_a_decoder_is_given_back_when_nobody_holds_it(start):
    network = freeze(dense())
    weights = tf.random.stateless_uniform((5, 784), (1, 2))

    def decoder(codes, weights=weights):
        return tf.sigmoid(codes @ weights)

    for _ in range(2):
        run(network, STEEPEST, np.ones((4, 5), np.float32), decoder=decoder)
    gone = weakref.ref(decoder), weakref.ref(weights)
    del decoder, weights
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
    run(network, STEEPEST, start)


def test_few_architectures_are_remembered_that_nobody_holds(start):
    references = []
    for filters in range(1, architecture.MOST + 4):
        network = freeze(convolutional(filters))
        run(network, STEEPEST, start[:1], steps=1, frame_steps=())
        references.append(weakref.ref(architecture_of(network)))
    del network
    gc.collect()
    assert sum(reference() is not None for reference in references) <= architecture.MOST


def test_batches_are_as_large_as_fits():
    small, large = freeze(convolutional()), freeze(convolutional(64))
    sizes = [batches.most_at_once(architecture_of(network)) for network in (small, large)]
    assert sizes[0] == batches.MOST
    # 26×26×64 values three times over, after convolution, bias and ReLU, and some more.
    assert batches.MOST_BYTES / sizes[1] > 3 * 4 * 26 * 26 * 64
    assert batches.most_at_once(architecture_of(large), ways=10**9) >= 1
