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
from PIL import Image, ImageFilter

SIDE = 28
BOX = 20  # the ink's longest side, in pixels [2]
CENTRE = 14  # 0-based index of the centre of mass: 13.99 and 14.01 over MNIST's test images
STROKE = 2.8  # the usual width of MNIST's strokes, in pixels

TAP = 3.0  # canvas pixels: how far a tapping hand shakes; a drawing no larger is a dot
MAX_POINTS = 10_000  # path commands in one drawing: minutes of scribbling
MAX_NUMBER = 1e6  # far outside any canvas
CURVE = np.linspace(0, 1, 17)  # 16 chords a curve: off by 0.03 pixel where one is a whole digit
STEP = 0.1  # pixels between the pen's prints: a corner is off by 0.05 at most, an edge by 0.001
MAX_PRINTS = 20_000

MAX_PIXELS = 50_000_000  # the largest that phones photograph
WORK_SIDE = 512  # larger pictures are averaged down to this
MIN_CONTRAST = 0.04  # of black to white; fainter marks are no ink
EVEN = 0.05  # paper whose tones spread less than this part of the contrast is even
GRAIN = 0.0125  # and noise must be smaller still; everything else is treated as a photo
SMALL_SIDE = 64  # a photo's light changes slowly: its paper is looked for at this size
PEN_SIDE, GAP_SIDE = 5, 17  # of it: no pen is wider than the first, no stroke than the second
CELLS = 64  # parts of the ink nearer than one of so many cells are one
SPECK = 0.04  # a part with less of all the ink is dirt
HALO = 0.2  # fainter ink is the halo of an enlargement, not its outline
THIN = 1.5  # pixels; MNIST's own strokes measure 2.0 to 5.6. 4-pixel pens: 0.73 → 0.78 right


class BlankDrawing(ValueError):
    """Nothing is drawn: a state in which to ask for a stroke, not a digit."""

    def __init__(self, message: str = "Draw a digit: there is no ink yet."):
        super().__init__(message)


def from_strokes(canvas_json) -> np.ndarray:
    """Return a drawing's strokes as an image: the same wherever, however large, with any pen.

    Strokes are drawn anew from their coordinates, at MNIST's stroke width. Shapes (line, rectangle,
    circle, polygon) count with their outlines; everything else, text for one, is passed over.

    Args:
        canvas_json: streamlit-drawable-canvas's ``json_data``, a dict with Fabric.js objects as
            ``"objects"``; at most 10,000 path commands. None is a canvas not yet touched.

    Returns:
        ``(28, 28)`` float32 in [0, 1], ink = 1: the ink's longest side is 20 pixels, its centre of
        mass at index 14 (nearer the middle where it would leave the image). A tap is a dot.

    Raises:
        BlankDrawing: no strokes.
        ValueError: no drawing, or one too large.

    >>> stroke = {"type": "Path", "path": [["M", 40, 90], ["L", 240, 90]], "strokeWidth": 16}
    >>> image = from_strokes({"objects": [stroke]})
    >>> image.shape, round(float(image[14].sum()))
    ((28, 28), 20)
    """
    segments = _segments(canvas_json)
    if not len(segments):
        raise BlankDrawing
    low, high = segments.min((0, 1)), segments.max((0, 1))
    extent = (high - low).max()
    scale = (BOX - STROKE) / extent if extent > TAP else 0.0
    prints = _prints((segments - (low + high) / 2) * scale)
    margin = (SIDE - STROKE) / 2 - (high - low) / 2 * scale
    middle = np.full(2, CENTRE, float)
    # MNIST centres the ink, not the strokes' points. The second round takes what the first left.
    for _ in range(2):
        middle += CENTRE - _centre_of_mass(_draw(prints + middle))
        middle = np.clip(middle, (SIDE - 1) / 2 - margin, (SIDE - 1) / 2 + margin)
    return _draw(prints + middle)


def _segments(canvas_json) -> np.ndarray:
    """Return all strokes as ``(S, 2, 2)`` straight pieces on the canvas: from, to; x, y."""
    if canvas_json is None:
        raise BlankDrawing
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
    curves, start, pen = [], None, None
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
        *middle, end = (
            [start] if not wanted else list(zip(numbers[::2], numbers[1::2], strict=True))
        )
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
    points = bernstein @ np.array(curves, float)
    return np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 2)


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
    if isinstance(value, int | float | np.integer | np.floating) and abs(value) <= MAX_NUMBER:
        return float(value)
    # A whole number may have a million digits: it is not printed.
    received = f"{value:g}" if isinstance(value, float) else type(value).__name__
    raise ValueError(
        f"A drawing's numbers must be finite and at most 1,000,000 in size; got {received}."
        " Clear the canvas and draw again."
    )


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


def _draw(prints: np.ndarray) -> np.ndarray:
    """Draw the prints of a round pen, ``(P, 2)`` in pixels, anti-aliased, as ``(28, 28)``."""
    grid = np.arange(SIDE, dtype=np.float32)
    nearest = np.full((SIDE, SIDE), np.inf, np.float32)
    for part in np.array_split(prints.astype(np.float32), 1 + len(prints) // 512):
        across, down = (grid - part[:, :1]) ** 2, (grid - part[:, 1:]) ** 2
        np.minimum(nearest, (down[:, :, None] + across[:, None]).min(axis=0), out=nearest)
    # The ink falls from 1 to 0 over the one pixel that the pen's edge runs through.
    return np.clip(STROKE / 2 + 0.5 - np.sqrt(nearest), 0, 1)


def _centre_of_mass(ink: np.ndarray) -> np.ndarray:
    """Return (x, y) of the ink's centre of mass, in 0-based indices."""
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    total = rows.sum()
    across, down = columns @ np.arange(columns.size), rows @ np.arange(rows.size)
    return np.array([across, down], float) / total


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
    return _placed(_thickened(_digit(*_ink(_grey(_checked(array))))))


def _checked(array) -> np.ndarray:
    """Return the picture as ``(H, W, channels)`` float32 in [0, 1], averaged down to WORK_SIDE."""
    way_out = "Pass one picture as (H, W), (H, W, 3) or (H, W, 4) with values to 1 or 255."
    try:
        picture = np.asarray(array)
    except (ValueError, TypeError) as error:
        raise ValueError(f"A picture must be one array of numbers; {error}. {way_out}") from error
    shape = picture.shape
    if picture.dtype.kind not in "buif":
        raise ValueError(f"A picture must be numbers; got dtype {picture.dtype}. {way_out}")
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))) or 0 in shape:
        raise ValueError(f"A picture must have pixels in rows and columns; got {shape}. {way_out}")
    if shape[0] * shape[1] > MAX_PIXELS:
        raise ValueError(
            f"A picture must have at most {MAX_PIXELS:,} pixels; got {shape[0]}×{shape[1]}."
            " Make it smaller first."
        )
    low, high = float(picture.min()), float(picture.max())
    top = 65535 if picture.dtype.kind in "ui" and high > 255 else 255
    if picture.dtype.kind == "b" or (picture.dtype.kind == "f" and high <= 1):
        top = 1
    if not 0 <= low <= high <= top:  # NaN fails this too
        raise ValueError(
            f"A picture's values must be from 0 to {top}; got {low:g} to {high:g}. {way_out}"
        )
    # Averaged down: no more pixels than a digit needs, and less noise.
    down, across = (min(size, -(-max(shape[:2]) // WORK_SIDE)) for size in shape[:2])
    height, width = shape[0] // down, shape[1] // across
    picture = picture.reshape(*shape[:2], -1)
    total = np.zeros((height, width, picture.shape[2]), np.float32)
    for y in range(down):
        for x in range(across):
            total += picture[y : height * down : down, x : width * across : across]
    return total / (top * down * across)


def _grey(picture: np.ndarray) -> np.ndarray:
    """Return the picture's tones, ``(H, W)``: the colour that shows the most, on opaque paper."""
    colour = picture[..., :3]
    if picture.shape[2] == 4:
        alpha = picture[..., 3:]
        # What is transparent gets the paper on which the ink shows best: white under dark ink.
        dark = (colour * alpha).sum() < alpha.sum() * colour.shape[2] / 2
        colour = colour * alpha + dark * (1 - alpha)
    # Red on white is invisible in the red channel, and yellow in every one but the blue.
    return colour[..., colour.std(axis=(0, 1)).argmax()]


def _ink(grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return how far each pixel stands out from the paper, 0 to 1, and whether that is even."""
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, paper, high = float(grey.min()), float(np.median(rim)), float(grey.max())
    if high - low < MIN_CONTRAST:
        raise BlankDrawing
    # Where tones are even but for Gaussian noise, a quarter of all neighbours differ by less than
    # 0.45 of its standard deviation.
    steps = np.abs(np.diff(grey, axis=int(np.argmax(grey.shape))))
    noise = float(np.percentile(steps, 25)) / 0.45
    spread = float(np.ptp(np.percentile(rim, [25, 75])))
    if spread < EVEN * (high - low) and noise < GRAIN * (high - low):
        # A canvas or a scan: the rim is the paper, and every tone of the ink is meant.
        ink = np.clip(grey - paper if high - paper > paper - low else paper - grey, 0, 1)
        return ink / ink.max(), True
    ink = _blurred(_out_of_paper(grey))
    peak = np.median(ink[ink > ink.max() / 2]) if ink.any() else 0.0
    if peak < max(MIN_CONTRAST, 3 * noise):
        raise BlankDrawing
    # Soft, between shadows and dirt below and the pen's uneven pressure above.
    return np.clip((ink / peak - 0.3) / 0.4, 0, 1), False


def _out_of_paper(grey: np.ndarray) -> np.ndarray:
    """Return a photo's ink in the light it had: its contrast to the paper right around it.

    Dark strokes vanish under a morphological closing wider than they are, light ones under an
    opening; what is left is paper, with its shadows.
    """
    shape = [max(1, round(size * SMALL_SIDE / max(grey.shape))) for size in grey.shape[::-1]]
    small = Image.fromarray(np.uint8(grey * 255)).resize(shape, Image.Resampling.BOX)

    def paper(side, dark):
        filters = [ImageFilter.MaxFilter(side), ImageFilter.MinFilter(side)]
        first, second = filters if dark else filters[::-1]
        return small.filter(first).filter(second)

    # The ink is the side on which thin things stand out: holes in digits are wider than pens.
    power = [
        np.square(np.asarray(paper(PEN_SIDE, dark), float) - np.asarray(small, float)).sum()
        for dark in (False, True)
    ]
    dark = bool(power[1] >= power[0])
    smooth = paper(GAP_SIDE, dark).filter(ImageFilter.GaussianBlur(4))
    smooth = smooth.resize(grey.shape[::-1], Image.Resampling.BILINEAR)
    behind = np.asarray(smooth, np.float32) / 255
    # Dark ink takes its share of the light, so it is darker by less in a shadow.
    return (behind - grey) / np.maximum(behind, 0.1) if dark else grey - behind


def _blurred(tones: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(np.uint8(np.clip(tones, 0, 1) * 255))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(1)), np.float32) / 255


def _digit(ink: np.ndarray, even: bool) -> np.ndarray:
    """Keep the digit's parts of the ink: no specks, and nothing cut by the edge of a photo."""
    cell = -(-max(ink.shape) // CELLS)
    rows, columns = (-(-size // cell) for size in ink.shape)
    whole = np.zeros((rows * cell, columns * cell), np.float32)
    whole[: ink.shape[0], : ink.shape[1]] = ink
    cells = whole.reshape(rows, cell, columns, cell)
    weight, marked = cells.sum((1, 3)), cells.max((1, 3)) > HALO
    # A marked cell takes the highest name around it, then the name of that name's cell, until
    # every part has one name.
    names = np.arange(1, weight.size + 1).reshape(weight.shape) * marked
    while True:
        spread = np.append(0, names)[_spread(names) * marked]
        if (spread == names).all():
            break
        names = spread
    mass = np.bincount(names.ravel(), weights=weight.ravel())
    mass[0] = 0
    keep = mass >= min(SPECK * mass.sum(), mass.max())
    inner = keep.copy()
    inner[np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]])] = False
    if not even and inner[1:].any():
        keep = inner
    keep[0] = False
    # With the cells around it, for the faint rim of its strokes.
    kept = _spread(keep[names].astype(np.uint8)).repeat(cell, axis=0).repeat(cell, axis=1)
    return ink * kept[: ink.shape[0], : ink.shape[1]]


def _spread(values: np.ndarray, corners: bool = True) -> np.ndarray:
    """Return the maximum of each value and its 8 neighbours (4 without corners)."""
    page = np.pad(values, 1, constant_values=values.min())
    upright = np.maximum(np.maximum(page[:-2], page[2:]), page[1:-1])
    sides = upright if corners else page[1:-1]
    return np.maximum(np.maximum(sides[:, :-2], sides[:, 2:]), upright[:, 1:-1])


def _thickened(ink: np.ndarray) -> np.ndarray:
    """Give strokes that would come out thinner than any of MNIST's the usual width."""
    left, top, right, bottom = _outline(ink)
    scale = BOX / max(right - left, bottom - top)
    # A stroke has an edge on either side: its width is twice its area by its edges' length.
    edges = ink.sum() + _spread(-ink, corners=False).sum()
    width = 2 * ink.sum() / edges * scale
    steps = round((STROKE - width) / 2 / scale) if width < THIN else 0
    ink = np.pad(ink, steps)
    for step in range(steps):
        ink = _spread(ink, corners=step % 2 == 1)  # by turns: an octagon, nearly a round pen
    return ink


def _outline(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Return the ink's box: left, top, right, bottom, the last two exclusive."""
    rows, columns = (np.flatnonzero((ink > HALO).any(axis=axis)) for axis in (1, 0))
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
