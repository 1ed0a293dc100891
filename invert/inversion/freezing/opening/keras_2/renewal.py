"""Rewrite the description of a Keras model, of any version, as Keras 3 understands it.

Keras 2.2 wrote a Sequential without an input layer: its first layer had the shape of a batch.
Before 2.2.3 it was just a list of layers. What matters only in training is left out. Where a word
means something else in Keras 3 than in Keras 2, the old meaning is kept.
"""

import dataclasses
import inspect
import re

import keras

from invert.inversion.freezing.gate.operations import names
from invert.inversion.freezing.opening.keras_2 import as_it_was, wiring
from invert.inversion.freezing.opening.keras_config import LAYERS
from invert.inversion.freezing.refusal import Refusal

NEW_NAMES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool2D": "AveragePooling2D",
}
HARD_SIGMOID = {
    "module": "builtins",
    "class_name": "function",
    "config": f"{as_it_was.PACKAGE}>hard_sigmoid_of_keras_2",
    "registered_name": "function",
}
# Layers of Keras's own applications, which are no public ones, by the module they are in.
OF_APPLICATIONS = {
    "CustomScaleLayer": "inception_resnet_v2",
    "LayerScale": "convnext",
    "StochasticDepth": "convnext",
}
OF_THEIRS = frozenset(("scale", "init_values", "projection_dim", "drop_path_rate"))
ARITHMETIC = ("TFOpLambda", "SlicingOpLambda")
TIME_FIRST = (
    "The Keras model reads sequences with the time in front (time_major) both ways, or passes their"
    " state on. Give what tf_keras.models.load_model makes of it."
)
# They change nothing but in training, and Keras 3 has none of them.
ONLY_TRAINING = ("RandomHeight", "RandomWidth")
KERAS = ("keras", "tf_keras", "tensorflow")  # the packages that Keras 2 went by
NEW_FUNCTIONS = {"softmax_v2": "softmax", "relu_v2": "relu", "elu_v2": "elu", "swish_v2": "swish"}
# Settings of how a layer computes, not of what.
HARMLESS = names("""
    implementation fused virtual_batch_size ragged sparse use_cudnn_on_gpu trainable rng_type
    optional
    query_shape key_shape value_shape softmax_robust_masking robust_masking
""")
EVERYWHERE = frozenset(("name", "trainable", "dtype", "activity_regularizer", "batch_shape"))
MODELS = ("Sequential", "Model", "Functional")
FUNCTIONAL = "keras.src.models.functional"


@dataclasses.dataclass(frozen=True)
class Version:
    """The Keras that wrote a description, as far as it matters.

    Attributes:
        old: whether it is Keras 2.
        older: whether it is from before 2.4, when images could be enlarged in two ways.
        with_gates: whether an LSTM that says nothing of its gates has those of before 2.3.
    """

    old: bool
    older: bool
    with_gates: bool


def version_of(text: str | None, config: dict) -> Version:
    """Return the version that a file says, or else what its description looks like.

    >>> version_of("2.3.1", {}), version_of("3.15.1", {}).old
    (Version(old=True, older=True, with_gates=False), False)
    """
    found = re.match(r"(\d+)\.(\d+)", text or "")
    number = (int(found[1]), int(found[2])) if found else (3, 0) if "module" in config else (2, 4)
    return Version(number < (3, 0), number < (2, 4), number < (2, 3))


def renewed(thing, version: Version):
    """Return a description, or a part of it, as Keras 3 has it. It is changed in place."""
    if isinstance(thing, list):
        return [renewed(part, version) for part in thing]
    if not isinstance(thing, dict):
        return thing
    name = thing.get("class_name")
    if not isinstance(name, str):  # no name at all
        return {key: renewed(value, version) for key, value in thing.items()}
    name = NEW_NAMES.get(name, name)
    if name.removeprefix("Custom>") in OF_APPLICATIONS:  # as Keras 2 registered some
        name = name.removeprefix("Custom>")
    config = thing.get("config")
    if name == "Sequential":
        config = _with_input(config)
    if version.old and isinstance(config, dict):
        if name in MODELS and isinstance(config.get("layers"), list) and "input_layers" in config:
            config = wiring.rewired(config, frozenset(MODELS))
        thing, name, config = _as_it_was(thing, name, config, version)
    where = f"applications.{OF_APPLICATIONS.get(name)}"
    if name in OF_APPLICATIONS and str(thing.get("module") or where).endswith(where):
        thing = {**thing, "module": f"keras.src.{where}", "registered_name": name}
    if name in LAYERS | OF_APPLICATIONS.keys() and isinstance(config, dict):
        config = _of_layer(name, config)
    thing = {**thing, "class_name": name}
    if "config" in thing:
        thing["config"] = config
    left_out = ("compile_config", "build_config") if version.old else ("compile_config",)
    return {key: renewed(value, version) for key, value in thing.items() if key not in left_out}


def _as_it_was(thing: dict, name: str, config: dict, version: Version):
    """A layer of Keras 2, its kind and description, as what computes the same in Keras 3."""
    config = dict(config)
    for key, value in config.items():
        function = value.get("config") if isinstance(value, dict) else value
        if key.endswith("activation") and function == "hard_sigmoid":
            config[key] = HARD_SIGMOID
    if name in ARITHMETIC:
        made = {"name": config.get("name"), "function": config.get("function")}
        registered = f"{as_it_was.PACKAGE}>Arithmetic"
        return {**thing, "module": None, "registered_name": registered}, "Arithmetic", made
    if name in ONLY_TRAINING:
        name, config = "Identity", {"name": config.get("name")}
    if name == "ThresholdedReLU":
        name, config = "ReLU", {"name": config.get("name"), "threshold": config.get("theta", 1.0)}
    if name in ("LSTM", "GRU", "LSTMCell", "GRUCell"):
        if version.with_gates:
            config.setdefault("recurrent_activation", HARD_SIGMOID)
        if name.startswith("GRU"):
            config.setdefault("reset_after", False)
    if name in ("LSTM", "GRU", "SimpleRNN") and config.pop("time_major", False):
        if config.get("return_state"):
            raise Refusal(TIME_FIRST)
        registered = f"{as_it_was.PACKAGE}>{as_it_was.time_first(name)}"
        return {**thing, "module": None, "registered_name": registered}, name, config
    if name == "Bidirectional" and _inside(config).get("time_major"):
        raise Refusal(TIME_FIRST)
    if name == "UpSampling2D" and config.get("interpolation") == "bilinear" and version.older:
        raise Refusal(
            "The Keras model enlarges images (UpSampling2D, bilinear) as Keras before 2.4 did, in"
            " one of two ways, and does not say in which. Save it with a later Keras 2."
        )
    package = str(thing.get("module") or "keras").split(".")[0]
    if name in LAYERS and package in KERAS:
        module = {"Sequential": "keras", "Functional": FUNCTIONAL, "Model": FUNCTIONAL}
        name = "Functional" if name == "Model" else name
        thing = {**thing, "module": module.get(name, "keras.layers"), "registered_name": None}
    return thing, name, config


def _inside(config: dict) -> dict:
    """The description of the layer that a layer wraps."""
    layer = config.get("layer")
    inner = layer.get("config") if isinstance(layer, dict) else None
    return inner if isinstance(inner, dict) else {}


def _with_input(config):
    """The description of a Sequential, with an input layer if its shape is known at all."""
    if isinstance(config, list):
        config = {"name": "sequential", "layers": config}
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not layers or not isinstance(layers[0], dict):
        return config
    first = layers[0].get("config")
    if layers[0].get("class_name") == "InputLayer" or not isinstance(first, dict):
        return config
    shape = first.get("batch_input_shape") or first.get("batch_shape")
    if shape is None and layers[0].get("class_name") not in MODELS:
        shape = config.get("build_input_shape")
    if not isinstance(shape, list):
        return config
    dtype = first.get("dtype")
    dtype = dtype if isinstance(dtype, str) and not dtype.startswith("mixed") else "float32"
    entry = {"batch_shape": shape, "dtype": dtype, "name": f"{first.get('name', 'first')}_input"}
    entry = {"class_name": "InputLayer", "config": entry}
    if "module" in layers[0]:
        entry |= {"module": "keras.layers", "registered_name": None}
    return {**config, "layers": [entry, *layers]}


def _of_layer(name: str, config: dict) -> dict:
    """A layer's own description, without settings that it no longer needs or takes."""
    config = dict(config)
    shape = config.pop("batch_input_shape", None)
    if name == "InputLayer":
        if shape is not None:
            config["batch_shape"] = shape
    elif name not in MODELS:
        config.pop("batch_shape", None)
    if name in MODELS:
        return config
    accepted = _accepted(name)
    for key, value in list(config.items()):
        of_training = key.endswith(("_initializer", "_regularizer", "_constraint"))
        if key not in accepted and (of_training or key in HARMLESS or _is_default(key, value)):
            del config[key]
        elif of_training:
            # The weights are read from the file.
            config[key] = "zeros" if key.endswith("_initializer") and value is not None else None
        elif isinstance(value, str) and key.endswith("activation"):
            config[key] = NEW_FUNCTIONS.get(value, value)
    policy = config.get("dtype")
    if isinstance(policy, dict) and policy.get("class_name") in ("Policy", "DTypePolicy"):
        config["dtype"] = (policy.get("config") or {}).get("name", "float32")
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        config["axis"] = config["axis"][0] if config["axis"] else -1
    if name == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    return config


def _is_default(key: str, value) -> bool:
    """Whether this is the default."""
    return value is None or value is False or value == [] or (key == "groups" and value == 1)


def _accepted(name: str) -> frozenset[str]:
    """The names of the arguments that a layer takes."""
    kind = getattr(keras.layers, name, None)
    if kind is None:
        return EVERYWHERE | OF_THEIRS
    own, *others = (inspect.signature(part.__init__).parameters for part in kind.__mro__[:-1])
    if not any(part.kind is part.VAR_KEYWORD for part in own.values()):
        return frozenset(own)
    return EVERYWHERE.union(own, *others)
