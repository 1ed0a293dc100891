"""M is a pen: the control points of a few smooth strokes.

Whatever M becomes, the input is a line drawing: a pen cannot make the dust that fools a network
pixel by pixel. A drawing is kept at one size in the middle of the page, and the pen at one width.
Source of the idea: Frans et al. 2021, "CLIPDraw", https://arxiv.org/abs/2106.14843; of drawing
curves with a gradient: Li et al. 2020, https://people.csail.mit.edu/tzumao/diffvg/.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

DEGREE = 3  # of the splines: their direction and their bending are continuous
# Pieces to a stretch between knots: more change no pixel by more than 0.01.
PIECES = 4
# As shares of the page's shorter side, after MNIST's digits: 2.6 pixels of 28, in a box of 20,
# by the centre of mass. http://yann.lecun.com/exdb/mnist/
PEN, BOX = 2.6 / 28, 20 / 28
EDGE = 0.4 / 28  # how far the ink takes to fade: the width of its sigmoid
# A start is a ring, this wide for a height of 1. Each point is moved from the one before by this
# much of the radius. Random walks gave more open 0s and broken 2s.
WIDE, WANDER = 0.6, 0.1
FITTED = 64  # places along a line that a stroke is fitted to
FLATTEST = 0.05  # of its width: a flatter drawing counts as this tall
SMALL = 1e-6


@dataclasses.dataclass(frozen=True)  # unlike tuples, equal to none but its own kind
class Strokes:
    """M is control points ``(N, strokes, points, 2)``: x to the right, y down, the middle at 0.

    A drawing is as tall as 1, with its centre of mass in the middle.

    Attributes:
        shape: of one input, ``(H, W)`` or ``(H, W, 3)``.
        strokes: how many.
        points: of a stroke, 2 or more; with 2 it is straight.
        dark: whether ink is the lowest value, and paper the highest.
    """

    shape: tuple[int, ...]
    strokes: int = 2
    points: int = 6
    dark: bool = False
    holds_weights: bool = False

    def start(self, count: int, seed: int) -> np.ndarray:
        """Start from wobbly rings: the pen begins anywhere and goes round once without a lift.

        Drawing ``i`` is the same however many there are.
        """
        generators = [np.random.default_rng((seed, number)) for number in range(count)]
        # A stroke begins where the one before it ended.
        way = np.arange(self.strokes)[:, None] * (self.points - 1) + np.arange(self.points)
        done = np.linspace(0, 1, way[-1, -1] + 1)
        begun = np.array([g.uniform(0, 2 * np.pi) for g in generators])
        steps = np.array([g.normal(size=(len(done), 2)) for g in generators])
        # Of two points alone, which are no ring, each lies opposite the other.
        angle = begun[:, None] + np.pi * min(2, way[-1, -1]) * done
        rings = np.stack([WIDE * np.cos(angle), np.sin(angle)], -1)
        steps[:, 0] = 0
        walks = WANDER * steps.cumsum(1)
        rings += walks - done[:, None] * walks[:, -1:]  # which ends where it began
        return self.project(tf.constant(rings[:, way], tf.float32)).numpy()

    def make(self, m):
        """Draw M, in the middle of the page."""
        return self.draw(m)

    def project(self, m):
        """Return M with its centre of mass in the middle, as tall as 1 and at most as wide.

        A flat drawing is made taller, or it would be enlarged beyond the page.
        """
        curves = self.curves(m)
        sides = tf.reduce_max(curves, (1, 2)) - tf.reduce_min(curves, (1, 2))
        wide, tall = sides[:, 0], tf.maximum(sides[:, 1], FLATTEST * sides[:, 0])
        size = (tf.stack([tf.maximum(wide, tall), tall], 1) + SMALL)[:, None, None]
        return m / size - _centre(curves / size)

    def curves(self, m):
        """Return points along the strokes, ``(N, strokes, S, 2)``, in M's units."""
        return tf.einsum("sp,nkpd->nksd", basis(self.points, self.samples), m)

    @property
    def samples(self) -> int:
        """How many points along a stroke are joined by straight pieces."""
        return 1 if self.points < 2 else PIECES * max(1, self.points - DEGREE) + 2

    def draw(self, m, turned=None, shift=None, width=None):
        """Draw M as inputs ``(N, *shape)`` in [0, 1], as it is or another way.

        Args:
            m: control points ``(N, strokes, points, 2)``.
            turned: matrices ``(N, 2, 2)`` by which points are multiplied.
            shift: ``(N, 2)``, to the right and down, as a share of the page's shorter side.
            width: ``(N,)``, of the pen, as a multiple of the usual.
        """
        curves = self.curves(m)
        if turned is not None:
            curves = tf.einsum("nij,nkpj->nkpi", turned, curves)
        height, across = self.shape[:2]
        side = min(height, across)
        curves *= np.float32((BOX - PEN) * side)
        if shift is not None:
            curves += side * shift[:, None, None]
        radius = np.float32(PEN / 2 * side) * (tf.ones(tf.shape(m)[:1]) if width is None else width)
        drawn = ink(curves, radius, (height, across), EDGE * side)
        drawn = 1 - drawn if self.dark else drawn
        drawn = tf.reshape(drawn, (-1, height, across))
        if len(self.shape) == 2:
            return drawn
        return tf.repeat(drawn[..., None], self.shape[2], axis=-1)

    def fit(self, lines: Sequence[np.ndarray]) -> np.ndarray:
        """Return the M that follows lines drawn by hand, by least squares.

        Args:
            lines: one a stroke, ``(L, 2)`` each: points on the way, x to the right, y down,
                in any unit.

        Returns:
            ``(1, strokes, points, 2)`` float32.
        """
        # From the first point: a small drawing may lie far from where its unit begins.
        lines = [np.asarray(line, float) - lines[0][0] for line in lines]
        even = np.array([_evenly(line, FITTED) for line in lines])
        way = basis(self.points, FITTED).astype(float)
        m = np.stack([np.linalg.lstsq(way, line)[0] for line in even])
        size = np.abs(m).max()
        m = m / size if size > SMALL else 0 * m
        return self.project(tf.constant(m[None], tf.float32)).numpy()

    def on_page(self, m) -> np.ndarray:
        """Return control points where they stand on the page: x to the right, y down.

        Args:
            m: control points ``(…, strokes, points, 2)``.

        Returns:
            As shares of the page's shorter side, from its upper left corner.
        """
        middle = np.array(self.shape[1::-1]) / 2 / min(self.shape[:2])
        return (np.asarray(m) * (BOX - PEN) + middle).astype(np.float32)


def ink(curves, radius, page: tuple[int, int], edge: float):
    """Draw curves with a round pen: each pixel by its distance to the nearest piece.

    Args:
        curves: ``(N, K, S, 2)``, points joined by straight pieces, in pixels from the page's
            middle: x to the right, y down.
        radius: of the pen, ``(N,)``, in pixels.
        page: its height and width in pixels.
        edge: pixels in which the ink fades: it is ``sigmoid((radius - distance) / edge)``.

    Returns:
        ``(N, H·W)``, 1 for ink. The gradient goes through each pixel's nearest piece alone, so the
        distances to all others need not be kept.
    """
    x, y = _pixels(*page)
    strokes, samples = curves.shape[1:3]

    @tf.custom_gradient
    def drawn(curves, radius):
        begin = curves[:, :, :-1]
        pieces = tf.concat([begin, curves[:, :, 1:] - begin], -1)
        pieces = tf.reshape(pieces, (-1, strokes * (samples - 1), 4))
        away, down, _ = _to_piece(x, y, *tf.unstack(pieces[:, :, None], axis=-1))
        squares = away * away + down * down
        nearest = tf.argmin(squares, 1, output_type=tf.int32)
        distance = tf.sqrt(tf.reduce_min(squares, 1) + SMALL)
        shade = tf.sigmoid((radius[:, None] - distance) / edge)

        def back(gradient):
            of_radius = gradient * shade * (1 - shade) / edge
            piece = tf.gather(pieces, nearest, batch_dims=1)
            away, down, along = _to_piece(x, y, *tf.unstack(piece, axis=-1))
            pull = of_radius / distance
            # A pixel pulls at both ends of its piece, more at the nearer.
            place = along + tf.cast(nearest + nearest // (samples - 1), tf.float32)
            points = tf.range(strokes * samples, dtype=tf.float32)[:, None]
            share = tf.nn.relu(1 - tf.abs(place[:, None] - points))
            of_points = share @ tf.stack([pull * away, pull * down], -1)
            return tf.reshape(of_points, tf.shape(curves)), tf.reduce_sum(of_radius, 1)

        return shade, back

    return drawn(curves, radius)


def _to_piece(x, y, left, top, right, down):
    """How far pixels lie from their nearest places on pieces, and where on them, 0 to 1."""
    along = (x - left) * right + (y - top) * down
    along = tf.clip_by_value(along / (right * right + down * down + SMALL), 0.0, 1.0)
    return x - left - along * right, y - top - along * down, along


def _evenly(line: np.ndarray, count: int) -> np.ndarray:
    """Points ``(count, 2)``, evenly far apart along a line ``(L, 2)``."""
    far = np.append(0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    at = np.linspace(0, far[-1], count)
    return np.stack([np.interp(at, far, each) for each in line.T], axis=1)


def _pixels(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel's middle, ``(H·W,)`` to the right and down, from the page's middle."""
    down, right = np.mgrid[:height, :width].astype(np.float32)
    return (right - (width - 1) / 2).ravel(), (down - (height - 1) / 2).ravel()


def _centre(curves):
    """The strokes' centre of mass, ``(N, 1, 1, 2)``."""
    ends = curves[:, :, 1:], curves[:, :, :-1]
    length = tf.sqrt(tf.reduce_sum((ends[0] - ends[1]) ** 2, -1, True) + SMALL**2)
    moment = tf.reduce_sum(length * (ends[0] + ends[1]) / 2, (1, 2), True)
    return moment / tf.reduce_sum(length, (1, 2), True)


@functools.cache
def basis(points: int, samples: int) -> np.ndarray:
    """Return what each control point weighs at places along a spline, ``(samples, points)``.

    A clamped B-spline: it begins at the first point and ends at the last. Source: de Boor 1972,
    "On calculating with B-splines", Journal of Approximation Theory 6.

    >>> basis(2, 3).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    degree = min(DEGREE, points - 1)
    knots = np.pad(np.linspace(0, 1, points - degree + 1), degree, "edge")
    at = np.linspace(0, 1, samples)[:, None]
    # The last place belongs to the last stretch that has a length.
    stretch = np.searchsorted(knots, at, "right").clip(max=points) - 1
    weights = (stretch == np.arange(len(knots) - 1)).astype(float)
    for order in range(1, degree + 1):
        first, last = knots[: -order - 1], knots[order + 1 :]
        span = knots[order:] - knots[:-order]
        rise = np.divide(1, span, out=np.zeros_like(span), where=span > 0)
        weights = (at - first) * rise[:-1] * weights[:, :-1] + (last - at) * rise[1:] * weights[
            :, 1:
        ]
    return weights.astype(np.float32)
