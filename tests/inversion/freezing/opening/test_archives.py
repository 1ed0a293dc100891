"""Zip archives and folders: the one network in them, and bounds before anything is unpacked."""

import json
import struct
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from small_networks import dense_graph, logits_of, pictures

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening import file_sizes
from invert.inversion.freezing.opening.packed import archives, search


def packed(path, parts, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return path


@pytest.fixture
def graph(tmp_path):
    path, w = dense_graph(tmp_path / "graph.pb")
    return path.read_bytes(), w


@pytest.mark.parametrize("name", ["g.pb", "deep/er/g.pb", "windows\\g.pb"])
def test_the_network_in_an_archive_is_found(name, graph, tmp_path):
    data, w = graph
    others = [("readme.txt", b"x"), ("__MACOSX/._g.pb", b"x"), (".DS_Store", b"x"), ("empty/", b"")]
    frozen = freeze(packed(tmp_path / "own.zip", [*others, (name, data)]))
    assert frozen.name == "own.zip"
    x = pictures(2, 28, 28)
    np.testing.assert_allclose(logits_of(frozen, x), x.reshape(2, 784) @ w, rtol=1e-5, atol=1e-5)


def test_the_network_in_a_folder_is_found(graph, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "g.pb").write_bytes(graph[0])
    (folder / "package.json").write_text("{}")
    (folder / "labels.txt").write_text("0 a")
    assert freeze(folder).classes == 10
    (folder / "h.pb").write_bytes(graph[0])
    with pytest.raises(ValueError, match=r"own holds several networks: 'g.pb', 'h.pb'. Give one"):
        freeze(folder)


def test_files_in_the_folder_of_a_saved_model_are_its_own(tmp_path):
    """Teachable Machine keeps a description of the same network in ``assets``."""
    model = tf.Module()
    model.w = tf.Variable(np.float32([[1, -1]] * 6))
    call = tf.function(lambda x: tf.reshape(x, (-1, 6)) @ model.w)
    signature = call.get_concrete_function(tf.TensorSpec((None, 2, 3)))
    tf.saved_model.save(model, str(tmp_path / "saved"), signatures=signature)
    described = {"config": {"layers": []}, "class_name": "Sequential"}
    (tmp_path / "saved" / "assets" / "saved_model.json").write_text(json.dumps(described))
    files = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert freeze(tmp_path / "saved").classes == 2
    for above in ("", "mine/"):
        parts = [
            (above + str(path.relative_to(tmp_path / "saved")), path.read_bytes()) for path in files
        ]
        assert freeze(packed(tmp_path / "saved.zip", parts)).classes == 2


def test_several_networks_or_none_are_refused_by_their_names(graph, tmp_path):
    parts = [("a/g.pb", graph[0]), ("b/g.pb", graph[0])]
    with pytest.raises(ValueError, match=r"two.zip holds several networks: 'a/g.pb', 'b/g.pb'."):
        freeze(packed(tmp_path / "two.zip", parts))
    with pytest.raises(ValueError, match=r"; .*none.zip holds 'notes.txt', and none of these.$"):
        freeze(packed(tmp_path / "none.zip", [("notes.txt", b"x")]))


def test_what_is_wrong_inside_is_said_by_the_archives_own_name(tmp_path):
    path = packed(tmp_path / "own.zip", [("a/g.pb", b"not a graph")])
    with pytest.raises(ValueError, match=r"own.zip/a/g.pb is none of these.$") as caught:
        freeze(path)
    assert str(tmp_path / "own.zip/a/g.pb") in str(caught.value)


@pytest.mark.parametrize("name", ["../g.pb", "/g.pb", "a/../../g.pb", "C:/g.pb", "..\\g.pb"])
def test_a_part_stays_inside(name, graph, tmp_path):
    path = packed(tmp_path / "own.zip", [(name, graph[0])])
    with pytest.raises(ValueError, match="a part named .*, which leads elsewhere.$"):
        freeze(path)


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("g.pb")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    with pytest.raises(ValueError, match="'g.pb', which is no plain file"):
        freeze(packed(tmp_path / "own.zip", [(link, b"/etc/passwd")]))


def test_two_parts_of_a_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = packed(tmp_path / "own.zip", [("g.pb", b"x"), ("g.pb", b"y")])
    with pytest.raises(ValueError, match="two parts named 'g.pb'"):
        freeze(path)
    with pytest.raises(ValueError, match="two parts named 'g.pb/h.pb', or one of them inside"):
        freeze(packed(tmp_path / "own.zip", [("g.pb", b"x"), ("g.pb/h.pb", b"y")]))


def test_a_locked_or_rarely_packed_archive_is_refused(graph, tmp_path):
    path = packed(tmp_path / "own.zip", [("g.pb", graph[0])], zipfile.ZIP_BZIP2)
    with pytest.raises(ValueError, match="packed in a way that is rarely used"):
        freeze(path)
    data = bytearray(packed(path, [("g.pb", graph[0])]).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="locked with a password"):
        freeze(path)


def test_a_part_is_no_longer_than_it_says(graph, tmp_path):
    path = packed(tmp_path / "own.zip", [("g.pb", graph[0])])
    data = bytearray(path.read_bytes())
    for sign, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(sign) + place
        data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged|more than it says"):
        freeze(path)


def test_damaged_archives_are_one_sentence(graph, tmp_path):
    path = packed(tmp_path / "own.zip", [("g.pb", graph[0])])
    whole = path.read_bytes()
    for data in (whole[:100], whole[:-10], whole[:50] + b"?" * 500 + whole[550:]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="damaged") as caught:
            freeze(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "limit", "most", "words"),
    [
        (archives, "MAX_PARTS", 2, "has 3 parts; at most 2 are"),
        (archives, "MAX_LISTING", 100, "table of contents takes 1.. bytes; at most 100 are"),
        (archives, "MAX_DEPTH", 1, "'b/c', which is no plain file"),
        (file_sizes, "MAX_UNPACKED", 100, "would grow from .* That is more than is allowed"),
        (search, "MAX_FILES", 2, "holds over 2 files"),
    ],
)
def test_what_it_claims_is_bounded(where, limit, most, words, tmp_path, monkeypatch):
    path = packed(tmp_path / "own.zip", [("a", bytes(5000)), ("b/c", b"x"), ("d", b"x")])
    monkeypatch.setattr(where, limit, most)
    with pytest.raises(ValueError, match=words):
        freeze(path)
