"""What is not a digit: pictures that the judge learns to say no to.

None of them was made by a network, or by a method that the judge scores: doodles of random strokes
and letters, brought to size and middle as drawings are; digits cut up, struck out, overlaid,
inverted or turned on their side; blobs and noise. Source: Hendrycks et al. 2019, "Deep anomaly
detection with outlier exposure", https://arxiv.org/abs/1812.04606.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from invert.images import SIDE
from invert.training.changes import augment

FINE = 4  # strokes are drawn this many times as large, then averaged down
PAGE = 26 * FINE
DIGIT_SIDE = 20  # pixels, the longest side of a drawn digit in MNIST
PEN = (1.6, 4.2)  # pixels
STROKES = (0.10, 0.25, 0.25, 0.20, 0.12, 0.08)  # shares of doodles of one to six strokes
SHARES = {"doodles": 0.40, "letters": 0.10, "struck": 0.10, "tiles": 0.05, "pairs": 0.10,
          "noise": 0.08, "blobs": 0.09, "turned": 0.05, "inverted": 0.03}  # fmt: skip
ENCLOSED = 0.3  # of the doodles are a closed shape with strokes inside
LETTERS = "ACEFGHKLMNPQRTUVWXYadefhkmnprtuwx"  # no hand writes them as it writes a digit
TURNED = (2, 3, 4, 5, 7)  # lying on a side these are no digits
MIRRORED = (3, 4, 7)
# A doodle can happen to be a digit, as a ring is. So what is as like a digit as digits are like
# each other is left out. This share of all digits is less like its nearest.
ALIKE = 0.4
COMPARED = 10_000


def make(images: np.ndarray, digits: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return about ``count`` outliers made of, and unlike, these digits.

    Args:
        images: ``(N, 28, 28)`` float32 in [0, 1], training digits.
        digits: ``(N,)``, which each is.
        count: how many are made; a few, too like a digit, are left out again.
        seed: of everything random here.

    Returns:
        ``(about count, 28, 28)`` float32 in [0, 1], in random order.
    """
    random = np.random.default_rng(seed)
    number = {kind: round(share * count) for kind, share in SHARES.items()}

    def pick(kind):
        return images[random.integers(len(images), size=number[kind])]

    rows = random.permutation(np.flatnonzero(np.isin(digits, TURNED)))[: number["turned"]]
    made = [
        np.stack([doodle(random) for _ in range(number["doodles"])]),
        np.stack([_struck(image, random) for image in pick("struck")]),
        np.stack([_letter(random) for _ in range(number["letters"])]),
        np.stack([_tiles(image, random) for image in pick("tiles")]),
        np.stack([_pair(*two, random) for two in zip(pick("pairs"), pick("pairs"), strict=True)]),
        np.stack([_noise(random) for _ in range(number["noise"])]),
        np.stack([_blobs(random) for _ in range(number["blobs"])]),
        np.stack([_turned(*each, random) for each in zip(images[rows], digits[rows], strict=True)]),
        np.stack([_inverted(image, random) for image in pick("inverted")]),
    ]
    outliers = random.permutation(np.concatenate(made).astype(np.float32))
    return outliers[_likeness(outliers, images) < _alike(images)]


def doodle(random: np.random.Generator) -> np.ndarray:
    """Return one to six random strokes ``(28, 28)``, brought to a digit's size and place."""
    draw = ImageDraw.Draw(page := Image.new("L", (PAGE, PAGE)))
    kinds = [KINDS[kind] for kind in random.integers(len(KINDS), size=1 + _strokes(random))]
    width = round(random.uniform(*PEN) * FINE)
    if random.random() < ENCLOSED:
        edge = (_ellipse, _polygon)[random.integers(2)](random)
        low, size = edge.min(0), np.ptp(edge, axis=0)
        _stroke(draw, PAGE * (0.05 + 0.9 * (edge - low) / size), width)
        for kind in kinds:
            place, small = random.uniform(0.2, 0.6, 2), random.uniform(0.1, 0.4, 2)
            _stroke(draw, PAGE * (place + small * kind(random)), width, kind is _dots)
    else:
        for kind in kinds:
            _stroke(draw, PAGE * kind(random), width, kind is _dots)
    return _centred(np.asarray(page, float) / 255)


def _strokes(random) -> int:
    return random.choice(len(STROKES), p=STROKES)


def _stroke(draw, points: np.ndarray, width: int, dots: bool = False) -> None:
    """Draw a round pen's way through points, or dots there."""
    if not dots:
        draw.line([tuple(point) for point in points], fill=255, width=width, joint="curve")
        points = points[[0, -1]]
    for x, y in points:
        radius = 0.7 * width if dots else width / 2
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)


def _scattered(random, count: int) -> np.ndarray:
    """``(count, 2)`` points of the unit square, not at its very rim."""
    return random.uniform(0.05, 0.95, (count, 2))


def _line(random) -> np.ndarray:
    return _scattered(random, 2)


def _polyline(random) -> np.ndarray:
    return _scattered(random, random.integers(3, 7))


def _polygon(random) -> np.ndarray:
    corners = random.integers(3, 7)
    even = np.arange(corners) * 2 * np.pi / corners + random.uniform(0, 6.3)
    angles = even if random.random() < 0.5 else np.sort(random.uniform(0, 2 * np.pi, corners))
    radii = random.uniform(0.12, 0.45, 2)
    points = random.uniform(0.3, 0.7, 2) + radii * np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.concatenate([points, points[:1]])


def _arc(random, angle: float | None = None) -> np.ndarray:
    angle = random.uniform(1, 5) if angle is None else angle
    along = random.uniform(0, 6.3) + np.linspace(0, angle, 40)
    x, y = random.uniform(0.06, 0.45, (2, 1)) * [np.cos(along), np.sin(along)]
    lean = random.uniform(0, np.pi)
    turned = [x * np.cos(lean) - y * np.sin(lean), x * np.sin(lean) + y * np.cos(lean)]
    return random.uniform(0.2, 0.8, 2) + np.stack(turned, 1)


def _ellipse(random) -> np.ndarray:
    return _arc(random, 2 * np.pi)


def _curve(random) -> np.ndarray:
    """A way through random points, its corners averaged away."""
    points = _scattered(random, random.integers(3, 8))
    along = np.linspace(0, len(points) - 1, 60)
    ways = [np.interp(along, np.arange(len(points)), each) for each in points.T]
    mean = np.ones(13) / 13
    return np.stack([np.convolve(np.pad(way, 6, mode="edge"), mean, "valid") for way in ways], 1)


def _dots(random) -> np.ndarray:
    return _scattered(random, random.integers(1, 4))


KINDS = (_line, _polyline, _polygon, _arc, _ellipse, _curve, _dots)


def _centred(page: np.ndarray) -> np.ndarray:
    """Ink on a page of any size → ``(28, 28)``: longest side 20, centre of mass in the middle."""
    rows, columns = np.nonzero(page > 0.1)
    if not len(rows):
        return np.zeros((SIDE, SIDE))
    ink = page[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = DIGIT_SIDE / max(ink.shape)
    size = [max(1, round(side * scale)) for side in ink.shape[::-1]]
    small = Image.fromarray((255 * ink).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    ink = np.asarray(small, float) / 255
    image = np.zeros((SIDE, SIDE))
    corner = [
        int(np.clip(round(SIDE / 2 - mass @ np.arange(len(mass)) / ink.sum()), 0, SIDE - len(mass)))
        for mass in (ink.sum(1), ink.sum(0))
    ]
    image[corner[0] : corner[0] + ink.shape[0], corner[1] : corner[1] + ink.shape[1]] = ink
    return image


def _struck(image: np.ndarray, random) -> np.ndarray:
    """A digit with a doodle over it, or dots and strokes in it."""
    over = Image.fromarray((255 * doodle(random)).astype(np.uint8))
    size = int(random.integers(10, SIDE))
    page = np.zeros((SIDE, SIDE))
    y, x = random.integers(0, SIDE - size + 1, 2)
    page[y : y + size, x : x + size] = np.asarray(over.resize((size, size)), float) / 255
    return np.maximum(image, page)


def _letter(random) -> np.ndarray:
    page = Image.new("L", (2 * PAGE, 2 * PAGE))
    font = ImageFont.load_default(PAGE)
    ImageDraw.Draw(page).text(
        (PAGE // 2, PAGE // 4),
        random.choice(list(LETTERS)),
        255,
        font,
        stroke_width=int(random.integers(0, 5)),
    )
    wide = np.exp(random.uniform(-0.35, 0.35))
    lean = random.uniform(-0.4, 0.4)
    change = (wide, lean, PAGE * (1 - wide - lean), 0, 1, 0)
    page = page.transform(page.size, Image.Transform.AFFINE, change, Image.Resampling.BILINEAR)
    return _centred(np.asarray(page, float) / 255)


def _tiles(image: np.ndarray, random) -> np.ndarray:
    """A digit cut into 4 or 16 tiles, in another order."""
    side = int(random.choice([7, 7, 14]))
    number = SIDE // side
    tiles = image.reshape(number, side, number, side).swapaxes(1, 2).reshape(-1, side, side)
    mixed = tiles[random.permutation(len(tiles))].reshape(number, number, side, side)
    return mixed.swapaxes(1, 2).reshape(SIDE, SIDE)


def _pair(first: np.ndarray, second: np.ndarray, random) -> np.ndarray:
    """Two digits: one over the other, side by side, or one above the other."""
    chance = random.random()
    if chance < 0.35:
        shift = random.integers(-5, 6, 2)
        return np.maximum(np.roll(first, shift[0], 1), np.roll(second, shift[1], 0))
    upright = chance < 0.5
    first, second = (each.T if upright else each for each in (first, second))
    inked = [each[:, each.any(0)] for each in (first, second)]
    gap = int(random.integers(-2, 6))
    page = np.zeros((SIDE, sum(each.shape[1] for each in inked) + max(gap, 0)))
    page[:, : inked[0].shape[1]] = inked[0]
    start = max(0, inked[0].shape[1] + gap)
    place = page[:, start : start + inked[1].shape[1]]
    np.maximum(place, inked[1], out=place)
    return _centred(page.T if upright else page)


def _noise(random) -> np.ndarray:
    """Noise of any strength: normal, uniform, of points, smoothed, or over shades."""
    strength, kind = random.uniform(0.03, 1), random.integers(5)
    if kind == 4:  # faint, over shades as faint
        shades = random.uniform(0.1, 0.5) * (2 * _field(random, random.integers(4, 11)) - 1)
        return np.clip(np.abs(random.normal(0, strength / 4, (SIDE, SIDE))) + shades, 0, 1)
    if kind == 0:
        return np.clip(np.abs(random.normal(0, strength, (SIDE, SIDE))), 0, 1)
    if kind == 1:
        return random.uniform(0, strength, (SIDE, SIDE))
    if kind == 2:
        return (random.random((SIDE, SIDE)) < strength / 2) * random.uniform(0.2, 1)
    return strength * _field(random, random.integers(10, SIDE))


def _blobs(random) -> np.ndarray:
    """Smooth shapes with soft or hard edges, of one size or of two, some of them grained."""
    field = 6 * _field(random, random.integers(4, 11)) - 3
    field += random.choice([0, 1, 2]) * (2 * _field(random, random.integers(8, 20)) - 1)
    shapes = 1 / (1 + np.exp(-random.uniform(2, 12) * (field - random.uniform(-0.8, 1.2))))
    grain = np.abs(random.normal(0, random.choice([0, 0.1, 0.3]), (SIDE, SIDE)))
    return np.clip(shapes + grain * _field(random, random.integers(4, 11)), 0, 1)


def _field(random, side: int) -> np.ndarray:
    """``(28, 28)`` in [0, 1], smooth: enlarged from ``side`` × ``side`` random values."""
    coarse = Image.fromarray(random.normal(size=(side, side)).astype(np.float32))
    field = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return (field - field.min()) / np.ptp(field)


def _turned(image: np.ndarray, digit: int, random) -> np.ndarray:
    if digit in MIRRORED and random.random() < 0.5:
        return image[:, ::-1]
    return np.rot90(image, random.choice([1, 3]))


def _inverted(image: np.ndarray, random) -> np.ndarray:
    """Light on dark, and the dark not always even."""
    uneven = random.uniform(0, 0.5)
    return (1 - image) * (1 - uneven) + uneven * random.random((SIDE, SIDE))


def _alike(images: np.ndarray) -> float:
    half = min(COMPARED, len(images) // 2)
    return float(np.quantile(_likeness(images[-min(half, 1000) :], images[:half]), ALIKE))


def _likeness(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The cosine ``(N,)`` between each image and the likest of the first others, both blurred."""

    def prepared(pixels):
        pixels = augment.blurred(pixels[..., None]).numpy().reshape(len(pixels), -1)
        return pixels / np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1e-6)

    digits = prepared(others[:COMPARED].astype(np.float32)).T
    parts = [images[i : i + 1000].astype(np.float32) for i in range(0, len(images), 1000)]
    return np.concatenate([(prepared(part) @ digits).max(axis=1) for part in parts])
