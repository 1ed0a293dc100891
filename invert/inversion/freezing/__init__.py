"""Step 1 of the plan: freeze a classifier to a graph of constants, wherever it comes from.

`opening.formats` tells by a file's first bytes what it is, and `opening` has a module that opens
each kind. Nothing in it is imported before `gate.entry` has found every operation on its list.
`flattening.walk` follows the graph from the image to the output, `reading_off` finds its ends, its
logits and its pixel range, and `verify` compares the frozen graph with its source.
"""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from invert.inversion.checks import brief
from invert.inversion.freezing import cutting, feature_bounds
from invert.inversion.freezing.from_source import Told, freeze_source
from invert.inversion.freezing.opening import (
    checkpoint,
    formats,
    function,
    graph_file,
    keras_file,
    keras_model,
    saved_model,
)
from invert.inversion.freezing.opening import labels as names_of_classes
from invert.inversion.freezing.opening.lite import rebuilding
from invert.inversion.freezing.opening.packed import archives, two_files
from invert.inversion.freezing.opening.tfjs import model_json
from invert.inversion.freezing.reading_off import ranges
from invert.inversion.freezing.refusal import OtherGradient, Refusal, shortened
from invert.inversion.freezing.source import Source
from invert.inversion.frozen_graph import FrozenGraph

__all__ = ["FrozenGraph", "freeze"]


def freeze(
    source: Any,
    *,
    input: str | None = None,
    output: str | None = None,
    signature: str | None = None,
    feed: Mapping[str, Any] | None = None,
    shape: Sequence[int] | None = None,
    pixel_range: tuple[Any, Any] | None = None,
    labels: Sequence[str] | Mapping[Any, Any] | str | Path | None = None,
    bounds: Any = None,
    names: Sequence[str] | None = None,
    whole: Sequence[str | int] | None = None,
    one_of: Sequence[Sequence[str | int]] | None = None,
    head: Literal["softmax", "sigmoid", "values"] | None = None,
) -> FrozenGraph:
    """Freeze any trained network of TensorFlow to a graph of constants: of images, or of features.

    Args:
        source: a Keras model; or the path of a ``.keras`` or ``.h5`` file (or of the two files that
            ``to_json`` and ``save_weights`` write), of the folder of a SavedModel, of a frozen
            graph (``.pb``, in binary or text form), of a checkpoint with its ``.meta``, of the
            ``model.json`` of tensorflow.js, of a LiteRT model (``.tflite``) of floating-point
            numbers, or of a ``.zip`` or folder with one of these in it. Files are known by their
            first bytes, not by their names. A frozen graph is returned as it is, or cut at one
            of its layers by ``output``.
        input: the name of the input, operation or tensor that takes the image, if there are
            several.
        output: the name of what gives the classes' scores, likewise. Or the name of a hidden layer,
            such as "conv2d_2" or "base/conv2d_2" (``layers`` of a frozen graph lists them): then
            its units, or channels, stand in the place of classes, and the graph gives their
            activations; a channel's is its mean over all places.
        signature: which one of a SavedModel; by default ``serving_default``, or the only one.
        feed: values of other placeholders, such as ``{"keep_prob": 1.0}``.
        shape: of one image, ``(H, W)`` or ``(H, W, 3)``, if the network does not say: 784 values
            are 28×28, any other flat input must be told.
        pixel_range: the lowest and the highest value of a pixel, such as ``(0, 255)``, or three of
            each for red, green and blue, such as ``-mean / std`` and ``(1 - mean) / std``. By
            default, the range that the network's first steps tell, such as a division by 255, or
            that its family takes, such as Teachable Machine's networks, else ``(0, 1)``.
        labels: a name for each class; or their numbers by name, as Keras's ``class_indices``; or
            the path of a file of these: a name a line, numbered or not, or JSON. By default, what a
            ``labels.txt`` or ``metadata.json`` beside the network says, else its number.
        bounds: of a network that reads no images but features, or series of them ``(T, features)``:
            the lowest and the highest value, each a number or one a feature; or a table of examples
            ``(M, features)`` to take them from. What is the same in all examples stays so. Without
            a softmax, sigmoid or argmax at its end, such a network gives values.
        names: of the features; by default a table's columns, else "x0", "x1" and so on.
        whole: features that are whole numbers, by name or number.
        one_of: groups of features, of each of which one is at its highest value and the others at
            their lowest, such as ``[("red", "green", "blue")]``.
        head: what the output ends in, where the network does not show it: "softmax" or "sigmoid"
            for the logits of classes, or "values" of a regression.

    Returns:
        The classifier. Its logits are what goes into the argmax, softmax or sigmoid that the
        network ends in, as float32. A network of one sigmoid has two classes.

    Raises:
        ValueError: ``source`` is none of these, or no classifier of images, or several things could
            be meant. The text says what was found and how to go on.

    The frozen graph gives what the source gives, to 1e-4, on random images; this is checked each
    time. Nothing in a file is run but arithmetic, and none of it before every operation in the file
    was found on a list of allowed ones, and every size was bounded.

    >>> import keras
    >>> layers = [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    >>> frozen = freeze(keras.Sequential([keras.Input((28, 28, 1)), *layers]))
    >>> frozen.image_shape, frozen.classes, frozen.pixel_range, frozen.head
    ((28, 28), 10, (0.0, 1.0), 'softmax')
    >>> prices = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> freeze(prices, bounds=([20, 0], [200, 30]), names=["area", "age"]).head
    'values'
    """
    if isinstance(source, FrozenGraph):
        of_files = input, output, signature, feed, shape, pixel_range, labels, head
        of_features = bounds, names, whole, one_of
        alone = sum(argument is not None for argument in (*of_files, *of_features)) == 1
        if alone and isinstance(output, str) and output in source.places:
            return cutting.at_layer(source, output)
        if any(argument is not None for argument in (*of_files, *of_features)):
            raise Refusal(f"{source.name} is frozen already; to change that, freeze its source.")
        return source
    if pixel_range is not None:
        pixel_range = ranges.told(pixel_range)
    told_features = feature_bounds.told(bounds, names, whole, one_of)
    if told_features is not None and pixel_range is not None:
        raise Refusal("bounds are of features and pixel_range of images; give one of them.")
    if head not in (None, "softmax", "sigmoid", "values"):
        raise Refusal(f"head must be softmax, sigmoid or values; got {brief(head)}.")
    labels = None if labels is None else names_of_classes.told(labels)
    try:
        with contextlib.ExitStack() as unpacked:
            opened = _open(source, signature, shape, unpacked)
            how = Told(input, output, feed, shape, pixel_range, labels, told_features, head)
            try:
                return freeze_source(opened, how)
            except OtherGradient as error:
                return _with_gradients(opened, how, error)
    except (Refusal, OSError, MemoryError):
        raise
    except Exception as error:  # a damaged file fails in whatever part the damage hits
        raise Refusal(
            f"{formats.TAKEN}; {source} is none of these ({shortened(error)})."
        ) from error


def _with_gradients(opened: Source, how: Told, error: OtherGradient) -> FrozenGraph:
    """Freeze a source once more, with the gradients that it declares itself."""
    if opened.with_gradients is None:
        raise error
    try:
        return freeze_source(opened.with_gradients(), how)
    except Refusal as second:
        raise error from second


def _open(source, signature: str | None, shape, unpacked: contextlib.ExitStack) -> Source:
    if keras_model.is_model(source):
        return keras_model.open_model(source, shape)
    if function.is_function(source):
        return function.open_function(source, signature, shape)
    if not isinstance(source, str | Path):
        raise Refusal(f"{formats.TAKEN}; got {type(source).__name__}.")
    kind, path = formats.kind_of(Path(source))
    name = None
    if kind == "archive":
        name = path.name
        kind, path = formats.kind_inside(unpacked.enter_context(archives.unpacked(path)))
    opened = _open_file(kind, path, signature, shape)
    labels = names_of_classes.inside(path) if kind == "lite" else None
    labels = labels or names_of_classes.beside(path)
    return dataclasses.replace(opened, name=name or opened.name, labels=labels)


def _open_file(kind: str, path: Path, signature: str | None, shape) -> Source:
    if kind == "keras":
        return keras_file.open_archive(path, shape)
    if kind == "hdf5":
        return keras_file.open_hdf5(path, shape)
    if kind == "saved model":
        return saved_model.open_folder(path, signature)
    if kind == "checkpoint":
        return checkpoint.open_prefix(path)
    if kind == "description":
        return keras_file.open_parts(path, two_files.weights_of(path), shape)
    if kind == "lite":
        return rebuilding.open_file(path)
    if kind == "tensorflow.js":
        return model_json.open_file(path, shape)
    return graph_file.open_file(path, text=kind == "text graph")
