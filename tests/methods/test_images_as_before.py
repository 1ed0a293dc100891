"""Every shipped network and method draws what it has always drawn.

``tests/data/images-after-ten-steps.npz`` holds what version 2.0.0 drew of 8 and 3 from seed 5 in
ten steps, each step of one length 0.4 long; ten, so that rounding has no time to grow. Version 2
shifted images by other random numbers, so jitter is left out.
"""

from pathlib import Path

import numpy as np
import pytest

import invert

PATH = Path(__file__).parent.parent / "data" / "images-after-ten-steps.npz"


@pytest.fixture(scope="module")
def before():
    with np.load(PATH) as archive:
        return dict(archive)


@pytest.mark.parametrize(
    ("classifier", "method", "settings"),
    [
        ("question", "plain", {"steps": 10}),
        ("question", "regularized", {"steps": 10, "jitter": 0}),
        ("question", "steepest", {"steps": 10, "step_size": 0.4}),
        ("robust", "steepest", {"steps": 10, "step_size": 0.4}),
        ("robust", "latent", {"steps": 10}),
        ("robust", "inverse", {}),
        ("energy", "steepest", {"steps": 10, "step_size": 0.4}),
        ("student", "steepest", {"steps": 10, "step_size": 0.4}),
    ],
)
def test_images_are_as_before(classifier, method, settings, before, xla):
    run = invert.generate([8, 3], method, classifier=classifier, seed=5, **settings)
    np.testing.assert_allclose(run.images, before[f"{classifier}-{method}"], atol=1e-5)
