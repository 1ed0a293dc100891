"""The judge: a convolutional network trained apart, which only ever scores.

No method takes a gradient through it or has samples rejected by it. Settings of methods were
compared by its scores on other seeds than those that ``evaluate`` measures.
"""

import numpy as np

from invert.images import SIDE, check_images
from invert.networks import weights

FEATURES = 64
# Convolutions want memory; this many images at a time keep it under 100 MB.
BATCH = 250


def build():
    """The untrained judge: images ``(N, 28, 28)`` → features ``(N, 64)``, logits ``(N, 10)``."""
    from keras import Input, Model, layers

    image = Input((SIDE, SIDE), name="image")
    x = layers.Reshape((SIDE, SIDE, 1))(image)
    for width in (16, 32, 64):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    features = layers.Dense(FEATURES, activation="relu", name="features")(x)
    logits = layers.Dense(10, name="logits")(features)
    return Model(image, [features, logits], name="judge")


@weights.once
def load():
    """Return the trained judge as a function of images, loaded once for the whole process.

    Raises:
        WeightsError: its weights are missing, cut or altered.
    """
    import tensorflow as tf

    model = build()
    weights.load("judge", model)

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE), tf.float32)])
    def look(images):
        features, logits = model(images, training=False)
        return features, tf.nn.softmax(logits)

    return look


def look(images) -> tuple[np.ndarray, np.ndarray]:
    """What the judge makes of ``images``.

    Args:
        images: ``(N, 28, 28)`` or ``(28, 28)`` in [0, 1], ink = 1.

    Returns:
        Its features ``(N, 64)`` float32, not negative, and its probabilities ``(N, 10)`` float32.

    Raises:
        ValueError: ``images`` are no images.
        WeightsError: the judge's weights are missing, cut or altered.
    """
    images = check_images(images)
    judge = load()
    parts = [judge(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    if not parts:
        return np.zeros((0, FEATURES), np.float32), np.zeros((0, 10), np.float32)
    features, probabilities = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(probabilities)


def read(images) -> np.ndarray:
    """The judge's probabilities ``(N, 10)`` of the ten digits; see ``look``.

    >>> read(np.zeros((2, 28, 28))).shape
    (2, 10)
    """
    return look(images)[1]
