"""The weights of a tensorflow.js model: numbers one after the other, in files of any length.

The description lists them in groups. The files of a group, put together, hold its weights in their
order. Some are kept in fewer bits: as float16, or as whole numbers with a scale and a lowest value
(the format's own words: https://github.com/tensorflow/tfjs, tfjs-core/src/io/types.ts).
"""

import math
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from invert.inversion.checks import brief
from invert.inversion.freezing.opening.file_sizes import MAX_FILE, read
from invert.inversion.freezing.refusal import Refusal

MAX_WEIGHTS = 5000  # EfficientNetB7 has a thousand
MAX_FILES = 5000
MAX_SIDES = 8
MAX_VALUES = 2**28  # of all weights together, as of all constants of a graph
PIECE = 2**20
TYPES: dict[str, type] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
QUANTIZED: dict[str, type] = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16}


def read_all(folder: Path, manifest) -> dict[str, np.ndarray]:
    """Return the weights of a model, by name, in the order of the description.

    Args:
        folder: where the description lies; its files lie there too.
        manifest: the description's ``weightsManifest``, straight from the file.

    Raises:
        Refusal: the files and the description do not fit together, or it claims too much.
    """
    groups = [(_files(folder, group), _specifications(group)) for group in _dicts(manifest)]
    files, weights = (sum(len(group[k]) for group in groups) for k in (0, 1))
    if files > MAX_FILES or weights > MAX_WEIGHTS:
        raise Refusal(
            f"The tensorflow.js model has {weights:,} weights in {files:,} files; at most"
            f" {MAX_WEIGHTS:,} in {MAX_FILES:,} are allowed."
        )
    values = sum(math.prod(_shape(spec)) for _, specs in groups for spec in specs)
    if values > MAX_VALUES:
        raise Refusal(
            f"The tensorflow.js model has {values:,} weights' values; at most {MAX_VALUES:,} are"
            " allowed."
        )
    found: dict[str, np.ndarray] = {}
    room = MAX_FILE
    for paths, specs in groups:
        parts = []
        for path in paths:
            parts.append(read(path, room))
            room -= len(parts[-1])
        data, place = memoryview(b"".join(parts)), 0
        for spec in specs:
            name = str(spec.get("name"))
            if name in found:
                raise Refusal(f"The tensorflow.js model has two weights named {name[:80]!r}.")
            found[name], place = _value(name, spec, data, place)
        if place != len(data):
            raise Refusal(
                f"The tensorflow.js model's description speaks of {place:,} bytes of weights, and"
                f" {_listed(paths)} hold {len(data):,}. They are not of one network."
            )
    return found


def _dicts(things) -> list[dict[str, Any]]:
    if not isinstance(things, list) or not all(isinstance(thing, dict) for thing in things):
        raise Refusal("The tensorflow.js model's weights must be described in lists; they are not.")
    return things


def _files(folder: Path, group: dict[str, Any]) -> list[Path]:
    """The files of a group. They must lie where the description lies, or below."""
    names = group.get("paths")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refusal("The tensorflow.js model does not say which files its weights are in.")
    paths = []
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/") or "\\" in name or "\0" in name:
            raise Refusal(
                f"The files of a tensorflow.js model must lie beside it; it names {brief(name)}."
            )
        path = folder.joinpath(*parts)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Refusal(
                "The files of a tensorflow.js model must lie beside it;"
                f" {brief(name)} leads elsewhere."
            )
        if not path.is_file():
            raise Refusal(
                f"The tensorflow.js model's weights {brief(name)} are not beside it. Put all of its"
                " files into one folder."
            )
        paths.append(path)
    return paths


def _specifications(group: dict[str, Any]) -> list[dict[str, Any]]:
    return _dicts(group.get("weights"))


def _shape(spec: dict[str, Any]) -> tuple[int, ...]:
    sides: Any = spec.get("shape")
    whole = isinstance(sides, list) and all(type(side) is int and side >= 0 for side in sides)
    if not whole or len(sides) > MAX_SIDES:
        raise Refusal(
            f"The tensorflow.js model's weight {str(spec.get('name'))[:80]!r} has no shape;"
            f" got {brief(sides)}."
        )
    return tuple(sides)


def _value(name: str, spec: dict[str, Any], data: memoryview, place: int) -> tuple[np.ndarray, int]:
    """A weight, and where in the data the next one begins."""
    shape, dtype = _shape(spec), str(spec.get("dtype"))
    quantization: Any = spec.get("quantization")
    packed = isinstance(quantization, dict)
    held = str(quantization.get("dtype")) if packed else dtype
    kinds = QUANTIZED if packed else TYPES
    if dtype not in TYPES or held not in kinds:
        raise Refusal(
            f"The tensorflow.js model's weight {name[:80]!r} must be of the type"
            f" {' or '.join(TYPES)}, in full or as {', '.join(QUANTIZED)}; it is"
            f" {brief(held)} of {brief(dtype)}."
        )
    kind = np.dtype(kinds[held]).newbyteorder("<")
    end = place + math.prod(shape) * kind.itemsize
    if end > len(data):
        raise Refusal(
            f"The tensorflow.js model's files end before its weight {name[:80]!r}. They are cut, or"
            " not of this network."
        )
    value = np.frombuffer(data[place:end], kind).reshape(shape)
    if packed and held != "float16":
        scale, least = (_number(name, quantization, key) for key in ("scale", "min"))
        return _scaled(value, scale, least, TYPES[dtype]), end
    return value.astype(TYPES[dtype]), end


def _scaled(value: np.ndarray, scale: float, least: float, kind: type) -> np.ndarray:
    """What whole numbers stand for; a piece at a time, for each takes eight bytes in between."""
    made: np.ndarray = np.empty(value.size, kind)
    flat = value.reshape(-1)
    for start in range(0, value.size, PIECE):
        piece = flat[start : start + PIECE] * np.float64(scale) + np.float64(least)
        made[start : start + PIECE] = np.round(piece) if kind is np.int32 else piece
    return made.reshape(value.shape)


def _number(name: str, quantization: dict[str, Any], key: str) -> float:
    number = quantization.get(key, math.nan)
    if type(number) not in (int, float) or not math.isfinite(number):
        raise Refusal(
            f"The tensorflow.js model's weight {name[:80]!r} must have a {key!r};"
            f" got {brief(number)}."
        )
    return float(number)


def _listed(paths: list[Path]) -> str:
    return ", ".join(repr(path.name) for path in paths[:3]) + (", …" if len(paths) > 3 else "")
