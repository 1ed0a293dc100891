import numpy as np
import pytest
import tensorflow as tf

from invert.networks import judge
from invert.training import judge as judge_recipe
from invert.training.changes import augment, outliers


@pytest.fixture(scope="module")
def made(sample):
    return outliers.make(*sample, 600, seed=0)


def test_outliers_are_images_and_only_the_seed_decides(made, sample):
    assert made.dtype == np.float32 and made.shape[1:] == (28, 28)
    assert made.min() >= 0 and made.max() <= 1 and 300 < len(made) <= 600
    assert np.array_equal(made, outliers.make(*sample, 600, seed=0))
    assert not np.array_equal(made[:50], outliers.make(*sample, 600, seed=1)[:50])


def test_what_is_as_like_a_digit_as_digits_are_is_left_out(made, sample, monkeypatch):
    assert outliers._likeness(made, sample[0]).max() < outliers._alike(sample[0])
    monkeypatch.setattr(outliers, "_turned", lambda image, digit, random: image)
    copies = outliers.make(*sample, 600, seed=0)
    assert outliers._likeness(copies, sample[0]).max() < 0.999


def test_likeness_is_the_cosine(sample, monkeypatch):
    monkeypatch.setattr(augment, "blurred", tf.identity)
    flat = sample[0][:30].reshape(30, -1).astype(float)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    want = (unit[:10] @ unit[10:].T).max(axis=1)
    got = outliers._likeness(sample[0][:10], sample[0][10:30])
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_doodles_stand_as_digits_do():
    random = np.random.default_rng(0)
    for _ in range(50):
        doodle = outliers.doodle(random)
        rows, columns = (np.flatnonzero(doodle.max(axis=axis) > 0.05) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 21


def test_tiles_are_the_digit_in_another_order(sample):
    random = np.random.default_rng(0)
    mixed = outliers._tiles(sample[0][0], random)
    assert np.array_equal(np.sort(mixed.ravel()), np.sort(sample[0][0].ravel()))
    assert not np.array_equal(mixed, sample[0][0])


def test_a_pair_holds_the_ink_of_both(sample):
    random = np.random.default_rng(3)
    pairs = [outliers._pair(sample[0][0], sample[0][500], random) for _ in range(20)]
    assert all(pair.min() >= 0 and pair.max() <= 1 and pair.sum() > 20 for pair in pairs)


def test_marks_are_put_on_ones_and_sevens_alone(sample):
    images, digits = sample
    flat = tf.constant(images.reshape(-1, 784))
    writing, generator = augment.Writing(marked=1.0), tf.random.Generator.from_seed(0)
    marked = augment.marks(flat, tf.constant(digits), writing, generator).numpy()
    marked = marked.reshape(images.shape)
    changed = (marked != images).any(axis=(1, 2))
    assert set(digits[changed]) == {1, 7} and changed[np.isin(digits, [1, 7])].mean() > 0.95
    assert (marked >= images).all() and marked.max() <= 1
    # Foot and flag add about as much ink as their lengths and width say: 9 and 6 times 2.4.
    added = (marked - images)[digits == 1].sum(axis=(1, 2))
    assert 20 < np.median(added) < 40


def test_ink_keeps_the_digit_and_stays_in_range(sample):
    images, digits = sample
    generator = tf.random.Generator.from_seed(0)
    varied = augment.ink(tf.constant(images), judge_recipe.WRITING, generator).numpy()
    assert varied.min() >= 0 and varied.max() <= 1
    assert np.abs(varied - images).mean() > 0.01
    assert np.mean(judge.read(varied).argmax(axis=1) == digits) > 0.93


def test_blurred_is_the_weighted_mean_of_nine():
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[0, 10, 10, 0] = 16
    want = np.outer([1, 2, 1], [1, 2, 1])
    np.testing.assert_allclose(augment.blurred(image)[0, 9:12, 9:12, 0], want, atol=1e-5)


def test_a_tiny_picture_holds_no_more_than_its_few_pixels(monkeypatch):
    for name in ("THICKNESS", "THINNESS", "STAINS", "DIRT"):
        monkeypatch.setattr(augment, name, 0.0)
    monkeypatch.setattr(augment, "GAMMA", 1.0)
    monkeypatch.setattr(augment, "HARDNESS", 1.0)
    monkeypatch.setattr(augment, "blurred", tf.identity)
    page = np.random.default_rng(0).uniform(0.36, 0.6, (2, 28, 28)).astype(np.float32)

    def rank(enlarged):
        writing, generator = augment.Writing(enlarged=enlarged), tf.random.Generator.from_seed(0)
        changed = augment.ink(tf.constant(page), writing, generator).numpy()
        return [int(np.linalg.matrix_rank(each, tol=1e-4)) for each in changed]

    assert rank(0.0) == [28, 28]
    assert max(rank(len(augment.TINY))) <= min(augment.TINY)  # all of them, by each side


def test_a_tiny_pictures_edges_grow_hard():
    page = tf.constant(np.random.default_rng(0).uniform(0.36, 0.6, (2, 28, 28, 1)), tf.float32)
    hard = augment._tiny(page, 10, 1000.0)
    np.testing.assert_allclose(hard, 1.0, atol=1e-5)  # all of it is beyond the edge
