"""The layers under the canvas: what is shown of each unit is what it computes."""

import base64
import html
import io
import json
import re

import keras
import numpy as np
import pytest
from page_driver import ZERO
from PIL import Image

import invert
from invert.explanation import activations
from invert.networks.classifier import DENSE
from invert.page.canvas import layers
from invert.page.session.network import Network


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
    assert "This one has others: what its channels look for is under What is lost." in page.words
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


@pytest.mark.parametrize(
    ("shape", "widths"), [((8, 8), (32, 10)), ((4, 5, 3), (7, 9, 8, 26)), ((6, 6), (3,))]
)
def test_layers_of_any_number_and_width_are_shown(fresh, shape, widths):
    keras.utils.set_random_seed(0)
    *hidden, classes = widths
    dense = [keras.layers.Dense(width, "relu") for width in hidden]
    ends = keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)
    graph = invert.freeze(
        keras.Sequential([*ends[:2], *dense, ends[2]]),
        pixel_range=(0, 255),
        labels=[f"<k{n}>" for n in range(classes)],
    )
    chosen = Network("mine#1", graph, graph.image_shape, graph.labels, graph.pixel_range)
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    shown, empty = layers.html(image, chosen), layers.html(None, chosen)
    found = activations.activations(255 * image, graph)
    likeliest = sorted(np.argsort(-found.logits)[:10])
    buttons = re.findall(r'data-unit="(\d+)"[^>]*><b>([^<]*)</b>', shown)
    assert [int(number) for number, _ in buttons] == likeliest
    assert [html.unescape(label) for _, label in buttons] == [graph.labels[n] for n in likeliest]
    best = int(re.search(r'data-answer="(\d+)"', shown)[1])
    assert likeliest[best] == found.logits.argmax()
    captions = re.findall(r"<figcaption>([^<]*)<", shown)
    assert captions == re.findall(r"<figcaption>([^<]*)<", empty), "nothing moves"
    assert captions[1:-1] == [f"{n} units" for n in (hidden[:1] + hidden[1:][-1:])]
    pictures = re.findall(r"--votes:url\(([^)]*)\)", shown)
    first_and_last = found.votes[:1] + found.votes[1:][-1:]
    for picture, votes in zip(pictures, first_and_last, strict=True):
        want = (votes - votes.mean(axis=1, keepdims=True))[:, likeliest].T
        got = signed(picture).reshape(len(likeliest), -1)[:, : len(votes)]
        np.testing.assert_allclose(got, want / np.abs(want).max(), atol=0.02)
    assert ("data-linear" in shown) == (not hidden) and "<k" not in shown
    weights = signed(re.search(r"url\(([^)]*)\)", layers.style("mine#1", graph))[1])
    first = activations.first_weights(graph)[1]
    first = first.sum(axis=-1) if first.ndim == 3 else first
    height, width = shape[:2]
    got = weights[:height, width : 2 * width]
    np.testing.assert_allclose(got, first / np.abs(first).max(), atol=2 / layers.LEVELS)


@pytest.mark.parametrize("hidden", [[9], []])
def test_the_unit_that_is_marked_is_one_of_those_that_are_shown(fresh, monkeypatch, hidden):
    keras.utils.set_random_seed(0)
    stack = [keras.Input((4, 4)), keras.layers.Flatten()]
    stack += [keras.layers.Dense(width, "relu") for width in hidden]
    graph = invert.freeze(keras.Sequential([*stack, keras.layers.Dense(5)]))
    chosen = Network("mine#1", graph, graph.image_shape, graph.labels, graph.pixel_range)
    monkeypatch.setattr(layers, "MOST_UNITS", 2)
    image = np.random.default_rng(1).random((4, 4)).astype(np.float32)
    shown = layers.html(image, chosen)
    if not hidden:
        assert 'data-linear="2"' in shown, "of more answers than that no weights are there"
        return
    found = activations.activations(image, graph)
    votes = (found.votes[0] - found.votes[0].mean(axis=1, keepdims=True))[:, found.logits.argmax()]
    assert votes.argmax() > 1, "the strongest of all is not shown"
    unit = int(votes[:2].argmax())
    assert f'aria-valuenow="{unit + 1}"' in shown and f"--row:0;--column:{unit};" in shown
    assert "2 of 9 units" in shown


def test_of_many_units_as_many_are_shown_as_a_page_can_bear():
    assert layers._shown(512, 784) == 256 and layers._counted(256, 512) == "256 of 512 units"
    assert layers._shown(100, 224 * 224 * 3) == 1 and layers._sides(7) == (3, 3)


def signed(address):
    """The values that a picture's colours stand for, the largest 1."""
    pixels = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA")
    )
    pixels = pixels.astype(float)
    blue = pixels[..., 2] > pixels[..., 0]
    return np.where(blue, 1, -1) * (pixels[..., 3] / 255) ** 2
