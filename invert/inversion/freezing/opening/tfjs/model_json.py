"""Open the ``model.json`` of tensorflow.js, which says where its weights are."""

from pathlib import Path

from invert.inversion.checks import brief
from invert.inversion.freezing.opening import keras_config
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.keras_model import open_model
from invert.inversion.freezing.opening.tfjs import graph_model, layers_model, weight_files
from invert.inversion.freezing.refusal import Refusal
from invert.inversion.freezing.source import Source

NAME = "model.json"  # by default
LAYERS, GRAPH = "layers-model", "graph-model"


def open_file(path: Path, told) -> Source:
    """Open a model of tensorflow.js.

    Args:
        path: its ``model.json``; the files of its weights lie beside it.
        told: the shape of the model's images, if it does not know it.

    Raises:
        Refusal: it asks for more than Keras's own layers or than arithmetic, or its weights do not
            fit it.
    """
    known = keras_config.parse(read(path, keras_config.MAX_TEXT).decode())
    topology = known.get("modelTopology")
    if not isinstance(topology, dict):
        raise Refusal(f"{path} holds the weights of a tensorflow.js model without its layers.")
    name = path.resolve().parent.name if path.name == NAME else path.name
    values = weight_files.read_all(path.parent, known.get("weightsManifest"))
    kind = known.get("format") or (GRAPH if "node" in topology else LAYERS)
    if kind == LAYERS:
        return open_model(layers_model.model_of(topology, values), told, name=name)
    if kind == GRAPH:
        signature = known.get("signature") or known.get("userDefinedMetadata", {}).get("signature")
        return graph_model.source_of(topology, values, signature, name)
    raise Refusal(
        f"A model of tensorflow.js must be a {LAYERS} or a {GRAPH}; {path} is {brief(kind)}."
    )
