"""The MNIST test set's statistics in the judge's features, which images are scored against."""

import numpy as np

from invert.evaluation import score
from invert.networks import judge, weights


def train(mnist, seed: int, epochs: int = 1):
    """Measure the test set. Returns model and figures; seed and epochs change nothing.

    The floor is the Fréchet distance of 1,000 real validation images, 100 a digit.
    """
    features, _ = judge.look(mnist.test.images)
    model = score.build_reference()
    covariance = np.cov(features, rowvar=False)
    spread = score.spread(features, mnist.test.digits)
    model.set_weights([features.mean(axis=0), covariance, spread])
    rows = np.concatenate([np.flatnonzero(mnist.validation.digits == d)[:100] for d in range(10)])
    real, _ = judge.look(mnist.validation.images[rows])
    floor = score.frechet(
        real.mean(axis=0), np.cov(real, rowvar=False), features.mean(axis=0), covariance
    )
    return model, {"real_frechet": floor, "judge_sha256": weights.manifest()["judge"]["sha256"]}
