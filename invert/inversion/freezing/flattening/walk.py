"""Follow a graph from its image to its output, and write down the arithmetic on the way.

Calls of functions are replaced by what the functions do, variables by their values, branches by the
one that is taken, loops by as many rounds as they have. The result is a `Flat` graph.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening import cpu_convolutions, op_handlers, tensor_lists
from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.flattening.values import DEAD, Failure, Frame, List, Variable
from invert.inversion.freezing.gate.operations import ARITHMETIC, MOVES, PASSED_ON, names
from invert.inversion.freezing.names_in_graphs import Body, attribute, data_inputs, pivots
from invert.inversion.freezing.refusal import Exceeded, Refusal

MAX_STEPS = 50_000
V1_LOOPS = names("Enter Exit NextIteration LoopCond RefEnter RefExit RefNextIteration")


class Walk:
    """Follow ``graph_def`` into ``flat``.

    Args:
        graph_def: a graph that passed the gate.
        flat: what to write into.
        given: tensors of the graph, as "name:0", that are replaced by those of ``flat``.
        variable: gives a variable's value, by the name of its operation.
        mend: whether to write down convolutions as ones that run on any processor.

    Attributes:
        failed: outputs of functions that cannot be frozen, as (function, output).
        visited: names of the operations that were followed, by function; "" is the graph itself.
            Those in branches that are not taken are not among them.
        origins: where the flat graph's operations come from, as (function, operation).
        declared: operations that declare a gradient of their own, with their frames and inputs.
        turned: whether it met channels-first operations, which need mending.
    """

    def __init__(
        self,
        graph_def,
        flat: Flat,
        given: Mapping[str, Ref],
        variable: Callable[[str], np.ndarray],
        mend: bool = True,
    ):
        self.flat = flat
        self.failed: set[tuple[str, str]] = set()
        self.visited: dict[str, set[str]] = {}
        self.origins: dict[str, tuple[str, str]] = {}
        self.declared: list[tuple[Frame, Any, list]] = []
        self.turned = False
        self._library = {f.signature.name: f for f in graph_def.library.function}
        self._bodies: dict[str, Body] = {}
        self._main = Frame(Body(graph_def.node, self._library), given=given)
        self._variable = variable
        self._mend = mend
        self._constants: dict[tuple[str, str], Ref] = {}
        self._variables: dict[str, Ref] = {}
        self._steps = 0

    def tensor(self, name: str) -> Ref:
        """Return the flat graph's tensor for one of the graph, such as "dense/BiasAdd:0".

        Raises:
            Refusal: what leads there is no arithmetic, or is too much of it.
        """
        return self.number(self.value(self._main, name))

    def value(self, frame: Frame, tensor: str):
        """The value of a tensor of a frame; whatever it needs is followed first."""
        found = _locate(frame, tensor)
        if isinstance(found, str):
            return found
        waiting, entered = [found[0]], set()
        while waiting:
            name = waiting[-1]
            if name in frame.values:
                waiting.pop()
                continue
            node = frame.body.nodes.get(name)
            if node is None:
                raise Refusal(f"The graph uses {name[:80]!r}, which is not in it.")
            places = [_locate(frame, name) for name in data_inputs(node)]
            branch = pivots(node, frame.body.nodes)
            needed = [p[0] for p in places if not isinstance(p, str)] + branch
            missing = [name for name in needed if name not in frame.values]
            if not missing:
                self._steps += 1
                if self._steps > MAX_STEPS:
                    raise Exceeded(f"The network takes more than the {MAX_STEPS:,} steps allowed.")
                inputs = [p if isinstance(p, str) else _output(frame, *p) for p in places]
                if any(_is_dead(frame.values[pivot]) for pivot in branch):
                    frame.values[name] = [DEAD] * frame.body.count(node)
                else:
                    frame.values[name] = self._outputs(frame, node, inputs)
                if not _is_dead(frame.values[name]):
                    self.visited.setdefault(frame.body.name, set()).add(name)
                continue
            entered.add(name)
            if entered.intersection(missing):
                raise _circle(name, [frame.body.nodes[other].op for other in entered])
            waiting.extend(missing)
        return _output(frame, *found)

    def _outputs(self, frame: Frame, node, inputs: list) -> list:
        """What an operation returns for inputs that are there."""
        if any(value is DEAD for value in inputs) and node.op not in op_handlers.MERGES:
            return [DEAD] * frame.body.count(node)
        if node.op in op_handlers.HANDLERS:
            return op_handlers.HANDLERS[node.op](self, frame, node, inputs)
        if node.op in self._library:
            return self.visit(node.op, inputs, f"{frame.prefix}{node.name}/")
        if node.op in tensor_lists.OPERATIONS:
            values = [value if isinstance(value, List) else self.number(value) for value in inputs]
            return tensor_lists.outputs(self.flat, frame.prefix + node.name, node, values)
        if node.op in PASSED_ON:
            first = inputs[0] if inputs else None
            if node.op == "ReadVariableOp" and isinstance(first, Variable):
                return [self.read(first.name)]
            if "_gradient_op_type" in node.attr:
                self.declared.append((frame, node, list(inputs)))
            return list(inputs)
        if node.op not in ARITHMETIC:
            raise Refusal(
                f"The way to the output leads through {node.op!r} (named {node.name[:80]!r}), which"
                f" is no arithmetic that can be frozen. {_way_out(node.op)}"
            )
        copy = tf.compat.v1.NodeDef()
        copy.CopyFrom(node)
        copy.name = frame.prefix + node.name
        inputs = [self.number(value) for value in inputs]
        if self._takes_pixels(copy, inputs):
            return inputs
        self.turned = self.turned or cpu_convolutions.is_channels_first(copy)
        refs = (cpu_convolutions.add if self._mend else Flat.add)(self.flat, copy, inputs)
        self.origins[refs[0].rsplit(":", 1)[0]] = frame.body.name, node.name
        return refs

    def _takes_pixels(self, node, inputs) -> bool:
        """Make integer pixel operations accept floats; return True if nothing is left to do."""
        key = "SrcT" if node.op == "Cast" else "T"
        if node.op not in MOVES or self.flat.dtype(inputs[0]) != tf.float32:
            return False
        if tf.as_dtype(attribute(node, key).type).is_integer:
            node.attr[key].type = tf.float32.as_datatype_enum
        return node.op == "Cast" and attribute(node, "DstT").type == attribute(node, key).type

    def number(self, value) -> Ref:
        """A value as a tensor."""
        if isinstance(value, Failure):
            raise value.error
        if value is DEAD:
            raise Refusal("The output lies in a branch of the graph that is not taken.")
        if not isinstance(value, str):
            raise Refusal("The output is a variable or a list, and no numbers.")
        return value

    def known(self, value, what: str, node):
        """The value of a condition or an index, which may depend on no pixel and no random draw."""
        ref = self.number(value)
        known = self.flat.known(ref)
        if known is None:
            cause = "random numbers" if ref in self.flat.drawn else "the image"
            raise Refusal(
                f"The network's {what} at {node.name[:80]!r} depends on {cause}, and only"
                " what is always the same can be frozen."
            )
        return known

    def constant(self, frame: Frame, node) -> Ref:
        """A constant of a frame. All calls of a function share its constants."""
        key = frame.body.name, node.name
        if key not in self._constants:
            value = tf.make_ndarray(attribute(node, "value").tensor)
            self._constants[key] = self.flat.constant(frame.prefix + node.name, value)
        return self._constants[key]

    def read(self, name: str) -> Ref:
        """The value of a variable, by the name of its operation."""
        if name not in self._variables:
            self._variables[name] = self.flat.constant(name, self._variable(name))
        return self._variables[name]

    def visit(self, name: str, arguments: list, prefix: str) -> list:
        """What a function returns; an output that cannot be frozen is a ``Failure``."""
        function = self._library.get(name)
        if function is None:
            raise Refusal(f"The graph calls a function {name[:80]!r} that is not in it.")
        if name not in self._bodies:
            self._bodies[name] = Body(function.node_def, self._library, function)
        names = [argument.name for argument in function.signature.input_arg]
        if len(names) != len(arguments):
            raise Refusal(f"The graph's function {name[:80]!r} is called with too few arguments.")
        values = {name: [value] for name, value in zip(names, arguments, strict=True)}
        frame = Frame(self._bodies[name], prefix, values=values)
        self.visited.setdefault(name, set())
        outputs = []
        for argument in function.signature.output_arg:
            try:
                outputs.append(self.value(frame, function.ret[argument.name]))
            except Exceeded:
                raise
            except Refusal as error:
                outputs.append(Failure(error))
                self.failed.add((name, argument.name))
        return outputs


def _circle(name: str, ops: list[str]) -> Refusal:
    if V1_LOOPS.intersection(ops):
        return Refusal(
            f"The network has a loop of TensorFlow 1 (at {name[:80]!r}), which cannot be frozen."
            " Write it out, as tf.nn.static_rnn does."
        )
    return Refusal(f"The graph goes in a circle at {name[:80]!r}.")


def _way_out(op: str) -> str:
    if "Random" in op:
        return "Export the network as it is when it does not train, without random numbers."
    return "If the image comes in after it, name that tensor with input=."


def _is_dead(outputs: list) -> bool:
    return bool(outputs) and all(value is DEAD for value in outputs)


def _locate(frame: Frame, tensor: str):
    """Where a tensor comes from, or the tensor that it is replaced by."""
    name, index = frame.body.locate(tensor)
    return frame.given.get(f"{name}:{index}", (name, index))


def _output(frame: Frame, name: str, index: int):
    outputs = frame.values[name]
    if not 0 <= index < len(outputs):
        raise Refusal(f"The graph uses output {index} of {name[:80]!r}, which has {len(outputs)}.")
    return outputs[index]
