"""Real digits to show, from MNIST's test set."""

import functools
from pathlib import Path

import numpy as np

EACH = 10


@functools.cache
def load() -> np.ndarray:
    """Return the examples, ``(10, 10, 28, 28)`` float32 in [0, 1]: digit, then number."""
    with np.load(Path(__file__).parent / "mnist-test-examples.npz") as archive:
        images, labels = archive["images"], archive["labels"]
    return (images[np.argsort(labels, kind="stable")] / np.float32(255)).reshape(10, EACH, 28, 28)
