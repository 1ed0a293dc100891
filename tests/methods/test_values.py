"""Which features give a value: asked of networks whose function is known."""

import dataclasses

import keras
import numpy as np
import pytest

import invert
from invert.methods import answers

NAMES = ["a", "b", "c"]
BOUNDS = np.array([0, -3, 0]), np.array([5, 3, 6])


def known(x):
    """What the network computes: 2a + |b| - c, and a + c."""
    a, b, c = np.asarray(x, np.float64).T
    return np.stack([2 * a + abs(b) - c, a + c], axis=-1)


def network(outputs):
    first, last = keras.layers.Dense(4, "relu"), keras.layers.Dense(outputs)
    model = keras.Sequential([keras.Input((3,)), first, last])
    # No unit is inactive within the bounds but those of |b|.
    first.set_weights(
        [np.array([[1, 0, 0, 0], [0, 1, -1, 0], [0, 0, 0, 1]]), np.array([1, 0, 0, 1])]
    )
    ends = np.array([[2, 1], [1, 0], [1, 0], [-1, 1]])[:, :outputs]
    last.set_weights([ends, np.array([-1, -2])[:outputs]])
    return model


@pytest.fixture(scope="module")
def one():
    return invert.freeze(network(1), bounds=BOUNDS, names=NAMES)


@pytest.fixture(scope="module")
def two():
    model = network(2)
    return invert.freeze(model, bounds=BOUNDS, names=NAMES, labels=["y", "z"], whole=["c"])


def test_different_inputs_are_found_that_give_the_value(one):
    run = invert.generate([7.0] * 6, classifier=one, fixed={"b": -1.25}, seed=3)
    got = known(run.images)[:, 0]
    np.testing.assert_allclose(got, 7, atol=0.01)
    np.testing.assert_allclose(run.misses, abs(got - 7), atol=1e-4)
    assert (run.images[:, 1] == -1.25).all() and run.domain.fixed == {1: -1.25}
    assert run.verdicts == ("convinced",) * 6 and run.method == "plain"
    apart = run.images[:, None] - run.images[None]
    assert run.distinct > 2 and abs(apart / [5, 6, 6]).max() > 0.05


def test_what_is_out_of_reach_is_missed_by_as_much_as_it_must(one):
    """The most is 2 · 5 + 3 - 0."""
    run = invert.generate(20, classifier=one)
    assert run.verdicts == ("not convinced",)
    np.testing.assert_allclose(run.misses, 7, atol=1e-3)
    np.testing.assert_allclose(abs(run.images[0]), [5, 3, 0], atol=1e-3)


def test_a_neighbourhood_is_as_steady_as_the_function_is_steep(one):
    """Of 2a + |b| - c, for noise of 2 % of 5, 6 and 6."""
    inputs = np.array([[2.5, 1.5, 3.0]], np.float32)
    want = 0.02 * np.sqrt((2 * 5) ** 2 + 6**2 + 6**2)
    got = answers.neighbourhood(one, one.domain, inputs)
    np.testing.assert_allclose(got, [[want]], rtol=0.25)  # of 64 draws
    run = invert.generate(7.0, classifier=one, fixed={"a": 3.5, "c": 0}, steps=50)
    np.testing.assert_allclose(run.neighbourhood, [[0]], atol=0.15)


def test_the_range_is_of_inputs_that_are_allowed():
    """Of 10 (a + b) + c only c counts, where of a and b one is 1 and the other 0."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.layers[0].set_weights([np.array([[10], [10], [1]]), np.zeros(1)])
    graph = invert.freeze(model, bounds=(0, 1), one_of=[(0, 1)])
    assert answers.ranges(graph) == pytest.approx([0.9], abs=0.1)


def test_of_many_values_fewer_inputs_are_drawn(one, monkeypatch):
    seen = []
    monkeypatch.setattr(answers, "MOST_VALUES", 30)
    monkeypatch.setattr(
        "invert.inversion.reading.read", lambda graph, x: seen.append(x.shape) or x[:, :1]
    )
    answers.ranges(dataclasses.replace(one))
    answers.neighbourhood(one, one.domain, np.zeros((1, 3), np.float32))
    assert seen == [(10, 3), (10, 3)]


def test_whole_numbers_are_whole_and_several_outputs_come_near(two):
    asked = np.array([[4.0, 6.0], [0.5, 5.25]])
    run = invert.generate(asked, classifier=two)
    np.testing.assert_allclose(known(run.images), asked, atol=0.15)
    assert (run.images[:, 2] == run.images[:, 2].round()).all()
    open_end = invert.generate({"z": 6}, classifier=two)
    assert known(open_end.images)[0, 1] == pytest.approx(6, abs=0.1)


def test_a_network_of_features_may_tell_classes():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(3, "softmax")]
    graph = invert.freeze(keras.Sequential(layers), bounds=(0, 1), one_of=[(0, 1)])
    run = invert.generate([0, 1, 2], classifier=graph, seed=1)
    assert run.method == "steepest" and np.isin(run.images[:, :2], [0, 1]).all()
    assert (run.images[:, :2].sum(axis=1) == 1).all()
    # There are two choices of the first two; the third goes to the end that helps.
    best = [
        max((x for a in (0, 1) for x in ([a, 1 - a, 0], [a, 1 - a, 1])), key=probability(graph, k))
        for k in range(3)
    ]
    assert [probability(graph, k)(run.images[k]) for k in range(3)] == pytest.approx(
        [probability(graph, k)(x) for k, x in enumerate(best)], abs=0.02
    )


def test_what_moved_and_failed_is_not_said_to_stand_still():
    """Of whole numbers nothing is left to learn around them; class 0 is out of reach."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "softmax")])
    model.layers[0].set_weights([np.array([[0.1, 0]]), np.array([0, 9])])
    graph = invert.freeze(model, bounds=(0, 5), whole=[0])
    run = invert.generate(0, classifier=graph)
    assert run.verdicts == ("not convinced",) and run.images.tolist() == [[5]]


def probability(graph, k):
    return lambda x: float(invert.classify(np.array([x]), graph)[0, k])


@pytest.mark.parametrize(
    ("targets", "how", "words"),
    [
        ("seven", {}, "a value of an output must be a finite number, .*; got 'seven'"),
        (float("nan"), {}, "finite number, .*; got nan"),
        (np.ones((1, 3)), {}, "a value for each of the 1 outputs"),
        ({"5": 1}, {}, "each target must be"),
        (7.0, {"fixed": {"d": 1}}, "a value must be one of a, b, c; got 'd'"),
        (1e30, {}, "a finite number, at most 1e\\+18 in size; got 1e\\+30"),
        ({"0": 7, "typo": 3}, {}, "each target must be one of|number from 0 to 0; got 'typo'"),
        ({"0": 7, 0: 3}, {}, "must name an output once; got"),
        (7.0, {"fixed": {"a": 10**400}}, "fixed must give 'a' a number from 0 to 5; got"),
        (7.0, {"within": 10**400}, "within must be a number above 0"),
        (7.0, {"fixed": {"a": 9}}, "fixed must give 'a' a number from 0 to 5; got 9"),
        (7.0, {"fixed": 3}, "fixed must give values by name or place"),
        (7.0, {"method": "fourier"}, "fourier draws pictures"),
        (7.0, {"method": "regularized"}, "regularized draws pictures"),
        (
            7.0,
            {"method": "strokes", "fixed": {"a": 1}},
            "fixed holds pixels or features, and strok",
        ),
    ],
)
def test_what_cannot_be_asked_of_values_is_said(one, targets, how, words):
    with pytest.raises(ValueError, match=words):
        invert.generate(targets, classifier=one, **how)


@pytest.mark.parametrize("asked, nearest", [(80.0, 80.0), (200.0, 100.0), (20.0, 20.0)])
def test_a_choice_that_the_gradient_speaks_against_is_tried(asked, nearest):
    """Of x in [0, 1] and one of two: 30 x with the first, 100 x with the second.

    With the first, the gradient only says that there should be less of the second.
    """
    x = keras.Input((3,))
    hidden = keras.layers.Dense(2, activation="relu", use_bias=False)
    model = keras.Model(x, keras.layers.Dense(1, use_bias=False)(hidden(x)))
    model.set_weights(
        [np.float32([[30, 100], [0, -1000], [-1000, 0]]), np.ones((2, 1), np.float32)]
    )
    graph = invert.freeze(model, bounds=(0, 1), one_of=[(1, 2)])
    run = invert.generate(np.full((6, 1), asked), classifier=graph, seed=3)
    np.testing.assert_allclose(run.probabilities[:, 0], nearest, atol=1)
    if asked > 30:
        np.testing.assert_array_equal(run.images[:, 1:], [[0, 1]] * 6)
        held = invert.generate(np.full((2, 1), asked), classifier=graph, fixed={2: 0}, seed=3)
        np.testing.assert_allclose(held.probabilities[:, 0], 30, atol=1)
    # One that fails changes none of its neighbours.
    alone = invert.generate(np.full((4, 1), 20.0), classifier=graph, seed=3)
    beside = invert.generate([[20.0]] * 4 + [[200.0]], classifier=graph, seed=3)
    np.testing.assert_allclose(beside.images[:4], alone.images, atol=1e-6)
