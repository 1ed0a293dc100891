import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import priors

SHAPES = [(28, 28), (7, 9), (6, 5, 3)]


@pytest.fixture(params=SHAPES, ids=str)
def images(request):
    return np.random.default_rng(0).random((3, *request.param))


def flat(images):
    return tf.constant(images.reshape(len(images), -1))


def test_total_variation_is_the_sum_of_neighbours_differences(images):
    want = [np.abs(np.diff(i, axis=0)).sum() + np.abs(np.diff(i, axis=1)).sum() for i in images]
    np.testing.assert_allclose(priors.total_variation(flat(images), images.shape[1:]), want)


@pytest.mark.parametrize("name", list(priors.PENALTIES))
def test_gradients_are_finite_differences(name, images):
    shape, h = images.shape[1:], 1e-7
    x, penalty = tf.Variable(flat(images)[:1]), priors.PENALTIES[name]
    with tf.GradientTape() as tape:
        value = penalty(x, shape)
    gradient = tape.gradient(value, x).numpy()[0]
    for pixel in (0, len(gradient) // 2, len(gradient) - 1):
        step = h * np.eye(len(gradient))[pixel]
        slope = (penalty(x + step, shape) - penalty(x - step, shape)) / (2 * h)
        assert gradient[pixel] == pytest.approx(float(slope[0]), abs=1e-5)


def test_shift_is_a_roll_and_back_again(images):
    shape = images.shape[1:]
    moved = priors.shift(flat(images), (3, -2), shape)
    want = np.roll(images, (3, -2), axis=(1, 2))
    np.testing.assert_array_equal(moved, flat(want))
    np.testing.assert_array_equal(priors.shift(moved, (-3, 2), shape), flat(images))


def test_shifts_cover_their_range_evenly():
    shifts = priors.jitter_shifts(2, 5000, seed=0)
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert counts.min() > 0.9 * counts.mean()
    none = priors.jitter_shifts(0, 9, seed=0)
    assert none.shape == (9, 2) and none.dtype == shifts.dtype and not none.any()
