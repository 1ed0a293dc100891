"""Targets in the shell: mixtures, outputs, hidden units, values of features, found and written."""

import csv
import dataclasses
import io
import re

import keras
import numpy as np
import pytest

import invert
from invert import __main__ as command
from invert import film, tables
from invert.commands import feature_tables
from invert.commands.typed_targets import targets
from invert.methods import generation

DIGITS = [str(digit) for digit in range(10)]


@pytest.mark.parametrize(
    ("texts", "labels", "head", "want"),
    [
        (["3:.5,8:.5", "8:0"], DIGITS, "softmax", [{"3": 0.5, "8": 0.5}, {"8": 0}]),
        (["a:b", "a,b"], ["a:b", "a,b"], "softmax", ["a:b", "a,b"]),  # labels are labels
        ([".2,.8"], ["a", "b"], "softmax", [[0.2, 0.8]]),
        (["7", "0:8"], ["0"], "values", [[7.0], {"0": 8.0}]),
        (["7,-1"], ["y", "z"], "values", [[7, -1]]),
        (["z:-1"], ["y", "z"], "values", [{"z": -1}]),
        (["4"], DIGITS, "activations", ["4"]),
    ],
)
def test_what_is_typed_is_what_is_meant(texts, labels, head, want):
    got = targets(texts, labels, head, 1)
    assert (np.float32(want).tolist() if isinstance(got, np.ndarray) else want) == list(
        got.tolist() if isinstance(got, np.ndarray) else got
    )


def test_of_several_outputs_a_number_alone_is_no_target():
    """Two of them would be taken for one input's two outputs."""
    with pytest.raises(ValueError, match="a number for each of the 2; got 1, '7'"):
        targets(["7", "8"], ["y", "z"], "values", 1)


def test_features_of_no_name_are_written_by_their_number():
    model = keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten(), keras.layers.Dense(1)])
    graph = invert.freeze(model, bounds=(0, 1))
    nameless = dataclasses.replace(graph.domain, names=())
    run = invert.generate([0.5, 0.7], classifier=graph, steps=1)
    for each in (run, dataclasses.replace(run, domain=nameless)):
        head, *rows = csv.reader(io.StringIO(tables.write(each).decode()))
        assert head[:5] == ["x0[0]", "x1[0]", "x0[1]", "x1[1]", "output 0"]
        assert [len(row) for row in rows] == [len(head)] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--target .2,.8", "must have a number for each of the 10; got 2"),
        ("--target 3:half", "'3:half' needs a number in the place of 'half'"),
        ("--target 3:.5,8:.6", "add up to 1, such as 3:0.5,8:0.5, or be 8:0 for anything but that"),
        ("--target 3:.5,8:.6", "; got 3:0.5,8:0.6."),
        ("--target 3:.5,8", "a mixture must be CLASS:SHARE,CLASS:SHARE,…; got '3:.5,8'"),
        ("8 --fixed 3", "--fixed must be NAME=VALUE; got '3'"),
        ("8 --within -1", "within must be a number above 0"),
        ("8 --out found.csv", "reads pictures; use --out FILE.png"),
        ("", "Say what to make"),
        ("8 --opposite x --within 1", "--opposite draws in one go and takes no within"),
    ],
)
def test_what_is_typed_wrong_is_said(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main(["generate", "--classifier", "robust", *arguments.split()]) == 2
    assert words in capsys.readouterr().err


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network of 2a - c, and a table of what a, b and c may be."""
    folder = tmp_path_factory.mktemp("features")
    layer = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.set_weights([np.array([[2.0], [0.0], [-1.0]]), np.zeros(1)])
    model.save(folder / "model.keras")
    table = folder / "examples.csv"
    table.write_text("a,b,c\n0,-1,0\n5,1,6\n2,0,3\n")
    return folder / "model.keras", table


def test_features_are_found_and_written(files, tmp_path, capsys, monkeypatch):
    model, table = files
    out = tmp_path / "found.csv"
    network = ["--classifier", str(model), "--bounds", str(table), "--whole-numbers", "c"]
    asked = ["--target", "7.0", "--fixed", "b=0.5", "--count", "3", "--out", str(out)]
    assert command.main(["generate", *network, *asked]) == 0
    said = capsys.readouterr().out
    assert (
        re.search("3 of 3 inputs give what was asked, [123] of them different; the", said)
        and "3 inputs, classifier" in said
    )
    with out.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert 2 * float(row["a"]) - float(row["c"]) == pytest.approx(7, abs=0.02)
        assert float(row["b"]) == 0.5 and float(row["c"]).is_integer()
        assert float(row["miss"]) == pytest.approx(abs(float(row["output 0"]) - 7), abs=1e-4)
        assert row["verdict"] == "convinced" and float(row["output 0 ± nearby"]) > 0
    assert command.main(["inspect", *network[1:]]) == 0
    pasted, what, of_layers, *layers = capsys.readouterr().out.splitlines()
    graph = eval(pasted, {"invert": invert})
    assert "for --output" in of_layers and graph.layers
    assert layers == [f"  {name} ({units})" for name, units in graph.layers]
    assert (graph.domain.low, graph.domain.whole) == ((0, -1, 0), (2,))
    assert what == "model.keras: 3 features (a, b, c), 1 values (0)"
    picture = tmp_path / "picture.png"
    picture.write_bytes(film.png(np.zeros((1, 4, 4), np.float32)))
    assert command.main(["inspect", *network[1:], str(picture)]) == 2
    assert "model.keras reads features, no pictures." in capsys.readouterr().err
    told = feature_tables.read(str(table))
    graph = invert.freeze(model, bounds=told[1], names=told[0], whole=["c"])
    run = invert.generate([7.0] * 3, classifier=graph, fixed={"b": 0.5})
    assert tables.write(run) == out.read_bytes()
    monkeypatch.chdir(tmp_path)
    assert command.main(["generate", *network, "--target", "700"]) == 0
    assert "0 of 1 inputs give what was asked; the farthest is " in capsys.readouterr().out
    assert (tmp_path / "generated.csv").is_file()
    monkeypatch.setattr(generation, "generate", None)  # said before anything is learned
    assert command.main(["generate", *network, "--target", "7", "--out", "x.png"]) == 2
    assert "reads features; use --out FILE.csv" in capsys.readouterr().err


def test_a_picture_of_one_output_is_read(tmp_path, capsys):
    """The output is 1 + the sum of 16 pixels, all white."""
    model = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.layers[-1].set_weights([np.ones((16, 1)), np.ones(1)])
    model.save(tmp_path / "model.keras")
    (tmp_path / "white.png").write_bytes(film.png(np.zeros((1, 4, 4), np.float32), scale=1))
    told = ["--head", "values", "--pixel-range", "0", "1"]
    files = [str(tmp_path / "model.keras"), str(tmp_path / "white.png")]
    assert command.main(["inspect", *files, *told]) == 0
    read = capsys.readouterr().out.splitlines()[-1]
    assert read == f"{files[1]}: 0 17"


@pytest.mark.parametrize("names", [None, ["height; m", "spin, left"]])
@pytest.mark.parametrize(("between", "point"), [(",", "."), (";", ","), (";", "."), ("\t", ",")])
def test_a_table_is_read_as_spreadsheets_of_any_country_write_it(names, between, point):
    numbers = [[1.5, -20.0], [1e-3, 4.0], [1200.25, 0.0]]
    rows = [[str(number).replace(".", point) for number in row] for row in numbers]
    file = io.StringIO()
    csv.writer(file, delimiter=between).writerows([*([names] if names else []), *rows])
    found, table = tables.read(file.getvalue().encode("utf-8-sig"))
    assert found == names
    np.testing.assert_array_equal(table, np.float32(numbers))


def test_a_row_may_be_longer_than_a_field():
    row = ";".join(["0,125"] * (tables.MOST_FIELD // 4))
    names, table = tables.read(f"{row}\n{row}\n".encode())
    assert names is None and table.shape == (2, tables.MOST_FIELD // 4) and (table == 0.125).all()


@pytest.mark.parametrize(
    "text",
    ["2;3\n2;1,234,5\n", "price\tage\n1,234\t5\n12,000\t6\n", "price;age\n1,234;5.5\n2,5;6\n"],
)
def test_commas_of_thousands_are_not_taken_for_decimals(text):
    with pytest.raises(ValueError, match="must be a table of numbers"):
        tables.read(text.encode())


def test_a_table_that_was_written_is_read(tmp_path):
    """Whatever its features are called."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    names = ["height; m", "spin, left"]
    graph = invert.freeze(model, bounds=(0, 1), names=names)
    run = invert.generate([0.1, 0.2], classifier=graph, steps=1)
    rows = list(csv.reader(io.StringIO(tables.write(run).decode())))
    numbers = io.StringIO()
    csv.writer(numbers).writerows(row[:2] for row in rows)
    found, table = tables.read(numbers.getvalue().encode())
    assert found == names
    np.testing.assert_allclose(table, run.images, rtol=1e-6)


def test_what_is_no_table_is_said(tmp_path):
    for text in ("a,b\n1,2\n3\n", "a,b\n1,two\n", "", "a\n1,2\n", '"'):
        (tmp_path / "table.csv").write_text(text)
        with pytest.raises(ValueError, match="must be a table of numbers, a feature a column"):
            feature_tables.read(str(tmp_path / "table.csv"))


def test_a_unit_of_a_hidden_layer_is_asked_for_by_the_layers_name(tmp_path, capsys):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(2, "softmax", name="end"),
        ]
    )
    model.save(tmp_path / "model.keras")
    layer = [str(tmp_path / "model.keras"), "--output", "conv"]
    out = ["--method", "steepest", "--out", str(tmp_path / "unit.png")]
    assert command.main(["generate", "2", "--classifier", *layer, *out]) == 0
    assert "2: activation " in (said := capsys.readouterr().out) and "above noise" in said
    assert command.main(["inspect", *layer]) == 0
    said = capsys.readouterr().out
    assert (
        "3 activations of conv (0, 1, 2)" in said and "  conv (3)\n  flat (48)\n  end (2)\n" in said
    )
