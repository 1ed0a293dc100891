"""Doodles of kinds that the judge's training did not know, through the way that drawings take."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from invert import drawing

SIDE = 280
SIGNS = "&@?#%=+*~"


def smiley(draw, pen, at):
    ring(draw, pen, at(50, 50), 38)
    for x in (36, 64):
        dot(draw, at(x, 40), 5)
    draw.arc([*at(32, 36), *at(68, 72)], 20, 160, fill=0, width=pen)


def house(draw, pen, at):
    draw.line([at(25, 85), at(25, 45), at(50, 15), at(75, 45), at(75, 85), at(25, 85)], 0, pen)
    draw.line([at(25, 45), at(75, 45)], 0, pen)


def window(draw, pen, at):
    draw.rectangle([*at(20, 20), *at(80, 80)], outline=0, width=pen)
    draw.line([at(50, 20), at(50, 80)], 0, pen)
    draw.line([at(20, 50), at(80, 50)], 0, pen)


def star(draw, pen, at):
    corners = [(50 + 40 * np.sin(4 * np.pi * k / 5), 50 - 40 * np.cos(4 * np.pi * k / 5))
               for k in range(6)]  # fmt: skip
    draw.line([at(*corner) for corner in corners], 0, pen, joint="curve")


def heart(draw, pen, at):
    t = np.linspace(0, 2 * np.pi, 60)
    x = 50 + 2.4 * 16 * np.sin(t) ** 3
    y = 48 - 2.4 * (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    draw.line([at(*p) for p in zip(x, y, strict=True)], 0, pen, joint="curve")


def spiral(draw, pen, at):
    t = np.linspace(0, 7 * np.pi, 200)
    points = zip(50 + 1.7 * t * np.cos(t), 50 + 1.7 * t * np.sin(t), strict=True)
    draw.line([at(*p) for p in points], 0, pen, joint="curve")


def arrow(draw, pen, at):
    draw.line([at(15, 50), at(85, 50)], 0, pen)
    draw.line([at(60, 25), at(85, 50), at(60, 75)], 0, pen, joint="curve")


def man(draw, pen, at):
    ring(draw, pen, at(50, 22), 13)
    draw.line([at(50, 35), at(50, 65)], 0, pen)
    draw.line([at(25, 48), at(75, 48)], 0, pen)
    draw.line([at(30, 92), at(50, 65), at(70, 92)], 0, pen)


def fence(draw, pen, at):
    for x in range(15, 90, 14):
        draw.line([at(x, 20), at(x, 80)], 0, pen)
    draw.line([at(10, 50), at(90, 50)], 0, pen)


def flower(draw, pen, at):
    for k in range(6):
        angle = k * np.pi / 3
        ring(draw, pen, at(50 + 24 * np.cos(angle), 50 + 24 * np.sin(angle)), 12)


def ring(draw, pen, middle, radius):
    x, y, r = *middle, radius * SIDE / 100
    draw.ellipse([x - r, y - r, x + r, y + r], outline=0, width=pen)


def dot(draw, middle, radius):
    x, y, r = *middle, radius * SIDE / 100
    draw.ellipse([x - r, y - r, x + r, y + r], fill=0)


KINDS = (smiley, house, window, star, heart, spiral, arrow, man, fence, flower)


def make(kinds, count: int = 10, seed: int = 0) -> np.ndarray:
    """``(N, 28, 28)``, ``count`` of each kind, no two alike; a letter or sign is a kind too."""
    random = np.random.default_rng(seed)
    images = []
    for kind in kinds:
        for _ in range(count):
            page = Image.new("L", (SIDE, SIDE), 255)
            draw = ImageDraw.Draw(page)
            pen = int(random.integers(12, 26))
            if isinstance(kind, str):
                font = ImageFont.load_default(200)
                draw.text((60, 10), kind, 0, font, stroke_width=int(random.integers(0, 7)))
            else:
                jitter = random.normal(0, 2.5, (101, 101, 2))
                kind(draw, pen, _placing(jitter))
            page = page.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor=255)
            images.append(drawing.from_pixels(np.asarray(page)))
    return np.stack(images)


def _placing(jitter):
    """Hundredths of the page → pixels, with an unsteady hand."""

    def at(x, y):
        shake = jitter[int(np.clip(y, 0, 100)), int(np.clip(x, 0, 100))]
        return tuple(SIDE / 100 * (np.array([x, y]) + shake))

    return at
