"""What a SavedModel records of its objects: which variable is which, and declared gradients."""

from collections.abc import Mapping

from tensorflow.core.protobuf import trackable_object_graph_pb2

from invert.inversion.freezing.names_in_graphs import CALLS, attribute, data_inputs
from invert.inversion.freezing.source import Gradient

VALUE = "VARIABLE_VALUE"


def gradients(graph) -> dict[str, Gradient]:
    """Return the gradients that a graph declares, by the names they were registered under."""
    objects = graph.object_graph_def
    found = {}
    for gradient in graph.graph_def.library.registered_gradients:
        function = objects.concrete_functions[gradient.gradient_func]
        captured = [objects.nodes[place].captured_tensor.name for place in function.bound_inputs]
        values = function.output_signature.list_value.values
        returned = [k for k, value in enumerate(values) if not value.HasField("none_value")]
        known = Gradient(gradient.gradient_func, captured, returned)
        found[gradient.registered_op_type] = known
    return found


def handles(graph) -> dict[str, list[str]]:
    """Return the ways to variables from the root of all objects, by their operations' names.

    TensorFlow saves a model of Keras 3 with two operations for each variable: one that is
    restored, and another that is read. This tells which object the one that is read is.
    """
    objects = graph.object_graph_def
    ways: dict[int, list[str]] = {0: []}
    waiting = [0] if objects.nodes else []
    while waiting:
        place = waiting.pop(0)
        for child in objects.nodes[place].children:
            if child.node_id not in ways and 0 <= child.node_id < len(objects.nodes):
                ways[child.node_id] = [*ways[place], child.local_name]
                waiting.append(child.node_id)
    found = {}
    for node in graph.graph_def.node:
        name = attribute(node, "f").func.name
        if node.op in CALLS and name in objects.concrete_functions:
            bound = objects.concrete_functions[name].bound_inputs
            inputs = data_inputs(node)[-len(bound) :] if bound else []
            for tensor, place in zip(inputs, bound, strict=False):
                if place in ways:
                    found[tensor.split(":")[0]] = ways[place]
    return found


def key(record: bytes, way: list[str]) -> str | None:
    """Return the name in a checkpoint of the object that a way leads to.

    Args:
        record: of the objects in the checkpoint.
        way: from the root.
    """
    nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(record).nodes
    place = 0
    for step in way:
        children: Mapping[str, int] = {c.local_name: c.node_id for c in nodes[place].children}
        if not 0 <= children.get(step, -1) < len(nodes):
            return None
        place = children[step]
    keys = [known.checkpoint_key for known in nodes[place].attributes if known.name == VALUE]
    return keys[0] if keys else None
