"""Ranges are converted exactly at both ends, and nothing is outside between them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from invert.inversion.domain import Domain

bounds = st.floats(-1000, 1000, width=32)
RANGES = [(0, 1), (-1, 1), (0, 255), (-2.1179, 2.64), (0.1, 0.3), ((0, -1, 5), (1, 1, 6.5))]


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_both_ends_are_exact_both_ways(low, high):
    domain = Domain((2, 3), low, high)
    shares = np.stack([np.zeros((2, 3)), np.ones((2, 3))]).astype(np.float32)
    inputs = domain.from_unit(shares)
    np.testing.assert_array_equal(inputs[0], np.broadcast_to(domain.low, (2, 3)))
    np.testing.assert_array_equal(inputs[1], np.broadcast_to(domain.high, (2, 3)))
    np.testing.assert_array_equal(domain.to_unit(inputs), shares)


@settings(max_examples=60, deadline=None)
@given(bounds, bounds, st.integers(0, 2**31))
def test_what_is_made_of_shares_is_always_inside(one, other, seed):
    low, high = sorted((one, other))
    if not high - low > np.finfo(np.float32).tiny / np.finfo(np.float32).eps:
        return  # fewer numbers of float32 lie between them than shares
    domain = Domain((50,), low, high)
    rng = np.random.default_rng(seed)
    shares = np.concatenate([rng.random(40), 1 - rng.random(10) * 1e-6]).astype(np.float32)
    inputs = domain.from_unit(shares)
    assert (inputs >= domain.low).all() and (inputs <= domain.high).all()
    scale = max(abs(low), abs(high)) / (high - low)
    np.testing.assert_allclose(domain.to_unit(inputs), shares, atol=4e-7 * (1 + scale))


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_tensorflow_converts_as_numpy_does(low, high):
    domain = Domain((4, 3), low, high)
    shares = np.random.default_rng(0).random((5, 4, 3), np.float32)
    inputs = domain.from_unit(shares)
    np.testing.assert_allclose(domain.from_unit(tf.constant(shares)), inputs, rtol=1e-6)
    np.testing.assert_allclose(domain.to_unit(tf.constant(inputs)), shares, atol=1e-4)


def test_bounds_are_what_float32_sees():
    domain = Domain((1,), -2.1179, 2.64)
    assert domain.low == float(np.float32(-2.1179)) != -2.1179
    assert (Domain((1,)).is_unit, domain.is_unit) == (True, False)
    assert hash(Domain((1,), fixed={0: 1.0})) == hash(Domain((1,)))
