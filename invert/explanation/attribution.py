"""Why a classifier answers as it does: the pixels that speak for an answer, and against it."""

import numpy as np
import tensorflow as tf

from invert.images import check_image
from invert.inversion import batches, compiling
from invert.inversion.frozen_graph import FrozenGraph
from invert.networks.classifier import open_graph
from invert.targets import check_targets

# On the straight line from a black page; with 256 the sum is exact to one in a hundred.
POINTS = 256


def input_times_gradient(image, target, classifier) -> np.ndarray:
    """How strongly each pixel's ink speaks for a class, by the logit's slope right here.

    Args:
        image: of the classifier's shape, in its pixel range; of a digit ``(28, 28)`` in [0, 1],
            ink = 1.
        target: the class whose logit is explained, by its number or label.
        classifier: a shipped one's name, the path of a file, or made by ``invert.freeze``.

    Returns:
        An array of the image's shape, float32, in units of the logit: positive for, negative
        against, zero where there is no ink (the lowest value of the pixel range). Source: Shrikumar
        et al. 2016, https://arxiv.org/abs/1605.01713.

    Raises:
        ValueError: no image, no class of the classifier's, or no classifier.

    >>> input_times_gradient(np.zeros((28, 28)), 8, "robust").any()
    np.False_
    """
    graph, x, target = _check(image, target, classifier)
    ink = x - np.float32(graph.pixel_range[0])
    return (ink * _gradients(graph, x, target))[0]


def integrated_gradients(image, target, classifier) -> np.ndarray:
    """How much of a class's logit each pixel's ink brings, on the way from a page without ink.

    The mean gradient along the straight line from black, times the ink: the pixels' shares add up
    to the logit's whole rise. Source: Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365.

    Args:
        image, target, classifier: as for ``input_times_gradient``.

    Returns:
        An array of the image's shape, float32, in units of the logit.

    Raises:
        ValueError: no image, no class of the classifier's, or no classifier.

    >>> integrated_gradients(np.full((28, 28), 0.5), 8, "robust").shape
    (28, 28)
    """
    graph, x, target = _check(image, target, classifier)
    black = np.float32(graph.pixel_range[0])
    middles = (np.arange(POINTS, dtype=np.float32) + 0.5) / POINTS
    way = black + middles.reshape(-1, *[1] * len(graph.image_shape)) * (x - black)
    parts = batches.chunks(POINTS, batches.most_at_once(graph.architecture, batches.BOTH_WAYS))
    total = sum(_gradients(graph, way[part], target).sum(axis=0) for part in parts)
    return ((x - black) * (total / POINTS))[0]


def _check(image, target, classifier) -> tuple[FrozenGraph, np.ndarray, int]:
    graph = open_graph(classifier)
    x = check_image(image, domain=graph.domain)
    return graph, x, int(check_targets(target, graph.labels, most=1)[0])


def _gradients(graph: FrozenGraph, x: np.ndarray, target: int) -> np.ndarray:
    """The gradient of one class's logit by each of some images."""

    def gradients(logits_of, x, target):
        return tf.gradients(tf.gather(logits_of(x), target, axis=1), x)[0]

    signature = [tf.TensorSpec((None, graph.values)), tf.TensorSpec((), tf.int32)]
    call = compiling.compiled(graph, "gradients", gradients, signature, xla=False)
    flat = x.reshape(len(x), graph.values)
    return call(tf.constant(flat), tf.constant(target)).numpy().reshape(x.shape)
