"""A network of features on the page, of which every answer is known: how far a ball flies."""

import json
import re
from html import unescape
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from page_driver import with_own_network

import invert
from invert import tables
from invert.inversion.domain import Domain
from invert.methods import answers
from invert.page import examples
from invert.page.features import found_inputs, in_words, inputs, live, question, sliders
from invert.page.frame import header
from invert.page.session import network, settings
from invert.training.samples import throws


class Table:
    """The table in the browser, in a test: it keeps what it is given, and sends what one does."""

    def __init__(self, monkeypatch):
        self.data, self.sent = {}, None
        monkeypatch.setattr(sliders, "_component", lambda: self._mount)

    def _mount(self, *, data, key, on_told_change):
        import streamlit as st

        self.data = data
        if self.sent is None:
            return
        st.session_state[key], self.sent = SimpleNamespace(told=self.sent), None
        on_told_change()
        st.rerun()

    def send(self, page, **changes):
        sent = {key: self.data[key] for key in ("of", "rows", "values", "held")}
        self.sent = {**sent, "number": self.data["answered"] + 1, **changes}
        return page.run()


@pytest.fixture
def table(monkeypatch):
    return Table(monkeypatch)


@pytest.fixture
def sample(page, table, monkeypatch):
    """The page with its own sample of features on it."""
    return with_own_network(page, examples.FEATURES, monkeypatch, network.SAMPLE_OF_FEATURES)


def given(page):
    """What the network says now, by the output's name."""
    return {
        name: float(value.replace(",", "").replace("−", "-"))
        for name, value in re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page.html)
    }


def found(page):
    """The cells of the table of inputs, by the column's name."""
    (shown,) = re.findall(r"<table>.*?</table>", page.html)
    heads = [unescape(h) for h in re.findall(r'<th scope="col">([^<]*)</th>', shown)][1:]
    rows = re.findall(r"<tr data-line.*?</tr>", shown)
    return [dict(zip(heads, re.findall(r"<td>([^<]*)</td>", row), strict=True)) for row in rows]


def taken(row):
    """An input of the table as the formula takes it."""
    free = [float(row[name].replace("−", "-")) for name in throws.NAMES[:3]]
    return [*free, *(float(row["one of these"] == world) for world in throws.WORLDS)]


def test_the_answer_follows_the_sliders(sample, table):
    assert "“throws.keras” reads 6 features and gives 1 value." in sample.words
    rows = table.data["rows"]
    assert [row[0] for row in rows] == list(throws.NAMES)
    lowest, highest = zip(*[row[1:3] for row in rows[:3]], strict=True)
    assert (lowest, highest) == (throws.LOWEST, throws.HIGHEST)
    assert [row[3] for row in rows] == ["any"] * 3 + ["A"] * 3
    assert table.data["values"] == [15, 45, 10, 1, 0, 0], "the middle, and of the worlds the first"
    for values in ([20, 30, 2, 0, 1, 0], [7.5, 80, 19, 0, 0, 1]):
        revision = table.data["revision"]
        table.send(sample, values=values)
        want = throws.distance(np.array([values]))
        assert given(sample) == {"distance": pytest.approx(want[0], abs=1.5)}
        assert table.data["values"] == values and table.data["revision"] == revision
    assert 'role="alert"' not in sample.html
    for side, hidden in (("left", [2, 3]), ("right", [2, 3])):
        shown = re.findall(rf"st-key-{side} \[role=tab\]:nth-of-type\((\d)\)", sample.html)
        assert [int(number) for number in shown] == hidden, "of pictures"


def test_every_choice_counts_as_a_run_before_any_is_tried(sample, table, monkeypatch):
    """Of three worlds: one run from random inputs, one around them, and one for each world."""
    domain = Domain((6,), 0, 1, is_image=False, one_of=((3, 4, 5),))
    chosen = SimpleNamespace(graph=SimpleNamespace(domain=domain))
    asked = []

    def fit(most):
        chosen.most_images = lambda record, steps: asked.append(steps) or most
        return question.most_inputs(chosen)

    assert (fit(99), fit(3), fit(0)) == (question.MOST_IMAGES, 3, 0) and set(asked) == {5 * 300}
    monkeypatch.setattr(question, "most_inputs", lambda chosen: 0)
    monkeypatch.setattr(invert, "generate", lambda *_, **__: pytest.fail("that is too long"))
    sample.click("find-others")
    assert found_inputs.TOO_LONG in sample.words and 'role="alert"' not in sample.html


def test_inputs_are_found_that_give_the_value_and_one_is_held(sample, table):
    table.send(sample, values=[15, 45, 12.5, 1, 0, 0], held=[2])
    (field,) = sample.test.number_input
    sample.choose(field.key, 60.0)
    rows, run = found(sample), found_by_hand([{"distance": 60.0}] * 12, fixed={"height": 12.5})
    assert [float(row["off by"]) for row in rows] == pytest.approx(run.misses, abs=0.05)
    assert {row["height"] for row in rows} == {"12.5"} and "Held: height at 12.5." in sample.words
    near = [row for row in rows if float(row["off by"]) < 1]
    flown = throws.distance(np.array([taken(row) for row in near]))
    np.testing.assert_allclose(flown, 60, atol=2)
    won = run.verdicts.count("convinced")
    assert won > 6 and f"{won} of 12 inputs give distance 60." in sample.words
    differ = "All" if run.distinct == won else f"{run.distinct} of them"
    assert f"{differ} differ by over 5% of some feature's range." in sample.words
    steady = [float(row["± nearby"]) for row in rows]
    assert steady == pytest.approx(run.neighbourhood[:, 0].tolist(), rel=1e-3)


def test_the_lines_cross_each_axis_where_the_input_lies(sample):
    run = found_by_hand([{"distance": first(sample)}] * 12)
    chart = json.loads(unescape(re.search(r'data-parallel="([^"]*)"', sample.html)[1]))
    assert [axis["name"] for axis in chart["axes"]] == ["speed", "angle", "height", "one of these"]
    assert chart["axes"][3]["ticks"] == list(throws.WORLDS) and chart["held"] == []
    assert chart["won"] == [verdict == "convinced" for verdict in run.verdicts]
    crossed, low, high = np.array(chart["lines"]), np.array(throws.LOWEST), np.array(throws.HIGHEST)
    shares = (run.images[:, :3] - low) / (high - low)
    np.testing.assert_allclose(crossed[:, :3], shares, atol=1e-3)
    worlds = run.images[:, 3:].argmax(axis=1)
    np.testing.assert_allclose(crossed[:, 3], worlds / 2, atol=1e-3)


def test_a_click_moves_the_sliders_to_an_answer(sample, table):
    run, rows = found_by_hand([{"distance": first(sample)}] * 12), found(sample)
    before = table.data["revision"]
    sample.click("take-4")
    assert table.data["values"] == run.images[3].tolist() and table.data["revision"] > before
    assert given(sample)["distance"] == pytest.approx(run.probabilities[3, 0], rel=1e-3)
    assert found(sample) == rows, "the answers stay"
    sample.click("find-others")
    assert found(sample) != rows and len(found(sample)) == 12


def first(page):
    """The value that is asked for at first."""
    (field,) = page.test.number_input
    return field.value


def found_by_hand(targets, **how):
    """The run of the package alone, on the same network with the same table of examples."""
    names, table = tables.read(examples.THROWS.read_bytes())
    told = {"bounds": table, "names": names, "one_of": [throws.WORLDS], "labels": ["distance"]}
    graph = invert.freeze(examples.FEATURES, **told)
    return invert.generate(targets, classifier=graph, seed=settings.SEED, **how)


def test_the_program_under_code_finds_the_same_inputs_to_the_bit(sample, table, xla, monkeypatch):
    runs = []
    monkeypatch.setattr(
        invert, "generate", lambda *a, of=invert.generate, **k: runs.append(of(*a, **k)) or runs[-1]
    )
    table.send(sample, values=[12.3, 45, 12.5, 1, 0, 0], held=[0])
    sample.click("find")
    want = [row["angle"] for row in found(sample)]
    sample.test.session_state["right"] = "Code"
    sample.run()
    (code,) = (element.value for element in sample.test.code)
    known: dict = {}
    exec(code.replace("'throws.keras'", repr(str(examples.FEATURES))), known)
    assert [in_words.number(angle) for angle in known["run"].images[:, 1]] == want
    assert known["graph"].labels == ("distance",) and len(set(want)) > 3
    shown, of_program = runs[-2:]
    np.testing.assert_array_equal(of_program.images, shown.images)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A network that tells three classes apart by two features, and says so by a softmax."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.layers[0].set_weights([np.array([[4.0, -4, 0], [0, 0, 8]]), np.array([-2.0, 2, -6])])
    path = tmp_path_factory.mktemp("features") / "kinds.keras"
    model.save(path)
    return path


@pytest.mark.whole
def test_a_classifier_of_features_says_a_class_and_one_is_asked_for(
    page, table, kinds, monkeypatch
):
    with_own_network(page, kinds, monkeypatch)
    assert "“kinds.keras” reads 2 features and tells classes apart." in page.words
    assert live.ASSUMED in page.words and not page.test.number_input
    assert header.OF_FEATURES in page.words and header.OF_DIGITS not in page.words
    assert [row[:3] for row in table.data["rows"]] == [["x0", 0, 1], ["x1", 0, 1]]
    table.send(page, values=[1.0, 0.0])
    odds = np.exp([2.0, -2, -6])
    assert f"{odds[0] / odds.sum():.0%} sure" in page.words and "<b>0</b>" in page.html
    page.choose("class", 2)
    assert all(float(row["x1"]) > 0.6 for row in found(page)), "8b - 6 > |4a - 2| needs it"
    assert "12 of 12 inputs are read as 2." in page.words
    (named,) = [f for f in page.test.text_input if f.key.startswith("own-names")]
    page.choose(named.key, "low, high, other")
    assert "are read as other." in page.words


def test_what_is_typed_is_used_or_it_is_said_why_not(page, table, kinds, monkeypatch):
    with_own_network(page, kinds, monkeypatch)
    table.send(page, rows=[["width", -2, 2, "any"], ["count", 0, 5, "whole"]], values=[1.5, 2.6])
    assert table.data["values"] == [1.5, 3], "a whole number is whole"
    for rows, words in (
        ([["width", 2, -2, "any"], ["count", 0, 5, "whole"]], "The lowest value of width must be"),
        ([["width", None, 2, "any"], ["count", 0, 5, "whole"]], "The lowest value of width must"),
        ([["width", -2, 2, "any"], ["width", 0, 5, "any"]], "Names of features must be there and"),
        ([["width", -2, 2, "any"], ["count", 0, 5.5, "whole"]], "bounds are whole numbers"),
        ([["width", -1e25, 2, "any"], ["count", 0, 5, "any"]], "at most 1e+18 in size"),
    ):
        table.send(page, rows=rows)
        assert 'role="alert"' in page.html and words in page.words
        assert table.data["rows"] == [["width", -2, 2, "any"], ["count", 0, 5, "whole"]]
        assert table.data["values"] == [1.5, 3], "nothing is lost"
    kept = table.data["rows"]
    for sent in (
        {"rows": [["a", 0, 1]] * 2},
        {"rows": kept[:1]},
        {"values": ["1", 2]},
        {"values": [float("nan"), 2]},
        {"held": [2]},
        {"held": {"0": 1}},
        {"rows": [["a" * 1000, 0, 1, "any"], kept[1]]},
        {"rows": [["a", 0, 1, "any thing"], kept[1]]},
        {"of": "another network"},
    ):
        table.send(page, **sent)
        assert table.data["rows"] == kept and table.data["values"] == [1.5, 3], sent
    table.send(page, rows=kept, values=[9, -9])
    assert table.data["values"] == [2, 0] and 'role="alert"' not in page.html


def test_a_table_of_examples_tells_names_and_ends(page, table, kinds, monkeypatch):
    with_own_network(page, kinds, monkeypatch)
    upload(page, "good.csv", b"\xef\xbb\xbfwidth,depth\n3,1\n-1,1\n0.5,1\n")
    rows = [["width", -1, 3, "any"], ["depth", 1, 1, "any"]]
    assert table.data["rows"] == rows and table.data["values"] == [0.5, 1]
    assert live.ASSUMED not in page.words
    assert {row["depth"] for row in found(page)} == {"1"}, "what is always the same stays"
    monkeypatch.setattr(inputs, "MOST_ROWS", 5)
    for data, words in (
        (b"a,b\n" + b"1,2\n" * 5, "more than 5 rows"),
        (b"a,b,c\n1,2,3\n", "needs a column for each of the 2 features; bad.csv has 3."),
        (
            b"a,b\n1,x\n",
            "without (row 2, column 2: 'x' is no number; keep only columns of numbers).",
        ),
        (b"a,b\n1\n", "without (row 2 has 1 values instead of 2)."),
        (
            b"1,2\n1,\n",
            "without (row 2, column 2: there is nothing; fill it in, or leave the row out).",
        ),
        (b"a,b\n1,5;2\n", "(row 2, column 2: '5;2' is no number; keep only columns of numbers)"),
        (b"", "bad.csv must be a table of numbers"),
        (b"\xff\xfe\x00", "bad.csv must be a table of numbers"),
        (b"a,b\n1,nan\n", "of finite numbers"),
        (b"a,a\n1,2\n", "Names of features must be there and differ"),
        (b"0" * (inputs.MOST_BYTES + 1), "A table of examples may have 2 MB; bad.csv has 2.0."),
    ):
        upload(page, "bad.csv", data)
        assert 'role="alert"' in page.html and words in page.words, data[:9]
        assert table.data["rows"] == rows, "what was there stays"


def upload(page, name, data):
    (field,) = [f for f in page.test.file_uploader if f.key.startswith("examples-")]
    field.upload(name, data, "text/csv")
    page.run()


@pytest.mark.parametrize(
    ("ends", "first"), [((1e30, 3e30), 1e18), ((-9e25, 0), -1e18), ((1, 2.5), 1.8)]
)
def test_what_is_asked_at_first_is_what_the_field_takes(monkeypatch, ends, first):
    """The middle of what is usual, in two figures; a field of a larger number would break."""
    monkeypatch.setattr(answers, "nine_in_ten", lambda _: np.array(ends)[:, None])
    assert question._first(SimpleNamespace(graph=None), 0) == first


def test_several_outputs_are_values_or_scores_as_one_says(page, table, tmp_path, monkeypatch):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.layers[0].set_weights([np.array([[4.0, 1], [0, 2]]), np.array([1.0, 0])])
    model.save(tmp_path / "two.keras")
    with_own_network(page, tmp_path / "two.keras", monkeypatch)
    table.send(page, values=[0.5, 0.25])
    assert given(page) == {"value 0": 3, "value 1": 1}
    first, second = page.test.number_input
    page.choose(first.key, 2.0)
    assert second.value is None and "12 of 12 inputs give value 0 2." in page.words
    assert all(float(row["x0"]) == pytest.approx(0.25, abs=0.02) for row in found(page))
    page.choose(second.key, 1.25)
    assert all(float(row["x1"]) == pytest.approx(0.5, abs=0.03) for row in found(page))
    page.choose(first.key, None).choose(second.key, None)
    assert "Say which value you want." in page.words
    (head,) = [each for each in keys(page) if each.startswith("own-head")]
    page.choose(head, "scores of classes")
    assert "88% sure" in page.words and "are read as 0" in page.words, "1 / (1 + exp(-2))"


def keys(page):
    return [each.key for each in page.test.get("button_group")]
