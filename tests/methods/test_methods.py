import dataclasses

import keras
import numpy as np
import pytest

import invert
from invert import CLASSIFIERS
from invert.evaluation.table import PLAN
from invert.methods import beginnings, starts, warming
from invert.methods.records import Optimization, method_for
from invert.networks import inverse_model, judge

ROBUST = {"classifier": "robust", "start": "noise", "seed": 0}
PAIRS = tuple(dict.fromkeys(rung[:2] for rung in PLAN if rung[1] in invert.METHODS))
every_pair = pytest.mark.parametrize(("classifier", "method"), PAIRS)


@pytest.fixture(scope="module")
def run():
    return invert.generate([8, 8, 3], **ROBUST, frames=24)


@pytest.fixture(scope="module")
def own():
    """Three classes of 6×5 colour images from 0 to 255, one dense layer: all is known of it."""
    rng = np.random.default_rng(0)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6, 5, 3)), *layers])
    layers[-1].set_weights([rng.normal(size=(90, 3)), np.zeros(3)])
    return invert.freeze(model, pixel_range=(0, 255), labels=["ant", "bee", "cat"])


def blind(image_shape=(28, 28), classes=10):
    """A network whose first layer is inactive on a black page, as two in the wild were."""
    rng = np.random.default_rng(0)
    hidden, last = keras.layers.Dense(64, "relu"), keras.layers.Dense(classes)
    model = keras.Sequential([keras.Input(image_shape), keras.layers.Flatten(), hidden, last])
    weights, _ = hidden.get_weights()
    hidden.set_weights([rng.normal(size=weights.shape), np.full(64, -0.01)])
    return model


def test_a_run_has_the_shapes_it_promises(run):
    assert run.images.shape == (3, 28, 28) and run.images.dtype == np.float32
    assert run.images.min() >= 0 and run.images.max() <= 1
    assert run.probabilities.shape == (3, 10)
    assert run.losses.shape == (80, 3)
    assert run.frame_probabilities.shape == (24, 3, 10)
    assert run.frames.shape == (24, 3, 28, 28)
    assert run.targets.tolist() == [8, 8, 3]
    assert run.verdicts == ("convinced",) * 3
    assert (run.classifier, run.method, run.start) == ("robust", "steepest", "noise")
    assert run.settings == {"loss": "cross-entropy", "steps": 80, "step_size": 0.4}


def test_a_run_is_shown_in_a_line(run):
    said = repr(run)
    assert "\n" not in said and len(said) < 120
    assert run.method in said and run.classifier in said
    assert f"{run.verdicts.count('convinced')} of {len(run.images)} convinced" in said


def test_the_probabilities_are_the_classifiers_own(run):
    def classify(images):
        return invert.classify(images, "robust")

    np.testing.assert_allclose(run.probabilities, classify(run.images), atol=1e-4)
    middle = run.frame_probabilities[11]
    np.testing.assert_allclose(middle, classify(run.frames[11]), atol=1e-4)
    np.testing.assert_allclose(run.frame_probabilities.sum(axis=-1), 1, atol=1e-5)


@every_pair
def test_every_method_raises_its_target_and_tells_what_its_frames_are_read_as(classifier, method):
    run = invert.generate([2, 5, 9], method, classifier=classifier, seed=3, frames=5)
    target = run.probabilities[np.arange(3), run.targets]
    assert (target > 0.8).all()
    if method == "inverse":
        assert run.frames.shape == (0, 3, 28, 28) and run.frame_steps.shape == (0,)
        return
    assert (target >= run.frame_probabilities[0, np.arange(3), run.targets]).all()
    read = invert.classify(run.frames.reshape(-1, 28, 28), run.classifier).reshape(5, 3, 10)
    np.testing.assert_allclose(run.frame_probabilities, read, atol=2e-3)


def test_the_seed_reaches_the_jitter():
    settings = {"classifier": "question", "start": np.full((28, 28), 0.2), "steps": 9}
    runs = [invert.generate(5, "regularized", seed=s, **settings) for s in (0, 0, 1)]
    assert np.array_equal(runs[0].images, runs[1].images)
    assert not np.allclose(runs[0].images, runs[2].images, atol=1e-2)


def test_the_losses_are_the_cross_entropy_of_the_steps(run):
    of_target = run.frame_probabilities[:-1, np.arange(3), run.targets]
    np.testing.assert_allclose(run.losses[run.frame_steps[:-1]], -np.log(of_target), atol=1e-3)


def test_the_film_goes_from_the_start_to_the_image(run):
    assert run.frame_steps[0] == 0 and run.frame_steps[-1] == 80
    assert np.array_equal(run.frames[0], starts.make("noise", run.targets, 0))
    assert np.array_equal(run.frames[-1], run.images)


def test_the_same_seed_gives_the_same_images_and_another_does_not(run):
    again = invert.generate([8, 8, 3], **ROBUST)
    assert again.images.tobytes() == run.images.tobytes()
    assert len(again.frames) == 0
    other = invert.generate([8, 8, 3], **{**ROBUST, "seed": 1})
    assert not np.array_equal(other.images, run.images)


def test_more_images_leave_the_first_as_they_are(run):
    more = invert.generate([8, 8, 3, 0, 1, 2, 3], **ROBUST)
    np.testing.assert_allclose(more.images[:3], run.images, atol=2e-3)


def test_from_a_black_page_the_robust_classifier_imagines_ten_legible_digits():
    run = invert.generate(range(10), classifier="robust", start="black")
    reader = {"classifier": run.probabilities, "judge": judge.read(run.images)}
    for name, probabilities in reader.items():
        assert probabilities.argmax(axis=1).tolist() == list(range(10)), name
    assert judge.read(run.images)[range(10), range(10)].mean() >= 0.95


def test_the_plain_plan_convinces_its_classifier_and_nobody_else():
    run = invert.generate(range(10), "plain", classifier="question")
    assert run.verdicts == ("convinced",) * 10 and run.start == "black"
    assert (run.probabilities.argmax(axis=1) == range(10)).all()
    assert np.mean(judge.read(run.images).argmax(axis=1) == range(10)) <= 0.4


@pytest.mark.parametrize("name", invert.METHODS)
def test_records_are_complete_and_name_no_classifier(name):
    method = invert.METHODS[name]
    assert method.name == name and name not in CLASSIFIERS
    assert method.claim.endswith(".") and method.source
    assert not [c for c in CLASSIFIERS if c in method.claim]
    if isinstance(method, Optimization):
        assert method.start in (*invert.STARTS, "random")
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.name = "other"


def test_only_what_was_drawn_from_training_images_sees_them():
    steepest, latent, inverse = (invert.METHODS[n] for n in ("steepest", "latent", "inverse"))
    assert [s for s in invert.STARTS if steepest.sees_training_data(s)] == [
        "average",
        "class-gaussian",
    ]
    assert latent.sees_training_data("random") and inverse.sees_training_data("code")


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_classifier_knows_the_method_that_suits_it(name):
    best = invert.generate(4, classifier=name)
    assert best.method == CLASSIFIERS[name].method
    own = dict(CLASSIFIERS[name].settings)
    assert best.start == own.pop("start", invert.METHODS[best.method].start)
    assert best.settings.items() >= own.items()
    named = invert.generate(4, best.method, classifier=name)
    assert named.images.tobytes() == best.images.tobytes()


def test_a_classifiers_own_settings_are_of_its_own_method():
    assert method_for("energy", None, {}).loss == "logit"
    assert method_for("energy", "latent", {}).loss == "cross-entropy"
    assert method_for("robust", "plain", {}) == invert.METHODS["plain"]
    assert method_for("my.h5", None, {}) == invert.METHODS["steepest"]


@pytest.mark.parametrize(
    ("classifier", "method", "settings", "want"),
    [
        ("robust", None, {}, 0.4),
        ("robust", None, {"steps": 320}, 0.2),  # four times 80: half as long
        ("energy", None, {"steps": 400}, 0.275),
        ("energy", None, {"steps": 400, "step_size": 0.5}, 0.5),
        ("energy", "steepest", {"steps": 25}, 1.1),
        ("my.h5", None, {"steps": 60}, 0.4619),
        ("energy", "plain", {"steps": 50}, 0.05),  # Adam's are as they are
    ],
)
def test_steepest_steps_shrink_with_the_root_of_their_number(classifier, method, settings, want):
    assert method_for(classifier, method, settings).step_size == want


def test_latent_learns_a_code_and_shows_what_the_decoder_makes_of_it():
    run = invert.generate([8, 3], "latent", classifier="robust", seed=4, frames=5)
    codes = inverse_model.start_codes(2, seed=4)
    first = inverse_model.decoder().make(codes).numpy()
    np.testing.assert_allclose(run.frames[0], first, atol=1e-4)
    assert np.array_equal(run.frames[-1], run.images)
    assert judge.read(run.images).argmax(axis=1).tolist() == [8, 3]


def test_inverse_runs_nothing_backwards():
    run = invert.generate([8, 3], "inverse", seed=4, frames=5)
    assert np.array_equal(run.images, inverse_model.imagine([8, 3], seed=4))
    np.testing.assert_allclose(run.probabilities, invert.classify(run.images), atol=1e-5)
    assert len(run.frames) == 0 and run.losses.shape == (0, 2) and run.settings == {}


def test_settings_replace_the_methods_own():
    run = invert.generate(8, classifier="robust", steps=7, step_size=0.1, loss="logit")
    assert run.losses.shape == (7, 1)
    assert run.settings == {"loss": "logit", "steps": 7, "step_size": 0.1}
    # Seven steps of 0.1 from black lead at most 0.7 away.
    assert np.linalg.norm(run.images) <= 0.7001


def test_a_picture_can_be_the_start():
    three = np.zeros((28, 28), np.float32)
    three[4:24, 10:18] = 1
    run = invert.generate(8, classifier="robust", start=three, frames=2)
    assert np.array_equal(run.frames[0, 0], three) and run.start == "image"


def test_ones_own_network_can_be_inverted():
    own = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    run = invert.generate([4], "plain", classifier=invert.freeze(own))
    w, b = own.layers[-1].get_weights()
    logits = run.images.reshape(1, -1) @ w + b
    odds = np.exp(logits - logits.max())
    np.testing.assert_allclose(run.probabilities, odds / odds.sum(), atol=1e-4)
    assert run.probabilities.argmax() == 4


def test_ones_own_network_keeps_its_shape_its_range_and_its_labels(own):
    run = invert.generate(["bee", 2], "steepest", classifier=own, frames=3)
    assert run.images.shape == (2, 6, 5, 3) and run.frames.shape == (3, 2, 6, 5, 3)
    assert run.images.min() >= 0 and 2 < run.images.max() <= 255
    assert run.targets.tolist() == [1, 2] and run.labels == ("ant", "bee", "cat")
    assert (run.method, run.start) == ("steepest", "noise")
    assert run.verdicts == ("convinced", "convinced")
    np.testing.assert_allclose(run.probabilities, invert.classify(run.images, own), atol=1e-4)
    again = invert.generate("cat", classifier=own, start=run.images[0])
    assert again.verdicts == ("convinced",)


def test_a_file_goes_wherever_a_name_goes(tmp_path):
    own = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    own.save(tmp_path / "own.keras")
    run = invert.generate(3, "steepest", classifier=tmp_path / "own.keras", steps=5)
    assert run.classifier == "own.keras"
    answers = [invert.classify(run.images, each) for each in (str(tmp_path / "own.keras"), own)]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)


def test_a_step_changes_a_pixel_as_much_whatever_the_size(own):
    small = invert.generate(0, classifier=own, start="black", steps=1, step_size=0.1)
    # 90 values in a range of 255: 0.1 × √(90 / 784) × 255, but for what is cut off below black.
    length = np.linalg.norm(small.images)
    assert 0.3 < length / (0.1 * np.sqrt(90 / 784) * 255) <= 1.0001


def test_a_start_that_cannot_move_is_said_and_left_unless_it_was_named():
    frozen = invert.freeze(blind())
    stuck = invert.generate([3, 4], "plain", classifier=frozen, start="black")
    assert stuck.verdicts == ("never moved",) * 2 and stuck.start == "black"
    assert not stuck.images.any()
    moved = invert.generate([3, 4], "plain", classifier=frozen)
    assert moved.verdicts == ("convinced",) * 2 and moved.start == "noise"


def test_a_classifier_that_is_not_convinced_is_said():
    run = invert.generate([1, 7], classifier="robust", start="black", steps=1, step_size=0.01)
    read = run.probabilities.argmax(axis=1)
    want = tuple("convinced" if right else "not convinced" for right in read == (1, 7))
    assert run.verdicts == want and "not convinced" in want


def test_another_shipped_classifier_can_be_named():
    run = invert.generate([1], "steepest", classifier="question", start="black")
    np.testing.assert_allclose(
        run.probabilities, invert.classify(run.images, "question"), atol=1e-4
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"targets": 10}, r"each digit must be a whole number from 0 to 9; got 10"),
        ({"targets": [1, -1]}, r"each digit .* got -1"),
        ({"targets": 2.5}, r"each digit .* got 2.5"),
        ({"targets": None}, r"each digit .* got None"),
        ({"targets": [[1, 2]]}, r"each digit .* got \[1, 2\]"),
        ({"targets": [[1], [2, 3]]}, r"each digit .* got \[1\]"),
        ({"targets": []}, r"count of images must be a whole number from 1 to 1000; got 0"),
        ({"targets": [1] * 1001}, r"count of images .* got 1001"),
        ({"method": "magic"}, r"method must be one of plain, .*; got 'magic'"),
        ({"method": "opposite"}, r"draws by itself: invert\.opposite\.load\(…\)\.draw\(…\)"),
        ({"method": "robust"}, r"robust is a classifier: generate\(…, classifier='robust'\)"),
        ({"method": ["robust"]}, r"method must be one of"),
        ({"seed": -1}, r"seed must be a whole number from 0 to 2147483647; got -1"),
        ({"seed": 2**31}, r"seed .* got 2147483648"),
        ({"seed": 0.5}, r"seed .* got 0.5"),
        ({"frames": 1}, r"frames must be 0 or at least 2, the start and the end; got 1"),
        ({"frames": 65}, r"frames .* got 65"),
        ({"frames": 0.0}, r"frames .* got 0.0"),
        ({"frames": np.array([0, 2])}, r"frames .* got array"),
        ({"frames": None}, r"frames .* got None"),
        ({"start": "white"}, r"start must be an image or one of black"),
        ({"start": np.full((28, 28), np.nan)}, r"start must be finite"),
        ({"classifier": "quick"}, r"classifier must be one of question, robust"),
        ({"classifier": 7}, r"the path of a file, or made by invert.freeze; got int"),
        ({"classifier": None}, r"the path of a file, or made by invert.freeze; got NoneType"),
        ({"loss": "hinge"}, r"loss must be one of cross-entropy, logit, margin; got 'hinge'"),
        ({"steps": 0}, r"steps must be a whole number from 1 to 1000; got 0"),
        ({"steps": 1001}, r"steps .* got 1001"),
        ({"step_size": 0}, r"step_size must be a number above 0, up to 100; got 0"),
        ({"step_size": float("nan")}, r"step_size .* got nan"),
        ({"step_size": "big"}, r"step_size .* got 'big'"),
        ({"method": "latent", "start": "black"}, r"latent starts from a random code"),
        ({"method": "inverse", "start": np.zeros((28, 28))}, r"inverse starts from a random code"),
        ({"method": "inverse", "steps": 3}, r"settings of inverse are none; got 'steps'"),
        ({"stepsize": 1}, r"settings of steepest are loss, steps, step_size; got 'stepsize'"),
    ],
)
def test_bad_arguments_are_named_with_their_rule(arguments, words):
    with pytest.raises(ValueError, match=words):
        invert.generate(**{"targets": 8, **arguments})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"targets": "dog"}, r"each target must be one of ant, bee, cat; got 'dog'"),
        ({"targets": 3}, r"each target must be a whole number from 0 to 2; got 3"),
        ({"start": np.zeros((28, 28))}, r"start must have the shape \(N, 6, 5, 3\)"),
        ({"start": np.full((6, 5, 3), 256)}, r"start must lie in \[0, 255\]"),
        ({"method": "latent"}, r"latent draws 28×28 digits; .* 3 classes of 6×5×3 images"),
    ],
)
def test_mistakes_with_ones_own_network_are_named_too(arguments, words, own):
    with pytest.raises(ValueError, match=words):
        invert.generate(**{"targets": 0, "classifier": own, **arguments})


def test_warming_up_reports_all_the_way(monkeypatch):
    monkeypatch.setattr(warming, "LIKELY", [("robust", "latent"), ("robust", "inverse")])
    heard = []
    invert.warm_up(lambda sentence, done: heard.append((sentence, done)), counts=(1,), frames=32)
    sentences, shares = zip(*heard, strict=True)
    assert sentences[0] == "Starting TensorFlow" and sentences[-1] == "Ready"
    assert list(shares) == sorted(shares) and shares[0] == 0 and shares[-1] == 1


def test_a_run_in_any_pixel_range_stays_within_it():
    """(−2.1179, 2.64) times a share was once rounded past the end, and the run's images refused."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(4)])
    graph = invert.freeze(model, pixel_range=(-2.1179, 2.64))
    run = invert.generate([0, 1], classifier=graph, steps=30, step_size=9)
    low, high = graph.pixel_range
    assert run.images.min() == low and run.images.max() == high, "both ends are reached exactly"
    np.testing.assert_allclose(invert.classify(run.images, graph), run.probabilities, atol=1e-5)


@pytest.mark.parametrize(("bias", "verdict"), [(-9.0, "not convinced"), (9.0, "convinced")])
def test_of_sigmoids_the_target_has_to_be_answered_yes(bias, verdict):
    """The most likely of several noes is a no: 0.00013 was once called convinced."""
    dense = keras.layers.Dense(3, "sigmoid", kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), dense])
    kernel = np.full((64, 3), 1e-6)
    dense.set_weights([kernel, np.array([bias, bias - 1, bias - 2])])
    run = invert.generate(0, "steepest", classifier=model, steps=2)
    assert run.probabilities.argmax() == 0 and run.verdicts == (verdict,)


def test_waves_convince_networks_of_any_image_shape(own):
    run = invert.generate([0, 1, 2], "fourier", classifier=own, steps=60, frames=3)
    assert run.verdicts == ("convinced",) * 3 and run.images.shape == (3, 6, 5, 3)
    assert run.images.min() >= 0 and 1 < run.images.max() <= 255
    assert run.frames.shape == (3, 3, 6, 5, 3)
    np.testing.assert_allclose(run.frames[-1], run.images, rtol=1e-5)
    assert run.settings == {
        "loss": "margin", "steps": 60, "step_size": 0.2, "l2": 0.0001, "camera": 1,
    }  # fmt: skip
    grey = invert.generate(3, "fourier", classifier="question", steps=100)
    assert grey.verdicts == ("convinced",) and grey.images.shape == (1, 28, 28)


def test_waves_are_the_same_whoever_their_neighbours_are(own):
    many = invert.generate([0, 1, 2], "fourier", classifier=own, steps=10, seed=3)
    alone = invert.generate([0], "fourier", classifier=own, steps=10, seed=3)
    np.testing.assert_allclose(alone.images, many.images[:1], atol=0.5)
    assert np.ptp(many.images) > 20, "half of a grey level is little"


def test_waves_are_held_down_alike_whatever_logits_and_sides_are():
    """By NumPy: half of M's mean square, in units of logits and of a picture's waves."""

    def weight(side, scale):
        dense = keras.layers.Dense(2)
        model = keras.Sequential([keras.Input((side, side)), keras.layers.Flatten(), dense])
        kernel = np.sin(np.arange(2 * side**2)).reshape(side**2, 2) / side
        dense.set_weights([scale * kernel, np.zeros(2)])
        graph = invert.freeze(model)
        record = method_for("", "fourier", {})
        begun = beginnings.begin(record, graph, "random", np.arange(2), 0, graph.domain)
        waves = begun.parametrisation
        images = waves.make(waves.start(beginnings.SAMPLE, 0) * 40).numpy()  # 40 times 0.05 is 2
        logits = images.reshape(len(images), -1) @ (scale * kernel)
        unit = logits.std(axis=1).mean()
        assert begun.weights == {"l2": pytest.approx(1e-4 * unit * (28 / side) ** 2, rel=1e-3)}
        return begun.weights["l2"]

    assert weight(8, 10) == pytest.approx(10 * weight(8, 1), rel=1e-3)
    weight(14, 1)


def test_what_is_held_down_is_fainter(own):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("invert.methods.generation.WEAKER", ())
        free, held, firm = (
            invert.generate([0, 1, 2], "fourier", classifier=own, steps=60, l2=weight).images.std()
            for weight in (0, 0.001, 0.05)
        )
    assert free > held > firm > 0


def test_what_does_not_stand_the_views_is_learned_again_with_weaker_ones():
    """A network that asks for one bright pixel on black hardly ever says so of a moved image."""
    weights = np.full((49, 2), -1, np.float32)
    weights[24] = 9
    dense = keras.layers.Dense(2)
    layers = [keras.layers.Flatten(), dense]
    model = keras.Sequential([keras.Input((7, 7)), *layers])
    dense.set_weights([weights * [1, 0], np.array([-3, 0], np.float32)])
    graph = invert.freeze(model)
    once = invert.generate([0, 1], "fourier", classifier=graph, steps=100, camera=0)
    assert once.verdicts == ("convinced",) * 2, "without views it can be done"
    harsh = {"classifier": graph, "steps": 100, "camera": 8, "frames": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("invert.methods.generation.WEAKER", ())
        first = invert.generate([0, 1], "fourier", **harsh)
    assert first.verdicts == ("not convinced", "convinced")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("invert.methods.generation.WEAKER", (0.5, 0))
        mended = invert.generate([0, 1], "fourier", **harsh)
    assert mended.verdicts == ("convinced",) * 2
    np.testing.assert_array_equal(mended.images[1], first.images[1])
    np.testing.assert_allclose(mended.frames[-1], mended.images, rtol=1e-5)
    assert invert.classify(mended.images, graph).argmax(1).tolist() == [0, 1]


def test_waves_take_no_other_start_and_no_table(own):
    with pytest.raises(ValueError, match="fourier starts from random waves and takes no other"):
        invert.generate(3, "fourier", classifier="robust", start="black")
    features = dataclasses.replace(own.domain, is_image=False)
    architecture = dataclasses.replace(own.architecture, domain=features)
    table = dataclasses.replace(own, architecture=architecture)
    with pytest.raises(ValueError, match="fourier draws pictures; .* reads none. Use steepest"):
        invert.generate(0, "fourier", classifier=table)
