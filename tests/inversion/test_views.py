"""What is drawn for an image depends on seed, step and image alone."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from invert.inversion import views
from invert.inversion.parametrisations.pixels import Pixels
from invert.inversion.views import Jitter, Moment

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
