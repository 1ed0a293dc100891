"""What may be asked for, and what comes of it."""

import keras
import numpy as np
import pytest
from scipy import optimize

import invert
from invert.inversion import aims
from invert.targets import check_wanted

LABELS = ("cat", "dog", "8")


def test_a_class_is_one_hot_and_a_mixture_is_its_shares():
    wanted = check_wanted(["dog", 0, {"cat": 0.25, "8": 0.75}, {"dog": 0}], LABELS)
    assert wanted.aims.tolist() == [[0, 1, 0], [1, 0, 0], [0.25, 0, 0.75], [0, -1, 0]]
    assert wanted.classes.tolist() == [1, 0, 2, 1] and not wanted.by_class
    assert check_wanted("dog", LABELS).by_class


def test_floats_of_two_axes_are_the_probabilities_themselves():
    asked = np.array([[0.2, 0.3, 0.5], [0, 1, 0]])
    wanted = check_wanted(asked, LABELS)
    np.testing.assert_allclose(wanted.aims, asked, atol=1e-7)
    assert wanted.near.tolist() == pytest.approx([0.05, 0.05])


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({"cat": 0.5}, "shares of a mixture must add up to 1"),
        ({"cat": 0.7, "dog": 0.7}, "must add up to 1"),
        ({"cat": 2}, "a share must be a number from 0 to 1; got 2"),
        ({"cat": True}, "a share must be a number from 0 to 1; got True"),
        ({"cow": 1.0}, "each target must be one of cat, dog, 8; got 'cow'"),
        ({}, "must add up to 1"),
        (np.zeros((2, 4)), "one for each of the 3 classes; got 4"),
        (np.full((1, 3), 1.5), "from 0 to 1, one for each of the 3 classes; got 3 from 1.5 to 1.5"),
        (np.full((1, 3), np.nan), "from 0 to 1"),
        (np.zeros((0, 3)), "the count of images must be a whole number from 1"),
    ],
)
def test_what_cannot_be_asked_for_is_named(targets, words):
    with pytest.raises(ValueError, match=words):
        check_wanted(targets, LABELS)


def by_hand(logits, row, head):
    """The loss of one row in NumPy, float64."""
    if head == "sigmoid":
        p = 1 / (1 + np.exp(-logits))
        if row.min() < 0:
            return -np.log(1 - p[row < 0]).sum()
        return -(row * np.log(p) + (1 - row) * np.log(1 - p)).sum()
    p = np.exp(logits) / np.exp(logits).sum()
    return -np.log(1 - p[row < 0]).sum() if row.min() < 0 else -(row * np.log(p)).sum()


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_the_loss_of_aims_is_the_formula(head):
    logits = np.random.default_rng(0).normal(size=(4, 3))
    rows = np.array([[0, 1, 0], [0.25, 0, 0.75], [0, -1, 0], [0.2, 0.3, 0.5]])
    got = aims.cross_entropy_or_avoidance(np.float32(logits), np.float32(rows), head)
    want = [by_hand(z, row, head) for z, row in zip(logits, rows, strict=True)]
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_the_margin_is_over_all_others_together():
    logits = np.random.default_rng(1).normal(size=(3, 4))
    rows = np.eye(4)[[1, 0, 3]]
    got = aims.negative_margin(np.float32(logits), np.float32(rows), "softmax")
    others = np.log((np.exp(logits) * (1 - rows)).sum(axis=1))
    np.testing.assert_allclose(got, others - (logits * rows).sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("classifier", ["question", "robust", "student"])
def test_a_mixture_comes_within_a_tenth_of_its_shares(classifier):
    run = invert.generate([{3: 0.5, 8: 0.5}, {1: 0.2, 7: 0.8}], classifier=classifier)
    assert run.verdicts == ("convinced", "convinced")
    assert np.abs(run.probabilities - run.aims).max() <= 0.1
    read = invert.classify(run.images, classifier)
    np.testing.assert_allclose(read, run.probabilities, atol=1e-2)


def test_very_outputs_come_within_a_twentieth():
    asked = np.full((1, 10), 0.1)
    run = invert.generate(asked, classifier="robust")
    assert run.verdicts == ("convinced",)
    assert np.abs(invert.classify(run.images, "robust") - asked).max() <= 0.05


def test_anything_but_a_class_leaves_it():
    eight = invert.generate(8, classifier="robust").images
    run = invert.generate({8: 0}, classifier="robust", start=eight)
    assert run.verdicts == ("convinced",) and run.probabilities.argmax() != 8
    assert run.targets.tolist() == [8] and run.aims[0, 8] == -1


def test_the_inverse_model_takes_classes_alone():
    with pytest.raises(ValueError, match="inverse draws one class an image; name classes alone"):
        invert.generate([{3: 0.5, 8: 0.5}], "inverse")


def test_shares_are_where_the_cross_entropy_is_least():
    """A property: of all probabilities the shares themselves have the least loss."""
    row = np.array([0.2, 0.5, 0.3])
    least = optimize.minimize(lambda z: by_hand(z, row, "softmax"), np.zeros(3)).x
    np.testing.assert_allclose(np.exp(least) / np.exp(least).sum(), row, atol=1e-4)


@pytest.fixture(scope="module")
def small():
    """A network of 4×4 values from -10 to 30."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4, 4)), keras.layers.Flatten(), keras.layers.Dense(3)]
    return invert.freeze(keras.Sequential(layers), pixel_range=(-10, 30))


@pytest.mark.parametrize("method", ["steepest", "plain"])
def test_within_bounds_the_distance_to_the_start_and_no_further(small, method):
    """In shares of the pixel range, whose length is 40."""
    start = np.full((4, 4), 2.0)
    run = invert.generate([0, 1], method, classifier=small, start=start, within=0.25, steps=20)
    far = np.sqrt((((run.images - start) / 40) ** 2).sum(axis=(1, 2)))
    np.testing.assert_allclose(far, 0.25, rtol=1e-4)  # both want to go farther
    assert run.settings["within"] == 0.25
    free = invert.generate([0, 1], method, classifier=small, start=start, steps=20).images
    assert ((((free - start) / 40) ** 2).sum(axis=(1, 2)) > 0.3**2).all()


def test_a_bound_is_a_matter_of_steepest_steps(small):
    assert invert.generate(1, classifier=small, within=0.25, steps=2).method == "steepest"


@pytest.mark.parametrize(
    ("method", "within", "words"),
    [
        ("strokes", 1.0, "within bounds how far pixels go, and strokes makes images of something"),
        ("inverse", 1.0, "and inverse makes"),
        ("steepest", 0, "within must be a number above 0.*; got 0"),
        ("steepest", True, "got True"),
        ("steepest", float("inf"), "got inf"),
    ],
)
def test_what_cannot_be_bounded_is_said(method, within, words):
    with pytest.raises(ValueError, match=words):
        invert.generate(3, method, classifier="robust", within=within)
