import concurrent.futures

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import dense_graph, write

from invert.inversion import batches, learning, priors
from invert.inversion.aims import LOSS_FUNCTIONS, one_hot
from invert.inversion.checks import MAX_STEPS
from invert.inversion.freezing import freeze
from invert.inversion.learning import FRAME_BUCKETS
from invert.inversion.loop import UNSEEN, Objective
from invert.inversion.parametrisations.decoder import Decoder
from invert.inversion.parametrisations.strokes import Strokes
from invert.inversion.step_rules import STEP_RULES
from invert.inversion.views import VIEWS, Jitter, Moment

OBJECTIVES = [Objective(loss, rule) for loss in LOSS_FUNCTIONS for rule in STEP_RULES]
ADAM, STEEPEST = (Objective("cross-entropy", rule) for rule in ("adam", "steepest"))
by_xla = pytest.mark.usefixtures("xla")
every_objective = pytest.mark.parametrize(
    "objective", OBJECTIVES, ids=[f"{o.loss}-{o.step_rule}" for o in OBJECTIVES]
)
TARGETS = np.array([8, 3, 0, 8])  # four: two batches of two, alike to compile


def learn(network, objective, start, targets, **settings):
    """Learn classes from inputs in the network's own range."""
    aims = one_hot(targets, network.classes)
    return learning.learn(network, objective, network.domain.to_unit(start), aims, **settings)


class ByHand:
    """A 784-16-10 ReLU network in NumPy, float64: logits and, by the chain rule, gradients."""

    def __init__(self, weights, head="softmax"):
        self.w1, self.b1, self.w2, self.b2 = (w.astype(np.float64) for w in weights)
        self.head = head

    def logits(self, images):
        hidden = np.maximum(images.reshape(len(images), -1) @ self.w1 + self.b1, 0)
        return hidden @ self.w2 + self.b2

    def loss(self, images, targets, kind="cross-entropy"):
        z, wanted = self.logits(images), np.eye(10)[targets]
        if kind == "logit":
            return -(z * wanted).sum(axis=1)
        if kind == "values":
            return ((z - wanted) ** 2).sum(axis=1)
        if kind == "margin":
            others = np.log((np.exp(z) * (1 - wanted)).sum(axis=1))
            return others - (z * wanted).sum(axis=1)
        if self.head == "sigmoid":
            p = 1 / (1 + np.exp(-z))
            return -np.log(np.where(wanted, p, 1 - p)).sum(axis=1)
        return np.log(np.exp(z).sum(axis=1)) - (z * wanted).sum(axis=1)

    def gradient(self, images, targets, kind="cross-entropy"):
        z, wanted = self.logits(images), np.eye(10)[targets]
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        if kind == "margin":
            p = np.exp(z) * (1 - wanted)
            p /= p.sum(axis=1, keepdims=True)
        if self.head == "sigmoid":
            p = 1 / (1 + np.exp(-z))
        back = (0 if kind == "logit" else p) - wanted
        if kind == "values":
            back = 2 * (z - wanted)
        active = images.reshape(len(images), -1) @ self.w1 + self.b1 > 0
        return ((back @ self.w2.T * active) @ self.w1.T).reshape(images.shape)


def dense(seed=0, activation=None):
    keras.utils.set_random_seed(seed)
    bias = keras.initializers.RandomNormal(stddev=0.3)
    layers = [
        keras.layers.Dense(16, "relu", bias_initializer=bias),
        keras.layers.Dense(10, activation, bias_initializer=bias),
    ]
    return keras.Sequential([keras.Input((784,)), *layers])


def colour():
    keras.utils.set_random_seed(1)
    layers = [
        keras.layers.Conv2D(6, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(4),
    ]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers])


@pytest.fixture(scope="module")
def model():
    return dense()


@pytest.fixture(scope="module")
def network(model):
    return freeze(model)


@pytest.fixture(scope="module")
def hand(model):
    return ByHand(model.get_weights())


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(0).uniform(0, 0.3, (4, 28, 28)).astype(np.float32)


def by_hand(loss, gradient, objective, x, steps, size):
    """The whole optimisation in NumPy, float64."""
    x, losses = x.astype(np.float64), []
    mean = square = np.zeros_like(x)
    for t in range(1, steps + 1):
        losses.append(loss(x))
        g = gradient(x)
        if objective.step_rule == "adam":
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            step = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        else:
            step = g / np.sqrt((g**2).sum(axis=tuple(range(1, g.ndim)), keepdims=True))
        x = np.clip(x - size * step, 0, 1)
    return x, np.array(losses)


@by_xla
@every_objective
def test_every_objective_takes_the_steps_that_numpy_takes(objective, network, hand, start):
    learned = learn(network, objective, start, TARGETS, steps=8, step_size=0.05)
    images, losses = by_hand(
        lambda x: hand.loss(x, TARGETS, objective.loss),
        lambda x: hand.gradient(x, TARGETS, objective.loss),
        objective,
        start,
        8,
        0.05,
    )
    np.testing.assert_allclose(learned.inputs, images, atol=2e-4)
    np.testing.assert_allclose(learned.losses, losses, atol=1e-3)
    np.testing.assert_allclose(learned.logits, hand.logits(images), atol=1e-3)
    assert learned.moved.all()


def test_of_sigmoids_every_class_is_a_question_of_its_own(start):
    model = dense(activation="sigmoid")
    hand, network = ByHand(model.get_weights(), "sigmoid"), freeze(model)
    assert network.head == "sigmoid"
    learned = learn(network, STEEPEST, start, TARGETS, steps=5, step_size=0.1)
    images, losses = by_hand(
        lambda x: hand.loss(x, TARGETS),
        lambda x: hand.gradient(x, TARGETS),
        STEEPEST,
        start,
        5,
        0.1,
    )
    np.testing.assert_allclose(learned.losses, losses, atol=1e-3)
    np.testing.assert_allclose(learned.inputs, images, atol=1e-3)


@pytest.mark.parametrize("pixel_range", [(0, 1), (0, 255), (-1, 1)])
def test_images_of_any_shape_and_pixel_range(pixel_range):
    model, (least, most) = colour(), pixel_range
    network = freeze(model, pixel_range=pixel_range)
    share = np.random.default_rng(3).random((5, 8, 8, 3)).astype(np.float32)
    targets = np.array([0, 1, 2, 3, 3])

    def loss_and_gradient(x):
        with tf.GradientTape() as tape:
            unit = tf.Variable(x, dtype=tf.float32)
            logits = model(least + (most - least) * unit)
            loss = -tf.gather(logits, targets, axis=1, batch_dims=1)
        return loss.numpy(), tape.gradient(loss, unit).numpy()

    objective = Objective("logit", "steepest")
    images, losses = by_hand(
        lambda x: loss_and_gradient(x)[0],
        lambda x: loss_and_gradient(x)[1],
        objective,
        share,
        6,
        0.3,
    )
    start = least + (most - least) * share
    learned = learn(network, objective, start, targets, steps=6, step_size=0.3, frame_steps=[0, 6])
    scale = most - least
    np.testing.assert_allclose(learned.losses, losses, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(learned.inputs, least + scale * images, atol=1e-3 * scale)
    np.testing.assert_allclose(learned.logits, model(learned.inputs), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(learned.frames[0], start, atol=1e-5 * scale)
    assert np.array_equal(learned.frames[-1], learned.inputs)
    assert least <= learned.inputs.min() and learned.inputs.max() <= most


def test_the_step_follows_finite_differences(network, hand):
    # From the middle of the grey scale one small step is not clipped anywhere.
    x = np.full((1, 28, 28), 0.5)
    h, targets = 1e-5, np.array([8])
    units = np.eye(784).reshape(784, 1, 28, 28)
    slope = [(hand.loss(x + h * e, targets) - hand.loss(x - h * e, targets))[0] for e in units]
    learned = learn(network, STEEPEST, x.astype(np.float32), targets, steps=1, step_size=0.1)
    moved = (x - learned.inputs).ravel()
    assert np.linalg.norm(moved) == pytest.approx(0.1, rel=1e-4)
    np.testing.assert_allclose(moved / 0.1, slope / np.linalg.norm(slope), atol=1e-3)


@every_objective
def test_every_objective_descends_and_stays_an_image(objective, network, start):
    learned = learn(network, objective, start, TARGETS, steps=60, step_size=0.05)
    assert (learned.losses[-1] < learned.losses[0]).all()
    assert learned.inputs.min() >= 0 and learned.inputs.max() <= 1


@pytest.mark.parametrize("make", [dense, colour])
def test_frames_are_the_images_of_shorter_runs(make):
    network = freeze(make())
    start = np.random.default_rng(0).random((4, *network.image_shape)).astype(np.float32)

    def run(steps, frame_steps=()):
        settings = {"steps": steps, "step_size": 0.05, "frame_steps": frame_steps}
        return learn(network, ADAM, start, np.array([1, 3, 0, 2]), **settings)

    learned = run(30, [0, 7, 7, 19, 30])
    assert np.array_equal(learned.frames[0], start)
    assert np.array_equal(learned.frames[-1], learned.inputs)
    assert np.array_equal(learned.frames[1], learned.frames[2])
    for frame, steps in zip(learned.frames[[1, 3]], (7, 19), strict=True):
        assert np.array_equal(frame, run(steps).inputs)


def test_frames_need_not_reach_the_end(network, start):
    asked = list(range(FRAME_BUCKETS[1]))
    learned = learn(network, ADAM, start, TARGETS, steps=60, step_size=0.05, frame_steps=asked)
    shorter = learn(network, ADAM, start, TARGETS, steps=asked[-1], step_size=0.05)
    assert np.array_equal(learned.frames[-1], shorter.inputs)


def test_the_weights_stay_byte_for_byte(network, model, start):
    def weights():
        return [np.asarray(w).tobytes() for w in (*model.get_weights(), *network.weights)]

    before = weights()
    graph = network.architecture.graph_def.SerializeToString(deterministic=True)
    learn(network, ADAM, start, TARGETS, steps=50, step_size=0.05)
    assert weights() == before
    assert network.architecture.graph_def.SerializeToString(deterministic=True) == graph


@by_xla
@pytest.mark.parametrize("make", [dense, colour])
def test_eight_threads_get_what_one_gets(make):
    network = freeze(make())
    starts = np.random.default_rng(1).random((16, 1, *network.image_shape), np.float32)

    def run(first):
        settings = {"steps": 60, "step_size": 0.05, "frame_steps": [0, 60]}
        return learn(network, ADAM, first, np.array([2]), **settings)

    alone = [run(first) for first in starts]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, starts))
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.tobytes() == b.tobytes()


@by_xla
@pytest.mark.parametrize("make", [dense, colour])
def test_the_same_call_gives_the_same_bits(make):
    network = freeze(make())
    start = np.random.default_rng(1).random((13, *network.image_shape), np.float32)
    runs = [
        learn(network, STEEPEST, start, np.arange(13) % 4, steps=40, step_size=0.2)
        for _ in range(3)
    ]
    assert len({run.inputs.tobytes() for run in runs}) == 1
    assert len({run.logits.tobytes() for run in runs}) == 1


@pytest.mark.parametrize("make", [dense, colour])
def test_many_images_are_learned_in_batches(make, monkeypatch):
    monkeypatch.setattr(batches, "BUCKETS", (1, 5))
    monkeypatch.setattr(batches, "MOST", 5)
    network = freeze(make())
    start = np.random.default_rng(2).random((23, *network.image_shape), np.float32)
    targets = np.arange(23) % 4
    objective = Objective("logit", "steepest")
    settings = {"steps": 3, "step_size": 0.2}
    learned = learn(network, objective, start, targets, frame_steps=[0, 3], **settings)
    assert learned.losses.shape == (3, 23)
    assert learned.frames.shape == (2, 23, *network.image_shape)
    last = learn(network, objective, start[-4:], targets[-4:], **settings)
    np.testing.assert_allclose(learned.inputs[-4:], last.inputs, atol=1e-5)


def traced_for(network):
    return [concrete for concrete, _ in network.architecture.compiled["traced"].values()]


@by_xla
def test_numbers_never_compile_again(start):
    network = freeze(dense())

    def run(steps, size, target):
        settings = {"steps": steps, "step_size": size, "frame_steps": [0, steps]}
        learn(network, STEEPEST, start[:1], [target], **settings)

    run(1, 1, 1)
    traced = traced_for(network)
    for steps in (1, 2, 60, MAX_STEPS):
        for size in (0.01, 0.2, 3):
            for target in range(0, 10, 3):
                run(steps, size, target)
    assert traced_for(network) == traced


@every_objective
def test_a_gradient_of_nothing_moves_nothing_and_says_so(objective):
    model = dense()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    start = np.full((2, 28, 28), 0.25, np.float32)
    learned = learn(freeze(model), objective, start, [1, 2], steps=5, step_size=0.2)
    assert np.array_equal(learned.inputs, start)
    assert learned.moved.tolist() == [False, False]


def test_only_what_moved_is_said_to_have_moved():
    model = dense()
    w1, b1, w2, b2 = model.get_weights()
    model.set_weights([np.abs(w1), -np.ones_like(b1), w2, b2])  # on a black page all are inactive
    start = np.stack([np.zeros((28, 28)), np.full((28, 28), 0.5)]).astype(np.float32)
    learned = learn(freeze(model), STEEPEST, start, [1, 1], steps=5, step_size=0.2)
    assert learned.moved.tolist() == [False, True]
    assert not learned.inputs[0].any()


def test_what_left_and_came_back_has_moved():
    # The loss falls with every pixel's ink, and one step of Adam is enough to fill the page. So M
    # stays there, if it was full before; whoever starts from black leaves.
    model = dense()
    w1, b1, w2, b2 = model.get_weights()
    model.set_weights([np.abs(w1), np.ones_like(b1), np.abs(w2), b2])
    start = np.stack([np.zeros((28, 28)), np.ones((28, 28))]).astype(np.float32)
    objective = Objective("logit", "adam")
    learned = learn(freeze(model), objective, start, [1, 1], steps=3, step_size=2)
    assert learned.inputs.min() == 1
    assert learned.moved.tolist() == [True, False]


def test_penalties_join_the_loss_with_their_weights(network, hand, start):
    objective = Objective("cross-entropy", "steepest", ("l2", "total_variation"))
    weights = {"l2": 0.5, "total_variation": 0.25}
    learned = learn(network, objective, start, TARGETS, steps=1, step_size=0.1, weights=weights)
    exact = start.astype(np.float64)
    variation = sum(np.abs(np.diff(exact, axis=a)).sum(axis=(1, 2)) for a in (1, 2))
    ink = 0.5 * (exact**2).sum(axis=(1, 2))
    want = hand.loss(exact, TARGETS) + 0.5 * ink + 0.25 * variation
    np.testing.assert_allclose(learned.losses[0], want, rtol=1e-4)


@pytest.mark.parametrize("penalty", ["total_variation", "l2"])
@pytest.mark.parametrize("make", [dense, colour])
def test_a_penalty_lowers_what_it_measures(penalty, make):
    network = freeze(make())
    start = np.random.default_rng(0).random((4, *network.image_shape)).astype(np.float32)
    settings = {"steps": 60, "step_size": 0.05}
    free = learn(network, ADAM, start, [1, 2, 3, 0], **settings)
    objective = Objective("cross-entropy", "adam", (penalty,))
    bound = learn(network, objective, start, [1, 2, 3, 0], weights={penalty: 0.1}, **settings)

    def measure(images):
        return priors.PENALTIES[penalty](images, tf.constant(images), None, None).numpy()

    assert (measure(bound.inputs) < measure(free.inputs)).all()


JITTER = Objective("cross-entropy", "steepest", view=VIEWS["jitter"])


def test_jitter_of_no_pixels_is_none_and_its_seed_decides(network, start):
    settings = {"steps": 9, "step_size": 0.05}

    def run(most, seed):
        return learn(network, JITTER, start, TARGETS, strength=most, seed=seed, **settings).inputs

    plain = learn(network, STEEPEST, start, TARGETS, **settings).inputs
    np.testing.assert_allclose(run(0, 0), plain, atol=1e-6)
    assert np.array_equal(run(2, 0), run(2, 0))
    assert not np.allclose(run(2, 0), run(2, 1), atol=1e-2)


def test_jitter_shows_the_classifier_the_shifted_image(network, hand, start):
    settings = {"steps": 1, "step_size": 0.1, "strength": 3, "seed": 4, "frame_steps": [0, 1]}
    learned = learn(network, JITTER, start, TARGETS, **settings)
    shift = Jitter.shift(np.float32(3), Moment(np.int32(4), np.int32(0), np.int32(0))).numpy()
    assert shift.any()
    moved = np.roll(start, shift, axis=(1, 2))
    np.testing.assert_allclose(learned.losses[0], hand.loss(moved, TARGETS), rtol=1e-4)
    # What is recorded is said of the image as it is.
    np.testing.assert_allclose(learned.frame_logits[0], hand.logits(start), atol=1e-4)


def test_the_looks_of_a_step_are_averaged_and_each_is_another(network, hand, start):
    objective = JITTER._replace(looks=3)
    settings = {"steps": 2, "step_size": 0.1, "strength": 3, "seed": 4, "frame_steps": [0, 1]}
    learned = learn(network, objective, start, TARGETS, **settings)
    for step in (0, 1):
        moments = [Moment(np.int32(4), np.int32(3 * step + look), np.int32(0)) for look in range(3)]
        shifts = [Jitter.shift(np.float32(3), moment).numpy() for moment in moments]
        assert len({tuple(shift) for shift in shifts}) > 1
        x = learned.frames[step]
        losses = [hand.loss(np.roll(x, shift, axis=(1, 2)), TARGETS) for shift in shifts]
        np.testing.assert_allclose(learned.losses[step], np.mean(losses, axis=0), rtol=1e-3)


def test_scores_are_the_mean_loss_over_views_that_no_step_saw(network, hand, start):
    objective = JITTER._replace(unseen=4)
    settings = {"steps": 3, "step_size": 0.1, "strength": 3, "seed": 4}
    learned = learn(network, objective, start, TARGETS, **settings)
    moments = [Moment(np.int32(4), np.int32(UNSEEN + look), np.int32(0)) for look in range(4)]
    shifts = [Jitter.shift(np.float32(3), moment).numpy() for moment in moments]
    losses = [hand.loss(np.roll(learned.inputs, s, axis=(1, 2)), TARGETS) for s in shifts]
    np.testing.assert_allclose(learned.scores, np.mean(losses, axis=0), rtol=1e-3)
    assert not learn(network, JITTER, start, TARGETS, **settings).scores.any()


def test_steps_that_decay_shrink_evenly(network, start):
    settings = {"steps": 5, "step_size": 0.1, "frame_steps": range(6)}
    frames = learn(network, STEEPEST, start + 0.3, TARGETS, decay=0.8, **settings).frames
    lengths = np.linalg.norm(np.diff(frames, axis=0).reshape(5, 4, -1), axis=-1)
    want = 0.1 * (1 - 0.8 * np.arange(5) / 5)
    np.testing.assert_allclose(lengths, np.tile(want[:, None], 4), rtol=1e-3)


def test_with_a_decoder_m_is_its_code(network, hand):
    rng = np.random.default_rng(0)
    w = rng.normal(0, 0.1, (12, 784)).astype(np.float32)
    held = tf.constant(w)
    codes = rng.normal(size=(4, 12)).astype(np.float32)
    learned = learning.learn(
        network,
        Objective("cross-entropy", "steepest", ("l2",)),
        codes,
        one_hot(TARGETS, 10),
        parametrisation=Decoder(lambda codes: codes @ held, 12, (28, 28)),
        steps=1,
        step_size=0.5,
        weights={"l2": 0.3},
        frame_steps=[0, 1],
    )
    images = codes @ w
    loss = hand.loss(images, TARGETS) + 0.15 * (codes**2).sum(axis=1)
    gradient = hand.gradient(images, TARGETS) @ w.T + 0.3 * codes
    moved = codes - 0.5 * gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(learned.losses[0], loss, rtol=1e-4)
    np.testing.assert_allclose(learned.frames[0].reshape(4, 784), images, atol=1e-5)
    np.testing.assert_allclose(learned.m, moved, atol=1e-5)
    np.testing.assert_array_equal(learned.frame_m[1], learned.m)
    np.testing.assert_allclose(learned.inputs.reshape(4, 784), moved @ w, atol=1e-4)
    assert learned.inputs.min() < 0  # nothing is projected: the decoder alone decides
    assert learned.moved.all()


def test_a_decoders_image_is_brought_to_the_pixel_range():
    network = freeze(colour(), pixel_range=(0, 255))
    held = tf.random.stateless_uniform((2, 192), (1, 2))
    learned = learning.learn(
        network,
        ADAM,
        np.full((2, 2), 0.5, np.float32),
        one_hot([1, 2], 4),
        parametrisation=Decoder(lambda codes: tf.sigmoid(codes @ held), 2, (8, 8, 3)),
        steps=4,
        step_size=0.1,
    )
    assert learned.inputs.shape == (2, 8, 8, 3)
    assert 100 < learned.inputs.max() <= 255


def test_records_are_small_however_many_classes_there_are():
    """A step towards ten of 5,000 classes once held each step's logits, 418 MB."""
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(5000)])
    network = freeze(model, shape=(4, 4))
    start = np.full((10, 4, 4), 0.5, np.float32)
    learned = learn(network, ADAM, start, range(10), steps=1, step_size=0.1)
    assert sum(record.nbytes for record in learned) < 2**18


@pytest.mark.parametrize(
    ("start", "targets", "words"),
    [
        (np.zeros((2, 784)), [1, 2], r"start must have the shape \(2, 28, 28\); got \(2, 784\)"),
        (np.zeros((2, 28, 28)), [1], "one image for each target, at least one; got 2 for 1"),
        (np.zeros((0, 28, 28)), [], "at least one; got 0"),
    ],
)
def test_what_does_not_fit_the_classifier_is_refused(start, targets, words, network):
    with pytest.raises(ValueError, match=words):
        learn(network, ADAM, start, np.array(targets, int), steps=1, step_size=0.1)


def test_aims_are_one_number_for_each_output(network, start):
    with pytest.raises(ValueError, match=r"aims must have the shape \(4, 10\); got \(4, 3\)"):
        learning.learn(network, ADAM, start, np.ones((4, 3)), steps=1, step_size=0.1)


@pytest.mark.parametrize("rule", list(STEP_RULES))
def test_a_graph_of_no_version_is_learned_as_one_of_today(rule, tmp_path):
    """TensorFlow infers fewer shapes beside graphs of its first days, which name no version."""
    path, _ = dense_graph(tmp_path / "now.pb")
    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    graph_def.versions.Clear()
    start = np.full((3, 28, 28), 0.5, np.float32)
    objective, how = Objective("cross-entropy", rule), {"steps": 5, "step_size": 0.1}
    images = [
        learn(freeze(each), objective, start, np.array([1, 2, 3]), **how).inputs
        for each in (path, write(tmp_path / "then.pb", graph_def))
    ]
    assert np.ptp(images[0]) > 0
    np.testing.assert_allclose(*images, atol=1e-6)


@pytest.mark.parametrize("rule", list(STEP_RULES))
@pytest.mark.parametrize("power", [0.5, -1.0])  # of zero: an endless slope, an endless value
def test_what_is_not_finite_is_an_error_and_no_image(rule, power):
    image = keras.Input((4, 4))
    flat = keras.layers.Flatten()(image)
    logits = keras.layers.Dense(3)(keras.ops.power(flat, power))
    network = freeze(keras.Model(image, logits))
    with pytest.raises(ValueError, match="must be finite; at some step they were not. Take"):
        learn(
            network,
            Objective("logit", rule),
            np.zeros((1, 4, 4)),
            [1],
            steps=3,
            step_size=0.1,
        )


def test_of_several_tries_the_one_is_kept_that_unseen_views_score_best():
    network, pen = freeze(dense()), Strokes((28, 28))
    objective = Objective("margin", "adam", view=VIEWS["hand"], looks=2, unseen=4)
    start, aims = pen.start(6, 0), one_hot([3, 1], 10)
    settings = {"parametrisation": pen, "steps": 4, "step_size": 0.03, "strength": 1.0}
    each = learning.learn(network, objective, start, np.repeat(aims, 3, 0), **settings)
    best = learning.learn(network, objective, start, aims, tries=3, **settings)
    chosen = each.scores.reshape(2, 3).argmin(1) + np.array([0, 3])
    np.testing.assert_allclose(best.m, each.m[chosen], atol=1e-3)
    np.testing.assert_allclose(best.scores, each.scores[chosen], rtol=1e-3)
