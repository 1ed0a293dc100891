"""Open a frozen graph: a ``GraphDef``, in binary or text form, with its weights as constants."""

from pathlib import Path

import tensorflow as tf

from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.opening import text_form
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.variables import VARIABLES
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import Source


def open_file(path: Path, text: bool) -> Source:
    """Open a frozen graph.

    Raises:
        Refusal: it holds more than arithmetic.
    """
    graph_def = parse(path, text)
    entry.check(graph_def)

    def no_value(name: str):
        unknown = [node.name for node in graph_def.node if node.op in VARIABLES]
        raise Refusal(
            f"{path} is a graph that is not frozen: its variables {listed(unknown, 4)} have no"
            " values. Give the checkpoint that belongs to it, with its .meta, or freeze it first."
        )

    return Source(name=path.name, graph_def=graph_def, variable=no_value)


def parse(path: Path, text: bool) -> tf.compat.v1.GraphDef:
    """Return the graph in a file."""
    if text:
        return text_form.parse(path, tf.compat.v1.GraphDef())
    return tf.compat.v1.GraphDef.FromString(read(path))
