"""A classifier that was opened, from any kind of file."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import full_name, operation_of
from invert.inversion.freezing.names_in_graphs import data_inputs, pivots
from invert.inversion.freezing.refusal import Refusal, listed


@dataclasses.dataclass(frozen=True)
class Gradient:
    """A function of a graph that is the declared gradient of an operation.

    Attributes:
        function: its name.
        captured: the tensors that it takes beside the gradients coming in.
        of: which of the operation's inputs it returns the gradients of.
    """

    function: str
    captured: list[str]
    of: list[int]


@dataclasses.dataclass
class Source:
    """A graph that passed the gate, and what is known of it.

    Attributes:
        name: what to call it.
        graph_def: the graph, with its functions.
        variable: gives a variable's value, by the name of its operation.
        inputs: tensors that may take the image, by the names they are known by outside; without
            any, all placeholders may.
        outputs: tensors of the answers, likewise; without any, the ends of the graph are.
        shapes: of inputs, the batch in front, where the file says so apart from the graph.
        constants: values of placeholders that the source fixes.
        labels: the classes' names, where a file beside it says them.
        layers: names of all layers, where the source says them.
        compute: runs the source itself. Takes the inputs' values by tensor, the tensor of the
            images and a question about one of its tensors; returns the answer, and the gradient of
            its mixture or None. None where there is only the graph.
        gradients: those that the graph declares, by the names they were registered under.
        with_gradients: gives the source with the gradients that it declares itself, as arithmetic.
    """

    name: str
    graph_def: tf.compat.v1.GraphDef
    variable: Callable[[str], np.ndarray]
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    outputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    shapes: Mapping[str, tuple] = dataclasses.field(default_factory=dict)
    constants: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    layers: tuple[str, ...] = ()
    compute: Callable[..., tuple[np.ndarray, np.ndarray | None]] | None = None
    gradients: Mapping[str, Gradient] = dataclasses.field(default_factory=dict)
    with_gradients: "Callable[[], Source] | None" = None

    def __post_init__(self):
        self.nodes = {node.name: node for node in self.graph_def.node}

    def names(self) -> Iterator[str]:
        """The names of all operations, of the graph and of its functions."""
        functions = (function.node_def for function in self.graph_def.library.function)
        return (node.name for nodes in (self.graph_def.node, *functions) for node in nodes)

    def has(self, name: str) -> bool:
        """Whether there is a tensor or an operation of this name."""
        operation, _, index = str(name).partition(":")
        return operation in self.nodes and (index or "0").isdecimal()

    def tensor(self, name: str, known: Mapping[str, str], what: str) -> str:
        """Return the tensor that is meant by the name of a tensor, operation, input or output."""
        if name in known:
            return known[name]
        operation, _, index = str(name).partition(":")
        if not self.has(name):
            choice = known or [n for n, node in self.nodes.items() if node.op in PLACEHOLDERS]
            raise Refusal(
                f"The network has no {what} {str(name)[:80]!r}; it has {listed(sorted(choice))}."
            )
        return f"{operation}:{index or 0}"

    def behind(self, tensors, stops=()) -> dict[str, tf.compat.v1.NodeDef]:
        """The operations of the graph, not of its functions, that tensors are computed from."""
        return self._follow(tensors, stops)[0]

    def starts(self, tensors, stops=()) -> set[str]:
        """Those of ``stops`` that tensors are computed from."""
        return self._follow(tensors, stops)[1]

    def _follow(self, tensors, stops):
        found, reached = {}, set()
        waiting = list(tensors)
        while waiting:
            tensor = full_name(waiting.pop())
            name = operation_of(tensor)
            node = self.nodes.get(name)
            if tensor in stops:
                reached.add(tensor)
            elif node is not None and name not in found:
                found[name] = node
                waiting.extend(data_inputs(node) + pivots(node, self.nodes))
        return found, reached

    def ahead(self) -> set[str]:
        """The operations of the graph that are computed from any placeholder, and those."""
        readers: dict[str, list[str]] = {}
        for node in self.graph_def.node:
            for tensor in data_inputs(node):
                readers.setdefault(operation_of(tensor), []).append(node.name)
        found, waiting = set(), [n for n, node in self.nodes.items() if node.op in PLACEHOLDERS]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(readers.get(name, ()))
        return found


PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
