import numpy as np
import pytest
import tensorflow as tf

from invert import priors


@pytest.fixture
def images():
    return np.random.default_rng(0).random((3, 784))


def test_total_variation_is_the_sum_of_neighbours_differences(images):
    squares = images.reshape(3, 28, 28)
    want = [np.abs(np.diff(i, axis=0)).sum() + np.abs(np.diff(i, axis=1)).sum() for i in squares]
    np.testing.assert_allclose(priors.total_variation(tf.constant(images)), want)


@pytest.mark.parametrize("name", list(priors.PENALTIES))
def test_gradients_are_finite_differences(name, images):
    x, penalty, h = tf.Variable(images[:1]), priors.PENALTIES[name], 1e-7
    with tf.GradientTape() as tape:
        value = penalty(x)
    gradient = tape.gradient(value, x).numpy()[0]
    for pixel in (0, 27, 400, 783):
        step = h * np.eye(784)[pixel]
        slope = (
            penalty(tf.constant(images[:1] + step)) - penalty(tf.constant(images[:1] - step))
        ) / (2 * h)
        assert gradient[pixel] == pytest.approx(float(slope[0]), abs=1e-5)


def test_shift_is_a_roll_and_back_again(images):
    moved = priors.shift(tf.constant(images), (3, -2))
    want = np.roll(images.reshape(3, 28, 28), (3, -2), axis=(1, 2)).reshape(3, 784)
    np.testing.assert_array_equal(moved, want)
    np.testing.assert_array_equal(priors.shift(moved, (-3, 2)), images)


def test_shifts_cover_their_range_evenly():
    shifts = priors.jitter_shifts(2, 5000, seed=0)
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert counts.min() > 0.9 * counts.mean()
    assert not priors.jitter_shifts(0, 9, seed=0).any()
