"""A tally of labelled pictures, against sums by hand and SciPy's interval."""

import numpy as np
import pytest
from scipy import stats

from invert.evaluation.tally import tally, wilson


@pytest.mark.parametrize(("right", "count"), [(17, 20), (0, 1), (1, 1), (0, 50), (50, 50), (3, 7)])
def test_the_range_is_wilsons(right, count):
    want = stats.binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert wilson(right, count) == pytest.approx((want.low, want.high), abs=1e-6)


def test_of_nothing_nothing_is_known():
    counts = tally([], [], 3)
    assert counts[:4] == (0, 0, 0.0, 1.0) and not counts.confusions.any()


def test_confusions_are_counted_by_hand():
    """Of three cats one is read as a dog; of two dogs both are read right; a bird as a cat."""
    counts = tally([0, 0, 0, 1, 1, 2], [0, 1, 0, 1, 1, 0], 3)
    np.testing.assert_array_equal(counts.confusions, [[2, 1, 0], [0, 2, 0], [1, 0, 0]])
    assert (counts.right, counts.pictures) == (4, 6)
