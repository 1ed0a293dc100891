"""What one takes home of a run: PNG, animated GIF, and NPZ with the numbers and the settings."""

import io
import json

import numpy as np

from invert import film

SCALE = 10


def png(run) -> bytes:
    """Return the images side by side, each pixel ten wide."""
    return film.png(run.images, scale=SCALE)


def gif(run) -> bytes:
    """Return the film as a GIF.

    Raises:
        ValueError: the method made its images in one go, so there is no film.
    """
    if run.frames is None:
        raise ValueError(f"{run.method} takes no steps, so there is no film to keep.")
    return film.gif(run.frames)


def npz(run, opinions: np.ndarray) -> bytes:
    """Return images, film, opinions and how all was made, for ``numpy.load``; nothing is pickled.

    Args:
        run: what `invert.generate` returns.
        opinions: ``(N, 10)``, the judge's probabilities.
    """
    settings = {
        "method": run.method,
        "seed": run.seed,
        "start": run.start,
        "settings": dict(run.settings),
    }
    film_too = {} if run.frames is None else {"frames": run.frames, "frame_steps": run.frame_steps}
    out = io.BytesIO()
    np.savez_compressed(
        out,
        images=run.images,
        digits=run.digits,
        probabilities=run.probabilities,
        judge=opinions,
        probabilities_by_step=run.probabilities_by_step,
        losses=run.losses,
        settings=np.array(json.dumps(settings)),
        **film_too,
    )
    return out.getvalue()


def name(run, ending: str) -> str:
    """Return a file's name that tells what is in it.

    >>> from types import SimpleNamespace
    >>> name(SimpleNamespace(digits=[8, 8], method="robust", seed=3), "png")
    '8-robust-seed-3.png'
    """
    return f"{int(run.digits[0])}-{run.method}-seed-{run.seed}.{ending}"
