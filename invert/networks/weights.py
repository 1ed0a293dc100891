"""model_weights/: trained weights that are checked against their manifest and loaded once."""

import functools
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

Arguments = ParamSpec("Arguments")
Loaded = TypeVar("Loaded")

HERE = Path(__file__).resolve()
# In a clone beside the package; in an installed package inside it (see pyproject.toml).
DIRECTORY = next(
    (
        folder
        for folder in (HERE.parents[2] / "model_weights", HERE.parents[1] / "model_weights")
        if (folder / "manifest.json").is_file()
    ),
    HERE.parents[2] / "model_weights",
)


class WeightsError(RuntimeError):
    """Weights are missing, cut or altered; the text names the file and the command to rebuild."""


def once(function: Callable[Arguments, Loaded]) -> Callable[Arguments, Loaded]:
    """Make a loader run once per argument for the whole process.

    Callers that come meanwhile, from any thread, wait for the same result. A failure is not kept:
    the next call tries again.

    >>> calls = []
    >>> load = once(lambda name: calls.append(name) or name.upper())
    >>> load("judge"), load("judge"), calls
    ('JUDGE', 'JUDGE', ['judge'])
    """
    results: dict[tuple, Any] = {}
    lock = threading.RLock()
    load: Callable[..., Any] = function

    @functools.wraps(function)
    def shared(*arguments: Any) -> Any:
        if arguments not in results:
            with lock:
                if arguments not in results:
                    results[arguments] = load(*arguments)
        return results[arguments]

    return cast("Callable[Arguments, Loaded]", shared)


def path_of(name: str) -> Path:
    """Path of the weights file of ``name``."""
    return DIRECTORY / f"{name}.weights.h5"


def manifest() -> dict:
    """Every trained network's entry: recipe, seed, versions, SHA-256 and measured figures.

    Raises:
        WeightsError: the manifest is missing or not what ``save`` writes.
    """
    path = DIRECTORY / "manifest.json"
    try:
        entries = json.loads(path.read_text("utf-8"))
        for entry in entries.values():
            entry["sha256"].lower()
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise WeightsError(
            f"{path.name} in {DIRECTORY.name}/ cannot be read ({type(error).__name__})."
            f" Restore it with: git checkout -- {DIRECTORY.name}"
        ) from error
    return entries


def arrays(dtype: str, **shapes: tuple[int, ...]):
    """A Keras model that only holds arrays of these names, to be kept like any weights.

    >>> held = arrays("float16", mean=(10, 784))
    >>> held.get_weights()[0].shape
    (10, 784)
    """
    import keras

    model = keras.Model(name="arrays")
    for name, shape in shapes.items():
        model.add_weight(shape, "zeros", dtype, name=name)
    model.built = True
    return model


def load(name: str, model) -> None:
    """Fill ``model``, a Keras model, with the weights of ``name``, checked against the manifest.

    Raises:
        WeightsError: the file is missing, or differs from the one that was measured.
    """
    path = path_of(name)
    entry = manifest().get(name)
    rebuild = f"Rebuild it with: python -m invert.training {name}"
    if entry is None or not path.is_file():
        raise WeightsError(f"{DIRECTORY.name}/{path.name} is missing. {rebuild}")
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found == entry["sha256"]:
            return model.load_weights(path)
    except Exception as error:  # a file that is no such weights fails in many ways
        raise WeightsError(
            f"{DIRECTORY.name}/{path.name} cannot be read ({type(error).__name__}). {rebuild}"
        ) from error
    raise WeightsError(
        f"{DIRECTORY.name}/{path.name} is cut or altered: its SHA-256 must be"
        f" {entry['sha256'][:12]}…, it is {found[:12]}…. {rebuild}"
    )


def to_half(model) -> None:
    """Round the weights of ``model``, a Keras model, to half precision: half the file.

    Its answers change in the third or fourth digit, so it comes before its figures are measured.

    Raises:
        OverflowError: a weight is beyond ±65,504, the most that half precision holds.

    >>> model = arrays("float32", mean=(1,))
    >>> model.set_weights([np.array([0.1])])
    >>> to_half(model)
    >>> float(model.get_weights()[0][0])
    0.0999755859375
    """
    with np.errstate(over="ignore"):
        rounded = [values.astype(np.float16) for values in model.get_weights()]
    if not all(np.isfinite(values).all() for values in rounded):
        raise OverflowError("Half precision holds up to 65,504; a weight is larger, or no number.")
    model.set_weights(rounded)


def save(name: str, model, entry: dict) -> None:
    """Write the weights of ``model`` and their manifest entry, each in one step.

    An array that half precision holds to the bit is kept in it.

    Args:
        name: the network's name; the file is ``model_weights/NAME.weights.h5``.
        model: a Keras model.
        entry: what is to be known of the training; the weights' SHA-256 is added.
    """
    DIRECTORY.mkdir(exist_ok=True)
    # First, so that a broken manifest raises before anything is replaced.
    entries = manifest() if (DIRECTORY / "manifest.json").exists() else {}
    path = path_of(name)
    # Keras insists on the ending, so the unfinished file carries its mark in front.
    unfinished, short = (path.with_name(f"{mark}-{path.name}") for mark in ("unfinished", "short"))
    try:
        model.save_weights(unfinished)
        _shorten(unfinished, short)
        digest = hashlib.sha256(short.read_bytes()).hexdigest()
        os.replace(short, path)
    finally:
        unfinished.unlink(missing_ok=True)
        short.unlink(missing_ok=True)
    entries[name] = {**entry, "sha256": digest}
    unfinished = DIRECTORY / "unfinished-manifest.json"
    unfinished.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", "utf-8")
    os.replace(unfinished, DIRECTORY / "manifest.json")


def _shorten(whole: Path, short: Path) -> None:
    """Copy an HDF5 file, with arrays in half precision where that loses nothing."""
    import h5py  # comes with Keras

    def copy(source, target):
        target.attrs.update(source.attrs)
        for name, item in source.items():
            if isinstance(item, h5py.Group):
                copy(item, target.create_group(name))
                continue
            values = item[()]
            if item.dtype == np.float32:
                with np.errstate(over="ignore"):
                    half = values.astype(np.float16)
                values = half if np.array_equal(half, values) else values
            target.create_dataset(name, data=values)

    with h5py.File(whole) as source, h5py.File(short, "w") as target:
        copy(source, target)
