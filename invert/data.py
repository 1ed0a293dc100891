"""MNIST: where it comes from, checked to the byte, as images."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

PATH_VARIABLE = "INVERT_MNIST"
KEYS = ("x_train", "y_train", "x_test", "y_test")
SHAPES = [(shape, np.dtype(np.uint8)) for n in (60_000, 10_000) for shape in ((n, 28, 28), (n,))]
DOWNLOADED = "~/.keras/datasets/mnist.npz"  # where Keras keeps its own copy
REPLACE = "Delete it and fetch mnist.npz again."
# Of the arrays' bytes in the order of KEYS, so it does not matter how the file was packed.
SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
# The question's tutorial keeps the first 5,000 training images for validation.
VALIDATION = 5000


class DataError(RuntimeError):
    """MNIST is missing, cut or altered; the text names the file and the way out."""


class Split(NamedTuple):
    """Images ``(N, 28, 28)`` float32 in [0, 1], ink = 1, and their digits ``(N,)`` int64."""

    images: np.ndarray
    digits: np.ndarray


class Mnist(NamedTuple):
    """55,000 training, 5,000 validation and 10,000 test images."""

    train: Split
    validation: Split
    test: Split


def load(path: str | Path | None = None) -> Mnist:
    """Load MNIST from a file where one is named, else through Keras.

    Args:
        path: an ``.npz`` file with Keras's keys (``x_train``, ``y_train``, ``x_test``,
            ``y_test``, all uint8). By default the environment variable ``INVERT_MNIST``;
            where that is unset too, ``keras.datasets.mnist`` downloads its own copy.

    Returns:
        The three splits.

    Raises:
        DataError: the file is missing, cut or not MNIST, or the download failed.

    Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits", CC BY-SA 3.0.

    >>> mnist = load()  # doctest: +SKIP
    >>> mnist.train.images.shape  # doctest: +SKIP
    (55000, 28, 28)
    """
    path = path or os.environ.get(PATH_VARIABLE)
    arrays = _read(Path(path)) if path else _download()
    if [(a.shape, a.dtype) for a in arrays] != SHAPES:
        raise DataError(
            f"MNIST must be uint8 arrays of the shapes {', '.join(str(s) for s, _ in SHAPES)};"
            f" {path or DOWNLOADED} is not. {REPLACE}"
        )
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).data for a in arrays)).hexdigest()
    if digest != SHA256:
        raise DataError(
            f"MNIST must have the SHA-256 {SHA256[:12]}…; {path or DOWNLOADED} has"
            f" {digest[:12]}…. {REPLACE}"
        )
    x_train, y_train, x_test, y_test = arrays
    return Mnist(
        train=_split(x_train[VALIDATION:], y_train[VALIDATION:]),
        validation=_split(x_train[:VALIDATION], y_train[:VALIDATION]),
        test=_split(x_test, y_test),
    )


def _read(path: Path) -> list[np.ndarray]:
    if not path.is_file():
        raise DataError(
            f"There is no file {path}. Give the path of mnist.npz (--mnist or {PATH_VARIABLE}),"
            " or leave both out to let Keras download it."
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return [archive[key] for key in KEYS]
    except Exception as error:  # a damaged archive fails in whatever part the damage hits
        raise DataError(
            f"{path} must be an .npz archive with the arrays {', '.join(KEYS)};"
            f" reading it failed ({type(error).__name__}). Fetch mnist.npz again."
        ) from error


def _download() -> list[np.ndarray]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras wraps what went wrong in a bare Exception
        raise DataError(
            f"Keras could not download MNIST ({error}). Give a file of your own: --mnist"
            f" PATH/mnist.npz, or the environment variable {PATH_VARIABLE}."
        ) from error
    return [x_train, y_train, x_test, y_test]


def _split(pixels: np.ndarray, digits: np.ndarray) -> Split:
    return Split(pixels.astype(np.float32) / 255, digits.astype(np.int64))
