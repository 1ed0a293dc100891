"""Ink → its connected parts: which are frames or ruled lines, and which stand apart.

All of it on a coarse grid, so that a stroke's small gaps part nothing, and a picture costs the same
whatever its size.
"""

from typing import NamedTuple

import numpy as np

CELLS = 64  # along the longer side; parts of the ink nearer than a cell are one
# A ruled line, or a shadow, along the picture's edge: at most this thin, and at least this long, as
# shares of the picture's side.
EDGE_THIN, EDGE_LONG = 0.15, 0.75
EDGE_LONGER = 1.15  # times as long as all other ink, along that edge
EDGE_GAP = 2  # cells between it and the edge
# A frame's outline is closed but for the first share, and its ticks stand out by at most the second
# share of a side. A box with more than the third share of ink holds its digit as a hole.
FRAME_OPEN, FRAME_TICKS, BOX_FULL = 0.1, 0.25, 0.7
SMALLEST = 8  # cells a side of a frame
STANDS = 0.04  # of a frame's ink: less in it is dirt
APART = 0.25  # of a digit's height or width: parts that far from each other are two digits
HALO = 0.2  # fainter ink is the halo of an enlargement, not its outline


Box = tuple[slice, ...]  # rows and columns


class Parts(NamedTuple):
    """The ink in coarse cells, and its connected parts.

    Attributes:
        shape: of the ink, ``(H, W)``.
        cell: pixels a side.
        weight: the ink in each cell.
        names: the part that each cell belongs to, 0 for none.
    """

    shape: tuple[int, int]
    cell: int
    weight: np.ndarray
    names: np.ndarray

    def mass(self) -> np.ndarray:
        """The ink of each name, of none for 0."""
        mass = np.bincount(self.names.ravel(), weights=self.weight.ravel())
        mass[0] = 0
        return mass


def find(ink: np.ndarray) -> Parts:
    """The parts of ``(H, W)`` ink in [0, 1]."""
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
        wider = np.append(0, names)[spread(names) * marked]
        if (wider == names).all():
            return Parts(ink.shape, cell, weight, names)
        names = wider


def pixels(parts: Parts, cells: np.ndarray) -> np.ndarray:
    """Cells → pixels ``(H, W)`` bool, with the cells around them, for the rim of faint strokes."""
    kept = spread(cells.astype(np.uint8))
    kept = kept.repeat(parts.cell, axis=0).repeat(parts.cell, axis=1)
    return kept[: parts.shape[0], : parts.shape[1]] > 0


def framed(parts: Parts) -> list[tuple[slice, ...]]:
    """The pixels inside each frame in which something stands, the largest first."""
    found = []
    for name in np.unique(parts.names)[1:]:
        mine = parts.names == name
        box = _sides(mine) if mine.sum() > 4 * SMALLEST else None
        if box is None:
            continue
        inside = tuple(slice(side.start + 2, side.stop - 2) for side in box)
        others = (parts.names[inside] != name) & (parts.names[inside] > 0)
        stands = parts.weight[inside][others].sum() > STANDS * parts.weight[box].sum()
        holes = parts.weight[inside].min() < parts.weight[box].max() / 4
        plain = (mine[box].shape > 0.9 * np.ptp(np.argwhere(mine), axis=0)).all()
        if stands or (holes and plain and mine[box].mean() > BOX_FULL):
            found.append(inside)
    found.sort(key=lambda box: -np.prod([side.stop - side.start for side in box]))
    scale = parts.cell
    return [tuple(slice(side.start * scale, side.stop * scale) for side in box) for box in found]


def _sides(part: np.ndarray) -> Box | None:
    """The rectangle that a part's outline is, but for ticks that stand out of it; else None."""
    box = []
    for axis in (0, 1):
        along = part.mean(axis=1 - axis) * part.shape[1 - axis]
        inked = np.flatnonzero(along)
        # A side is as long as the part is wide, or nearly; a tick or a number beside it is short.
        long = np.flatnonzero(along > (1 - FRAME_TICKS) * part.any(axis=axis).sum())
        if len(inked) < SMALLEST or len(long) < 2:
            return None
        box.append(slice(long[0], long[-1] + 1))
    cut = part[tuple(box)]
    whole = [np.ptp(np.flatnonzero(part.any(axis=axis))) + 1 for axis in (1, 0)]
    if min(cut.shape) < SMALLEST or (cut.shape < (1 - FRAME_TICKS) * np.array(whole)).any():
        return None
    if not cut[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        return None  # it has no corners
    sides = cut[0].mean(), cut[-1].mean(), cut[:, 0].mean(), cut[:, -1].mean()
    return tuple(box) if min(sides) > 1 - FRAME_OPEN else None


def along_the_edge(names: np.ndarray) -> list[int]:
    """The parts that are a line along one edge of the picture."""
    found = []
    for turned in (names, names[::-1], names.T, names.T[::-1]):
        height, width = turned.shape
        band = max(1, round(EDGE_THIN * height))
        for name in np.unique(turned[: EDGE_GAP + 1]):
            rows, columns = np.nonzero(turned == name)
            if not name or rows.max() >= band:
                continue
            # A stroke of a digit is hardly longer than what stands beside it.
            beside = np.flatnonzero(((turned != name) & (turned > 0)).any(axis=0))
            rest = np.ptp(beside) + 1 if len(beside) else 0
            if np.ptp(columns) + 1 > max(EDGE_LONG * width, EDGE_LONGER * rest):
                found.append(int(name))
    return found


def groups(parts: Parts, names: np.ndarray) -> list[np.ndarray]:
    """Parts that stand near enough to be one digit, as masks of cells, in reading order."""
    boxes = {name: _box(parts.names == name) for name in names}
    found: list[list[int]] = []
    for name in names:
        mine = [group for group in found if any(_near(boxes[name], boxes[o]) for o in group)]
        found = [group for group in found if group not in mine] + [sum(mine, [name])]
    return _in_lines([np.isin(parts.names, group) for group in found])


def _in_lines(masks: list[np.ndarray]) -> list[np.ndarray]:
    """Masks in reading order: line by line, and from left to right in each."""
    lines: list[list[np.ndarray]] = []
    for mask in sorted(masks, key=lambda mask: _box(mask)[0].start):
        middle = sum(_box(mask)[0].indices(len(mask))[:2]) / 2
        if lines and middle < _box(lines[-1][0])[0].stop:
            lines[-1].append(mask)
        else:
            lines.append([mask])
    return [mask for line in lines for mask in sorted(line, key=lambda mask: _box(mask)[1].start)]


def _box(mask: np.ndarray) -> Box:
    """The smallest rectangle that holds all of a mask."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _near(one: Box, other: Box) -> bool:
    """Whether two parts belong to one digit, as the bar of a 5 that stands above its bow."""
    down, across = (
        min(a.stop, b.stop) - max(a.start, b.start) for a, b in zip(one, other, strict=True)
    )
    height = max(box[0].stop - box[0].start for box in (one, other))
    width = min(box[1].stop - box[1].start for box in (one, other))
    return across >= APART * width and -down <= APART * height


def spread(values: np.ndarray, corners: bool = True) -> np.ndarray:
    """Return the maximum of each value and its 8 neighbours (4 without corners)."""
    page = np.pad(values, 1, constant_values=values.min())
    upright = np.maximum(np.maximum(page[:-2], page[2:]), page[1:-1])
    sides = upright if corners else page[1:-1]
    return np.maximum(np.maximum(sides[:, :-2], sides[:, 2:]), upright[:, 1:-1])
