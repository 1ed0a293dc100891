"""Inside a classifier: what is said of each unit is what it computes."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from page_driver import ZERO, at
from PIL import Image

from invert.explanation import activations
from invert.networks.classifier import DENSE
from invert.page import layers


def test_layers_show_the_units_of_the_classifier_chosen(page, monkeypatch):
    other = at(monkeypatch, left="Why", reader="question").draw(ZERO)
    found = activations.activations(other.test.session_state["drawn image"], "question")
    first, second = found.hidden
    assert "Inside question" in other.words
    assert f"first layer: {(first > 0).sum()} of 256 active" in other.words
    assert f"second layer: {(second > 0).sum()} of 256 active" in other.words
    strongest, weakest = found.sums.argmax(), found.sums.argmin()
    said = json.loads(html.unescape(re.search(r'data-lines="([^"]*)"', other.html)[1]))
    assert said[strongest].startswith(f"Unit {strongest + 1}: activation {found.sums.max():.2f},")
    inactive = f"Unit {weakest + 1}: inactive, its weighted input is −{-found.sums.min():.2f}."
    assert said[weakest] == inactive
    assert f'aria-valuenow="{strongest + 1}"' in other.html, "it opens at the strongest"


@pytest.mark.parametrize("name", DENSE)
def test_weights_of_all_units_are_one_small_picture(name):
    style = layers.style(name)
    assert len(style) < 250_000
    address = re.search(r"base64,([^)]*)", style)[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(address))).convert("RGBA"), float)
    blue = pixels[..., 2] > pixels[..., 0]
    drawn = np.where(blue, 1, -1) * (pixels[..., 3] / 255) ** 2
    for unit in (0, 37, 255):
        want = activations.first_weights(name)[unit]
        row, column = divmod(unit, 16)
        got = drawn[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]
        np.testing.assert_allclose(got, want / np.abs(want).max(), atol=2 / layers.LEVELS)
