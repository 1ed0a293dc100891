"""The pen: what it draws by hand in NumPy, its gradient by finite differences, drawings fitted."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from invert.inversion.parametrisations.strokes import BOX, PEN, Strokes, basis, ink

EDGE, PAGE = 0.4, (9, 12)
both_ways = pytest.mark.parametrize("jit_compile", [False, True])
TURN = np.linspace(0, 2 * np.pi, 60)
DRAWINGS = {
    "0": [np.stack([3 * np.sin(TURN), 5 * np.cos(TURN)], 1)],
    "1": [np.array([[0, 0], [1, 9]])],
    "4": [np.array([[0, 0], [-4, 6], [3, 6]]), np.array([[1, 2], [1, 10]])],
    "5": [
        np.array([[0, 0], [-4, 0], [-4, 4], [-1, 4], [0, 6], [-4, 9]]),
        np.array([[0, 0], [1, 0]]),
    ],
    "8": [np.stack([3 * np.sin(2 * TURN), 6 * np.cos(TURN)], 1)],
    "a dot": [np.array([[5, 5]])],
}


def drawn_by_hand(curves, radius):
    """``ink`` in double precision, a pixel and a piece at a time."""
    height, width = PAGE
    shades = np.zeros((len(curves), height, width))
    for image, strokes in enumerate(curves):
        for row, column in np.ndindex(height, width):
            pixel = np.array([column - (width - 1) / 2, row - (height - 1) / 2])
            far = np.inf
            for stroke in strokes:
                for a, b in itertools.pairwise(stroke):
                    along = np.clip((pixel - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
                    far = min(far, np.linalg.norm(pixel - a - along * (b - a)))
            shades[image, row, column] = 1 / (1 + np.exp((far - radius[image]) / EDGE))
    return shades.reshape(len(curves), -1)


@pytest.fixture
def pens():
    generator = np.random.default_rng(0)
    return generator.uniform(-4, 4, (2, 2, 3, 2)), generator.uniform(0.8, 1.6, 2)


def drawn(jit_compile=False):
    def draw(curves, radius, weights):
        shade = ink(curves, radius, PAGE, EDGE)
        return shade, *tf.gradients(tf.reduce_sum(weights * shade), [curves, radius])

    return tf.function(draw, jit_compile=jit_compile)


@both_ways
def test_ink_is_the_distance_to_the_nearest_piece_through_a_sigmoid(pens, jit_compile):
    curves, radius = pens
    shade, *_ = drawn(jit_compile)(*(tf.constant(v, tf.float32) for v in (curves, radius, 1.0)))
    np.testing.assert_allclose(shade, drawn_by_hand(curves, radius), atol=1e-4)


@both_ways
def test_the_gradient_of_ink_is_that_of_finite_differences(pens, jit_compile):
    curves, radius = pens
    weights = np.random.default_rng(1).normal(size=(2, PAGE[0] * PAGE[1]))
    arguments = (tf.constant(v, tf.float32) for v in (curves, radius, weights))
    _, of_curves, of_radius = drawn(jit_compile)(*arguments)
    h = 1e-6

    def slope(where, which):
        ends = []
        for step in (h, -h):
            moved = [curves.copy(), radius.copy()]
            moved[which][where] += step
            ends.append((weights * drawn_by_hand(*moved)).sum())
        return (ends[0] - ends[1]) / (2 * h)

    for which, gradient in enumerate((of_curves, of_radius)):
        by_hand = [slope(where, which) for where in np.ndindex(*gradient.shape)]
        np.testing.assert_allclose(np.ravel(gradient), by_hand, rtol=0.01, atol=2e-3)


@pytest.mark.parametrize("points", [2, 3, 4, 6, 9])
def test_splines_are_scipys(points):
    degree = min(3, points - 1)
    knots = np.pad(np.linspace(0, 1, points - degree + 1), degree, "edge")
    curve = BSpline(knots, np.eye(points), degree)(np.linspace(0, 1, 17))
    np.testing.assert_allclose(basis(points, 17), curve, atol=1e-6)


def test_a_start_is_the_same_whoever_its_neighbours_are():
    pen = Strokes((28, 28))
    np.testing.assert_allclose(pen.start(5, 3)[:2], pen.start(2, 3), atol=1e-6)
    assert len(np.unique(np.concatenate([pen.start(3, seed) for seed in (1, 2)]).ravel())) > 110


def test_a_start_is_a_ring_that_the_pen_goes_round_without_being_lifted():
    m = Strokes((28, 28), 3, 5).start(20, 0)
    np.testing.assert_allclose(m[:, 1:, 0], m[:, :-1, -1], atol=1e-6)  # from stroke to stroke
    np.testing.assert_allclose(m[:, -1, -1], m[:, 0, 0], atol=1e-5)  # and round to the first
    x, y = np.moveaxis(m.reshape(20, -1, 2), 2, 0)
    turned = np.unwrap(np.arctan2(y - y.mean(1, keepdims=True), x - x.mean(1, keepdims=True)))
    np.testing.assert_allclose(turned[:, -1] - turned[:, 0], 2 * np.pi, atol=1e-4)
    assert len(np.unique(turned[:, 0].round(1))) > 10, "it begins anywhere"
    assert np.median(np.ptp(x, axis=1) / np.ptp(y, axis=1)) == pytest.approx(0.6, abs=0.15)
    ring = Strokes((28, 28), 2, 7).start(20, 0)[:, :, :-1].reshape(20, 12, 2)
    across = ring[:, :6] + ring[:, 6:]  # of places that lie opposite one another: twice the middle
    assert np.std(across, axis=1).min() > 0.02, "it wobbles"


@pytest.mark.parametrize(("strokes", "points"), [(1, 2), (1, 3), (2, 2), (3, 5)])
def test_a_start_is_as_tall_as_one_however_few_its_points(strokes, points):
    pen = Strokes((28, 28), strokes, points)
    drawn = pen.curves(pen.start(9, 0)).numpy().reshape(9, -1, 2)
    np.testing.assert_allclose(np.ptp(drawn, axis=1).max(axis=1), 1, atol=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_drawing_fills_its_box_and_moves_no_more(seed):
    pen = Strokes((28, 28))
    wild = 100 * np.random.default_rng(seed).normal(size=(1, 2, 6, 2)).astype(np.float32) + 7
    m = pen.project(tf.constant(wild))
    curves = pen.curves(m).numpy()
    sides = np.ptp(curves, axis=(1, 2))[0]
    assert sides[1] == pytest.approx(1, abs=1e-4) and sides[0] <= 1 + 1e-4
    np.testing.assert_allclose(pen.project(m), m, atol=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (32, 24, 3), (64, 64)])
def test_the_page_scales_the_drawing(shape):
    pen = Strokes(shape)
    made = pen.make(tf.constant(pen.start(3, 0))).numpy()
    assert made.shape == (3, *shape) and made.min() >= 0 and 0.8 < made.max() <= 1
    if len(shape) == 3:
        assert np.ptp(made, axis=-1).max() == 0
        made = made[..., 0]
    tall = (made > 0.5).any(axis=2).sum(axis=1)
    assert np.abs(tall - BOX * min(shape[:2])).max() <= 1.5
    dark = Strokes(shape, dark=True).make(tf.constant(pen.start(3, 0))).numpy()
    np.testing.assert_allclose(dark.reshape(3, *shape[:2], -1)[..., 0], 1 - made, atol=1e-6)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_by_hand_is_fitted(name):
    lines = DRAWINGS[name]
    pen = Strokes((28, 28), len(lines), 10)
    m = pen.fit([1000 + 3 * np.asarray(line, float) for line in lines])
    curve = pen.curves(tf.constant(m)).numpy()[0]
    points = np.concatenate([np.asarray(line, float) for line in lines])
    if len(points) == 1:
        assert np.abs(curve).max() < 1e-3
        return
    # Both to the same size and place, then each point of the drawing to the nearest of the curve.
    there = curve.reshape(-1, 2)
    placed = (points - points.min(0)) / np.ptp(points[:, 1])
    there = (there - there.min(0)) / np.ptp(there[:, 1])
    far = np.linalg.norm(placed[:, None] - there[None], axis=-1).min(1)
    assert far.mean() < 0.04, "0.8 of 20 pixels"


def test_points_stand_on_the_page_where_they_are_drawn():
    pen = Strokes((28, 28), 1, 2)
    m = pen.project(tf.constant([[[[0.0, 0.0], [0.0, 4.0]]]]))
    top, bottom = pen.on_page(m)[0, 0]
    assert top == pytest.approx([0.5, 0.5 - (BOX - PEN) / 2], abs=1e-4)
    image = pen.make(m).numpy()[0]
    rows = np.flatnonzero(image[:, 13] > 0.5)
    assert rows[0] == pytest.approx(28 * top[1] - 28 * PEN / 2, abs=1)
    assert rows[-1] == pytest.approx(28 * bottom[1] + 28 * PEN / 2, abs=1)
