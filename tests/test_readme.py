"""What the README says runs as it stands there."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import invert
from invert.networks import classifier, judge

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
MARKED = re.search(r"<!-- the answer:.*?-->\n```python\n(.*?)```\n", README, re.DOTALL)


PEN = re.search(r"<!-- the pen:.*?-->\n```python\n(.*?)```\n", README, re.DOTALL)


FEATURES = re.search(r"```python\n(import invert, keras.*?)```\n", README, re.DOTALL)


@pytest.mark.parametrize("target", [8, 3])
def test_the_answer_runs_for_any_model_and_draws_what_generate_draws(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classifier.load("energy").save("my_model.keras")
    answer = MARKED[1].replace("target, steps, length = 8,", f"target, steps, length = {target},")
    names = {}
    exec(answer, names)
    start = names["start"].reshape(28, 28)
    run = invert.generate(
        target, "steepest", classifier="my_model.keras", start=start.clip(0, 1), loss="logit",
        steps=names["steps"], step_size=names["length"],
    )  # fmt: skip
    np.testing.assert_allclose(names["M"].numpy().reshape(28, 28), run.images[0], atol=5e-3)
    assert run.verdicts == ("convinced",)


def test_the_answer_is_short_and_needs_nothing_of_this_package():
    lines = [line for line in MARKED[1].splitlines() if line.strip() and line[0] != "#"]
    assert len(lines) <= 27 and "invert" not in MARKED[1]
    lines = [line for line in PEN[1].splitlines() if line.strip() and line[0] != "#"]
    assert len(lines) <= 35 and "invert" not in PEN[1]


def test_the_answer_runs_for_layers_whose_gradient_keras_ties_to_its_graph(tmp_path, monkeypatch):
    """silu, as in EfficientNet: the lines once ended in a TypeError."""
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(16, "silu")
    model = keras.Sequential([keras.Input((784,)), hidden, keras.layers.Dense(10)])
    model.save("my_model.keras")
    names = {}
    exec(MARKED[1].replace("steps, length = 8, 100", "steps, length = 8, 10"), names)
    image, start = names["M"].read_value(), names["start"]
    assert model(image)[0, 8] > model(start)[0, 8]


@pytest.fixture(scope="module")
def ordinary(sample):
    """The question's network, trained the usual way on the tests' own sample of digits."""
    images, digits = sample
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(256, "relu"), keras.layers.Dense(256, "relu")]
    model = keras.Sequential([keras.Input((784,)), *layers, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(images.reshape(-1, 784), digits, batch_size=50, epochs=15, verbose=0)
    return model


def test_the_pen_draws_through_an_ordinary_network(ordinary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ordinary.save("my_model.keras")
    names = {}
    exec(MARKED[1].replace("= 8, 100", "= 8, 1"), names)
    keras.utils.set_random_seed(0)
    exec(PEN[1], names)
    image = names["image"].numpy()
    assert ordinary(image.reshape(1, 784)).numpy().argmax() == 8
    page = image.reshape(28, 28)
    inked = np.argwhere(page > 0.5)
    assert np.ptp(inked, axis=0).max() + 1 == pytest.approx(20, abs=1.5), "as long as MNIST's"
    assert 0.03 < (page > 0.5).mean() < 0.4, "strokes on paper, no dust"
    assert judge.read(page[None]).argmax() == 8


def test_the_features_that_are_found_give_the_value_of_the_known_function():
    keras.utils.set_random_seed(0)
    names = {}
    exec(FEATURES[1], names)
    run = names["run"]
    np.testing.assert_allclose(names["price"](run.images), 7, atol=0.05)
    assert (run.images[:, 2] == 0.5).all()
    assert run.distinct >= 3 and run.misses.max() < 0.02


def test_the_readme_can_be_read_in_one_sitting():
    assert len(README.splitlines()) <= 185


def test_every_link_into_the_repository_leads_somewhere():
    root = Path(__file__).parent.parent
    for path in [root / "README.md", *root.glob("*/README.md"), *root.glob("tests/*/README.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
