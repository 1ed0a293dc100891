"""What a classifier cannot see: its first layer is blind to most of the space of images.

The first layer takes 784 pixels to 256 sums. Whatever a change of the image leaves in those sums
is all that the rest of the network can ever know of it; the other 528 directions, the layer's
null space, are lost on it.
"""

import numpy as np

from invert import classifier, weights
from invert.images import PIXELS, SIDE, check_images


def _first_layer(name: str) -> np.ndarray:
    return classifier.load(name).get_weights()[0].astype(np.float64)


@weights.once
def seen_directions(name: str) -> np.ndarray:
    """Return an orthonormal basis of what a classifier sees.

    Args:
        name: the classifier's.

    Returns:
        ``(784, R)`` float64, R ≤ 256 the rank of the first layer; the null space is all that is
        orthogonal to it.

    >>> seen_directions("robust").shape
    (784, 256)
    """
    directions, lengths, _ = np.linalg.svd(_first_layer(name), full_matrices=False)
    # The usual bound of numpy.linalg.matrix_rank.
    return directions[:, lengths > lengths[0] * PIXELS * np.finfo(np.float32).eps]


def attention(name: str) -> np.ndarray:
    """How strongly the first layer weighs each pixel, relative to the one it weighs most.

    Args:
        name: the classifier's.

    Returns:
        ``(28, 28)`` in [0, 1]: the L2 norm of the pixel's weights over the largest norm.

    >>> float(attention("robust").max())
    1.0
    """
    norms = np.linalg.norm(_first_layer(name), axis=1).reshape(SIDE, SIDE)
    return norms / norms.max()


def split(values, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Split images into the part a classifier sees and the part it cannot.

    Args:
        values: ``(N, 28, 28)`` of any real values.
        name: the classifier's.

    Returns:
        Seen and unseen, each ``(N, 28, 28)`` float64 of any sign. Their sum is ``values``; each
        image's two parts are orthogonal; the classifier says the same of ``values`` and of seen
        alone, and of seen plus any other image's unseen part.

    >>> seen, unseen = split(np.ones((1, 28, 28)), "robust")
    >>> bool(np.allclose(seen + unseen, 1)), bool(abs((seen * unseen).sum()) < 1e-9)
    (True, True)
    """
    basis = seen_directions(name)
    flat = np.reshape(values, (-1, PIXELS)).astype(np.float64)
    seen = (flat @ basis @ basis.T).reshape(-1, SIDE, SIDE)
    return seen, flat.reshape(-1, SIDE, SIDE) - seen


def noise(strength: float, seed: int, name: str) -> np.ndarray:
    """Noise that a classifier cannot see.

    Args:
        strength: the noise's standard deviation over the pixels; full ink is 1.
        seed: of the noise.
        name: the classifier's.

    Returns:
        ``(28, 28)`` float64. Added to any image it leaves all ten probabilities as they are; the
        sum is no image any more, its values leave [0, 1].

    >>> round(float(noise(2.0, 0, "robust").std()), 6)
    2.0
    """
    _, unseen = split(np.random.default_rng(seed).normal(size=(1, SIDE, SIDE)), name)
    return strength * unseen[0] / unseen.std()


def twin(image, towards, name: str, rounds: int = 300) -> np.ndarray:
    """The images most like others that a classifier cannot tell from one image.

    Every result is an image with the probabilities of ``image``, to 1e-4, and near its goal. The
    nearest image that gives each unit of the first layer the very sum that ``image`` gives it is
    approached by projecting in turn to either condition (Boyle & Dykstra 1986,
    https://doi.org/10.1007/978-1-4613-9940-7_3).

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        towards: the goals, ``(N, 28, 28)`` in [0, 1].
        name: the classifier's.
        rounds: how often to project; more come nearer.

    Returns:
        ``(N, 28, 28)`` float64 in [0, 1].

    Raises:
        ValueError: ``image`` or ``towards`` are no images.

    >>> same = twin(np.zeros((28, 28)), np.ones((1, 28, 28)), "robust", rounds=50)
    >>> same.shape
    (1, 28, 28)
    """
    basis = seen_directions(name)
    own = check_images(image, "image").reshape(1, PIXELS).astype(np.float64)
    x = check_images(towards, "towards").reshape(-1, PIXELS).astype(np.float64)
    correction = np.zeros_like(x)
    for _ in range(rounds):
        indistinguishable = x - (x - own) @ basis @ basis.T
        x = np.clip(indistinguishable + correction, 0, 1)
        correction += indistinguishable - x
    return _settle(own, x, name).reshape(-1, SIDE, SIDE)


def _settle(own: np.ndarray, x: np.ndarray, name: str) -> np.ndarray:
    """Go back towards ``own`` until no probability differs by more than 1e-4.

    The projections only meet in the limit; the way between two images stays in [0, 1].
    """
    want = classifier.read(own, name)
    share = np.ones((len(x), 1))
    for _ in range(20):
        apart = np.abs(classifier.read(own + share * (x - own), name) - want).max(axis=1)
        if (apart <= 1e-4).all():
            break
        share[apart > 1e-4] /= 2
    return own + share * (x - own)
