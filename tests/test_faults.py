"""Whatever fails has its sentence on the page, tells no secret, and is over when it is over."""

import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from page_driver import CANVAS, ONE, SECONDS, ZERO, Page, at, rungs, until

import invert
from invert.evaluation import table
from invert.explanation import invariances, smallest_change
from invert.inversion import learning
from invert.methods import starts, warming
from invert.networks import classifier, inverse_model, judge, weights
from invert.networks.weights import WeightsError
from invert.page import examples
from invert.page.canvas import shown_instead
from invert.page.panels import better_ways, classify, offers
from invert.page.pictures import downloads, run_images
from invert.page.server import failure, loading
from invert.page.session import one_of, settings

COUNT = settings.COUNT
SECRET = "secret of /srv/somebody"


def failing(error):
    def fail(*_, **__):
        raise error

    return fail


def whole(page):
    """Whether the page reads the drawing and shows all images, with no complaint."""
    return page.answer == 1 and len(page.images) == COUNT and 'role="alert"' not in page.html


def says(page, words):
    """Whether the page says this as a failure, and nothing that visitors are not to know."""
    assert "Traceback" not in page.html and "secret" not in page.html and "/srv" not in page.html
    return f'role="alert">{words}' in page.html


# --- The thread that loads


@pytest.mark.parametrize(
    "error, words",
    [
        (WeightsError("judge.weights.h5 is <missing>."), "judge.weights.h5 is &lt;missing&gt;."),
        (RuntimeError(SECRET), failure.UNEXPECTED),
        (MemoryError(SECRET), failure.NO_MEMORY),
        (SystemExit(SECRET), failure.UNEXPECTED),
        (KeyboardInterrupt(SECRET), failure.UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_failed_loading_is_one_sentence_and_can_be_tried_again(fresh, monkeypatch, error, words):
    monkeypatch.setattr(warming, "warm_up", lambda report: None)
    with monkeypatch.context() as broken:
        broken.setattr(loading, "load_networks", failing(error))
        page = Page(monkeypatch).run()
        until(loading.failed)
        page.draw(ONE)
        assert says(page, words)
        assert "The models are not loaded." in page.words and page.answer is None
    page.click("retry")
    until(loading.ready)
    assert whole(page.run())


def test_a_system_without_threads_left_is_one_sentence_too(fresh, monkeypatch):
    monkeypatch.setattr(warming, "warm_up", lambda report: None)
    page = Page(monkeypatch)
    with monkeypatch.context() as broken:
        start = threading.Thread.start

        def fail(thread):
            if thread.name == "invert-warm-up":
                raise RuntimeError("can't start new thread")
            start(thread)

        broken.setattr(threading.Thread, "start", fail)
        page.run().run()
        assert says(page, failure.UNEXPECTED)
    page.click("retry")
    until(loading.ready)
    assert whole(page.draw(ONE))


def test_page_answers_while_the_rest_is_compiled_and_when_that_fails(fresh, monkeypatch):
    go = threading.Event()

    def compile_slowly_and_fail(report):
        report("Compiling the rest", 0.5)
        assert go.wait(SECONDS)
        raise WeightsError("latent.weights.h5 is missing.")

    monkeypatch.setattr(warming, "warm_up", compile_slowly_and_fail)
    page = Page(monkeypatch).run()
    until(loading.ready)
    page.draw(ONE)
    assert page.answer == 1 and len(page.images) == COUNT and "Compiling the rest" in page.words
    go.set()
    until(lambda: loading._loader().state == "failed")
    page.run()
    assert page.answer == 1 and len(page.images) == COUNT
    assert says(page, "latent.weights.h5 is missing.")


# --- Files that are gone or altered while the server runs, before a network's first use


@pytest.fixture
def disk(page, tmp_path, monkeypatch):
    """A copy of model_weights/ to harm."""
    folder = tmp_path / "model_weights"
    shutil.copytree(weights.DIRECTORY, folder)
    monkeypatch.setattr(weights, "DIRECTORY", folder)
    return folder


@pytest.fixture
def forgotten(disk, monkeypatch):
    """The same, and nothing of it is in memory yet."""
    for module, names in {
        classifier: ("load", "_shipped"),
        judge: ("load",),
        starts: ("class_gaussian",),
        inverse_model: ("load", "_drawer", "decoder"),
    }.items():
        for name in names:
            forgetful = weights.once(getattr(module, name).__wrapped__)
            monkeypatch.setattr(module, name, forgetful)
    return disk


def alter(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name, asking",
    [
        ("question", {"network": "question", "steps": "5"}),
        ("robust", {"network": "robust", "steps": "5"}),
        ("energy", {"network": "energy", "steps": "5"}),
        ("class-gaussian", {"start": "class-gaussian", "steps": "5"}),
        ("inverse", {"method": "inverse"}),
        ("judge", {"method": "inverse"}),
    ],
)
def test_weights_gone_or_altered_are_named_until_they_are_back(
    forgotten, monkeypatch, name, asking
):
    path = weights.path_of(name)
    whole_file = path.read_bytes()
    path.unlink()
    page = at(monkeypatch, **asking)
    assert says(page, f"model_weights/{path.name} is missing. Rebuild it with: ")
    assert not page.images
    path.write_bytes(whole_file)
    alter(path)
    page.draw(ONE)
    assert says(page, f"model_weights/{path.name} is cut or altered")
    assert str(forgotten.parent) not in page.html
    path.write_bytes(whole_file)
    assert whole(page.run())


def test_a_reader_whose_weights_are_gone_says_so_and_the_other_one_reads(forgotten, monkeypatch):
    path = weights.path_of("question")
    kept = path.rename(path.with_suffix(".away"))
    page = at(monkeypatch, method="inverse").draw(ONE)
    page.choose("network", "question")
    assert says(page, "model_weights/question.weights.h5 is missing") and page.answer is None
    page.choose("network", "robust")
    assert whole(page)
    kept.rename(path)
    assert whole(page.choose("network", "question"))


def test_a_manifest_that_is_gone_or_broken_is_named_until_it_is_back(forgotten, monkeypatch):
    path = forgotten / "manifest.json"
    text = path.read_text()
    for broken in (None, "{", "[" * 100_000, "{}"):
        path.unlink() if broken is None else path.write_text(broken)
        page = at(monkeypatch, method="inverse").draw(ONE)
        assert page.html.count('role="alert"') == 3 and "model_weights" in page.words
        assert str(forgotten.parent) not in page.html
    path.write_text(text)
    assert whole(page.run())


PLAIN, INVERSE = ("question", "plain"), ("robust", "inverse")


def only(monkeypatch, *names):
    """Let the ladder have these rungs only, and a ``generate`` of its own."""
    package = SimpleNamespace(METHODS=invert.METHODS, generate=invert.generate)
    monkeypatch.setattr(better_ways, "RUNGS", names)
    monkeypatch.setattr(better_ways, "invert", package)
    return package


@pytest.mark.parametrize("broken", [None, "{", '{"version": {}, "rows": [{"method": "robust"}]}'])
def test_a_table_that_is_gone_or_broken_leaves_the_pictures(page, disk, monkeypatch, broken):
    path = disk / table.TABLE
    text = path.read_text()
    path.unlink() if broken is None else path.write_text(broken)
    only(monkeypatch, INVERSE)
    shown = at(monkeypatch, right="Better ways")
    assert says(shown, "model_weights/evaluation.json cannot be read")
    assert list(rungs(shown)) == [INVERSE]
    path.write_text(text)
    assert "All that was measured" in shown.run().words and whole(shown.draw(ONE))


@pytest.mark.parametrize("broken", [None, b"", b"PK\x03\x04 cut"])
def test_examples_that_are_gone_or_broken_leave_the_drawing(page, tmp_path, monkeypatch, broken):
    path = tmp_path / "examples.npz"
    shutil.copy(examples.PATH, path)
    page.draw(ONE)
    words = "The example digits cannot be read"
    with monkeypatch.context() as gone:
        gone.setattr(examples, "PATH", path)
        path.unlink() if broken is None else path.write_bytes(broken)
        examples.load.cache_clear()
        assert says(page.click("example"), words) and page.answer == 1
        lost = at(monkeypatch, right="What is lost")
        assert says(lost, words), "here the first example is missed, too"
    assert lost.run().html.count('class="experiment"') == 4
    assert "MNIST test digit" in lost.click("example").html and not says(lost, words)


# --- Exceptions in what is computed


def of_tensorflow(kind):
    return kind(None, None, f"OOM when allocating tensor with shape[9,9] in {SECRET}")


def of_a_trace():
    return ValueError(f'in user code:\n\n    File "/srv/app.py", line 3, in loop\n    {SECRET}')


ERRORS = pytest.mark.parametrize(
    "error, words",
    [
        (RuntimeError(SECRET), failure.UNEXPECTED),
        (of_a_trace(), failure.UNEXPECTED),
        (KeyError(SECRET), failure.UNEXPECTED),
        (of_tensorflow(tf.errors.InvalidArgumentError), failure.UNEXPECTED),
        (of_tensorflow(tf.errors.ResourceExhaustedError), failure.NO_MEMORY),
        (MemoryError(SECRET), failure.NO_MEMORY),
    ],
    ids=lambda value: type(value).__name__,
)


@ERRORS
def test_failing_run_is_one_sentence_and_the_left_side_reads_on(page, monkeypatch, error, words):
    with monkeypatch.context() as broken:
        broken.setattr(learning, "learn", failing(error))
        page.choose("digit", "2").draw(ONE)
        assert says(page, words) and page.answer == 1 and not page.images
        assert page.test.get_by_key("digit").value == "2"
    assert whole(page.run())


@ERRORS
def test_failing_classifier_is_one_sentence_beside_the_drawing(page, monkeypatch, error, words):
    with monkeypatch.context() as broken:
        broken.setattr(invert, "classify", failing(error))
        page.draw(ONE)
        assert says(page, words) and page.answer is None
        assert len(page.images) == COUNT, "the other side is not concerned"
    assert whole(page.run())


def test_memory_that_is_really_not_there_is_called_that(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(learning, "learn", lambda *_, **__: np.ones(2**48))
        assert says(page.choose("digit", "2"), failure.NO_MEMORY)
    assert whole(page.draw(ONE))


def test_our_own_sentences_are_shown_as_they_are(page, monkeypatch):
    make = invert.generate
    with monkeypatch.context() as broken:
        broken.setattr(invert, "generate", lambda *a, **k: make(*a, **{**k, "seed": "<b>"}))
        page.choose("digit", "2")
        assert says(page, "seed must be a whole number from 0 to 2147483647; got &#x27;&lt;b&gt;")
    assert whole(page.draw(ONE))


def test_failing_judge_does_not_take_the_page_along(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(judge, "look", failing(RuntimeError(SECRET)))
        assert says(page.choose("digit", "6"), failure.UNEXPECTED)
        assert page.draw(ZERO).answer == 0, "a drawing is read without it"
    assert whole(page.draw(ONE))


# --- Panels: in what they compute, in what they draw, in their controls


def test_a_rung_that_fails_says_so_and_the_others_stay(page, monkeypatch):
    ladders = only(monkeypatch, PLAIN, INVERSE)

    def fail(targets, method, **settings):
        if method == "plain":
            raise WeightsError("question.weights.h5 is <missing>.")
        return invert.generate(targets, method, **settings)

    with monkeypatch.context() as broken:
        broken.setattr(ladders, "generate", fail)
        ladder = at(monkeypatch, right="Better ways")
        shown = rungs(ladder)
        assert "question.weights.h5 is &lt;missing&gt;." in shown[PLAIN]
        assert shown[INVERSE].count("made to be a") == 10
        assert len(ladder.images) == COUNT
    assert all(rung.count("made to be a") == 10 for rung in rungs(ladder.run()).values())


@pytest.mark.parametrize(
    "module, name, where, count",
    [
        (smallest_change, "smallest_changes", {"left": "Why"}, 2),
        (invariances, "twin", {"right": "What is lost"}, 4),
        (run_images, "html", {}, 0),
        (offers, "keep", {}, 0),
        (shown_instead, "current", {}, 0),
        (CANVAS, "st_canvas", {}, 0),
        (one_of, "one_of", {}, 0),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_panel_that_fails_says_so_and_comes_back(page, monkeypatch, module, name, where, count):
    visitor = at(monkeypatch, **where).draw(ONE)
    assert visitor.html.count('class="experiment') == count
    with monkeypatch.context() as broken:
        broken.setattr(module, name, failing(RuntimeError(SECRET)))
        visitor.draw(ZERO)
        visitor.test.session_state["lost-image"] = "3"
        if module is run_images:
            visitor.choose("seed", 3)
        visitor.run()
        assert says(visitor, failure.UNEXPECTED)
        assert len(visitor.test.tabs) == 7
    visitor.draw(ONE)
    assert 'role="alert"' not in visitor.html and visitor.answer == 1
    assert visitor.html.count('class="experiment') == count


def test_a_hidden_panel_that_fails_leaves_the_open_one(page, monkeypatch):
    visitor = at(monkeypatch, left="Why").draw(ONE)
    with monkeypatch.context() as broken:
        broken.setattr(classify, "show", failing(RuntimeError(SECRET)))
        visitor.run()
        assert says(visitor, failure.UNEXPECTED) and "reads 1" in visitor.words
    assert 'role="alert"' not in visitor.run().html


@pytest.mark.parametrize("make", ["png", "gif", "npz"])
def test_a_file_to_keep_is_made_when_asked_for_so_a_failing_one_leaves_the_page(
    page, monkeypatch, make
):
    monkeypatch.setattr(downloads, make, failing(RuntimeError(SECRET)))
    assert whole(page.choose("network", "robust").draw(ONE))
