"""Strokes as few points."""

import itertools

import numpy as np

from invert.drawing import stroke_pieces

MOST = 10_000  # points to simplify; of a drawing with more, curves are cut into fewer
RUN = 1_000  # points simplified at a time, which bounds the work


def of_segments(segments: np.ndarray, low: float, high: float) -> list[np.ndarray]:
    """Return each stroke's points.

    Args:
        segments: ``(S, 2, 2)``, straight pieces from point to point as `stroke_pieces.segments`
            returns them, as many for each command of a path.
        low, high: coordinates beyond these are moved to them.

    Returns:
        ``(P, 2)`` for each stroke: a stroke ends where the next piece begins elsewhere.
    """
    if not len(segments):
        return []
    # Each path command is ``count`` pieces. Those that lie on a line become one.
    count = len(stroke_pieces.CURVE) - 1
    commands = segments.reshape(-1, count, 2, 2)
    bent = _distances(commands[:, :-1, 1], commands[:, 0, 0], commands[:, -1, 1]).max(axis=1)
    kept = np.repeat(bent > 1e-6, count)
    place = np.arange(1, len(segments) + 1)
    for every in (1, 2, 4, 8, count):
        kept = (kept & (place % every == 0)) | (place % count == 0)
        if kept.sum() <= MOST:
            break
    ends = segments[:, 1].clip(low, high)
    starts = segments[:, 0].clip(low, high)
    lifted = (np.abs(starts[1:] - ends[:-1]) > 1e-6).any(axis=1)
    borders = [0, *(np.flatnonzero(lifted) + 1).tolist(), len(ends)]
    return [
        np.concatenate([starts[first : first + 1], ends[first:last][kept[first:last]]])
        for first, last in itertools.pairwise(borders)
    ]


def simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Leave out points of ``(P, 2)`` that lie within ``tolerance`` of the line through the others.

    Source: Douglas & Peucker, "Algorithms for the reduction of the number of points required to
    represent a digitized line or its caricature", Cartographica, 1973.

    >>> simplified(np.array([[0.0, 0.0], [5.0, 0.4], [10.0, 0.0]]), tolerance=0.5).tolist()
    [[0.0, 0.0], [10.0, 0.0]]
    """
    kept = np.zeros(len(points), bool)
    kept[::RUN] = kept[-1] = True
    ends = np.flatnonzero(kept)
    todo = list(itertools.pairwise(ends.tolist()))
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        off = _distances(points[None, first + 1 : last], points[[first]], points[[last]])[0]
        furthest = int(off.argmax())
        if off[furthest] > tolerance:
            middle = first + 1 + furthest
            kept[middle] = True
            todo += [(first, middle), (middle, last)]
    return points[kept]


def _distances(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how far points ``(N, P, 2)`` lie from pieces ``(N, 2)`` to ``(N, 2)``, ``(N, P)``."""
    way, offset = (end - start)[:, None], points - start[:, None]
    along = (offset * way).sum(axis=-1) / np.maximum((way * way).sum(axis=-1), 1e-12)
    return np.hypot(*np.moveaxis(offset - along.clip(0, 1)[..., None] * way, -1, 0))
