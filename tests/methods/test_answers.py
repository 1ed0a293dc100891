"""What counts as an answer of a hidden unit."""

import dataclasses

import keras
import numpy as np
import pytest

import invert
from invert.methods import answers, choice, starts

SHAPE = (8, 8)


@pytest.fixture(scope="module")
def layer():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((*SHAPE, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    return model, invert.freeze(model, output="conv")


def test_a_unit_is_driven_above_noise(layer):
    model, graph = layer
    run = invert.generate([2, 3], "steepest", classifier=graph, seed=1)
    by_keras = model.layers[0](run.images[..., None]).numpy().mean((1, 2))
    np.testing.assert_allclose(run.probabilities, by_keras, atol=1e-5)
    noise = starts.make("noise", np.zeros(64, int), 0, graph.domain)
    usual = model.layers[0](noise[..., None]).numpy().mean((1, 2))[:, [2, 3]]
    own = by_keras[[0, 1], [2, 3]]
    np.testing.assert_allclose(run.above, (own - usual.mean(0)) / usual.std(0), rtol=1e-3)
    assert run.verdicts == ("convinced", "convinced") and (run.above > 3).all()
    np.testing.assert_allclose(run.losses[0], -graph_start(run, graph, model), rtol=1e-4)


def graph_start(run, graph, model):
    """The activations that the run's own start gives: the loss is minus these."""
    noise = starts.make("noise", run.targets, run.seed, graph.domain)
    return model.layers[0](noise[..., None]).numpy().mean((1, 2))[[0, 1], [2, 3]]


def test_noise_itself_does_not_convince(layer):
    _, graph = layer
    noise = starts.make("noise", np.zeros(8, int), 5, graph.domain)
    from invert.inversion.reading import read

    assert not answers.convinced(graph, read(graph, noise), np.arange(8) % 4).all()


def test_the_layer_chooses_by_how_far_its_units_are_above_noise(layer, monkeypatch):
    """Strokes and waves are tried by one step only, so that they convince nobody."""
    trials = []

    def tried(graph, method, settings):
        steps = 20 if method == "steepest" else 1
        trials.append(invert.generate([0, 1], method, classifier=graph, steps=steps))
        return trials[-1]

    monkeypatch.setattr(choice, "_try", tried)
    monkeypatch.setattr(choice, "LOOKS", 1)
    monkeypatch.setattr(choice, "SMALL", 1)  # no drawings
    chosen = choice.method_of(dataclasses.replace(layer[1]))
    assert chosen.method == "steepest" and "deviations above noise" in chosen.why
    assert [run.settings["loss"] for run in trials] == ["logit", "logit"]


@pytest.mark.parametrize("asked", [{1: 0.5, 2: 0.5}, [{1: 0}], np.full((1, 4), 0.25), 4])
def test_what_no_unit_can_be_asked_for_is_said(layer, asked):
    with pytest.raises(ValueError, match="name one unit an image|from 0 to 3|each target must be"):
        invert.generate(asked, classifier=layer[1])


def test_an_opposite_model_needs_classes(layer):
    with pytest.raises(ValueError, match="opposite needs a classifier; .* gives activations"):
        invert.opposite(layer[1])
