"""Where M starts: a black page, faint noise, an average digit, a draw of the class's Gaussian.

Each image has a random generator of its own, so image 3 of seed 0 starts alike however many
are made beside it.
"""

import numpy as np

from invert import weights
from invert.images import DIGITS, PIXELS, SIDE, brief, check_images

STARTS = ("black", "noise", "average", "class-gaussian")
# These were drawn from training images; the others know nothing of handwriting.
FROM_TRAINING_DATA = ("average", "class-gaussian")
DIRECTIONS = 128
WIDTH = (
    1.15  # of the Gaussian: clipping to [0, 1] takes a third of the spread, this gives some back
)
NOISE = 0.065  # deviation of faint noise: more is more varied, and more loses its way


def build():
    """Return the untrained class Gaussian: each digit's pixel mean and principal directions."""
    # Half precision halves the file, and is finer than the 256 greys the digits have.
    return weights.arrays("float16", mean=(DIGITS, PIXELS), directions=(DIGITS, DIRECTIONS, PIXELS))


@weights.once
def class_gaussian() -> tuple[np.ndarray, np.ndarray]:
    """Each digit's pixel mean ``(10, 784)`` and principal directions ``(10, 128, 784)``, float32.

    A direction's length is the deviation of the training images along it.

    Raises:
        WeightsError: the file is missing, cut or altered.
    """
    model = build()
    weights.load("class-gaussian", model)
    mean, directions = model.get_weights()
    return mean.astype(np.float32), directions.astype(np.float32)


def make(start, digits: np.ndarray, seed: int) -> np.ndarray:
    """Return the images where M starts.

    Args:
        start: one of ``STARTS``, or an image ``(28, 28)``, or one an image ``(N, 28, 28)``.
        digits: the targets ``(N,)``; only "class-gaussian" looks at them.
        seed: of the randomness in "noise" and "class-gaussian".

    Returns:
        ``(N, 28, 28)`` float32 in [0, 1].

    Raises:
        ValueError: ``start`` is no name and no image, or there are not N images.
        WeightsError: "average" and "class-gaussian" need model_weights/class-gaussian.weights.h5.

    >>> make("noise", np.array([8, 8]), seed=0).shape
    (2, 28, 28)
    """
    count = len(digits)
    if not isinstance(start, str):
        images = check_images(start, "start")
        if len(images) not in (1, count):
            raise ValueError(f"start must be one image, or {count}; got {len(images)}.")
        return np.repeat(images, count // len(images), axis=0)
    if start not in STARTS:
        raise ValueError(
            f"start must be an image or one of {', '.join(STARTS)}; got {brief(start)}."
        )
    generators = [np.random.default_rng((seed, number)) for number in range(count)]
    if start == "black":
        flat = np.zeros((count, PIXELS))
    elif start == "noise":
        flat = np.abs([g.normal(0, NOISE, PIXELS) for g in generators])
    elif start == "average":
        flat = np.tile(class_gaussian()[0].mean(axis=0), (count, 1))
    else:
        mean, directions = class_gaussian()
        normal = [g.normal(size=DIRECTIONS) for g in generators]
        flat = [mean[d] + WIDTH * n @ directions[d] for d, n in zip(digits, normal, strict=True)]
    return np.clip(flat, 0, 1).astype(np.float32).reshape(count, SIDE, SIDE)
