import concurrent.futures

import keras
import numpy as np
import pytest

from invert import classifier, frozen, inversion, priors
from invert.inversion import Objective

OBJECTIVES = [Objective(loss, rule) for loss in inversion.LOSSES for rule in inversion.STEP_RULES]
ADAM = Objective("cross-entropy", "adam")
every_objective = pytest.mark.parametrize(
    "objective", OBJECTIVES, ids=[f"{o.loss}-{o.step_rule}" for o in OBJECTIVES]
)


@pytest.fixture(scope="module")
def robust():
    return frozen.load("robust")


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(0).uniform(0, 0.3, (3, 784)).astype(np.float32)


DIGITS = np.array([8, 3, 0])


def learn(graph, objective, start, digits, steps, step_size, frame_steps=(), **settings):
    settings |= {"steps": steps, "step_size": step_size, "frame_steps": frame_steps}
    return inversion.learn(graph, objective, start, digits, **settings)


def by_hand(network, objective, x, digits, steps, size):
    """The whole optimisation in NumPy, float64."""
    x, losses = x.astype(np.float64), []
    mean = square = np.zeros_like(x)
    for t in range(1, steps + 1):
        losses.append(network.loss(x, digits, objective.loss))
        g = network.gradient(x, digits, objective.loss)
        if objective.step_rule == "adam":
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            step = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        else:
            step = g / np.linalg.norm(g, axis=1, keepdims=True)
        x = np.clip(x - size * step, 0, 1)
    return x, np.array(losses)


@every_objective
def test_every_objective_takes_the_steps_that_numpy_takes(objective, robust, robust_by_hand, start):
    learned = learn(robust, objective, start, DIGITS, 8, 0.05)
    images, losses = by_hand(robust_by_hand, objective, start, DIGITS, 8, 0.05)
    np.testing.assert_allclose(learned.images, images, atol=2e-4)
    np.testing.assert_allclose(learned.losses, losses, atol=2e-3)
    np.testing.assert_allclose(learned.logits[-1], robust_by_hand.logits(images), atol=2e-2)


def test_the_step_follows_finite_differences(robust, robust_by_hand):
    # From the middle of the grey scale one small step is not clipped anywhere.
    x = np.full((1, 784), 0.5)
    h, digits = 1e-5, np.array([8])
    slope = np.array(
        [
            robust_by_hand.loss(x + h * e, digits)[0] - robust_by_hand.loss(x - h * e, digits)[0]
            for e in np.eye(784)
        ]
    )
    objective = Objective("cross-entropy", "steepest")
    learned = learn(robust, objective, x.astype(np.float32), digits, 1, 0.1)
    moved = (x - learned.images)[0]
    assert np.linalg.norm(moved) == pytest.approx(0.1, rel=1e-4)
    np.testing.assert_allclose(moved / 0.1, slope / np.linalg.norm(slope), atol=1e-3)


@every_objective
def test_every_objective_descends_and_stays_an_image(objective, robust, start):
    learned = learn(robust, objective, start, DIGITS, 60, 0.05)
    assert (learned.losses[-1] < learned.losses[0]).all()
    assert learned.images.min() >= 0 and learned.images.max() <= 1


def test_frames_are_the_images_of_shorter_runs(robust, start):
    objective = Objective("cross-entropy", "adam")
    learned = learn(robust, objective, start, DIGITS, 30, 0.05, [0, 7, 7, 19, 30])
    assert np.array_equal(learned.frames[0], start)
    assert np.array_equal(learned.frames[-1], learned.images)
    assert np.array_equal(learned.frames[1], learned.frames[2])
    for frame, steps in zip(learned.frames[[1, 3]], (7, 19), strict=True):
        shorter = learn(robust, objective, start, DIGITS, steps, 0.05)
        assert np.array_equal(frame, shorter.images)


def test_frames_need_not_reach_the_end(robust, start):
    asked = list(range(inversion.FRAME_BUCKETS[1]))
    learned = learn(robust, ADAM, start, DIGITS, 60, 0.05, asked)
    shorter = learn(robust, ADAM, start, DIGITS, asked[-1], 0.05)
    assert np.array_equal(learned.frames[-1], shorter.images)


def test_the_weights_stay_byte_for_byte(robust, start):
    model = classifier.load("robust")
    before = [w.tobytes() for w in model.get_weights()]
    graph = robust.graph_def.SerializeToString(deterministic=True)
    learn(robust, ADAM, start, DIGITS, 50, 0.05)
    assert [w.tobytes() for w in model.get_weights()] == before
    assert robust.graph_def.SerializeToString(deterministic=True) == graph


def test_eight_threads_get_what_one_gets(robust):
    starts = np.random.default_rng(1).random((24, 1, 784), np.float32)

    def run(first):
        return learn(robust, ADAM, first, np.array([8]), 60, 0.05, [0, 60])

    alone = [run(first) for first in starts]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, starts))
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.tobytes() == b.tobytes()


def test_more_images_than_the_largest_bucket_are_learned_in_batches(robust):
    count = inversion.BUCKETS[-1] + 5
    start = np.random.default_rng(2).random((count, 784), np.float32)
    digits = np.arange(count) % 10
    objective = Objective("logit", "steepest")
    learned = learn(robust, objective, start, digits, 3, 0.2, [0, 3])
    assert learned.losses.shape == (3, count) and learned.frames.shape == (2, count, 784)
    last = learn(robust, objective, start[-5:], digits[-5:], 3, 0.2)
    np.testing.assert_allclose(learned.images[-5:], last.images, atol=1e-5)


def test_numbers_never_compile_again(robust, start):
    objective = Objective("cross-entropy", "steepest")
    inversion._compile.cache_clear()
    for steps in (1, 2, 60, inversion.MAX_STEPS):
        for size in (0.01, 0.2, 3):
            for digit in range(10):
                learn(robust, objective, start[:1], np.array([digit]), steps, size, [0, steps])
    assert inversion._compile.cache_info().currsize == 1
    loop = inversion._compile(robust, None, objective, 1, 32)
    assert loop.experimental_get_tracing_count() == 1


def test_a_gradient_of_nothing_moves_nothing():
    graph = frozen.freeze(classifier.build("zeros"))
    start = np.full((1, 784), 0.25, np.float32)
    for objective in OBJECTIVES:
        learned = learn(graph, objective, start, np.array([1]), 5, 0.2)
        assert np.array_equal(learned.images, start)


def test_penalties_join_the_loss_with_their_weights(robust, robust_by_hand, start):
    objective = Objective("cross-entropy", "steepest", ("l2", "total_variation"))
    weights = {"l2": 0.5, "total_variation": 0.25}
    learned = learn(robust, objective, start, DIGITS, 1, 0.1, weights=weights)
    squares = start.reshape(3, 28, 28).astype(np.float64)
    variation = sum(np.abs(np.diff(squares, axis=a)).sum(axis=(1, 2)) for a in (1, 2))
    ink = 0.5 * (squares**2).sum(axis=(1, 2))
    want = robust_by_hand.loss(start, DIGITS) + 0.5 * ink + 0.25 * variation
    np.testing.assert_allclose(learned.losses[0], want, rtol=1e-4)


@pytest.mark.parametrize("penalty", list(priors.PENALTIES))
def test_a_penalty_lowers_what_it_measures(penalty, robust, start):
    free = learn(robust, ADAM, start, DIGITS, 60, 0.05)
    objective = Objective("cross-entropy", "adam", (penalty,))
    bound = learn(robust, objective, start, DIGITS, 60, 0.05, weights={penalty: 0.1})
    measure = priors.PENALTIES[penalty]
    assert (measure(bound.images).numpy() < measure(free.images).numpy()).all()


def test_jitter_of_no_pixels_is_none_and_its_seed_decides(robust, start):
    objective = Objective("cross-entropy", "adam", ("jitter",))

    def run(most, seed):
        weights = {"jitter": most}
        return learn(robust, objective, start, DIGITS, 9, 0.05, weights=weights, seed=seed).images

    np.testing.assert_allclose(
        run(0, 0), learn(robust, ADAM, start, DIGITS, 9, 0.05).images, atol=1e-6
    )
    assert np.array_equal(run(2, 0), run(2, 0))
    assert not np.allclose(run(2, 0), run(2, 1), atol=1e-2)


def test_jitter_shows_the_classifier_the_shifted_image(robust, robust_by_hand, start):
    objective = Objective("cross-entropy", "steepest", ("jitter",))
    learned = learn(robust, objective, start, DIGITS, 1, 0.1, weights={"jitter": 3}, seed=4)
    down, right = priors.jitter_shifts(3, 1000, seed=4)[0]
    assert (down, right) != (0, 0)
    moved = np.roll(start.reshape(3, 28, 28), (down, right), axis=(1, 2)).reshape(3, 784)
    np.testing.assert_allclose(learned.losses[0], robust_by_hand.loss(moved, DIGITS), rtol=1e-4)


def test_with_a_decoder_m_is_its_code(robust, robust_by_hand):
    rng = np.random.default_rng(0)
    line = keras.Sequential([keras.Input((12,)), keras.layers.Dense(784, use_bias=False)])
    w = rng.normal(0, 0.1, (12, 784))
    line.set_weights([w])
    decoder = frozen.freeze(line, inputs=12, outputs=784)
    codes = rng.normal(size=(3, 12))
    learned = inversion.learn(
        robust,
        Objective("cross-entropy", "steepest", ("l2",)),
        codes.astype(np.float32),
        DIGITS,
        decoder=decoder,
        steps=1,
        step_size=0.5,
        weights={"l2": 0.3},
        frame_steps=[0, 1],
    )
    images = codes @ w
    loss = robust_by_hand.loss(images, DIGITS) + 0.15 * (codes**2).sum(axis=1)
    gradient = robust_by_hand.gradient(images, DIGITS) @ w.T + 0.3 * codes
    moved = codes - 0.5 * gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(learned.losses[0], loss, rtol=1e-4)
    np.testing.assert_allclose(learned.frames[0], images, atol=1e-5)
    np.testing.assert_allclose(learned.images, moved @ w, atol=1e-4)
    assert learned.images.min() < 0  # nothing is projected: the decoder alone decides
