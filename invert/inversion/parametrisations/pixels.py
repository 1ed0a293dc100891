"""M is the input itself, as shares of its range."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)  # unlike tuples, equal to none but its own kind
class Pixels:
    """M is the input itself, ``(N, *shape)`` in [0, 1].

    Attributes:
        shape: of one input.
    """

    shape: tuple[int, ...]
    holds_weights: bool = False

    def start(self, count: int, seed: int) -> np.ndarray:
        """Start from the lowest value everywhere."""
        return np.zeros((count, *self.shape), np.float32)

    def make(self, m):
        """Return M."""
        return m

    def project(self, m):
        """Return M with every value clipped to [0, 1]."""
        return tf.clip_by_value(m, 0.0, 1.0)
