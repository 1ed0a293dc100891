import numpy as np
import pytest
import scipy.linalg
from sklearn.neighbors import NearestNeighbors

from invert.evaluation import score
from invert.networks import judge, weights


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(2, 6, 6))
    return [rng.normal(size=(200, 6)) @ mix[i] + i for i in range(2)]


def test_the_frechet_distance_is_the_one_of_scipy(features):
    (m1, c1), (m2, c2) = ((f.mean(axis=0), np.cov(f, rowvar=False)) for f in features)
    root = scipy.linalg.sqrtm(c1 @ c2).real
    want = np.sum((m1 - m2) ** 2) + np.trace(c1 + c2 - 2 * root)
    assert score.frechet(m1, c1, m2, c2) == pytest.approx(want, rel=1e-6)
    assert score.frechet(m1, c1, m1, c1) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_of_a_flat_gaussian_is_worked_by_hand():
    # One direction of no spread at all: (1 - 0)² for it, (3 - 2)² for the other.
    flat = score.frechet(np.zeros(2), np.diag([0.0, 9.0]), np.zeros(2), np.diag([1.0, 4.0]))
    assert flat == pytest.approx(2)


def test_spread_is_worked_by_hand():
    square = np.array([[0, 0], [2, 0], [0, 2], [2, 2], [7, 7]], float)
    digits = np.array([4, 4, 4, 4, 9])
    assert score.spread(square, digits) == pytest.approx([np.sqrt(2), 0])


def test_nearest_is_the_one_of_scikit_learn(sample):
    images, others = sample[0][:300], sample[0][300:]
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(others.reshape(-1, 784))
    want = search.kneighbors(images.reshape(-1, 784))[0].ravel()
    np.testing.assert_allclose(score.nearest(images, others), want, atol=1e-3)


def test_a_copy_shows(sample):
    distances = score.nearest(sample[0][:20], sample[0][10:])
    assert (distances[10:] < 1e-2).all() and (distances[:10] > 1).all()


def test_real_digits_score_like_real_digits(sample):
    real = score.score(*sample)
    assert real.agreement >= 0.985
    assert real.passed >= 0.99
    assert real.frechet < 5
    assert real.diversity == pytest.approx(1, abs=0.05)


def test_what_is_no_digit_agrees_with_nothing(sample):
    images, digits = sample
    # Inverted, the judge may well know which digit it was; it is none all the same.
    inverted = score.score(1 - images, digits)
    assert inverted.passed <= 0.005 and inverted.agreement <= inverted.passed


def test_another_judge_is_compared_with_its_own_reference(sample):
    opinion = judge.look(sample[0], "second-judge")
    same = score.compare(opinion, sample[1], score.refer(opinion.features, sample[1]))
    assert same.frechet == pytest.approx(0, abs=1e-3) and same.diversity == pytest.approx(1)


def test_wrong_targets_noise_and_repetition_show(sample):
    images, digits = sample
    assert score.score(images, (digits + 1) % 10).agreement < 0.02
    noise = np.random.default_rng(0).random(images.shape)
    assert score.score(noise, digits).frechet > 100
    first = np.array([np.flatnonzero(digits == d)[0] for d in range(10)])
    repeated = score.score(images[first][digits], digits)
    assert repeated.diversity == pytest.approx(0, abs=1e-3)


def test_the_reference_is_of_the_judge_that_is_shipped(monkeypatch):
    entries = weights.manifest()
    entries["judge"]["sha256"] = "0" * 64
    monkeypatch.setattr(weights, "manifest", lambda: entries)
    with pytest.raises(weights.WeightsError, match="measured with another judge"):
        score.reference.__wrapped__()


@pytest.mark.parametrize("digit", [10, -1, 2.5])
def test_what_is_no_digit_is_refused(digit):
    with pytest.raises(ValueError, match="each digit must be a whole number from 0 to 9"):
        score.score(np.zeros((2, 28, 28)), [1, digit])


@pytest.mark.parametrize("digits", [[1], [1, 2], 3])
def test_too_few_images_or_digits_are_refused(digits):
    with pytest.raises(ValueError, match="at least two images and a digit for each"):
        score.score(np.zeros((1, 28, 28)), digits)
