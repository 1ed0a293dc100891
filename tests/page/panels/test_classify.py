"""Classify: what is drawn is read, whatever it is."""

import re

import numpy as np
import pytest
from page_driver import ONE, TURN, ZERO, stroke

import invert
from invert import CLASSIFIERS
from invert.drawing import from_strokes
from invert.page.panels import classify


def test_blank_canvas_is_no_digit(page):
    page.draw(ONE)
    for blank in (None, {}, {"objects": []}):
        page.draw(blank)
        assert "Draw a digit" in page.words and page.answer is None
        assert page.html.count("--to:0.0000'") == 10, "ten empty bars keep the space"


@pytest.mark.parametrize("drawing, digit", [(ONE, 1), (ZERO, 0)])
def test_unmistakable_digits_are_read(page, drawing, digit):
    page.draw(drawing)
    assert page.answer == digit
    assert re.search(r"Second guess: \d, (<1|[1-9]\d*)%|takes it for a digit", page.words)
    assert page.html.count("--to:") == 20, "ten bars, and ten scores under the canvas"


def test_what_is_no_digit_is_said_to_be_none(page):
    window = [[(60, 60), (220, 60), (220, 220), (60, 220), (60, 60)]]
    window += [[(140, 60), (140, 220)], [(60, 140), (220, 140)]]
    page.draw({"objects": [stroke(*line) for line in window]})
    assert page.answer is not None, "the network has to answer all the same"
    assert classify.NO_DIGIT in page.words and "Second guess" not in page.words
    page.draw(ZERO)
    assert classify.NO_DIGIT not in page.words


def test_bars_move_from_the_last_answer_to_the_new_one(page):
    page.draw(ZERO)
    first = re.findall(r"--to:([\d.]+)'", page.html)
    page.draw(ONE)
    assert re.findall(r"--from:([\d.]+)", page.html) == first


def test_the_pages_network_reads_and_draws(page, monkeypatch):
    page.draw(ONE)
    for name in CLASSIFIERS:
        page.choose("network", name)
        want = invert.classify(from_strokes(ONE), name)[0]
        shown = [float(n) for n in re.findall(r"--to:([\d.]+)'", page.html)]
        np.testing.assert_allclose(shown, want, atol=1e-4)
        assert f"{name} stays as it is" in page.words


def test_an_image_that_was_drawn_is_read_by_all_and_by_the_judge(page):
    page.choose("network", "question").choose("method", "plain").choose("digit", "8")
    page.click("read-1")
    image = page.test.session_state["drawn image"]
    others = {name: int(invert.classify(image, name)[0].argmax()) for name in CLASSIFIERS}
    assert page.answer == others.pop("question") == 8
    assert invert.looks_like_digit(image)[0] or classify.NO_DIGIT in page.words
    page.choose("network", "energy").choose("method", "its best").click("read-1")
    image = page.test.session_state["drawn image"]
    read = ", ".join(
        f"{name} {int(invert.classify(image, name)[0].argmax())}"
        for name in CLASSIFIERS
        if name != "energy"
    )
    assert f"Others read: {read}. {classify.A_DIGIT}" in re.sub(" ,", ",", page.words)


def test_what_the_pen_has_drawn_so_far_is_read_and_changes_nothing_that_stays(page):
    seven = ZERO["objects"][0]["path"]
    page.move_pen(*[point[1:] for point in seven])
    assert page.answer == 0 and "labelled" not in page.html, "the example is gone at once"
    page.run()
    assert "Draw a digit" in page.words, "the pen left no stroke"
    page.draw(ONE)
    page.move_pen((60, 40), (200, 40))
    both = {"objects": [*ONE["objects"], stroke((60, 40), (200, 40))]}
    shown = [float(n) for n in re.findall(r"--to:([\d.]+)'", page.html)]
    np.testing.assert_allclose(shown, invert.classify(from_strokes(both))[0], atol=1e-4)
    np.testing.assert_allclose(page.test.session_state["drawn image"], from_strokes(ONE))
    page.run()
    assert page.answer == 1


def test_a_stroke_that_has_ended_is_not_read_twice(page):
    page.draw(ONE)
    page.drawing = ZERO
    page.move_pen((60, 40), (200, 40))
    shown = [float(n) for n in re.findall(r"--to:([\d.]+)'", page.html)]
    np.testing.assert_allclose(shown, invert.classify(from_strokes(ZERO))[0], atol=1e-4)


@pytest.mark.parametrize(
    "sent",
    [
        "text",
        {"number": "x", "points": [[1, 2], [3, 4]]},
        {"number": 1, "points": [[1, 2]]},
        {"number": 1, "points": [[1, 2]] * 5000},
        {"number": 1, "points": [[1], "x"]},
        {"number": 1, "points": [["a", None], [3, 4]]},
        {"number": 1, "points": [[1e9, 0], [3, 4]]},
    ],
)
def test_whatever_the_pen_sends_the_page_goes_on(page, sent):
    page.draw(ONE)
    page.pen = sent
    page.run()
    page.pen = None
    assert page.run().answer == 1 and 'role="alert"' not in page.html


def test_digits_side_by_side_are_counted(page):
    left = {"objects": [stroke(*[(x / 2, y) for x, y in ((140, 40), (140, 140), (140, 240))])]}
    zero = stroke(*zip(190 + 45 * np.sin(TURN), 140 - 90 * np.cos(TURN), strict=True))
    page.draw({"objects": [*left["objects"], zero]})
    assert "I see two digits. The network reads them as one." in page.words


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
