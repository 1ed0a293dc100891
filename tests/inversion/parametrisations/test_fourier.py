"""Waves add up to an image, and any image is some waves."""

import numpy as np
import pytest
import tensorflow as tf

from invert.inversion.parametrisations.fourier import COLOURS, Fourier
from invert.inversion.parametrisations.pixels import Pixels

SHAPES = [(8, 8), (7, 5), (5, 8, 3), (4, 7, 2), (1, 6), (6, 1, 3)]
both_ways = pytest.mark.parametrize("jit_compile", [False, True])


def some(waves, count=2, strength=20):
    return strength * waves.start(count, seed=3)


def by_numpy(waves, m):
    """The same sums by NumPy, in double precision."""
    height, width = waves.shape[:2]
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.maximum(np.sqrt(down**2 + right**2), 1 / max(height, width))
    sums = np.fft.irfft2((m[:, 0] + 1j * m[:, 1]) / frequency, (height, width))
    if waves.shape[2:] == (3,):
        sums = np.einsum("nchw,dc->nhwd", sums, COLOURS)
    else:
        sums = np.moveaxis(sums, 1, -1)
    return (1 / (1 + np.exp(-sums))).reshape(-1, *waves.shape)


@both_ways
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_image_is_the_sum_of_its_waves(shape, jit_compile):
    waves = Fourier(shape)
    m = some(waves)
    made = tf.function(waves.make, jit_compile=jit_compile)(m)
    assert made.shape == (2, *shape) and made.dtype == tf.float32
    np.testing.assert_allclose(made, by_numpy(waves, m), atol=2e-5)
    assert np.ptp(made) > 0.05, "something is there to compare"


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_image_is_some_waves(shape):
    """The transform backwards, by NumPy, finds the waves of a given picture."""
    waves = Fourier(shape)
    image = np.random.default_rng(0).uniform(0.1, 0.9, (1, *shape))
    sums = np.log(image / (1 - image)).reshape(1, *shape[:2], waves.channels)
    if waves.channels == 3:
        sums = sums @ np.linalg.inv(COLOURS).T
    found = np.fft.rfft2(np.moveaxis(sums, -1, 1)) / waves.spectrum
    m = np.stack([found.real, found.imag], 1).astype(np.float32)
    np.testing.assert_allclose(waves.make(m), image, atol=1e-4)


@both_ways
def test_the_gradient_is_that_of_finite_differences(jit_compile):
    waves = Fourier((5, 4, 3))
    m, towards = some(waves, 1), some(waves, 1, 1)
    weights = np.random.default_rng(1).normal(size=(1, 5, 4, 3)).astype(np.float32)

    @tf.function(jit_compile=jit_compile)
    def slope(m):
        return tf.gradients(tf.reduce_sum(weights * waves.make(m)), m)[0]

    def value(step):
        return np.sum(weights * by_numpy(waves, m.astype(float) + step * towards))

    expected = (value(1e-3) - value(-1e-3)) / 2e-3
    assert np.sum(slope(tf.constant(m)) * towards) == pytest.approx(expected, rel=1e-3)


def test_an_image_starts_alike_whoever_its_neighbours_are_and_nearly_grey():
    waves = Fourier((9, 6, 3))
    many = waves.start(3, seed=5)
    np.testing.assert_array_equal(many[:1], waves.start(1, seed=5))
    assert not (many[0] == many[1]).any() and not (many == waves.start(3, seed=6)).any()
    assert 0 < np.abs(waves.make(many) - 0.5).max() < 0.2


def test_the_longest_wave_weighs_most_and_grey_has_no_colours():
    spectrum = Fourier((8, 8)).spectrum
    assert spectrum[0].tolist() == pytest.approx([8, 8, 4, 8 / 3, 2])
    assert spectrum[4, 4] == spectrum.min() == pytest.approx(2**0.5)
    m = some(Fourier((6, 6, 3)), 1)
    m[:, :, 1:] = 0  # light alone: all colours rise and fall together
    red, green, blue = np.moveaxis(Fourier((6, 6, 3)).make(m).numpy() - 0.5, -1, 0)
    assert (red * green >= 0).all() and (green * blue >= 0).all()
    assert Fourier((6, 6)).start(1, 0).shape == (1, 2, 1, 6, 4)


def test_a_large_image_is_drawn_small_and_enlarged():
    waves = Fourier((16, 12, 3), most=8)
    m = some(waves, 1)
    assert m.shape == (1, 2, 3, 8, 5)
    small = np.log(1 / (1 / by_numpy(Fourier((8, 8, 3)), m) - 1))
    large = tf.image.resize(small, (16, 12)).numpy()
    np.testing.assert_allclose(waves.make(m), 1 / (1 + np.exp(-large)), atol=2e-5)


def test_waves_are_taken_for_no_other_parametrisation():
    """What is compiled for one of them is kept under it."""
    assert Fourier((6, 5, 3)) == Fourier((6, 5, 3)) != Fourier((6, 5))
    assert Fourier((6, 5, 3)) != Pixels((6, 5, 3))
    assert len({Fourier((6, 5)), Pixels((6, 5)), Fourier((6, 5))}) == 2
