"""Step 1 of the plan: freeze a classifier to a graph of constants, wherever it comes from.

What a file is, `formats` tells by its first bytes; each kind has a module that opens it. Before
anything in it is imported, `gate` looks at every operation. `walk` follows the graph from the image
to the output, `head` finds the logits, and `check` compares the frozen graph with its source.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from invert.inversion.checks import brief
from invert.inversion.freezing import (
    assemble,
    check,
    checkpoint,
    choose,
    formats,
    graph_file,
    head,
    keras_file,
    keras_model,
    original,
    pixels,
    saved_model,
)
from invert.inversion.freezing import (
    shape as shapes,
)
from invert.inversion.freezing.flat import Flat
from invert.inversion.freezing.refusal import Exceeded, Refusal, Unfed, listed, shortened
from invert.inversion.freezing.source import Source
from invert.inversion.freezing.walk import Walk
from invert.inversion.frozen_graph import FrozenGraph

__all__ = ["FrozenGraph", "freeze"]
SHOWN = 2  # images that the frozen graph and its source are compared on, at a time


def freeze(
    source: Any,
    *,
    input: str | None = None,
    output: str | None = None,
    signature: str | None = None,
    feed: Mapping[str, Any] | None = None,
    shape: Sequence[int] | None = None,
    pixel_range: tuple[float, float] | None = None,
    labels: Sequence[str] | None = None,
) -> FrozenGraph:
    """Freeze any trained image classifier of TensorFlow to a graph of constants.

    Args:
        source: a Keras model; or the path of a ``.keras`` or ``.h5`` file, of the folder of a
            SavedModel, of a frozen graph (``.pb``, in binary or text form), or of a checkpoint with
            its ``.meta``. Files are known by their first bytes, whatever they are called. A frozen
            graph is returned as it is.
        input: the name of the input, operation or tensor that takes the image, if there are
            several.
        output: the name of what gives the classes' scores, likewise.
        signature: which one of a SavedModel; by default ``serving_default``, or the only one.
        feed: values of other placeholders, such as ``{"keep_prob": 1.0}``.
        shape: of one image, ``(H, W)`` or ``(H, W, 3)``, if the network does not say: 784 values
            are 28×28, any other flat input must be told.
        pixel_range: the lowest and the highest value of a pixel, such as ``(0, 255)``. By default,
            what the network's first steps speak of, such as a division by 255, else ``(0, 1)``.
        labels: a name for each class; by default its number.

    Returns:
        The classifier. Its logits stand before the argmax, softmax or sigmoid that the network ends
        in, float32 whatever it computes with. A network of one sigmoid has two classes.

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
    """
    if isinstance(source, FrozenGraph):
        return source
    if pixel_range is not None:
        pixel_range = pixels.told(pixel_range)
    labels = _told_labels(labels)
    try:
        opened = _open(source, signature, shape)
        return _freeze(opened, input, output, feed, shape, pixel_range, labels)
    except Refusal:
        raise
    except Exception as error:  # a damaged file fails in whatever part the damage hits
        raise Refusal(f"{formats.TAKEN}; {source} is none ({shortened(error)}).") from error


def _told_labels(labels) -> tuple[str, ...] | None:
    if labels is None:
        return None
    names = () if isinstance(labels, str | bytes) else labels
    try:
        names = tuple(names)
    except TypeError:
        names = ()
    if not names or not all(isinstance(name, str) for name in names):
        raise Refusal(
            f"labels must be a sequence of names, one for each class; got {brief(labels)}."
        )
    return names


def _open(source, signature: str | None, shape) -> Source:
    if keras_model.is_model(source):
        return keras_model.open_model(source, shape)
    if not isinstance(source, str | Path):
        raise Refusal(f"{formats.TAKEN}; got {type(source).__name__}.")
    kind, path = formats.kind_of(Path(source))
    if kind == "keras":
        return keras_file.open_archive(path, shape)
    if kind == "hdf5":
        return keras_file.open_hdf5(path, shape)
    if kind == "saved model":
        return saved_model.open_folder(path, signature)
    if kind == "checkpoint":
        return checkpoint.open_prefix(path)
    return graph_file.open_file(path, text=kind == "text graph")


def _freeze(source: Source, input, output, feed, shape, pixel_range, labels) -> FrozenGraph:
    """Try what may be meant, the likeliest first."""
    errors = []
    for answers in choose.outputs(source, output):
        try:
            place = choose.image_input(source, answers, input, feed)
            ways_in = shapes.layouts(place.static, shape)
        except Refusal as error:
            errors.append(error)
            continue
        fixed = place.static[0] if place.static else None
        for layout in ways_in:
            # Graphs are often written for a batch of one size. Most serve any other as well.
            for batch in dict.fromkeys((SHOWN, fixed or SHOWN)):
                try:
                    return _follow(source, answers, place, layout, batch, pixel_range, labels)
                except Exceeded:
                    raise
                except Refusal as error:
                    last = error
            errors.append(last)
    raise errors[0]


def _follow(source: Source, answers, place, layout, batch, pixel_range, labels) -> FrozenGraph:
    """Freeze, knowing what takes the image and in which shape, by a batch of this size."""
    whole_numbers = place.dtype.is_integer
    flat, walk = _walk(source, place, layout, batch)
    ending, answer = _one_ending(flat, walk, answers, source.outputs)
    pixel_range = pixel_range or pixels.found(flat, whole_numbers)
    shown = check.images(batch, layout.image_shape, pixel_range)
    if whole_numbers:
        shown = np.round(shown)
    if not ending.sure:
        ending = head.undo(flat, ending, *_probed(flat, ending, layout, shown))
    if place.static and place.static[0] == batch:
        assemble.any_batch(flat, batch)
    if labels is not None and len(labels) != ending.classes:
        raise Refusal(
            f"labels must name each of the {ending.classes} classes; got {len(labels)} names."
        )
    frozen = assemble.assemble(
        flat,
        ending,
        layout,
        labels=labels or tuple(str(k) for k in range(ending.classes)),
        pixel_range=pixel_range,
        name=source.name,
    )
    got = _ask_the_source(source, walk, place, layout, shown, answer)
    check.compare(frozen, ending, shown, got, half=flat.half, random=walk.random)
    return frozen


def _walk(source: Source, place, layout, batch: int, mend: bool = True) -> tuple[Flat, Walk]:
    flat = Flat(source.graph_def.versions)
    name = place.tensor.split(":")[0]
    image = flat.open_input(name, (batch, *layout.input_shape))
    if place.dtype.is_floating and place.dtype != tf.float32:
        types = {"SrcT": tf.float32, "DstT": place.dtype}
        (image,) = flat.compute("Cast", f"{name}/cast", [image], **types)
    given = {tensor: flat.constant(tensor.split(":")[0], v) for tensor, v in place.fed.items()}
    given[place.tensor] = image
    return flat, Walk(source.graph_def, flat, given, source.variable, mend)


def _one_ending(
    flat: Flat, walk: Walk, answers, declared: Mapping[str, str]
) -> tuple[head.Ending, str]:
    """The logits that all answers come from, and the answer that says most of them."""
    found: dict[str, tuple[head.Ending, str]] = {}
    errors = []
    for answer in answers:
        try:
            ending = head.find(flat, walk.tensor(answer))
        except Refusal as error:
            if isinstance(error, Exceeded) or (isinstance(error, Unfed) and declared):
                raise
            errors.append(error)
            continue
        before = found.get(ending.logits)
        if before is None or before[0].answer in ("logits", "class"):
            found[ending.logits] = ending, answer
    if not found:
        raise errors[0]
    if len(found) > 1:
        names = {tensor: name for name, tensor in declared.items()}
        several = listed(sorted(names.get(answer, answer) for _, answer in found.values()))
        raise Refusal(
            f"The network has several outputs: {several}."
            " Name the one that gives the classes' scores with output=."
        )
    return next(iter(found.values()))


def _probed(flat: Flat, ending: head.Ending, layout, shown) -> tuple[np.ndarray, np.ndarray]:
    """What is where the logits seem to be, for images in range and for some far out of it."""
    noise = np.abs(shown).max() * np.random.default_rng(0).standard_normal(shown.shape)
    series = [shown, *(scale * noise.astype(np.float32) for scale in (3, 100))]
    near, *far = (flat.run([ending.logits], layout.inputs(images))[0] for images in series)
    return near.astype(np.float32), np.stack(far).astype(np.float32)


def _ask_the_source(source: Source, walk: Walk, place, layout, shown, answer: str) -> np.ndarray:
    """The source's own answer to images."""
    inputs = layout.inputs(shown).astype(place.dtype.as_numpy_dtype)
    given = {**place.fed, place.tensor: inputs}
    if source.compute is not None:
        return source.compute(given, answer)
    if walk.turned:
        # TensorFlow cannot run the graph as it is on a processor; but XLA can.
        flat, walk = _walk(source, place, layout, len(shown), mend=False)
        return original.compiled(flat, walk.tensor(answer), layout.inputs(shown))
    library = {function.signature.name: function for function in source.graph_def.library.function}
    return original.compute(
        source.behind([answer], given),
        library,
        walk.failed,
        given,
        answer,
        source.variable,
        source.graph_def.versions,
    )
