"""A photo of a sheet that lies on something darker → the sheet alone."""

import numpy as np
from PIL import Image

from invert.drawing import parts

SIDE = 64  # cells along the photo's longer side, in which a sheet is looked for
SMALLEST, LARGEST = 0.06, 0.85  # of the photo
INKED = 0.25  # of a sheet: what holds more darkness is a light thing, and no sheet
ON_THE_RIM = 0.35  # of the photo's rim: a sheet that covers more is all there is
RECTANGLE = 0.9  # of the rectangle with its moments: what fills less is no rectangle
DARKER = 0.8  # of the sheet's light: there is less around it
COVERED = 0.95  # of each side of what is kept
NARROWEST = 10  # cells of what is kept


def find(grey: np.ndarray) -> parts.Box | None:
    """The rows and columns of a photo ``(H, W)`` that lie within its sheet; None without one.

    A sheet may lie askew.

    >>> photo = np.full((96, 128), 0.2, np.float32)
    >>> photo[20:70, 30:90] = 0.9
    >>> find(photo)
    (slice(20, 70, None), slice(30, 90, None))
    >>> find(photo[22:68, 32:88])
    """
    size = -(-max(grey.shape) // SIDE)
    shape = [max(1, side // size) for side in grey.shape[::-1]]
    picture = Image.fromarray(np.uint8(np.clip(grey, 0, 1) * 255))
    cells = np.asarray(picture.resize(shape, Image.Resampling.BOX), np.float32)
    light = cells > _between(cells)
    names = parts.find(light.astype(np.float32)).names
    light = names == np.append(0, np.bincount(names.ravel())[1:]).argmax()
    around = parts.find((~light).astype(np.float32)).names
    sheet = light | ~np.isin(around, _rim(around))
    if not light.any() or not _is_sheet(cells, light, sheet):
        return None
    rows, columns = _within(sheet)
    if min(rows.stop - rows.start, columns.stop - columns.start) < NARROWEST:
        return None
    down, across = grey.shape[0] / sheet.shape[0], grey.shape[1] / sheet.shape[1]
    return (
        slice(round(rows.start * down), round(rows.stop * down)),
        slice(round(columns.start * across), round(columns.stop * across)),
    )


def _is_sheet(cells: np.ndarray, light: np.ndarray, sheet: np.ndarray) -> bool:
    """Whether what is light, and all it surrounds, is a sheet on something darker."""
    ys, xs = np.nonzero(sheet)
    # Of a rectangle of sides a and b the variances along them are a²/12 and b²/12.
    rectangle = 12 * np.sqrt(max(0.0, np.linalg.det(np.cov(ys, xs)))) if len(ys) > 1 else 0.0
    return bool(
        SMALLEST < sheet.mean() < LARGEST
        and light.sum() > (1 - INKED) * sheet.sum()
        and _rim(sheet).mean() < ON_THE_RIM
        and sheet.sum() > RECTANGLE * rectangle
        and np.median(cells[~sheet]) < DARKER * np.median(cells[light])
    )


def _within(sheet: np.ndarray) -> tuple[slice, slice]:
    """A rectangle of which nearly all is sheet: the barest side is cut off until none is bare."""
    ys, xs = np.nonzero(sheet)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    while bottom - top > 1 and right - left > 1:
        cut = sheet[top:bottom, left:right]
        sides = cut[0].mean(), cut[-1].mean(), cut[:, 0].mean(), cut[:, -1].mean()
        barest = int(np.argmin(sides))
        if sides[barest] >= COVERED:
            break
        top, bottom = top + (barest == 0), bottom - (barest == 1)
        left, right = left + (barest == 2), right - (barest == 3)
    return slice(top, bottom), slice(left, right)


def _rim(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])


def _between(cells: np.ndarray) -> float:
    """The tone that parts dark from light best: Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076."""
    tones = np.sort(cells.ravel())
    below = np.arange(1, len(tones))
    sums = np.cumsum(tones)[:-1]
    apart = (sums * len(tones) - tones.sum() * below) ** 2 / (below * (len(tones) - below))
    place = int(apart.argmax())
    return float(tones[place] + tones[place + 1]) / 2
