import numpy as np
import pytest

from invert.explanation import invariances
from invert.networks import classifier
from invert.networks.classifier import DENSE


@pytest.fixture(params=DENSE)
def name(request):
    return request.param


@pytest.fixture
def eight(sample):
    images, digits = sample
    return images[digits == 8][0]


def test_the_null_space_is_at_least_528_dimensions(name):
    basis = invariances.seen_directions(name)
    assert 784 - basis.shape[1] >= 528
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-9)


def test_the_basis_spans_the_first_layer(name):
    basis = invariances.seen_directions(name)
    first = classifier.load(name).get_weights()[0].astype(np.float64)
    np.testing.assert_allclose(basis @ (basis.T @ first), first, atol=1e-5)


@pytest.mark.parametrize("strength", [0.5, 1.0, 5.0])
def test_noise_drowns_the_picture_and_moves_no_probability(name, sample, strength):
    images = sample[0][::50]
    drowned = images + invariances.noise(strength, 3, name)
    assert (drowned - images).std() == pytest.approx(strength, rel=1e-6)
    before, after = (classifier.read(x, name) for x in (images, drowned))
    np.testing.assert_allclose(after, before, atol=1e-4)
    # Noise that is not of the null space does move them.
    other = images + np.random.default_rng(3).normal(size=(28, 28)) * strength
    assert np.abs(classifier.read(other, name) - before).max() > 0.01


def test_any_unseen_part_may_be_filled_in(name, sample):
    images = sample[0][::50]
    seen, unseen = invariances.split(images, name)
    before = classifier.read(images, name)
    np.testing.assert_allclose(seen + unseen, images, atol=1e-9)
    for filling in (unseen[::-1], 0 * unseen):
        np.testing.assert_allclose(classifier.read(seen + filling, name), before, atol=1e-4)


def test_attention_is_the_norm_of_a_pixels_weights(name):
    kernel = classifier.load(name).get_weights()[0]
    seen = invariances.attention(name)
    by_hand = np.sqrt((kernel[14 * 28 + 10] ** 2).sum() / (kernel**2).sum(axis=1).max())
    assert seen[14, 10] == pytest.approx(by_hand, rel=1e-5)
    assert seen.max() == pytest.approx(1) and seen.min() >= 0


def test_twins_are_images_with_the_same_probabilities(name, sample, eight):
    twins = invariances.twin(eight, sample[0][::100], name, rounds=100)
    assert twins.min() >= 0 and twins.max() <= 1
    want = classifier.read(eight, name)
    np.testing.assert_allclose(classifier.read(twins, name), np.repeat(want, 10, 0), atol=1.1e-4)


def test_question_has_many_twins_and_robust_hardly_any(sample, eight):
    goals = sample[0][::100]
    apart = {
        name: np.linalg.norm(
            (invariances.twin(eight, goals, name, rounds=100) - eight).reshape(10, -1), axis=1
        ).mean()
        for name in ("question", "robust")
    }
    assert apart["question"] > 3 and apart["robust"] < 1


def test_a_twin_of_itself_is_itself(name, eight):
    (same,) = invariances.twin(eight, eight, name, rounds=10)
    np.testing.assert_allclose(same, eight, atol=1e-9)


def test_what_is_no_image_is_refused(eight):
    with pytest.raises(ValueError, match="towards must have the shape"):
        invariances.twin(eight, np.zeros((3, 3)), "robust")
