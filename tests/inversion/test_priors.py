import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import priors

SHAPES = [(28, 28), (7, 9), (6, 5, 3)]


@pytest.fixture(params=SHAPES, ids=str)
def images(request):
    return np.random.default_rng(0).random((3, *request.param))


def test_total_variation_is_the_sum_of_neighbours_differences(images):
    want = [np.abs(np.diff(i, axis=0)).sum() + np.abs(np.diff(i, axis=1)).sum() for i in images]
    x = tf.constant(images)
    np.testing.assert_allclose(priors.total_variation(x, x, None), want)


def test_l2_is_of_m_and_not_of_what_is_made_of_it(images):
    codes = np.random.default_rng(1).normal(size=(3, 5))
    got = priors.l2(tf.constant(codes), tf.constant(images), None)
    np.testing.assert_allclose(got, (codes**2).sum(axis=1) / 2)


@pytest.mark.parametrize("name", list(priors.PENALTIES))
def test_gradients_are_finite_differences(name, images):
    h, penalty = 1e-7, priors.PENALTIES[name]
    x = tf.Variable(images[:1])
    with tf.GradientTape() as tape:
        value = penalty(x, x.read_value(), None)
    gradient = tape.gradient(value, x).numpy().ravel()
    for pixel in (0, gradient.size // 2, gradient.size - 1):
        step = h * np.eye(gradient.size)[pixel].reshape(x.shape)
        up, down = (penalty(each, each, None) for each in (x + step, x - step))
        assert gradient[pixel] == pytest.approx(float((up - down)[0] / (2 * h)), abs=1e-5)
