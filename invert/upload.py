"""A picture file → image, or one plain sentence that says what is wrong with the file."""

import io
import re
import threading
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from invert import drawing
from invert.networks import judge
from invert.networks.weights import WeightsError

TYPES = {"PNG": ["png"], "JPEG": ["jpg", "jpeg"], "WEBP": ["webp"]}
# What Pillow calls a JPEG: many phones add a second frame, a thumbnail or a depth map.
JPEGS = ("JPEG", "MPO")
# Each takes at most 150 MB. A plain JPEG is shrunk while it is decoded; everything else stands in
# memory in full first, a WEBP three times over.
MAX_PIXELS = {
    "JPEG": 40_000_000,
    "progressive JPEG": 16_000_000,
    "PNG": 16_000_000,
    "WEBP": 9_000_000,
}
MAX_WORK = 320_000_000  # pixels × scans: a progressive JPEG is drawn over and over
ENOUGH = 1024  # pixels a side: more than any digit needs
BAND = 64  # rows of the shrunk picture at a time
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
NO_PICTURE = "This file is no PNG, JPEG or WEBP picture."
DAMAGED = "This picture is cut short or damaged: it cannot be read."
TOO_LARGE = "This picture is too large. Make it smaller first: a thousand pixels a side are plenty."
NO_DIGIT = "No digit was found: nothing in this picture stands out from its paper."

# A JPEG is segments, each a mark and a length; between them compressed data, which holds no mark.
MARK = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
MAX_SEGMENTS = 1000

TURNS = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)
PREVIEW = 240  # pixels of its longer side

# One picture at a time, so that many at once need no more memory than one.
_decoding = threading.Lock()


class Framing(NamedTuple):
    """What of a picture is read: it is turned first, then cut.

    Attributes:
        quarter_turns: how often it is turned to the right.
        across: from where to where it is kept, from left to right, in [0, 1].
        down: likewise from top to bottom.
    """

    quarter_turns: int = 0
    across: tuple[float, float] = (0.0, 1.0)
    down: tuple[float, float] = (0.0, 1.0)


WHOLE = Framing()


def read(data: bytes) -> np.ndarray:
    """Return the digit in a picture file as an image ``(28, 28)`` in [0, 1].

    A photo is turned as its camera says; of an animation the first frame counts.

    Raises:
        ValueError: no such file, cut, damaged, too large, or nothing is drawn on it.
    """
    return _read(_pixels(data, WHOLE))


def read_counting(data: bytes, framing: Framing = WHOLE) -> tuple[np.ndarray, int]:
    """Return what ``read`` does, and how many digits are seen in the picture, at least one.

    Args:
        data: the file's bytes.
        framing: what of the picture is read.

    Things that stand apart count where the judge takes each for a digit, and all of them together
    for none. Digits that touch are not told apart; without the judge's weights nothing is counted.

    Raises:
        ValueError: as for ``read``.
    """
    array = _pixels(data, framing)
    image = _read(array)
    images = drawing.pieces(array)
    if len(images) < 2:
        return image, 1
    try:
        whole, *each = judge.looks_like_digit([image, *images])
    except WeightsError:
        return image, 1
    return image, 1 if whole else max(1, sum(map(int, each)))


def _read(array: np.ndarray) -> np.ndarray:
    try:
        return drawing.from_pixels(array)
    except drawing.BlankDrawing as error:
        raise ValueError(NO_DIGIT) from error


def read_whole(data: bytes, shape: tuple[int, ...], framing: Framing = WHOLE) -> np.ndarray:
    """Return a picture file as it is, scaled to a size, without looking for a digit in it.

    Args:
        data: the file's bytes.
        shape: ``(H, W)`` for grey levels, ``(H, W, 3)`` for colours.
        framing: what of the picture is read.

    Returns:
        An array of that shape, float32 in [0, 1], light = 1.

    Raises:
        ValueError: no such file, cut, damaged or too large.
    """
    return _scaled(_decoded(data), shape, framing)


def preview(data: bytes, quarter_turns: int = 0) -> np.ndarray:
    """Return a picture file in small, ``(H, W, 3)`` float32 in [0, 1], turned to the right.

    Raises:
        ValueError: as for ``read_whole``.
    """
    picture = _decoded(data)
    width, height = picture.size if quarter_turns % 2 == 0 else picture.size[::-1]
    scale = min(1.0, PREVIEW / max(width, height))
    shape = max(1, round(height * scale)), max(1, round(width * scale)), 3
    return _scaled(picture, shape, Framing(quarter_turns))


def _scaled(picture: Image.Image, shape: tuple[int, ...], framing: Framing) -> np.ndarray:
    try:
        picture = _framed(picture, framing)
        if picture.mode in DEEP:
            levels = np.asarray(picture, np.float32)
            picture = Image.fromarray(levels / max(1.0, float(levels.max())) * 255)
        picture = picture.convert("RGB" if len(shape) == 3 else "L")
        picture = picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
        return np.asarray(picture, np.float32) / 255
    except Exception as error:
        raise ValueError(DAMAGED) from error


def _framed(picture: Image.Image, framing: Framing) -> Image.Image:
    """Turn a picture and cut it; a pixel is left at least."""
    turn = TURNS[framing.quarter_turns % 4]
    picture = picture if turn is None else picture.transpose(turn)
    sides = []
    for size, (first, last) in zip(picture.size, (framing.across, framing.down), strict=True):
        start = min(size - 1, max(0, round(first * size)))
        sides.append((start, max(start + 1, min(size, round(last * size)))))
    (left, right), (top, bottom) = sides
    return picture.crop((left, top, right, bottom))


def _pixels(data: bytes, framing: Framing) -> np.ndarray:
    picture = _decoded(data)
    try:
        picture = _framed(picture, framing)
        if picture.mode in DEEP:
            return np.asarray(picture)
        return np.asarray(picture.convert(_mode(picture)))
    except Exception as error:
        raise ValueError(DAMAGED) from error


def _decoded(data: bytes) -> Image.Image:
    """Open a picture no larger than ``ENOUGH`` needs, its work bounded before it is done."""
    try:
        picture = Image.open(io.BytesIO(data), formats=list(TYPES))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(TOO_LARGE) from error
    except Exception as error:  # decoders fail in many ways, and one is as good as another here
        webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
        raise ValueError(DAMAGED if webp else NO_PICTURE) from error
    pixels = picture.width * picture.height
    kind, scans = str(picture.format), 1
    if kind in JPEGS:
        scans = _scans(data)
        kind = "progressive JPEG" if scans > 1 else "JPEG"
    if pixels > MAX_PIXELS[kind] or pixels * scans > MAX_WORK:
        raise ValueError(TOO_LARGE)
    try:
        with _decoding:
            picture.draft(None, (ENOUGH, ENOUGH))
            picture.load()
            return ImageOps.exif_transpose(_shrunk(picture))
    except Exception as error:
        raise ValueError(DAMAGED) from error


def _scans(data: bytes) -> int:
    """How many times a JPEG draws its picture: once, or ever finer. ``MAX_SEGMENTS`` is many."""
    scans, place = 0, 2
    for _ in range(MAX_SEGMENTS):
        mark = MARK.search(data, place)
        if mark is None or mark[0] == b"\xff\xd9":
            return scans
        scans += mark[0] == b"\xff\xda"
        place = mark.end() + int.from_bytes(data[mark.end() : mark.end() + 2])
    return MAX_SEGMENTS


def _shrunk(picture: Image.Image) -> Image.Image:
    """Average a picture down, so that what follows works on no more pixels than it needs.

    Band by band: a copy of the whole would double its memory.
    """
    factor = max(picture.size) // ENOUGH
    if factor < 2:
        return picture
    mode = "F" if picture.mode in DEEP else _mode(picture)
    small = Image.new(mode, (-(-picture.width // factor), -(-picture.height // factor)))
    for top in range(0, picture.height, BAND * factor):
        bottom = min(top + BAND * factor, picture.height)
        band = picture.crop((0, top, picture.width, bottom)).convert(mode)
        if mode == "RGBA":  # with colours weighed by how opaque they are
            band = band.convert("RGBa").reduce(factor).convert("RGBA")
        else:
            band = band.reduce(factor)
        small.paste(band, (0, top // factor))
    small.info["exif"] = picture.getexif().tobytes()
    return small


def _mode(picture: Image.Image) -> str:
    """The mode that keeps all one sees, transparent parts included."""
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if picture.mode in ("1", "L") else "RGB"
