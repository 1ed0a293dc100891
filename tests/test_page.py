"""The page without a browser: what it says, and that it goes on whatever fails."""

import base64
import html
import io
import json
import re
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

# Without a server the canvas cannot register itself. Here a test says what is drawn on it.
sys.modules.setdefault("streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))

import invert  # noqa: E402
from invert import (  # noqa: E402
    activations,
    drawing,
    evaluation,
    generation,
    judge,
    upload,
    weights,
)
from invert.page import (  # noqa: E402
    canvas,
    chart,
    classify_panel,
    generate_panel,
    how,
    inside,
    keep,
    ladder_panel,
    loading,
    markup,
    sheet,
)
from invert.weights import WeightsError  # noqa: E402

APP = Path(__file__).parent.parent / "streamlit_app.py"
SECONDS = 120  # TensorFlow's import and a first compile are among what a run may wait for
COUNT = generate_panel.COUNT
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

    def click(self, key):
        self.test.button(key=key).click()
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
    kept = (loading._loader, generate_panel._run, ladder_panel._pictures)
    for cache in kept:
        cache.clear()
    yield
    for cache in kept:
        cache.clear()


@pytest.fixture
def page(fresh, monkeypatch):
    """The page with its models loaded: what is compiled early is for visitors, not for tests."""
    monkeypatch.setattr(generation, "warm_up", lambda report: None)
    monkeypatch.setattr(loading, "warm_panels", lambda: None)
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
    monkeypatch.setattr(generation, "warm_up", lambda report: None)
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
    assert page.answer == 1 and len(page.images) == COUNT


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

    monkeypatch.setattr(generation, "warm_up", lambda report: None)
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

    monkeypatch.setattr(generation, "warm_up", compile_slowly_and_fail)
    page = Page(monkeypatch).run()
    until(loading.ready)
    page.draw(ONE)
    assert page.answer == 1 and len(page.images) == COUNT and "Compiling the rest" in page.words
    go.set()
    until(lambda: loading._loader().state == "failed")
    page.run()
    assert page.answer == 1 and len(page.images) == COUNT
    assert "latent.weights.h5 is missing." in page.words


def test_models_are_loaded_once_for_all_visitors(fresh, monkeypatch):
    calls = []
    monkeypatch.setattr(generation, "warm_up", lambda report: calls.append(1))
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
        assert len(page.images) == COUNT, "the other side is not concerned"
    assert page.run().answer == 1


# --- Generate


def test_a_digit_appears_with_both_opinions(page):
    page.choose("digit", "3")
    page.choose("count", 1)
    (description,) = page.images
    assert re.match(r"Image made to be a 3: classifier says 3, .*%; judge says \d, ", description)
    assert "data:image/png;base64," in page.html and "data:image/svg+xml;base64," in page.html


@pytest.mark.parametrize("method", list(invert.METHODS))
def test_every_method_and_start_shows_images_and_its_claim(page, method):
    page.choose("method", method)
    recipe = invert.METHODS[method]
    free = recipe.start in invert.STARTS
    assert page.test.get_by_key("start").disabled != free
    assert page.test.get_by_key("steps").disabled == ("steps" not in recipe.settings)
    for start in [generate_panel.OWN, *invert.STARTS] if free else [generate_panel.OWN]:
        if free:
            page.choose("start", start)
        assert len(page.images) == COUNT and 'role="alert"' not in page.html
    assert recipe.claim in page.words
    assert ("The network's weights stay as they are" in page.words) == free


@pytest.mark.parametrize("count", [1, 4, 5, 16])
def test_as_many_images_as_asked_for(page, count):
    page.choose("count", count)
    assert len(page.images) == count


def test_training_data_is_admitted(page):
    page.choose("start", "noise")
    assert "training data" not in page.words
    page.choose("start", "average")
    assert "Start: average, drawn from training data." in page.words


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
    page.choose("seed", generate_panel.SEED)
    assert sprite(page) == first


def test_steps_are_the_methods_own_or_the_visitors(page):
    own = invert.METHODS[generate_panel.METHOD].steps
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
    assert len(page.images) == COUNT and words not in page.html


def test_failing_judge_does_not_take_the_page_along(page, monkeypatch):
    def fail(images):
        raise WeightsError("judge.weights.h5 is altered.")

    monkeypatch.setattr(judge, "read", fail)
    page.choose("digit", "6")
    assert "judge.weights.h5 is altered." in page.words


def test_method_that_takes_no_steps_shows_its_images_without_a_film(page):
    page.choose("steps", "10").choose("method", "inverse")
    assert len(page.images) == COUNT and "Made in one go" in page.words
    assert 'class="player"' not in page.html and 'class="chart"' not in page.html
    assert page.test.get_by_key("keep-gif").disabled
    page.choose("method", "robust")
    assert "step 10 of 10" in page.words, "the choice was kept"


def test_several_images_from_black_would_be_one_so_they_start_from_noise(page):
    assert invert.METHODS["robust"].start == "black"
    page.choose("method", "robust")
    assert "Start: noise." in page.words
    page.choose("count", 1)
    assert "Start: black." in page.words
    page.choose("count", 2).choose("start", "black")
    assert "Start: black." in page.words, "who asks for it has it"


def test_my_drawing_becomes_another_digit_and_follows_the_pen(page):
    page.choose("count", 1).choose("start", generate_panel.DRAWN)
    assert "Nothing is drawn yet" in page.words and not page.images
    assert 'role="alert"' not in page.html
    page.draw(ZERO)
    assert "Start: your drawing." in page.words and "of the others 0 comes highest" in page.html
    zero = sprite(page)
    page.draw(ONE)
    assert "of the others 1 comes highest" in page.html and sprite(page) != zero


# --- In the drawing's place


def test_example_digit_stands_in_place_of_the_drawing_until_the_next_stroke(page, monkeypatch):
    page.draw(ZERO)
    assert page.test.button(key="back").disabled
    numbers = iter([4, 0])
    monkeypatch.setattr(classify_panel.random, "randrange", lambda stop: next(numbers))
    page.click("example")
    assert "MNIST test digit, labelled 4" in page.html and page.answer == 4
    page.choose("digit", "3").choose("pen", "thick")
    assert page.answer == 4, "nothing but the pen takes it away"
    page.click("back")
    assert "labelled 4" not in page.html and page.answer == 0
    numbers = iter([4, 0])
    page.click("example").draw(ONE)
    assert "labelled 4" not in page.html and page.answer == 1


def test_generated_image_is_classified_on_the_left(page):
    page.choose("digit", "2").draw(ONE)
    page.click("classify-3")
    assert page.answer == 2 and f"made to be a 2 by {generate_panel.METHOD}" in page.html
    run = invert.generate([2] * COUNT, generate_panel.METHOD, seed=generate_panel.SEED)
    assert (
        markup.picture(run.images[2], f"made to be a 2 by {generate_panel.METHOD}", canvas.SIDE)
        in page.html
    )
    page.click("back")
    assert page.answer == 1


def encoded(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def seven(side=200):
    """A 7 as one would write it with a ruler, dark on light."""
    picture = Image.new("L", (side, side), 235)
    pen = ImageDraw.Draw(picture)
    points = [(p * side) for p in (0.3, 0.25, 0.7, 0.25, 0.45, 0.8)]
    pen.line(points, fill=30, width=side // 12, joint="curve")
    return picture


def turned(picture):
    """The picture lying on its side, with the camera's word that it does."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


def see_through(picture):
    clear = Image.new("LA", picture.size)
    clear.putalpha(picture.point(lambda grey: 255 - grey if grey < 128 else 0))
    return encoded(clear, "PNG")


def moving(picture):
    frames = [picture.convert("RGB"), Image.new("RGB", picture.size, "red")]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: encoded(p, "PNG"),
        lambda p: encoded(p.point(lambda g: 255 - g), "PNG"),
        lambda p: encoded(p.convert("RGB"), "JPEG", quality=95),
        lambda p: encoded(p.convert("CMYK"), "JPEG", quality=95),
        lambda p: encoded(p.convert("P"), "PNG"),
        lambda p: encoded(p.convert("1", dither=Image.Dither.NONE), "PNG"),
        lambda p: encoded(Image.fromarray(np.asarray(p).astype(np.uint16) * 257), "PNG"),
        lambda p: encoded(p.resize((3000, 3000)), "JPEG", quality=95),
        turned,
        see_through,
        moving,
    ],
    ids=[
        "png",
        "inverted",
        "jpeg",
        "cmyk",
        "palette",
        "bits",
        "deep",
        "large",
        "turned",
        "see-through",
        "moving",
    ],
)
def test_every_kind_of_picture_gives_the_same_digit(make):
    want = drawing.from_pixels(np.asarray(seven()))
    got = upload.read(make(seven()))
    assert got.shape == (28, 28) and invert.classify(got).argmax() == 7
    assert np.abs(got - want).mean() < 0.02


def bomb():
    return encoded(Image.new("1", (8000, 8000)), "PNG")


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", upload.NO_PICTURE),
        (b"<svg onload='alert(1)'/>", upload.NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", upload.NO_PICTURE),
        (encoded(seven(), "GIF"), upload.NO_PICTURE),
        (encoded(seven(), "PNG")[:300], upload.DAMAGED),
        (encoded(seven(), "JPEG")[:900], upload.DAMAGED),
        (bomb(), upload.TOO_LARGE),
        (encoded(Image.new("1", (16000, 12000)), "PNG"), upload.TOO_LARGE),
        (encoded(Image.new("L", (90, 90), 200), "WEBP"), upload.NO_DIGIT),
    ],
    ids=["empty", "svg", "header", "gif", "cut-png", "cut-jpeg", "large", "bomb", "blank"],
)
def test_every_bad_file_is_one_sentence(data, words):
    with pytest.raises(ValueError) as error:
        upload.read(data)
    assert str(error.value) == words


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_never_raise_anything_else(data):
    whole = bytearray(data.draw(st.sampled_from([encoded(seven(40), k) for k in upload.TYPES])))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = upload.read(bytes(whole))
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert image.shape == (28, 28)


# --- Keep


def test_npz_holds_images_opinions_and_settings_without_pickle():
    run = invert.generate([3, 3], "robust", seed=5, start="noise", steps=12)
    opinions = judge.read(run.images)
    with np.load(io.BytesIO(keep.npz(run, opinions)), allow_pickle=False) as kept:
        np.testing.assert_array_equal(kept["images"], run.images)
        np.testing.assert_array_equal(kept["probabilities"], run.probabilities)
        np.testing.assert_array_equal(kept["judge"], opinions)
        said = json.loads(str(kept["settings"]))
    own = said.pop("settings")
    assert said == {"method": "robust", "seed": 5, "start": "noise"} and own["steps"] == 12
    again = invert.generate([3, 3], said["method"], seed=said["seed"], start="noise", **own)
    np.testing.assert_array_equal(again.images, run.images)


def test_png_and_gif_are_enlarged_squares_and_a_run_without_film_says_so():
    run = invert.generate([3, 3], "robust", steps=5, frames=4)
    png = np.asarray(Image.open(io.BytesIO(keep.png(run))))
    np.testing.assert_array_equal(
        png[:, 280:][::10, ::10].repeat(10, 0).repeat(10, 1), png[:, 280:]
    )
    assert Image.open(io.BytesIO(keep.gif(run))).n_frames == 4
    with pytest.raises(ValueError, match="inverse takes no steps"):
        keep.gif(invert.generate([3], "inverse", frames=4))


# --- Why, Better ways, What is lost


def at(page, monkeypatch, **link):
    """The same page as another visitor's, opened by a link; the models are loaded already."""
    other = Page(monkeypatch)
    for key, value in link.items():
        other.test.query_params[key.replace("_", "-")] = value
    return other.run()


def test_why_explains_the_drawing_on_two_classifiers(page, monkeypatch):
    other = at(page, monkeypatch, left="Why")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert (
        other.html.count('class="heat"') == 6 and other.html.count("the nearest image read") == 18
    )
    assert re.search(r"robust reads 1, \S+ sure", other.words)
    assert re.search(r"question reads \d, \S+ sure", other.words)


def test_inside_shows_the_units_of_the_classifier_chosen(page, monkeypatch):
    other = at(page, monkeypatch, left="Why", reader="question").draw(ZERO)
    found = activations.activations(other.test.session_state["drawn image"], "question")
    assert "Inside question" in other.words
    assert f"first layer: {(found.hidden1 > 0).sum()} of 256 active" in other.words
    assert f"second layer: {(found.hidden2 > 0).sum()} of 256 active" in other.words
    strongest, weakest = found.sums.argmax(), found.sums.argmin()
    said = json.loads(html.unescape(re.search(r'data-lines="([^"]*)"', other.html)[1]))
    assert said[strongest].startswith(f"Unit {strongest + 1}: activation {found.sums.max():.2f},")
    assert said[weakest].endswith(f"adds up to −{-found.sums.min():.2f}, below 0.")
    assert f'aria-valuenow="{strongest + 1}"' in other.html, "it opens at the strongest"


def test_inside_that_fails_leaves_the_reasons(page, monkeypatch):
    def fail(name):
        raise WeightsError("energy.weights.h5 is missing.")

    monkeypatch.setattr(inside, "style", fail)
    other = at(page, monkeypatch, left="Why", reader="energy").draw(ONE)
    assert other.words.count("energy.weights.h5 is missing.") == 1
    assert "robust reads 1" in other.words


@pytest.mark.parametrize("name", weights.CLASSIFIERS)
def test_weights_of_all_units_are_one_small_picture(name):
    style = inside.style(name)
    assert len(style) < 250_000
    address = re.search(r"base64,([^)]*)", style)[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(address))).convert("RGBA"), float)
    blue = pixels[..., 2] > pixels[..., 0]
    drawn = np.where(blue, 1, -1) * (pixels[..., 3] / 255) ** 2
    for unit in (0, 37, 255):
        want = activations.first_weights(name)[unit]
        row, column = divmod(unit, 16)
        got = drawn[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]
        np.testing.assert_allclose(got, want / np.abs(want).max(), atol=2 / inside.LEVELS)


def test_ladder_draws_ten_digits_a_method_and_the_seed_moves_those_that_have_one(page, monkeypatch):
    other = at(page, monkeypatch, right="Better ways")
    rungs = rows(other)
    assert list(rungs) == list(invert.METHODS)
    assert all(rung.count("made to be a") == 10 for rung in rungs.values())
    other.choose("ladder-seed", 1)
    moved = {name for name, rung in rows(other).items() if rung != rungs[name]}
    assert moved == {name for name, m in invert.METHODS.items() if m.start != "black"}


def rows(page):
    rungs = re.findall(r'<section class="rung"><h3>(.*?)</h3>(.*?)</section>', page.html)
    return dict(rungs)


def test_rung_whose_weights_are_missing_says_so_and_the_others_stay(page, monkeypatch):
    generate = invert.generate

    def fail(digits, method, **settings):
        if method == "robust":
            raise WeightsError("robust.weights.h5 is <missing>.")
        return generate(digits, method, **settings)

    monkeypatch.setattr(invert, "generate", fail)
    rungs = rows(at(page, monkeypatch, right="Better ways"))
    assert "robust.weights.h5 is &lt;missing&gt;." in rungs.pop("robust")
    assert all(rung.count("made to be a") == 10 for rung in rungs.values())


def test_ladders_figures_are_the_measured_ones(page, monkeypatch):
    row = evaluation.Row("robust", "black", False, 0.987, 0.9, 543.2, 0.12, 6.5, 1.25)
    other = row._replace(start="noise", frechet=311.4)
    monkeypatch.setattr(evaluation, "load", lambda: [other, row])
    shown = at(page, monkeypatch, right="Better ways")
    assert "543.2" in rows(shown)["robust"] and "311.4" not in rows(shown)["robust"]
    assert "Fréchet" not in rows(shown)["plain"]
    assert re.search(r"robust noise 0.987 0.900 311.4 0.12 6.5 1.25", shown.words)


def test_missing_table_is_one_sentence_under_the_pictures(page, monkeypatch):
    def fail():
        raise WeightsError("evaluation.json is missing.")

    monkeypatch.setattr(evaluation, "load", fail)
    shown = at(page, monkeypatch, right="Better ways")
    assert "evaluation.json is missing." in shown.words and len(rows(shown)) == len(invert.METHODS)


def test_noise_drowns_the_picture_and_moves_no_answer(page, monkeypatch):
    other = at(page, monkeypatch, right="What is lost")

    def shown():
        found = re.search(r"Noise it cannot see.*?</section>", other.html)[0]
        return re.findall(r'src="([^"]*)"', found), re.findall(r"<figcaption>(.*?)<", found)

    (image, _, faint), captions = shown()
    assert captions[0] == captions[2]
    other.choose("noise", 2.0)
    assert shown()[0][0] == image and shown()[0][2] != faint and shown()[1] == captions
    other.choose("noise", 0.0)
    assert shown()[0][2] == image


def test_lost_side_follows_the_drawing_and_asks_for_one(page, monkeypatch):
    other = at(page, monkeypatch, right="What is lost", lost_image="drawn")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert other.html.count('class="experiment"') == 4
    first = other.html
    other.draw(ZERO)
    assert other.html.count('class="experiment"') == 4 and other.html != first


def test_how_it_works_says_where_each_answer_is(page):
    said = how.html()
    assert said in page.html
    for tab in ("Generate", "Better ways", "What is lost", "Why"):
        assert f"<b>{tab}</b></dt>" in said
    for step in ("freeze", "tf.Variable", "input_map", "gradient"):
        assert step in said


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
    assert len(other.images) == COUNT and "made to be a 8" in other.images[0]
    assert 'role="alert"' not in other.html and "<script>alert" not in other.html
    said = " ".join(toast.value for toast in other.test.toast)
    assert (f"does not have: {key}. " in said) == bool(value) and "<" not in said
    assert not other.run().test.toast, "it is said once"


def test_link_with_valid_values_is_followed_without_a_word(page, monkeypatch):
    link = {"digit": "8", "count": "04", "seed": "7", "pen": "thin", "left": "Classify"}
    assert not at(page, monkeypatch, **link, utm="x", lost_image="nonsense").test.toast


def test_every_control_explains_itself(page):
    for key in [*CHOICES, "dice", "example", "back", "upload"]:
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
