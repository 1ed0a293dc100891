"""Classify: what is drawn is read, whatever it is."""

import re

import numpy as np
import pytest
from page_driver import ONE, ZERO, stroke

import invert
from invert import CLASSIFIERS
from invert.networks.classifier import DEFAULT


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


def test_what_is_no_digit_is_said_to_be_none(page):
    window = [[(60, 60), (220, 60), (220, 220), (60, 220), (60, 60)]]
    window += [[(140, 60), (140, 220)], [(60, 140), (220, 140)]]
    page.draw({"objects": [stroke(*line) for line in window]})
    assert page.answer is not None, "the network has to answer all the same"
    assert "The judge sees no digit." in page.words and "Second guess" not in page.words
    page.draw(ZERO)
    assert "Second guess:" in page.words and "no digit" not in page.words


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
    for name in set(CLASSIFIERS) - {DEFAULT}:
        page.choose("reader", name)
        assert asked[-1] == name and page.answer == 4
    assert asked[0] == DEFAULT


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
