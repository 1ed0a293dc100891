"""What a classifier computes on the way from an image to its answer, layer by layer."""

from typing import NamedTuple

import numpy as np

from invert import classifier
from invert.images import PIXELS, SIDE, check_images


class Activations(NamedTuple):
    """What each layer makes of one image; all float32.

    Attributes:
        sums: ``(256,)``, of each unit of the first layer: its weights times the ink, plus its bias.
        hidden1: ``(256,)``, the first layer's activations: the sums above 0, else 0 (ReLU).
        hidden2: ``(256,)``, the second layer's.
        logits: ``(10,)``; their softmax is what ``classify`` returns.
    """

    sums: np.ndarray
    hidden1: np.ndarray
    hidden2: np.ndarray
    logits: np.ndarray


def activations(image, name: str) -> Activations:
    """Return what each layer of a classifier makes of an image.

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        name: the classifier's.

    Raises:
        ValueError: ``image`` is no image, or the classifier is unknown.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> activations(np.zeros((28, 28)), "robust").hidden2.shape
    (256,)
    """
    images = check_images(image, "image")
    if len(images) != 1:
        raise ValueError(f"image must be one image; got {len(images)}.")
    w1, b1, w2, b2, w3, b3 = classifier.load(name).get_weights()
    sums = images.reshape(PIXELS) @ w1 + b1
    hidden1 = np.maximum(sums, 0)
    hidden2 = np.maximum(hidden1 @ w2 + b2, 0)
    return Activations(sums, hidden1, hidden2, hidden2 @ w3 + b3)


def first_weights(name: str) -> np.ndarray:
    """Return the weights of each unit of the first layer as a picture.

    Args:
        name: the classifier's.

    Returns:
        ``(256, 28, 28)`` float32: positive where ink makes the unit more active, negative where
        it makes it less so.

    Raises:
        ValueError: the classifier is unknown.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> first_weights("robust").shape
    (256, 28, 28)
    """
    return classifier.load(name).get_weights()[0].T.reshape(-1, SIDE, SIDE)
