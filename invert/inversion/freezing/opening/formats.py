"""What a file is, by its first bytes. Endings are often wrong."""

import json
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from invert.inversion.freezing.opening import checkpoint, hdf5, saved_model
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.packed import archives, search, two_files
from invert.inversion.freezing.opening.tfjs import model_json
from invert.inversion.freezing.refusal import Refusal, listed

TAKEN = (
    "A classifier must be a Keras model or .keras or .h5 file, the folder of a SavedModel, a frozen"
    " .pb file, a checkpoint with its .meta, the model.json of tensorflow.js, a .tflite file, or a"
    " .zip of one of these"
)
LITE = b"TFL3"
OPPOSITE = "opposite.json"  # in the file of an opposite model, beside what Keras wrote
TABLE = bytes.fromhex("57fb808b247547db")  # the last bytes of a checkpoint's index
# Files that are no network: where their mark lies, the mark, and what to say.
OTHER_FILES = (
    (0, b"\x89PNG", "a picture (PNG), and no network"),
    (0, b"\xff\xd8\xff", "a picture (JPEG), and no network"),
    (0, b"GIF8", "a picture (GIF), and no network"),
    (8, b"WEBP", "a picture (WebP), and no network"),
    (0, b"\x1f\x8b", "packed (gzip). Unpack it, and give what was in it"),
    (0, b"BZh", "packed (bzip2). Unpack it, and give what was in it"),
    (0, b"\xfd7zXZ", "packed (xz). Unpack it, and give what was in it"),
    (257, b"ustar", "packed (tar). Unpack it, and give what was in it"),
    (0, b"\x93NUMPY", "an array of NumPy, without the network that it belongs to"),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS to the file itself. Fetch that with git lfs pull",
    ),
    (0, b"<!DOCTYPE", "a web page, and no network. Download the file itself"),
    (0, b"<html", "a web page, and no network. Download the file itself"),
    (0, b"%PDF", "a document (PDF), and no network"),
)
TEXT_GRAPHS = ("node", "versions", "library", "#")


def kind_of(path: Path) -> tuple[str, Path]:
    """Return what a path leads to, and the path of that.

    Returns:
        One of ``"keras"``, ``"hdf5"``, ``"saved model"``, ``"graph"``, ``"text graph"``,
        ``"checkpoint"``, ``"tensorflow.js"``, ``"lite"``, ``"description"``, of a Keras model whose
        weights are in another file, and ``"archive"``, a zip archive of other files.

    Raises:
        Refusal: it is none of these. The text says what it is, where that can be told.
    """
    if path.is_dir():
        return _kind_of_folder(path)
    if path.is_file():
        return _kind_of_file(path)
    prefix = checkpoint.prefix_of(path)
    if prefix is not None:
        return "checkpoint", prefix
    if path.exists():
        raise Refusal(f"{TAKEN}; {path} is a device or a pipe.")
    raise Refusal(f"{TAKEN}; there is no file {str(path)!r}.")


def kind_inside(folder: Path) -> tuple[str, Path]:
    """Return what ``kind_of`` does, of the one network anywhere in a folder.

    Raises:
        Refusal: there is none, or there are several.
    """
    found = search.only_one(folder, kind_of, deep=True)
    if found is None:
        inside = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))]
        raise Refusal(f"{TAKEN}; {folder} holds {listed(inside, 5)}, and none of these.")
    return found


def _kind_of_file(path: Path) -> tuple[str, Path]:
    with path.open("rb") as file:
        start = file.read(512)
        file.seek(0, 2)
        file.seek(max(file.tell() - len(TABLE), 0))
        end = file.read()
    if not start:
        raise Refusal(f"{TAKEN}; {path} is empty.")
    for place, sign, what in OTHER_FILES:
        if start[place : place + len(sign)] == sign:
            raise Refusal(f"{TAKEN}; {path} is {what}.")
    if start[4:8] == LITE:
        return "lite", path
    if start.startswith(hdf5.SIGNATURE):
        return "hdf5", path
    if start.startswith(archives.SIGNATURE):
        return _kind_of_zip(path)
    if end == TABLE or path.name == "checkpoint" or ".data-0" in path.name:
        return _kind_of_values(path, start)
    if start[0] == 0x80 and 2 <= start[1] <= 5:
        raise Refusal(
            f"{TAKEN}; {path} is a pickle of Python, such as PyTorch and scikit-learn write, and"
            " opening it would run whatever is in it."
        )
    if start.lstrip()[:1] == b"{":
        return _kind_of_json(path)
    return _kind_of_protobuf(path, start)


def _kind_of_folder(folder: Path) -> tuple[str, Path]:
    if saved_model.is_folder(folder):
        return "saved model", folder
    only = checkpoint.only_one(folder)
    if only is not None:
        return "checkpoint", only
    if (folder / model_json.NAME).is_file():
        return kind_of(folder / model_json.NAME)
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        raise Refusal(f"{TAKEN}; the folder {folder} is empty.")
    found = search.only_one(folder, kind_of, deep=False)
    if found is None:
        raise Refusal(f"{TAKEN}; the folder {folder} holds {listed(names, 5)}, and none of these.")
    return found


def _kind_of_zip(path: Path) -> tuple[str, Path]:
    with archives.opened(path) as archive:
        names = archive.namelist()
    if OPPOSITE in names:
        raise Refusal(
            f"{TAKEN}; {path} is an opposite model. Open it by invert.opposite.load, or in a shell"
            " by --opposite."
        )
    if "config.json" in names and "model.weights.h5" in names:
        return "keras", path
    if any(name.endswith(("data.pkl", "constants.pkl")) for name in names):
        raise Refusal(f"{TAKEN}; {path} is a PyTorch model. Export it to TensorFlow.")
    if names and all(name.endswith(".npy") for name in names):
        raise Refusal(
            f"{TAKEN}; {path} is arrays of NumPy, without the network that they belong to."
        )
    return "archive", path


def _kind_of_values(path: Path, start: bytes) -> tuple[str, Path]:
    """A file that belongs to a checkpoint."""
    prefix = checkpoint.prefix_of(path)
    if path.name == "checkpoint" and b"model_checkpoint_path" in start:
        name = start.split(b'"')[1].decode(errors="replace") if start.count(b'"') > 1 else ""
        prefix = checkpoint.prefix_of(path.parent / Path(name).name)
    if prefix is None and Path(f"{path}.meta").is_file():
        prefix = path  # of the first kind, whose values were in one file
    if prefix is None:
        raise Refusal(f"{TAKEN}; {path} is one file of a checkpoint. The others are not beside it.")
    return "checkpoint", prefix


def _kind_of_json(path: Path) -> tuple[str, Path]:
    try:
        known = json.loads(read(path, 2**24))
        known = known if isinstance(known, dict) else {}
    except (ValueError, RecursionError):
        known = {}
    if "modelTopology" in known or "weightsManifest" in known:
        return "tensorflow.js", path
    if two_files.is_description(known):
        return "description", path
    raise Refusal(f"{TAKEN}; {path} is a file of JSON, and no network.")


def _kind_of_protobuf(path: Path, start: bytes) -> tuple[str, Path]:
    """A graph, a graph with what belongs to it, or a SavedModel: told apart by parsing them."""
    word = start.decode(errors="replace").split("{")[0].split(":")[0].strip()
    if word.startswith(TEXT_GRAPHS):
        return "text graph", path
    if word.startswith(("meta_info_def", "graph_def")):
        return _kind_of_meta(path)
    if word.startswith(("saved_model_schema_version", "meta_graphs")):
        return _kind_of_lone_model(path)
    data = read(path)
    if _is_graph(_parsed(tf.compat.v1.GraphDef, data)):
        return "graph", path
    meta = _parsed(tf.compat.v1.MetaGraphDef, data)
    if meta is not None and _is_graph(meta.graph_def):
        return _kind_of_meta(path)
    model = _parsed(saved_model_pb2.SavedModel, data)
    if model is not None and any(_is_graph(graph.graph_def) for graph in model.meta_graphs):
        return _kind_of_lone_model(path)
    if (start[:1] == b"\x08" and b"onnx" in start.lower()) or path.suffix == ".onnx":
        raise Refusal(f"{TAKEN}; {path} is an ONNX model. Export it to TensorFlow.")
    raise Refusal(f"{TAKEN}; {path} is none of these.")


def _kind_of_meta(path: Path) -> tuple[str, Path]:
    prefix = checkpoint.prefix_of(path)
    if prefix is None and path.suffix == ".meta" and path.with_suffix("").is_file():
        prefix = path.with_suffix("")
    if prefix is None:
        raise Refusal(
            f"{path} is the graph of a checkpoint without its values. Put its .index and .data"
            " files beside it."
        )
    return "checkpoint", prefix


def _kind_of_lone_model(path: Path) -> tuple[str, Path]:
    if path.name in saved_model.FILES:
        return "saved model", path.parent
    raise Refusal(
        f"{path} is the graph of a SavedModel without the values of its variables. Give the whole"
        " folder, with variables/ in it."
    )


def _parsed(kind, data: bytes):
    try:
        return kind.FromString(data)
    except Exception:  # protobuf's own error, whose type differs between its implementations
        return None


def _is_graph(graph_def) -> bool:
    nodes = graph_def.node if graph_def is not None else ()
    return len(nodes) > 0 and all(node.name and node.op for node in nodes[:20])
