"""Why a classifier answers as it does: pixels for and against, and the smallest other way."""

import numpy as np
import tensorflow as tf

from invert.images import check_image
from invert.inversion import batches, compiling
from invert.inversion.frozen_graph import FrozenGraph
from invert.networks.classifier import open_graph
from invert.targets import check_targets

# On the straight line from a black page; with 256 the sum is exact to one in a hundred.
POINTS = 256
# Numbers of classes that the search is compiled for; a search is filled up to the next of them.
BUCKETS = (1, 10, 32, 128)
# Of the search for a smallest change: steps, the first and last step's length, and the share by
# which the change grows or shrinks at each.
STEPS = 300
FIRST_STEP, LAST_STEP = 1.0, 0.01
NORM_CHANGE = 0.05
# By how much a logit must lead, so that no rounding error turns the answer.
MARGIN = 1e-3


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


def smallest_changes(image, classifier, targets=None) -> np.ndarray:
    """For every class, or some, the nearest image that the classifier takes for it.

    Nearest in L2, as far as the search finds: decoupled direction and norm, Rony et al. 2019,
    https://arxiv.org/abs/1811.09600, aimed at each class, on the difference of its logit and the
    largest other (the gradient of the cross-entropy vanishes where `question` is sure).

    Args:
        image, classifier: as for ``input_times_gradient``.
        targets: the classes, by their numbers or labels; by default all of them, in their order.

    Returns:
        ``(T, *shape)`` float32 in the pixel range: one image per target, which the classifier reads
        as that target. The image itself where it already is; NaN where none was found (rare).

    Raises:
        ValueError: ``image`` is no image, a target no class, or the classifier is unknown.

    >>> smallest_changes(np.zeros((28, 28)), "robust").shape
    (10, 28, 28)
    """
    graph, x, _ = _check(image, 0, classifier)
    wanted = range(graph.classes) if targets is None else targets
    aims = np.eye(graph.classes, dtype=np.float32)
    aims = aims[check_targets(wanted, graph.labels, most=graph.classes)]
    parts = batches.chunks(len(aims), batches.most_at_once(graph.architecture, batches.BOTH_WAYS))
    image = x.reshape(1, graph.values)
    found = [_search(graph, image, aims[part]) for part in parts]
    return np.concatenate(found).reshape(len(aims), *graph.image_shape)


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


def _search(graph: FrozenGraph, image: np.ndarray, aims: np.ndarray) -> np.ndarray:
    """Search for several classes at once; ``aims`` are one-hot, ``(T, classes)``."""
    signature = [tf.TensorSpec((1, graph.values)), tf.TensorSpec((None, graph.classes))]
    key, search = "smallest changes", _searcher(graph.pixel_range)
    arguments = tf.constant(image), tf.constant(aims)
    if compiling.suits_xla(graph):
        try:
            # Each number of classes is compiled apart.
            filled = batches.fill_up(aims, batches.bucket(len(aims), BUCKETS))
            call = compiling.compiled(graph, key, search, signature, xla=True, shape=len(filled))
            return call(arguments[0], tf.constant(filled))[: len(aims)].numpy()
        except compiling.Refused:
            pass
    return compiling.compiled(graph, key, search, signature, xla=False)(*arguments).numpy()


def _searcher(pixel_range: tuple[float, float]):
    black, white = pixel_range
    unit = white - black  # of all lengths

    def search(logits_of, image, aims):
        count = tf.shape(aims)[0]
        image = tf.repeat(image, count, axis=0)

        def lead(x):
            """How far the target's logit leads the largest other."""
            z = logits_of(x)
            return tf.reduce_sum(z * aims, axis=1) - tf.reduce_max(z - 1e9 * aims, axis=1)

        def body(i, change, norm, best, least):
            x = image + change
            margin = lead(x)
            (gradient,) = tf.gradients(margin, x)
            length = tf.norm(change, axis=1)
            there = margin > MARGIN
            better = there & (length < least)
            best = tf.where(better[:, None], x, best)
            least = tf.where(better, length, least)

            share = tf.cast(i, tf.float32) / STEPS
            cosine = 0.5 * (1.0 + tf.cos(np.pi * share))
            step = unit * (LAST_STEP + (FIRST_STEP - LAST_STEP) * cosine)
            change += step * tf.math.l2_normalize(gradient, axis=1, epsilon=1e-20)
            norm *= tf.where(there, 1.0 - NORM_CHANGE, 1.0 + NORM_CHANGE)
            change = norm[:, None] * tf.math.l2_normalize(change, axis=1, epsilon=1e-20)
            return i + 1, tf.clip_by_value(image + change, black, white) - image, norm, best, least

        state = (
            tf.constant(0),
            tf.zeros_like(image),
            tf.fill([count], np.float32(unit)),
            tf.fill(tf.shape(image), np.float32(np.nan)),
            tf.fill([count], np.float32(np.inf)),
        )
        return tf.while_loop(lambda i, *_: i < STEPS, body, state)[3]

    return search
