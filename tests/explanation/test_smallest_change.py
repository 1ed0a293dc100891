"""The smallest change that turns an answer: by hand where a network is linear."""

import numpy as np
import pytest

from invert import CLASSIFIERS, classify, freeze
from invert.explanation import smallest_change

NAMES = tuple(CLASSIFIERS)


@pytest.fixture(scope="module")
def three(sample):
    images, digits = sample
    return images[digits == 3][4]


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_changes_are_read_as_what_they_aim_at(name, three):
    changed = smallest_change.smallest_changes(three, name)
    assert changed.min() >= 0 and changed.max() <= 1
    assert classify(changed, name).argmax(axis=1).tolist() == list(range(10))
    own = int(classify(three, name).argmax())
    assert np.array_equal(changed[own], three)


@pytest.mark.parametrize("name", NAMES)
def test_a_little_less_change_does_not_do(name, three):
    changed = smallest_change.smallest_changes(three, name)
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
    changed = smallest_change.smallest_changes(image, freeze(line))
    assert np.linalg.norm(changed[other] - image) == pytest.approx(plane, rel=0.02, abs=0.01)


def test_robust_needs_a_far_larger_change_than_question(three):
    least = {
        name: np.sort(
            np.linalg.norm(
                (smallest_change.smallest_changes(three, name) - three).reshape(10, -1), axis=1
            )
        )[1]
        for name in ("question", "robust")
    }
    assert least["robust"] > 2 * least["question"]


def test_some_targets_are_answered_as_all_of_them_are(three):
    every = smallest_change.smallest_changes(three, "robust")
    some = smallest_change.smallest_changes(three, "robust", targets=[7, 0])
    assert some == pytest.approx(every[[7, 0]], abs=1e-4)


def test_targets_are_named_by_their_labels_too_and_a_wrong_one_is_named(three):
    import keras

    letters = freeze(
        keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)]), labels=["a", "b", "c"]
    )
    by_number = smallest_change.smallest_changes(three, letters, targets=[2])
    assert np.array_equal(
        smallest_change.smallest_changes(three, letters, targets=["c"]), by_number
    )
    assert classify(by_number, letters).argmax() == 2
    with pytest.raises(ValueError, match="one of .*a, b, c.*d"):
        smallest_change.smallest_changes(three, letters, targets=["d"])


@pytest.mark.usefixtures("xla")
def test_few_sizes_are_compiled_whatever_is_asked_for(three, monkeypatch):
    shapes, compiled = set(), smallest_change.compiling.compiled

    def watch(*args, shape=None, **settings):
        shapes.add(shape)
        return compiled(*args, shape=shape, **settings)

    monkeypatch.setattr(smallest_change.compiling, "compiled", watch)
    for count in range(1, 11):
        found = smallest_change.smallest_changes(three, "robust", targets=range(count))
        assert found.shape == (count, 28, 28)
    assert shapes == {1, 10}


def test_large_networks_are_asked_a_little_at_a_time_and_answer_alike(three, monkeypatch):
    every = smallest_change.smallest_changes(three, "robust")
    asked, search = [], smallest_change._search
    monkeypatch.setattr(smallest_change.batches, "most_at_once", lambda *_: 7)
    monkeypatch.setattr(
        smallest_change, "_search", lambda g, x, *rest: asked.append(len(x)) or search(g, x, *rest)
    )
    assert smallest_change.smallest_changes(three, "robust") == pytest.approx(every, abs=1e-3)
    assert asked == [7, 3]


@pytest.mark.parametrize("scale", [1, 255])
def test_the_nearest_other_answer_of_a_linear_network_lies_behind_the_nearest_plane(scale):
    """Of ``x @ w + b`` the score of a meets that of b ``(z_a - z_b) / |w_a - w_b|`` away."""
    import keras

    rng = np.random.default_rng(1)
    line = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(5)])
    w = rng.normal(size=(64, 5)) / 8
    line.set_weights([w / scale, rng.normal(size=5) / 20])
    graph = freeze(line, pixel_range=(0, scale))
    images = rng.uniform(0.4, 0.6, (6, 8, 8)).astype(np.float32)
    z = images.reshape(6, 64) @ w + line.get_weights()[1]
    own = z.argmax(axis=1)
    planes = [
        [
            (z[n, a] - z[n, b]) / np.linalg.norm(w[:, a] - w[:, b]) if a != b else np.inf
            for b in range(5)
        ]
        for n, a in enumerate(own)
    ]
    found = smallest_change.nearest_others(scale * images, graph)
    lengths = smallest_change.lengths(scale * images, found, graph)
    longer = lengths / np.min(planes, axis=1)
    assert longer.min() > 0.999, "nothing nearer is read as anything else"
    assert longer.max() < 1.1 and np.median(longer) < 1.02


@pytest.mark.parametrize("name", ["question", "student"])
def test_any_other_answer_is_at_most_as_far_as_the_nearest_of_all_classes(three, name):
    own = int(classify(three, name).argmax())
    each = smallest_change.smallest_changes(three, name)
    towards = smallest_change.lengths(three[None], each, name)
    found = smallest_change.nearest_others(three, name)
    (length,) = smallest_change.lengths(three[None], found, name)
    assert length <= 1.1 * np.delete(towards, own).min()
    assert classify(found, name).argmax() != own
    back = three + 0.999 * (found - three)
    assert classify(back, name).argmax() == own, "it is where the answer turns"


def test_an_answer_that_nothing_turns_has_no_nearest_other():
    import keras

    line = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3)])
    line.set_weights([np.full((64, 3), 0.01), np.array([9.0, 0, 0])])
    graph = freeze(line)
    images = np.full((2, 8, 8), 0.5, np.float32)
    found = smallest_change.nearest_others(images, graph)
    assert np.isnan(found).all() and np.isnan(smallest_change.lengths(images, found, graph)).all()


def test_each_colour_may_have_a_range_of_its_own():
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    graph = freeze(keras.Sequential(layers), pixel_range=((-2, -1, 0), (2, 3, 1)))
    image = graph.domain.from_unit(np.random.default_rng(0).random((1, 4, 4, 3), np.float32))
    found = smallest_change.nearest_others(image, graph)
    assert classify(found, graph).argmax() != classify(image, graph).argmax()
    change = (found - image) / np.float32([4, 4, 1])
    (length,) = smallest_change.lengths(image, found, graph)
    assert length == pytest.approx(np.linalg.norm(change), rel=1e-4)
