"""The sheet of images: whole pixels, and what came of them."""

from types import SimpleNamespace

import pytest

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
