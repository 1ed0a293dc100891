"""The verdict on one's own network: distances by hand, what they are compared with, what helps."""

import re

import keras
import numpy as np
import pytest
from page_driver import ONE, at, with_own_network

import invert
from invert.page import examples
from invert.page.panels import verdict, why
from invert.page.session.network import Network


def linear(weights, shape, scale=1):
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(weights.shape[1])]
    model = keras.Sequential(layers)
    model.set_weights([weights / scale, np.zeros(weights.shape[1])])
    return model


@pytest.fixture(scope="module")
def reader(sample):
    """The weights of a linear network that reads digits, by least squares."""
    images, digits = sample
    x = images.reshape(-1, 784)
    return np.linalg.solve(x.T @ x + 30 * np.eye(784), x.T @ np.eye(10)[digits])


def chosen(graph, dark=False):
    return Network("mine#1", graph, graph.image_shape, graph.labels, graph.pixel_range, dark)


def shares(html):
    """The lengths that the bars say, by name."""
    rows = re.findall(r"<b>([^<]*)(?: <small>[^<]*</small>)?</b>.*?<em>([^<]*)</em>", html)
    return {name.strip(): float(length) for name, length in rows}


@pytest.mark.parametrize("scale", [1, 255])
def test_a_network_of_digits_is_measured_in_shares_of_its_range_beside_two(fresh, reader, scale):
    graph = invert.freeze(linear(reader, (28, 28), scale), pixel_range=(0, scale))
    shown = verdict._verdict(chosen(graph), None, 10)
    said = shares(shown)
    assert list(said) == ["mine", "question", "robust"] and "ten example digits" in shown
    x = examples.load()[:, 0].reshape(10, 784)
    z = x @ reader
    apart = np.linalg.norm(reader[:, :, None] - reader[:, None], axis=0) + np.diag([np.inf] * 10)
    own = z.argmax(axis=1)
    planes = ((z.max(axis=1)[:, None] - z) / apart[own]).copy()
    planes[np.arange(10), own] = np.inf
    # Pixels that are black or white already cannot give way, so it is a little farther.
    assert 0.99 < said["mine"] / np.median(planes.min(axis=1)) < 1.5
    assert said["question"] < 0.5 < 1.5 < said["robust"]
    assert "`" not in shown and len(re.findall(r"<b>\d → \d</b>", shown)) == 10


def test_dark_ink_is_measured_on_dark_ink(fresh, reader):
    """The same network, but for white where the other one has black, stands the same changes."""
    graph = invert.freeze(linear(reader, (28, 28)))
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    inked = keras.Sequential(layers)
    inked.set_weights([-reader, reader.sum(axis=0)])
    dark = verdict._verdict(chosen(invert.freeze(inked), dark=True), None, 4)
    said, light = shares(dark), shares(verdict._verdict(chosen(graph), None, 4))
    assert "four example digits" in dark
    assert said["mine"] == pytest.approx(light["mine"], abs=0.02)
    assert said["robust"] == light["robust"]


def test_what_cannot_be_compared_is_measured_on_the_picture_alone_and_says_so(fresh, reader):
    graph = invert.freeze(linear(-reader, (28, 28)))  # it reads digits wrong
    assert verdict._verdict(chosen(graph), None, 10) == ""
    image = examples.load()[3, 0]
    shown = verdict._verdict(chosen(graph), image, 10)
    assert "the picture under Classify" in shown and "One picture tells little" in shown
    assert re.search(r"this network reads \d+ of this page’s 100 digits right", shown)
    assert "bars" not in shown and "of 256 shades" in shown and shown.count("strip") == 1
    small = invert.freeze(linear(np.random.default_rng(0).normal(size=(64, 3)), (8, 8)))
    shown = verdict._verdict(chosen(small), np.full((8, 8), 0.5, np.float32), 10)
    assert verdict.OTHERS in shown and "as if every value moved by" in shown
    (length, shades) = re.search(r"change of ([\d.]+), as if .* by ([\d.]+) of 256", shown).groups()
    assert float(shades) == pytest.approx(255 * float(length) / 8, abs=0.3)


def test_an_answer_that_nothing_turns_is_said_to_be_good(fresh):
    weights = np.full((64, 3), 0.01)
    model = linear(weights, (8, 8))
    model.set_weights([weights, np.array([9.0, 0, 0])])
    shown = verdict._verdict(chosen(invert.freeze(model)), np.zeros((8, 8), np.float32), 10)
    assert verdict.UNTURNED in shown and "strip" not in shown


@pytest.mark.parametrize(
    ("half", "words"),
    [(1.9, "holds as"), (0.3, "is fooled as easily as"), (1.0, "takes 4.0 times the change")],
)
def test_the_verdict_goes_by_the_two_it_is_compared_with(half, words):
    def of(length):
        return verdict.Fooled(np.zeros(0), np.array([length]), np.zeros(0), np.zeros(0))

    network = Network("mine#1", None)
    others = {"question": of(0.25), "robust": of(2.0)}
    assert words in verdict._said(of(half), others, network)
    assert "2.0" in verdict._said(of(half), others, network)


def test_why_shows_the_verdict_and_the_program_without_a_drawing_too(
    page, reader, tmp_path, monkeypatch
):
    linear(reader, (28, 28)).save(tmp_path / "mine.keras")
    other = at(monkeypatch, left="Why").click("back")
    own = with_own_network(other, tmp_path / "mine.keras", monkeypatch)
    assert why.NOTHING in own.words
    assert own.html.count(verdict.TITLE) == 1 and 'role="alert"' not in own.html
    (code,) = [c.value for c in own.test.code if "mislead" in c.value]
    assert 'load_model("mine.keras")' in code and "eight times as long" in own.words
    own.draw(ONE)
    assert own.html.count(verdict.TITLE) == 1 and "Which ink matters" in own.words


def test_why_without_a_picture_still_offers_the_program(page, tmp_path, monkeypatch):
    """Of a network of other images, which no example fits."""
    linear(np.eye(9 * 9 * 3)[:, :4], (9, 9, 3)).save(tmp_path / "colours.keras")
    own = with_own_network(at(monkeypatch, left="Why"), tmp_path / "colours.keras", monkeypatch)
    assert 'role="alert"' not in own.html and verdict.TITLE not in own.html
    assert [c.value for c in own.test.code if 'load_model("colours.keras")' in c.value]


def test_a_network_that_ships_has_no_verdict(page, monkeypatch):
    other = at(monkeypatch, left="Why", network="question").draw(ONE)
    assert verdict.TITLE not in other.html and not other.test.code


def test_only_what_is_read_right_counts(monkeypatch):
    """Of the digits the first two of each class are misread, and of a 7 all are."""
    right = np.ones((10, verdict.examples.EACH), bool)
    right[:, :2] = False
    right[7] = False
    monkeypatch.setattr(verdict, "_read_right", lambda *_: right.ravel())
    monkeypatch.setattr(verdict, "READS", 0.5)
    digits = verdict.examples.load()
    found = verdict._asked(Network("mine#1", None), None, 16)
    np.testing.assert_array_equal(found.images, np.delete(digits[:, 2], 7, axis=0))
    assert "nine example digits" in found.words
