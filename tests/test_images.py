import numpy as np
import pytest

from invert.images import check_images
from invert.inversion.checks import check_whole
from invert.targets import check_targets


def test_one_image_becomes_a_batch_of_one_in_float32():
    checked = check_images(np.eye(28, dtype=bool))
    assert checked.shape == (1, 28, 28)
    assert checked.dtype == np.float32
    assert checked.sum() == 28


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((2, 784)), r"shape \(N, 28, 28\).*got \(2, 784\).*from_pixels"),
        (np.zeros((1, 28, 28, 3)), r"got \(1, 28, 28, 3\)"),
        (np.zeros(()), r"got \(\)"),
        (np.full((28, 28), np.nan), r"finite; got NaN"),
        (np.full((28, 28), np.inf), r"finite"),
        (np.full((28, 28), 255), r"\[0, 1\].*255 to 255.*Divide"),
        (np.full((28, 28), -0.1), r"from -0.1"),
        (np.full((28, 28), "8"), r"real numbers; got dtype"),
        (np.full((28, 28), 1j), r"real numbers; got dtype complex128"),
        ([[1, 2], [3]], r"one array"),
    ],
)
def test_what_is_no_image_is_named(images, words):
    with pytest.raises(ValueError, match=words):
        check_images(images)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, 10, np.array([1, 2])])
def test_whole_numbers_are_whole_and_in_range(value):
    with pytest.raises(ValueError, match="a digit must be a whole number from 0 to 9; got"):
        check_whole(value, "a digit", 0, 9)


def test_numpy_whole_numbers_pass():
    assert check_whole(np.uint8(9), "a digit", 0, 9) == 9


def test_a_channel_of_its_own_is_taken_off():
    assert check_images(np.ones((2, 28, 28, 1))).shape == (2, 28, 28)


def test_a_target_is_a_number_or_a_label():
    assert check_targets(["cat", 0], labels=("dog", "cat")).tolist() == [1, 0]
    with pytest.raises(ValueError, match="each target must be one of dog, cat; got 'bird'"):
        check_targets("bird", labels=("dog", "cat"))
    with pytest.raises(ValueError, match="each target must be one of a, a; got 'a'"):
        check_targets("a", labels=("a", "a"))


@pytest.mark.parametrize(
    ("target", "labels", "number"),
    [
        ("8", tuple("0123456789"), 8),
        ("1", ("dog", "cat"), 1),
        ("3", ("5", "3", "4"), 1),  # a label before a number
        ("0", ("5", "3", "4"), 0),
        ("-0", ("dog", "cat"), 0),
    ],
)
def test_a_number_may_be_text(target, labels, number):
    assert check_targets(target, labels).tolist() == [number]
    assert check_targets([target, target], labels).tolist() == [number, number]


@pytest.mark.parametrize("target", ["10", "-1"])
def test_text_of_no_class_is_named(target):
    with pytest.raises(ValueError, match=f"each digit must be .* from 0 to 9; got {target}"):
        check_targets(target)


@pytest.mark.parametrize("target", ["", " 8", "٣", "8.0", "9" * 5000])
def test_text_that_is_no_number_is_no_class(target):
    with pytest.raises(ValueError, match="each digit must be .* from 0 to 9; got '"):
        check_targets(target)


@pytest.mark.parametrize("targets", [{0: 0.5, 2: 0.5}, {}])
def test_shares_are_refused_and_not_dropped(targets):
    with pytest.raises(ValueError, match="a class or a list of classes; got {"):
        check_targets(targets)
