"""Strokes or pixels → image, prepared as MNIST's own digits were.

MNIST's digits were scaled to fit a box of 20×20 pixels with their proportions kept, anti-aliased,
and put into 28×28 by their centre of mass [1, 2]. A classifier knows nothing else, so whatever is
drawn, scanned or photographed has to take the same form first.

References:
    [1] LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
        Proceedings of the IEEE, 1998.
    [2] LeCun, Cortes & Burges, "The MNIST database of handwritten digits".
"""

import math

import numpy as np
from PIL import Image

from invert.drawing import parts, picture, stroke_pieces
from invert.images import SIDE

BOX = 20  # the ink's longest side, in pixels [2]
CENTRE = 14  # 0-based index of the centre of mass: 13.99 and 14.01 over MNIST's test images
STROKE = 2.8  # the usual width of MNIST's strokes, in pixels

TAP = 3.0  # canvas pixels: how far a tapping hand shakes; a drawing no larger is a dot
STEP = 0.1  # pixels between the pen's prints: a corner is off by 0.05 at most, an edge by 0.001
MAX_PRINTS = 20_000
MAX_DISTANCES = 4 * MAX_PRINTS * SIDE**2  # between prints and pixels, of one image
GAP, MOST_GROUPS = 0.15, 5  # between strokes side by side, of the drawing's height
MOST_GROUPED = 300  # curves: a few digits; more takes longer than it is worth
THIN = 1.5  # pixels; MNIST's own strokes measure 2.0 to 5.6. 4-pixel pens: 0.73 → 0.78 right


class BlankDrawing(ValueError):
    """Nothing is drawn; the message asks for a stroke."""

    def __init__(self, message: str = "Draw a digit: there is no ink yet."):
        super().__init__(message)


def from_strokes(canvas_json, shape: tuple[int, ...] = (SIDE, SIDE)) -> np.ndarray:
    """Return a drawing's strokes as an image, the same whatever their place, size and pen.

    Strokes are drawn anew from their coordinates, at MNIST's stroke width. Shapes (line, rectangle,
    circle, polygon) count with their outlines; everything else, text for one, is passed over.

    Args:
        canvas_json: streamlit-drawable-canvas's ``json_data``, a dict with Fabric.js objects as
            ``"objects"``; at most 10,000 path commands. None stands for an untouched canvas.
        shape: ``(H, W)`` of the image. In another than MNIST's the drawing takes the same part of
            the largest square in the middle.

    Returns:
        ``shape`` float32 in [0, 1], ink = 1. In 28×28 the ink's longest side is 20 pixels, its
        centre of mass at index 14 (nearer the middle where it would leave the image). A tap is a
        dot.

    Raises:
        BlankDrawing: no strokes.
        ValueError: no drawing, or one too large.

    >>> stroke = {"type": "Path", "path": [["M", 40, 90], ["L", 240, 90]], "strokeWidth": 16}
    >>> image = from_strokes({"objects": [stroke]})
    >>> image.shape, round(float(image[14].sum()))
    ((28, 28), 20)
    """
    segments = stroke_pieces.segments(canvas_json)
    if not len(segments):
        raise BlankDrawing
    return _from_segments(segments, shape)


def groups(canvas_json) -> np.ndarray:
    """Return the strokes that stand side by side with a gap between them, each as an image.

    Args:
        canvas_json: as for ``from_strokes``.

    Returns:
        ``(K, 28, 28)`` float32 in [0, 1], ink = 1, from left to right; at most five, and none
        of a drawing of more than 300 curves.

    Raises:
        ValueError: no drawing, or one too large.

    >>> def bar(x):
    ...     return {"type": "Path", "path": [["M", x, 90], ["L", x, 190]], "strokeWidth": 16}
    >>> groups({"objects": [bar(60), bar(160)]}).shape
    (2, 28, 28)
    """
    segments = stroke_pieces.segments(canvas_json)
    if not 0 < len(segments) <= MOST_GROUPED * stroke_pieces.PIECES:
        return np.zeros((0, SIDE, SIDE), np.float32)
    left, right = segments[..., 0].min(axis=1), segments[..., 0].max(axis=1)
    order = np.argsort(left, kind="stable")
    reached = np.maximum.accumulate(right[order])
    gap = GAP * np.ptp(segments[..., 1])
    starts = 1 + np.nonzero(left[order][1:] > reached[:-1] + gap)[0]
    found = np.split(order, starts)[:MOST_GROUPS]
    return np.array([_from_segments(segments[np.sort(each)]) for each in found])


def _from_segments(segments: np.ndarray, shape: tuple[int, ...] = (SIDE, SIDE)) -> np.ndarray:
    low, high = segments.min((0, 1)), segments.max((0, 1))
    extent = (high - low).max()
    scale = (BOX - STROKE) / extent if extent > TAP else 0.0
    prints = _prints((segments - (low + high) / 2) * scale)
    margin = (SIDE - STROKE) / 2 - (high - low) / 2 * scale
    middle = np.full(2, CENTRE, float)
    # MNIST centres the ink, not the strokes' points. The second round corrects the first.
    for _ in range(2):
        middle += CENTRE - _centre_of_mass(_draw(prints + middle))
        middle = np.clip(middle, (SIDE - 1) / 2 - margin, (SIDE - 1) / 2 + margin)
    return _draw(prints + middle, shape)


def from_pixels(array) -> np.ndarray:
    """Return a picture of one digit as an image: a canvas, a scan, a photo or an MNIST digit.

    Ink is what differs from the paper around it, lighter or darker, in any colour; transparent
    parts are paper. Light may fall unevenly. MNIST's own digits come out as they went in.

    Args:
        array: ``(H, W)``, ``(H, W, 1)``, ``(H, W, 3)`` RGB or ``(H, W, 4)`` RGBA, at most 50
            million pixels; bool, integers to 255 (or 65,535 if any is over 255), or floats to 1
            (or 255 if any is over 1).

    Returns:
        ``(28, 28)`` float32 in [0, 1], ink = 1: the ink's longest side is 20 pixels, its centre of
        mass at index 14 (to half a pixel where the picture has MNIST's size already, and nearer
        the middle where it would leave the image). Strokes too thin for MNIST are thickened.

    Raises:
        BlankDrawing: nothing stands out from the paper.
        ValueError: no picture, or one too large.

    >>> page = np.full((280, 280), 255, np.uint8)
    >>> page[60:200, 150:165] = 0
    >>> image = from_pixels(page)
    >>> image.shape, round(float(image[:, 14].sum()))
    ((28, 28), 20)
    """
    ink = picture.ink(array)
    if ink is None:
        raise BlankDrawing
    return _placed(_thickened(ink))


def pieces(array) -> np.ndarray:
    """Return each thing in a picture that stands apart from the others as an image of its own.

    Args:
        array: as for ``from_pixels``.

    Returns:
        ``(K, 28, 28)`` float32 in [0, 1], ink = 1, in reading order; K is 0 for a blank picture and
        at most 100.

    Raises:
        ValueError: no picture, or one too large.

    >>> page = np.full((60, 90), 255, np.uint8)
    >>> page[10:50, 20:25] = page[10:50, 60:65] = 0
    >>> pieces(page).shape
    (2, 28, 28)
    """
    found = [_placed(_thickened(ink)) for ink in picture.pieces(array)]
    return np.array(found, np.float32).reshape(-1, SIDE, SIDE)


def _prints(segments: np.ndarray) -> np.ndarray:
    """Return points ``(P, 2)`` along the pieces, close enough that round prints make a stroke."""
    start, end = segments[:, 0], segments[:, 1]
    length = np.hypot(*(end - start).T)
    travelled = np.cumsum(length)
    count = 1 + min(math.ceil(travelled[-1] / STEP), MAX_PRINTS)
    at = np.linspace(0, travelled[-1], count)
    piece = np.searchsorted(travelled, at).clip(max=len(length) - 1)
    rest = (travelled[piece] - at) / np.maximum(length[piece], 1e-12)
    along = end[piece] - (end - start)[piece] * rest.clip(0, 1)[:, None]
    lifted = (end[:-1] != start[1:]).any(axis=1)
    return np.concatenate([along, start[:1], end[:-1][lifted], start[1:][lifted], end[-1:]])


def _draw(prints: np.ndarray, shape: tuple[int, ...] = (SIDE, SIDE)) -> np.ndarray:
    """Draw the prints of a round pen, ``(P, 2)`` in MNIST's pixels, anti-aliased, as ``shape``."""
    height, width = shape
    scale = min(shape) / SIDE
    # Of large images the prints lie further apart; one scribbles long before that shows.
    prints = prints[:: math.ceil(len(prints) * height * width / MAX_DISTANCES)]
    centres = scale * prints + (np.array([width, height]) - scale * (SIDE - 1) - 1) / 2
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    nearest = np.full(shape, np.inf, np.float32)
    at_once = max(1, 512 * SIDE * SIDE // (height * width))
    for part in np.array_split(centres.astype(np.float32), 1 + len(prints) // at_once):
        across, down = (columns - part[:, :1]) ** 2, (rows - part[:, 1:]) ** 2
        np.minimum(nearest, (down[:, :, None] + across[:, None]).min(axis=0), out=nearest)
    # The ink falls from 1 to 0 over the one pixel that the pen's edge runs through.
    return np.clip(scale * STROKE / 2 + 0.5 - np.sqrt(nearest), 0, 1)


def _centre_of_mass(ink: np.ndarray) -> np.ndarray:
    """Return (x, y) of the ink's centre of mass, in 0-based indices."""
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    total = rows.sum()
    across, down = columns @ np.arange(columns.size), rows @ np.arange(rows.size)
    return np.array([across, down], float) / total


def _thickened(ink: np.ndarray) -> np.ndarray:
    """Give strokes that would come out thinner than any of MNIST's the usual width."""
    left, top, right, bottom = _outline(ink)
    scale = BOX / max(right - left, bottom - top)
    # A stroke has an edge on either side: its width is twice its area by its edges' length.
    edges = ink.sum() + parts.spread(-ink, corners=False).sum()
    width = 2 * ink.sum() / edges * scale
    steps = round((STROKE - width) / 2 / scale) if width < THIN else 0
    ink = np.pad(ink, steps)
    for step in range(steps):
        ink = parts.spread(ink, corners=step % 2 == 1)  # by turns: an octagon, nearly a round pen
    return ink


def _outline(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Return the ink's box: left, top, right, bottom, the last two exclusive."""
    rows, columns = (np.flatnonzero((ink > parts.HALO).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _placed(ink: np.ndarray) -> np.ndarray:
    """Scale the ink to MNIST's box and bring its centre of mass to MNIST's centre."""
    left, top, right, bottom = _outline(ink)
    corner, size = np.array([left, top]), np.array([right - left, bottom - top])
    scale = BOX / size.max()
    offset = CENTRE + 0.5 - (_centre_of_mass(ink) + 0.5 - corner) * scale
    if scale == 1:
        offset = np.round(offset)  # MNIST's own pixels: shift them whole, blur nothing
    x, y = corner - np.clip(offset, 0, SIDE - size * scale) / scale
    side = SIDE / scale
    near = math.floor(x), math.floor(y)
    page = Image.fromarray(ink).crop((*near, math.ceil(x + side), math.ceil(y + side)))
    x, y = x - near[0], y - near[1]
    window = (x, y, min(x + side, page.width), min(y + side, page.height))
    # Hamming is anti-aliased without ringing; BOX to LANCZOS differ by 0.1 point at most.
    image = page.resize((SIDE, SIDE), Image.Resampling.HAMMING, box=window)
    return np.clip(np.asarray(image, np.float32), 0, 1)
