import numpy as np
import pytest

from invert import CLASSIFIERS, classify, freeze
from invert.explanation import attribution

NAMES = tuple(CLASSIFIERS)


@pytest.fixture(scope="module")
def three(sample):
    images, digits = sample
    return images[digits == 3][4]


@pytest.mark.parametrize("digit", [3, 8])
def test_input_times_gradient_is_numpys(digit, three, robust_by_hand):
    flat = three.reshape(1, 784).astype(np.float64)
    want = -flat * robust_by_hand.gradient(flat, np.array([digit]), "logit")
    got = attribution.input_times_gradient(three, digit, "robust")
    np.testing.assert_allclose(got.reshape(1, 784), want, atol=1e-4)


@pytest.mark.parametrize("digit", [3, 8])
def test_integrated_gradients_add_up_to_the_logits_rise(digit, three, robust_by_hand):
    shares = attribution.integrated_gradients(three, digit, "robust")
    flat = three.reshape(1, 784).astype(np.float64)
    rise = robust_by_hand.logits(flat) - robust_by_hand.logits(0 * flat)
    assert shares.sum() == pytest.approx(rise[0, digit], abs=0.02)
    assert not shares[three == 0].any()


def test_of_a_linear_network_both_are_the_weights_times_the_ink(three):
    import keras

    line = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    want = line.get_weights()[0][:, 5].reshape(28, 28) * three
    for explain in (attribution.input_times_gradient, attribution.integrated_gradients):
        np.testing.assert_allclose(explain(three, 5, freeze(line)), want, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_changes_are_read_as_what_they_aim_at(name, three):
    changed = attribution.smallest_changes(three, name)
    assert changed.min() >= 0 and changed.max() <= 1
    assert classify(changed, name).argmax(axis=1).tolist() == list(range(10))
    own = int(classify(three, name).argmax())
    assert np.array_equal(changed[own], three)


@pytest.mark.parametrize("name", NAMES)
def test_a_little_less_change_does_not_do(name, three):
    changed = attribution.smallest_changes(three, name)
    own = int(classify(three, name).argmax())
    others = [d for d in range(10) if d != own]
    back = three + 0.9 * (changed - three)
    assert (classify(back, name).argmax(axis=1)[others] != np.array(others)).all()


def test_on_a_linear_network_the_change_is_the_distance_to_the_plane():
    import keras

    rng = np.random.default_rng(0)
    line = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    w, b = rng.normal(size=(784, 10)) / 28, np.full(10, -50.0)
    b[:2] = 0.0  # a matter of 0 and 1 alone
    line.set_weights([w, b])
    image = np.full((28, 28), 0.5)
    logits = image.ravel() @ w + b
    own, other = (0, 1) if logits[0] > logits[1] else (1, 0)
    plane = (logits[own] - logits[other]) / np.linalg.norm(w[:, own] - w[:, other])
    changed = attribution.smallest_changes(image, freeze(line))
    assert np.linalg.norm(changed[other] - image) == pytest.approx(plane, rel=0.02, abs=0.01)


def test_robust_needs_a_far_larger_change_than_question(three):
    least = {
        name: np.sort(
            np.linalg.norm(
                (attribution.smallest_changes(three, name) - three).reshape(10, -1), axis=1
            )
        )[1]
        for name in ("question", "robust")
    }
    assert least["robust"] > 2 * least["question"]


@pytest.mark.parametrize(
    ("image", "digit", "words"),
    [
        (np.zeros((2, 28, 28)), 3, "image must be one image; got 2"),
        (np.zeros((28, 28)), 10, "digit must be a whole number from 0 to 9; got 10"),
        (np.full((28, 28), np.nan), 3, "image must be finite"),
    ],
)
def test_mistakes_are_named(image, digit, words):
    with pytest.raises(ValueError, match=words):
        attribution.input_times_gradient(image, digit, "robust")


def test_some_targets_are_answered_as_all_of_them_are(three):
    every = attribution.smallest_changes(three, "robust")
    some = attribution.smallest_changes(three, "robust", targets=[7, 0])
    assert some == pytest.approx(every[[7, 0]], abs=1e-4)


def test_targets_are_named_by_their_labels_too_and_a_wrong_one_is_named(three):
    import keras

    letters = freeze(
        keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)]), labels=["a", "b", "c"]
    )
    by_number = attribution.smallest_changes(three, letters, targets=[2])
    assert np.array_equal(attribution.smallest_changes(three, letters, targets=["c"]), by_number)
    assert classify(by_number, letters).argmax() == 2
    with pytest.raises(ValueError, match="one of .*a, b, c.*d"):
        attribution.smallest_changes(three, letters, targets=["d"])


def test_few_sizes_are_compiled_whatever_is_asked_for(three, monkeypatch):
    shapes, compiled = set(), attribution.compiling.compiled

    def watch(*args, shape=None, **settings):
        shapes.add(shape)
        return compiled(*args, shape=shape, **settings)

    monkeypatch.setattr(attribution.compiling, "compiled", watch)
    for count in range(1, 11):
        found = attribution.smallest_changes(three, "robust", targets=range(count))
        assert found.shape == (count, 28, 28)
    assert shapes == {1, 10}


def test_large_networks_are_asked_a_little_at_a_time_and_answer_alike(three, monkeypatch):
    expected = attribution.integrated_gradients(three, 3, "robust")
    every = attribution.smallest_changes(three, "robust")
    asked, gradients, search = [], attribution._gradients, attribution._search
    monkeypatch.setattr(attribution.batches, "most_at_once", lambda *_: 7)
    monkeypatch.setattr(
        attribution, "_gradients", lambda g, x, t: asked.append(len(x)) or gradients(g, x, t)
    )
    monkeypatch.setattr(
        attribution, "_search", lambda g, x, aims: asked.append(len(aims)) or search(g, x, aims)
    )
    assert attribution.integrated_gradients(three, 3, "robust") == pytest.approx(expected, abs=1e-4)
    assert attribution.smallest_changes(three, "robust") == pytest.approx(every, abs=1e-3)
    assert max(asked) == 7 and sum(asked) == attribution.POINTS + 10
