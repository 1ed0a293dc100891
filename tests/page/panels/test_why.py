"""Why: the reasons of the chosen network, and the smallest change of its answer."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from page_driver import ONE, at
from PIL import Image

import invert
from invert.networks.weights import WeightsError
from invert.page.panels import why
from invert.page.pictures import morph, wording
from invert.page.session import network, state


def pictures(shown):
    """The pictures of a morph's sprite, as the browser has them: ``(N, 28, 28)``, ink = 1."""
    uri = re.search(r"--sprite:url\(data:image/png;base64,([^)]*)\)", shown)[1]
    with Image.open(io.BytesIO(base64.b64decode(uri))) as sheet:
        return 1 - np.asarray(sheet, np.float32).reshape(-1, 28, 28) / 255


def data(shown):
    """What is said at each position, way by way, and how opaque the upper picture is there."""
    found = json.loads(html.unescape(re.search(r'data-morph="([^"]*)"', shown)[1]))
    return found["lines"], found["mix"]


def picks(shown):
    group = re.search(r'class="picks.*?</div>', shown)[0]
    return re.findall(r"<button[^>]*>([^<]*)</button>", group)


def changed(sample, name):
    threes = sample[0][sample[1] == 3]
    image = threes[(invert.classify(threes, classifier=name).argmax(axis=1) == 3).argmax()]
    return why._changes(image, name, name)


def test_why_explains_the_drawing_on_the_chosen_network(page, monkeypatch):
    other = at(monkeypatch, left="Why").click("back")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert re.search(r"energy reads 1, \S+ sure", other.words)
    assert other.html.count('class="heat sized"') == 2 and other.html.count('class="morph"') == 1
    other = at(monkeypatch, left="Why", network="robust").draw(ONE)
    assert re.search(r"robust reads 1, \S+ sure", other.words)
    assert "<code>energy</code> reads" not in other.html and "<h3>Inside" not in other.html


@pytest.mark.parametrize("name", ["question", "robust", "student"])
def test_the_pictures_shown_are_read_as_their_buttons_say(fresh, sample, name):
    shown = changed(sample, name)
    start, *ends = pictures(shown)
    read = invert.classify(np.stack([start, *ends]), classifier=name).argmax(axis=1)
    assert read[0] == 3 and [str(digit) for digit in read[1:]] == picks(shown)
    assert picks(shown) == list("012456789")


@pytest.mark.parametrize("name", ["question", "energy"])
def test_what_is_said_on_the_way_is_what_the_network_reads_there(fresh, sample, name):
    shown = changed(sample, name)
    (start, *ends), (lines, mix) = pictures(shown), data(shown)
    assert len(mix) == len(morph.SHARES) and (mix[0], mix[-1]) == (0, 1)
    for end, said in zip(ends, lines, strict=True):
        way = np.stack([start + share * (end - start) for share in mix])
        read = invert.classify(np.clip(way, 0, 1), classifier=name)
        words = [f"{name} {wording.reads(p, tuple('0123456789'))}" for p in read]
        wrong = [pair for pair in zip(words, said, strict=True) if pair[0] != pair[1]]
        assert len(wrong) <= 1, "the last bit may round one percent to its other side"


def test_lengths_are_those_of_the_pictures_and_two_networks_are_compared(fresh, sample):
    for name, others in (
        ("energy", ["question", "robust"]),
        ("robust", ["question"]),
        ("question", ["robust"]),
    ):
        shown = changed(sample, name)
        start, *ends = pictures(shown)
        told = re.findall(r"after a change of (\d+\.\d+)", shown)
        lengths = [np.linalg.norm(end - start) for end in ends]
        np.testing.assert_allclose([float(number) for number in told], lengths, atol=0.06)
        assert re.findall(r"<figcaption>for (\w+)<", shown) == others
        assert all(f"<code>{other}</code> needs" in shown for other in others)


def test_a_network_of_other_images_and_words_for_classes_is_explained_too(fresh, monkeypatch):
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(12)]
    model = keras.Sequential([keras.Input((8, 6, 3)), *layers])
    graph = invert.freeze(model, pixel_range=(0, 255), labels=[f"<k{n}>" for n in range(12)])
    image = np.random.default_rng(0).uniform(0, 255, (8, 6, 3)).astype(np.float32)
    ink, shown = why._ink("mine", image, graph), why._changes(image, "mine", graph)
    best = graph.labels[int(invert.classify(image, classifier=graph)[0].argmax())]
    assert f"reads {html.escape(best)}," in ink and "<k" not in ink + shown
    assert len(picks(shown)) == why.MOST_CLASSES and "question" not in shown
    refused = why._ink("mine", np.zeros((28, 28), np.float32), graph)
    assert "reads images of 8×6×3; this one is 28×28" in refused


def test_a_search_that_fails_leaves_the_maps(page, monkeypatch):
    def fail(*_):
        raise WeightsError("question.weights.h5 is missing.")

    monkeypatch.setattr(why, "_changed_html", fail)
    other = at(monkeypatch, left="Why").draw(ONE)
    assert other.words.count("question.weights.h5 is missing.") == 1
    assert "Which ink matters" in other.words


def test_only_the_chosen_network_counts(page, monkeypatch):
    asked = []
    monkeypatch.setattr(why, "_ink", lambda name, *_: asked.append(name) or "")
    monkeypatch.setattr(why, "_changes", lambda *_: "")
    monkeypatch.setattr(network, "chosen", lambda: network.Network("student", "student"))
    monkeypatch.setattr(state, "drawn_image", lambda: np.zeros((28, 28), np.float32))
    at(monkeypatch, left="Why")
    assert set(asked) == {"student"}


def test_sizes_are_whole_multiples_of_the_pixels():
    sizes = dict(part.split(":") for part in morph.sizes((32, 24, 3)).split(";"))
    assert sizes == {
        "--w": "24",
        "--h": "32",
        "--small": "5px",
        "--medium": "7px",
        "--large": "7px",
    }
