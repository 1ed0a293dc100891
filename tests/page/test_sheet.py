"""The sheet of images: whole pixels, and what came of them."""

from types import SimpleNamespace

import numpy as np
import pytest

import invert
from invert.networks.judge import Opinion
from invert.page import sheet
from invert.page.panels import generate


@pytest.mark.parametrize("count", range(1, generate.MOST_IMAGES + 1))
def test_images_are_whole_multiples_of_their_pixels_and_fit_the_sheet(count):
    columns, side = sheet.grid(count)
    assert side % 28 == 0 and columns * side <= 288


@pytest.mark.parametrize(
    "verdicts, words",
    [
        (("convinced", "convinced"), "Click an image to classify it."),
        (("convinced", "not convinced"), "1 of 2 did not convince the network. Try more steps, or"),
        (("never moved", "never moved"), "2 of 2 could not move from this start."),
    ],
)
def test_under_the_images_stands_what_came_of_them(verdicts, words):
    assert words in sheet.note(SimpleNamespace(verdicts=verdicts, losses=[1, 2]))


def test_what_is_no_digit_to_the_judge_is_said_in_its_place():
    run = invert.generate([3, 8], classifier="robust", steps=1)
    probabilities = np.eye(10, dtype=np.float32)[[3, 5]]
    digit = np.array([True, False])
    shown = sheet.html(run, Opinion(np.zeros((2, 64)), probabilities, digit))
    first, second = shown.split("<figure>")[1:]
    assert "judge says 3, 100%" in first and "no digit" not in first
    assert "judge says it is no digit" in second and "<em>no digit</em>" in second
    assert "judge says 5" not in second
