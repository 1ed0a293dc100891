"""A picture of a digit → its ink: canvas, scan or photo, light on dark or dark on light."""

import numpy as np
from PIL import Image, ImageFilter

from invert.drawing import parts, sheet

MAX_PIXELS = 50_000_000  # the largest that phones photograph
WORK_SIDE = 512  # larger pictures are averaged down to this
MIN_CONTRAST = 0.04  # of black to white; fainter marks are no ink
EVEN = 0.05  # paper whose tones spread less than this part of the contrast is even
GRAIN = 0.0125  # and noise must be smaller still; everything else is treated as a photo
SMALL_SIDE = 64  # a photo's light changes slowly: its paper is looked for at this size
PEN_SIDE, GAP_SIDE = 5, 17  # of it: no pen is wider than the first, no stroke than the second
SPECK = 0.04  # a part with less of all the ink is dirt
PIECE = 0.1  # of the largest thing's ink: what has less is no thing of its own
MOST_PIECES = 100  # that are looked at
TINY = 40  # pixels: a picture no larger is hardly a photo, and may be filled to its edges
# In a drawing more than the second share of the pixels is within the first share of black or white.
ENDS, ENDS_SHARE = 0.15, 0.6
RIM = 0.03  # of the rim: where ink crosses more, the picture has no margin


def ink(array) -> np.ndarray | None:
    """Return how far each pixel of a picture stands out from its paper.

    Args:
        array: as for `invert.drawing.from_pixels`.

    Returns:
        ``(H, W)`` float32 in [0, 1], the largest side at most 512, with the digit's ink alone: no
        specks, no shadows, nothing cut by a photo's edge. None where nothing stands out.

    Raises:
        ValueError: no picture, or one too large.

    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[30:60, 25:35] = 0
    >>> ink(page).sum(), ink(page * 0)
    (np.float32(300.0), None)
    """
    found, apart, keep = _found(_grey(_checked(array)))
    return None if found is None else found * parts.pixels(apart, keep[apart.names])


def pieces(array) -> list[np.ndarray]:
    """The ink of each thing in a picture that stands apart from the others, in reading order.

    Args:
        array: as for `invert.drawing.from_pixels`.

    Returns:
        ``(h, w)`` arrays as `ink` returns them, each cut to its ink and its rim, so that many cost
        no more than one; at most 100, the largest.

    >>> page = np.full((60, 90), 255, np.uint8)
    >>> page[10:50, 20:25] = page[10:50, 60:65] = 0
    >>> [piece.shape for piece in pieces(page)]
    [(42, 7), (42, 7)]
    """
    grey = _grey(_checked(array))
    found, even = _ink(grey)
    lies = None if even else sheet.find(grey)
    if lies is not None:
        grey = grey[lies]
        found, even = _ink(grey)
    if found is None:
        return []
    apart = parts.find(found)
    boxes = [grey[box] for box in parts.framed(apart)[:MOST_PIECES]]
    if boxes:  # of a form, each with a digit of its own
        within = [(ink, there, kept[there.names]) for ink, there, kept in map(_found, boxes)
                  if ink is not None]  # fmt: skip
    else:
        mass = apart.mass() * _kept(grey, apart, even, 0.0)
        names = np.argsort(-mass)[:MOST_PIECES]
        names = names[mass[names] > PIECE * mass.max()]
        within = [(found, apart, mask) for mask in parts.groups(apart, names)]
    return [_cut(ink * parts.pixels(there, mask)) for ink, there, mask in within]


def _cut(ink: np.ndarray) -> np.ndarray:
    """Ink with a pixel of the paper around it: a stroke's edges are measured there."""
    return np.pad(ink[tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(ink))], 1)


def _found(grey: np.ndarray):
    """The ink ``(H, W)``, its parts, and which of their names are the digit's; or three None."""
    found, even = _ink(grey)
    lies = None if even else sheet.find(grey)
    if lies is not None:
        within = _found(grey[lies])
        if within[0] is not None:
            return within
    if found is None:
        return None, None, None
    apart = parts.find(found)
    for inside in parts.framed(apart)[:1]:
        within = _found(grey[inside])
        if within[0] is not None:
            return within
    return found, apart, _kept(grey, apart, even, SPECK)


def _kept(grey: np.ndarray, apart: parts.Parts, even: bool, speck: float) -> np.ndarray:
    """Which parts, by name, are the digit's: no specks, nothing that belongs to the edge."""
    mass = apart.mass()
    keep = (mass > 0) & (mass >= min(speck * mass.sum(), mass.max()))
    lines, cut = np.zeros((2, len(keep)), bool)
    if max(grey.shape) > TINY:
        lines[parts.along_the_edge(apart.names)] = True
    if not even:  # a photo's edge cuts what does not belong to the digit
        cut[apart.names[[0, -1]]] = cut[apart.names[:, [0, -1]]] = True
    for left_out in (lines | cut, lines):
        if (keep & ~left_out).any():
            return keep & ~left_out
    return keep


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


def _ink(grey: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """Return how far each pixel stands out from the paper, 0 to 1, and whether that is even."""
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, paper, high = float(grey.min()), float(np.median(rim)), float(grey.max())
    if high - low < MIN_CONTRAST:
        return None, True
    ends = (grey < low + ENDS * (high - low)) | (grey > high - ENDS * (high - low))
    light = rim > (low + high) / 2
    crossed = min(np.mean(light), 1 - np.mean(light))
    if max(grey.shape) <= TINY and crossed > RIM and np.mean(ends) > ENDS_SHARE:
        # Filled to the edge: what there is more of is the paper.
        bright = np.mean(grey > (low + high) / 2) > 0.5
        return (high - grey if bright else grey - low) / (high - low), True
    # Where tones are even but for Gaussian noise, a quarter of all neighbours differ by less than
    # 0.45 of its standard deviation.
    steps = np.abs(np.diff(grey, axis=int(np.argmax(grey.shape))))
    noise = float(np.percentile(steps, 25)) / 0.45
    scatter = float(np.ptp(np.percentile(rim, [25, 75])))
    if scatter < EVEN * (high - low) and noise < GRAIN * (high - low):
        # A canvas or a scan: the rim is the paper, and every tone of the ink is meant.
        ink = np.clip(grey - paper if high - paper > paper - low else paper - grey, 0, 1)
        return ink / ink.max(), True
    ink = _blurred(_out_of_paper(grey))
    peak = np.median(ink[ink > ink.max() / 2]) if ink.any() else 0.0
    if peak < max(MIN_CONTRAST, 3 * noise):
        return None, False
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
