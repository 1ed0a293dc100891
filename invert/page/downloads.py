"""What one takes home of a run: PNG, animated GIF, and NPZ with the numbers and the settings."""

import io
import json

import numpy as np

from invert import film
from invert.networks.judge import Opinion

SCALE = 10


def png(run) -> bytes:
    """Return the images side by side, each pixel ten wide."""
    return film.png(run.images, scale=SCALE, pixel_range=run.pixel_range)


def gif(run) -> bytes:
    """Return the film as a GIF.

    Raises:
        ValueError: the method made its images in one go, so there is no film.
    """
    if not len(run.frames):
        raise ValueError(f"{run.method} takes no steps, so there is no film to keep.")
    return film.gif(run.frames, pixel_range=run.pixel_range)


def npz(run, opinion: Opinion) -> bytes:
    """Return images, film, opinions and how all was made, for ``numpy.load``; nothing is pickled.

    Args:
        run: what `invert.generate` returns.
        opinion: the judge's, of its images.
    """
    settings = {
        "classifier": run.classifier,
        "method": run.method,
        "seed": run.seed,
        "start": run.start,
        "settings": dict(run.settings),
    }
    out = io.BytesIO()
    np.savez_compressed(
        out,
        images=run.images,
        targets=run.targets,
        probabilities=run.probabilities,
        judge=opinion.probabilities,
        looks_like_digit=opinion.digit,
        probabilities_by_step=run.probabilities_by_step,
        losses=run.losses,
        frames=run.frames,
        frame_steps=run.frame_steps,
        settings=np.array(json.dumps(settings)),
    )
    return out.getvalue()


def name(run, ending: str) -> str:
    """Return a file's name that tells what is in it.

    >>> from types import SimpleNamespace
    >>> run = SimpleNamespace(targets=[8, 8], classifier="robust", method="steepest", seed=3)
    >>> name(run, "png")
    '8-robust-steepest-seed-3.png'
    """
    made = f"{run.classifier}-{run.method}-seed-{run.seed}"
    return f"{int(run.targets[0])}-{made}.{ending}"
