"""The page without a browser: what it says."""

import base64
import html
import io
import json
import re
import threading
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from page_driver import ONE, SECONDS, ZERO, Page, at, rungs, stroke, until
from PIL import Image

import invert
from invert import activations, evaluation, generation, weights
from invert.page import (
    canvas,
    chart,
    classify_panel,
    generate_panel,
    how,
    inside,
    link,
    loading,
    markup,
    sheet,
)
from invert.weights import WeightsError

COUNT = generate_panel.COUNT
CHOICES = ["digit", "method", "count", "seed", "start", "steps", "pen", "reader"]


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


# --- Why, Better ways, What is lost


def test_why_explains_the_drawing_on_two_classifiers(page, monkeypatch):
    other = at(monkeypatch, left="Why")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert (
        other.html.count('class="heat"') == 6 and other.html.count("the nearest image read") == 18
    )
    assert re.search(r"robust reads 1, \S+ sure", other.words)
    assert re.search(r"question reads \d, \S+ sure", other.words)


def test_inside_shows_the_units_of_the_classifier_chosen(page, monkeypatch):
    other = at(monkeypatch, left="Why", reader="question").draw(ZERO)
    found = activations.activations(other.test.session_state["drawn image"], "question")
    assert "Inside question" in other.words
    assert f"first layer: {(found.hidden1 > 0).sum()} of 256 active" in other.words
    assert f"second layer: {(found.hidden2 > 0).sum()} of 256 active" in other.words
    strongest, weakest = found.sums.argmax(), found.sums.argmin()
    said = json.loads(html.unescape(re.search(r'data-lines="([^"]*)"', other.html)[1]))
    assert said[strongest].startswith(f"Unit {strongest + 1}: activation {found.sums.max():.2f},")
    assert said[weakest].endswith(f"adds up to −{-found.sums.min():.2f}.")
    assert f'aria-valuenow="{strongest + 1}"' in other.html, "it opens at the strongest"


def test_inside_that_fails_leaves_the_reasons(page, monkeypatch):
    def fail(name):
        raise WeightsError("energy.weights.h5 is missing.")

    monkeypatch.setattr(inside, "style", fail)
    other = at(monkeypatch, left="Why", reader="energy").draw(ONE)
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
    other = at(monkeypatch, right="Better ways")
    before = rungs(other)
    assert list(before) == list(invert.METHODS)
    assert all(rung.count("made to be a") == 10 for rung in before.values())
    other.choose("ladder-seed", 1)
    moved = {name for name, rung in rungs(other).items() if rung != before[name]}
    assert moved == {name for name, m in invert.METHODS.items() if m.start != "black"}


def test_ladders_figures_are_the_measured_ones(page, monkeypatch):
    row = evaluation.Row("robust", "black", False, 0.987, 0.9, 543.2, 0.12, 6.5, 1.25)
    other = row._replace(start="noise", frechet=311.4)
    monkeypatch.setattr(evaluation, "load", lambda: [other, row])
    shown = at(monkeypatch, right="Better ways")
    assert "543.2" in rungs(shown)["robust"] and "311.4" not in rungs(shown)["robust"]
    assert "Fréchet" not in rungs(shown)["plain"]
    assert re.search(r"robust noise 0.987 0.900 311.4 0.12 6.5 1.25", shown.words)


def test_noise_drowns_the_picture_and_moves_no_answer(page, monkeypatch):
    other = at(monkeypatch, right="What is lost")

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
    other = at(monkeypatch, right="What is lost", lost_image="drawn")
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
    assert not at(monkeypatch, **link, utm="x", lost_image="nonsense").test.toast


@pytest.mark.parametrize(
    "asking, named",
    [
        ({"upload": "1", "given": "1", "link was read": "x", "link asks": "x"}, []),
        ({"canvas": "1", "strokes": "1", "drawn image": "1", "complaint": "x", "dice": "1"}, []),
        ({"seed": "inf"}, ["seed"]),
        (
            {"seed": "1e400", "count": "-inf", "steps": "7", "utm": "inf"},
            ["count", "seed", "steps"],
        ),
    ],
)
def test_link_names_in_its_message_only_choices(page, monkeypatch, asking, named):
    visitor = at(monkeypatch, **asking)
    said = [toast.value for toast in visitor.test.toast]
    assert len(visitor.images) == COUNT and 'role="alert"' not in visitor.html
    assert [re.search("not have: (.*?)[.] ", words)[1] for words in said] == (
        [", ".join(named)] if named else []
    )
    assert not visitor.draw(ONE).test.toast and visitor.answer == 1


def test_link_knows_every_choice_that_the_url_keeps(page, monkeypatch):
    bound = {"", "left", "right"}  # the tabs, which are no widgets
    for right in ("Generate", "Better ways", "What is lost"):
        widgets = at(monkeypatch, right=right).test.main
        bound |= {getattr(widget.proto, "query_param_key", "") for widget in widgets}
    assert bound == {"", *link.CHOICES}


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
