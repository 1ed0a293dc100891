"""The network of the question: 784-256-256-10, built, loaded once, asked."""

import keras
import numpy as np
import tensorflow as tf

from invert import weights
from invert.images import DIGITS, PIXELS, check_images

HIDDEN = 256


def build(initializer="glorot_uniform", bias_initializer="zeros") -> keras.Sequential:
    """Build the untrained classifier: ``(N, 784)`` float32 in [0, 1] → ``(N, 10)`` logits.

    >>> build().count_params()
    269322
    """
    layer = {"kernel_initializer": initializer, "bias_initializer": bias_initializer}
    return keras.Sequential(
        [
            keras.Input((PIXELS,), name="image"),
            keras.layers.Dense(HIDDEN, activation="relu", name="hidden1", **layer),
            keras.layers.Dense(HIDDEN, activation="relu", name="hidden2", **layer),
            keras.layers.Dense(DIGITS, name="logits", **layer),
        ],
        name="classifier",
    )


@weights.once
def load(name: str) -> keras.Sequential:
    """Return the trained classifier ``name``, loaded once and shared by the whole process.

    Raises:
        ValueError: no classifier has that name.
        WeightsError: its weights are missing, cut or altered.
    """
    weights.check_classifier(name)
    model = build()
    weights.load(name, model)
    model.trainable = False
    return model


@weights.once
def _reader(name: str):
    model = load(name)

    # One trace for every batch size; Keras's predict is 200 times slower and not thread-safe.
    @tf.function(input_signature=[tf.TensorSpec((None, PIXELS), tf.float32)])
    def softmax(x):
        return tf.nn.softmax(model(x))

    return softmax


def classify(images, classifier: str = "robust") -> np.ndarray:
    """Return a classifier's probabilities of the ten digits.

    Args:
        images: ``(N, 28, 28)`` or ``(28, 28)``, values in [0, 1], ink = 1 on paper = 0.
        classifier: a name in ``weights.CLASSIFIERS``.

    Returns:
        ``(N, 10)`` float32, each row sums to 1.

    Raises:
        ValueError: ``images`` are no images, or the classifier is unknown.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> classify(np.zeros((2, 28, 28))).shape
    (2, 10)
    """
    return read(check_images(images), classifier)


def read(values: np.ndarray, classifier: str) -> np.ndarray:
    """``classify`` for what need not be an image: ``(N, 28, 28)`` of any real values."""
    return _reader(classifier)(values.reshape(-1, PIXELS).astype(np.float32)).numpy()
