"""Which layers lie on the way from the input to the answer, and what each of them returns.

A layer's operations share a scope in their names, such as "model/conv2d_2/Relu". What leaves the
scope is the layer's output.
"""

import collections
import dataclasses
import itertools
import re
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.flattening.walk import Walk
from invert.inversion.freezing.opening.variables import VARIABLES
from invert.inversion.freezing.reading_off.logits import MAX_CLASSES, Ending
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import Source
from invert.inversion.frozen_graph import Layer, Place

Scope = tuple[str, ...]  # the parts of a name before an operation's own
DEEPEST = 32  # parts of a scope that are looked at: a name in a file may have millions
COUNTED = re.compile(r"_\d+$")  # what TensorFlow puts behind a name that is taken


@dataclasses.dataclass(frozen=True)
class Hidden:
    """A layer, and where its output is.

    Attributes:
        layer: its name and width.
        ref: its output, the batch in front.
        places: the axes that its channels are averaged over.
    """

    layer: Layer
    ref: Ref
    places: tuple[int, ...]

    def ending(self, flat: Flat) -> Ending:
        """Return where its units' activations are, of a map's channels their means."""
        return means(flat, self.ref, self.places)


def on_the_way(source: Source, flat: Flat, walk: Walk, answer: Ref) -> list[Hidden]:
    """Return the layers between the input and an answer, in the order of computation."""
    nodes = [node for node in flat.graph_def([answer]).node if f"{node.name}:0" not in flat.fixed]
    scopes = {node.name: tuple(node.name.split("/")[:-1][:DEEPEST]) for node in nodes}
    readers: dict[Ref, list[Scope]] = collections.defaultdict(list)
    for node in nodes:
        for ref in node.input:
            readers[ref].append(scopes[node.name])
    left: dict[Scope, dict[Ref, None]] = collections.defaultdict(dict)
    for node in nodes:
        scope = scopes[node.name]
        for k in range(16):
            ref = f"{node.name}:{k}"
            if ref not in readers and ref != answer:
                continue
            for depth in range(1, len(scope) + 1):
                outside = any(other[:depth] != scope[:depth] for other in readers[ref])
                if (outside or ref == answer) and flat.dtype(ref).is_floating:
                    left[scope[:depth]][ref] = None
    alone = [scope for scope in left if len(left[scope]) == 1]
    written = _names(source, alone, _shared(scopes.values()))
    times: collections.Counter[str] = collections.Counter()
    found = []
    for scope, name in written.items():
        (ref,) = left[scope]
        shape = flat.shape(ref)
        if len(shape) < 2 or shape[0] != flat.shape(flat.image)[0]:
            continue
        places = _places(walk, len(shape))
        (width,) = (side for axis, side in enumerate(shape) if axis and axis not in places)
        if not 1 <= width <= MAX_CLASSES:
            continue
        times[name] += 1
        again = f"#{times[name]}" if times[name] > 1 else ""  # a layer that is called twice
        found.append(Hidden(Layer(name + again, width), ref, places))
    return found


def listed_once(source: Source, layers: list[Hidden]) -> tuple[Layer, ...]:
    """Return layers by name and width, without parts that return what the whole layer returns."""
    if source.layers:
        return tuple(each.layer for each in layers)
    outermost: dict[Ref, Hidden] = {}
    for each in layers:
        kept = outermost.setdefault(each.ref, each)
        if each.layer.name.count("/") < kept.layer.name.count("/"):
            outermost[each.ref] = each
    return tuple(each.layer for each in layers if outermost[each.ref] is each)


def places_of(flat: Flat, layers: list[Hidden]) -> dict[str, Place]:
    """Return where the layers' outputs are, by their names."""
    real = (each for each in layers if flat.dtype(each.ref) == tf.float32)
    return {each.layer.name: Place(each.ref, each.places) for each in real}


def named(layers: Iterable[Hidden], name: str) -> Hidden | None:
    """Return the layer of a name, which may be the end of its path through models; or None.

    Raises:
        Refusal: several have it.
    """
    layers = list(layers)
    exact = [each for each in layers if each.layer.name == name]
    found = exact or [each for each in layers if each.layer.name.endswith(f"/{name}")]
    if len(found) > 1:
        paths = listed(each.layer.name for each in found)
        raise Refusal(f"The network has {len(found)} layers {name[:80]!r}: {paths}. Name one.")
    return found[0] if found else None


def whole(flat: Flat, walk: Walk, output: Ref) -> Ending:
    """Return the ending of an output that is no classifier's, as of a hidden layer.

    Raises:
        Refusal: it has no units.
    """
    shape = flat.shape(output)
    if len(shape) < 2 or not flat.dtype(output).is_floating:
        raise Refusal(f"The network's output has the shape {shape}, and no units or channels.")
    return means(flat, output, _places(walk, len(shape)))


def _places(walk: Walk, rank: int) -> tuple[int, ...]:
    """The axes of an output that are neither the batch nor its channels."""
    channels = 1 if walk.turned and rank == 4 else rank - 1
    return tuple(axis for axis in range(1, rank) if axis != channels)


def means(flat: Flat, ref: Ref, places: tuple[int, ...]) -> Ending:
    """Return the ending of activations, each channel's the mean over places."""
    (width,) = (s for k, s in enumerate(flat.shape(ref)) if k and k not in places)
    if places:
        axes = flat.constant("invert/places", np.array(places, np.int32))
        types = {"T": flat.dtype(ref), "Tidx": flat.dtype(axes)}
        (ref,) = flat.compute("Mean", "invert/means", [ref, axes], keep_dims=False, **types)
    return Ending(ref, width, head="activations", sure=True, places=places)


def _shared(scopes: Iterable[Scope]) -> Scope:
    """What all scopes begin with."""
    scopes = list(scopes) or [()]
    pairs = zip(min(scopes), max(scopes), strict=False)
    return tuple(one for one, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _names(source: Source, scopes: list[Scope], shared: Scope) -> dict[Scope, str]:
    """The layers' names by their scopes, as people know them; ``shared`` is the network's own."""
    parts = {part for scope in scopes for part in scope}
    owners = set(source.layers) or {
        part
        for node in source.graph_def.node
        if node.op in VARIABLES
        for part in node.name.split("/")[:-1]
    }
    # Keras 3 opens each scope twice, so that TensorFlow puts a number behind its name.
    counted = {COUNTED.sub("", part) for part in parts if COUNTED.search(part)}
    shift = len(owners & counted) > len(owners & parts)
    plain = {scope: [COUNTED.sub("", p) if shift else p for p in scope] for scope in scopes}
    if source.layers:
        known = {s: [part for part in path if part in owners] for s, path in plain.items()}
        return {s: "/".join(path) for s, path in known.items() if plain[s][-1] in owners}
    outside = min(len(shared), max(map(len, scopes), default=0) - 1)
    return {s: "/".join(path[outside:]) for s, path in plain.items() if len(path) > outside}
