"""A smooth stroke as cubic Bézier pieces, which is what SVG draws.

A stroke's control points are those of a B-spline that begins at the first and ends at the last, its
knots evenly spaced between; of degree 3, or less where the points are few. Each stretch between
two knots is one Bézier piece. Source: de Boor 1978, "A Practical Guide to Splines", chapter 9.
"""

import itertools

import numpy as np

DEGREE = 3


def pieces(points: np.ndarray) -> np.ndarray:
    """Return the Bézier pieces of a stroke.

    Args:
        points: control points ``(P, 2)``, two or more.

    Returns:
        ``(S, 4, 2)``: of each piece its beginning, two handles and its end.

    >>> pieces(np.array([[0.0, 0], [3, 3]])).tolist()
    [[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]]
    """
    degree = min(DEGREE, len(points) - 1)
    inner = np.linspace(0, 1, len(points) - degree + 1)
    knots = np.concatenate([np.zeros(degree), inner, np.ones(degree)])
    reach = (knots[degree + 1 : -1] - knots[1 : -degree - 1])[:, None]
    slopes = degree * np.diff(points, axis=0) / reach
    made = []
    for begin, end in itertools.pairwise(inner):
        ends = [_value(points, knots, degree, at, begin) for at in (begin, end)]
        ways = [_value(slopes, knots[1:-1], degree - 1, at, begin) for at in (begin, end)]
        third = (end - begin) / 3
        made.append([ends[0], ends[0] + third * ways[0], ends[1] - third * ways[1], ends[1]])
    return np.array(made)


def _value(points, knots, degree: int, at: float, begin: float) -> np.ndarray:
    """A spline's point at a time, by the polynomial of the stretch that begins at ``begin``."""
    last = int(np.searchsorted(knots, begin, side="right")) - 1
    row = [points[last - degree + k] for k in range(degree + 1)]
    for level in range(1, degree + 1):
        for k in range(degree, level - 1, -1):
            low, high = knots[last - degree + k], knots[last + 1 + k - level]
            share = (at - low) / (high - low)
            row[k] = (1 - share) * row[k - 1] + share * row[k]
    return row[degree]
