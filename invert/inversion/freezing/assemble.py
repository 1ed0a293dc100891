"""From the flat graph to the frozen graph: what `substitution` imports, and no more."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import GRADIENT, GRADIENT_OF
from invert.inversion.domain import Domain
from invert.inversion.freezing.flattening import folding
from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.names_in_graphs import attribute
from invert.inversion.freezing.reading_off.layout import Layout
from invert.inversion.freezing.reading_off.logits import Ending
from invert.inversion.frozen_graph import FrozenGraph, Place


def assemble(
    flat: Flat,
    ending: Ending,
    layout: Layout,
    domain: Domain,
    places: Mapping[str, Place],
    **known,
) -> FrozenGraph:
    """Return the frozen graph of a classifier whose logits were found.

    Args:
        flat: the graph.
        ending: where its logits are.
        layout: how images go into it.
        domain: what an input may be.
        places: where the outputs of layers are, by their names.
        **known: ``labels`` and ``name``.
    """
    logits = ending.logits
    if flat.dtype(logits) != tf.float32:
        types = {"SrcT": flat.dtype(logits), "DstT": tf.float32}
        (logits,) = flat.compute("Cast", "invert/logits", [logits], **types)
    constants = _constants(flat, logits)
    graph_def = flat.graph_def([logits], beyond=constants)
    changed = folding.fold(flat, graph_def, constants, logits)
    # A constant is the first output of an operation of its own.
    names = {
        ref: ref if ref.endswith(":0") else f"{ref.replace(':', '/output_')}:0" for ref in constants
    }
    for node in graph_def.node:
        node.input[:] = [names.get(ref, ref) for ref in node.input]
    for node in graph_def.node:
        plain = not (attribute(node, "transpose_a").b or attribute(node, "transpose_b").b)
        if (
            node.op == "MatMul"
            and plain
            and attribute(node, "T").type == tf.float32.as_datatype_enum
        ):
            node.attr[GRADIENT_OF].s = GRADIENT.encode()
    return FrozenGraph.of(
        graph_def,
        {names[ref]: value for ref, value in constants.items()},
        flat.image,
        names.get(logits, logits),
        input_shape=layout.input_shape,
        domain=domain,
        head=ending.head,
        places={name: place for name, place in places.items() if place.tensor not in changed},
        **known,
    )


def any_batch(flat: Flat, batch: int) -> None:
    """Make reshapes that were written for one batch size accept any."""
    for node in flat.nodes.values():
        if node.op != "Reshape" or node.input[0] in flat.fixed or node.input[1] not in flat.fixed:
            continue
        sides = flat.value(node.input[1])
        made = flat.shape(f"{node.name}:0")
        if sides.size and sides[0] == batch == flat.shape(node.input[0])[0]:
            any_size = np.array([-1, *made[1:]], sides.dtype)
            node.input[1] = flat.constant(f"{node.name}/any_batch", any_size)


def _constants(flat: Flat, logits: Ref) -> dict[Ref, np.ndarray]:
    """The values of the constant tensors that are used on the way from image to logits."""
    used = dict.fromkeys(
        ref
        for node in flat.graph_def([logits]).node
        if f"{node.name}:0" not in flat.fixed
        for ref in node.input
        if ref in flat.fixed
    )
    if logits in flat.fixed:
        used = {logits: None}
    computed = [ref for ref in used if ref not in flat.constants]
    values = flat.run(computed) if computed else []
    return {
        **{ref: flat.constants[ref] for ref in used if ref in flat.constants},
        **dict(zip(computed, values, strict=True)),
    }
