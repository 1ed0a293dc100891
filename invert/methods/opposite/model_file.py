"""Files of opposite models.

One is a ``.keras`` file, which Keras itself opens as a network of its own layers: style and
random numbers → M. Beside that it holds what M is. Nothing that a file describes is built: it gives
a few numbers, which are checked, and these alone tell which arrays it must hold.
"""

import dataclasses
import io
import json
import math
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from invert.inversion.domain import Domain
from invert.inversion.freezing.opening import formats, hdf5
from invert.inversion.freezing.opening.file_sizes import check_growth, read
from invert.inversion.parametrisations.fourier import Fourier
from invert.inversion.parametrisations.strokes import Strokes
from invert.methods.opposite import crafts
from invert.networks.style_network import MAX_VALUES, NUMBERS, StyleNetwork

WEIGHTS = "model.weights.h5"
MAX_TEXT = 2**20
MOST_PARTS = 20
# Where Keras puts the weights of the network's layers.
PLACES = (
    "layers/embedding/vars/0",
    *(f"layers/{layer}/vars/{n}" for layer in ("dense", "dense_1", "dense_2") for n in (0, 1)),
)
RULE = "An opposite model must be a .keras file that Opposite.save wrote"


@dataclasses.dataclass(frozen=True)
class Held:
    """What a file holds.

    Attributes:
        network: which styles there are, and what M is.
        weights: in the network's order, float32.
        labels: of the classes.
        domain: of the images.
        classifier: the name of the one it was learned through.
    """

    network: StyleNetwork
    weights: list[np.ndarray]
    labels: tuple[str, ...]
    domain: Domain
    classifier: str


def write(path: Path, held: Held) -> None:
    """Write a file in one step, its weights in half precision.

    Raises:
        ValueError: the path does not end in ``.keras``.
        OSError: it cannot be written.
    """
    import keras

    if path.suffix != ".keras":
        raise ValueError(f"an opposite model's file must end in .keras; got {path.name!r}.")
    model = _keras_model(held.network)
    model.set_weights(held.weights)
    drawn_with: Any = held.network.parametrisation
    domain = held.domain
    if isinstance(drawn_with, Fourier):
        what: dict[str, Any] = {"waves": drawn_with.most}
    else:
        what = {"strokes": [drawn_with.strokes, drawn_with.points], "dark": drawn_with.dark}
    about = {
        **what,
        "shape": domain.shape,
        "low": domain.low,
        "high": domain.high,
        "styles": held.network.styles,
        "labels": held.labels,
        "classifier": held.classifier,
    }
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.keras"
        keras.saving.save_model(model, whole)
        with zipfile.ZipFile(whole, "a") as archive:
            archive.writestr(formats.OPPOSITE, json.dumps(about, ensure_ascii=False))
        data = whole.read_bytes()
    put(path, data)


def load(path: Path) -> Held:
    """Read a file, checked before anything is made of it; see ``parse``.

    Raises:
        OSError: it cannot be read.
    """
    return parse(read(path), path.name)


def parse(data: bytes, name: str) -> Held:
    """Return what the bytes of a file hold, checked before anything is made of it.

    Args:
        data: the file's.
        name: what to call it.

    Raises:
        ValueError: it is no such file, or claims too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise ValueError(f"it has {len(parts)} parts, and not at most {MOST_PARTS}")
            check_growth("parts", sum(part.file_size for part in parts), len(data))
            text = _member(archive, formats.OPPOSITE, MAX_TEXT).decode()
            network, labels, domain, classifier = _about(json.loads(text))
            values = sum(map(math.prod, network.shapes))
            weights = _member(archive, WEIGHTS, 4 * values + MAX_TEXT)
        hdf5.check(weights)
        with h5py.File(io.BytesIO(weights), "r") as file:
            arrays = [
                _array(file, place, shape)
                for place, shape in zip(PLACES, network.shapes, strict=True)
            ]
    except (ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, OSError) as error:
        found = f"there is no {error} in it" if isinstance(error, KeyError) else str(error)
        if isinstance(error, zipfile.BadZipFile):
            found = "it is no archive, or a broken one"
        raise ValueError(f"{RULE}; {name} is none: {found.rstrip('.')}.") from error
    return Held(network, arrays, labels, domain, classifier)


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if name not in archive.namelist():
        raise KeyError(name)
    with archive.open(name) as part:
        data = part.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{name} is larger than it need be")
    return data


def _about(about: Any) -> tuple[StyleNetwork, tuple[str, ...], Domain, str]:
    """What a file says of itself, checked to be as ``write`` writes it."""

    def whole(value: Any, least: int, most: int) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{value!r:.40} is no whole number from {least} to {most}")
        return value

    def bound(value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        if len(values) > 4 or not all(type(v) in (int, float) and abs(v) < 1e9 for v in values):
            raise ValueError("its pixel range is wrong")
        return tuple(map(float, value)) if isinstance(value, list) else float(value)

    if not isinstance(about, dict):
        raise ValueError("it does not say what it is")
    shape = tuple(whole(side, 1, 4096) for side in about["shape"])
    if len(shape) not in (2, 3) or math.prod(shape) > 2**22 or (len(shape) == 3 and shape[2] > 4):
        raise ValueError("its images have no shape of an image")
    labels, name = about["labels"], about["classifier"]
    texts = [*labels, name] if isinstance(labels, list) and len(labels) <= 100_000 else [None]
    if not all(isinstance(text, str) and len(text) <= 500 for text in texts) or len(texts) < 3:
        raise ValueError("its labels are wrong")
    domain = Domain(shape, bound(about["low"]), bound(about["high"]))
    if not np.all(domain.span > 0):
        raise ValueError("its pixel range is wrong")
    styles = whole(about["styles"], 1, 1000)
    if "waves" in about:
        waves = Fourier(shape, whole(about["waves"], 1, crafts.MOST_WAVES))
        network = crafts.of_waves(waves, len(labels), styles)
        of_m = 2 * waves.channels * waves.spectrum.size
    else:
        count, points = about["strokes"]
        dark = about["dark"]
        if not isinstance(dark, bool):
            raise ValueError("dark is neither true nor false")
        pen = Strokes(shape, whole(count, 1, 8), whole(points, 2, 32), dark)
        network = crafts.of_pen(pen, len(labels), styles)
        of_m = 2 * pen.strokes * pen.points
    if network.classes * styles * of_m > MAX_VALUES:
        raise ValueError(f"it has more than {MAX_VALUES:,} values")
    return network, tuple(labels), domain, name


def _array(file: h5py.File, place: str, shape: tuple[int, ...]) -> np.ndarray:
    found = file[place]
    if not isinstance(found, h5py.Dataset) or found.shape != shape or found.dtype.kind != "f":
        raise ValueError(f"{place} must be {shape} real numbers")
    values = np.asarray(found[()], np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{place} must be finite")
    return values


def _keras_model(network: StyleNetwork):
    """The network as one of Keras, in half precision: style's row and random numbers → M."""
    from keras import Input, Model, layers

    of_m = math.prod(network.m_shape)
    half: dict[str, Any] = {"dtype": "float16"}
    row, numbers = Input((), dtype="int32", name="row"), Input((NUMBERS,), name="numbers", **half)
    style = layers.Embedding(network.classes * network.styles, of_m, **half)(row)
    x = layers.Concatenate(**half)([style, numbers])
    for width in (network.shapes[2][0], network.shapes[4][0]):
        x = layers.Dense(width, "relu", **half)(x)
    moved = layers.Rescaling(network.near, **half)(layers.Dense(of_m, **half)(x))
    m = layers.Reshape(network.m_shape, **half)(layers.Add(**half)([style, moved]))
    return Model([row, numbers], m, name="opposite")


def put(path: Path, data: bytes) -> None:
    """Write in one step: an old file stays until the new one is whole."""
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
