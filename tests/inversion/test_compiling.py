"""What is compiled serves every network of an architecture, and goes with the last of them."""

import gc
import weakref

import keras
import numpy as np
import pytest

from invert.inversion import compiling, reading
from invert.inversion.architecture import MOST, architecture_of
from invert.inversion.freezing import freeze
from invert.inversion.learning import Objective, learn

CLIMB = Objective("logit", "steepest")


def network(seed, units=6, convolution=False):
    rng = np.random.default_rng(seed)
    first = [keras.layers.Conv2D(3, 3)] if convolution else []
    layers = [*first, keras.layers.Flatten(), keras.layers.Dense(units), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6, 6, 1)), *layers])
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return freeze(model)


def run(graph):
    start = np.full((2, 6, 6), 0.5, np.float32)
    return learn(graph, CLIMB, start, np.array([0, 2]), steps=3, step_size=0.1)


def test_networks_of_one_architecture_share_what_is_compiled_and_not_their_answers():
    one, other = network(1), network(2)
    assert architecture_of(one) is architecture_of(other)
    assert architecture_of(one) is not architecture_of(network(1, units=7))
    assert not np.allclose(run(one).images, run(other).images)
    image = np.ones((1, 6, 6), np.float32)
    assert not np.allclose(reading.read(one, image), reading.read(other, image))


@pytest.mark.parametrize("convolution", [False, True], ids=["dense", "convolution"])
def test_a_network_that_nobody_holds_is_given_back(convolution):
    graph = network(3, convolution=convolution)
    run(graph)
    reading.read(graph, np.ones((1, 6, 6), np.float32))
    held = [weakref.ref(graph), *(weakref.ref(w) for w in graph.weights.values())]
    del graph
    gc.collect()
    assert not [one for one in held if one() is not None]


def test_what_is_remembered_of_architectures_is_bounded():
    first = weakref.ref(architecture_of(network(0, units=200)))
    for units in range(1, MOST + 2):
        architecture_of(network(0, units=units))
    gc.collect()
    assert first() is None


def test_matrix_products_are_for_xla_and_convolutions_are_not():
    assert compiling.suits_xla(network(0))
    assert not compiling.suits_xla(network(0, convolution=True))


def test_what_xla_refuses_runs_as_an_ordinary_graph(monkeypatch):
    import tensorflow as tf

    graph = network(9, units=11)
    want = run(graph).images
    architecture = architecture_of(graph)
    architecture.compiled.clear()
    traced = compiling._trace

    def refusing(architecture, function, signature, xla, *rest):
        if not xla:
            return traced(architecture, function, signature, xla, *rest)

        def call(*_):
            raise tf.errors.InvalidArgumentError(None, None, "no such kernel")

        return call

    monkeypatch.setattr(compiling, "_trace", refusing)
    np.testing.assert_allclose(run(graph).images, want, atol=1e-5)
    assert not architecture.suits_xla
    architecture.compiled.clear()


def test_numbers_never_compile_again():
    graph = network(4, units=9)
    start = np.full((1, 6, 6), 0.5, np.float32)
    learn(graph, CLIMB, start, np.array([0]), steps=1, step_size=0.1, frame_steps=[0, 1])
    traced = dict(architecture_of(graph).compiled["traced"])
    for steps in (2, 60, 1000):
        for size in (0.01, 3):
            for target in range(3):
                settings = {"steps": steps, "step_size": size, "frame_steps": [0, steps]}
                learn(graph, CLIMB, start, np.array([target]), **settings)
    assert architecture_of(graph).compiled["traced"] == traced
