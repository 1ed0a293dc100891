"""The classes' names, from files as people have them."""

import json

import numpy as np
import pytest
from small_networks import dense_graph

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening import labels

NAMES = ("duck", "goose, grey", "3 swans")
FILES = {
    "as Teachable Machine writes": "0 duck\n1 goose, grey\n2 3 swans\n",
    "a name a line": "duck\r\ngoose, grey\r\n3 swans",
    "with a sign in front, and empty lines": "\ufeffduck\n\ngoose, grey\n3 swans\n\n",
    "as a table": "0,duck\n1,goose, grey\n2,3 swans\n",
    "in another order": "2: 3 swans\n0: duck\n1: goose, grey",
    "metadata": json.dumps({"modelName": "x", "labels": list(NAMES)}),
    "a list": json.dumps(NAMES),
    "class_indices": json.dumps({"3 swans": 2, "duck": 0, "goose, grey": 1}),
    "names by number": json.dumps({"1": "goose, grey", "2": "3 swans", "0": "duck"}),
}


@pytest.mark.parametrize("kind", FILES)
def test_names_are_read_in_the_order_of_the_classes(kind, tmp_path):
    path = tmp_path / "names"
    path.write_bytes(FILES[kind].encode())
    assert labels.told(path) == labels.told(str(path)) == NAMES


def test_numbers_that_are_names_stay_names():
    assert labels.told(["5", "3"]) == ("5", "3")
    assert labels.told({"7": 0, "5": 1}) == ("7", "5")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "3", '{"a": 0, "b": 2}', '{"a": [0]}', "a\na", "[1, 2]", '{"labels": 3}', "{"],
)
def test_what_holds_no_names_is_refused(text, tmp_path):
    path = tmp_path / "names"
    path.write_text(text)
    if text == "3":
        assert labels.told(path) == ("3",)
        return
    with pytest.raises(ValueError, match=r"labels must be a sequence of names, .*/names"):
        labels.told(path)


@pytest.mark.parametrize("told", [3, None, b"ab", [1, 2], ["a", "a"], [], {"a": 0, "b": 5}])
def test_what_is_told_must_be_names(told):
    with pytest.raises(ValueError, match="labels must be a sequence of names"):
        labels.told(told)
    with pytest.raises(ValueError, match=r"there is no file 'nowhere.txt'\.$"):
        labels.told("nowhere.txt")


def test_a_file_of_names_is_bounded(tmp_path, monkeypatch):
    (tmp_path / "names").write_text("a\nb\n")
    monkeypatch.setattr(labels, "MAX_BYTES", 3)
    with pytest.raises(ValueError, match="at most 0 are read"):
        labels.told(tmp_path / "names")
    with pytest.raises(ValueError, match="labels must be"):
        labels.told(["a", "b" * 201])


@pytest.mark.parametrize("name", ["labels.txt", "own_labels.txt", "metadata.json"])
def test_names_beside_a_network_are_taken_if_there_are_as_many(name, tmp_path):
    path, _ = dense_graph(tmp_path / "own.pb", classes=3)
    beside = tmp_path / name
    beside.write_text(json.dumps({"labels": NAMES}) if "json" in name else "\n".join(NAMES))
    assert freeze(path).labels == NAMES
    assert freeze(path, labels=["a", "b", "c"]).labels == ("a", "b", "c")
    beside.write_text("a\nb")
    assert freeze(path).labels == ("0", "1", "2")
    with pytest.raises(ValueError, match="each of the 3 classes; got 2 names"):
        freeze(path, labels=beside)


def test_numbers_by_name_give_their_order(tmp_path):
    path, w = dense_graph(tmp_path / "own.pb", classes=2)
    frozen = freeze(path, labels={"b": 1, "a": 0})
    assert frozen.labels == ("a", "b") and w.shape == (784, 2) and np.isfinite(w).all()
