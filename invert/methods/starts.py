"""Where M starts: a black page, faint noise, an average digit, a draw of the class's Gaussian.

Each image has a random generator of its own, so image 3 of seed 0 starts alike however many
are made beside it.
"""

import functools

import numpy as np

from invert.images import DIGIT, DIGITS, PIXELS, check_images
from invert.inversion.checks import brief
from invert.inversion.domain import Domain
from invert.networks import weights

STARTS = ("black", "noise", "average", "class-gaussian")
# These were drawn from training images; the others know nothing of handwriting.
FROM_TRAINING_DATA = ("average", "class-gaussian")
RANDOM = "random"  # no image: where M is no pixels, its parametrisation says where it starts
DIRECTIONS = 128
# Of the Gaussian: clipping to [0, 1] takes a third of the spread, this gives some back.
WIDTH = 1.15
# Faint noise: the deviations from pixel to pixel, and of a few cells, enlarged; each image has its
# own within these. More noise gives more variety, and more images that go astray.
FINE = (0.06, 0.12)
COARSE = (0.0, 0.10)
CELLS = 7  # a side
STRENGTHS = [*FINE, *COARSE, CELLS, WIDTH]  # what images made from these depend on


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


def check_name(start: str) -> None:
    """Raise a ValueError unless ``start`` is one of ``STARTS``."""
    if start not in STARTS:
        raise ValueError(
            f"start must be an image or one of {', '.join(STARTS)}; got {brief(start)}."
        )


def make(
    start,
    targets: np.ndarray,
    seed: int,
    domain: Domain = DIGIT,
) -> np.ndarray:
    """Return the images where M starts, as shares of the pixel range.

    Args:
        start: one of ``STARTS``, or an image in the domain, or one an image ``(N, *shape)``. Of
            features, "noise" is anywhere in their range.
        targets: the classes ``(N,)``; only "class-gaussian" looks at them.
        seed: of the randomness in "noise" and "class-gaussian".
        domain: of the classifier's images; "black" is the lowest value.

    Returns:
        ``(N, *shape)`` float32 in [0, 1].

    Raises:
        ValueError: ``start`` is no name and no image, there are not N images, or the classifier
            reads something else than what the named start was drawn from: 28×28 digits.
        WeightsError: "average" and "class-gaussian" need model_weights/class-gaussian.weights.h5.

    >>> make("noise", np.array([8, 8]), seed=0).shape
    (2, 28, 28)
    """
    count, values, shape = len(targets), domain.values, domain.shape
    if not isinstance(start, str):
        images = domain.to_unit(check_images(start, "start", domain))
        if len(images) not in (1, count):
            raise ValueError(f"start must be one image, or {count}; got {len(images)}.")
        return np.repeat(images, count // len(images), axis=0)
    check_name(start)
    if start in FROM_TRAINING_DATA and (values != PIXELS or targets.max() >= DIGITS):
        raise ValueError(
            f"The start {start} is of 28×28 digits; this classifier reads"
            f" {'×'.join(str(side) for side in shape)} images. Start from noise or black."
        )
    generators = [np.random.default_rng((seed, number)) for number in range(count)]
    if start == "noise" and not domain.is_image:  # anywhere in the range
        flat = np.reshape([g.random(size=shape) for g in generators], (count, values))
    elif start == "black":
        flat = np.zeros((count, values))
    elif start == "noise":
        flat = np.reshape([noise(g, shape, FINE, COARSE) for g in generators], (count, values))
    elif start == "average":
        flat = np.tile(class_gaussian()[0].mean(axis=0), (count, 1))
    else:
        mean, directions = class_gaussian()
        normal = [g.normal(size=DIRECTIONS) for g in generators]
        pairs = zip(targets, normal, strict=True)
        flat = np.array([mean[d] + WIDTH * n @ directions[d] for d, n in pairs])
    return np.clip(flat, 0, 1).astype(np.float32).reshape(count, *shape)


def noise(
    generator: np.random.Generator,
    shape: tuple[int, ...],
    fine_between: tuple[float, float],
    coarse_between: tuple[float, float],
) -> np.ndarray:
    """Noise ``shape`` of a strength of its own: fine, and coarse, which says where ink may go.

    >>> noise(np.random.default_rng(0), (4, 4), (0, 0), (0, 0)).sum()
    np.float64(0.0)
    """
    fine = generator.uniform(*fine_between) * np.abs(generator.normal(size=shape))
    cells = generator.normal(size=(CELLS, CELLS, *shape[2:]))
    rows, columns = (enlargement(side) for side in shape[:2])
    coarse = np.tensordot(rows, np.tensordot(columns, cells, (1, 1)), (1, 1))
    return fine + generator.uniform(*coarse_between) * coarse


@functools.cache
def enlargement(side: int) -> np.ndarray:
    """Return each cell's weight in each pixel of a row, ``(side, CELLS)``: bilinear interpolation.

    >>> enlargement(14)[:3, :2].round(2).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75]]
    """
    places = (np.arange(side) + 0.5) * CELLS / side - 0.5
    return np.stack([np.interp(places, np.arange(CELLS), row) for row in np.eye(CELLS)], axis=1)
