"""The page without a browser: what it says, and that it goes on whatever fails."""

import html
import re
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

# Without a server the canvas cannot register itself. Here a test says what is drawn on it.
sys.modules.setdefault("streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))

import invert  # noqa: E402
from invert import judge, methods  # noqa: E402
from invert.page import canvas, chart, generate_panel, loading, markup, sheet  # noqa: E402
from invert.weights import WeightsError  # noqa: E402

APP = Path(__file__).parent.parent / "streamlit_app.py"
SECONDS = 120  # TensorFlow's import and a first compile are among what a run may wait for
CHOICES = ["digit", "method", "count", "seed", "start", "steps", "pen", "reader"]


def stroke(*points):
    """A stroke as the canvas sends it: straight lines through canvas pixels."""
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    return {"type": "Path", "path": path, "strokeWidth": 18, "stroke": "#17181c", "fill": None}


ONE = {"objects": [stroke((140, 40), (140, 140), (140, 240))]}
TURN = np.linspace(0, 2 * np.pi, 40)
ZERO = {"objects": [stroke(*zip(140 + 55 * np.sin(TURN), 140 - 90 * np.cos(TURN), strict=True))]}


class Page:
    """The page in a test: its widgets, its words, and a canvas that a test can draw on."""

    def __init__(self, monkeypatch):
        self.drawing = None
        monkeypatch.setattr(
            canvas, "st_canvas", lambda **_: SimpleNamespace(json_data=self.drawing)
        )
        self.test = AppTest.from_file(str(APP), default_timeout=SECONDS)

    def run(self):
        self.test.run()
        assert not self.test.exception
        return self

    def draw(self, drawing):
        self.drawing = drawing
        return self.run()

    def choose(self, key, value):
        self.test.get_by_key(key).set_value(value)
        return self.run()

    @property
    def html(self):
        return "\n".join(element.proto.body for element in self.test.html)

    @property
    def words(self):
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", self.html)))

    @property
    def answer(self):
        found = re.search(r'class="best"><span class="sr">[^<]*</span><b>(\d)</b>', self.html)
        return found and int(found[1])

    @property
    def images(self):
        return re.findall(r'role="img"[^>]*aria-label="(Image made[^"]*)"', self.html)


@pytest.fixture
def fresh():
    """Every test loads, and computes, for itself."""
    loading._loader.clear()
    generate_panel._run.clear()
    yield
    loading._loader.clear()
    generate_panel._run.clear()


@pytest.fixture
def page(fresh, monkeypatch):
    """The page with its models loaded: what is compiled early is for visitors, not for tests."""
    monkeypatch.setattr(methods, "warm_up", lambda report: None)
    page = Page(monkeypatch).run()
    until(lambda: loading._loader().state == "done")
    return page.run()


def until(true, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


# --- Loading


def test_page_stands_before_the_models_are_loaded(fresh, monkeypatch):
    go = threading.Event()

    def slow():
        loading._loader()._report("Loading <the> classifier", 0.25)
        assert go.wait(SECONDS)

    monkeypatch.setattr(loading, "load_networks", slow)
    monkeypatch.setattr(methods, "warm_up", lambda report: None)
    page = Page(monkeypatch).run()
    until(lambda: loading._loader().fraction == 0.25)
    page.draw(ONE)
    assert "Loading &lt;the&gt; classifier" in page.html and "width:25%" in page.html
    assert [tab.label for tab in page.test.tabs] == [
        *("Classify", "Why"),
        *("Generate", "Better ways", "What is lost"),
    ]
    assert page.test.get_by_key("digit").value == "8"
    assert "The answer comes as soon as" in page.words and page.answer is None
    assert "The images come as soon as" in page.words
    assert 'alt="your drawing as the classifier sees it"' in page.html, "that needs no model"
    go.set()
    until(loading.ready)
    page.run()
    assert page.answer == 1 and len(page.images) == 1


@pytest.mark.parametrize(
    "error, words",
    [
        (
            WeightsError("judge.weights.h5 is missing; run X."),
            "judge.weights.h5 is missing; run X.",
        ),
        (RuntimeError("secret: /home/somebody"), "Something failed on the server"),
    ],
)
def test_failed_loading_is_one_sentence_and_can_be_tried_again(fresh, monkeypatch, error, words):
    def fail():
        raise error

    monkeypatch.setattr(methods, "warm_up", lambda report: None)
    with monkeypatch.context() as broken:
        broken.setattr(loading, "load_networks", fail)
        page = Page(monkeypatch).run()
        until(loading.failed)
        page.draw(ONE)
        assert words in page.words and "secret" not in page.html
        assert "The models are not loaded." in page.words and page.answer is None
    page.test.button(key="retry").click()
    page.run()
    until(loading.ready)
    page.run()
    assert page.answer == 1 and words not in page.words


def test_page_answers_while_the_rest_is_compiled_and_when_that_fails(fresh, monkeypatch):
    go = threading.Event()

    def compile_slowly_and_fail(report):
        report("Compiling the rest", 0.5)
        assert go.wait(SECONDS)
        raise WeightsError("latent.weights.h5 is missing.")

    monkeypatch.setattr(methods, "warm_up", compile_slowly_and_fail)
    page = Page(monkeypatch).run()
    until(loading.ready)
    page.draw(ONE)
    assert page.answer == 1 and len(page.images) == 1 and "Compiling the rest" in page.words
    go.set()
    until(lambda: loading._loader().state == "failed")
    page.run()
    assert page.answer == 1 and len(page.images) == 1
    assert "latent.weights.h5 is missing." in page.words


def test_models_are_loaded_once_for_all_visitors(fresh, monkeypatch):
    calls = []
    monkeypatch.setattr(methods, "warm_up", lambda report: calls.append(1))
    for _ in range(3):
        Page(monkeypatch).run()
        until(lambda: loading._loader().state == "done")
    assert calls == [1]


def test_streamlit_cannot_clear_keras_while_models_are_built(page):
    import keras
    from keras.src.backend.common import global_state
    from streamlit.runtime.scriptrunner import script_runner

    before = global_state.GLOBAL_STATE_TRACKER
    script_runner._clean_problem_modules()
    assert global_state.GLOBAL_STATE_TRACKER is before
    assert keras.layers.Dense(1).name != keras.layers.Dense(1).name


# --- Classify


def test_blank_canvas_is_no_digit(page):
    for blank in (None, {}, {"objects": []}):
        page.draw(blank)
        assert "Draw a digit" in page.words and page.answer is None
        assert page.html.count("--to:0.0000") == 10, "ten empty bars keep the space"


@pytest.mark.parametrize("drawing, digit", [(ONE, 1), (ZERO, 0)])
def test_unmistakable_digits_are_read(page, drawing, digit):
    page.draw(drawing)
    assert page.answer == digit
    assert "Second guess:" in page.words
    assert page.html.count("--to:") == 10


def test_bars_move_from_the_last_answer_to_the_new_one(page):
    page.draw(ZERO)
    first = re.findall(r"--to:([\d.]+)", page.html)
    page.draw(ONE)
    assert re.findall(r"--from:([\d.]+)", page.html) == first


def test_other_classifiers_can_be_asked(page, monkeypatch):
    asked = []
    answer = np.eye(10, dtype=np.float32)[[4]]
    monkeypatch.setattr(
        invert, "classify", lambda images, classifier: asked.append(classifier) or answer
    )
    page.draw(ONE)
    for name in {method.classifier for method in invert.METHODS.values()} - {"robust"}:
        page.choose("reader", name)
        assert asked[-1] == name and page.answer == 4
    assert asked[0] == "robust"


@pytest.mark.parametrize(
    "drawing",
    [
        {"objects": "no list"},
        {"objects": [stroke((float("nan"), 0), (1, 1))]},
        {"objects": [{"type": "Path", "path": [["M", "a", "b"]]}]},
        {"objects": [stroke((140, 140), (140, 140))]},
        {"objects": [{"type": "Image", "src": "<script>alert(1)</script>"}]},
    ],
)
def test_whatever_comes_from_the_canvas_the_page_goes_on(page, drawing):
    page.draw(drawing)
    assert "<script>alert" not in page.html
    page.draw(ONE)
    assert page.answer == 1


def test_failing_classifier_is_one_sentence_beside_the_drawing(page, monkeypatch):
    with monkeypatch.context() as broken:

        def fail(*_, **__):
            raise MemoryError("secret")

        broken.setattr(invert, "classify", fail)
        page.draw(ONE)
        assert markup.UNEXPECTED in page.words and "secret" not in page.html
        assert len(page.images) == 1, "the other side is not concerned"
    assert page.run().answer == 1


# --- Generate


def test_a_digit_appears_with_both_opinions(page):
    page.choose("digit", "3")
    (description,) = page.images
    assert re.match(r"Image made to be a 3: classifier says 3, .*%; judge says \d, ", description)
    assert "data:image/png;base64," in page.html and "data:image/svg+xml;base64," in page.html


@pytest.mark.parametrize("method", list(invert.METHODS))
def test_every_method_and_start_shows_images_and_its_claim(page, method):
    page.choose("method", method)
    for start in [generate_panel.OWN, *invert.STARTS]:
        page.choose("start", start)
        assert len(page.images) == 1 and 'role="alert"' not in page.html
    assert invert.METHODS[method].claim in page.words


@pytest.mark.parametrize("count", [1, 4, 5, 16])
def test_as_many_images_as_asked_for(page, count):
    page.choose("count", count)
    assert len(page.images) == count


def test_training_data_is_admitted(page):
    page.choose("start", "noise")
    assert "training data" not in page.words
    page.choose("start", "average")
    assert "It starts from training data." in page.words


def sprite(page):
    return re.search(r"--sprite:url\(([^)]*)\)", page.html)[1]


def test_seed_decides_and_the_dice_changes_it(page, monkeypatch):
    page.choose("start", "noise")
    first = sprite(page)
    monkeypatch.setattr(generate_panel.random, "randint", lambda low, high: 77)
    page.test.button(key="dice").click()
    page.run()
    assert page.test.number_input(key="seed").value == 77
    assert sprite(page) != first
    page.choose("seed", 0)
    assert sprite(page) == first


def test_steps_are_the_methods_own_or_the_visitors(page):
    own = invert.METHODS["robust"].steps
    assert f"step {own} of {own}" in page.words
    page.choose("steps", "10")
    assert "step 10 of 10" in page.words


def test_a_run_is_not_computed_again_for_a_rerun_or_another_visitor(page, monkeypatch):
    calls = []
    generate = invert.generate
    monkeypatch.setattr(invert, "generate", lambda *a, **k: calls.append(1) or generate(*a, **k))
    page.choose("digit", "5")
    page.draw(ONE)
    other = Page(monkeypatch).run()
    other.choose("digit", "5")
    assert calls == [1]


@pytest.mark.parametrize(
    "error, words",
    [
        (ValueError("seed must be <b>whole</b>."), "seed must be &lt;b&gt;whole&lt;/b&gt;."),
        (WeightsError("robust.weights.h5 is cut."), "robust.weights.h5 is cut."),
        (RuntimeError("secret"), markup.UNEXPECTED),
    ],
)
def test_failing_run_is_one_sentence_and_the_page_goes_on(page, monkeypatch, error, words):
    with monkeypatch.context() as broken:

        def fail(*_, **__):
            raise error

        broken.setattr(invert, "generate", fail)
        page.choose("digit", "2").draw(ONE)
        assert words in page.html and "secret" not in page.html
        assert page.answer == 1
    page.run()
    assert len(page.images) == 1 and words not in page.html


def test_failing_judge_does_not_take_the_page_along(page, monkeypatch):
    def fail(images):
        raise WeightsError("judge.weights.h5 is altered.")

    monkeypatch.setattr(judge, "read", fail)
    page.choose("digit", "6")
    assert "judge.weights.h5 is altered." in page.words


# --- The state in the URL


def test_url_sets_every_choice(page, monkeypatch):
    link = {"digit": "3", "method": "plain", "count": "4", "seed": "12", "start": "noise"}
    link |= {"steps": "20", "pen": "thin", "reader": "question"}
    other = Page(monkeypatch)
    for key, value in link.items():
        other.test.query_params[key] = value
    other.run()
    assert {key: str(other.test.get_by_key(key).value) for key in link} == link
    assert len(other.images) == 4 and "made to be a 3" in other.images[0]


@pytest.mark.parametrize("key", [*CHOICES, "left", "right"])
@pytest.mark.parametrize("value", ["", "nonsense", "-1", "1e9", "<script>alert(1)</script>"])
def test_bad_url_falls_back_to_what_is_valid(page, monkeypatch, key, value):
    other = Page(monkeypatch)
    other.test.query_params[key] = value
    other.run()
    assert len(other.images) == 1 and "made to be a 8" in other.images[0]
    assert 'role="alert"' not in other.html and "<script>alert" not in other.html


def test_every_control_explains_itself(page):
    for key in [*CHOICES, "dice"]:
        assert page.test.get_by_key(key).help, key


# --- The pieces


def test_percent_does_not_call_nearly_sure_sure():
    values = (0.0, 0.0004, 0.0006, 0.004, 0.25, 0.9949, 0.996, 0.9994, 0.9996, 1.0)
    assert [markup.percent(p) for p in values] == (
        ["0%", "0%", "<1%", "<1%", "25%", "99%", ">99%", ">99%", "100%", "100%"]
    )


def test_chart_draws_every_digit_where_it_is_and_the_target_last():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 61)
    root = ElementTree.fromstring(chart.svg(probabilities, target=4))
    paths = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("class") != "grid"]
    assert len(paths) == 10 and paths[-1].get("class") == "target"
    points = np.array([p.split() for p in paths[-1].get("d")[1:].split("L")], float)
    np.testing.assert_allclose(points[:, 0], np.arange(61) * chart.WIDTH / 60, atol=0.06)
    np.testing.assert_allclose(1 - points[:, 1] / chart.HEIGHT, probabilities[:, 4], atol=0.001)


def test_chart_stays_small_however_many_steps():
    probabilities = np.full((1001, 10), 0.1)
    assert len(chart.svg(probabilities, 0)) < 60_000
    assert "in 1000 steps" in chart.figure(probabilities, 0, 1)


def test_chart_says_in_words_what_it_shows():
    probabilities = np.zeros((3, 10))
    probabilities[:, 8], probabilities[:, 3] = (0.0, 0.5, 0.97), (0.9, 0.2, 0.0)
    html = chart.figure(probabilities, target=8, images=4)
    assert "8 goes from 0% to 97% in 2 steps; of the others 3 comes highest, 90%." in html
    assert "mean of 4 images" in html


@pytest.mark.parametrize("count", range(1, generate_panel.MOST_IMAGES + 1))
def test_images_are_whole_multiples_of_their_pixels_and_fit_the_sheet(count):
    columns, side = sheet.grid(count)
    assert side % 28 == 0 and columns * side <= 288
