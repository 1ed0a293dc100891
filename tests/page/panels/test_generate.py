"""Generate: every choice takes effect, and what is shown is what was asked for."""

import base64
import html
import io
import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from page_driver import ONE, ZERO, Page, at, sprite

import invert
from invert import CLASSIFIERS
from invert.drawing import from_strokes, in_link
from invert.inversion.domain import Domain
from invert.methods import records, starts
from invert.methods.records import method_for
from invert.networks import judge
from invert.networks.classifier import DEFAULT
from invert.page.panels import better_ways, generate, offers
from invert.page.pictures import run_images
from invert.page.session import settings, state

COUNT = settings.COUNT


def test_a_digit_appears_with_both_opinions(page):
    page.choose("digit", "3")
    page.choose("count", 1)
    (description,) = page.images
    assert re.match(r"Image made to be a 3: network says 3, .*%; judge says \d, ", description)
    assert "data:image/png;base64," in page.html and "data:image/svg+xml;base64," in page.html


@pytest.mark.parametrize("classifier, method", better_ways.RUNGS)
def test_every_method_and_start_shows_images_and_its_claim(page, classifier, method):
    page.choose("network", classifier).choose("method", method)
    recipe = state.record_of(classifier, method)
    free = getattr(recipe, "start", starts.RANDOM) in invert.STARTS
    pen = method == "strokes"  # which starts from random strokes or from a drawing
    assert offered(page, "start") == (free or pen) and offered(page, "seed") == chance(recipe)
    assert offered(page, "steps") == ("steps" in recipe.settings)
    for start in [settings.DEFAULT, *invert.STARTS] if free else [settings.DEFAULT]:
        if free:
            page.choose("start", start)
        assert len(page.images) == COUNT and 'role="alert"' not in page.html
        assert (start in ("black", "average")) == (not offered(page, "count"))
    assert recipe.claim in page.words and recipe.title in page.words
    optimized = isinstance(recipe, records.Optimization)
    assert (f"{classifier} stays as it is" in page.words) == optimized


def offered(page, key):
    """Whether the page has a control of that key."""
    try:
        page.test.get_by_key(key)
    except KeyError:
        return False
    return True


def chance(recipe):
    """Whether anything is random in one image by that method from its own start."""
    return getattr(recipe, "start", starts.RANDOM) != "black" or "jitter" in recipe.settings


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_network_is_run_backwards_by_its_best_method_unless_another_is_asked_for(page, name):
    assert page.test.get_by_key("network").value == DEFAULT
    assert page.test.get_by_key("method").value == settings.BEST
    page.choose("network", name)
    best = CLASSIFIERS[name].method
    told = f"{invert.METHODS[best].title} {best} {invert.METHODS[best].claim}"
    assert told in page.words, "it says which that is"
    steps = method_for(name, None, {}).steps
    assert f"step {steps} of {steps}" in page.words
    shown = sprite(page)
    page.choose("method", best)
    assert sprite(page) == shown, "named, it is the same"
    page.choose("method", "plain")
    assert sprite(page) != shown and invert.METHODS["plain"].claim in page.words


@pytest.mark.parametrize("count", [1, 4, 5, 16])
def test_as_many_images_as_asked_for(page, count):
    page.choose("count", count)
    assert len(page.images) == count


def test_training_data_is_admitted(page):
    page.choose("start", "noise")
    assert "This start knows training images." not in page.words
    page.choose("start", "average")
    assert "This start knows training images." in page.words


def test_seed_decides_and_the_dice_changes_it(page, monkeypatch):
    page.choose("start", "noise")
    first = sprite(page)
    monkeypatch.setattr(settings.random, "randint", lambda low, high: 77)
    page.test.button(key="dice").click()
    page.run()
    assert page.test.number_input(key="seed").value == 77
    assert sprite(page) != first
    page.choose("seed", settings.SEED)
    assert sprite(page) == first


def test_steps_are_the_methods_own_or_the_visitors(page):
    own = method_for(DEFAULT, None, {}).steps
    assert f"step {own} of {own}" in page.words
    page.choose("steps", "20")
    assert "step 20 of 20" in page.words


def test_a_run_is_not_computed_again_for_a_rerun_or_another_visitor(page, monkeypatch):
    calls = []
    make = invert.generate
    monkeypatch.setattr(invert, "generate", lambda *a, **k: calls.append(1) or make(*a, **k))
    page.choose("digit", "5")
    page.draw(ONE)
    other = Page(monkeypatch).run()
    other.choose("digit", "5")
    assert calls == [1]


def test_method_that_takes_no_steps_shows_its_images_without_a_film(page):
    page.choose("steps", "20").choose("method", "inverse")
    assert len(page.images) == COUNT and "Made in one go" in page.words
    assert 'class="player"' not in page.html and 'class="chart"' not in page.html
    assert not offered(page, "keep-gif") and offered(page, "keep-png")
    page.choose("method", "steepest")
    assert "step 20 of 20" in page.words, "the choice was kept"


def test_several_images_from_black_would_be_one_so_they_start_from_noise(page):
    assert method_for("robust", None, {}).start == "black"
    page.choose("network", "robust")
    assert "from an empty page" in page.words and not offered(page, "seed")
    page.choose("count", 4)
    assert "from faint noise" in page.words and offered(page, "seed")
    page.choose("start", "black")
    assert "from an empty page" in page.words and len(page.images) == 1
    assert not offered(page, "count"), "all images would be one"


def test_my_drawing_becomes_another_digit_and_follows_the_pen(page):
    page.draw(ONE).draw({"objects": []}).click("from-drawing")
    assert "Nothing is drawn yet" in page.words and not page.images
    assert not offered(page, "count") and not offered(page, "seed"), "they would change nothing"
    assert 'role="alert"' not in page.html
    page.draw(ZERO)
    assert "from your drawing" in page.words and "of the others 0 comes highest" in page.html
    zero = sprite(page)
    page.draw(ONE)
    assert "of the others 1 comes highest" in page.html and sprite(page) != zero
    one = sprite(page)
    page.move_pen((60, 40), (200, 40))
    assert sprite(page) == one, "it follows when the pen is up"
    page.click("from-drawing")
    assert "from faint noise" in page.words


def test_a_pen_bends_my_strokes_and_shows_them_first(page):
    page.choose("network", "question").choose("steps", "5")
    assert "from random strokes" in page.words and 'data-pen="' in page.html
    random = pen_way(page)
    page.click("from-drawing")
    assert "your strokes are bent" in page.words, "an example has no strokes"
    page.draw(ZERO)
    mine = pen_way(page)
    assert "from your drawing" in page.words and mine.shape[1:3] == (1, 1)
    assert not offered(page, "count") and not offered(page, "seed")
    assert (
        np.ptp(mine[0, 0, 0, :, 1]) > 150
        and np.abs(mine[0, 0, 0, 0] - mine[0, 0, 0, -1]).max() < 30
    ), "a ring"
    run = invert.generate(
        8, classifier="question", start=ZERO, seed=settings.SEED, steps=5, frames=generate.FRAMES
    )
    np.testing.assert_allclose(mine, run.stroke_frames, atol=0.06)
    page.click("from-drawing")
    assert (pen_way(page) == random).all()


def test_how_a_pen_may_begin_is_shown_before_its_run_and_once(page, monkeypatch):
    page.choose("network", "question").choose("steps", "5")
    replaced = []
    monkeypatch.setattr(generate, "_instead", lambda place, html: replaced.append(place))
    page.choose("digit", "3")
    assert 'class="sheet waiting" data-pen=' in page.html and replaced[-1] is not None
    begun = pen_way(page)
    assert begun.shape == (1, 1, 8, 6, 2), "four starts of two strokes"
    page.run()
    assert "sheet waiting" not in page.html and replaced[-1] is None, "it is shown already"


def test_strokes_are_put_on_the_canvas_read_and_undone_one_by_one(page, monkeypatch):
    page.choose("network", "question").choose("steps", "40").draw(ONE)
    begun = []
    canvas = sys.modules["streamlit_drawable_canvas"]

    def shown(**given):
        """The canvas sends what it begins with as soon as that changes."""
        if given["initial_drawing"] not in begun:
            begun.append(given["initial_drawing"])
            page.drawing = {"objects": begun[-1]["objects"]} if begun[-1] else page.drawing
        return SimpleNamespace(json_data=page.drawing)

    monkeypatch.setattr(canvas, "st_canvas", shown)
    page.run().click("to-canvas")
    run = invert.generate(8, classifier="question", seed=settings.SEED, steps=40)
    ends = [[stroke["path"][0][1:], stroke["path"][-1][1:]] for stroke in page.drawing["objects"]]
    np.testing.assert_allclose(ends, run.strokes[0][:, [0, -1]], atol=0.26)
    image = from_strokes(page.drawing)
    assert page.answer == int(invert.classify(image, "question")[0].argmax())
    assert (
        in_link.decode(page.test.query_params["drawing"])["objects"][1]["path"][0][1:] == ends[1][0]
    )
    page.click("earlier")
    (first,) = page.drawing["objects"]
    assert first["path"][0][1:] == ends[0][0] and 'data-later="1"' in page.html
    page.click("earlier")
    assert page.drawing == ONE and page.answer == 1, "what stood there before"
    page.click("later").click("later")
    assert len(page.drawing["objects"]) == 2 and 'data-later="0"' in page.html


def test_each_of_several_images_has_its_strokes_and_svg_holds_them_all(page):
    page.choose("network", "question").choose("steps", "5").choose("count", 2)
    assert offered(page, "to-canvas-1") and offered(page, "to-canvas-2")
    assert offered(page, "keep-svg")
    page.choose("network", "energy")
    assert not offered(page, "to-canvas-1") and not offered(page, "keep-svg"), "no strokes"


def test_the_opposite_of_question_answers_in_one_go_and_code_makes_the_same(page, monkeypatch):
    assert "opposite" not in page.test.get_by_key("method").options, "energy has none here"
    page.choose("network", "question").choose("method", "opposite").choose("digit", "4")
    assert "Made in one go" in page.words and 'class="player"' in page.html
    run = invert.opposite.load("question").draw([4], settings.SEED)
    np.testing.assert_allclose(pen_way(page)[0], run.strokes, atol=0.06)
    assert (
        not offered(page, "steps") and not offered(page, "keep-gif") and offered(page, "keep-svg")
    )
    asked = {"network": "question", "method": "opposite", "digit": "4", "seed": "7", "count": "2"}
    other = at(monkeypatch, right="Code", **asked)
    assert "By TensorFlow alone" not in other.words
    (code,) = (element.value for element in other.test.code)
    program = {}
    exec(re.search(r"^run = .*$", code, re.MULTILINE)[0], {"invert": invert}, program)
    again = invert.opposite.load("question").draw([4, 4], 7)
    np.testing.assert_array_equal(program["run"].images, again.images)


def pen_way(page):
    """The control points of all frames as the page tells them to the browser."""
    way = json.loads(html.unescape(re.search(r'data-pen="([^"]*)"', page.html)[1]))
    points = np.frombuffer(base64.b64decode(way["points"]), "<i2") / way["units"]
    return points.reshape(*way["shape"], 2)


@pytest.mark.whole
def test_images_that_did_not_convince_their_network_are_counted(page):
    page.choose("count", 4)
    assert "not convince" not in page.words
    page.choose("network", "question").choose("steps", "5").choose("seed", 12)
    run = invert.generate([8] * 4, classifier="question", seed=12, steps=5)
    count = run.verdicts.count("not convinced")
    assert count > 1
    said = f"{count} of 4 images do not convince the network. Try more steps, or another method."
    assert said in page.words
    assert 'role="alert"' not in page.html
    page.choose("steps", settings.DEFAULT)
    assert "not convince" not in page.words


def test_captions_follow_the_frames_and_end_with_the_image(page):
    page.choose("count", 2)
    run = invert.generate([8, 8], seed=settings.SEED, frames=generate.FRAMES)
    film = json.loads(html.unescape(re.search(r'data-film="([^"]*)"', page.html)[1]))
    assert film["steps"] == run.frame_steps.tolist() and film["targets"] == ["8", "8"]
    for n in range(2):
        answers = [answer for answer, _ in film["says"]["network"][n]]
        want = run.frame_probabilities[:, n].argmax(axis=1)
        assert answers == [str(digit) for digit in want]
        digit = judge.look(run.frames[:, n]).digit
        assert [answer != run_images.NO_DIGIT for answer, _ in film["says"]["judge"][n]] == list(
            digit
        )
        assert not digit[0], "the noise it began with is none"


def test_the_chart_marks_the_step_from_which_on_the_target_is_the_answer(page):
    run = invert.generate(8, seed=settings.SEED, frames=generate.FRAMES)
    answers = run.frame_probabilities[:, 0].argmax(axis=1)
    step = int(re.search(r"from step (\d+) it says 8", page.html)[1])
    frame = run.frame_steps.tolist().index(step)
    assert answers[frame - 1] != 8 and (answers[frame:] == 8).all()


@pytest.mark.parametrize("pixel_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_numbers_of_digits_hold_the_judges_opinion_whatever_the_range(sample, pixel_range):
    low, high = pixel_range
    inked = sample[0][:3]
    run = SimpleNamespace(
        images=np.float32(low + (high - low) * inked),
        frames=np.zeros((0,)),
        frame_steps=np.zeros(0),
        targets=sample[1][:3],
        labels=tuple("0123456789"),
        domain=Domain((28, 28), *pixel_range),
        pixel_range=pixel_range,
        classifier="mine#1234",
        method="steepest",
        seed=0,
        start="noise",
        settings={},
        strokes=None,
        stroke_frames=None,
        probabilities=np.zeros((3, 10)),
        frame_probabilities=np.zeros((0, 3, 10)),
        losses=np.zeros((0, 3)),
    )
    kept = np.load(io.BytesIO(offers._npz(run, run)))
    np.testing.assert_allclose(kept["judge"], judge.look(inked).probabilities, atol=1e-3)
    assert json.loads(str(kept["settings"]))["classifier"] == "mine"


def test_a_start_that_is_taken_for_the_target_already_is_said(page):
    """`question` takes an empty page for a 1: nothing is learned, and nothing on it moves."""
    page.choose("network", "question").choose("method", "plain").choose("digit", "1")
    run = invert.generate(1, "plain", classifier="question", frames=2)
    assert np.abs(run.images - run.frames[0]).max() < 0.02 and run.verdicts == ("convinced",)
    assert "already reads this start as 1, so there is nothing to learn." in page.words
    page.choose("digit", "2")
    assert "nothing to learn" not in page.words
