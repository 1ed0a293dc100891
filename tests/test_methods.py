import dataclasses

import keras
import numpy as np
import pytest

import invert
from invert import inverse_model, inversion, judge, weights


@pytest.fixture(scope="module")
def run():
    return invert.generate([8, 8, 3], method="robust", start="noise", seed=0, frames=24)


def test_a_run_has_the_shapes_it_promises(run):
    assert run.images.shape == (3, 28, 28) and run.images.dtype == np.float32
    assert run.images.min() >= 0 and run.images.max() <= 1
    assert run.probabilities.shape == (3, 10)
    assert run.losses.shape == (80, 3)
    assert run.probabilities_by_step.shape == (81, 3, 10)
    assert run.frames.shape == (24, 3, 28, 28)
    assert run.digits.tolist() == [8, 8, 3]
    assert run.settings == {"steps": 80, "step_size": 0.4}


def test_the_probabilities_are_the_classifiers_own(run):
    np.testing.assert_allclose(run.probabilities, invert.classify(run.images), atol=1e-4)
    middle = run.frame_steps[11]
    np.testing.assert_allclose(
        run.probabilities_by_step[middle], invert.classify(run.frames[11]), atol=1e-4
    )
    np.testing.assert_allclose(run.probabilities_by_step.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", [n for n, m in invert.METHODS.items() if m.steps])
def test_probabilities_by_step_are_those_of_the_frames(name):
    run = invert.generate([2, 7], name, seed=1, frames=5)
    read = invert.classify(run.frames.reshape(-1, 28, 28), run.classifier).reshape(5, 2, 10)
    np.testing.assert_allclose(run.probabilities_by_step[run.frame_steps], read, atol=2e-3)


def test_the_seed_reaches_the_jitter():
    ink = np.full((28, 28), 0.2)
    runs = [invert.generate(5, "regularized", start=ink, seed=s, steps=9) for s in (0, 0, 1)]
    assert np.array_equal(runs[0].images, runs[1].images)
    assert not np.allclose(runs[0].images, runs[2].images, atol=1e-2)


def test_the_losses_are_the_cross_entropy_of_the_steps(run):
    of_target = run.probabilities_by_step[:-1, np.arange(3), run.digits]
    np.testing.assert_allclose(run.losses, -np.log(of_target), atol=1e-3)


def test_the_film_goes_from_the_start_to_the_image(run):
    assert run.frame_steps[0] == 0 and run.frame_steps[-1] == 80
    assert np.array_equal(run.frames[0], invert.starts.make("noise", run.digits, 0))
    assert np.array_equal(run.frames[-1], run.images)


def test_the_same_seed_gives_the_same_images_and_another_does_not(run):
    again = invert.generate([8, 8, 3], method="robust", start="noise", seed=0)
    assert again.images.tobytes() == run.images.tobytes()
    assert again.frames is None
    other = invert.generate([8, 8, 3], method="robust", start="noise", seed=1)
    assert not np.array_equal(other.images, run.images)


def test_more_images_leave_the_first_as_they_are(run):
    more = invert.generate([8, 8, 3, 0, 1, 2, 3], method="robust", start="noise", seed=0)
    np.testing.assert_allclose(more.images[:3], run.images, atol=2e-3)


def test_from_a_black_page_the_robust_classifier_imagines_ten_legible_digits():
    run = invert.generate(range(10), method="robust", start="black")
    reader = {"classifier": run.probabilities, "judge": judge.read(run.images)}
    for name, probabilities in reader.items():
        assert probabilities.argmax(axis=1).tolist() == list(range(10)), name
    assert judge.read(run.images)[range(10), range(10)].mean() >= 0.95


def test_the_plain_plan_convinces_its_classifier_and_nobody_else():
    run = invert.generate(range(10), method="plain")
    assert (run.probabilities.argmax(axis=1) == range(10)).all()
    assert np.mean(judge.read(run.images).argmax(axis=1) == range(10)) <= 0.4


@pytest.mark.parametrize("name", invert.METHODS)
def test_every_method_raises_its_target(name):
    run = invert.generate([2, 5, 9], name, seed=3)
    target = run.probabilities_by_step[:, np.arange(3), run.digits]
    assert (target[-1] >= target[0]).all() and (target[-1] > 0.8).all()


@pytest.mark.parametrize("name", invert.METHODS)
def test_records_are_complete(name):
    method = invert.METHODS[name]
    assert method.name == name
    assert method.classifier in weights.CLASSIFIERS and method.start in (*invert.STARTS, "code")
    assert method.claim.endswith(".") and method.source
    assert method.sees_training_data == (method.start in ("average", "class-gaussian", "code"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.steps = 1


def test_latent_learns_a_code_and_shows_what_the_decoder_makes_of_it():
    run = invert.generate([8, 3], "latent", seed=4, frames=5)
    codes = inverse_model.start_codes(2, seed=4)
    first = inverse_model.decoder()(codes).numpy().reshape(2, 28, 28)
    np.testing.assert_allclose(run.frames[0], first, atol=1e-4)
    assert np.array_equal(run.frames[-1], run.images)
    assert judge.read(run.images).argmax(axis=1).tolist() == [8, 3]


def test_inverse_runs_nothing_backwards():
    run = invert.generate([8, 3], "inverse", seed=4, frames=5)
    assert np.array_equal(run.images, inverse_model.imagine([8, 3], seed=4))
    np.testing.assert_allclose(run.probabilities, invert.classify(run.images), atol=1e-5)
    assert run.frames is None and run.losses.shape == (0, 2) and run.settings == {}


def test_settings_replace_the_methods_own():
    run = invert.generate(8, "robust", steps=7, step_size=0.1)
    assert run.losses.shape == (7, 1) and run.settings == {"steps": 7, "step_size": 0.1}
    # Seven steps of 0.1 from black lead at most 0.7 away.
    assert np.linalg.norm(run.images) <= 0.7001


def test_a_picture_can_be_the_start():
    three = np.zeros((28, 28), np.float32)
    three[4:24, 10:18] = 1
    run = invert.generate(8, "robust", start=three, frames=2)
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


def test_another_shipped_classifier_can_be_named():
    run = invert.generate([1], "robust", classifier="question")
    np.testing.assert_allclose(
        run.probabilities, invert.classify(run.images, "question"), atol=1e-4
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"digits": 10}, r"each digit must be a whole number from 0 to 9; got 10"),
        ({"digits": [1, -1]}, r"each digit .* got -1"),
        ({"digits": 2.5}, r"each digit .* got 2.5"),
        ({"digits": "8"}, r"each digit .* got '8'"),
        ({"digits": None}, r"each digit .* got None"),
        ({"digits": [[1, 2]]}, r"each digit .* got \[1, 2\]"),
        ({"digits": [[1], [2, 3]]}, r"each digit .* got \[1\]"),
        ({"digits": []}, r"count of images must be a whole number from 1 to 1000; got 0"),
        ({"digits": [1] * 1001}, r"count of images .* got 1001"),
        ({"method": "magic"}, r"method must be one of plain, .*; got 'magic'"),
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
        ({"classifier": 7}, r"classifier must be a name or made by invert.freeze; got int"),
        ({"steps": 0}, r"steps must be a whole number from 1 to 1000; got 0"),
        ({"steps": 1001}, r"steps .* got 1001"),
        ({"step_size": 0}, r"step_size must be a number above 0, up to 100; got 0"),
        ({"step_size": float("nan")}, r"step_size .* got nan"),
        ({"step_size": "big"}, r"step_size .* got 'big'"),
        ({"method": "latent", "start": "black"}, r"latent starts from a random code"),
        ({"method": "inverse", "start": np.zeros((28, 28))}, r"inverse starts from a random code"),
        ({"method": "inverse", "steps": 3}, r"settings of inverse are none; got 'steps'"),
        ({"method": "inverse", "classifier": "robust"}, r"inverse inverts no classifier"),
        ({"stepsize": 1}, r"settings of robust are steps, step_size; got 'stepsize'"),
    ],
)
def test_bad_arguments_are_named_with_their_rule(arguments, words):
    with pytest.raises(ValueError, match=words):
        invert.generate(**{"digits": 8, **arguments})


def test_warming_up_reports_and_leaves_nothing_to_compile():
    heard = []
    invert.warm_up(lambda sentence, done: heard.append((sentence, done)), frames=32)
    sentences, shares = zip(*heard, strict=True)
    assert sentences[0] == "Starting TensorFlow" and sentences[-1] == "Ready"
    assert list(shares) == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    before = inversion._compile.cache_info()
    for name in invert.METHODS:
        method = invert.METHODS[name]
        for count, steps in ((1, 3), (3, 400), (16, 60)):
            settings = {"steps": steps} if method.steps else {}
            for start in ("black", "noise") if method.start in invert.STARTS else (None,):
                invert.generate([4] * count, name, frames=32, start=start, **settings)
    assert inversion._compile.cache_info().misses == before.misses
