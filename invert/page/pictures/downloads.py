"""Downloads of a run: PNG, animated GIF, and NPZ with the numbers and the settings."""

import io
import json
from typing import Any

import numpy as np

from invert import film
from invert.networks.judge import Opinion
from invert.page.pictures import wording
from invert.page.pictures.markup import network_name

SCALE = 10


def png(run) -> bytes:
    """Return the images side by side, each pixel ten wide, and what they are."""
    return film.png(run.images, scale=SCALE, pixel_range=run.pixel_range, caption=caption(run))


def gif(run) -> bytes:
    """Return the film as a GIF, and what it shows.

    Raises:
        ValueError: the method made its images in one go, so there is no film.
    """
    if not len(run.frames):
        raise ValueError(f"{run.method} takes no steps, so there is no film to keep.")
    return film.gif(run.frames, scale=SCALE, pixel_range=run.pixel_range, caption=caption(run))


def npz(run, opinion: Opinion | None) -> bytes:
    """Return images, film, opinions and settings for ``numpy.load``; nothing is pickled.

    Args:
        run: what `invert.generate` returns.
        opinion: the judge's, of its images; None where they are no digits.
    """
    settings = {
        "classifier": network_name(run.classifier),
        "method": run.method,
        "seed": run.seed,
        "start": run.start,
        "settings": dict(run.settings),
    }
    judged: dict[str, Any] = {}
    if opinion is not None:
        judged = {"judge": opinion.probabilities, "looks_like_digit": opinion.digit}
    drawn = {"strokes": run.strokes, "stroke_frames": run.stroke_frames}
    out = io.BytesIO()
    np.savez_compressed(
        out,
        **judged,
        **{name: each for name, each in drawn.items() if each is not None},
        images=run.images,
        targets=run.targets,
        probabilities=run.probabilities,
        frame_probabilities=run.frame_probabilities,
        losses=run.losses,
        frames=run.frames,
        frame_steps=run.frame_steps,
        settings=np.array(json.dumps(settings)),
    )
    return out.getvalue()


def caption(run) -> str:
    """Return what a run's pictures are, in a line for somebody who was sent them.

    >>> from types import SimpleNamespace
    >>> run = {"targets": [8, 8], "labels": "0123456789", "classifier": "energy"}
    >>> run |= {"method": "steepest", "start": "noise", "verdicts": ["convinced"] * 2}
    >>> caption(SimpleNamespace(**run))
    '8, drawn by energy run backwards · invert'
    >>> caption(SimpleNamespace(**run | {"start": "image"}))
    'my drawing became an 8: energy, run backwards'
    """
    asked = list(dict.fromkeys(str(run.labels[target]) for target in run.targets))
    if run.start in ("image", "drawing"):
        became = "became" if set(run.verdicts) == {"convinced"} else "was to become"
        digits = " or ".join(f"{wording.article(label)} {label}" for label in asked)
        return f"my drawing {became} {digits}: {network_name(run.classifier)}, run backwards"
    network = network_name(run.classifier)
    others = {"inverse": "an inverse model", "opposite": f"the opposite model of {network}"}
    by = others.get(run.method, f"{network} run backwards")
    return f"{', '.join(asked)}, drawn by {by} · invert"


def name(run, ending: str) -> str:
    """Return a file's name that tells what is in it.

    >>> from types import SimpleNamespace
    >>> run = SimpleNamespace(targets=[8, 8], classifier="robust", method="steepest", seed=3)
    >>> name(run, "png")
    '8-robust-steepest-seed-3.png'
    """
    made = f"{network_name(run.classifier)}-{run.method}-seed-{run.seed}"
    return f"{int(run.targets[0])}-{made}.{ending}"
