"""The values of variables, read from the files of a checkpoint.

A graph says for itself which variable is kept under which name: it holds operations that would
restore them. These are read here, and never run.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.names_in_graphs import CALLS, Body, attribute, data_inputs
from invert.inversion.freezing.opening import object_graph
from invert.inversion.freezing.refusal import Refusal, listed, shortened

MAX_BYTES = 2**30
MAX_DEPTH = 8
ASSIGNMENTS = ("Assign", "AssignVariableOp")
OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"


class Checkpoint:
    """The variables of a graph, by the names of their operations.

    Args:
        prefix: of the checkpoint's files, without ".index" and such.
        graph_def: the graph.
        handles: where variables are among the objects that were saved, by their operations' names.
    """

    def __init__(self, prefix: str, graph_def, handles: Mapping[str, list[str]] | None = None):
        self._keys = keys(graph_def)
        self._prefix = prefix
        self._nodes = {node.name: node for node in graph_def.node}
        self._handles = handles or {}
        self._values: dict[str, np.ndarray] = {}
        self._bytes = 0
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            self._shapes = self._reader.get_variable_to_shape_map()
            self._types = self._reader.get_variable_to_dtype_map()
        except Exception as error:  # each part of a damaged file has errors of its own
            raise Refusal(
                f"The values of the network's variables cannot be read from {prefix}"
                f" ({shortened(error)})."
            ) from error

    def __call__(self, name: str) -> np.ndarray:
        """Return the value of the variable of the operation ``name``."""
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> np.ndarray:
        key, part = self._key(name)
        dtype = self._types[key]
        if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
            raise Refusal(f"The network's variable {name[:80]!r} is of type {dtype.name}.")
        self._bytes += int(np.prod(self._shapes[key], dtype=object)) * dtype.size
        if self._bytes > MAX_BYTES:
            raise Refusal(
                f"The network's variables take over {MAX_BYTES // 2**20:,} MB. That is more than is"
                " allowed."
            )
        value = np.asarray(self._reader.get_tensor(key))[_slices(part)]
        shape = attribute(self._nodes[name], "shape").shape
        wanted = [dim.size for dim in shape.dim]
        if not shape.unknown_rank and -1 not in wanted and wanted != list(value.shape):
            raise Refusal(
                f"The network's variable {name[:80]!r} has the shape {tuple(wanted)}, and its value"
                f" {value.shape}. The graph and the values are not of one network."
            )
        return value

    def _key(self, name: str) -> tuple[str, str]:
        """The name that the checkpoint has for a variable, and which part of it is meant."""
        shared = attribute(self._nodes[name], "shared_name").s.decode(errors="replace")
        for key, part in (*self._keys.get(name, ()), (name, ""), (shared, "")):
            if key in self._shapes:
                return key, part
        if name in self._handles and OBJECTS in self._shapes:
            found = object_graph.key(self._reader.get_tensor(OBJECTS), self._handles[name])
            if found is not None and found in self._shapes:
                return found, ""
        raise Refusal(
            f"The network's variable {name[:80]!r} has no value in {self._prefix}, which has"
            f" {listed(key for key in self._shapes if key != OBJECTS)}."
        )


def keys(graph_def) -> dict[str, list[tuple[str, str]]]:
    """Return the names that variables may have in a checkpoint, by their operations' names.

    With each goes the part of it that is meant, as TensorFlow writes it; "" is all.
    """
    library = {function.signature.name: function for function in graph_def.library.function}
    found: dict[str, list[tuple[str, str]]] = {}
    _read_restoring(Body(graph_def.node, library), library, {}, found, MAX_DEPTH)
    return found


def _read_restoring(body: Body, library, arguments: Mapping, found: dict, depth: int) -> None:
    """Note what a graph or function would assign to variables; ``arguments`` are a function's."""

    def variable(tensor: str) -> str | None:
        name = tensor.split(":")[0]
        if body.function is not None:
            return arguments.get(name)
        node = body.nodes.get(name)
        return name if node is not None and node.op in VARIABLES else None

    def key(tensor: str) -> tuple[str, str] | None:
        """The name in the checkpoint of what a tensor was restored from, and which part."""
        for _ in range(4):  # what lies between is an Identity
            name, index = body.locate(tensor)
            node = body.nodes.get(name)
            if node is None:
                return None
            inputs = data_inputs(node)
            if node.op in ("RestoreV2", "RestoreSlice") and len(inputs) == 3:
                names, parts = (_texts(body.nodes.get(i.split(":")[0])) for i in inputs[1:3])
                parts = parts if len(parts) == len(names) else [""] * len(names)
                return (names[index], parts[index]) if index < len(names) else None
            if node.op not in ("Identity", "Cast", "Reshape") or not inputs:
                return None
            tensor = inputs[0]
        return None

    for node in body.nodes.values():
        inputs = data_inputs(node)
        if node.op in ASSIGNMENTS and len(inputs) == 2:
            name, kept = variable(inputs[0]), key(inputs[1])
            if name is not None and kept is not None:
                found.setdefault(name, []).append(kept)
        elif node.op in CALLS and depth:
            function = library.get(attribute(node, "f").func.name)
            if function is None or not _restores(function, library, depth):
                continue
            names = [argument.name for argument in function.signature.input_arg]
            given = {name: variable(tensor) for name, tensor in zip(names, inputs, strict=False)}
            inner = Body(function.node_def, library, function)
            _read_restoring(inner, library, given, found, depth - 1)


def _restores(function, library, depth: int) -> bool:
    return any(
        node.op == "RestoreV2"
        or (
            depth > 0
            and node.op in CALLS
            and (inner := library.get(attribute(node, "f").func.name)) is not None
            and _restores(inner, library, depth - 1)
        )
        for node in function.node_def
    )


def _slices(part: str) -> tuple[slice, ...]:
    """What a part such as "784 10 0,392:-" is of an array: its first half."""
    found = []
    for side in part.split(" ")[-1].split(":") if part.strip() else ():
        start, _, length = side.partition(",")
        whole = start == "-"
        found.append(slice(None) if whole else slice(int(start), int(start) + int(length)))
    return tuple(found)


def _texts(node) -> list[str]:
    if node is None or node.op != "Const":
        return []
    return [text.decode(errors="replace") for text in attribute(node, "value").tensor.string_val]


VARIABLES = ("VarHandleOp", "Variable", "VariableV2")
