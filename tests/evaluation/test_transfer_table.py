"""The table of transfer, between networks of which it is known what they read."""

import dataclasses

import keras
import numpy as np
import pytest
from test_transfer import colours

import invert
from invert import __main__ as command
from invert.evaluation import transfer_table
from invert.evaluation.transfer import transfer


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Two methods, which take a second."""
    monkeypatch.setattr(transfer_table, "BY", ("steepest", "plain"))


def test_each_reads_what_the_others_draw():
    usual, shuffled, liar = (
        colours([0, 1, 2]),
        colours([2, 0, 1], 0, 255),
        colours([0, 1, 2], labels=["red", "blue", "green"]),
    )
    seen = []
    networks = usual, shuffled, liar
    rows = transfer_table.measure(
        networks, 6, transfer_table.BY, lambda done, row: seen.append((done, row))
    )
    assert seen == list(enumerate(rows, 1))
    assert [row.method for row in rows] == ["steepest", "plain"] * 3
    assert {row.convinced for row in rows} == {1.0} and {row.images for row in rows} == {6}
    third = 1 / 3  # of three colours two change places
    assert [row.read for row in rows[::2]] == [
        (None, 1.0, pytest.approx(third)),
        (1.0, None, pytest.approx(third)),
        (pytest.approx(third), pytest.approx(third), None),
    ]


def test_a_row_is_what_generate_and_transfer_say():
    usual, other = colours([0, 1, 2]), colours([0, 1, 2], labels=["red", "blue", "green"])
    row = transfer_table.measure([usual, other], 4, ["plain"])[0]
    run = invert.generate([0, 1, 2, 0], "plain", classifier=usual, seed=transfer_table.SEED)
    assert row.read[1] == transfer(run, other) == 0.5


def test_opposite_models_have_a_row_each(tmp_path):
    usual, liar = colours([0, 1, 2]), colours([0, 1, 2], labels=["red", "blue", "green"])
    model = invert.opposite(usual, steps=100)
    model.save(tmp_path / "usual.keras")
    model = invert.opposite.load(tmp_path / "usual.keras")
    rows = transfer_table.measure([usual, liar], 6, ["plain"], models=[model])
    assert [row.method for row in rows] == ["plain", "opposite", "plain"]
    assert rows[1].convinced == 1 and rows[1].read == (None, pytest.approx(1 / 3))
    shipped = transfer_table.measure(["question", "robust"], 10, [])
    assert [row[:3] for row in shipped] == [("question", "opposite", 10)]
    assert shipped[0].convinced == 1 and shipped[0].read[1] >= 0.9
    other = dataclasses.replace(invert.opposite.load("question"), weights=[])
    # It is asked in the place of the one that ships, and cannot draw.
    with pytest.raises(ValueError, match="unpack"):
        transfer_table.measure(["question", "robust"], 10, [], models=[other])
    with pytest.raises(ValueError, match=f"of its networks; {usual.name} has one already"):
        transfer_table.measure([usual, liar], 6, models=[model, model])
    with pytest.raises(ValueError, match=f"of its networks; {usual.name} is the name of 0 of them"):
        transfer_table.measure(["question", "robust"], 6, models=[model])


def test_the_table_has_a_column_for_each_that_reads():
    rows = [
        transfer_table.Row("a", "plain", 10, 1.0, (None, 0.25)),
        transfer_table.Row("a", "steepest", 10, 0.5, (None, 1.0)),
        transfer_table.Row("a", "plain", 10, 0.9, (0.75, None)),
    ]
    lines = transfer_table.markdown(rows).splitlines()
    assert lines[0] == "| drawn through | method | images | convinced | read by a | read by a |"
    assert lines[2:] == [
        "| a | plain | 10 | 1.00 |  | 0.25 |",
        "| a | steepest | 10 | 0.50 |  | 1.00 |",
        "| a | plain | 10 | 0.90 | 0.75 |  |",
    ]


def test_what_does_not_fit_is_said_before_anything_is_drawn(monkeypatch):
    monkeypatch.setattr(transfer_table, "generate", None)
    usual = colours([0, 1, 2])
    with pytest.raises(ValueError, match="at least two networks; got 1"):
        transfer_table.measure([usual])
    with pytest.raises(ValueError, match="count must be a whole number from 1 to 1000"):
        transfer_table.measure([usual, usual], 0)
    with pytest.raises(ValueError, match="takes each network once; got robust again"):
        transfer_table.measure(["robust", "energy", "robust"])
    with pytest.raises(ValueError, match=r"reads \(28, 28\)"):
        transfer_table.measure([usual, "robust"])
    with pytest.raises(ValueError, match="has none called 'blue'"):
        transfer_table.measure([usual, colours([0, 1, 2], labels=["red", "green", "blau"])])
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    features = invert.freeze(model, bounds=(0, 1))
    with pytest.raises(ValueError, match="between classifiers of images; sequential.* is none"):
        transfer_table.measure([features, features])


def test_the_shell_prints_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        pooling = keras.layers.GlobalAveragePooling2D()
        model = keras.Sequential([keras.Input((4, 4, 3)), pooling, keras.layers.Dense(3)])
        model.layers[-1].set_weights([50 * np.eye(3), np.zeros(3)])
        model.save(f"{seed}.keras")
    whole = ["evaluate", "--transfer", "1.keras", "2.keras", "--count", "3"]
    assert command.main([*whole, "--labels", "red,green,blue"]) == 0
    *_, header, rule, first, _, third, _ = capsys.readouterr().out.strip().splitlines()
    assert header.endswith("| read by 1.keras | read by 2.keras |") and rule.startswith("| ---")
    assert first == "| 1.keras | steepest | 3 | 1.00 |  | 1.00 |"
    assert third == "| 2.keras | steepest | 3 | 1.00 | 1.00 |  |"
    learned = ["opposite", "1.keras", "--steps", "100", "--out", "1-opposite.keras"]
    assert command.main([*learned, "--labels", "red,green,blue"]) == 0
    drawn = [*whole, "--labels", "red,green,blue", "--opposite", "1-opposite.keras"]
    assert command.main(drawn) == 0
    assert "\n| 1.keras | opposite | 3 | 1.00 |  | 1.00 |\n" in capsys.readouterr().out
    assert command.main([*whole[:3], "--count", "3"]) == 2
    assert "at least two networks" in capsys.readouterr().err
    assert command.main(["evaluate", "--count", "3"]) == 2
    assert "--count is for networks behind --transfer" in capsys.readouterr().err
