"""M is a decoder's code: whatever M becomes, the input is one that the decoder can make."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True, eq=False)
class Decoder:
    """M is a code ``(N, size)``; the decoder was trained on standard normal ones.

    Source: Nguyen et al. 2016, https://arxiv.org/abs/1605.09304.

    Attributes:
        decode: codes ``(N, size)`` → flat inputs ``(N, values)`` in [0, 1], by TensorFlow.
        size: of a code.
        shape: of one input.
    """

    decode: Callable[[Any], Any]
    size: int
    shape: tuple[int, ...]
    holds_weights: bool = True

    def start(self, count: int, seed: int) -> np.ndarray:
        """Start from standard normal codes; code ``i`` is the same however many there are."""
        generators = [np.random.default_rng((seed, number)) for number in range(count)]
        return np.array([g.normal(size=self.size) for g in generators], np.float32)

    def make(self, m):
        """Return what the decoder makes of codes."""
        return tf.reshape(self.decode(m), (-1, *self.shape))

    def project(self, m):
        """Return M: a code may be any."""
        return m
