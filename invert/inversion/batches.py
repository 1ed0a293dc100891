"""How many images are learned, or read, at once."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import Architecture
from invert.inversion.substitution import fill

# Two batches side by side beat one large one whose every operation is shared by the cores.
SIDE_BY_SIDE = 2
# XLA compiles each batch size apart, so a batch is filled up to the next of these.
BUCKETS = (1, 5, 8, 16, 32, 64)
# With a decoder a loop takes 20 to 50 MB and five seconds to compile, so there is one for all.
DECODER_BUCKETS = (5,)
# The same where each input has several starts: 40 are ten inputs of four starts.
TRIED_BUCKETS = (2, 8, 20, 40)
# How often each result of a graph is held, forward and backward: itself, its gradient, a copy.
BOTH_WAYS = 3
# What one batch may take, where every image's share is known from the graph.
MOST_BYTES = 2**28
MOST = 128


def split(count: int, most: int) -> Sequence[np.ndarray]:
    """Share out ``count`` images: as many batches as keep the cores busy, of nearly one size.

    >>> [len(batch) for batch in split(10, 64)], [len(batch) for batch in split(100, 32)]
    ([5, 5], [25, 25, 25, 25])
    """
    rounds = -(-count // (SIDE_BY_SIDE * most))
    return np.array_split(np.arange(count), min(count, rounds * SIDE_BY_SIDE))


def chunks(count: int, most: int) -> Iterator[slice]:
    """Cut ``count`` images into slices of at most ``most``."""
    edges = [*range(0, count, most), count]
    return (slice(*pair) for pair in itertools.pairwise(edges))


def bucket(length: int, buckets: Sequence[int]) -> int:
    """The first of rising ``buckets`` that ``length`` fits in."""
    return next(bucket for bucket in buckets if bucket >= length)


def fill_up(array: np.ndarray, length: int, value: float = 0) -> np.ndarray:
    """Lengthen an array's first axis to ``length``."""
    rest = [(0, 0)] * (array.ndim - 1)
    return np.pad(array, [(0, length - len(array)), *rest], constant_values=value)


def most_at_once(architecture: Architecture, ways: int = 1) -> int:
    """How many images a batch may have, by what the graph's results take for one.

    Args:
        architecture: the graph.
        ways: how often every result is held: once for reading, ``BOTH_WAYS`` with a gradient.
    """
    sizes = architecture.compiled
    if "bytes" not in sizes:
        sizes["bytes"] = _bytes_of_an_image(architecture)
    return int(np.clip(MOST_BYTES // max(1, ways * sizes["bytes"]), 1, MOST))


def _bytes_of_an_image(architecture: Architecture) -> int:
    with tf.Graph().as_default() as graph:
        specs = architecture.weights.values()
        weights = [tf.compat.v1.placeholder(spec.dtype, spec.shape) for spec in specs]
        before = len(graph.get_operations())
        fill(architecture, tf.zeros((1, *architecture.domain.shape)), weights)
        results = [out for op in graph.get_operations()[before:] for out in op.outputs]
    sizes = [out.shape.num_elements() or 0 for out in results if out.op.type != "Identity"]
    return 4 * sum(sizes)
