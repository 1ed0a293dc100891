import re

import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import PCA

from invert import data
from invert.methods import generation, starts
from invert.networks import classifier, weights
from invert.networks import judge as judges
from invert.training import __main__ as command
from invert.training import class_gaussian, energy, question, robust, student, trials
from invert.training import judge as judge
from invert.training.changes import attack, augment


@pytest.fixture(scope="module")
def mnist(sample):
    """The sample in MNIST's place: 600 to train, 200 to validate, 200 to test."""
    order = np.random.default_rng(0).permutation(1000)
    images, digits = sample[0][order], sample[1][order]
    return data.Mnist(
        *(data.Split(images[a:b], digits[a:b]) for a, b in ((0, 600), (600, 800), (800, 1000)))
    )


def test_the_question_prints_its_lines_and_learns(mnist, capsys):
    _, figures = question.train(mnist, seed=0, epochs=3)
    *epochs, last = capsys.readouterr().out.splitlines()
    assert last == "Optimization Finished!"
    pattern = (
        r"Epoch: 000(\d) cost= (\d+\.\d{9}) average_train_accuracy= (0\.\d{6})"
        r" test_accuracy= (0\.\d{6})"
    )
    numbers = [re.fullmatch(pattern, line).groups() for line in epochs]
    assert [int(n[0]) for n in numbers] == [1, 2, 3]
    assert float(numbers[2][1]) < float(numbers[0][1])
    assert float(numbers[2][3]) == pytest.approx(figures["test_accuracy"], abs=1e-6)


def test_the_question_starts_wide(mnist, monkeypatch):
    monkeypatch.setattr(question, "LEARNING_RATE", 0.0)
    model, _ = question.train(mnist, seed=0, epochs=1)
    for values in model.get_weights()[:5]:
        assert values.std() == pytest.approx(1, rel=0.1)


def test_a_trial_training_is_saved_with_its_entry(mnist, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(data, "load", lambda path: mnist)
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path)
    assert command.main(["robust", "--epochs", "2", "--seed", "5"]) == 0
    assert "Epoch 2/2" in capsys.readouterr().out
    entry = weights.manifest()["robust"]
    assert entry["seed"] == 5 and entry["recipe"]["epochs"] == 2
    assert entry["recipe"]["radius"] == robust.RADIUS
    assert entry["data_sha256"] == data.SHA256
    assert entry["versions"]["tensorflow"] == tf.__version__
    model = classifier.build()
    weights.load("robust", model)
    accuracy = attack.accuracy(model, *mnist.test)
    assert accuracy == pytest.approx(entry["figures"]["test_accuracy"], abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["robust", "--seed", "-1"], "--seed must be a whole number from 0"),
        (["robust", "--epochs", "0"], "--epochs must be a whole number from 1"),
        (["robust", "--mnist", "nowhere.npz"], "There is no file nowhere.npz"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, words, capsys):
    assert command.main(arguments) == 2
    error = capsys.readouterr().err
    assert words in error and error.startswith("invert: ") and error.count("\n") == 1


@pytest.mark.long
@pytest.mark.parametrize("recipe", [question, robust])
def test_the_seed_decides_the_weights(recipe, mnist):
    models = [recipe.train(mnist, seed=s, epochs=1)[0] for s in (3, 3, 4)]
    first, same, other = (model.get_weights()[0] for model in models)
    assert np.array_equal(first, same) and not np.allclose(first, other)


@pytest.mark.long
def test_robust_is_trained_on_attacked_images(mnist, monkeypatch):
    """A few epochs on the sample already hold more under attack than without one in training."""
    held = []
    for radius in (0.0, 1.5):
        monkeypatch.setattr(robust, "RADIUS", radius)
        monkeypatch.setattr(robust, "BATCH", 50)
        monkeypatch.setattr(robust, "WEIGHT_AVERAGE", 0.9)
        model, _ = robust.train(mnist, seed=0, epochs=15)
        held.append(attack.accuracy(model, *mnist.test, radius=1.0, steps=20))
    assert held[1] > held[0] + 0.05


def test_class_gaussian_measures_mean_and_principal_directions(mnist):
    model, figures = class_gaussian.train(mnist, seed=0)
    mean, directions = model.get_weights()
    images = mnist.train.images[mnist.train.digits == 6].reshape(-1, 784)
    np.testing.assert_allclose(mean[6], images.mean(axis=0), atol=1e-3)
    principal = PCA(3).fit(images)
    lengths = np.linalg.norm(directions[6, :3].astype(float), axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(principal.explained_variance_), rtol=1e-2)
    cosines = np.abs((directions[6, :3] * principal.components_).sum(axis=1)) / lengths
    np.testing.assert_allclose(cosines, 1, atol=2e-2)
    assert 0.9 < figures["variance_kept"] < 1 + 1e-9


def test_a_broken_manifest_is_told_and_the_weights_stay(mnist, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(data, "load", lambda path: mnist)
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    weights.path_of("class-gaussian").write_bytes(b"before")
    assert command.main(["class-gaussian"]) == 2
    assert "manifest.json" in capsys.readouterr().err
    assert weights.path_of("class-gaussian").read_bytes() == b"before"


def test_an_unknown_recipe_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["magic"])
    assert stop.value.code == 2
    assert "robust" in capsys.readouterr().err


@pytest.mark.parametrize("radius", [0.5, 2.0])
def test_an_attack_stays_in_its_ball_and_does_harm(radius, sample):
    images, digits = sample[0][::5].reshape(-1, 784), sample[1][::5]
    model = classifier.load("robust")
    attacked = attack.perturb(model, tf.constant(images), tf.constant(digits), radius, 10).numpy()
    assert attacked.min() >= 0 and attacked.max() <= 1
    assert (np.linalg.norm(attacked - images, axis=1) <= radius + 1e-4).all()
    before, after = (float(attack.cross_entropy(model(x), digits)) for x in (images, attacked))
    assert after > before + 0.1 * radius
    assert attack.accuracy(model, attacked, digits) < attack.accuracy(model, images, digits)


def test_on_a_linear_network_the_attack_is_the_best_there_is():
    # Away from the borders of [0, 1], the loss of two logits w·x and -w·x grows fastest along
    # -w for class 0, so the strongest change of length r is exactly -r w / |w|.
    rng = np.random.default_rng(0)
    w = rng.normal(size=(784, 1)).astype(np.float32)
    x = np.full((3, 784), 0.5, np.float32)
    attacked = attack.perturb(
        lambda v: tf.concat([v @ w, -v @ w], axis=1) / 100, tf.constant(x), np.zeros(3, int), 1.5, 9
    )
    want = x - 1.5 * w.T / np.linalg.norm(w)
    np.testing.assert_allclose(attacked, want, atol=1e-4)


@pytest.mark.long
def test_robust_holds_its_answer_where_an_ordinary_training_does_not(mnist, sample):
    # `question` is no yardstick here: its logits are so far apart that the gradient is nothing.
    ordinary = classifier.build()
    ordinary.compile("adam", "sparse_categorical_crossentropy")
    ordinary.layers[-1].activation = tf.nn.softmax
    ordinary.fit(mnist.train.images.reshape(-1, 784), mnist.train.digits, epochs=10, verbose=0)
    ordinary.layers[-1].activation = tf.identity
    images, digits = sample[0][::5], sample[1][::5]
    held = [
        attack.accuracy(model, images, digits, radius=1.5)
        for model in (ordinary, classifier.load("robust"))
    ]
    assert held[0] < 0.4 and held[1] > 0.65


def test_affine_changes_nothing_where_nothing_is_allowed(sample, monkeypatch):
    for name in ("ROTATION", "SHEAR", "SCALE", "SHIFT"):
        monkeypatch.setattr(augment, name, 0.0)
    images = sample[0][:20].reshape(-1, 784)
    same = augment.affine(tf.constant(images), tf.random.Generator.from_seed(0))
    np.testing.assert_allclose(same, images, atol=1e-6)


def test_affine_moves_ink_but_keeps_the_digit(sample):
    images, digits = sample
    flat = tf.constant(images.reshape(-1, 784))
    changed = augment.affine(flat, tf.random.Generator.from_seed(0)).numpy()
    assert changed.min() >= 0 and changed.max() <= 1
    assert np.abs(changed - flat).max(axis=1).min() > 0.1
    assert attack.accuracy(classifier.load("robust"), changed, digits) > 0.97


@pytest.mark.long
def test_a_judge_learns_to_say_no(mnist, monkeypatch):
    monkeypatch.setattr(judge, "OUTLIERS", 300)
    monkeypatch.setattr(judge, "BATCH", 20)
    monkeypatch.setattr(judge, "WEIGHT_AVERAGE", 0.9)
    model, figures = judge.train(mnist, seed=0, epochs=9, name="second-judge")
    assert figures["test_accuracy"] > 0.8 and figures["test_digits_passed"] > 0.8
    # The threshold stands in the biases: so many validation digits are above it.
    passed = model(mnist.validation.images)[1].numpy().max(axis=1) > 0
    assert passed.mean() == pytest.approx(1 - judge.REFUSED, abs=0.01)
    noise = np.random.default_rng(0).random((100, 28, 28), np.float32)
    assert np.mean(model(noise)[1].numpy().max(axis=1) > 0) < 0.1


@pytest.mark.long
def test_a_student_learns_from_dreams_alone(mnist, monkeypatch):
    monkeypatch.setattr(student, "DREAMS", 1000)
    monkeypatch.setattr(student, "WEIGHT_AVERAGE", 0.9)
    # Without training images it could not touch one.
    model, figures = student.train(mnist._replace(train=None), seed=0, epochs=6)
    assert figures["test_accuracy"] > 0.85
    assert model.name == "student"


def test_dreams_are_what_generate_makes(monkeypatch):
    monkeypatch.setattr(student, "AT_ONCE", 10)
    dreams, frames = student.dream(20, seed=3)
    run = generation.generate(range(10), classifier="energy", seed=4, frames=student.FRAMES)
    np.testing.assert_allclose(dreams[10:] / 255, run.images.reshape(10, -1), atol=0.003)
    ways = run.frames.reshape(student.FRAMES, 10, -1)
    far = np.abs(ways - frames[10:] / 255).max(axis=2).min(axis=0)
    assert far.max() < 0.003


def test_energy_improves_by_stages(mnist, monkeypatch):
    seen = []
    monkeypatch.setattr(energy, "improve", lambda model, stage, *_: seen.append(stage.epochs))
    monkeypatch.setattr(energy, "measure", lambda model, mnist: {})
    energy.train(mnist, seed=0)
    assert sum(seen) == energy.EPOCHS
    seen.clear()
    energy.train(mnist, seed=0, epochs=energy.STAGES[0].epochs + 1)
    assert seen == [energy.STAGES[0].epochs, 1]
    with pytest.raises(ValueError, match="energy trains for 192 epochs at most; got 193"):
        energy.train(mnist, seed=0, epochs=energy.EPOCHS + 1)


@pytest.mark.long
@pytest.mark.parametrize("number", [0, len(energy.STAGES) - 1])
def test_a_stage_of_energy_trains(number, mnist):
    model = classifier.build()
    weights.load("energy", model)
    before = [value.copy() for value in model.get_weights()]
    energy.improve(model, energy.STAGES[number]._replace(epochs=1), mnist, seed=0)
    assert attack.accuracy(model, *mnist.test) > 0.97
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_noise_of_a_stage_is_that_of_starts(monkeypatch):
    stage = energy.STAGES[-1]._replace(fine=starts.FINE, coarse=starts.COARSE)
    drawn = energy._noise(4000, stage, tf.random.Generator.from_seed(0)).numpy()
    made = starts.make("noise", np.zeros(1000, int), 0).reshape(1000, -1)
    assert drawn.mean() == pytest.approx(made.mean(), rel=0.03)
    assert drawn.std() == pytest.approx(made.std(), rel=0.03)
    assert drawn.std(axis=1).std() == pytest.approx(made.std(axis=1).std(), rel=0.1)


def test_trials_are_compared_by_the_second_judge_on_validation_images(mnist, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path: mnist)
    monkeypatch.setattr(
        trials, "TRIALS", (((0.0, 0.0), (0.0, 0.0), 1, 0.1), (*trials.NARROW, 60, 0.5))
    )
    monkeypatch.setattr(trials, "AT_ONCE", 100)
    asked = []
    look = judges.look
    monkeypatch.setattr(
        trials.judge, "look", lambda images, name: asked.append(name) or look(images, name)
    )
    assert trials.main(["--count", "100"]) == 0
    assert set(asked) == {"second-judge"}
    lines = capsys.readouterr().out.splitlines()
    real, poor, good = ([float(n) for n in line.split(": ")[-1].split(", ")] for line in lines[-3:])
    assert real[1] > 0.95 and good[1] > 0.9 and poor[1] < 0.3
    assert good[2] < poor[2]
