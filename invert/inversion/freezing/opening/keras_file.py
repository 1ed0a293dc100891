"""Open a Keras file: ``.keras``, or HDF5 as Keras 2.2 to 3 wrote it."""

import copy
import math
import tempfile
from pathlib import Path

import keras

from invert.inversion.freezing.opening import hdf5, keras_config
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.keras_2 import renewal
from invert.inversion.freezing.opening.keras_model import open_model
from invert.inversion.freezing.opening.packed import archives, two_files
from invert.inversion.freezing.refusal import Refusal, shortened
from invert.inversion.freezing.source import Source

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
MAX_SMALL = 2**16  # of what is not kept, such as the states of random numbers


def open_archive(path: Path, told) -> Source:
    """Open a ``.keras`` file, a zip archive.

    Args:
        path: the file.
        told: the shape of the model's images, if it does not know it.

    Raises:
        Refusal: it asks for more than Keras's own layers, or claims too much.
    """
    with archives.opened(path) as archive:
        config = keras_config.parse(archives.part(archive, CONFIG).decode())
        weights = archives.part(archive, WEIGHTS)
        known = archives.part(archive, METADATA) if METADATA in archive.namelist() else b"{}"
    hdf5.check(weights)
    version = keras_config.parse(known.decode()).get("keras_version")
    model = _built(config, hdf5.with_slashes(weights), ".weights.h5", version)
    return open_model(model, told, name=path.name)


def open_hdf5(path: Path, told) -> Source:
    """Open an HDF5 file of Keras.

    Args:
        path: the file.
        told: the shape of the model's images, if it does not know it.

    Raises:
        Refusal: it holds no whole model, and no description lies beside it; or it asks for more
            than Keras's own layers.
    """
    weights = read(path)
    hdf5.check(weights)
    text = hdf5.text(weights, "model_config")
    if text is None:
        return open_parts(two_files.description_of(path), path, told)
    version = hdf5.text(weights, "keras_version")
    model = _built(keras_config.parse(text), weights, ".h5", version)
    return open_model(model, told, name=path.name)


def open_parts(description: Path, weights: Path, told) -> Source:
    """Open a Keras model whose description and weights are in two files.

    Args:
        description: JSON, as ``model.to_json`` writes it.
        weights: HDF5, as ``model.save_weights`` does.
        told: the shape of the model's images, if it does not know it.

    Raises:
        Refusal: they are not of one network, or ask for more than Keras's own layers.
    """
    config = keras_config.parse(read(description, keras_config.MAX_TEXT).decode())
    data = read(weights)
    hdf5.check(data)
    model = _built(config, data, two_files.ending_of(data), config.get("keras_version"))
    return open_model(model, told, name=description.name)


def _built(config: dict, weights: bytes, ending: str, version) -> keras.Model:
    """The model that was asked for, with its weights."""
    version = version if isinstance(version, str) else None
    model = build(config, hdf5.check(weights), version)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{ending}"
        path.write_bytes(weights)
        try:
            model.load_weights(path)
        except Exception as error:  # Keras has many ways of saying that they do not fit
            raise Refusal(
                f"The file's weights do not fit its network ({shortened(error)})."
            ) from error
    return model


def build(config: dict, held: int, version: str | None = None) -> keras.Model:
    """Return the model of a description, with weights that are still to be read.

    Args:
        config: the description, of any version of Keras.
        held: how many values the file holds for them.
        version: the Keras that wrote it, such as "2.15.0", if the file says so.

    Raises:
        Refusal: it asks for more than Keras's own layers, or for more weights than there are.
    """
    config = renewal.renewed(config, renewal.version_of(version, config))
    keras_config.check(config)
    with keras.StatelessScope(initialize_variables=False):  # with no values, to see how many
        sketch = _build(config)
    values = sum(math.prod(variable.shape) for variable in sketch.variables)
    if values > held + MAX_SMALL:
        raise Refusal(
            f"The Keras model has {values:,} weights, and its file {held:,} values. They are not of"
            " one network."
        )
    return _build(config)


def _build(config: dict) -> keras.Model:
    config = copy.deepcopy(config)  # Keras changes it
    try:
        if "module" in config:
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        else:
            kind = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
            model = kind.from_config(config["config"])
    except Exception as error:  # each layer has errors of its own
        raise Refusal(
            f"Keras {keras.__version__} cannot build the file's network ({shortened(error)})."
            " If Keras 2 wrote it, give what tf_keras.models.load_model makes of it; else save it"
            " with model.export(folder), as a SavedModel."
        ) from error
    if not isinstance(model, keras.Model):
        raise Refusal(f"The file holds a {type(model).__name__}, and no Keras model.")
    return model
