"""What is told of one's own network on the page: its range, and what its classes are called."""

import base64
import dataclasses
import io
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from page_driver import ZERO, sprite, with_own_network
from PIL import Image

import invert
from invert.drawing import from_strokes
from invert.inversion.freezing import freeze
from invert.methods import pen
from invert.networks import classifier
from invert.page.own_network import told
from invert.page.panels import better_ways, classify, own_settings
from invert.page.pictures import run_images
from invert.page.pictures.markup import DIGITS
from invert.page.session import settings


@pytest.fixture(scope="module")
def bytes_network(tmp_path_factory):
    """A network of 28×28 pixels from 0 to 255 that says nothing of it, as a file."""
    keras.utils.set_random_seed(5)
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(4)]
    model = keras.Sequential(layers)
    path = tmp_path_factory.mktemp("own") / "own.keras"
    model.save(path)
    return path


@pytest.fixture
def own_page(page, bytes_network, monkeypatch):
    """The page with that network on it, and a zero drawn before; its classes are no digits."""
    return with_own_network(page.draw(ZERO), bytes_network, monkeypatch)


def test_the_range_is_said_to_be_assumed_and_one_click_changes_it(own_page, bytes_network):
    assert own_settings.ASSUMED.format("0 to 1") in own_page.words, "of the drawing"
    own_page.draw({"objects": []})
    assert own_settings.GIVE in own_page.words and classify.DRAW_OTHER in own_page.words
    assert "reads 28×28 images, pixels in [0, 1], 4 classes" in own_page.words
    image = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    frozen = freeze(bytes_network)
    own_page.test.session_state["instead"] = shown(image)
    own_page.run()
    assert own_settings.ASSUMED.format("0 to 1") in own_page.words
    key = "own-range-1"
    options = own_page.test.get_by_key(key).options
    for name, (low, high) in told.RANGES.items():
        wide = dataclasses.replace(frozen.domain, low=low, high=high)
        by_hand = logits(bytes_network, wide.from_unit(image))
        best = int(by_hand.argmax())
        (option,) = [o for o in options if o.startswith(f"{name}:")]
        assert f"reads {best}, " in option
    own_page.choose(key, "0 to 255")
    assert "pixels in [0, 255], 4 classes" in own_page.words
    chosen = told.RANGES["0 to 255"]
    assert own_page.test.session_state[told.RANGE] == chosen
    best = int(logits(bytes_network, 255 * image).argmax())
    assert f"<b>{best}</b>" in own_page.html
    assert own_page.images, "the other side draws with it"


def shown(image):
    from invert.page.session.state import Instead

    return Instead(image, "a picture")


def logits(path, image):
    return keras.models.load_model(path)(image[None].astype(np.float32)).numpy()[0]


def test_any_grey_network_is_drawn_for_with_the_ink_it_reads(own_page, bytes_network):
    light = from_strokes(ZERO)
    read = {
        "light on dark": softmax(logits(bytes_network, light)),
        "dark on light": softmax(logits(bytes_network, 1 - light)),
    }
    key = "own-ink-1"
    options = own_page.test.get_by_key(key).options
    for name, said in read.items():
        assert any(o.startswith(f"{name}: reads {said.argmax()}, ") for o in options)
    assert bars(own_page) == pytest.approx(read["light on dark"], abs=1e-4)
    own_page.choose(key, "dark on light")
    assert bars(own_page) == pytest.approx(read["dark on light"], abs=1e-4)
    np.testing.assert_allclose(own_page.test.session_state["drawn image"], 1 - light)
    own_page.choose("method", "strokes").click("from-drawing")
    assert "Image made" in own_page.html and own_page.images, "the pen bends the drawing"
    assert own_page.test.get_by_key("to-canvas") is not None
    own_page.choose(key, "light on dark")
    assert bars(own_page) == pytest.approx(read["light on dark"], abs=1e-4)


def test_ink_that_the_pen_found_out_is_used_on_both_sides(own_page, monkeypatch):
    monkeypatch.setattr(pen, "_short_run", lambda graph, record, way, targets: [-float(way.dark)])
    assert own_page.test.get_by_key("own-ink-1").value == "light on dark"
    own_page.choose("method", "strokes")
    assert own_page.test.get_by_key("own-ink-1").value == "dark on light"
    image = own_page.test.session_state["drawn image"]
    np.testing.assert_allclose(image, 1 - from_strokes(ZERO))


def softmax(values):
    return keras.ops.softmax(values).numpy()


def bars(page):
    shown = re.findall(r"--to:([\d.]+)'", page.html)
    return [float(share) for share in shown]


def test_classes_are_called_as_one_types_or_it_is_said_why_not(own_page):
    key = "own-names-1"
    own_page.choose(key, "ant, bee,cat")
    assert "4 class names are needed; got 3." in own_page.words
    own_page.choose(key, "ant, bee, cat, cat")
    assert "Class names must be there and differ" in own_page.words
    own_page.choose(key, "ant, bee, cat, <b>dog</b>")
    assert "<b>dog" not in own_page.html and 'role="alert"' not in own_page.html
    assert own_page.test.get_by_key("class").options == ["ant", "bee", "cat", "<b>dog</b>"]
    assert "Image made to be an ant" in own_page.html
    own_page.choose(key, "")
    assert own_page.test.get_by_key("class").options == ["0", "1", "2", "3"]


def test_a_network_that_was_told_of_shares_its_weights_and_reads_its_range(bytes_network):
    frozen = freeze(bytes_network)
    domain = dataclasses.replace(frozen.domain, low=-1.0)
    changed = told._changed(frozen, domain, ("a", "b", "c", "d"))
    assert changed.weights is frozen.weights and changed.pixel_range == (-1.0, 1.0)
    image = np.random.default_rng(1).uniform(-1, 1, (28, 28)).astype(np.float32)
    want = keras.ops.softmax(logits(bytes_network, image)).numpy()
    np.testing.assert_allclose(invert.classify(image, changed)[0], want, atol=1e-5)
    run = invert.generate(["c"], "steepest", classifier=changed, steps=20)
    assert run.images.min() < 0 and run.labels == ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def turned_network(tmp_path_factory):
    """`robust`, but that its ink is dark and its paper light, as a file."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(-1.0, offset=1.0),
            keras.layers.Flatten(),
            classifier.load("robust"),
        ]
    )
    path = tmp_path_factory.mktemp("turned") / "turned.keras"
    model.save(path)
    return path


@pytest.mark.whole
def test_what_a_network_of_dark_ink_draws_is_shown_and_judged_as_ink_on_paper(
    page, turned_network, monkeypatch
):
    with_own_network(page.draw(ZERO), turned_network, monkeypatch)
    page.choose("own-ink-1", "dark on light").choose("digit", "3").choose("method", "strokes")
    assert page.answer == 0 and classify.NO_DIGIT not in page.words
    graph = told._changed(freeze(turned_network), freeze(turned_network).domain, DIGITS, True)
    run = invert.generate(3, "strokes", classifier=graph, seed=settings.SEED, frames=32)
    assert run.images[0, 0, 0] > 0.99, "its paper is light"
    assert "judge says 3" in page.words
    data = base64.b64decode(sprite(page).partition(",")[2])
    with Image.open(io.BytesIO(data)) as picture:
        last = np.asarray(picture.convert("L"))[-28:]
    np.testing.assert_allclose(last, 255 * run.images[0], atol=1)
    page.click("read-1")
    assert page.answer == 3, "sent to the left, it is read as it was made"
    assert "Others read:" in page.words and classify.A_DIGIT in page.words
    drawn = better_ways._draw("turned", graph, "strokes", settings.SEED, 3, None)
    assert (drawn.who, drawn.says) == ("judge", "3")
    np.testing.assert_allclose(drawn.frames[-1], 255 * (1 - run.images[0]), atol=1)


def test_colours_are_shown_as_they_are():
    shown = SimpleNamespace(images=np.zeros((1, 8, 8, 3)))
    assert run_images.on_paper(shown, True) is shown
