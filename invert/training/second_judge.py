"""The second judge, of another shape and seed: it chooses settings, so that the judge need not."""

import functools

from invert.training import judge

SAME_AS = "judge"
train = functools.partial(judge.train, name="second-judge")
