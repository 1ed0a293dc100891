"""Real digits to show, from MNIST's test set; and sample networks, of pictures and of features."""

import functools
from pathlib import Path

import numpy as np

EACH = 10
HERE = Path(__file__).parent
# Made by invert.training.samples.
SAMPLE, PICTURES = HERE / "shapes.zip", HERE / "shapes.npz"
SHAPES = ("circle", "square", "triangle", "star", "cross")  # in the order of their classes
# Of the last three features one is chosen at a time.
FEATURES, THROWS = HERE / "throws.keras", HERE / "throws.csv"
FEATURES_OUTPUT, FEATURES_WORLDS = "distance", (3, 4, 5)
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


def pictures() -> np.ndarray:
    """Return pictures for the sample network, ``(20, 32, 32, 3)`` float32 in [0, 1].

    Raises:
        ValueError: their file is missing, cut or altered.
    """
    return _pictures()[0]


def picture_classes() -> np.ndarray:
    """Return the numbers of the classes that the pictures show, ``(20,)``.

    Raises:
        ValueError: their file is missing, cut or altered.
    """
    return _pictures()[1]


@functools.cache
def _pictures() -> tuple[np.ndarray, np.ndarray]:
    try:
        with PICTURES.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return archive["images"] / np.float32(255), archive["labels"]
    except Exception as error:
        raise ValueError(
            f"The example pictures cannot be read. Restore them: git checkout -- {PICTURES.name}"
        ) from error
