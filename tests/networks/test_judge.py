import numpy as np

from invert.networks import judge


def test_large_sets_are_looked_at_in_parts(sample):
    whole, _ = judge.look(sample[0][:600])
    halves = np.concatenate([judge.look(sample[0][a : a + 300])[0] for a in (0, 300)])
    np.testing.assert_allclose(whole, halves, atol=1e-4)


def test_the_judge_is_loaded_once():
    assert judge.load() is judge.load()
