"""The smallest change of an image that turns a classifier's answer, into a class or any other.

The search is decoupled direction and norm, Rony et al. 2019, https://arxiv.org/abs/1811.09600, on
the difference of two logits (the gradient of the cross-entropy vanishes where `question` is sure).
It works on shares of the pixel range, so a length means the same for every network.
"""

import numpy as np
import tensorflow as tf

from invert.images import check_image, check_images
from invert.inversion import batches, compiling
from invert.inversion.frozen_graph import FrozenGraph
from invert.networks.classifier import open_graph, read
from invert.targets import check_targets

# Numbers of images that the search is compiled for; a search is filled up to the next of them.
BUCKETS = (1, 10, 32, 128)
# Of the search: steps, the first and last step's length, and the share by which the change grows or
# shrinks at each.
STEPS = 300
FIRST_STEP, LAST_STEP = 1.0, 0.01
NORM_CHANGE = 0.05
# By how much a logit must lead, so that no rounding error turns the answer.
MARGIN = 1e-3
HALVINGS = 12  # of the way to what was found, for the place where the answer turns


def smallest_changes(image, classifier, targets=None) -> np.ndarray:
    """For every class, or some, the nearest image that the classifier takes for it.

    Nearest in L2, as far as the search finds.

    Args:
        image: of the classifier's shape, in its pixel range; of a digit ``(28, 28)`` in [0, 1],
            ink = 1.
        classifier: a shipped one's name, the path of a file, or made by ``invert.freeze``.
        targets: the classes, by their numbers or labels; by default all of them, in their order.

    Returns:
        ``(T, *shape)`` float32 in the pixel range: one image per target, which the classifier reads
        as that target. The image itself where it already is; NaN where none was found (rare).

    Raises:
        ValueError: ``image`` is no image, a target no class, or the classifier is unknown.

    >>> smallest_changes(np.zeros((28, 28)), "robust").shape
    (10, 28, 28)
    """
    graph = open_graph(classifier)
    x = check_image(image, domain=graph.domain)
    wanted = range(graph.classes) if targets is None else targets
    numbers = check_targets(wanted, graph.labels, most=graph.classes)
    return _found(graph, np.repeat(x, len(numbers), axis=0), numbers, "towards")


def nearest_others(images, classifier) -> np.ndarray:
    """For each image the nearest one that the classifier takes for anything else.

    Nearest in L2, as far as the search finds; then the way back to the image is halved again and
    again, to where the answer turns.

    Args:
        images: ``(N, *shape)`` or one image, in the classifier's pixel range.
        classifier: as for ``smallest_changes``.

    Returns:
        ``(N, *shape)`` float32 in the pixel range; NaN where none was found.

    Raises:
        ValueError: ``images`` are no images, or the classifier is unknown.

    >>> nearest_others(np.zeros((2, 28, 28)), "robust").shape
    (2, 28, 28)
    """
    graph = open_graph(classifier)
    x = check_images(images, domain=graph.domain)
    own = read(x, graph).argmax(axis=1)
    found = _found(graph, x, own, "away from")
    low, high = np.zeros(len(x)), np.ones(len(x))  # shares of the way, not yet there and there
    there = np.isfinite(found).reshape(len(x), -1).all(axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        between = graph.domain.clip(x + _column(middle, x) * (np.nan_to_num(found) - x))
        turned = read(between, graph).argmax(axis=1) != own
        low, high = np.where(turned, low, middle), np.where(turned, middle, high)
    nearest = graph.domain.clip(x + _column(high, x) * (found - x)).astype(np.float32)
    nearest[~there] = np.nan
    return nearest


def lengths(images, changed, classifier) -> np.ndarray:
    """Return how long changes are in L2, ``(N,)``, where the pixel range counts as 1.

    One pixel from the lowest to the highest value is a change of 1, whatever the range is.

    Args:
        images: ``(N, *shape)`` in the classifier's pixel range, or ``(1, *shape)`` for all.
        changed: ``(N, *shape)``, likewise. A length is NaN where it is.
        classifier: as for ``smallest_changes``.

    >>> lengths(np.zeros((1, 28, 28)), np.full((1, 28, 28), 0.25), "robust")
    array([7.], dtype=float32)
    """
    domain = open_graph(classifier).domain
    change = domain.to_unit(np.asarray(changed)) - domain.to_unit(np.asarray(images))
    return np.linalg.norm(np.reshape(change, (len(change), -1)), axis=1).astype(np.float32)


def _column(values: np.ndarray, images: np.ndarray) -> np.ndarray:
    return values.reshape(-1, *[1] * (images.ndim - 1))


def _found(graph: FrozenGraph, x: np.ndarray, classes: np.ndarray, way: str) -> np.ndarray:
    """Search from each image towards its class or away from it, as many at once as memory allows.

    What is already there stays to the bit.
    """
    aims = np.eye(graph.classes, dtype=np.float32)[classes]
    shares = graph.domain.to_unit(x).reshape(len(x), graph.values)
    most = batches.most_at_once(graph.architecture, batches.BOTH_WAYS)
    parts = [_search(graph, shares[p], aims[p], way) for p in batches.chunks(len(x), most)]
    found = np.concatenate(parts).reshape(x.shape)
    unmoved = (found == graph.domain.to_unit(x)).reshape(len(x), -1).all(axis=1)
    found = graph.domain.from_unit(found)
    found[unmoved] = x[unmoved]
    return found


def _search(graph: FrozenGraph, images: np.ndarray, aims: np.ndarray, way: str) -> np.ndarray:
    """Search from images ``(N, values)``, shares of the range; ``aims`` are one-hot, ``(N, C)``."""
    signature = [tf.TensorSpec((None, graph.values)), tf.TensorSpec((None, graph.classes))]
    key, search = f"smallest changes {way}", _searcher(graph, 1.0 if way == "towards" else -1.0)
    if compiling.suits_xla(graph):
        try:
            # Each number of images is compiled apart.
            length = batches.bucket(len(aims), BUCKETS)
            filled = [tf.constant(batches.fill_up(each, length)) for each in (images, aims)]
            call = compiling.compiled(graph, key, search, signature, xla=True, shape=length)
            return call(*filled)[: len(aims)].numpy()
        except compiling.Refused:
            pass
    call = compiling.compiled(graph, key, search, signature, xla=False)
    return call(tf.constant(images), tf.constant(aims)).numpy()


def _searcher(graph: FrozenGraph, sign: float):
    domain, shape = graph.domain, graph.image_shape

    def search(logits_of, images, aims):
        count = tf.shape(aims)[0]

        def lead(shares):
            """How far the aim's logit leads the largest other; the other way round for -1."""
            inputs = domain.from_unit(tf.reshape(shares, (-1, *shape)))
            z = logits_of(tf.reshape(inputs, tf.shape(shares)))
            return sign * (tf.reduce_sum(z * aims, axis=1) - tf.reduce_max(z - 1e9 * aims, axis=1))

        def body(i, change, norm, best, least):
            x = images + change
            margin = lead(x)
            (gradient,) = tf.gradients(margin, x)
            length = tf.norm(change, axis=1)
            there = margin > MARGIN
            better = there & (length < least)
            best = tf.where(better[:, None], x, best)
            least = tf.where(better, length, least)

            share = tf.cast(i, tf.float32) / STEPS
            cosine = 0.5 * (1.0 + tf.cos(np.pi * share))
            step = LAST_STEP + (FIRST_STEP - LAST_STEP) * cosine
            change += step * tf.math.l2_normalize(gradient, axis=1, epsilon=1e-20)
            norm *= tf.where(there, 1.0 - NORM_CHANGE, 1.0 + NORM_CHANGE)
            change = norm[:, None] * tf.math.l2_normalize(change, axis=1, epsilon=1e-20)
            return i + 1, tf.clip_by_value(images + change, 0.0, 1.0) - images, norm, best, least

        state = (
            tf.constant(0),
            tf.zeros_like(images),
            tf.ones([count]),
            tf.fill(tf.shape(images), np.float32(np.nan)),
            tf.fill([count], np.float32(np.inf)),
        )
        return tf.while_loop(lambda i, *_: i < STEPS, body, state)[3]

    return search
