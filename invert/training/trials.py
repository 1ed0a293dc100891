"""``python -m invert.training.trials``: settings of ``energy`` compared, by the second judge.

It looks at real validation images for scale, and at no test image. What is chosen here is measured
by another judge, from other seeds, in ``python -m invert evaluate``.
"""

import argparse
import sys

import numpy as np

from invert import data, shell
from invert.evaluation import score
from invert.images import DIGITS, SIDE
from invert.inversion.checks import check_whole
from invert.methods import starts
from invert.methods.generation import generate
from invert.networks import judge
from invert.networks.classifier import open_graph

JUDGE = "second-judge"
AT_ONCE = 1000
SEED = 5000
# Fine and coarse noise of the start, steps, step size.
NARROW, WIDE = ((0.06, 0.12), (0.0, 0.10)), ((0.05, 0.12), (0.0, 0.12))
TRIALS = (
    # As ``generate`` takes them of another number of steps, and of one length.
    *((*NARROW, steps, round(0.55 * (100 / steps) ** 0.5, 4)) for steps in (60, 100, 200, 400)),
    *((*NARROW, steps, 0.55) for steps in (60, 200, 400)),
    (*NARROW, 80, 0.6),
    (*NARROW, 60, 0.7),
    (*NARROW, 60, 0.8),
    (*NARROW, 100, 0.8),
    (*WIDE, 100, 0.5),
    (*WIDE, 200, 0.5),
    (*WIDE, 60, 0.8),
    (*WIDE, 80, 0.7),
)


def main(arguments=None) -> int:
    """Print a line for each trial."""
    parser = argparse.ArgumentParser(prog="python -m invert.training.trials", description=__doc__)
    parser.add_argument("classifier", nargs="?", default="energy", help="by default energy itself")
    parser.add_argument("--count", type=int, default=10_000, help="images of each trial")
    parser.add_argument("--mnist", metavar="FILE", help="mnist.npz; see also INVERT_MNIST")
    options = parser.parse_args(arguments)
    return shell.run(lambda: _compare(options), "")


def _compare(options) -> None:
    check_whole(options.count, "--count", AT_ONCE, 1_000_000)
    mnist = data.load(options.mnist)
    with shell.quiet():
        graph = open_graph(options.classifier)
    real = judge.look(mnist.validation.images, JUDGE)
    reference = score.refer(real.features, mnist.validation.digits)
    print("start (fine, coarse), steps × length: passes, agreement, Fréchet, diversity", flush=True)
    some = np.concatenate([np.flatnonzero(mnist.train.digits == d)[:1000] for d in range(DIGITS)])
    _print("real training digits", mnist.train.images[some], mnist.train.digits[some], reference)
    digits = np.arange(AT_ONCE) % DIGITS
    for fine, coarse, steps, step_size in TRIALS:
        images = [
            generate(
                digits, "steepest", classifier=graph, start=_noise(fine, coarse, SEED + number),
                loss="logit", steps=steps, step_size=step_size,
            ).images
            for number in range(options.count // AT_ONCE)
        ]  # fmt: skip
        words = f"{fine}, {coarse}, {steps} × {step_size}"
        _print(words, np.concatenate(images), np.tile(digits, len(images)), reference)


def _noise(fine, coarse, seed: int) -> np.ndarray:
    """Starts of these strengths, ``(AT_ONCE, 28, 28)``."""
    generators = [np.random.default_rng((seed, number)) for number in range(AT_ONCE)]
    return np.clip([starts.noise(each, (SIDE, SIDE), fine, coarse) for each in generators], 0, 1)


def _print(words: str, images: np.ndarray, digits: np.ndarray, reference: score.Reference) -> None:
    found = score.compare(judge.look(images, JUDGE), digits, reference)
    print(f"{words}:", ", ".join(f"{value:.4g}" for value in found), flush=True)


if __name__ == "__main__":
    sys.exit(main())
