"""The judges: convolutional networks trained apart, which only ever score.

No method takes a gradient through them or has samples rejected by them. What ``judge`` says is
shown and has chosen nothing; settings are chosen by what ``second-judge`` says, another network of
another seed.
"""

from typing import NamedTuple

import numpy as np

from invert.images import DIGITS, SIDE, check_images
from invert.networks import weights

# Of each judge: the side of its kernels, its convolutions' channels, its features.
SHAPES = {"judge": (3, (16, 32, 64), 64), "second-judge": (5, (20, 40), 96)}
# Of all pixels together: half of what the thinnest of the 60,000 training digits has. A dot has 7.
LEAST_INK = 10
# Convolutions want memory; this many images at a time keep it under 100 MB.
BATCH = 250


class Opinion(NamedTuple):
    """What a judge makes of ``N`` images.

    Attributes:
        features: ``(N, 64)`` float32, not negative; of the second judge ``(N, 96)``.
        probabilities: ``(N, 10)`` float32, which digit it is, if it is one.
        digit: ``(N,)`` bool, whether it looks like a digit at all.
    """

    features: np.ndarray
    probabilities: np.ndarray
    digit: np.ndarray


def build(name: str = "judge"):
    """The untrained judge: images ``(N, 28, 28)`` → features ``(N, D)``, logits ``(N, 10)``.

    Each logit is a detector's: above 0 it takes the image for its digit.
    """
    from keras import Input, Model, layers

    kernel, channels, features = SHAPES[name]
    image = Input((SIDE, SIDE), name="image")
    x = layers.Reshape((SIDE, SIDE, 1))(image)
    for width in channels:
        x = layers.Conv2D(width, kernel, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    seen = layers.Dense(features, activation="relu", name="features")(x)
    logits = layers.Dense(DIGITS, name="logits")(seen)
    return Model(image, [seen, logits], name=name)


@weights.once
def load(name: str = "judge"):
    """Return a trained judge as a function of images, loaded once for the whole process.

    Raises:
        WeightsError: its weights are missing, cut or altered.
    """
    import tensorflow as tf

    model = build(name)
    weights.load(name, model)

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE), tf.float32)])
    def look(images):
        features, logits = model(images, training=False)
        return features, tf.nn.softmax(logits), tf.reduce_any(logits > 0, axis=1)

    alone = _of_one_image(model)
    return lambda images: alone(images) if len(images) == 1 else look(images)


def _of_one_image(model):
    """The judge of a single image, in NumPy.

    TensorFlow's convolutions would wait up to a second for threads that a running method holds. So
    the page can read a drawing meanwhile.
    """
    from keras import layers

    def weights_of(kind):
        found = (layer for layer in model.layers if isinstance(layer, kind))
        return [[np.asarray(weight) for weight in layer.weights] for layer in found]

    convolutions, dense = weights_of(layers.Conv2D), weights_of(layers.Dense)
    norms = weights_of(layers.BatchNormalization)
    (epsilon,) = {n.epsilon for n in model.layers if isinstance(n, layers.BatchNormalization)}

    def look(image):
        x = image[0, :, :, None]
        for (kernel,), (scale, offset, mean, variance) in zip(convolutions, norms, strict=True):
            side = kernel.shape[0]
            padded = np.pad(x, [(side // 2, side // 2)] * 2 + [(0, 0)])
            seen = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (0, 1))
            x = np.tensordot(seen, kernel, ((2, 3, 4), (2, 0, 1)))
            x = np.maximum((x - mean) * (scale / np.sqrt(variance + epsilon)) + offset, 0)
            half, width = len(x) // 2, x.shape[2]
            x = x[: 2 * half, : 2 * half].reshape(half, 2, half, 2, width).max(axis=(1, 3))
        (to_features, bias), (to_logits, last_bias) = dense
        features = np.maximum(x.reshape(1, -1) @ to_features + bias, 0)
        logits = features @ to_logits + last_bias
        shares = np.exp(logits - logits.max())
        return features, shares / shares.sum(), (logits > 0).any(axis=1)

    return look


def look(images, name: str = "judge") -> Opinion:
    """What a judge makes of ``images``.

    Args:
        images: ``(N, 28, 28)`` or ``(28, 28)`` in [0, 1], ink = 1.
        name: "judge", or "second-judge", which chooses settings.

    Raises:
        ValueError: ``images`` are no images.
        WeightsError: the judge's weights are missing, cut or altered.

    >>> look(np.zeros((2, 28, 28))).digit
    array([False, False])
    """
    images = check_images(images)
    judge, count = load(name), len(images)
    if not count:  # convolutions want one at least
        images = np.zeros((1, SIDE, SIDE), np.float32)
    parts = [judge(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    said = Opinion(*(np.concatenate(part)[:count] for part in zip(*parts, strict=True)))
    return said._replace(digit=said.digit & (images[:count].sum(axis=(1, 2)) >= LEAST_INK))


def read(images) -> np.ndarray:
    """The judge's probabilities ``(N, 10)`` of the ten digits; see ``look``.

    >>> read(np.zeros((2, 28, 28))).shape
    (2, 10)
    """
    return look(images).probabilities


def looks_like_digit(images) -> np.ndarray:
    """Whether each image looks like any handwritten digit to the judge.

    Its ten detectors learned to tell MNIST's digits from doodles, noise and other images. An image
    that no detector takes for its digit is no digit, nor is one with hardly any ink, such as a dot.

    Args:
        images: ``(N, 28, 28)`` or ``(28, 28)`` in [0, 1], ink = 1.

    Returns:
        ``(N,)`` bool.

    Raises:
        ValueError: ``images`` are no images.
        WeightsError: the judge's weights are missing, cut or altered.

    Source: Hendrycks et al. 2019, https://arxiv.org/abs/1812.04606.

    >>> looks_like_digit(np.random.default_rng(0).random((2, 28, 28)))
    array([False, False])
    """
    return look(images).digit
