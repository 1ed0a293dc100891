"""Real digits to show, from MNIST's test set."""

import functools
from pathlib import Path

import numpy as np

EACH = 10
PATH = Path(__file__).parent / "mnist-test-examples.npz"


@functools.cache
def load() -> np.ndarray:
    """Return the examples, ``(10, 10, 28, 28)`` float32 in [0, 1]: digit, then number.

    Raises:
        ValueError: their file is missing, cut or altered.
    """
    try:
        with PATH.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
        sorted_images = images[np.argsort(labels, kind="stable")] / np.float32(255)
        return sorted_images.reshape(10, EACH, 28, 28)
    except Exception as error:  # a damaged archive fails in whatever part the damage hits
        raise ValueError(
            f"The example digits cannot be read. Restore them with: git checkout -- {PATH.name}"
        ) from error
