"""Why a classifier answers as it does: pixels for and against, and the smallest other way."""

import numpy as np
import tensorflow as tf

from invert.images import check_image, check_targets
from invert.inversion import compiling
from invert.inversion.frozen_graph import FrozenGraph
from invert.networks.classifier import open_graph

# Of the straight line from a black page; so many meet the exact sum to one in a hundred.
POINTS = 256
BATCH = 64  # of them at once: a large network wants memory for each
# Of the search for a smallest change; its longest useful way and its finest turn.
STEPS = 300
FIRST_STEP, LAST_STEP = 1.0, 0.01
NORM_CHANGE = 0.05
# An answer that a rounding error could turn is none.
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
        against, zero where there is no ink (the least value of the pixel range). Source: Shrikumar
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
    batches = np.array_split(way, POINTS // BATCH)
    mean = np.mean([_gradients(graph, batch, target).mean(axis=0) for batch in batches], axis=0)
    return ((x - black) * mean)[0]


def smallest_changes(image, classifier) -> np.ndarray:
    """For every class, the nearest image that the classifier takes for it.

    Nearest in L2, as far as the search finds: decoupled direction and norm, Rony et al. 2019,
    https://arxiv.org/abs/1811.09600, aimed at each class, on the difference of its logit and the
    largest other (the gradient of the cross-entropy vanishes where `question` is sure).

    Args:
        image, classifier: as for ``input_times_gradient``.

    Returns:
        ``(classes, *shape)`` float32 in the pixel range. Entry ``c`` is read as ``c``; where the
        image itself is, it is the image; where nothing was found (rare), it is NaN.

    Raises:
        ValueError: ``image`` is no image, or the classifier is none.

    >>> smallest_changes(np.zeros((28, 28)), "robust").shape
    (10, 28, 28)
    """
    graph, x, _ = _check(image, 0, classifier)
    found = _search(graph, x.reshape(1, graph.values))
    return found.reshape(graph.classes, *graph.image_shape)


def _check(image, target, classifier) -> tuple[FrozenGraph, np.ndarray, int]:
    graph = open_graph(classifier)
    x = check_image(image, shape=graph.image_shape, pixel_range=graph.pixel_range)
    return graph, x, int(check_targets(target, graph.labels, most=1)[0])


def _gradients(graph: FrozenGraph, x: np.ndarray, target: int) -> np.ndarray:
    """The gradient of one class's logit by each of some images."""

    def gradients(logits_of, x, target):
        return tf.gradients(tf.gather(logits_of(x), target, axis=1), x)[0]

    signature = [tf.TensorSpec((None, graph.values)), tf.TensorSpec((), tf.int32)]
    call = compiling.compiled(graph, "gradients", gradients, signature, xla=False)
    flat = x.reshape(len(x), graph.values)
    return call(tf.constant(flat), tf.constant(target)).numpy().reshape(x.shape)


def _search(graph: FrozenGraph, image: np.ndarray) -> np.ndarray:
    """The search, for all classes at once."""
    signature = [tf.TensorSpec((1, graph.values))]
    search = _searcher(graph.classes, graph.pixel_range)
    key = "smallest changes"
    if compiling.suits_xla(graph):
        try:
            call = compiling.compiled(graph, key, search, signature, xla=True)
            return call(tf.constant(image)).numpy()
        except compiling.Refused:
            pass
    call = compiling.compiled(graph, key, search, signature, xla=False)
    return call(tf.constant(image)).numpy()


def _searcher(classes: int, pixel_range: tuple[float, float]):
    black, white = pixel_range
    targets = tf.eye(classes)
    unit = white - black  # lengths are told in it

    def search(logits_of, image):
        image = tf.repeat(image, classes, axis=0)

        def lead(x):
            """How far the target's logit leads the largest other."""
            z = logits_of(x)
            return tf.reduce_sum(z * targets, axis=1) - tf.reduce_max(z - 1e9 * targets, axis=1)

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
            tf.fill([classes], np.float32(unit)),
            tf.fill(tf.shape(image), np.float32(np.nan)),
            tf.fill([classes], np.float32(np.inf)),
        )
        return tf.while_loop(lambda i, *_: i < STEPS, body, state)[3]

    return search
