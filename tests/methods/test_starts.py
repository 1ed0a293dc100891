import numpy as np
import pytest
from PIL import Image

from invert.inversion.domain import Domain
from invert.methods import starts

DIGITS = np.array([8, 3, 3])


@pytest.mark.parametrize("name", starts.STARTS)
def test_a_start_is_an_image_that_only_seed_and_place_decide(name):
    made = starts.make(name, DIGITS, 5)
    assert made.shape == (3, 28, 28) and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1
    assert np.array_equal(made, starts.make(name, DIGITS, 5))
    assert np.array_equal(made[:2], starts.make(name, DIGITS[:2], 5))


@pytest.mark.parametrize("name", ["noise", "class-gaussian"])
def test_seeds_and_places_differ(name):
    made = starts.make(name, DIGITS, 5)
    assert not np.array_equal(made[1], made[2])
    assert not np.array_equal(made, starts.make(name, DIGITS, 6))


def test_black_has_no_ink_and_noise_has_what_it_says():
    assert starts.make("black", DIGITS, 0).sum() == 0


def test_noise_has_the_strength_that_it_says(monkeypatch):
    noise = starts.make("noise", np.zeros(300, int), 0)
    strengths = noise.std(axis=(1, 2))
    assert strengths.max() > 2 * strengths.min()
    monkeypatch.setattr(starts, "COARSE", (0.0, 0.0))
    fine = starts.make("noise", np.zeros(300, int), 0)
    # The mean absolute value of a normal variable is its deviation times sqrt(2 / pi).
    mean = np.mean(starts.FINE) * np.sqrt(2 / np.pi)
    assert fine.mean() == pytest.approx(mean, rel=0.05)
    monkeypatch.setattr(starts, "COARSE", (0.1, 0.1))
    monkeypatch.setattr(starts, "FINE", (0.5, 0.5))
    both = starts.make("noise", np.zeros(300, int), 0)
    monkeypatch.setattr(starts, "COARSE", (0.0, 0.0))
    alone = starts.make("noise", np.zeros(300, int), 0)
    inside = (both > 0) & (both < 1) & (alone < 1)
    # Each pixel takes so much of its cells that squares of the shares add up to the variance.
    want = 0.1 * np.sum(starts.enlargement(28)[14] ** 2)
    assert (both - alone)[:, 14, 14][inside[:, 14, 14]].std() == pytest.approx(want, rel=0.15)


def test_coarse_noise_is_the_bilinear_enlargement_of_pillow():
    cells = np.random.default_rng(0).normal(size=(starts.CELLS, starts.CELLS)).astype(np.float32)
    want = Image.fromarray(cells).resize((30, 28), Image.Resampling.BILINEAR)
    got = starts.enlargement(28) @ cells @ starts.enlargement(30).T
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_the_average_is_the_mean_of_the_digits(sample):
    average = starts.make("average", DIGITS, 0)
    assert np.array_equal(average[0], average[1])
    # The first 100 of each class are of other writers than the training images.
    assert np.abs(average[0] - sample[0].mean(axis=0)).mean() < 0.025


def test_class_gaussian_has_the_classes_mean_and_spread(sample):
    images, digits = sample
    means, directions = starts.class_gaussian()
    for digit in range(10):
        real = images[digits == digit].reshape(-1, 784)
        assert np.abs(means[digit] - real.mean(axis=0)).mean() < 0.05
        products = directions[digit] @ directions[digit].T
        lengths = np.diag(products)
        assert np.abs(products - np.diag(lengths)).max() < 1e-2 * lengths.max()
        assert (np.diff(lengths) <= 1e-4).all()
        assert lengths.sum() == pytest.approx(real.var(axis=0).sum(), rel=0.3)


def test_class_gaussian_draws_scatter_as_the_directions_say(monkeypatch):
    # About the middle of the grey scale, and a tenth as wide, nothing is clipped.
    mean, directions = starts.class_gaussian()
    small = (np.full_like(mean, 0.5), directions / 10)
    monkeypatch.setattr(starts, "class_gaussian", lambda: small)
    drawn = starts.make("class-gaussian", np.full(2000, 8), 0).reshape(2000, 784)
    assert np.abs(drawn.mean(axis=0) - 0.5).mean() < 0.002
    want = starts.WIDTH**2 * (small[1][8] ** 2).sum()
    assert drawn.var(axis=0).sum() == pytest.approx(want, rel=0.05)


def test_images_can_be_starts():
    one = np.full((28, 28), 0.5)
    assert np.array_equal(starts.make(one, DIGITS, 0), np.full((3, 28, 28), 0.5, np.float32))
    three = np.stack([one * 0, one, one * 2])
    assert np.array_equal(starts.make(three, DIGITS, 0), three.astype(np.float32))


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("white", r"one of black, noise, average, class-gaussian; got 'white'"),
        (np.zeros((2, 28, 28)), r"one image, or 3; got 2"),
        (np.full((28, 28), 2), r"start must lie in \[0, 1\]"),
        (7, r"start must have the shape"),
    ],
)
def test_bad_starts_are_named(start, words):
    with pytest.raises(ValueError, match=words):
        starts.make(start, DIGITS, 0)


def test_a_start_has_the_shape_and_the_range_of_ones_own_network():
    domain = Domain((4, 5, 3), -1, 1)
    assert (starts.make("black", DIGITS, 0, domain) == 0).all()
    noise = starts.make("noise", DIGITS, 0, domain)
    assert noise.shape == (3, 4, 5, 3) and noise.min() >= 0
    own = domain.from_unit(noise)
    np.testing.assert_allclose(starts.make(own, DIGITS, 0, domain), noise, atol=1e-6)
    with pytest.raises(ValueError, match="average is of 28×28 digits; this classifier reads 4×5×3"):
        starts.make("average", DIGITS, 0, domain)
