"""A layers model of tensorflow.js: the description of a Keras model, and its weights by name."""

from collections.abc import Mapping

import keras
import numpy as np

from invert.inversion.freezing.opening.keras_file import build
from invert.inversion.freezing.refusal import Refusal, listed

# What Keras 3 calls "kernel" was called so in Keras 2 and is in tensorflow.js.
OLD_NAMES = {"depthwise_kernel": "kernel"}


def model_of(topology, weights: Mapping[str, np.ndarray]) -> keras.Model:
    """Return the Keras model of a description, with its weights.

    Args:
        topology: the file's ``modelTopology``: as Python's Keras or tensorflow.js itself wrote it.
        weights: values by name, such as ``"conv2d_1/kernel"``.

    Raises:
        Refusal: it asks for more than Keras's own layers, or the weights do not fit it.
    """
    config = topology.get("model_config", topology) if isinstance(topology, dict) else None
    if not isinstance(config, dict) or "class_name" not in config:
        raise Refusal("The tensorflow.js model's description names no layers.")
    model = build(config, sum(value.size for value in weights.values()))
    _assign(model, weights)
    return model


def _assign(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Give every variable the weight of its layer, name and shape.

    In both, a name is a path: of the layer, perhaps of what it lies in or of a cell in it, and of
    the weight at its end.
    """
    left = dict(weights)
    for layer in _layers(model):
        for variable in layer.weights:
            *path, leaf = variable.path.split("/")
            parts, shape = {layer.name, *path}, tuple(variable.shape)
            shared = {
                name: len(parts.intersection(name.split("/")[:-1]))
                for name, value in left.items()
                if value.shape == shape and _same_leaf(name.rsplit("/", 1)[-1], leaf)
            }
            most = max(shared.values(), default=0)
            best = [name for name, count in shared.items() if count == most > 0]
            if len(best) != 1:
                raise Refusal(
                    f"The tensorflow.js model must have one weight for the {leaf!r} {shape} of its"
                    f" layer {layer.name[:80]!r}; it has {listed(best, 4)}."
                )
            variable.assign(left.pop(best[0]))
    if left:
        raise Refusal(
            f"The tensorflow.js model has weights that none of its layers takes: {listed(left, 4)}."
        )


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers of a model and of the models in it, each once."""
    found: dict[int, keras.layers.Layer] = {}
    waiting: list[keras.layers.Layer] = [model]
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, keras.Model):
            waiting.extend(layer.layers)
        else:
            found[id(layer)] = layer
    return list(found.values())


def _same_leaf(written: str, known: str) -> bool:
    return known in (written, OLD_NAMES.get(written))
