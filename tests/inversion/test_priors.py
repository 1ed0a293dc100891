import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import priors
from invert.inversion.parametrisations.strokes import Strokes

SHAPES = [(28, 28), (7, 9), (6, 5, 3)]


@pytest.fixture(params=SHAPES, ids=str)
def images(request):
    return np.random.default_rng(0).random((3, *request.param))


def test_total_variation_is_the_sum_of_neighbours_differences(images):
    want = [np.abs(np.diff(i, axis=0)).sum() + np.abs(np.diff(i, axis=1)).sum() for i in images]
    x = tf.constant(images)
    np.testing.assert_allclose(priors.total_variation(x, x, None, None), want)


def test_l2_is_of_m_and_not_of_what_is_made_of_it(images):
    codes = np.random.default_rng(1).normal(size=(3, 5))
    got = priors.l2(tf.constant(codes), tf.constant(images), None, None)
    np.testing.assert_allclose(got, (codes**2).sum(axis=1) / 2)


@pytest.mark.parametrize("name", ["total_variation", "l2"])
def test_gradients_are_finite_differences(name, images):
    h, penalty = 1e-7, priors.PENALTIES[name]
    x = tf.Variable(images[:1])
    with tf.GradientTape() as tape:
        value = penalty(x, x.read_value(), None, None)
    gradient = tape.gradient(value, x).numpy().ravel()
    for pixel in (0, gradient.size // 2, gradient.size - 1):
        step = h * np.eye(gradient.size)[pixel].reshape(x.shape)
        up, down = (penalty(each, each, None, None) for each in (x + step, x - step))
        assert gradient[pixel] == pytest.approx(float((up - down)[0] / (2 * h)), abs=1e-5)


def test_a_straight_stroke_does_not_bend_and_a_parabola_bends_by_its_second_derivative():
    pen = Strokes((28, 28), 1, 3)
    straight = tf.constant([[[[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]]])
    assert float(priors.bending(straight, None, pen, None)[0]) == pytest.approx(0, abs=1e-6)
    # A spline of three points is the parabola whose second derivative is 2 (a - 2 b + c), here
    # (0, -8). Six points on it have four inner ones, a fifth of the way apart.
    bent = tf.constant([[[[0.0, 0.0], [1.0, 2.0], [2.0, 0.0]]]])
    assert float(priors.bending(bent, None, pen, None)[0]) == pytest.approx(
        4 / 5 * 8.0**2, rel=1e-3
    )


@pytest.mark.parametrize("broad, penalty", [(0.5, 0), (0.75, 0), (1.0, 0.0625), (1.25, 0.25)])
def test_what_is_broader_than_most_letters_is_held_down(broad, penalty):
    pen = Strokes((28, 28), 2, 2)
    left = [[-broad / 2, -0.5], [-broad / 2, 0.5]]
    right = [[broad / 2, -0.5], [broad / 2, 0.5]]
    m = tf.constant([[left, right]], tf.float32)
    assert float(priors.breadth(m, None, pen, None)[0]) == pytest.approx(penalty, abs=1e-6)


def test_closeness_adds_up_how_far_points_went():
    start = tf.zeros((2, 1, 3, 2))
    moved = start + tf.constant([[[[3.0, 4.0], [0.0, 0.0], [0.0, 1.0]]], [[[0.0, 0.0]] * 3]])
    far = priors.closeness(moved, None, None, start)
    np.testing.assert_allclose(far, [6.0, 0.0], atol=3e-3)
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        value = priors.closeness(x, None, None, start)
    assert np.isfinite(tape.gradient(value, x)).all(), "where nothing moved, there is no NaN"


def test_the_way_from_a_strokes_end_to_the_next_is_penalised_and_strokes_are_not():
    lines = [[[0, 0], [3, 0]], [[3, 2], [9, 9]], [[8, 9], [0, 0]]]  # 2 and 1 in the air
    m = tf.Variable([lines], dtype=tf.float32)
    with tf.GradientTape() as tape:
        far = priors.travel(m, None, None, None)
    assert float(far[0]) == 2**2 + 1**2
    slopes = tape.gradient(far, m).numpy()[0].tolist()
    assert slopes == [[[0, 0], [0, -4]], [[0, 4], [2, 0]], [[-2, 0], [0, 0]]]
    assert float(priors.travel(m[:, :1], None, None, None)[0]) == 0
