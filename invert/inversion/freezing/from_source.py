"""From a classifier that was opened to its frozen graph."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import Head
from invert.inversion.domain import Bound, Domain
from invert.inversion.freezing import assemble
from invert.inversion.freezing.feature_bounds import Features
from invert.inversion.freezing.flattening.flat import Flat
from invert.inversion.freezing.flattening.walk import Walk
from invert.inversion.freezing.reading_off import ends, hidden_layers, logits, ranges
from invert.inversion.freezing.reading_off import layout as shapes
from invert.inversion.freezing.reading_off.families import family_of
from invert.inversion.freezing.reading_off.hidden_layers import Hidden
from invert.inversion.freezing.refusal import Exceeded, Refusal, Unfed, listed
from invert.inversion.freezing.source import Source
from invert.inversion.freezing.verify import comparison, declared, original
from invert.inversion.freezing.verify.asked import question
from invert.inversion.freezing.verify.followed import Followed
from invert.inversion.frozen_graph import FrozenGraph

SHOWN = 2  # images that the frozen graph and its source are compared on


class Told(NamedTuple):
    """What was told of a source, as ``freeze`` takes it; None where nothing was."""

    input: str | None = None
    output: str | None = None
    feed: Mapping[str, Any] | None = None
    shape: Sequence[int] | None = None
    pixel_range: tuple[Bound, Bound] | None = None
    labels: tuple[str, ...] | None = None
    features: Features | None = None
    head: Head | None = None


def freeze_source(source: Source, told: Told) -> FrozenGraph:
    """Freeze an opened classifier; try what may be meant, the likeliest first.

    Args:
        source: the classifier.
        told: what was told of it.

    Raises:
        Refusal: it is no classifier of images, or several things could be meant.
    """
    errors = []
    output, layer = told.output, ""
    if output is not None and output not in source.outputs and not source.has(output):
        output, layer = None, str(output)
    for answers in ends.outputs(source, output):
        try:
            place = ends.image_input(source, answers, told.input, told.feed)
            ways_in = _ways_in(place.static, told)
        except Refusal as error:
            errors.append(error)
            continue
        fixed = place.static[0] if place.static else None
        for layout in ways_in:
            # Graphs are often written for a batch of one size. Most serve any other as well.
            for batch in dict.fromkeys((SHOWN, fixed or SHOWN)):
                try:
                    return _follow(source, answers, layer, place, layout, batch, told)
                except Exceeded:
                    raise
                except Refusal as error:
                    last = error
            errors.append(last)
    raise errors[0]


def _ways_in(static: tuple | None, told: Told) -> list[shapes.Layout]:
    if told.features is not None:
        return [told.features.layout(static, told.shape)]
    return shapes.layouts(static, told.shape)


def _follow(source: Source, answers, layer: str, place, layout, batch, told: Told) -> FrozenGraph:
    """Freeze by a batch of this size, once it is known what takes the image and in which shape."""
    whole_numbers = place.dtype.is_integer
    flat, walk = _walk(source, place, layout, batch)
    hidden = None
    if layer:
        ending, answer, hidden = _behind_the_layer(source, flat, walk, answers, layer, told)
    else:
        ending, answer = _one_ending(flat, walk, answers, source.outputs, told)
    evidence, pixel_range = None, told.pixel_range
    if told.features is not None:
        domain = told.features.domain(layout.image_shape)
        pixel_range = domain.low, domain.high
    elif pixel_range is None:
        in_colour = len(layout.image_shape) == 3
        family = family_of(source.names()) if in_colour else None
        evidence = ranges.found(flat, whole_numbers, family)
        pixel_range = evidence.pixel_range
    if told.features is None:
        ranges.check(pixel_range, layout.image_shape)
        domain = Domain(layout.image_shape, *pixel_range)
    shown = comparison.images(batch, layout.image_shape, pixel_range)
    if whole_numbers:
        shown = np.round(shown)
    if not ending.sure:
        ending = logits.undo(flat, ending, *_probed(flat, ending, layout, shown))
    if place.static and place.static[0] == batch:
        assemble.any_batch(flat, batch)

    layers = hidden_layers.on_the_way(source, flat, walk, walk.tensor(answer))
    places = hidden_layers.places_of(flat, layers)

    def assembled(ending: logits.Ending, asked_for: bool = True) -> FrozenGraph:
        names = told.labels if asked_for else None
        labels = _labels(names, source.labels, ending.classes)
        return assemble.assemble(
            flat, ending, layout, domain, places, labels=labels, name=source.name
        )

    # A hidden layer lies on the way to the answer: what is compared with the source is the answer.
    frozen = assembled(ending, hidden is None)
    asked, got = _ask_the_source(source, walk, place, layout, shown, ending, answer)
    comparison.compare(frozen, asked, layout, shown, got, half=flat.half, random=bool(flat.drawn))
    declared.check(source, walk, layout.inputs(shown))
    if hidden is not None:
        frozen = assembled(hidden.ending(flat))
    apart: dict[str, Any] = {"layers": hidden_layers.listed_once(source, layers)}
    if hidden is not None:
        apart["layer"] = hidden.layer.name
    if evidence is not None:
        apart |= {"range_evidence": evidence.words, "range_assumed": evidence.assumed}
    return dataclasses.replace(frozen, **apart)


def _behind_the_layer(
    source: Source, flat: Flat, walk: Walk, answers, name: str, told: Told
) -> tuple[logits.Ending, str, Hidden | None]:
    """An ending that a layer leads to, its answer, and the layer; None for the classes' own."""
    known: list[Hidden] = []
    for answer in answers:
        try:
            output = walk.tensor(answer)
            layers = hidden_layers.on_the_way(source, flat, walk, output)
        except Exceeded:
            raise
        except Refusal:
            continue
        known += layers
        found = hidden_layers.named(layers, name)
        if found is None:
            continue
        try:
            ending = logits.find(flat, output, *_known_end(told))
        except Refusal:  # no classifier's
            return hidden_layers.whole(flat, walk, output), answer, found
        if found.ref == output:
            return ending, answer, None
        sure = ending if ending.sure else hidden_layers.whole(flat, walk, output)
        return sure, answer, found
    choice = listed(sorted(source.outputs)) + ", and the layers " if source.outputs else ""
    raise Refusal(
        f"The network has no output {name[:80]!r}; it has {choice}"
        f"{listed(each.layer.name for each in known)}."
    )


def _labels(told, found, classes: int) -> tuple[str, ...]:
    """The classes' names: those told, else those found beside the file, else their numbers."""
    if told is not None and len(told) != classes:
        raise Refusal(f"labels must name each of the {classes} classes; got {len(told)} names.")
    if told is None and found is not None and len(found) == classes:
        told = found
    return told or tuple(str(k) for k in range(classes))


def _known_end(told: Told) -> tuple[Head | None, bool]:
    return told.head, told.features is not None


def _walk(source: Source, place, layout, batch: int, mend: bool = True) -> tuple[Flat, Walk]:
    flat = Flat(source.graph_def.versions)
    name = place.tensor.split(":")[0]
    image = flat.open_input(name, (batch, *layout.input_shape))
    if place.dtype.is_floating and place.dtype != tf.float32:
        types = {"SrcT": tf.float32, "DstT": place.dtype}
        (image,) = flat.compute("Cast", f"{name}/cast", [image], **types)
    given = {tensor: flat.constant(tensor.split(":")[0], v) for tensor, v in place.fed.items()}
    given |= {tensor: _repeated(flat, tensor, row) for tensor, row in place.rows.items()}
    given[place.tensor] = image
    return flat, Walk(source.graph_def, flat, given, source.variable, mend)


def _repeated(flat: Flat, tensor: str, row: np.ndarray) -> str:
    """The same row for each image of a batch, of any size."""
    name = tensor.split(":")[0]
    whole = flat.constant(name, row)
    types = {"T": flat.dtype(flat.image), "out_type": tf.int32}
    (sides,) = flat.compute("Shape", f"{name}/batch", [flat.image], **types)
    numbers = [flat.constant(f"{name}/{k}", np.array([k], np.int32)) for k in (0, 1)]
    types = {"T": tf.int32, "Index": tf.int32}
    places = [sides, *numbers, numbers[1]]
    (batch,) = flat.compute("StridedSlice", f"{name}/count", places, **types)
    rest = flat.constant(f"{name}/sides", np.array(row.shape[1:], np.int32))
    axis = flat.constant(f"{name}/axis", np.int32(0))
    types = {"N": 2, "T": tf.int32, "Tidx": tf.int32}
    (shape,) = flat.compute("ConcatV2", f"{name}/shape", [batch, rest, axis], **types)
    types = {"T": flat.dtype(whole), "Tidx": tf.int32}
    return flat.compute("BroadcastTo", f"{name}/rows", [whole, shape], **types)[0]


def _one_ending(
    flat: Flat, walk: Walk, answers, declared: Mapping[str, str], told: Told
) -> tuple[logits.Ending, str]:
    """The logits that all answers come from, and the answer that tells most about them."""
    found: dict[str, tuple[logits.Ending, str]] = {}
    errors = []
    for answer in answers:
        try:
            ending = logits.find(flat, walk.tensor(answer), *_known_end(told))
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


def _probed(flat: Flat, ending: logits.Ending, layout, shown) -> tuple[np.ndarray, np.ndarray]:
    """The supposed logits, of images in range and of some far out of it."""
    noise = np.abs(shown).max() * np.random.default_rng(0).standard_normal(shown.shape)
    series = [shown, *(scale * noise.astype(np.float32) for scale in (3, 100))]
    near, *far = (flat.run([ending.logits], layout.inputs(images))[0] for images in series)
    return near.astype(np.float32), np.stack(far).astype(np.float32)


def _ask_the_source(source: Source, walk: Walk, place, layout, shown, ending, answer: str):
    """What the source is asked, and its own answer to images, with its gradient."""
    inputs = layout.inputs(shown).astype(place.dtype.as_numpy_dtype)
    rows = {tensor: np.repeat(row, len(shown), 0) for tensor, row in place.rows.items()}
    given = {**place.fed, **rows, place.tensor: inputs}
    asked = question(source, walk, ending, answer, place.dtype)
    if source.compute is not None:
        return asked, source.compute(given, place.tensor, asked)
    if walk.turned:
        # TensorFlow cannot run the graph as it is on a processor; but XLA can.
        flat, walk = _walk(source, place, layout, len(shown), mend=False)
        output = walk.tensor(answer)
        if ending.last:
            output, asked = (
                logits.find(flat, output).logits,
                dataclasses.replace(asked, kind="logits"),
            )
        return asked, original.compiled(flat, output, asked, layout.inputs(shown))
    library = {function.signature.name: function for function in source.graph_def.library.function}
    followed = Followed(library, walk, asked.without)
    nodes = source.behind([asked.tensor], given)
    graph_def = followed.graph(nodes, given, source.graph_def.versions)
    return asked, original.compute(graph_def, given, place.tensor, asked, source.variable)
