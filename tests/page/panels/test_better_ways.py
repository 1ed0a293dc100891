"""Better ways: a rung for each classifier and method that was measured, and the table."""

import base64
import io
import re

import numpy as np
import pytest
from page_driver import at, rungs
from PIL import Image

import invert
from invert import CLASSIFIERS
from invert.evaluation import table
from invert.page.panels import better_ways
from invert.page.pictures import film_sheet
from invert.page.session import network, state


def sheet(shown):
    uri = re.search(r"--sprite:url\(data:image/png;base64,([^)]*)\)", shown)[1]
    return uri, Image.open(io.BytesIO(base64.b64decode(uri))).convert("L")


def test_ladder_draws_ten_digits_a_rung_and_the_seed_moves_those_that_have_one(page, monkeypatch):
    other = at(monkeypatch, right="Better ways")
    before = rungs(other)
    assert list(before) == list(better_ways.RUNGS)
    assert all(rung.count("made to be a") == 10 for rung in before.values())
    assert all(len(sheet(rung)[0]) <= 60_000 for rung in before.values())
    other.choose("ladder-seed", 1)
    moved = {name for name, rung in rungs(other).items() if rung != before[name]}
    black = {name for name in before if getattr(state.record_of(*name), "start", "") == "black"}
    assert black and moved == set(before) - black


@pytest.mark.parametrize(
    "rung", [("energy", "steepest"), ("question", "plain"), ("question", "opposite")]
)
def test_an_image_of_the_ladder_is_the_one_that_generate_makes_alone(fresh, rung):
    classifier, method = rung
    _, picture = sheet(better_ways._pictures(*rung, seed=5))
    frames = picture.height // 28
    at_once = method == "opposite"
    assert frames == (1 if at_once else film_sheet.FRAMES)
    run = (
        invert.opposite.load(classifier).draw([3], seed=5)
        if at_once
        else invert.generate([3], method, classifier=classifier, seed=5)
    )
    last = 1 - np.asarray(picture, np.float32)[-28:, 3 * 28 : 4 * 28] / 255
    assert np.abs(last - run.images[0]).max() < 0.05


def test_a_click_sets_the_page_to_that_image(page, monkeypatch):
    other = at(monkeypatch, right="Better ways", ladder_seed="7", start="noise", count="9")
    assert 'data-opens="robust steepest 3"' in other.html
    other.choose("ladder-opens", "robust steepest 3")
    chosen = {key: other.test.session_state[key] for key in ("network", "method", "digit", "seed")}
    assert chosen == {"network": "robust", "method": "steepest", "digit": "3", "seed": 7}
    assert (
        other.test.session_state["count"] == 1 and other.test.session_state["right"] == "Generate"
    )
    assert other.test.session_state["start"] == "default" and 'class="rung"' not in other.html
    assert other.images and other.images[0].startswith("Image made to be a 3")


def test_one_digit_by_all_methods_at_a_glance(page, monkeypatch):
    other = at(monkeypatch, right="Better ways", ladder_show="3")
    found = re.findall(r'data-opens="(\S+) (\S+) (\d)"', other.html)
    assert [(*rung, "3") for rung in better_ways.RUNGS] == found
    assert other.html.count("made to be a 3") == len(found)
    assert "judge: 3" in other.words and "All that was measured" not in other.words


def test_a_visitors_own_network_has_a_rung_and_keeps_its_words(page, monkeypatch):
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(12)]
    model = keras.Sequential([keras.Input((8, 6, 3)), *layers])
    graph = invert.freeze(model, labels=[f"<k{n}>" for n in range(12)])
    monkeypatch.setattr(network, "chosen", lambda: network.Network("mine", graph))
    own = better_ways._pictures("own", "steepest", 0)
    assert own.count("made to be a &lt;k") == 10 and "<k" not in own and "network reads" in own
    assert "the network reads" in better_ways._pictures("own", "steepest", 0, (9,))


def test_what_is_said_above_the_ladder_is_true_of_a_network_of_other_classes(page, monkeypatch):
    monkeypatch.setattr(better_ways, "_pictures", lambda *_: "")
    words = at(monkeypatch, right="Better ways", ladder_show="3").words
    assert better_ways.WHAT.format(better_ways.READERS) in words
    keras = pytest.importorskip("keras")
    dense = [keras.layers.Flatten(), keras.layers.Dense(3)]
    graph = invert.freeze(keras.Sequential([keras.Input((8, 6)), *dense]))
    own = network.Network("mine", graph, graph.image_shape, graph.labels)
    monkeypatch.setattr(network, "chosen", lambda: own)
    words = at(monkeypatch, right="Better ways", ladder_show="2").words
    assert better_ways.WHAT_OF_OWN.format(better_ways.OWN_READS) in words
    assert better_ways.READERS not in words


def test_ladder_has_every_method_and_every_classifier():
    classifiers, methods = zip(*better_ways.RUNGS, strict=True)
    assert set(classifiers) == set(CLASSIFIERS) and set(methods) == {
        *invert.METHODS,
        state.OPPOSITE.name,
    }


@pytest.mark.parametrize("classifier, method", better_ways.RUNGS)
def test_of_several_starts_that_were_measured_the_methods_own_comes_first(classifier, method):
    measured = next(start for *rung, start in table.PLAN if rung == [classifier, method])
    assert measured == getattr(state.record_of(classifier, method), "start", "random")


def test_ladders_figures_are_the_measured_ones(page, monkeypatch):
    row = table.Row(
        "robust", "steepest", "black", 10_000, False, 0.995, 0.987, 543.2, 0.12, 0.876, 6.5, 1.25
    )
    other = row._replace(start="noise", frechet=311.4)
    monkeypatch.setattr(table, "load", lambda: [row, other])
    monkeypatch.setattr(better_ways, "_pictures", lambda *_: "")
    shown = at(monkeypatch, right="Better ways")
    found = rungs(shown)
    assert "543.2" in found["robust", "steepest"] and "311.4" not in found["robust", "steepest"]
    assert "Fréchet" not in found["question", "plain"] + found["energy", "steepest"]
    assert re.search(
        r"robust steepest noise 10,000 0.995 0.987 311.4 0.12 0.876 6.5 1.25", shown.words
    )


def test_a_film_that_is_too_rich_loses_shades_and_then_frames():
    noise = np.random.default_rng(0).integers(0, 256, (12, 10, 28, 28)).astype(np.uint8)
    png, frames = film_sheet.png(noise)
    assert len(png) <= film_sheet.MOST_BYTES and frames >= 6
    png, frames = film_sheet.png(noise // 200 * 200)
    assert frames == 12
