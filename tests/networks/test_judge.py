import doodles
import numpy as np
import pytest

import invert
from invert import drawing
from invert.networks import judge


def test_large_sets_are_looked_at_in_parts(sample):
    whole = judge.look(sample[0][:600]).features
    halves = np.concatenate([judge.look(sample[0][a : a + 300]).features for a in (0, 300)])
    np.testing.assert_allclose(whole, halves, atol=1e-4)


@pytest.mark.parametrize("name", judge.SHAPES)
def test_an_image_alone_is_read_as_among_others(sample, name):
    """Alone it is NumPy that reads, and Keras otherwise."""
    images = np.concatenate([sample[0][:40], np.random.default_rng(0).random((10, 28, 28))])
    among = judge.look(images, name)
    alone = [judge.look(image, name) for image in images]
    for field in ("features", "probabilities", "digit"):
        each = np.concatenate([getattr(opinion, field) for opinion in alone])
        assert each.dtype == getattr(among, field).dtype
        np.testing.assert_allclose(each, getattr(among, field), atol=1e-4)
    assert among.digit.any() and not among.digit.all()


def test_the_judge_is_loaded_once():
    assert judge.load() is judge.load()


def test_real_digits_pass_and_no_image_is_no_digit(sample):
    passed = invert.looks_like_digit(sample[0])
    assert passed.mean() >= 0.99 and passed.dtype == bool
    assert invert.looks_like_digit(np.zeros((0, 28, 28))).shape == (0,)
    assert not invert.looks_like_digit(np.zeros((28, 28)))[0]


def test_what_nobody_would_call_a_digit_does_not_pass(sample):
    random = np.random.default_rng(0)
    for images in (1 - sample[0], random.random((1000, 28, 28))):
        assert invert.looks_like_digit(images).mean() <= 0.005


def test_doodles_of_kinds_it_never_saw_do_not_pass():
    assert invert.looks_like_digit(doodles.make(doodles.KINDS)).mean() <= 0.05


def test_noise_that_convinces_its_own_network_does_not_pass():
    run = invert.generate(np.arange(200) % 10, "plain", classifier="question", start="noise")
    assert run.verdicts.count("convinced") > 150  # the network itself is sure
    assert invert.looks_like_digit(run.images).mean() <= 0.02


def test_what_it_draws_well_passes():
    robust = invert.generate(range(10), classifier="robust").images
    assert invert.looks_like_digit(robust).sum() >= 8
    energy = invert.generate(np.arange(200) % 10, seed=1).images
    assert invert.looks_like_digit(energy).mean() >= 0.96


def test_the_ten_detectors_are_what_passes_an_image(sample):
    model = judge.build()
    judge.weights.load("judge", model)
    pictures = np.concatenate([sample[0][:50], 1 - sample[0][:50]])
    logits = model(pictures)[1].numpy()
    assert np.array_equal(judge.looks_like_digit(pictures), logits.max(axis=1) > 0)


def test_the_second_judge_is_another_network(sample):
    second = judge.look(sample[0], "second-judge")
    assert second.features.shape == (1000, 96)
    assert np.mean(second.probabilities.argmax(axis=1) == sample[1]) >= 0.985
    assert second.digit.mean() >= 0.99


def test_a_pair_of_digits_is_none_but_each_of_them_is(sample):
    page = np.zeros((28, 56), np.float32)
    page[:, :28], page[:, 28:] = sample[0][0], sample[0][500]
    assert not judge.looks_like_digit(drawing.from_pixels(page))[0]
    assert judge.looks_like_digit(drawing.pieces(page)).tolist() == [True, True]


def test_a_lone_dot_is_no_digit():
    """As a tap on the canvas gives it; the detector of ones takes it for one."""
    tap = {"type": "path", "path": [["M", 140, 140], ["L", 140.001, 140]], "strokeWidth": 20}
    assert not judge.looks_like_digit(drawing.from_strokes({"objects": [tap]}))
