"""Several short films as one small picture, which the style sheet plays at a touch."""

import io

import numpy as np
from PIL import Image

from invert import film

FRAMES = 12
MOST_BYTES = 44_000  # of a picture; as text in the page it is a third longer
SHADES, COLOURS = 16, 64  # of films that are too rich for that


def choose(frames: np.ndarray, count: int = FRAMES) -> np.ndarray:
    """Return so many of the frames ``(F, …)``, evenly, with the first and the last."""
    return frames[np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)]


def png(levels: np.ndarray, most: int = MOST_BYTES) -> tuple[bytes, int]:
    """Return films as a PNG, a column for each, and how many frames it has.

    What is too large loses shades first, which noise hides, and then frames.

    Args:
        levels: ``(F, N, H, W)`` or ``(F, N, H, W, 3)`` uint8, ink or light.
        most: bytes; only a single frame may have more.
    """
    while True:
        sheet = _small(Image.open(io.BytesIO(film.sprite(levels, (0, 255)))), most)
        if len(sheet) <= most or len(levels) == 1:
            return sheet, len(levels)
        fewer = len(levels) // 2
        levels = choose(levels, fewer) if fewer > 1 else levels[-1:]


def _small(picture: Image.Image, most: int) -> bytes:
    """A picture as a PNG; in few shades where all would take more than ``most`` bytes."""
    whole = _encoded(picture)
    few = COLOURS if picture.mode == "RGB" else SHADES
    return whole if len(whole) <= most else _encoded(picture.quantize(few))


def _encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
