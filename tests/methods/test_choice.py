"""One's own network chooses its method, by what it still sees when it looks from elsewhere."""

import keras
import numpy as np
import pytest

import invert
from invert.methods import choice
from invert.methods.records import METHODS
from invert.networks import classifier


@pytest.fixture(scope="module")
def own():
    """The question's network as a network of one's own."""
    return invert.freeze(classifier.load("question"))


def network(shape, classes=3):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(classes)]
    return invert.freeze(keras.Sequential([keras.Input(shape), *layers]))


@pytest.fixture
def rated(monkeypatch):
    """Every method tried is rated as told: how many convince, and how sure the network is."""

    def told(rates):
        monkeypatch.setattr(choice, "_try", lambda graph, method, settings: (method, settings))
        monkeypatch.setattr(choice, "_rate", lambda graph, tried: rates(*tried))

    return told


def test_the_surest_counts_among_those_that_convince_as_many_as_steepest(rated):
    sure = {"strokes": (1.0, 0.9), "fourier": (0.9, 0.99), "steepest": (1.0, 0.5)}
    rated(lambda method, settings: sure[method])
    chosen = choice.method_of(network((28, 28)))
    assert chosen.method == "strokes"
    assert "strokes 0.90, fourier 0.99, steepest 0.50" in chosen.why
    assert chosen.why.endswith("With fourier fewer images convinced it.")
    sure["fourier"] = (0.9, 0.8)
    assert "fewer images" not in choice.method_of(network((28, 28))).why


@pytest.mark.parametrize(("shape", "drawn"), [((28, 28), True), ((8, 8, 3), False)])
def test_a_pen_is_tried_where_pictures_are_grey_and_small(shape, drawn, rated):
    tried = []
    rated(lambda method, settings: (tried.append(method), (1.0, 0.5))[1])
    choice.method_of(network(shape))
    assert tried == ["strokes"] * drawn + ["fourier", "steepest"]


def test_a_choice_is_made_once_and_kept_with_the_network(rated):
    asked = []
    rated(lambda method, settings: (asked.append(method), (1.0, 0.5))[1])
    graph = network((8, 8, 3))
    assert choice.method_of(graph) is choice.method_of(graph)
    assert len(asked) == 2


def test_the_weights_of_regularized_are_the_surest_of_those_that_convince_most(rated):
    def rates(method, settings):
        weight = settings["l2"]
        return {10.0: (0.2, 0.9), 1.0: (1.0, 0.7), 0.1: (1.0, 0.4)}[weight]

    rated(rates)
    assert choice.weights_of(network((28, 28))) == {"total_variation": 1.0, "l2": 1.0}


def test_specks_lose_by_a_look_from_elsewhere_and_strokes_do_not(own):
    """The real thing: pixels convince `question` by specks, a pen by what anyone can read."""
    rated = {
        method: choice._rate(own, choice._try(own, method, {}))
        for method in ("strokes", "steepest")
    }
    assert rated["strokes"][0] >= rated["steepest"][0]
    assert rated["strokes"][1] > rated["steepest"][1] + 0.2


def test_a_run_says_what_was_chosen_and_a_named_method_asks_nobody(own, rated):
    rated(lambda method, settings: (1.0, float(method == "fourier")))
    run = invert.generate([3], classifier=own, steps=5)
    assert run.method == "fourier" and any("The network chose fourier" in n for n in run.notes)
    own.compiled.clear()
    named = invert.generate([3], "steepest", classifier=own, steps=5)
    assert named.method == "steepest" and not any("chose" in note for note in named.notes)
    started = invert.generate([3], classifier=own, start=np.zeros((28, 28)), steps=5)
    assert started.method == "steepest"


def test_regularized_asks_for_its_weights_where_nobody_says_them(own, rated):
    rated(lambda method, settings: (1.0, -settings["l2"]))
    run = invert.generate([3], "regularized", classifier=own, steps=5)
    assert run.settings["l2"] == pytest.approx(0.01 * METHODS["regularized"].priors["l2"])
    told = invert.generate([3], "regularized", classifier=own, steps=5, l2=3)
    assert told.settings["l2"] == 3


@pytest.mark.parametrize(
    "sure, chosen, why",
    [(0.7, "strokes", "keep enough"), (0.5, "fourier", "keep the most"), (1.0, "strokes", "most")],
)
def test_a_pen_wins_where_it_is_nearly_as_sure(rated, sure, chosen, why):
    rates = {"strokes": (1.0, sure), "fourier": (1.0, 0.99), "steepest": (1.0, 0.2)}
    rated(lambda method, settings: rates[method])
    found = choice.method_of(network((28, 28)))
    assert found.method == chosen and why in found.why
    assert (choice.OF_A_PEN in found.why) == (sure == 0.7)


def test_what_cannot_be_tried_loses(monkeypatch):
    tried = choice._try

    def fails(graph, method, settings):
        if method == "fourier":
            raise ValueError("The logits must be finite.")
        return tried(graph, method, settings)

    monkeypatch.setattr(choice, "_try", fails)
    monkeypatch.setattr(choice, "TRIAL", (2, 3))
    assert "fourier 0.00" in choice.method_of(network((8, 6, 3))).why


def test_a_channel_that_an_even_page_leaves_inactive_is_woken():
    """It sees edges alone, and only strong ones: on faint waves its gradient is exactly 0."""
    edges = keras.layers.Conv2D(1, 3, activation="relu", name="edges")
    ends = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((16, 16, 3)), edges, *ends])
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[:, 0], kernel[:, 2] = 0.3, -0.3
    edges.set_weights([kernel, np.float32([-0.8])])
    channel = invert.freeze(model, output="edges")
    run = invert.generate([0], "fourier", classifier=channel, steps=40, frames=2)
    assert run.verdicts == ("convinced",)
    assert run.frame_probabilities[-1, 0, 0] == run.probabilities[0, 0] > 0
