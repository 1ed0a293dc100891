"""The opposite model of one's own network: learned in turns beside the page, then offered there."""

import base64
import html
import json
import re
import threading
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from page_driver import ZERO, rungs, until, with_own_network

import invert
from invert.inversion.freezing import freeze
from invert.inversion.parametrisations.strokes import Strokes
from invert.methods import opposite
from invert.methods.opposite import crafts, learning_to_draw
from invert.page.own_network import effort, learning_job
from invert.page.panels import generate, own_opposite
from invert.page.server import queue
from invert.page.session import settings


@pytest.fixture(scope="module")
def small_network(tmp_path_factory):
    """A network of 28×28 pixels and three classes, as a file."""
    keras.utils.set_random_seed(5)
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(3)]
    path = tmp_path_factory.mktemp("own") / "small.keras"
    keras.Sequential(layers).save(path)
    return path


def unlearned(graph, progress=None, steps=0, every=0):
    """An opposite model as it is before its first step; learning itself takes too long here."""
    network = crafts.of_pen(Strokes(graph.domain.shape), graph.classes, 2)
    progress(1.0, 0.0)
    return opposite.Opposite(
        network, network.start(0), graph.labels, graph.domain, graph.name, graph
    )


def test_a_network_learns_its_opposite_and_every_class_answers_by_it(
    page, small_network, monkeypatch, tmp_path
):
    monkeypatch.setattr(invert, "opposite", unlearned)
    with_own_network(page.draw(ZERO), small_network, monkeypatch)
    assert "opposite" not in page.test.get_by_key("method").options
    page.click("learn-opposite")
    (job,) = learning_job._jobs.values()
    until(lambda: not job.under_way)
    page.run()
    assert own_opposite.DONE in page.words and not job.complaint
    page.click("use-opposite").choose("class", 2)
    assert page.test.get_by_key("method").value == "opposite"
    assert "Made in one go" in page.words and generate.JUDGE not in page.words
    graph = freeze(small_network)
    want = unlearned(graph, lambda *_: None).draw([2], settings.SEED)
    path = tmp_path / "opposite.keras"
    path.write_bytes(learning_job.file_of(job.found))
    kept = opposite.opposite.load(path, graph).draw([2], settings.SEED)
    np.testing.assert_allclose(kept.images, want.images, atol=0.02)  # in half precision
    way = json.loads(html.unescape(re.search(r'data-pen="([^"]*)"', page.html)[1]))
    points = np.frombuffer(base64.b64decode(way["points"]), "<i2") / way["units"]
    np.testing.assert_allclose(points, want.strokes.ravel(), atol=0.06)
    page.test.session_state["right"] = "Better ways"
    assert rungs(page.run())["own", "opposite"].count("made to be a") == 3
    page.test.session_state["right"] = "Generate"
    page.run()
    page.choose("own-range-1", "0 to 255")
    assert "opposite" not in page.test.get_by_key("method").options, "of another range"
    assert page.test.button(key="learn-opposite") and not learning_job._jobs


def job_of(steps, monkeypatch):
    """A job whose learning tells progress so often; and what happened, in order."""
    happened = []

    def learn(graph, progress, steps, every):
        for step in range(steps):
            happened.append(step)
            progress((step + 1) / steps, 0.0)
        raise ValueError("nothing is learned here")

    monkeypatch.setattr(invert, "opposite", learn)
    monkeypatch.setattr(learning_job, "turn_steps", lambda graph: 1)
    return learning_job.Job(SimpleNamespace(), (), "me", steps), happened


def test_between_two_turns_others_come_first(monkeypatch):
    job, happened = job_of(3, monkeypatch)
    for who in ("me", VISITOR):
        with queue.turn(queue.WORK, who):
            pass  # had a turn already, the visitor after the job
    with queue.turn(queue.WORK, "another"):
        job.start()
        waiting = threading.Thread(target=lambda: _visit(happened))
        until(lambda: len(queue.WORK.tickets) == 2)
        waiting.start()
        until(lambda: len(queue.WORK.tickets) == 3)
    waiting.join()
    until(lambda: not job.under_way)
    assert happened[:2] == [0, "a visitor"] and happened[2:] == [1, 2]
    assert job.share == 1 and not queue.WORK.tickets


VISITOR = "a visitor who comes later"


def _visit(happened):
    with queue.turn(queue.WORK, VISITOR):
        happened.append("a visitor")


def test_a_job_that_nobody_wants_ends_with_its_turn(monkeypatch):
    job, happened = job_of(1000, monkeypatch)
    learning_job._jobs["somebody"] = job
    with queue.turn(queue.WORK, "another"):
        job.start()
        until(lambda: len(queue.WORK.tickets) == 2)
        learning_job.stop("somebody")
    until(lambda: not job.under_way)
    assert not happened and job.found is None and not job.complaint
    assert not queue.WORK.tickets and "somebody" not in learning_job._jobs


@pytest.mark.parametrize(
    "shape, image, results, steps",
    [
        ((28, 28), 1e6, 1e5, crafts.PEN.steps),
        ((28, 28), 3e7, 1e5, 1250),
        ((28, 28), 1e8, 1e5, 0),
        ((28, 28), 1e6, 2**21, 0),
        ((64, 64), 1e6, 1e5, 0),
        ((32, 32, 3), 1e6, 1e5, crafts.WAVES.steps),
        ((32, 32, 3), 7e7, 1e5, 535),
        ((32, 32, 3), 1e8, 1e5, 0),
        ((64, 64, 3), 1e6, 1e5, 0),
    ],
)
def test_only_what_is_fast_and_small_enough_learns_here(shape, image, results, steps):
    known = effort.Effort(0.0, image, results)
    graph = SimpleNamespace(image_shape=shape, classes=10, compiled={effort.EFFORT: known})
    graph.domain, graph.head = SimpleNamespace(shape=shape, is_image=True), "softmax"
    assert learning_job.steps_for(graph) == steps
    turns = learning_job.turn_steps(graph) * learning_to_draw.AT_ONCE * image
    assert turns <= max(learning_job.WORK_OF_A_TURN, learning_to_draw.AT_ONCE * image)
