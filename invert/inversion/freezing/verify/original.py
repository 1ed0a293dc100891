"""Run the graph of a file as it is, functions and all, to compare the frozen one with it.

What is run has passed the gate, and the walk has followed and bounded every operation in it.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from tensorflow.python.saved_model import function_deserialization

from invert.inversion.architecture import full_name
from invert.inversion.freezing.flattening.flat import AS_IT_STANDS, Flat, Ref
from invert.inversion.freezing.names_in_graphs import CALLS
from invert.inversion.freezing.verify.asked import Question, answered, result
from invert.inversion.freezing.verify.followed import HANDLES

REFERENCES = ("Variable", "VariableV2")


def compute(
    graph_def: tf.compat.v1.GraphDef,
    given: Mapping[str, np.ndarray],
    image: str,
    question: Question,
    variable: Callable[[str], np.ndarray],
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a graph's answer, and the gradient of its mixture by the image, or None.

    Args:
        graph_def: what may be run.
        given: values of tensors, by name, among them the images'.
        image: the tensor of the images.
        question: what is asked.
        variable: gives a variable's value, by the name of its operation.
    """
    nodes = list(graph_def.node)
    with tf.Graph().as_default() as graph:
        functions = function_deserialization.load_function_def_library(graph_def.library)
        graph_def.library.Clear()
        for node in nodes:
            function_deserialization.fix_node_def(node, functions, "")
        feeds, places = {}, {}
        read = {f"{n.name}:0": variable(n.name) for n in nodes if n.op in REFERENCES}
        for tensor, value in {**read, **given}.items():
            places[tensor] = tf.compat.v1.placeholder(value.dtype, value.shape)
            feeds[places[tensor]] = value
        used = {full_name(name) for node in nodes for name in node.input}
        used_places = {name: place for name, place in places.items() if name in used}
        found = tf.graph_util.import_graph_def(graph_def, used_places, [question.tensor], name="")
        by_name = {function.name.decode(): function for function in functions.values()}
        for op in graph.get_operations():
            if op.type in CALLS:  # as when a SavedModel is loaded
                called = by_name[op.get_attr("f").name]
                op._gradient_function = called._get_gradient_function()
        answer = found[0] if question.tensor not in places else places[question.tensor]
        wanted = answered(answer, question, places[image])
        with tf.compat.v1.Session(graph=graph, config=AS_IT_STANDS) as session:
            for node in nodes:
                if node.op in HANDLES:
                    value = variable(node.name)
                    place = tf.compat.v1.placeholder(value.dtype, value.shape)
                    handle = graph.get_tensor_by_name(f"{node.name}:0")
                    assign = tf.raw_ops.AssignVariableOp(resource=handle, value=place)
                    session.run(assign, {place: value})
            return result(session.run(wanted, feeds))


def compiled(
    flat: Flat, output: Ref, question: Question, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what ``compute`` returns, for a tensor of a flat graph, as XLA computes it."""
    constants = {ref: tf.constant(value) for ref, value in flat.constants.items()}

    @tf.function(autograph=False, jit_compile=True)
    def run(x):
        places = {flat.image: x, **{ref: tf.identity(v) for ref, v in constants.items()}}
        graph_def = flat.graph_def([output])
        used = {name for node in graph_def.node for name in node.input}
        places = {ref: value for ref, value in places.items() if ref in used}
        (answer,) = tf.graph_util.import_graph_def(graph_def, places, [output])
        return answered(answer, question, x)

    return result(run(tf.constant(images)))
