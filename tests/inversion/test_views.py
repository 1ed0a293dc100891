"""What is drawn for an image depends on seed, step and image alone."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from invert.inversion import views
from invert.inversion.parametrisations.pixels import Pixels
from invert.inversion.parametrisations.strokes import Strokes
from invert.inversion.views import Camera, Hand, Jitter, Moment

DRAWS = [views.uniform, views.normal]
both_ways = pytest.mark.parametrize("jit_compile", [False, True])
every_draw = pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: draw.__name__)


def moment(seed=1, step=2, first=0):
    return Moment(*(tf.constant(number, tf.int32) for number in (seed, step, first)))


def drawn(draw, count, numbers, jit_compile=False, **when):
    made = tf.function(lambda at: draw(at, count, numbers), jit_compile=jit_compile)
    return made(moment(**when)).numpy()


@every_draw
@both_ways
@pytest.mark.parametrize("numbers", [1, 6, 24])
def test_an_image_draws_the_same_whoever_its_neighbours_are(draw, jit_compile, numbers):
    many = drawn(draw, 9, numbers, jit_compile)
    few, later = (drawn(draw, 3, numbers, jit_compile, first=first) for first in (0, 5))
    # Sines of several numbers at once are rounded otherwise than of one.
    np.testing.assert_allclose(few, many[:3], atol=1e-6)
    np.testing.assert_allclose(later, many[5:8], atol=1e-6)


@every_draw
def test_kernels_and_xla_draw_the_same(draw):
    np.testing.assert_allclose(drawn(draw, 40, 6), drawn(draw, 40, 6, True), atol=2e-6)


@every_draw
def test_seed_and_step_and_image_each_decide(draw):
    ones = [drawn(draw, 2, 8, **when) for when in ({}, {"seed": 2}, {"step": 3}, {"first": 2})]
    rows = np.concatenate(ones)
    assert len(np.unique(rows.round(6))) == rows.size, "nothing is drawn twice"


def test_the_numbers_are_distributed_as_they_are_called():
    uniform, normal = (drawn(draw, 5000, 8).ravel() for draw in DRAWS)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert stats.kstest(uniform, "uniform").pvalue > 0.001
    assert stats.kstest(normal, "norm").pvalue > 0.001
    columns = drawn(views.normal, 5000, 8)
    assert np.abs(np.corrcoef(columns.T) - np.eye(8)).max() < 0.06


@both_ways
def test_jitter_is_a_roll_of_whole_pixels_that_all_images_share(jit_compile):
    images = np.random.default_rng(0).random((3, 6, 5, 3)).astype(np.float32)
    view, pixels = Jitter(), Pixels((6, 5, 3))
    strength, at = tf.constant(2.0), moment(step=4)
    seen = tf.function(lambda m: view.seen(pixels, m, strength, at), jit_compile=jit_compile)
    shift = view.shift(strength, at).numpy()
    np.testing.assert_array_equal(seen(images), np.roll(images, shift, axis=(1, 2)))


def test_shifts_cover_their_range_evenly():
    shift = tf.function(lambda step, most: Jitter.shift(most, moment()._replace(step=step)))
    shifts = [shift(tf.constant(step), tf.constant(2.0)) for step in range(3000)]
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert counts.min() > 0.9 * counts.mean()
    assert not shift(tf.constant(0), tf.constant(0.0)).numpy().any()


def by_hand(row, zoom, shift):
    """``resampled`` along one row, place by place; mirrored as NumPy's "reflect" pads."""
    last = len(row) - 1
    padded = np.pad(row, 10 * last, mode="reflect")
    sources = (np.arange(last + 1) - last / 2 - len(row) * shift) / zoom + last / 2
    return np.interp(sources + 10 * last, np.arange(len(padded)), padded)


MOVES = [(1, 0), (1, 1 / 3), (1, -0.6), (1.7, 0), (0.6, 0.15), (-1, 0)]


@both_ways
@pytest.mark.parametrize("axis", [1, 2])
def test_resampling_is_linear_between_pixels_and_mirrored_at_the_ends(axis, jit_compile):
    images = np.random.default_rng(0).random((len(MOVES), 6, 7, 3)).astype(np.float32)
    zoom, shift = np.array(MOVES, np.float32).T
    run = tf.function(lambda x: views.resampled(x, axis, zoom, shift), jit_compile=jit_compile)
    expected = [
        np.apply_along_axis(by_hand, axis - 1, image, *move)
        for image, move in zip(images, MOVES, strict=True)
    ]
    np.testing.assert_allclose(run(images), expected, atol=1e-5)
    np.testing.assert_allclose(run(images)[0], images[0], atol=1e-6)


def taken(shape, strength=1.0, jit_compile=False, step=4):
    view, pixels, at = Camera(), Pixels(shape), moment(step=step)
    return tf.function(
        lambda m: view.seen(pixels, m, tf.constant(strength), at), jit_compile=jit_compile
    )


@both_ways
@pytest.mark.parametrize("shape", [(28, 28), (9, 7, 3), (1, 5), (5, 1, 3)], ids=str)
def test_the_cameras_gradient_is_exactly_its_transpose(shape, jit_compile):
    """Between black and white light is the only thing that bends: there the view is linear."""
    rng = np.random.default_rng(0)
    images, others = rng.uniform(0.45, 0.55, (2, 3, *shape)).astype(np.float32)
    weights = rng.normal(size=(3, *shape)).astype(np.float32)
    view, pixels, at = Camera(), Pixels(shape), moment()

    @tf.function(jit_compile=jit_compile)
    def there_and_back(x):
        seen = view.seen(pixels, x, tf.constant(0.3), at)
        return seen, tf.gradients(tf.reduce_sum(weights * seen), x)[0]

    seen, slope = there_and_back(tf.constant(images))
    assert np.min(seen) > 0 and np.max(seen) < 1, "nothing is clipped"
    difference = there_and_back(tf.constant(others))[0] - seen
    there = np.sum(weights * difference, dtype=float)
    back = np.sum(slope * (others - images), dtype=float)
    assert there == pytest.approx(back, rel=1e-3)


def test_a_camera_of_no_strength_sees_the_image_and_one_of_strength_moves_and_lights_it():
    image = np.random.default_rng(0).random((2, 12, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(taken((12, 12, 3), 0.0)(image), image, atol=1e-6)
    first, second = (taken((12, 12, 3), step=step)(image).numpy() for step in (1, 2))
    assert np.abs(first - image).max() > 0.1 and np.abs(first - second).max() > 0.1
    assert first.min() >= 0 and first.max() <= 1
    grey = np.full((40, 4, 4), 0.5, np.float32)
    light = taken((4, 4))(grey).numpy()
    assert np.ptp(light, axis=(1, 2)).max() < 1e-5, "a plain image has no contrast to change"
    assert 0.1 < light.std() < 0.35


def test_the_camera_shares_a_direction_among_all_channels_and_none_among_images():
    image = np.zeros((2, 15, 15, 3), np.float32)
    image[:, 7, 7] = 1
    brightest = taken((15, 15, 3), 2.0)(image).numpy().max(-1).reshape(2, -1).argmax(1)
    assert brightest[0] != brightest[1]


def hand(pen, m, strength=1.0, jit_compile=False, **when):
    seen = tf.function(
        lambda m: Hand().seen(pen, m, strength, moment(**when)), jit_compile=jit_compile
    )
    return seen(tf.constant(m)).numpy()


@both_ways
def test_a_hand_draws_the_same_whoever_its_neighbours_are_and_nothing_twice(jit_compile):
    pen = Strokes((28, 28))
    m = pen.start(4, 0)
    seen = hand(pen, m, jit_compile=jit_compile)
    np.testing.assert_allclose(hand(pen, m[:2]), seen[:2], atol=1e-3)
    np.testing.assert_allclose(hand(pen, m[2:], first=2), seen[2:], atol=1e-3)
    assert np.abs(hand(pen, m, step=3) - seen).max() > 0.5
    np.testing.assert_allclose(hand(pen, m, strength=0.0), pen.make(m), atol=1e-3)
