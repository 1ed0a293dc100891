"""The opposite model of a network of colours, which draws with waves."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_opposite import changed, other_array

import invert
from invert.inversion import compiling
from invert.methods.opposite import crafts, learning_to_draw
from invert.networks import style_network

SHAPE = (9, 6, 3)
NAMES = ("red", "green", "blue")
ASKED = np.arange(60) % 3
pytestmark = pytest.mark.usefixtures("small_opposites")


@pytest.fixture(scope="module")
def colours():
    """A network that says which colour is strongest in the middle of an image, from 0 to 255."""
    layers = [keras.layers.Cropping2D(2), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input(SHAPE), *layers, keras.layers.Dense(3)])
    model.layers[-1].set_weights([np.eye(3) / 25, np.zeros(3)])
    return compiling.without_xla(invert.freeze(model, labels=NAMES, pixel_range=(0, 255)))


@pytest.fixture(scope="module")
def learned(colours, small_opposites):
    return invert.opposite(colours, seed=3, steps=40)


def right(images):
    """The share of images whose middle has most of the colour that was asked for."""
    return (images[:, 2:-2, 2:-2].mean((1, 2)).argmax(1) == ASKED).mean()


def test_it_learns_to_draw_what_is_asked(colours, learned):
    run = learned.draw(ASKED, seed=5)
    assert run.images.shape == (60, *SHAPE) and run.images.dtype == np.float32
    assert run.images.min() >= 0 and 150 < run.images.max() <= 255
    assert right(run.images) == 1 > right(invert.opposite(colours, 3, steps=1).images(ASKED, 5))
    assert run.verdicts == ("convinced",) * 60 and run.strokes is None
    assert run.method == "opposite" and run.losses.shape == (0, 60)


def test_images_of_a_class_differ_by_style_and_by_seed(learned):
    images = learned.images([0] * 20, seed=1)
    assert np.ptp(images, axis=0).max() > 5
    assert np.abs(images - learned.images([0] * 20, seed=2)).max() > 5
    names = learned.images(["red", "blue"], seed=1)
    np.testing.assert_allclose(names[0], images[0], atol=1e-2)


def test_many_are_drawn_as_few_are(learned, monkeypatch):
    many = learned.images(np.arange(130) % 3, seed=8)  # by XLA
    few = learned.images(np.arange(20) % 3, seed=8)
    np.testing.assert_allclose(many[:20], few, atol=0.05)
    monkeypatch.setattr(style_network, "MOST_AT_ONCE", 7 * np.prod(SHAPE))
    np.testing.assert_allclose(learned.images(np.arange(20) % 3, seed=8), few, atol=0.05)
    np.testing.assert_allclose(learned.images(np.arange(130) % 3, seed=8), many, atol=0.05)


def test_of_large_images_fewer_are_seen_at_once(colours, monkeypatch):
    def weights(**sizes):
        for name, size in sizes.items():
            monkeypatch.setattr(learning_to_draw, name, size)
        # What was compiled for other sizes is kept with the architecture.
        colours.architecture.compiled.pop("traced", None)
        return np.concatenate([w.ravel() for w in invert.opposite(colours, 1, steps=3).weights])

    usual, fewer = weights(AT_ONCE=12), weights(FEWER=4, LARGE=100)
    assert np.array_equal(fewer, weights(AT_ONCE=4)) and np.isfinite(fewer).all()
    assert not np.array_equal(fewer, usual)


def test_the_surest_styles_are_the_same_however_many_are_looked_at_together(
    colours, learned, monkeypatch
):
    network, weights = learned.network, learned.weights
    together = learning_to_draw.choose(colours, network, weights, 0, 2)
    assert sorted(together.ravel()) == list(range(6))
    monkeypatch.setattr(style_network, "MOST_AT_ONCE", 4 * np.prod(SHAPE))
    assert style_network.at_once(SHAPE, 500) == 4
    assert np.array_equal(learning_to_draw.choose(colours, network, weights, 0, 2), together)


def test_a_layer_of_many_inputs_takes_smaller_steps(colours, learned):
    """By hand: Adam's first step changes a weight by its rate, here the last and cooled to 0.02."""
    begun = learning_to_draw.begin(learned.network, 0, 1)
    before = [each.copy() for each in begun.weights]
    after = learning_to_draw.learn(colours, learned.network, begun, 0, lambda *_: None).weights
    moved = [np.abs(new - old).max() for new, old in zip(after, before, strict=True)]
    m = 2 * 3 * 9 * 4
    assert after[1].shape == (m + 16, 128) and after[5].shape == (128, m)
    rates = [0.2, 0.001 * 128 / (m + 16), 0.001, 0.001, 0.001, 0.001, 0.001]
    np.testing.assert_allclose(moved, 0.02 * np.array(rates), rtol=0.02)


def test_large_waves_are_held_down(colours, learned, monkeypatch):
    m = np.stack([np.full((2, 3, 9, 4), size, np.float32) for size in (0, 1, -3)])
    assert crafts.WAVES.penalty(tf.constant(m), None).numpy() == pytest.approx([0, 0.03, 0.27])
    monkeypatch.setattr(crafts, "LARGE", 10.0)
    colours.architecture.compiled.pop("traced", None)
    fainter = invert.opposite(colours, seed=3, steps=40).images(ASKED, 5).std()
    colours.architecture.compiled.pop("traced", None)
    assert 0 < 1.5 * fainter < learned.images(ASKED, 5).std()


def test_of_many_classes_there_are_fewer_styles(monkeypatch):
    monkeypatch.setattr(crafts, "STYLES", 32)
    waves = crafts.waves_for((300, 200, 3))
    assert waves.drawn == (64, 64)
    assert [crafts.styles_of_waves(waves, classes) for classes in (2, 40, 500)] == [32, 8, 1]
    with pytest.raises(ValueError, match="at most 661 classes of images of this size; got 1000"):
        crafts.styles_of_waves(waves, 1000)


def test_a_saved_one_draws_the_same_bits_and_keras_opens_it(learned, colours, tmp_path):
    path = tmp_path / "colours.keras"
    learned.save(path)
    again = invert.opposite.load(path, colours)
    assert again.network == learned.network and again.domain == learned.domain
    assert np.array_equal(again.images([0, 1, 2], 4), learned.images([0, 1, 2], 4))
    numbers = np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32)
    theirs = keras.saving.load_model(path)([np.arange(6), numbers]).numpy()
    ours = learned.network.m_of(learned.weights, np.arange(6), numbers)
    np.testing.assert_allclose(ours, theirs, atol=0.03)  # half precision


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"about": lambda about: about | {"waves": crafts.MOST_WAVES + 1}}, "from 1 to 64"),
        ({"about": lambda about: about | {"waves": True}}, "no whole number"),
        ({"about": lambda about: about | {"waves": 5}}, r"must be \(6, "),
        ({"about": lambda about: about | {"shape": [64, 64, 3], "waves": 64, "styles": 1000}},
            "more than 8,388,608 values"),
        ({"about": lambda about: about | {"shape": [2048, 4096, 3]}}, "no shape of an image"),
        ({"weights": other_array(lambda values: values * np.inf)}, "must be finite"),
    ],
)  # fmt: skip
def test_another_file_is_refused_in_a_sentence(learned, tmp_path, change, says):
    path = tmp_path / "colours.keras"
    learned.save(path)
    path.write_bytes(changed(path, **change))
    with pytest.raises(ValueError, match=f"An opposite model must be .* is none: .*({says})"):
        invert.opposite.load(path)
