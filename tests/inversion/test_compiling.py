import collections
import concurrent.futures
import gc
import threading
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import architecture, batches, compiling
from invert.inversion.aims import one_hot
from invert.inversion.domain import Domain
from invert.inversion.freezing import freeze
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.learning import learn
from invert.inversion.loop import Objective
from invert.inversion.parametrisations.decoder import Decoder
from invert.inversion.reading import read
from invert.inversion.views import VIEWS

by_xla = pytest.mark.usefixtures("xla")
STEEPEST = Objective("cross-entropy", "steepest")
ADAM = Objective("logit", "adam", ("total_variation", "l2"), VIEWS["jitter"])


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
    settings |= {"weights": {"total_variation": 0.1, "l2": 0.1}, "strength": 2}
    aims = one_hot(np.arange(len(start)), network.classes)
    return learn(network, objective, start, aims, **settings)


def ways_of(network):
    """How the loops of a network were compiled: True by XLA, False as an ordinary graph."""
    traced = network.architecture.compiled.get("traced", {})
    return {xla for key, xla, _ in traced if isinstance(key[0], Objective)}


def traced_for(network):
    return [concrete for concrete, _ in network.architecture.compiled["traced"].values()]


@by_xla
def test_products_are_compiled_by_xla_and_convolutions_are_not(start):
    networks = freeze(dense()), freeze(convolutional())
    for network in networks:
        run(network, STEEPEST, start)
    assert [ways_of(network) for network in networks] == [{True}, {False}]
    assert [compiling.suits_xla(network) for network in networks] == [True, False]


@by_xla
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


@by_xla
def test_networks_of_one_architecture_share_what_is_compiled(start):
    models = dense(), dense()
    networks = [freeze(model) for model in models]
    learned = [run(network, STEEPEST, start) for network in networks]
    for model, each in zip(models, learned, strict=True):
        np.testing.assert_allclose(each.frame_logits[0], model(start.reshape(4, 784)), atol=1e-4)
        np.testing.assert_allclose(each.logits, model(each.inputs.reshape(4, 784)), atol=1e-4)
    assert not np.allclose(learned[0].inputs, learned[1].inputs)
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
    known = {"input_shape": (784,), "domain": Domain((28, 28)), "labels": labels}
    return FrozenGraph.of(graph_def, {"weights:0": w.numpy()}, "image:0", "logits:0", **known)


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


@by_xla
def test_what_xla_refuses_runs_as_an_ordinary_graph(start):
    network = bessel()
    learned = run(network, STEEPEST, start)
    assert False in ways_of(network)
    assert not compiling.suits_xla(network)
    assert (learned.losses[-1] < learned.losses[0]).all()
    assert np.array_equal(run(network, STEEPEST, start).inputs, learned.inputs)


def test_names_and_order_in_a_file_make_no_other_architecture():
    first, second = freeze(dense()), freeze(dense())
    assert first.architecture is second.architecture
    others = [freeze(dense(width=13)), freeze(dense(activation="tanh"))]
    others += [freeze(dense(), pixel_range=(0, 255))]
    assert len({id(network.architecture) for network in [first, *others]}) == 4


@by_xla
@pytest.mark.parametrize("make", [dense, convolutional])
def test_a_network_is_given_back_when_nobody_holds_it(make, start):
    network = freeze(make())
    run(network, STEEPEST, start)
    run(network, STEEPEST, start[:1])
    read(network, start)
    gone = [weakref.ref(network), *map(weakref.ref, network.weights)]
    gone += map(weakref.ref, network.transposes)
    del network
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


@by_xla
def test_a_decoder_is_given_back_when_nobody_holds_it(start):
    network = freeze(dense())
    weights = tf.random.stateless_uniform((5, 784), (1, 2))

    decoder = Decoder(lambda codes, weights=weights: tf.sigmoid(codes @ weights), 5, (28, 28))
    for _ in range(2):
        run(network, STEEPEST, np.ones((4, 5), np.float32), parametrisation=decoder)
    gone = weakref.ref(decoder), weakref.ref(weights)
    del decoder, weights
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
    run(network, STEEPEST, start)


def test_few_architectures_are_remembered_that_nobody_holds(start, monkeypatch):
    monkeypatch.setattr(architecture, "MOST", 3)
    monkeypatch.setattr(architecture, "_known", collections.OrderedDict())
    references = []
    for filters in range(1, 6):
        network = freeze(convolutional(filters))
        run(network, STEEPEST, start[:1], steps=1, frame_steps=())
        references.append(weakref.ref(network.architecture))
    del network
    gc.collect()
    assert sum(reference() is not None for reference in references) <= architecture.MOST


def test_batches_are_as_large_as_fits():
    small, large = freeze(convolutional()), freeze(convolutional(64))
    sizes = [batches.most_at_once(network.architecture) for network in (small, large)]
    assert sizes[0] == batches.MOST
    # 26×26×64 values three times over, after convolution, bias and ReLU, and some more.
    assert batches.MOST_BYTES / sizes[1] > 3 * 4 * 26 * 26 * 64
    assert batches.most_at_once(large.architecture, ways=10**9) >= 1
