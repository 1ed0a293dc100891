"""What a pen drew, for ``strokes.js``, which draws it in the browser: strokes, and how they came.

A stroke is its control points, so the way to it is a few numbers a frame and no picture. A curve is
a weighted sum of its control points: the browser gets the weights once and needs no splines.
"""

import base64
import json
from html import escape

import numpy as np

from invert.drawing import bezier, in_link

WRITES = 12  # positions of the film in which the start is written, before it is bent
SECONDS = 3.4
PEN = 18.0  # canvas pixels: as thick as the visitor's own, so that loops stay open
UNITS = 10  # in a canvas pixel, in which points are told
ABREAST = 2  # columns, at most, of images that have room for what is read beside what is drawn


def attribute(
    frames: np.ndarray, shape: tuple[int, ...], turns: int, negative: bool = False
) -> str:
    """Return strokes as the HTML attribute from which ``strokes.js`` draws them.

    Args:
        frames: control points ``(F, N, K, P, 2)`` in canvas pixels: the way from first to last.
        shape: of the network's images, ``(H, W)`` or ``(H, W, 3)``: the page's proportions.
        turns: strokes that are written one after the other; further ones beside the first.
        negative: whether ink is light, and paper dark.
    """
    weights = bezier.pieces(np.eye(frames.shape[-2]))
    weights = np.concatenate([weights[0, :1], weights[:, 1:].reshape(-1, weights.shape[-1])])
    told = np.clip(np.rint(frames * UNITS), -(2**15), 2**15 - 1).astype("<i2")
    height, width = (in_link.CANVAS_SIDE * side / min(shape[:2]) for side in shape[:2])
    way = {
        "shape": frames.shape[:4],
        "points": base64.b64encode(told.tobytes()).decode("ascii"),
        "units": UNITS,
        "weights": weights.round(4).tolist(),
        "writes": WRITES,
        "turns": turns,
        "page": [width, height],
        "pen": PEN,
        "negative": negative,
    }
    return f'data-pen="{escape(json.dumps(way))}"'


def of_run(run, levels: np.ndarray) -> str:
    """Return the attribute of a run's way, or of its strokes where it was made in one go.

    Args:
        run: what a pen drew.
        levels: of its first image, ink or light in [0, 1]. Ink is dark on the page, but where a
            network reads light on dark.
    """
    made_in_one_go = run.stroke_frames is None or not len(run.stroke_frames)
    frames = run.strokes[None] if made_in_one_go else run.stroke_frames
    light = levels if levels.ndim == 3 else 1 - levels
    negative = bool(np.median(light) < 0.5)
    return attribute(frames, run.images.shape[1:], frames.shape[2], negative)


def of_beginnings(strokes: np.ndarray, shape: tuple[int, ...]) -> str:
    """Return the attribute of what a pen may begin with: all of an image's over one another.

    Args:
        strokes: ``(N, tries, K, P, 2)`` in canvas pixels.
        shape: of the network's images.
    """
    beside = strokes.reshape(1, len(strokes), -1, *strokes.shape[3:])
    return attribute(beside, shape, strokes.shape[2])


def writes(run) -> int:
    """How many positions of a run's film come before its first frame."""
    return 0 if run.strokes is None else WRITES
