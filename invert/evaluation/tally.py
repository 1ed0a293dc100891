"""How many labelled pictures a network reads right, how sure that is, and what it confuses."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SURE = 1.959964  # standard deviations: 95 of 100 such ranges hold the true share


class Tally(NamedTuple):
    """What became of some labelled pictures.

    Attributes:
        right: how many are read as their class.
        pictures: of how many.
        low: the lowest share of all such pictures that fits that, 95 % sure.
        high: the highest.
        confusions: ``(C, C)`` int64, how many pictures of a class (row) are read as which (column).
    """

    right: int
    pictures: int
    low: float
    high: float
    confusions: np.ndarray


def tally(classes: npt.ArrayLike, answers: npt.ArrayLike, labels: int) -> Tally:
    """Count what a network answers to labelled pictures.

    Args:
        classes: of the pictures, ``(N,)`` whole numbers below ``labels``.
        answers: what the network reads, likewise.
        labels: how many classes there are.

    >>> tally([0, 0, 1], [0, 1, 1], 2).confusions.tolist()
    [[1, 1], [0, 1]]
    """
    confusions = np.zeros((labels, labels), np.int64)
    np.add.at(confusions, (np.asarray(classes, int), np.asarray(answers, int)), 1)
    right, count = int(confusions.trace()), int(confusions.sum())
    return Tally(right, count, *wilson(right, count), confusions)


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return which shares of all such pictures fit what was seen of some, 95 % sure.

    Wilson's interval (1927, https://doi.org/10.2307/2276774), which holds for few pictures and for
    shares near 0 and 1 as well. Of no picture nothing is known.

    >>> [round(end, 2) for end in wilson(17, 20)]
    [0.64, 0.95]
    """
    if not count:
        return 0.0, 1.0
    share, more = right / count, SURE**2 / count
    middle = (share + more / 2) / (1 + more)
    half = math.sqrt(share * (1 - share) * more + more**2 / 4) / (1 + more)
    return max(0.0, middle - half), min(1.0, middle + half)
