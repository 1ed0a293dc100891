"""What ``strokes`` needs beside its record: a drawing to start from, and a network's ink."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from invert.inversion import batches
from invert.inversion.parametrisations.strokes import Strokes
from invert.methods.records import Optimization
from invert.networks.classifier import CLASSIFIERS, open_graph

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.inversion.learning import Learned
    from invert.inversion.parametrisations import Parametrisation

# Of a drawing: at most this many strokes, the longest, of this many points each. A random start has
# fewer, so that less is left to chance.
MOST_STROKES, POINTS = 4, 10
CLASSES, STEPS = 10, 40  # by which a network is asked whether ink is light or dark
SAMPLE = 32  # random drawings that tell how large a network's logits are
AT_ONCE = 2**22  # distances of pixels to pieces, 16 MB; all of the sample at 28×28
DARK = "ink is dark"


def begin(
    record: Optimization, graph: FrozenGraph, start: Any, count: int, seed: int
) -> tuple[Strokes, np.ndarray, dict[str, float]]:
    """Return the pen, where M starts and what its priors weigh.

    Args:
        record: the method.
        graph: the network.
        start: a drawing, as for ``from_drawing``; anything else asks for random strokes.
        count: images.
        seed: of the random strokes.

    Returns:
        The pen; M ``(count * tries, K, P, 2)``, a drawing's in one try; and the weights, in units
        of the network's logits. A drawing may be broad and its strokes may begin anywhere, but it
        is kept close to itself; a random start is held narrow and travels little.
    """
    weights, shape = dict(record.priors), graph.domain.shape
    dark = ink_is_dark(graph, record)
    if isinstance(start, dict):
        pen, drawing = from_drawing(start, shape, dark)
        first = np.repeat(drawing, count, axis=0)
        del weights["breadth"], weights["travel"]
    else:
        pen = Strokes(shape, dark=dark)
        first = pen.start(count * record.tries, seed)
        del weights["closeness"]
    unit = spread(graph, pen, pen.start(SAMPLE, 0))
    return pen, first, {name: weight * unit for name, weight in weights.items()}


def beginnings(
    record: Optimization, shape: tuple[int, ...], start: Any, count: int, seed: int
) -> np.ndarray:
    """Return the strokes that a run may begin with, which are known before it.

    Args:
        record: the method.
        shape: of the network's images.
        start: as for ``begin``.
        count: images.
        seed: of the random strokes.

    Returns:
        ``(count, tries, K, P, 2)`` float32, as in ``Run.strokes``.

    Raises:
        BlankDrawing: no strokes.
        ValueError: no drawing, or one too large.
    """
    if isinstance(start, dict):
        pen, drawing = from_drawing(start, shape, dark=False)
        first = np.repeat(drawing, count, axis=0)
    else:
        pen = Strokes(shape)
        first = pen.start(count * record.tries, seed)
    return on_canvas(pen, first).reshape(count, -1, *first.shape[1:])


def drawn(parametrisation: Parametrisation, learned: Learned) -> dict[str, np.ndarray]:
    """Return what a run has of strokes, by its attributes' names; nothing where M is no pen."""
    ways = {"strokes": learned.m, "stroke_frames": learned.frame_m}
    drawings = {name: of(parametrisation, m) for name, m in ways.items()}
    return {name: drawing for name, drawing in drawings.items() if drawing is not None}


def of(parametrisation: Parametrisation, m: np.ndarray) -> np.ndarray | None:
    """Return M ``(…, K, P, 2)`` in the canvas's pixels, or None where M is no pen."""
    return on_canvas(parametrisation, m) if isinstance(parametrisation, Strokes) else None


def from_drawing(canvas_json: Any, shape: tuple[int, ...], dark: bool) -> tuple[Strokes, Any]:
    """Return a pen with as many strokes as a drawing has, and the M that draws it.

    Args:
        canvas_json: as for ``invert.drawing.from_strokes``.
        shape: of the network's images.
        dark: whether ink is the lowest value.

    Raises:
        BlankDrawing: no strokes.
        ValueError: no drawing, or one too large.
    """
    from invert.drawing import BlankDrawing, in_link, polylines, stroke_pieces

    bounds = in_link.LOWEST * in_link.UNIT, in_link.HIGHEST * in_link.UNIT
    lines = polylines.of_segments(stroke_pieces.segments(canvas_json), *bounds)
    if not lines:
        raise BlankDrawing
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in lines]
    kept = sorted(np.argsort(lengths)[::-1][:MOST_STROKES])
    pen = Strokes(shape, len(kept), POINTS, dark)
    return pen, pen.fit([lines[place] for place in kept])


def on_canvas(pen: Strokes, m: np.ndarray) -> np.ndarray:
    """Return M ``(…, K, P, 2)`` in the canvas's pixels: x to the right, y down."""
    from invert.drawing.in_link import CANVAS_SIDE

    return pen.on_page(m) * np.float32(CANVAS_SIDE)


def spread(graph: FrozenGraph, pen: Strokes, m: np.ndarray) -> float:
    """The deviation of a network's logits of drawings: the unit of its margins."""
    from invert.inversion.reading import read

    # A few at a time: every pixel of each is compared with every piece of a stroke.
    each = math.prod(pen.shape[:2]) * pen.strokes * pen.samples
    drawings = [pen.make(m[rows]) for rows in batches.chunks(len(m), max(1, AT_ONCE // each))]
    logits = read(graph, graph.domain.from_unit(np.concatenate(drawings)))
    return max(float(np.std(logits, axis=1).mean()), 1e-6)


def ink_is_dark(graph: FrozenGraph, record: Optimization) -> bool:
    """Whether a network reads dark ink on light paper, by its own answers.

    Both ways are tried for a few steps. The one whose drawings the network takes for their classes
    more surely, by views that no step saw, is right. The answer is kept with the network. The
    networks that ship need not be asked: to them ink is 1.
    """
    if graph.name in CLASSIFIERS and graph is open_graph(graph.name):
        return False
    if DARK not in graph.compiled:
        targets = np.arange(graph.classes)[:CLASSES]
        light, dark = (
            np.median(_short_run(graph, record, Strokes(graph.domain.shape, dark=way), targets))
            for way in (False, True)
        )
        graph.compiled[DARK] = bool(dark < light)
    return graph.compiled[DARK]


def known_dark(graph: FrozenGraph) -> bool | None:
    """Whether a network reads dark ink; None where it was neither asked nor was that told."""
    return graph.compiled.get(DARK)


def tell_dark(graph: FrozenGraph, dark: bool) -> None:
    """Say whether a network reads dark ink, so that it is not asked."""
    graph.compiled[DARK] = dark


def _short_run(graph, record, pen: Strokes, targets: np.ndarray) -> np.ndarray:
    from invert.inversion.aims import one_hot
    from invert.inversion.learning import learn
    from invert.inversion.loop import Objective
    from invert.inversion.views import VIEWS

    objective = Objective(record.loss, record.step_rule, (), VIEWS[record.view], 1, record.unseen)
    learned = learn(
        graph,
        objective,
        pen.start(len(targets), 0),
        one_hot(targets, graph.classes),
        parametrisation=pen,
        steps=STEPS,
        step_size=record.step_size,
        strength=record.strength,
    )
    return learned.scores
