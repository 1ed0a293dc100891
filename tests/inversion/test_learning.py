import concurrent.futures
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from invert.inversion import batches, learning, objectives, priors, reading
from invert.inversion.freezing import freeze
from invert.inversion.learning import Objective

OBJECTIVES = [Objective(a, b) for a in objectives.LOSSES for b in objectives.STEP_RULES]
ADAM = Objective("cross-entropy", "adam")
every_objective = pytest.mark.parametrize(
    "objective", OBJECTIVES, ids=[f"{o.loss}-{o.step_rule}" for o in OBJECTIVES]
)
TARGETS = np.array([8, 3, 0])


@pytest.fixture(scope="module")
def robust():
    from invert.networks.classifier import open_graph

    return open_graph("robust")


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(0).uniform(0, 0.3, (3, 28, 28)).astype(np.float32)


def colour_network(pixel_range, convolution):
    """Four classes of 8×8 colour images, with known weights."""
    rng = np.random.default_rng(5)
    first = [keras.layers.Conv2D(6, 3, activation="relu")] if convolution else []
    layers = [*first, keras.layers.Flatten(), keras.layers.Dense(4)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    return freeze(model, pixel_range=pixel_range), model.get_weights()


def learn(graph, objective, start, targets, steps, step_size, frame_steps=(), **settings):
    settings |= {"steps": steps, "step_size": step_size, "frame_steps": frame_steps}
    return learning.learn(graph, objective, start, targets, **settings)


def by_hand(network, objective, start, targets, steps, size):
    """The whole optimisation in NumPy, float64."""
    x, losses = start.reshape(len(start), -1).astype(np.float64), []
    mean = square = np.zeros_like(x)
    for t in range(1, steps + 1):
        losses.append(network.loss(x, targets, objective.loss))
        g = network.gradient(x, targets, objective.loss)
        if objective.step_rule == "adam":
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            step = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        else:
            step = g / np.linalg.norm(g, axis=1, keepdims=True)
        x = np.clip(x - size * step, 0, 1)
    return x, np.array(losses)


@every_objective
def test_every_objective_takes_the_steps_that_numpy_takes(objective, robust, robust_by_hand, start):
    learned = learn(robust, objective, start, TARGETS, 8, 0.05)
    images, losses = by_hand(robust_by_hand, objective, start, TARGETS, 8, 0.05)
    np.testing.assert_allclose(learned.images.reshape(3, -1), images, atol=2e-4)
    np.testing.assert_allclose(learned.losses, losses, atol=2e-3)
    np.testing.assert_allclose(learned.logits[-1], robust_by_hand.logits(images), atol=2e-2)


def test_the_step_follows_finite_differences(robust, robust_by_hand):
    # From the middle of the grey scale one small step is not clipped anywhere.
    x = np.full((1, 784), 0.5)
    h, targets = 1e-5, np.array([8])
    slope = np.array(
        [
            robust_by_hand.loss(x + h * e, targets)[0] - robust_by_hand.loss(x - h * e, targets)[0]
            for e in np.eye(784)
        ]
    )
    objective = Objective("cross-entropy", "steepest")
    learned = learn(robust, objective, x.reshape(1, 28, 28), targets, 1, 0.1)
    moved = (x - learned.images.reshape(1, 784))[0]
    assert np.linalg.norm(moved) == pytest.approx(0.1, rel=1e-4)
    np.testing.assert_allclose(moved / 0.1, slope / np.linalg.norm(slope), atol=1e-3)


@every_objective
def test_every_objective_descends_and_stays_an_image(objective, robust, start):
    learned = learn(robust, objective, start, TARGETS, 60, 0.05)
    assert (learned.losses[-1] < learned.losses[0]).all()
    assert learned.images.min() >= 0 and learned.images.max() <= 1
    assert learned.moved.all()


@pytest.mark.parametrize("pixel_range", [(0, 1), (0, 255), (-1, 1)])
@pytest.mark.parametrize("convolution", [False, True], ids=["dense", "convolution"])
@every_objective
def test_images_keep_the_networks_shape_and_range(objective, pixel_range, convolution):
    graph, _ = colour_network(pixel_range, convolution)
    least, most = pixel_range
    start = np.random.default_rng(0).uniform(least, most, (3, 8, 8, 3)).astype(np.float32)
    targets = np.array([1, 3, 0])
    learned = learn(graph, objective, start, targets, 20, 0.05, [0, 20])
    assert learned.images.shape == (3, 8, 8, 3) and learned.logits.shape == (21, 3, 4)
    assert learned.images.min() >= least and learned.images.max() <= most
    np.testing.assert_allclose(learned.frames[0], start, atol=1e-4 * (most - least))
    np.testing.assert_array_equal(learned.frames[1], learned.images)
    at_the_end = reading.read(graph, learned.images)
    np.testing.assert_allclose(learned.logits[-1], at_the_end, rtol=1e-3, atol=1e-2)
    assert (learned.losses[-1] <= learned.losses[0]).all()


def test_a_step_in_another_range_is_the_same_share_of_it():
    """One dense layer: the gradient of a logit is its weights, whatever the range."""
    graph, (w, _) = colour_network((0, 255), convolution=False)
    start = np.full((1, 8, 8, 3), 127.5, np.float32)
    learned = learn(graph, Objective("logit", "steepest"), start, np.array([2]), 1, 0.1)
    way = (learned.images - start).ravel()
    np.testing.assert_allclose(way, 25.5 * w[:, 2] / np.linalg.norm(w[:, 2]), atol=1e-3)


def test_xla_and_an_ordinary_graph_learn_alike(robust, start, monkeypatch):
    fast = learn(robust, ADAM, start, TARGETS, 12, 0.05, [0, 5, 12])
    with monkeypatch.context() as without:
        without.setattr(learning.compiling, "admit", lambda *_, **__: False)
        ordinary = learn(robust, ADAM, start, TARGETS, 12, 0.05, [0, 5, 12])
    for one, other in zip(fast, ordinary, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_sigmoids_are_asked_one_by_one():
    rng = np.random.default_rng(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(3, "sigmoid")]
    model = keras.Sequential([keras.Input((4, 4)), *layers])
    model.set_weights([rng.normal(size=(16, 3)), np.zeros(3)])
    graph = freeze(model)
    start = rng.random((1, 4, 4), np.float32)
    learned = learn(graph, ADAM, start, np.array([1]), 1, 0.01)
    p = 1 / (1 + np.exp(-(start.reshape(1, 16) @ model.get_weights()[0])))[0]
    want = -np.log(p[1]) - np.log(1 - p[0]) - np.log(1 - p[2])
    assert learned.losses[0, 0] == pytest.approx(want, rel=1e-4)


def test_frames_are_the_images_of_shorter_runs(robust, start):
    learned = learn(robust, ADAM, start, TARGETS, 30, 0.05, [0, 7, 7, 19, 30])
    assert np.array_equal(learned.frames[0], start)
    assert np.array_equal(learned.frames[-1], learned.images)
    assert np.array_equal(learned.frames[1], learned.frames[2])
    for frame, steps in zip(learned.frames[[1, 3]], (7, 19), strict=True):
        shorter = learn(robust, ADAM, start, TARGETS, steps, 0.05)
        assert np.array_equal(frame, shorter.images)


def test_frames_need_not_reach_the_end(robust, start):
    asked = list(range(learning.FRAME_BUCKETS[1]))
    learned = learn(robust, ADAM, start, TARGETS, 60, 0.05, asked)
    shorter = learn(robust, ADAM, start, TARGETS, asked[-1], 0.05)
    assert np.array_equal(learned.frames[-1], shorter.images)


def test_the_weights_stay_byte_for_byte(robust, start):
    before = {name: w.numpy().tobytes() for name, w in robust.weights.items()}
    graph = robust.graph_def.SerializeToString(deterministic=True)
    learn(robust, ADAM, start, TARGETS, 50, 0.05)
    assert {name: w.numpy().tobytes() for name, w in robust.weights.items()} == before
    assert robust.graph_def.SerializeToString(deterministic=True) == graph


@pytest.mark.parametrize("convolution", [False, True], ids=["dense", "convolution"])
def test_eight_threads_get_what_one_gets(convolution):
    graph, _ = colour_network((0, 1), convolution)
    starts = np.random.default_rng(1).random((16, 1, 8, 8, 3), np.float32)

    def run(first):
        return learn(graph, ADAM, first, np.array([2]), 40, 0.05, [0, 40])

    alone = [run(first) for first in starts]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, starts))
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.tobytes() == b.tobytes()


def test_more_images_than_the_largest_bucket_are_learned_in_batches(robust):
    count = 2 * batches.BUCKETS[-1] + 5
    start = np.random.default_rng(2).random((count, 28, 28), np.float32)
    targets = np.arange(count) % 10
    objective = Objective("logit", "steepest")
    learned = learn(robust, objective, start, targets, 3, 0.2, [0, 3])
    assert learned.losses.shape == (3, count) and learned.frames.shape == (2, count, 28, 28)
    last = learn(robust, objective, start[-5:], targets[-5:], 3, 0.2)
    np.testing.assert_allclose(learned.images[-5:], last.images, atol=1e-5)


def test_a_gradient_of_nothing_moves_nothing_and_that_is_said():
    from invert.networks import classifier

    graph = freeze(classifier.build("zeros"))
    start = np.full((1, 28, 28), 0.25, np.float32)
    for objective in OBJECTIVES:
        learned = learn(graph, objective, start, np.array([1]), 5, 0.2)
        assert np.array_equal(learned.images, start) and not learned.moved.any()


def test_penalties_join_the_loss_with_their_weights(robust, robust_by_hand, start):
    objective = Objective("cross-entropy", "steepest", ("l2", "total_variation"))
    weights = {"l2": 0.5, "total_variation": 0.25}
    learned = learn(robust, objective, start, TARGETS, 1, 0.1, weights=weights)
    squares = start.astype(np.float64)
    variation = sum(np.abs(np.diff(squares, axis=a)).sum(axis=(1, 2)) for a in (1, 2))
    ink = 0.5 * (squares**2).sum(axis=(1, 2))
    loss = robust_by_hand.loss(start.reshape(3, 784), TARGETS)
    np.testing.assert_allclose(learned.losses[0], loss + 0.5 * ink + 0.25 * variation, rtol=1e-4)


@pytest.mark.parametrize("penalty", list(priors.PENALTIES))
def test_a_penalty_lowers_what_it_measures(penalty, robust, start):
    free = learn(robust, ADAM, start, TARGETS, 60, 0.05)
    objective = Objective("cross-entropy", "adam", (penalty,))
    bound = learn(robust, objective, start, TARGETS, 60, 0.05, weights={penalty: 0.1})

    def measure(images):
        return priors.PENALTIES[penalty](images.reshape(3, 784), (28, 28)).numpy()

    assert (measure(bound.images) < measure(free.images)).all()


def test_jitter_of_no_pixels_is_none_and_its_seed_decides(robust, start):
    objective = Objective("cross-entropy", "adam", ("jitter",))

    def run(most, seed):
        weights = {"jitter": most}
        return learn(robust, objective, start, TARGETS, 9, 0.05, weights=weights, seed=seed).images

    still = learn(robust, ADAM, start, TARGETS, 9, 0.05).images
    np.testing.assert_allclose(run(0, 0), still, atol=1e-6)
    assert np.array_equal(run(2, 0), run(2, 0))
    assert not np.allclose(run(2, 0), run(2, 1), atol=1e-2)


def test_jitter_shows_the_classifier_the_shifted_image(robust, robust_by_hand, start):
    objective = Objective("cross-entropy", "steepest", ("jitter",))
    learned = learn(robust, objective, start, TARGETS, 1, 0.1, weights={"jitter": 3}, seed=4)
    down, right = priors.jitter_shifts(3, 1000, seed=4)[0]
    assert (down, right) != (0, 0)
    moved = np.roll(start, (down, right), axis=(1, 2)).reshape(3, 784)
    np.testing.assert_allclose(learned.losses[0], robust_by_hand.loss(moved, TARGETS), rtol=1e-4)


def test_with_a_decoder_m_is_its_code(robust, robust_by_hand):
    rng = np.random.default_rng(0)
    w = rng.normal(0, 0.1, (12, 784))
    codes = rng.normal(size=(3, 12))
    learned = learning.learn(
        robust,
        Objective("cross-entropy", "steepest", ("l2",)),
        codes,
        TARGETS,
        decoder=lambda codes: codes @ tf.constant(w, tf.float32),
        steps=1,
        step_size=0.5,
        weights={"l2": 0.3},
        frame_steps=[0, 1],
    )
    images = codes @ w
    loss = robust_by_hand.loss(images, TARGETS) + 0.15 * (codes**2).sum(axis=1)
    gradient = robust_by_hand.gradient(images, TARGETS) @ w.T + 0.3 * codes
    moved = codes - 0.5 * gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(learned.losses[0], loss, rtol=1e-4)
    np.testing.assert_allclose(learned.frames[0].reshape(3, 784), images, atol=1e-5)
    np.testing.assert_allclose(learned.images.reshape(3, 784), moved @ w, atol=1e-4)
    assert learned.images.min() < 0  # nothing is projected: the decoder alone decides


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": np.zeros((3, 784))}, r"start must be images of shape \(3, 28, 28\); got"),
        ({"targets": np.array([1, 2])}, "one image for each target, at least one; got 3 for 2"),
        ({"targets": np.array([1, 2, 10])}, "targets must be classes, 0 to 9; got"),
    ],
)
def test_what_does_not_fit_is_named(change, words, robust, start):
    arguments = {"start": start, "targets": TARGETS, **change}
    with pytest.raises(ValueError, match=words):
        learn(robust, ADAM, arguments["start"], arguments["targets"], 1, 0.1)


def test_a_network_that_overflows_says_so():
    graph = freeze(keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)]))
    weights = {name: 1e38 * tf.ones_like(weight) for name, weight in graph.weights.items()}
    huge = dataclasses.replace(graph, weights=weights, compiled={})
    with pytest.raises(ValueError, match="must be finite"):
        learn(huge, ADAM, np.ones((1, 28, 28)), np.array([1]), 3, 0.1)
