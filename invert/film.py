"""A run's frames as one picture: a sprite for the browser, a GIF to keep.

Images of one channel are ink on paper: the highest value becomes black, the lowest white. Images of
three are colours: the lowest value becomes 0, the highest 255. Wherever frames ``(F, N, H, W)`` are
taken, so are ``(F, N, H, W, 3)``.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from invert.drawing import bezier
from invert.drawing.in_link import CANVAS_SIDE

MAX_SIDE = 4096
PEN = 26.0  # canvas pixels: how wide ``strokes`` draws
# A caption's letters, as shares of the picture's width. A long caption gets smaller ones, down to
# the least, and is then cut.
LETTERS, LEAST_LETTERS = 0.055, 0.03
MARGIN = 0.06  # of the width, beside the caption
STRIP = 2.2  # its strip's height, in letters
# On a narrower picture letters are drawn FINE times as large and reduced: small letters are spaced
# badly.
FINE, WIDE = 4, 1000
MAX_CAPTION = 300  # characters: more are never seen
INK, PAPER = "#5d5a52", "#ffffff"


def sprite(frames, pixel_range: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """Return all frames as one PNG: a column for each image, a row for each frame.

    A browser that moves this picture behind a window of one image plays the film, with no
    further request. Pixel ``(28 * f + y, 28 * n + x)`` is ``frames[f, n, y, x]``.

    Args:
        frames: ``(F, N, H, W)`` or, for one image, ``(F, H, W)``; real numbers.
        pixel_range: the lowest and the highest value that they may have.

    Returns:
        The bytes of an 8-bit PNG, greyscale or RGB, of ``F * H`` rows and ``N * W`` columns.

    Raises:
        ValueError: another number of axes, no frame, NaN, or values outside of the range.

    >>> png = sprite(np.zeros((24, 3, 28, 28)))
    >>> Image.open(io.BytesIO(png)).size
    (84, 672)
    """
    levels = _levels(frames, pixel_range)
    count, images, height, width, channels = levels.shape
    sheet = levels.transpose(0, 2, 1, 3, 4).reshape(count * height, images * width, channels)
    out = io.BytesIO()
    _picture(sheet).save(out, "PNG", compress_level=2)
    return out.getvalue()


def gif(
    frames,
    scale: int = 8,
    columns: int | None = None,
    duration: float = 2.4,
    hold: float = 1.2,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    caption: str = "",
) -> bytes:
    """Return the film as an animated GIF that loops for ever and rests on its last frame.

    Args:
        frames: ``(F, N, H, W)`` or ``(F, H, W)``; real numbers.
        scale: how many GIF pixels a pixel becomes, both ways; pixels stay sharp squares.
        columns: images side by side; as near to a square as it goes where None.
        duration: seconds from the first frame to the last.
        hold: seconds the last frame stays before the film begins again.
        pixel_range: the lowest and the highest value that the frames may have.
        caption: one line of text, which gets a strip of its own under the pictures; cut where it
            is too long. None where it is empty.

    Returns:
        The bytes of a GIF89a.

    Raises:
        ValueError: frames as for `sprite`, a scale or number of columns below 1, seconds below 0,
            or a picture of more than 4096 pixels a side before its caption.

    >>> picture = Image.open(io.BytesIO(gif(np.zeros((2, 4, 28, 28)) + [[[[0.5]]], [[[1]]]])))
    >>> picture.size, picture.n_frames
    ((448, 448), 2)
    """
    if duration < 0 or hold < 0:
        raise ValueError(f"duration and hold are seconds from 0; got {duration} and {hold}.")
    pages = _captioned(_pages(frames, scale, columns, pixel_range), caption)
    count = len(pages)
    # A GIF counts in hundredths of a second, and browsers slow down anything under two of them.
    each = max(20, round(duration * 100 / max(1, count - 1)) * 10)
    times = [each] * (count - 1) + [each + round(hold * 100) * 10]
    out = io.BytesIO()
    pages[0].save(out, "GIF", save_all=True, append_images=pages[1:], duration=times, loop=0)
    return out.getvalue()


def png(
    images,
    scale: int = 8,
    columns: int | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    caption: str = "",
) -> bytes:
    """Return images side by side as one PNG.

    Args:
        images: ``(N, H, W)``, ``(H, W)`` or ``(N, H, W, 3)``; real numbers.
        scale: how many PNG pixels a pixel becomes, both ways; pixels stay sharp squares.
        columns: images side by side; as near to a square as it goes where None.
        pixel_range: the lowest and the highest value that the images may have.
        caption: one line of text, which gets a strip of its own under the pictures; cut where it
            is too long. None where it is empty.

    Returns:
        The bytes of an 8-bit PNG, greyscale or RGB.

    Raises:
        ValueError: as for `gif`.

    >>> Image.open(io.BytesIO(png(np.zeros((10, 28, 28)), columns=5))).size
    (1120, 448)
    """
    pages = _pages(np.asarray(images)[None], scale, columns, pixel_range)
    (page,) = _captioned(pages, caption)
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def svg(strokes, columns: int | None = None, pen: float = PEN, page: float = CANVAS_SIDE) -> bytes:
    """Return drawings side by side as SVG: a path a stroke, in any size as sharp.

    Args:
        strokes: control points of smooth strokes, ``(N, K, P, 2)`` or, of one drawing,
            ``(K, P, 2)``: x to the right, y down, in pixels of a page, as in ``Run.strokes``.
        columns: drawings side by side; as near to a square as it goes where None.
        pen: its width, in pixels of a page.
        page: the side of a page; by default the canvas's.

    Returns:
        The bytes of an SVG 1.1 file.

    Raises:
        ValueError: another number of axes, fewer than two points a stroke, numbers that are not
            finite, or a number of columns below 1.

    >>> svg(np.zeros((3, 2, 6, 2)))[:56]
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560'
    """
    drawings = np.asarray(strokes, float)
    drawings = drawings[None] if drawings.ndim == 3 else drawings
    if drawings.ndim != 4 or drawings.shape[2] < 2 or drawings.shape[3] != 2 or not len(drawings):
        raise ValueError(
            "strokes must have the shape (N, K, P, 2) or (K, P, 2), P at least 2; got"
            f" {np.shape(strokes)}."
        )
    if not np.isfinite(drawings).all():
        raise ValueError("strokes must be finite; got NaN or infinity.")
    columns = int(np.ceil(np.sqrt(len(drawings)))) if columns is None else columns
    if columns < 1:
        raise ValueError(f"columns must be at least 1; got {columns}.")
    rows = -(-len(drawings) // columns)
    groups = []
    for number, drawing in enumerate(drawings):
        down, right = divmod(number, columns)
        paths = "".join(f'<path d="{path(stroke)}"/>' for stroke in drawing)
        groups.append(f'<g transform="translate({right * page:g} {down * page:g})">{paths}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * page:g} {rows * page:g}"'
        f' fill="none" stroke="#000" stroke-width="{pen:g}" stroke-linecap="round"'
        f' stroke-linejoin="round">{"".join(groups)}</svg>\n'
    ).encode()


def path(points: np.ndarray) -> str:
    """Return a smooth stroke, its control points ``(P, 2)``, as the commands of an SVG path.

    >>> path(np.array([[0.0, 0], [3, 3]]))
    'M0.00 0.00C1.00 1.00 2.00 2.00 3.00 3.00'
    """
    curve = bezier.pieces(points)
    first = " ".join(f"{value:.2f}" for value in curve[0, 0])
    return f"M{first}" + "".join(
        "C" + " ".join(f"{value:.2f}" for value in piece[1:].ravel()) for piece in curve
    )


def _pages(frames, scale: int, columns: int | None, pixel_range) -> list[Image.Image]:
    """Lay each frame's images out in a grid, enlarged."""
    levels = _levels(frames, pixel_range)
    count, images, height, width, channels = levels.shape
    columns = int(np.ceil(np.sqrt(images))) if columns is None else columns
    if scale < 1 or columns < 1:
        raise ValueError(f"scale and columns must be at least 1; got {scale} and {columns}.")
    rows = -(-images // columns)
    if max(rows * height, columns * width) * scale > MAX_SIDE:
        raise ValueError(
            f"the picture would be {columns * width * scale} by {rows * height * scale} pixels,"
            f" and {MAX_SIDE} a side is the limit; ask for a smaller scale or fewer images."
        )
    paper = np.full((count, rows * columns, height, width, channels), 255, np.uint8)
    paper[:, :images] = levels
    grid = paper.reshape(count, rows, columns, height, width, channels)
    grid = grid.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows * height, columns * width, channels)
    return [_picture(page.repeat(scale, 0).repeat(scale, 1)) for page in grid]


def _captioned(pages: list[Image.Image], caption: str) -> list[Image.Image]:
    """Put the caption's strip under each page, all of one size; without a caption, nothing."""
    # One line, and nothing that cannot be written: half of a surrogate pair, for one.
    line = caption[:MAX_CAPTION].encode("utf-8", "replace").decode()
    line = " ".join("".join(c if c.isprintable() else " " for c in line).split())
    if not line:
        return pages
    strip = _strip(line, pages[0].width, pages[0].mode)
    captioned = []
    for page in pages:
        whole = Image.new(page.mode, (page.width, page.height + strip.height), PAPER)
        whole.paste(page, (0, 0))
        whole.paste(strip, (0, page.height))
        captioned.append(whole)
    return captioned


def _strip(line: str, width: int, mode: str) -> Image.Image:
    """Return a line of text in the middle of a strip of paper, as large as it fits."""
    height = max(1, round(STRIP * LETTERS * width))
    fine = FINE if width < WIDE else 1
    room, least = fine * width * (1 - 2 * MARGIN), fine * width * LEAST_LETTERS
    size = max(1.0, fine * width * LETTERS)
    font = ImageFont.load_default(size)  # Pillow brings it
    while font.getlength(line) > room and size > max(1.0, least):
        size = max(0.97 * size, 1.0, least)
        font = ImageFont.load_default(size)
    kept = line
    while line and font.getlength(line) > room:
        kept = kept[:-1]
        line = kept.rstrip(" ,;:·") + "…" if kept else ""
    strip = Image.new(mode, (fine * width, fine * height), PAPER)
    middle = (fine * width / 2, fine * height / 2)
    ImageDraw.Draw(strip).text(middle, line, INK, font, anchor="mm")
    return strip.reduce(fine)


def _picture(levels: np.ndarray) -> Image.Image:
    """One picture of ``(H, W, 1)`` or ``(H, W, 3)`` levels."""
    return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)


def _levels(frames, pixel_range) -> np.ndarray:
    """Return frames as ``(F, N, H, W, 1 or 3)`` uint8, or say what is wrong with them."""
    array = np.asarray(frames)
    if array.ndim == 3:
        array = array[:, None]
    colour = array.ndim == 5 and array.shape[-1] == 3
    if not (array.ndim == 4 or colour) or 0 in array.shape:
        raise ValueError(
            "frames must have the shape (F, N, H, W), (F, H, W) or (F, N, H, W, 3), none of them 0;"
            f" got {np.shape(frames)}."
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"frames must be real numbers; got dtype {array.dtype}.")
    low, high = pixel_range
    darkest, lightest = array.min(), array.max()
    if not (darkest >= low and lightest <= high):  # false for NaN too
        ink = ", ink = 1" if (low, high) == (0, 1) and not colour else ""
        raise ValueError(
            f"frames must lie in [{low:g}, {high:g}]{ink}; got values from {darkest} to {lightest}."
        )
    light = (array.astype(np.float32) - low) / (high - low)
    return np.rint(255 * light if colour else 255 * (1 - light[..., None])).astype(np.uint8)
