import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import priors

SHAPES = pytest.mark.parametrize("shape", [(28, 28), (6, 5, 3)], ids=["grey", "colour"])


def images(shape):
    return np.random.default_rng(0).random((3, int(np.prod(shape))))


@SHAPES
def test_total_variation_is_the_sum_of_neighbours_differences(shape):
    squares = images(shape).reshape(3, *shape)
    want = [np.abs(np.diff(i, axis=0)).sum() + np.abs(np.diff(i, axis=1)).sum() for i in squares]
    np.testing.assert_allclose(priors.total_variation(tf.constant(images(shape)), shape), want)


@SHAPES
@pytest.mark.parametrize("name", list(priors.PENALTIES))
def test_gradients_are_finite_differences(name, shape):
    first, h = images(shape)[:1], 1e-7
    x = tf.Variable(first)
    with tf.GradientTape() as tape:
        value = priors.PENALTIES[name](x, shape)
    gradient = tape.gradient(value, x).numpy()[0]

    def penalty(values):
        return float(priors.PENALTIES[name](tf.constant(values), shape)[0])

    for pixel in (0, 7, 40, first.size - 1):
        step = h * np.eye(first.size)[pixel]
        slope = (penalty(first + step) - penalty(first - step)) / (2 * h)
        assert gradient[pixel] == pytest.approx(slope, abs=1e-5)


@SHAPES
def test_shift_is_a_roll_and_back_again(shape):
    moved = priors.shift(tf.constant(images(shape)), (3, -2), shape)
    want = np.roll(images(shape).reshape(3, *shape), (3, -2), axis=(1, 2)).reshape(3, -1)
    np.testing.assert_array_equal(moved, want)
    np.testing.assert_array_equal(priors.shift(moved, (-3, 2), shape), images(shape))


def test_shifts_cover_their_range_evenly():
    shifts = priors.jitter_shifts(2, 5000, seed=0)
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert counts.min() > 0.9 * counts.mean()
    assert not priors.jitter_shifts(0, 9, seed=0).any()
