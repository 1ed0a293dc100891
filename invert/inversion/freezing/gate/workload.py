"""How much a frozen graph has to compute, by its shapes alone: nothing of it is run.

Every operation is put into a graph that only infers shapes, as when it was frozen. So it also tells
whether a frozen graph that came from elsewhere fits together.
"""

import dataclasses
import graphlib

import tensorflow as tf

from invert.inversion.architecture import operation_of
from invert.inversion.freezing.flattening.flat import Flat
from invert.inversion.freezing.refusal import Refusal
from invert.inversion.frozen_graph import FrozenGraph


@dataclasses.dataclass(frozen=True)
class Workload:
    """What one batch takes, see ``gate.cost``.

    Attributes:
        operations: how many there are on the way from images to logits.
        products: their multiplications, and one for each value that anything else returns.
        effort: their time, forward and backward, in multiplications; it grows with the batch.
        overhead: what each step takes beside that, whatever the batch, in multiplications.
        bytes: what all results of the forward pass take together.
    """

    operations: int
    products: int
    effort: float
    overhead: float
    bytes: int


def workload(frozen: FrozenGraph, batch: int = 1) -> Workload:
    """Return what a frozen graph computes for a batch of images.

    Raises:
        Refusal: its operations do not fit together, or their sizes depend on the image, or they do
            not give one row of logits an image.
    """
    known = frozen.architecture
    flat = Flat(known.graph_def.versions)
    image = flat.open_input(operation_of(known.placeholder), (batch, *known.input_shape))
    refs = {operation_of(known.placeholder): [image]}
    for name, value in zip(known.weights, frozen.weights, strict=True):
        _add(refs, operation_of(name), [flat.constant(operation_of(name), value.numpy())])
    constants = [node for node in known.graph_def.node if node.op == "Const"]
    for node in constants:
        value = tf.make_ndarray(node.attr["value"].tensor)
        _add(refs, node.name, [flat.constant(node.name, value)])
    for node in _in_order(known.graph_def):
        if node.op != "Const":
            _add(refs, node.name, flat.add(node, [_found(refs, name) for name in node.input]))
    logits = _found(refs, known.output)
    if flat.shape(logits) not in ((batch, frozen.classes), (batch, 1, 1, frozen.classes)):
        raise Refusal(
            f"The network returns the shape {flat.shape(logits)} for {batch} images; a classifier"
            f" returns one row of scores an image, of {frozen.classes} classes here."
        )
    return Workload(len(flat.nodes), flat.products, flat.effort, flat.overhead, flat.bytes)


def _in_order(graph_def) -> list[tf.compat.v1.NodeDef]:
    """The nodes of a graph, each after those that it takes something from."""
    nodes = {node.name: node for node in graph_def.node}
    sources = {name: [operation_of(i) for i in node.input] for name, node in nodes.items()}
    if len(nodes) < len(graph_def.node):
        raise Refusal("The network has two operations of one name.")
    try:
        order = graphlib.TopologicalSorter(sources).static_order()
        return [nodes[name] for name in order if name in nodes]
    except graphlib.CycleError as error:
        raise Refusal("The network takes from an operation what it gives it.") from error


def _add(refs: dict[str, list[str]], name: str, outputs: list[str]) -> None:
    if name in refs:
        raise Refusal(f"The network has two operations named {name[:80]!r}.")
    refs[name] = outputs


def _found(refs: dict[str, list[str]], tensor: str) -> str:
    name, _, number = tensor.partition(":")
    outputs = refs.get(name, [])
    if not (number or "0").isdecimal() or int(number or 0) >= len(outputs):
        raise Refusal(f"The network uses {tensor[:80]!r} before anything gives it.")
    return outputs[int(number or 0)]
