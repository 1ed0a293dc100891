"""M is the input itself, where some values are held, whole numbers, or one of many."""

import dataclasses

import numpy as np
import tensorflow as tf

from invert.inversion.domain import Domain

OUT = -1.0  # where M keeps what is never to be chosen of a group


@dataclasses.dataclass(frozen=True)
class Features:
    """M is the input, ``(N, *shape)`` as shares of its range; inputs are the nearest allowed to it.

    The network sees whole numbers, and of a group the one whose share is the largest. Its gradient
    is taken as if they were M itself (the straight-through estimator, Bengio et al. 2013,
    https://arxiv.org/abs/1308.3432), so M moves in small steps and inputs in whole ones.

    Attributes:
        shape: of one input.
        held: flat places that stay where they start.
        whole: flat places of whole numbers, each with its lowest and highest value.
        one_of: groups of flat places.
    """

    shape: tuple[int, ...]
    held: tuple[int, ...] = ()
    whole: tuple[tuple[int, float, float], ...] = ()
    one_of: tuple[tuple[int, ...], ...] = ()
    holds_weights: bool = False

    @classmethod
    def of(cls, domain: Domain, settled: bool = False) -> "Features":
        """Return the parametrisation of a domain; what held values are is in M's start.

        Args:
            domain: of the inputs.
            settled: whether whole numbers and what is one of many are held too.
        """
        low, high = domain.ends()
        whole = tuple((place, float(low[place]), float(high[place])) for place in domain.whole)
        held = {*domain.fixed}
        for group in domain.one_of:
            if any(domain.fixed.get(place) == high[place] for place in group):
                held |= {*group}
        if settled:
            held |= {*domain.whole, *(place for group in domain.one_of for place in group)}
        return cls(domain.shape, tuple(sorted(held)), whole, domain.one_of)

    def begin(self, start: np.ndarray, domain: Domain) -> np.ndarray:
        """Return a start ``(N, *shape)`` in [0, 1] with what a domain fixes."""
        flat = start.reshape(len(start), -1).copy()
        low, high = domain.ends()
        for place, value in domain.fixed.items():
            flat[:, place] = (value - low[place]) / (high[place] - low[place])
        for group in domain.one_of:
            for place in group:
                if place in domain.fixed:
                    chosen = domain.fixed[place] == high[place]
                    flat[:, [*group] if chosen else [place]] = OUT
                    if chosen:
                        flat[:, place] = 1
                        break
        return flat.reshape(start.shape)

    def start(self, count: int, seed: int) -> np.ndarray:
        """Start from the lowest value everywhere."""
        return np.zeros((count, *self.shape), np.float32)

    def make(self, m):
        """Return the nearest inputs that are allowed."""
        flat = tf.reshape(m, (-1, int(np.prod(self.shape))))
        size = flat.shape[1]
        made = tf.clip_by_value(flat, 0.0, 1.0)
        if self.whole:
            low, high = np.zeros(size, np.float32), np.ones(size, np.float32)
            for place, least, most in self.whole:
                low[place], high[place] = least, most
            rounded = (tf.round(low + made * (high - low)) - low) / (high - low)
            made = tf.where(self._mask(place for place, *_ in self.whole), rounded, made)
        if self.one_of:
            made = self._chosen(flat, made)
        made = flat + tf.stop_gradient(made - flat)
        made = tf.where(self._mask(self.held), tf.stop_gradient(made), made)
        return tf.reshape(made, tf.shape(m))

    def _chosen(self, flat, made):
        """Return inputs ``made`` with each group's largest share of ``flat`` at 1, the others at 0.

        All groups are chosen from at once, and nothing is larger than the inputs: a series may have
        many groups, and an input many values.
        """
        longest = max(map(len, self.one_of))
        # A short group is filled up with its first feature: of equal shares argmax takes the first.
        filled = np.array([group + group[:1] * (longest - len(group)) for group in self.one_of])
        best = tf.argmax(tf.gather(flat, filled, axis=1), axis=2)
        hot = tf.reshape(tf.one_hot(best, longest), (-1, filled.size))
        size = flat.shape[1]
        source = np.arange(size)  # where each value is taken from: as it was made, or chosen
        for number, group in enumerate(self.one_of):
            source[[*group]] = size + number * longest + np.arange(len(group))
        return tf.gather(tf.concat([made, hot], axis=1), source, axis=1)

    def project(self, m):
        """Return M with every value that is not held clipped to [0, 1]."""
        held = self._mask(self.held).reshape(self.shape)
        return tf.where(held, m, tf.clip_by_value(m, 0.0, 1.0))

    def _mask(self, places) -> np.ndarray:
        mask = np.zeros(int(np.prod(self.shape)), bool)
        mask[[*places]] = True
        return mask
