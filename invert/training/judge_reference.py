"""The MNIST test set's statistics in the judge's features, which images are scored against."""

from invert.evaluation import score
from invert.networks import judge, weights


def train(mnist, seed: int, epochs: int = 1):
    """Measure the test set. Returns model and figures; seed and epochs change nothing."""
    reference = score.refer(judge.look(mnist.test.images).features, mnist.test.digits)
    model = score.build_reference()
    model.set_weights(list(reference))
    return model, {"judge_sha256": weights.manifest()["judge"]["sha256"]}
