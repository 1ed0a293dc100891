"""What channels look for: drawn a few at a time, and as filters that one knows by hand want it."""

import re

import keras
import numpy as np
import pytest
from page_driver import at

import invert
from invert.methods import records
from invert.page.own_network import effort
from invert.page.panels import channels
from invert.page.server import queue
from invert.page.session.network import Network


@pytest.fixture(scope="module")
def edges():
    """Of two channels the first looks for what changes downwards, the second to the right."""
    layers = [keras.Input((12, 12, 1)), keras.layers.Conv2D(2, 2, activation="relu", name="edges")]
    ending = [keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([*layers, *ending])
    filters = np.zeros((2, 2, 1, 2), np.float32)
    filters[:, :, 0, 0] = [[1, 1], [-1, -1]]
    filters[:, :, 0, 1] = [[1, -1], [1, -1]]
    model.get_layer("edges").set_weights([filters, np.zeros(2)])
    return invert.freeze(model)


def test_a_picture_is_what_its_filter_looks_for(fresh, edges):
    group = channels._drawn("mine#1", "edges", 0, 2, 80, edges)
    down = np.abs(np.diff(group.images, axis=1)).mean((1, 2))
    right = np.abs(np.diff(group.images, axis=2)).mean((1, 2))
    assert down[0] > 1.5 * right[0] and right[1] > 1.5 * down[1]
    assert group.images.min() >= 0 and group.images.max() <= 1
    assert (group.above > group.answers).all()


def test_some_are_drawn_in_each_turn_and_frames_wait_for_the_others(page, monkeypatch):
    turns, sheets = [], []
    monkeypatch.setattr(channels, "STEPS", 10)
    turn, sheet = queue.turn, channels._sheet

    def counted(*lines, **options):
        if queue.PAGE not in lines:
            turns.append(lines)
        return turn(*lines, **options)

    monkeypatch.setattr(queue, "turn", counted)
    monkeypatch.setattr(channels, "_sheet", lambda *a: sheets.append(sheet(*a)) or sheets[-1])
    other = at(monkeypatch, right="What is lost", network="student")
    assert [s.count("strip") for s in sheets] == [0, 4, 8, 12]
    assert [s.count("waiting") for s in sheets] == [12, 8, 4, 0]
    (layer,) = [box for box in other.test.selectbox if box.label == "Layer"]
    assert layer.options[:2] == ["c1: 6 channels", "c3: 16 channels"]
    assert layer.value == "c3", "the last of channels"
    before = len(turns)
    other.click("more-channels")
    assert sheets[-1].count("strip") == 16 and "more-channels" not in str(other.test.button)
    assert len(turns) == before + 1, "those that are there stay"
    (layer,) = [box for box in other.test.selectbox if box.label == "Layer"]
    layer.set_value("c1")
    other.run()
    assert sheets[-1].count("strip") == 6 and 'role="alert"' not in other.html
    numbers = re.findall(r"<figcaption><b>(\d+)</b> (\+\d+|silent)<", other.html)
    assert [int(number) for number, _ in numbers] == [1, 2, 3, 4, 5, 6]


def test_a_slow_network_draws_fewer_at_once_and_a_very_slow_one_none(edges, monkeypatch):
    chosen = Network("mine#1", edges, edges.image_shape, edges.labels)
    assert channels._pace(chosen) == (channels.AT_ONCE, channels.STEPS)
    record = records.METHODS[channels.METHOD]
    for part, at_once in ((300, 1), (3, 0)):
        slow = effort.Effort(1.0, effort.MOST_OF_A_RUN / part)
        monkeypatch.setitem(edges.compiled, effort.EFFORT, slow)
        count, steps = channels._pace(chosen)
        assert count == at_once and steps == (
            min(120, chosen.most_steps(record, 1)) if count else 0
        )


def test_layers_that_cannot_be_told_apart_are_not_looked_into(page, monkeypatch):
    from invert.inversion.freezing import cutting

    monkeypatch.setattr(cutting, "telling_layers", lambda _: ())
    other = at(monkeypatch, right="What is lost", network="student")
    assert channels.NONE.format("student").replace("`", "") in other.words
