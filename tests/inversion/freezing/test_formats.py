"""What a file is, by its first bytes: taken, or refused in a sentence that says what it is."""

import gzip
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image
from small_networks import dense_graph, picture_graph, write

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening import formats
from invert.inversion.freezing.refusal import shortened


def picture(kind):
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, kind)
    return data.getvalue()


def archive(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return data.getvalue()


def array():
    data = io.BytesIO()
    np.save(data, np.zeros(3))
    return data.getvalue()


STRANGERS = {
    "png": (picture("PNG"), "is a picture (PNG), and no network."),
    "jpeg": (picture("JPEG"), "is a picture (JPEG), and no network."),
    "gif": (picture("GIF"), "is a picture (GIF), and no network."),
    "webp": (picture("WEBP"), "is a picture (WebP), and no network."),
    "pytorch": (
        archive("archive/data.pkl", "archive/data/0"),
        "is a PyTorch model. Export it to TensorFlow.",
    ),
    "pickle": (
        pickle.dumps({"weights": [1, 2]}),
        "is a pickle of Python, such as PyTorch and scikit-learn write, and opening it would run"
        " whatever is in it.",
    ),
    "onnx": (
        b"\x08\x08\x12\x09onnx.test:\x10",
        "is an ONNX model. Export it to TensorFlow.",
    ),
    "npz": (
        archive("a.npy", "b.npy"),
        "is arrays of NumPy, without the network that they belong to.",
    ),
    "zip": (archive("readme.txt"), "holds 'readme.txt', and none of these."),
    "npy": (array(), "is an array of NumPy, without the network that it belongs to."),
    "gzip": (gzip.compress(b"graph"), "is packed (gzip). Unpack it, and give what was in it."),
    "git lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
        "is a pointer of Git LFS to the file itself. Fetch that with git lfs pull.",
    ),
    "web page": (
        b"<!DOCTYPE html><html><body>404</body></html>",
        "is a web page, and no network. Download the file itself.",
    ),
    "json": (b'{"labels": ["a", "b"]}', "is a file of JSON, and no network."),
    "deep json": (b'{"a":' * 100_000, "is a file of JSON, and no network."),
    "text": (b"not a graph", "is none of these."),
    "bytes": (bytes(range(1, 200)), "is none of these."),
    "nothing": (b"", "is empty."),
}


@pytest.mark.parametrize("name", ["file", "file.pb", "file.h5", "file.keras"])
@pytest.mark.parametrize("kind", STRANGERS)
def test_a_file_of_another_kind_is_told_what_it_is(kind, name, tmp_path):
    data, words = STRANGERS[kind]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError) as caught:
        freeze(path)
    assert str(caught.value) == f"{formats.TAKEN}; {path} {words}"


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="; there is no file '.*missing.pb'.$"):
        freeze(tmp_path / "missing.pb")


def test_folders_that_hold_no_network_are_refused(tmp_path):
    with pytest.raises(ValueError, match="the folder .* is empty.$"):
        freeze(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match="the folder .* holds 'notes.txt', and none of these.$"):
        freeze(str(tmp_path))


@pytest.mark.parametrize("comment", ["", "# made by hand\n", "\n  "])
def test_text_is_known_by_its_first_word(comment, tmp_path):
    path = tmp_path / "graph"
    path.write_text(comment + str(picture_graph()))
    assert formats.kind_of(path) == ("text graph", path)
    assert freeze(path).classes == 10


@pytest.mark.parametrize("text", ["node { op: ", "node {" * 5000, "node { colour: 3 }", "# "])
def test_broken_text_is_one_sentence(text, tmp_path):
    (tmp_path / "graph.pb").write_text(text)
    with pytest.raises(ValueError) as caught:
        freeze(tmp_path / "graph.pb")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_damaged_graphs_are_one_sentence(tmp_path):
    path, _ = dense_graph(tmp_path / "graph.pb")
    whole = path.read_bytes()
    for share in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError) as caught:
            freeze(path)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
    graph_def = picture_graph()
    graph_def.node[2].input[0] = "nowhere"
    with pytest.raises(ValueError, match="."):
        freeze(write(path, graph_def))


def test_a_pipe_is_refused_unread(tmp_path):
    os.mkfifo(tmp_path / "pipe.pb")
    with pytest.raises(ValueError, match="pipe.pb is a device or a pipe.$"):
        freeze(tmp_path / "pipe.pb")


def test_text_that_is_nested_too_deeply_is_refused(tmp_path):
    nest = 'func { attr { key: "y" value { ' * 2000
    deep = f'node {{ name: "a" op: "Const" attr {{ key: "x" value {{ {nest}'
    (tmp_path / "deep.pbtxt").write_text(deep)
    with pytest.raises(ValueError, match="deep.pbtxt is text that is nested too deeply.$"):
        freeze(tmp_path / "deep.pbtxt")


def test_what_is_missing_is_named_in_a_few_words():
    assert shortened(KeyError("config")) == "there is no 'config'"
    assert len(shortened(KeyError("x" * 10**6))) < 250
