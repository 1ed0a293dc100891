"""What a classifier cannot see: its first layer is blind to most of the space of images.

The first layer of the question's network turns 784 pixels into 256 sums. The rest of the network
sees a change of the image only if it changes those sums. In the other 528 directions, the layer's
null space, it sees nothing. The same holds for any dense first layer that has fewer units than
there are pixels.
"""

import numpy as np

from invert.explanation.dense_layers import dense_layers
from invert.images import check_image, check_images
from invert.inversion.frozen_graph import FrozenGraph
from invert.networks.classifier import open_graph, read


def seen_directions(classifier) -> np.ndarray:
    """Return an orthonormal basis of what a classifier sees.

    Args:
        classifier: a shipped one's name, the path of a file, or made by ``invert.freeze``.

    Returns:
        ``(values, R)`` float64, R at most the units of the first layer, its rank; the null space
        is all that is orthogonal to it.

    Raises:
        ValueError: the classifier is unknown, or has other than dense layers.

    >>> seen_directions("robust").shape
    (784, 256)
    """
    graph = open_graph(classifier)
    if "seen directions" not in graph.compiled:  # not by ``once``, which makes others wait
        graph.compiled["seen directions"] = _seen_directions(graph)
    found: np.ndarray = graph.compiled["seen directions"]
    return found


def attention(classifier) -> np.ndarray:
    """How strongly the first layer weighs each pixel, relative to the one it weighs most.

    Args:
        classifier: as for ``seen_directions``.

    Returns:
        Of the image's shape, in [0, 1]: the L2 norm of the pixel's weights over the largest norm.

    >>> float(attention("robust").max())
    1.0
    """
    graph = open_graph(classifier)
    norms = np.linalg.norm(_first_layer(graph), axis=1).reshape(graph.image_shape)
    return norms / norms.max()


def split(values, classifier) -> tuple[np.ndarray, np.ndarray]:
    """Split images into the part a classifier sees and the part it cannot.

    Args:
        values: ``(N, *shape)`` of any real values.
        classifier: as for ``seen_directions``.

    Returns:
        Seen and unseen, each ``(N, *shape)`` float64 of any sign. Their sum is ``values``; each
        image's two parts are orthogonal; the classifier says the same of ``values`` and of seen
        alone, and of seen plus any other image's unseen part.

    >>> seen, unseen = split(np.ones((1, 28, 28)), "robust")
    >>> bool(np.allclose(seen + unseen, 1)), bool(abs((seen * unseen).sum()) < 1e-9)
    (True, True)
    """
    graph = open_graph(classifier)
    basis = seen_directions(graph)
    flat = np.reshape(values, (-1, graph.values)).astype(np.float64)
    seen = flat @ basis @ basis.T
    shape = (-1, *graph.image_shape)
    return seen.reshape(shape), (flat - seen).reshape(shape)


def noise(strength: float, seed: int, classifier) -> np.ndarray:
    """Noise that a classifier cannot see.

    Args:
        strength: the noise's standard deviation over the pixels; full ink is 1.
        seed: of the noise.
        classifier: as for ``seen_directions``.

    Returns:
        One array of the image's shape, float64. Added to any image it leaves all probabilities as
        they are. The sum's values leave the pixel range.

    Raises:
        ValueError: the classifier is unknown, has other than dense layers, or is blind to nothing.

    >>> round(float(noise(2.0, 0, "robust").std()), 6)
    2.0
    """
    graph = open_graph(classifier)
    _, unseen = split(np.random.default_rng(seed).normal(size=(1, *graph.image_shape)), graph)
    if seen_directions(graph).shape[1] == graph.values:
        raise ValueError(
            f"The first layer of {graph.name} has no null space: it sees every change of an image."
        )
    return strength * unseen[0] / unseen.std()


def twin(image, towards, classifier, rounds: int = 300) -> np.ndarray:
    """The images most like others that a classifier cannot tell from one image.

    Every result is an image with the probabilities of ``image``, to 1e-4, and near its goal. It is
    found by projecting the goal, in turn, to the images that give each unit of the first layer the
    same sum as ``image``, and to the pixel range (Boyle & Dykstra 1986,
    https://doi.org/10.1007/978-1-4613-9940-7_3).

    Args:
        image: of the classifier's shape, in its pixel range; of a digit ``(28, 28)`` in [0, 1],
            ink = 1.
        towards: the goals, ``(N, *shape)``, likewise.
        classifier: as for ``seen_directions``.
        rounds: how often to project; more come nearer.

    Returns:
        ``(N, *shape)`` float64 in the pixel range.

    Raises:
        ValueError: ``image`` or ``towards`` are no images, the classifier is unknown or has other
            than dense layers.

    >>> same = twin(np.zeros((28, 28)), np.ones((1, 28, 28)), "robust", rounds=50)
    >>> same.shape
    (1, 28, 28)
    """
    graph = open_graph(classifier)
    basis = seen_directions(graph)
    own = check_image(image, "image", graph.domain).reshape(1, -1).astype(np.float64)
    x = check_images(towards, "towards", graph.domain).reshape(-1, graph.values).astype(np.float64)
    correction = np.zeros_like(x)
    for _ in range(rounds):
        indistinguishable = x - (x - own) @ basis @ basis.T
        x = graph.domain.clip(indistinguishable + correction)
        correction += indistinguishable - x
    return _settle(own, x, graph).reshape(-1, *graph.image_shape)


def _settle(own: np.ndarray, x: np.ndarray, graph: FrozenGraph) -> np.ndarray:
    """Go back towards ``own`` until no probability differs by more than 1e-4.

    The projections meet only in the limit. Between two images all values are in the pixel range.
    """
    want = read(own, graph)
    share = np.ones((len(x), 1))
    for _ in range(20):
        apart = np.abs(read(own + share * (x - own), graph) - want).max(axis=1)
        if (apart <= 1e-4).all():
            break
        share[apart > 1e-4] /= 2
    return own + share * (x - own)


def _first_layer(graph: FrozenGraph) -> np.ndarray:
    return dense_layers(graph)[0][0].astype(np.float64)


def _seen_directions(graph: FrozenGraph) -> np.ndarray:
    directions, lengths, _ = np.linalg.svd(_first_layer(graph), full_matrices=False)
    # The usual bound of numpy.linalg.matrix_rank.
    return directions[:, lengths > lengths[0] * graph.values * np.finfo(np.float32).eps]
