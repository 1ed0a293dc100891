"""How long an inversion takes, beside the matrix products it cannot do without.

``.venv/bin/pytest tests/benchmarks --benchmark-only`` prints both in one table a group; the
figures in brackets are ratios to the faster. No test here fails by the clock.
"""

import numpy as np
import pytest

import invert
from invert import classifier

STEPS = 200
COUNTS = (1, 10, 64, 256)


@pytest.fixture(scope="module")
def weights():
    return [w for w in classifier.load("robust").get_weights() if w.ndim == 2]


@pytest.mark.parametrize("count", COUNTS)
def test_generate(benchmark, count):
    benchmark.group = f"{STEPS} steps, {count} images"
    run = benchmark.pedantic(
        invert.generate,
        args=([8] * count, "robust"),
        kwargs={"start": "noise", "steps": STEPS},
        warmup_rounds=2,
        rounds=15,
    )
    assert run.probabilities[:, 8].min() > 0.9


@pytest.mark.parametrize("count", COUNTS)
def test_products_alone_in_numpy(benchmark, count, weights):
    """Three products forwards and three backwards a step, and nothing else."""
    benchmark.group = f"{STEPS} steps, {count} images"
    forwards = [(np.ones((count, len(w)), np.float32), w) for w in weights]
    backwards = [(np.ones((count, w.shape[1]), np.float32), w.T) for w in weights]

    def products():
        for _ in range(STEPS):
            for a, b in forwards + backwards:
                a @ b

    benchmark.pedantic(products, warmup_rounds=2, rounds=15)
