"""How good a set of images is: by the judge, and by its distance to the training images."""

from typing import NamedTuple

import numpy as np

from invert.images import DIGITS
from invert.inversion.checks import MAX_COUNT
from invert.networks import judge, weights
from invert.targets import check_targets

BATCH = 250  # images whose distances to all others are in memory at once


class Score(NamedTuple):
    """How good a set of images is, by the judge.

    Attributes:
        passed: share of images that look like a digit at all, see ``judge.looks_like_digit``.
        agreement: share of images that do, and that the judge reads as their target.
        frechet: Fréchet distance to the MNIST test set, see ``frechet``; lower is better.
        diversity: spread within a digit, the test set's = 1, see ``spread``.
    """

    passed: float
    agreement: float
    frechet: float
    diversity: float


class Reference(NamedTuple):
    """Real digits in a judge's features: mean ``(64,)``, covariance ``(64, 64)``, and each
    digit's spread ``(10,)``."""

    mean: np.ndarray
    covariance: np.ndarray
    spread: np.ndarray


def refer(features: np.ndarray, digits: np.ndarray) -> Reference:
    """The statistics of real digits, from a judge's features of them ``(N, D)``."""
    return Reference(features.mean(axis=0), _covariance(features), spread(features, digits))


def build_reference():
    """Return the empty arrays of ``Reference``, for the weights file."""
    features = judge.SHAPES["judge"][-1]
    square = (features, features)
    return weights.arrays("float32", mean=(features,), covariance=square, spread=(DIGITS,))


@weights.once
def reference() -> Reference:
    """Return the shipped statistics of the test set.

    Raises:
        WeightsError: model_weights/judge-reference.weights.h5 is missing, cut or altered, or of
            another judge.
    """
    entries = weights.manifest()
    figures = entries.get("judge-reference", {}).get("figures")
    measured_with = figures.get("judge_sha256") if isinstance(figures, dict) else None
    if measured_with is None or measured_with != entries.get("judge", {}).get("sha256"):
        raise weights.WeightsError(
            "judge-reference.weights.h5 was measured with another judge. Measure it anew with:"
            " python -m invert.training judge-reference"
        )
    model = build_reference()
    weights.load("judge-reference", model)
    return Reference(*model.get_weights())


def score(images, digits) -> Score:
    """Score images against their targets and the MNIST test set.

    Args:
        images: ``(N, 28, 28)`` in [0, 1], ink = 1; N at least 2. Distances are only worth
            comparing at the same N: they grow as N falls.
        digits: the targets, ``(N,)``.

    Raises:
        ValueError: fewer than two images, or not as many digits.
        WeightsError: the judge's weights are missing, cut or altered.

    >>> round(score(np.zeros((20, 28, 28)), np.arange(20) % 10).diversity, 3)
    0.0
    """
    opinion = judge.look(images)
    digits = check_targets(digits, most=max(len(opinion.digit), MAX_COUNT))
    if len(opinion.digit) < 2 or len(digits) != len(opinion.digit):
        raise ValueError(
            "score needs at least two images and a digit for each; got"
            f" {len(opinion.digit)} images and {len(digits)} digits."
        )
    return compare(opinion, digits, reference())


def compare(opinion: judge.Opinion, digits: np.ndarray, real: Reference) -> Score:
    """Compare what any judge says of images with what it says of real digits.

    Args:
        opinion: of the images, N of them.
        digits: the targets, ``(N,)``.
        real: of the same judge.
    """
    features, probabilities, passed = opinion
    right = probabilities.argmax(axis=1) == digits
    mine = refer(features, digits)
    return Score(
        passed=float(np.mean(passed)),
        agreement=float(np.mean(right & passed)),
        frechet=frechet(mine.mean, mine.covariance, real.mean, real.covariance),
        diversity=float(mine.spread.mean() / real.spread[np.unique(digits)].mean()),
    )


def frechet(mean1, covariance1, mean2, covariance2) -> float:
    """Fréchet distance between two Gaussians: how far apart two sets of features are.

    ``|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½)``. Source: Heusel et al. 2017, "GANs trained by a
    two time-scale update rule", https://arxiv.org/abs/1706.08500, there in Inception's features.

    >>> frechet(np.zeros(2), np.eye(2), np.array([3.0, 4.0]), 4 * np.eye(2))
    27.0
    """
    # tr (C1 C2)^½ by a symmetric matrix that has the same eigenvalues as C1 C2.
    values, vectors = np.linalg.eigh(covariance1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    common = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariance2 @ root), 0)).sum()
    traces = np.trace(covariance1) + np.trace(covariance2)
    return float(np.sum((mean1 - mean2) ** 2) + traces - 2 * common)


def spread(features: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Each present digit's spread: ``sqrt(mean |f - mean(f)|²)`` over its features.

    Args:
        features: ``(N, D)``.
        digits: ``(N,)``.

    Returns:
        One value for each distinct digit, in rising order.

    >>> spread(np.array([[0.0], [2.0], [5.0]]), np.array([1, 1, 7]))
    array([1., 0.])
    """
    each = [features[digits == digit] for digit in np.unique(digits)]
    return np.array([np.sqrt(np.sum(np.var(f, axis=0, dtype=np.float64))) for f in each])


def nearest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance ``min |x - other|`` of each image to the others: near zero where it is a copy.

    Args:
        images: ``(N, 28, 28)`` float32.
        others: ``(M, 28, 28)`` float32, such as the training images.

    Returns:
        ``(N,)`` float64, in units of the image (full ink of one pixel = 1).

    >>> nearest(np.ones((1, 28, 28)), np.zeros((3, 28, 28)))
    array([28.])
    """
    images, others = (np.reshape(a, (len(a), -1)) for a in (images, others))
    lengths = np.sum(others**2, axis=1)
    parts = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
    least = [np.min(lengths - 2 * (part @ others.T), axis=1) for part in parts]
    # Rounding can make a copy's squared distance slightly negative.
    squares = np.concatenate(least).astype(np.float64) + np.sum(images**2, axis=1)
    return np.sqrt(np.maximum(squares, 0))


def _covariance(features: np.ndarray) -> np.ndarray:
    return np.cov(features, rowvar=False, dtype=np.float64)
