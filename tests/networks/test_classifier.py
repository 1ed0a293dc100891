import numpy as np
import pytest

from invert import CLASSIFIERS, classify
from invert.networks import classifier, judge


def test_the_shape_is_the_questions():
    layers = classifier.build().layers
    assert [layer.units for layer in layers] == [256, 256, 10]
    assert [layer.activation.__name__ for layer in layers] == ["relu", "relu", "linear"]
    assert classifier.build().input_shape == (None, 784)


def test_probabilities_are_those_of_numpy(robust_by_hand, sample):
    logits = robust_by_hand.logits(sample[0][:50].reshape(-1, 784).astype(np.float64))
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    want = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classify(sample[0][:50], "robust"), want, atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_classifier_reads_real_digits(name, sample):
    images, digits = sample
    probabilities = classify(images, classifier=name)
    assert probabilities.shape == (1000, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    # 1,000 images: three standard errors below what each has on all 10,000.
    floor = {"question": 0.925}.get(name, 0.975)
    assert np.mean(probabilities.argmax(axis=1) == digits) >= floor


def test_the_judge_reads_real_digits(sample):
    images, digits = sample
    assert np.mean(judge.read(images).argmax(axis=1) == digits) >= 0.985


def test_a_single_image_and_none(sample):
    assert classify(sample[0][0]).shape == (1, 10)
    assert classify(np.zeros((0, 28, 28))).shape == (0, 10)
    assert judge.read(np.zeros((0, 28, 28))).shape == (0, 10)


def test_an_unknown_classifier_is_refused():
    rule = r"one of question, robust, energy, student, the path of a file, .*; got 'quick'"
    with pytest.raises(ValueError, match=rule):
        classify(np.zeros((28, 28)), classifier="quick")


def test_no_image_is_refused():
    with pytest.raises(ValueError, match=r"images must have the shape"):
        classify(np.zeros((3, 784)))
