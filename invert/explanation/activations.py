"""What a classifier of dense layers computes on the way from an image to its answer."""

from typing import NamedTuple

import numpy as np

from invert.explanation.dense_layers import dense_layers
from invert.images import check_image
from invert.networks.classifier import open_graph


class Activations(NamedTuple):
    """What each layer makes of one image; all float32.

    Attributes:
        sums: of each unit of the first layer: its weights times the ink, plus its bias.
        hidden: each hidden layer's activations: of the first, the sums above 0, else 0 (relu).
        logits: of each class; their softmax is what ``classify`` returns.
        votes: for each hidden layer ``(units, classes)``: how much a unit adds to each class's
            logit, its activation times the slope of the logit there. Those of the last hidden
            layer and its biases add up to the logits.
    """

    sums: np.ndarray
    hidden: tuple[np.ndarray, ...]
    logits: np.ndarray
    votes: tuple[np.ndarray, ...]


def activations(image, classifier) -> Activations:
    """Return what each layer of a classifier makes of an image.

    Args:
        image: of the classifier's shape, in its pixel range; of a digit ``(28, 28)`` in [0, 1],
            ink = 1.
        classifier: a shipped one's name, the path of a file, or made by ``invert.freeze``.

    Raises:
        ValueError: ``image`` is no image, or the classifier is unknown, or has other than dense
            layers.
        WeightsError: a shipped classifier's weights are missing, cut or altered.

    >>> [len(layer) for layer in activations(np.zeros((28, 28)), "robust").hidden]
    [256, 256]
    """
    graph = open_graph(classifier)
    layers = graph.once("dense layers", lambda: dense_layers(graph))
    x = check_image(image, domain=graph.domain).reshape(-1)
    sums = []
    for weights, bias in layers:
        sums.append(x @ weights + bias)
        x = np.maximum(sums[-1], 0)
    hidden = tuple(np.maximum(s, 0) for s in sums[:-1])
    votes, slope = [], np.eye(len(sums[-1]), dtype=np.float32)
    for (weights, _), active in zip(layers[:0:-1], hidden[::-1], strict=True):
        slope = weights @ slope
        votes.append(active[:, None] * slope)
        slope = (active > 0)[:, None] * slope
    return Activations(sums[0], hidden, sums[-1], tuple(votes[::-1]))


def first_weights(classifier) -> np.ndarray:
    """Return the weights of each unit of the first layer as a picture.

    Args:
        classifier: as for ``activations``.

    Returns:
        ``(units, *shape)`` float32: positive where ink makes the unit more active, negative where
        it makes it less so.

    Raises:
        ValueError: the classifier is unknown, or has other than dense layers.
        WeightsError: a shipped classifier's weights are missing, cut or altered.

    >>> first_weights("robust").shape
    (256, 28, 28)
    """
    graph = open_graph(classifier)
    return dense_layers(graph)[0][0].T.reshape(-1, *graph.image_shape)
