"""Networks of features: what they may be told, and that they answer as their source does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import logits_of, pictures

from invert.inversion.freezing import feature_bounds, freeze
from invert.inversion.parametrisations.features import Features


def network(*ends, shape=(3,)):
    keras.utils.set_random_seed(0)
    first = [] if len(shape) == 1 else [keras.layers.Flatten()]
    return keras.Sequential([keras.Input(shape), *first, keras.layers.Dense(4, "tanh"), *ends])


@pytest.mark.parametrize(
    ("end", "head", "outputs"),
    [
        (keras.layers.Dense(1), "values", 1),
        (keras.layers.Dense(3), "values", 3),
        (keras.layers.Dense(2, "softplus"), "values", 2),
        (keras.layers.Dense(3, "softmax"), "softmax", 3),
        (keras.layers.Dense(1, "sigmoid"), "softmax", 2),
    ],
)
def test_without_a_softmax_outputs_are_values(end, head, outputs):
    model = network(end)
    graph = freeze(model, bounds=(-1, 1))
    assert (graph.head, graph.classes, graph.image_shape) == (head, outputs, (3,))
    assert not graph.domain.is_image and graph.domain.names == ("x0", "x1", "x2")
    x = 2 * pictures(5, 3) - 1
    got = graph.probabilities(logits_of(graph, x))
    np.testing.assert_allclose(got[:, -model.output_shape[1] :], model(x).numpy(), atol=1e-6)


def test_a_head_that_is_told_counts():
    assert freeze(network(keras.layers.Dense(3)), bounds=(0, 1), head="softmax").head == "softmax"
    share = network(keras.layers.Dense(1, "sigmoid"))
    assert freeze(share, bounds=(0, 1), head="values").classes == 1
    image = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten(), keras.layers.Dense(1)])
    assert freeze(image, head="values").domain.is_image


def test_a_table_says_what_features_may_be():
    table = np.array([[1, 5, 0], [3, 5, 1], [2, 5, 0]])
    graph = freeze(network(keras.layers.Dense(1)), bounds=table, names=["a", "b", "c"], whole=["c"])
    domain = graph.domain
    assert (domain.low, domain.high) == ((1, 4, 0), (3, 6, 1))
    assert domain.fixed == {1: 5} and domain.whole == (2,)


def test_what_never_changes_stays_however_large_it_is():
    for value in (0.0, 5.0, 1e9, -1e17):
        told = feature_bounds.told(np.array([[0, value], [1, value]]), None, None, None)
        domain = told.domain((2,))
        with np.errstate(all="raise"):
            share = domain.to_unit(np.array([0.5, value], np.float32))
        assert share[1] == 0.5 and domain.from_unit(share)[1] == np.float32(value)


def test_what_no_example_chooses_of_a_group_is_at_the_groups_lowest():
    """The table has no blue: the network is to see 0 there, as in every example."""
    table = np.array([[1, 0, 0, 3], [0, 1, 0, 4]])
    names = ["red", "green", "blue", "size"]
    told = feature_bounds.told(table, names, None, [names[:3]])
    domain = told.domain((4,))
    assert (domain.low, domain.high) == ((0, 0, 0, 3), (1, 1, 1, 4)) and domain.fixed == {2: 0}
    features = Features.of(domain)
    m = features.begin(np.random.default_rng(0).random((9, 4)).astype(np.float32), domain)
    made = domain.from_unit(features.make(tf.constant(m)).numpy())
    np.testing.assert_array_equal(made, domain.settled(made))
    assert (made[:, :3].sum(axis=1) == 1).all() and not made[:, 2].any()


def test_a_group_that_never_changes_stays():
    told = feature_bounds.told(np.array([[1, 0, 3], [1, 0, 4]]), None, None, [(0, 1)])
    domain = told.domain((3,))
    assert domain.fixed == {0: 1, 1: 0} and not domain.one_of


def test_a_series_has_its_features_at_every_moment():
    model = network(keras.layers.Dense(1), shape=(4, 2))
    graph = freeze(model, bounds=([0, -1], [1, 1]), names=["p", "t"], whole=[0])
    assert graph.image_shape == (4, 2) and graph.domain.whole == (0, 2, 4, 6)
    assert graph.domain.places("t") == [1, 3, 5, 7] and graph.domain.places((2, "t")) == [5]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"bounds": (1, 1)}, "the lowest first; got"),
        ({"bounds": (0, 1e30)}, "of finite numbers, at most 1e\\+18 in size; got"),
        ({"bounds": np.array([[2, 0, 0], [2, 0, 1]]), "one_of": [(0, 2)]}, "one is at its highest"),
        ({"bounds": np.array([[0.5, 0, 0], [0.5, 1, 1]]), "whole": [0]}, "x0 are 0.5 and 0.5"),
        ({"bounds": (0, 1), "whole": [0, 0]}, "must name each feature once"),
        ({"bounds": (0, 1), "one_of": 3}, "one_of must be groups of two features or more"),
        ({"bounds": (0, np.nan)}, "of finite numbers, at most .*; got"),
        ({"bounds": "wide"}, "bounds must be the lowest and the highest value"),
        ({"bounds": np.zeros((2, 3, 4))}, "got the shape"),
        ({"bounds": ([0, 0], [1, 1])}, "bounds must be of the network's 3 features; got 2"),
        ({"bounds": ([0], [1])}, "bounds must be of the network's 3 features; got 1"),
        ({"bounds": (0, 1), "names": ["a"]}, "names must be of the network's 3 features; got 1"),
        ({"bounds": (0, 1), "names": ["a", "a", "b"]}, "names must be texts, each another"),
        ({"bounds": (0, 1), "whole": ["y"]}, "a value must be one of x0, x1, x2; got 'y'"),
        ({"bounds": (0, 0.5), "whole": [0]}, "bounds are whole numbers; those of x0 are 0 and 0.5"),
        ({"bounds": (0, 1), "one_of": [(0, 1), (1, 2)]}, "must name each feature once"),
        ({"bounds": (0, 1), "one_of": [(0,)]}, "one_of must be groups of two features or more"),
        ({"names": ["a"]}, "say what those may be with bounds="),
        ({"bounds": (0, 1), "pixel_range": (0, 1)}, "give one of them"),
        ({"bounds": (0, 1), "shape": (4,)}, r"takes the shape \(None, 3\)"),
        ({"bounds": (0, 1), "head": "logits"}, "head must be softmax, sigmoid or values"),
    ],
)
def test_what_is_wrong_with_features_is_said(told, words):
    with pytest.raises(ValueError, match=words):
        freeze(network(keras.layers.Dense(1)), **told)


def test_a_frame_of_data_names_its_columns():
    class Frame(np.ndarray):
        columns = ("area", "age")

    assert feature_bounds.told(np.eye(3)[:, :2].view(Frame), None, None, None).names == (
        "area",
        "age",
    )


def test_a_network_of_images_has_no_features():
    model = keras.Sequential(
        [keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match="the network reads inputs of 6×5×3. Of pictures say"):
        freeze(model, bounds=(0, 1))
