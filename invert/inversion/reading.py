"""Read images with a frozen classifier: forward only."""

import numpy as np
import tensorflow as tf

from invert.inversion import batches, compiling
from invert.inversion.frozen_graph import FrozenGraph


def read(frozen: FrozenGraph, images: np.ndarray) -> np.ndarray:
    """Return a classifier's logits for images.

    It is compiled once for each architecture, for any number of images. They are read in batches
    that fit the memory.

    Args:
        frozen: the classifier.
        images: ``(N, *image_shape)`` or ``(N, values)``, of any real values; the classifier knows
            those of its pixel range.

    Returns:
        ``(N, classes)`` float32.

    >>> from invert.inversion.freezing import freeze
    >>> from invert.networks import classifier
    >>> read(freeze(classifier.load("robust")), np.zeros((2, 28, 28))).shape
    (2, 10)
    """
    flat = np.reshape(images, (-1, frozen.values)).astype(np.float32)
    logits_of = compiling.compiled(
        frozen,
        "read",
        lambda logits_of, images: logits_of(images),
        [tf.TensorSpec((None, frozen.values))],
        xla=False,
    )
    most = 1 if len(flat) == 1 else batches.most_at_once(frozen.architecture)
    parts = [logits_of(flat[part]).numpy() for part in batches.chunks(len(flat), most)]
    return np.concatenate(parts) if parts else np.zeros((0, frozen.classes), np.float32)
