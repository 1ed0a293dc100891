"""A drawing as a short text that fits in a link, and back.

The text is a version, "1", and then whole numbers: how many strokes; for each, how many points; for
each point, how far it lies to the right of the point before, and how far below, in half pixels. The
first lies as far from the canvas's corner. A number is written as in Google's encoded polylines
[1], in an alphabet that needs no escaping in a link [2].

Strokes are simplified first. About thirty points draw a digit to within half a pixel.

References:
    [1] https://developers.google.com/maps/documentation/utilities/polylinealgorithm
    [2] Josefsson, RFC 4648, section 5, "Base 64 Encoding with URL and Filename Safe Alphabet".
"""

import itertools
from collections.abc import Iterator

import numpy as np

from invert.drawing import bezier, polylines, stroke_pieces

CANVAS_SIDE = 280  # pixels, of the canvas
MAX_LENGTH = 4_000  # characters; servers take addresses of twice that
MAX_POINTS = 1_000  # of a text of that length, and far more than a digit has

VERSION = "1"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
VALUE = {character: value for value, character in enumerate(ALPHABET)}
BITS = 5
MORE = 32  # of a character's six bits, the one that says that the number goes on
UNIT = 0.5  # pixels
TOLERANCE = 0.5  # pixels that a line may be off
PARTS = 300  # the tolerance of a small drawing is its longer side divided by this
ON_GRID = 0.1  # units; the canvas draws a tap this much wide and no more
OUTSIDE = 280  # pixels: a mouse draws on beyond the canvas, and what it draws there is read too
LOWEST, HIGHEST = round(-OUTSIDE / UNIT), round((CANVAS_SIDE + OUTSIDE) / UNIT)
DOT = 0.01  # pixels: how long a line must be for a canvas to paint its round ends
COARSE = 8.0  # pixels: if this tolerance is not enough, every other point is left out as well
INK = "#17181c"
WAY_OUT = "Copy the whole link again, or draw anew."
ALTERED = f"A drawing in a link must be whole; this one was cut or altered. {WAY_OUT}"


def encode(canvas_json) -> str:
    """Return a drawing's strokes as text of A-Z, a-z, 0-9, - and _; no strokes are "".

    Pens and colours are left out. Strokes move by half a pixel or so, unless the drawing is so
    large that it fits only with less detail. What `decode` returns is written exactly.

    Args:
        canvas_json: as for `invert.drawing.from_strokes`.

    Returns:
        At most 4,000 characters.

    Raises:
        ValueError: no drawing, or one too large to be read.

    >>> encode({"objects": [{"type": "Path", "path": [["M", 40, 90], ["L", 240, 90]]}]})
    '1BCgFoLgZA'
    """
    drawn = polylines.of_segments(
        stroke_pieces.segments(canvas_json), LOWEST * UNIT, HIGHEST * UNIT
    )
    exact = _placed(drawn, UNIT)
    if all(_on_grid(points) for points in drawn) and _fits(exact):
        return _written(exact)
    size = np.ptp(np.concatenate(drawn), axis=0).max()
    tolerance = min(TOLERANCE, max(size / PARTS, UNIT / 2))
    while True:
        drawn = [polylines.simplified(points, tolerance) for points in drawn]
        # The larger the tolerance, the coarser the grid: in the end, dots fall together.
        placed = _placed(drawn, max(UNIT, tolerance // UNIT * UNIT))
        once = _joined(list({points.tobytes(): points for points in placed}.values()))
        if _fits(once):
            return _written(once)
        tolerance *= 2
        if tolerance > COARSE:
            drawn = [np.concatenate([points[:-1:2], points[-1:]]) for points in drawn]


def from_splines(strokes: np.ndarray, pen: float = 18) -> list[dict]:
    """Return smooth strokes as the canvas writes them down, each as `decode` returns it.

    Args:
        strokes: control points ``(K, P, 2)`` in canvas pixels, as of an image in ``Run.strokes``.
        pen: how wide they are painted, in pixels.

    >>> [stroke] = from_splines(np.array([[[40.0, 90], [240, 90]]]))
    >>> stroke["path"][0], stroke["path"][-1]
    (['M', 40.0, 90.0], ['L', 240.0, 90.0])
    """
    low, high = LOWEST * UNIT, HIGHEST * UNIT
    kept = []
    for points in strokes:
        curve = bezier.pieces(np.asarray(points, float))
        commands = [["M", *curve[0, 0]], *(["C", *piece[1:].ravel()] for piece in curve)]
        drawn = {"objects": [{"type": "Path", "path": commands}]}
        for line in polylines.of_segments(stroke_pieces.segments(drawn), low, high):
            kept.append(_stroke(_placed([line], UNIT)[0] * UNIT, pen))
    return kept


def decode(text: str, pen: float = 18) -> dict:
    """Return the drawing that `encode` wrote, as the canvas takes it for ``initial_drawing``.

    Args:
        text: at most 4,000 characters, 1,000 points, none of them 280 pixels outside of the canvas.
        pen: how wide the strokes are painted, in pixels.

    Returns:
        ``{"objects": [...]}``: a Fabric.js path for each stroke.

    Raises:
        ValueError: the text is no drawing, or was cut or altered.

    >>> [stroke] = decode("1BCgFoLgZA")["objects"]
    >>> stroke["path"]
    [['M', 40.0, 90.0], ['L', 240.0, 90.0]]
    """
    if not isinstance(text, str):
        raise ValueError(f"A drawing in a link must be text; got {type(text).__name__}. {WAY_OUT}")
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f"A drawing in a link must have at most {MAX_LENGTH:,} characters; got"
            f" {len(text):,}. {WAY_OUT}"
        )
    if not text:
        return {"objects": []}
    if text[0] != VERSION:
        raise ValueError(
            f"A drawing in a link must begin with {VERSION}; got {text[0]!r}. {WAY_OUT}"
        )
    return {"objects": [_stroke(points * UNIT, pen) for points in _read(text)]}


def _on_grid(points: np.ndarray) -> bool:
    units = points / UNIT
    return bool(np.abs(units - np.rint(units)).max() < ON_GRID)


def _placed(drawn: list[np.ndarray], step: float) -> list[np.ndarray]:
    """Return strokes, in pixels, on a grid of ``step`` pixels: ``(P, 2)`` each, in units."""
    lattice = [np.rint(points / step) * (step / UNIT) for points in drawn]
    return _joined([points.astype(int).clip(LOWEST, HIGHEST) for points in lattice])


def _joined(drawn: list[np.ndarray]) -> list[np.ndarray]:
    """Leave out points where the pen stands still. Strokes that meet end to end become one."""
    if not drawn:
        return []
    points = np.concatenate(drawn)
    moved = np.append(True, (points[1:] != points[:-1]).any(axis=1))
    begins = np.zeros(len(points), bool)
    begins[np.cumsum([0, *map(len, drawn[:-1])])] = True
    return np.split(points[moved], np.flatnonzero(begins[moved])[1:])


def _fits(drawn: list[np.ndarray]) -> bool:
    count = sum(map(len, drawn))
    return count <= MAX_POINTS and len(_written(drawn)) <= MAX_LENGTH


def _written(drawn: list[np.ndarray]) -> str:
    """Write strokes, each ``(P, 2)`` in units, as text."""
    if not drawn:
        return ""
    moves = iter(np.diff(np.concatenate(drawn), axis=0, prepend=[[0, 0]]).tolist())
    numbers = [len(drawn)]
    for points in drawn:
        numbers.append(len(points))
        for move in itertools.islice(moves, len(points)):
            # The lowest bit is the sign, as in [1].
            numbers += [2 * way if way >= 0 else -2 * way - 1 for way in move]
    characters = [VERSION]
    for number in numbers:
        while number >= MORE:
            characters.append(ALPHABET[number % MORE + MORE])
            number //= MORE
        characters.append(ALPHABET[number])
    return "".join(characters)


def _read(text: str) -> list[np.ndarray]:
    """Return the strokes, each ``(P, 2)`` in units, of a text no longer than allowed."""
    numbers = _numbers(text)
    drawn, place, total = [], (0, 0), 0
    for _ in range(next(numbers)):
        count = next(numbers)
        total += count
        if total > MAX_POINTS:
            raise ValueError(
                f"A drawing in a link must have at most {MAX_POINTS:,} points; this one has more."
                f" {WAY_OUT}"
            )
        points = []
        for _ in range(count):
            across, down = next(numbers), next(numbers)
            place = (place[0] + _signed(across), place[1] + _signed(down))
            if min(place) < LOWEST or max(place) > HIGHEST:
                raise ValueError(
                    f"A drawing in a link must stay within {OUTSIDE} pixels of the canvas; this"
                    f" one leads further. {WAY_OUT}"
                )
            points.append(place)
        drawn.append(np.array(points, int).reshape(-1, 2))
    # Every drawing has one text: what `encode` would not write was cut or altered.
    if not (drawn and all(map(len, drawn)) and _written(_joined(drawn)) == text):
        raise ValueError(ALTERED)
    return drawn


def _numbers(text: str) -> Iterator[int]:
    """Yield the numbers after the version; raise a ValueError where another is asked for."""
    number = place = 0
    for character in text[len(VERSION) :]:
        value = VALUE.get(character)
        if value is None:
            raise ValueError(
                "A drawing in a link must consist of A-Z, a-z, 0-9, - and _; got"
                f" {character!r}. {WAY_OUT}"
            )
        number += value % MORE << place
        place += BITS
        if value < MORE:
            yield number
            number = place = 0
        elif place > 3 * BITS:
            break
    raise ValueError(ALTERED)


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2


def _stroke(points: np.ndarray, pen: float) -> dict:
    """Return a stroke, ``(P, 2)`` in pixels, as the canvas writes down what was drawn on it."""
    if len(points) == 1:
        points = np.concatenate([points, points + np.array([DOT, 0])])
    low, high = points.min(axis=0), points.max(axis=0)
    left, top = ((low + high) / 2).tolist()
    width, height = (high - low).tolist()
    path = [["L", *point] for point in points.tolist()]
    path[0][0] = "M"
    return {
        "type": "Path",
        "originX": "center",
        "originY": "center",
        "left": left,
        "top": top,
        "width": width,
        "height": height,
        "fill": None,
        "stroke": INK,
        "strokeWidth": pen,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
        "path": path,
    }
