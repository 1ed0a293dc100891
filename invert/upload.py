"""A picture file → image: whatever can be wrong with the file is one plain sentence."""

import io

import numpy as np
from PIL import Image, ImageOps

from invert import drawing

TYPES = {"PNG": ["png"], "JPEG": ["jpg", "jpeg"], "WEBP": ["webp"]}
MAX_PIXELS = 40_000_000
ENOUGH = 2048  # pixels a side; a JPEG larger than this is decoded smaller, to save memory
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
NO_PICTURE = "This file is no PNG, JPEG or WEBP picture."
DAMAGED = "This picture is cut short or damaged: it cannot be read."
TOO_LARGE = "This picture is too large; 40 million pixels are the limit."
NO_DIGIT = "No digit was found: nothing in this picture stands out from its paper."


def read(data: bytes) -> np.ndarray:
    """Return the digit in a picture file as an image ``(28, 28)`` in [0, 1].

    A photo is turned as its camera says; of an animation the first frame counts.

    Raises:
        ValueError: no such file, cut, damaged, too large, or nothing is drawn on it.
    """
    array = _pixels(data)
    try:
        return drawing.from_pixels(array)
    except drawing.BlankDrawing as error:
        raise ValueError(NO_DIGIT) from error


def _pixels(data: bytes) -> np.ndarray:
    try:
        picture = Image.open(io.BytesIO(data), formats=list(TYPES))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(TOO_LARGE) from error
    except Exception as error:  # decoders fail in many ways, and one is as good as another here
        raise ValueError(NO_PICTURE) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(TOO_LARGE)
    try:
        picture.draft(None, (ENOUGH, ENOUGH))
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        if picture.mode in DEEP:
            return np.asarray(picture)
        return np.asarray(picture.convert(_mode(picture)))
    except Exception as error:
        raise ValueError(DAMAGED) from error


def _mode(picture: Image.Image) -> str:
    """The mode that keeps all one sees, transparent parts included."""
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if picture.mode in ("1", "L") else "RGB"
