import json

import numpy as np
import pytest

from invert import __main__ as command
from invert import data
from invert.evaluation import table as evaluation
from invert.methods.records import METHODS
from invert.networks import weights
from invert.networks.classifier import CLASSIFIERS


@pytest.fixture
def small(sample, tmp_path, monkeypatch):
    """Two images a digit, three rows, and a folder of its own for the table."""
    images, digits = sample
    splits = [data.Split(images[n::3], digits[n::3]) for n in range(3)]
    monkeypatch.setattr(evaluation, "COUNT", 20)
    monkeypatch.setattr(evaluation, "AT_ONCE", 10)
    monkeypatch.setattr(evaluation.lessons, "teaches", lambda images, digits, test: 0.5)
    plan = (("question", "plain", "black"), ("robust", "steepest", "black"))
    monkeypatch.setattr(evaluation, "PLAN", plan)
    real = weights.manifest()
    monkeypatch.setattr(weights, "manifest", lambda: real)
    for path in weights.DIRECTORY.glob("*.h5"):
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path)
    return data.Mnist(*splits)


def test_every_row_is_measured_and_the_table_is_read_back(small):
    rows = evaluation.evaluate(small)
    assert [row[:3] for row in rows] == [
        ("", "real digits", ""), ("", "mean of each digit", ""), *evaluation.PLAN,
    ]  # fmt: skip
    real, mean, plain, robust = rows
    assert real.agreement > 0.9 and real.nearest > 1
    assert mean.diversity == 0
    assert plain.agreement < robust.agreement == 1
    assert real.milliseconds is None and robust.milliseconds > 0
    assert evaluation.load() == rows
    assert not (weights.DIRECTORY / "unfinished-evaluation.json").exists()


def test_what_was_cut_off_goes_on_and_never_shows(small, monkeypatch):
    made = evaluation._made

    def interrupted(classifier, *arguments):
        if classifier == "robust":
            raise KeyboardInterrupt
        return made(classifier, *arguments)

    monkeypatch.setattr(evaluation, "_made", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluation.evaluate(small)
    with pytest.raises(weights.WeightsError, match="evaluation.json cannot be read.*evaluate"):
        evaluation.load()

    asked = []
    monkeypatch.setattr(
        evaluation, "_made", lambda name, *rest: asked.append(name) or made(name, *rest)
    )
    assert len(evaluation.evaluate(small)) == 4
    assert asked == ["robust"]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"rows": [{"method": "plain"}]}', "[]"])
def test_a_cut_table_is_one_sentence(text, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path)
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(weights.WeightsError, match=r"evaluation.json cannot be read"):
        evaluation.load()


def test_an_unfinished_table_of_other_weights_or_cut_is_not_taken_over(small):
    unfinished = weights.DIRECTORY / "unfinished-evaluation.json"
    rows = [row._asdict() for row in evaluation.evaluate(small)]
    for row in rows:
        row["agreement"] = 0.123
    unfinished.write_text(json.dumps({"version": {}, "rows": rows}))
    assert evaluation.evaluate(small)[-1].agreement == 1
    unfinished.write_text("{")
    assert evaluation.evaluate(small)[-1].agreement == 1


def test_the_readme_gets_the_table_between_its_marks(tmp_path):
    path = tmp_path / "README.md"
    row = evaluation.Row(
        "question", "plain", "black", 1000, False, 0.2, 0.1, 300.04, 0.5, 0.3, 7.0, 1.234
    )
    path.write_text("before\n" + "\nold\n".join(evaluation.MARKS) + "\nafter\n")
    evaluation.write_readme(evaluation.markdown([row]), path=path)
    text = path.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    line = (
        "| `question` | `plain` | black | 1,000 | no | 0.200 | 0.100 | 300.0 | 0.50 | 0.300 | 7.0"
        " | 1.23 |"
    )
    assert line in text
    path.write_text("no marks")
    with pytest.raises(ValueError, match="must hold each of"):
        evaluation.write_readme(evaluation.markdown([row]), path=path)


def test_the_shipped_table_is_of_what_is_shipped_and_in_the_readme():
    table = json.loads((weights.DIRECTORY / "evaluation.json").read_text())
    assert table["version"] == evaluation.current()
    rows = evaluation.load()
    assert {row.method for row in rows} >= METHODS.keys()
    assert evaluation.markdown(rows) in evaluation.README.read_text("utf-8")


def test_without_mnist_the_command_is_one_line(capsys):
    assert command.main(["evaluate", "--mnist", "nowhere.npz"]) == 2
    assert capsys.readouterr().err.startswith("invert: There is no file nowhere.npz")


def test_the_mean_image_is_the_mean(small):
    means = evaluation._means(small, np.tile(np.arange(10), 2))
    want = small.train.images[small.train.digits == 4].mean(axis=0)
    np.testing.assert_allclose(means[14], want, atol=1e-6)


def test_nearest_of_real_digits_is_another_one(small, monkeypatch):
    monkeypatch.setattr(evaluation, "PLAN", ())
    real, _ = evaluation.evaluate(small)
    assert real.nearest > 1  # each is a training image itself
    doubled = data.Split(*(np.concatenate([a, a]) for a in small.train))
    real, _ = evaluation.evaluate(small._replace(train=doubled))
    assert real.nearest < 0.01


def test_real_digits_go_round_as_those_that_are_made(monkeypatch):
    monkeypatch.setattr(evaluation, "COUNT", 20)
    digits = np.array([3, 3, *range(10), *range(10), 5])
    assert digits[evaluation._rows(digits)].tolist() == [*range(10)] * 2


def test_every_method_is_measured_and_the_starts_that_the_ladder_is_about():
    rows = evaluation.PLAN
    drawn = METHODS.keys() | {"opposite"}
    assert {method for _, method, _ in rows} == drawn
    assert {classifier for classifier, _, _ in rows} == CLASSIFIERS.keys()
    own = {("robust", "steepest", "black"), ("energy", "steepest", "noise")}
    also = {("robust", "steepest", "noise"), ("energy", "steepest", "class-gaussian")}
    assert own | also <= set(rows) and len(rows) == len(set(rows))


# Bounds with room for the sampling noise of 10,000 images: a fall below is a defect.
REACHED = {
    ("robust", "steepest", "black"): (0.995, 145, 0, 0.3),
    ("robust", "steepest", "noise"): (0.9, 90, 0.79, 0.6),
    ("energy", "steepest", "noise"): (0.98, 2.5, 0.95, 0.965),
    ("energy", "steepest", "class-gaussian"): (0.99, 10, 0.84, 0.94),
    ("student", "steepest", "noise"): (0.83, 90, 0.7, 0.58),
    ("robust", "latent", "random"): (0.98, 15, 0.89, 0.9),
    ("robust", "inverse", "random"): (0.98, 7, 0.88, 0.94),
    ("question", "strokes", "random"): (0.95, 55, 0.5, 0.75),
    ("question", "opposite", "random"): (0.97, 35, 0.75, 0.89),
}


def test_the_shipped_table_reaches_its_bounds():
    rows = {row[:3]: row for row in evaluation.load()}
    for key, (agreement, frechet, diversity, taught) in REACHED.items():
        row = rows[key]
        assert row.agreement >= agreement and row.frechet <= frechet, key
        assert row.diversity >= diversity and row.teaches >= taught, key
    plain, regularized = (rows["question", m, "noise"] for m in ("plain", "regularized"))
    assert plain.passed <= 0.005 and regularized.passed <= 0.02
    real = rows["", "real digits", ""]
    assert real.passed >= 0.993 and real.frechet < 1.1 and real.teaches > 0.975
