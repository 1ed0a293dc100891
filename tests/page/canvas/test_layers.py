"""The layers under the canvas: what is shown of each unit is what it computes."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from page_driver import ZERO
from PIL import Image

from invert.explanation import activations
from invert.networks.classifier import DENSE
from invert.page.canvas import layers


def test_layers_are_those_of_the_pages_network(page):
    for name in ("question", "energy"):
        page.choose("network", name).draw(ZERO)
        found = activations.activations(page.test.session_state["drawn image"], name)
        sums = json.loads(html.unescape(re.search(r'data-sums="([^"]*)"', page.html)[1]))
        np.testing.assert_allclose(sums, found.sums, atol=0.006)
        best = int(found.logits.argmax())
        votes = found.votes[1] - found.votes[1].mean(axis=1, keepdims=True)
        for digit in range(10):
            pro, contra = (votes[:, digit] > 0).sum(), (votes[:, digit] < 0).sum()
            line = f"{pro} units of the second layer vote for {digit}, {contra} against it."
            assert html.escape(line) in page.html
        assert f'data-answer="{best}"' in page.html


def test_the_pictures_of_the_votes_are_the_votes(page):
    page.choose("network", "robust").draw(ZERO)
    found = activations.activations(page.test.session_state["drawn image"], "robust")
    for shown, votes in zip(
        re.findall(r"--votes:url\(([^)]*)\)", page.html), found.votes, strict=True
    ):
        votes = votes - votes.mean(axis=1, keepdims=True)
        want = votes.T.reshape(160, 16) / np.abs(votes).max()
        np.testing.assert_allclose(signed(shown), want, atol=0.02)


def test_a_network_of_convolutions_says_where_its_channels_are(page):
    page.choose("network", "student").draw(ZERO)
    assert "What the channels of this network look for is under What is lost." in page.words
    assert 'role="alert"' not in page.html and page.answer == 0


@pytest.mark.parametrize("name", DENSE)
def test_weights_of_all_units_are_one_small_picture(name):
    style = layers.style(name, name)
    assert len(style) < 250_000
    drawn = signed(re.search(r"url\(([^)]*)\)", style)[1])
    for unit in (0, 37, 255):
        want = activations.first_weights(name)[unit]
        row, column = divmod(unit, 16)
        got = drawn[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]
        np.testing.assert_allclose(got, want / np.abs(want).max(), atol=2 / layers.LEVELS)


def signed(address):
    """The values that a picture's colours stand for, the largest 1."""
    pixels = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA")
    )
    pixels = pixels.astype(float)
    blue = pixels[..., 2] > pixels[..., 0]
    return np.where(blue, 1, -1) * (pixels[..., 3] / 255) ** 2
