"""A canvas's JSON → the straight pieces that its strokes are made of, wherever they were moved.

Source: the canvas's objects are Fabric.js's, http://fabricjs.com/docs/; a stroke is a path of
quadratic curves in canvas pixels, with a transform where it was moved in the canvas's edit mode.
"""

import math
from typing import Any

import numpy as np

MAX_POINTS = 10_000  # path commands in one drawing: minutes of scribbling
MAX_NUMBER = 1e6  # far outside any canvas
PIECES = 16  # chords a curve: off by 0.03 pixel where one is a whole digit
CURVE = np.linspace(0, 1, PIECES + 1)


def segments(canvas_json) -> np.ndarray:
    """Return all strokes as straight pieces.

    Args:
        canvas_json: streamlit-drawable-canvas's ``json_data``, or None.

    Returns:
        ``(S, 2, 2)`` float64, in canvas pixels: from and to, each x and y; S is 0 where nothing is
        drawn.

    Raises:
        ValueError: no drawing, or one too large.

    >>> pieces = segments({"objects": [{"type": "Path", "path": [["M", 1, 2], ["L", 3, 4]]}]})
    >>> pieces[0, 0], pieces[-1, 1]
    (array([1., 2.]), array([3., 4.]))
    """
    if canvas_json is None:
        return np.empty((0, 2, 2))
    if not isinstance(canvas_json, dict):
        raise ValueError(
            "A drawing must be a dict with a list of objects, such as the canvas's json_data; got"
            f" {type(canvas_json).__name__}. Clear the canvas and draw again."
        )
    objects = canvas_json.get("objects")
    objects = [item for item in _list(objects or [], "objects") if isinstance(item, dict)]
    drawn = [(item, _commands(item)) for item in objects]
    count = len(objects) + sum(len(commands) for _, commands in drawn)
    if count > MAX_POINTS:
        raise ValueError(
            f"A drawing must have at most {MAX_POINTS:,} points; got {count:,}."
            " Clear the canvas and draw with fewer strokes."
        )
    return np.concatenate(
        [np.empty((0, 2, 2))]
        + [_transformed(_flattened(commands), item) for item, commands in drawn if commands]
    )


def _commands(item: dict) -> list:
    """Return an object's outline as path commands in its own coordinates; none if it has none."""
    kind = item.get("type")
    kind = kind.lower() if isinstance(kind, str) else None
    closed = True
    if kind == "path":
        return _list(item.get("path"), "path")
    if kind == "line":
        corners, closed = (
            [[item.get("x1"), item.get("y1")], [item.get("x2"), item.get("y2")]],
            False,
        )
    elif kind == "rect":
        width, height = item.get("width"), item.get("height")
        corners = [[0, 0], [width, 0], [width, height], [0, height]]
    elif kind == "circle":
        radius = _number(item.get("radius"))
        turn = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        corners = (radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)).tolist()
    elif kind in ("polygon", "polyline"):
        points = _list(item.get("points"), "points")
        corners = [[p.get("x"), p.get("y")] if isinstance(p, dict) else [None] for p in points]
        closed = kind == "polygon"
    else:
        return []
    letters = ["M"] + ["L"] * (len(corners) - 1)
    return [[a, *b] for a, b in zip(letters, corners, strict=False)] + [["Z"]] * closed


def _flattened(commands: list) -> np.ndarray:
    """Return path commands (M, L, Q, C, Z) as straight pieces ``(S, 2, 2)``."""
    curves: list[list] = []
    start: Any = None
    pen: Any = None
    for command in commands:
        command = _list(command, "path command")
        letter = command[0] if command and isinstance(command[0], str) else ""
        wanted = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}.get(letter.upper())
        if wanted is None or len(command) != 1 + 2 * wanted or (pen is None and letter != "M"):
            raise ValueError(
                "A path must be a list of commands M, L, Q, C or Z with their points, M first; got"
                f" {letter[:8]!r} with {len(command) - bool(command)} numbers."
                " Clear the canvas and draw again."
            )
        numbers = [_number(value) for value in command[1:]]
        points: list = list(zip(numbers[::2], numbers[1::2], strict=True)) if wanted else [start]
        *middle, end = points
        if letter == "M":
            start = pen = end
        # All become cubics, so that one product flattens them: a line with its ends doubled,
        # a quadratic with its control point two thirds of the way from either end.
        if len(middle) == 1:
            (x, y), ((a, b), (c, d)) = middle[0], (pen, end)
            middle = [((a + 2 * x) / 3, (b + 2 * y) / 3), ((c + 2 * x) / 3, (d + 2 * y) / 3)]
        curves.append([pen, *(middle or [pen, end]), end])
        pen = end
    t, u = CURVE, 1 - CURVE
    bernstein = np.stack([u**3, 3 * u * u * t, 3 * u * t * t, t**3], axis=1)
    flat = bernstein @ np.array(curves, float)
    return np.stack([flat[:, :-1], flat[:, 1:]], axis=2).reshape(-1, 2, 2)


def _transformed(segments: np.ndarray, item: dict) -> np.ndarray:
    """Put an object where it lies on the canvas: moved, scaled, turned, flipped or skewed there.

    Fabric.js keeps a path as it was drawn. ``left`` and ``top`` say where its origin has come to,
    the other fields how the path lies about its middle.
    """

    def number(key, default=0.0):
        return _number(item.get(key, default))

    low, high = segments.min((0, 1)), segments.max((0, 1))
    middle = (low + high) / 2
    scale = np.array([number("scaleX", 1), number("scaleY", 1)])
    flip = np.array([-1.0 if item.get(key) is True else 1.0 for key in ("flipX", "flipY")])
    angle = math.radians(number("angle"))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    skew_x, skew_y = (math.tan(math.radians(number(key))) for key in ("skewX", "skewY"))
    matrix = turn @ np.diag(scale * flip) @ [[1, skew_x], [0, 1]] @ [[1, 0], [skew_y, 1]]
    # From the origin to the middle, in halves of the size.
    way = [
        {"left": 1, "top": 1, "right": -1, "bottom": -1}.get(origin, 0)
        if isinstance(origin := item.get(key), str)
        else 0
        for key in ("originX", "originY")
    ]
    half = (high - low + number("strokeWidth")) * scale / 2
    position = np.array([number("left", middle[0]), number("top", middle[1])])
    return (segments - middle) @ matrix.T + position + turn @ (way * half)


def _list(value, name: str) -> list:
    if not isinstance(value, list | tuple):
        raise ValueError(
            f"A drawing's {name} must be a list; got {type(value).__name__}."
            " Clear the canvas and draw again."
        )
    if len(value) > MAX_POINTS:
        raise ValueError(
            f"A drawing must have at most {MAX_POINTS:,} points; got {len(value):,}."
            " Clear the canvas and draw with fewer strokes."
        )
    return list(value)


def _number(value) -> float:
    real = isinstance(value, int | float | np.integer | np.floating)
    if real and -MAX_NUMBER <= value <= MAX_NUMBER:
        return float(value)
    # A whole number may have a million digits: it is not printed.
    received = f"{value:g}" if isinstance(value, float) else type(value).__name__
    raise ValueError(
        f"A drawing's numbers must be finite and at most 1,000,000 in size; got {received}."
        " Clear the canvas and draw again."
    )
