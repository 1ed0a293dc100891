"""What a file must pass before any of it is imported: its operations, sizes and functions.

TensorFlow computes what is constant as soon as it can, with all the rights of the process, and XLA
leaves that to it. So a refusal after importing comes too late: a graph of two operations has read
a file, and sent it, by then.
"""

import math
from collections.abc import Iterable

from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import op_def_registry

from invert.inversion.freezing.gate.operations import IN_A_GRAPH
from invert.inversion.freezing.names_in_graphs import attribute, called
from invert.inversion.freezing.refusal import Refusal, listed

MAX_NODES = 100_000  # with every function counted as often as it is called
MAX_DEPTH = 60  # functions that call functions
MAX_VALUES = 2**28  # of all constants together: a gigabyte
MAX_IMPLIED = 2**24  # of those that are larger than what the file holds of them


def check(graph_def, allowed: frozenset[str] = IN_A_GRAPH) -> None:
    """Let a graph and its library of functions through, or say why not.

    Args:
        graph_def: a ``GraphDef``, straight from a file.
        allowed: the operations that may be in it.

    Raises:
        Refusal: an operation is not allowed, constants are too large, or functions call themselves
            or grow too much.
    """
    functions = graph_def.library.function
    bodies = {function.signature.name: list(function.node_def) for function in functions}
    nodes = [*graph_def.node, *(node for function in functions for node in function.node_def)]
    if len(nodes) > MAX_NODES:
        raise Refusal(f"The graph has {len(nodes):,} operations; {MAX_NODES:,} are allowed.")
    disguised = [name for name in bodies if op_def_registry.get(name) is not None]
    if disguised or len(bodies) < len(functions):
        raise Refusal(
            "The graph has functions of the same name, or named like an operation"
            f" ({listed(disguised)}), so what it would run is not certain."
        )
    check_operations(nodes, allowed | bodies.keys())
    _check_constants(nodes)
    _check_growth(graph_def.node, bodies)


def check_operations(nodes: Iterable, allowed) -> None:
    """Refuse the first operation that is not allowed, by its name."""
    for node in nodes:
        if node.op not in allowed:
            raise Refusal(
                f"The graph holds an operation {node.op[:80]!r} (named {node.name[:80]!r}), which"
                " is no arithmetic, and nothing else in a file is ever run. Export only the path"
                " from the image to the logits."
            )


def _check_constants(nodes) -> None:
    values = implied = 0
    for node in nodes:
        if node.op != "Const":
            continue
        tensor = attribute(node, "value").tensor
        sides = [dim.size for dim in tensor.tensor_shape.dim]
        if min(sides, default=1) < 0 or tensor.tensor_shape.unknown_rank:
            raise Refusal(f"The graph's constant {node.name[:80]!r} has no shape.")
        if tensor.dtype in (types_pb2.DT_RESOURCE, types_pb2.DT_VARIANT):
            raise Refusal(f"The graph's constant {node.name[:80]!r} holds no numbers.")
        size = math.prod(sides)
        values += size
        # One value given stands for all: TensorFlow repeats the last.
        implied += size if size > max(len(tensor.tensor_content), given(tensor)) else 0
    if values > MAX_VALUES or implied > MAX_IMPLIED:
        raise Refusal(
            f"The graph's constants would take {values:,} values; at most {MAX_VALUES:,} are"
            f" allowed, {MAX_IMPLIED:,} of them implied by fewer."
        )


def given(tensor) -> int:
    """How many values a constant gives one by one."""
    fields = (field for field, _ in tensor.ListFields() if field.name.endswith("_val"))
    return max((len(getattr(tensor, field.name)) for field in fields), default=0)


def _check_growth(main, bodies: dict) -> None:
    """Refuse functions that call themselves, and those that grow when they are put in place."""
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}

    def callees(nodes) -> list[str]:
        return [name for node in nodes for name in called(node, bodies) if name in bodies]

    def measured(nodes) -> tuple[int, int]:
        names = callees(nodes)
        size = len(nodes) + sum(sizes[name] for name in names)
        depth = 1 + max((depths[name] for name in names), default=0)
        return min(size, MAX_NODES + 1), min(depth, MAX_DEPTH + 1)

    entered: set[str] = set()  # and not measured yet: these call the one on top of the pile
    waiting = list(bodies)
    while waiting:
        name = waiting[-1]
        if name in sizes:
            waiting.pop()
            continue
        entered.add(name)
        missing = dict.fromkeys(other for other in callees(bodies[name]) if other not in sizes)
        circle = [other for other in missing if other in entered]
        if circle:
            raise Refusal(f"The graph's function {circle[0][:80]!r} calls itself, without end.")
        if not missing:
            sizes[name], depths[name] = measured(bodies[name])
        waiting.extend(missing)
    size, depth = measured(main)
    if size > MAX_NODES or depth > MAX_DEPTH:
        raise Refusal(
            f"The graph has over {MAX_NODES:,} operations, or functions {MAX_DEPTH} deep, when its"
            " functions are put in place. That is more than is allowed."
        )
