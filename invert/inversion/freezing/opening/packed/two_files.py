"""A Keras model in two files: its description in JSON, and its weights in HDF5.

``model.to_json`` and ``model.save_weights`` write these.
"""

import json
from pathlib import Path

from invert.inversion.freezing.opening import hdf5, keras_config
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.refusal import Refusal, listed

WEIGHTS, DESCRIPTIONS = (".h5", ".hdf5"), (".json",)


def is_description(known) -> bool:
    """Whether parsed JSON describes a Keras model."""
    return isinstance(known, dict) and "class_name" in known and "config" in known


def weights_of(description: Path) -> Path:
    """Return the file beside a description that holds its weights.

    Raises:
        Refusal: there is none, or there are several.
    """
    return _other(description, WEIGHTS, _is_weights, "weights", "model.save_weights")


def description_of(weights: Path) -> Path:
    """Return the file beside weights that describes their network.

    Raises:
        Refusal: there is none, or there are several.
    """
    return _other(weights, DESCRIPTIONS, _is_description_file, "description", "model.to_json")


def ending_of(weights: bytes) -> str:
    """What Keras wants such a file to be called: older versions named the layers at its root."""
    return ".h5" if hdf5.has(weights, "layer_names") else ".weights.h5"


def _other(path: Path, endings, is_one, what: str, writer: str) -> Path:
    """The one file beside ``path`` of the same name, or else the only one of its kind."""
    beside = sorted(other for other in path.parent.iterdir() if other.suffix.lower() in endings)
    stem = path.name.split(".")[0]
    same = [other for other in beside if other.name.split(".")[0] == stem]
    found = [other for other in same if is_one(other)] or [o for o in beside if is_one(o)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refusal(
            f"A Keras model must have its description and its weights; beside {path} lies no"
            f" {what}, such as {writer} writes. Put it there, or save the whole model with"
            " model.save."
        )
    names = listed((other.name for other in found), 4)
    raise Refusal(
        f"Beside {path} there are several files of {what}: {names}. Give the one that belongs to it"
        " the same name."
    )


def _is_weights(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(len(hdf5.SIGNATURE)) != hdf5.SIGNATURE:
            return False
    try:
        data = read(path)
        hdf5.check(data)
        return hdf5.text(data, "model_config") is None
    except Refusal:
        return False


def _is_description_file(path: Path) -> bool:
    try:
        return is_description(json.loads(read(path, keras_config.MAX_TEXT)))
    except (ValueError, RecursionError):
        return False
