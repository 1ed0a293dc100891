"""Follow a graph from its image to its output, and write down the arithmetic on the way.

Calls of functions are replaced by what the functions do, variables by their values, branches by the
one that is taken, loops by as many rounds as they have. What it all comes to is a `Flat` graph.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.freezing import convolutions, lists, pixels
from invert.inversion.freezing.flat import Flat, Ref
from invert.inversion.freezing.functions import CALLS, Body, attribute, data_inputs
from invert.inversion.freezing.operations import ARITHMETIC, PASSED_ON
from invert.inversion.freezing.refusal import Exceeded, Refusal, Unfed

MAX_STEPS = 50_000
MAX_ROUNDS = 1_000
# Not there when the tensor is asked for: the other side of a branch.
DEAD = object()


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable itself, as operations that read it are given it."""

    name: str


@dataclasses.dataclass(frozen=True)
class Failure:
    """An output that cannot be had, which matters only to those who ask for it."""

    error: Refusal


@dataclasses.dataclass
class Frame:
    """One visit of a graph or function: what its operations have come to so far."""

    body: Body
    prefix: str = ""
    given: Mapping[str, Ref] = dataclasses.field(default_factory=dict)
    values: dict[str, list] = dataclasses.field(default_factory=dict)


class Walk:
    """Follow ``graph_def`` into ``flat``.

    Args:
        graph_def: a graph that passed the gate.
        flat: what to write into.
        given: tensors of the graph, as "name:0", that are replaced by those of ``flat``.
        variable: gives a variable's value, by the name of its operation.
        mend: whether to write down convolutions as ones that run on any processor.

    Attributes:
        failed: outputs of functions that cannot be had, as (function, output).
        random: whether it met random numbers, such as dropout's.
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
        self.random = self.turned = False
        self._library = {f.signature.name: f for f in graph_def.library.function}
        self._bodies: dict[str, Body] = {}
        self._main = Frame(Body(graph_def.node, self._library), given=given)
        self._variable = variable
        self._mend = mend
        self._constants: dict[tuple[str, str], Ref] = {}
        self._steps = 0

    def tensor(self, name: str) -> Ref:
        """Return the flat graph's tensor for one of the graph, such as "dense/BiasAdd:0".

        Raises:
            Refusal: what leads there is no arithmetic, or is too much of it.
        """
        return self._number(self._value(self._main, name))

    def _value(self, frame: Frame, tensor: str):
        """What a tensor of a frame has come to; whatever it needs is followed first."""
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
            missing = [p[0] for p in places if not isinstance(p, str) and p[0] not in frame.values]
            if not missing:
                self._steps += 1
                if self._steps > MAX_STEPS:
                    raise Exceeded(f"The network takes more than the {MAX_STEPS:,} steps allowed.")
                inputs = [p if isinstance(p, str) else _output(frame, *p) for p in places]
                frame.values[name] = self._outputs(frame, node, inputs)
                continue
            entered.add(name)
            if entered.intersection(missing):
                raise Refusal(f"The graph goes in a circle at {name[:80]!r}.")
            waiting.extend(missing)
        return _output(frame, *found)

    def _outputs(self, frame: Frame, node, inputs: list) -> list:
        """What an operation returns for inputs that are there."""
        special = SPECIAL.get(node.op) or (Walk._call if node.op in self._library else None)
        if any(value is DEAD for value in inputs) and special is not Walk._merge:
            return [DEAD] * frame.body.count(node)
        if special is not None:
            return special(self, frame, node, inputs)
        if node.op in lists.OPERATIONS:
            values = [
                value if isinstance(value, lists.List) else self._number(value) for value in inputs
            ]
            return lists.outputs(self.flat, frame.prefix + node.name, node, values)
        if node.op in PASSED_ON:
            first = inputs[0] if inputs else None
            if node.op == "ReadVariableOp" and isinstance(first, Variable):
                return [self._read(first.name)]
            return list(inputs)
        if node.op not in ARITHMETIC:
            raise Refusal(
                f"The way to the output leads through {node.op!r} (named {node.name[:80]!r}), which"
                " is no arithmetic that can be frozen. If the image comes in after it, name that"
                " tensor with input=."
            )
        copy = tf.compat.v1.NodeDef()
        copy.CopyFrom(node)
        copy.name = frame.prefix + node.name
        inputs = [self._number(value) for value in inputs]
        if self._takes_pixels(copy, inputs):
            return inputs
        self.turned = self.turned or convolutions.is_channels_first(copy)
        return (convolutions.add if self._mend else Flat.add)(self.flat, copy, inputs)

    def _takes_pixels(self, node, inputs) -> bool:
        """Have what moves whole-number pixels move M's; whether nothing is left for it to do."""
        key = "SrcT" if node.op == "Cast" else "T"
        if node.op not in pixels.MOVES or self.flat.dtype(inputs[0]) != tf.float32:
            return False
        if tf.as_dtype(attribute(node, key).type).is_integer:
            node.attr[key].type = tf.float32.as_datatype_enum
        return node.op == "Cast" and attribute(node, "DstT").type == attribute(node, key).type

    def _number(self, value) -> Ref:
        """A value as a tensor."""
        if isinstance(value, Failure):
            raise value.error
        if value is DEAD:
            raise Refusal("The output lies in a branch of the graph that is not taken.")
        if not isinstance(value, str):
            raise Refusal("The output is a variable or a list, and no numbers.")
        return value

    def _known(self, value, what: str, node):
        """The value of a condition, or an index, that no pixel may have a part in."""
        value = self.flat.known(self._number(value))
        if value is None:
            raise Refusal(
                f"The network's {what} at {node.name[:80]!r} depends on the image, and only"
                " what is the same for every image can be frozen."
            )
        return value

    def _constant(self, frame: Frame, node, _) -> list:
        key = frame.body.name, node.name
        if key not in self._constants:
            tensor = attribute(node, "value").tensor
            if not _is_number(tf.as_dtype(tensor.dtype)):
                return [Failure(Refusal(f"The output depends on a text, {node.name[:80]!r}."))]
            self._constants[key] = self.flat.constant(
                frame.prefix + node.name, tf.make_ndarray(tensor)
            )
        return [self._constants[key]]

    def _placeholder(self, frame: Frame, node, inputs) -> list:
        if node.op == "PlaceholderWithDefault":
            return inputs[:1]
        dtype = tf.as_dtype(attribute(node, "dtype").type)
        if dtype == tf.resource:
            return [Variable(node.name)]
        return [
            Failure(
                Unfed(
                    f"The output depends on the placeholder {node.name[:80]!r} too. Give it a value"
                    f" with feed={{{node.name[:80]!r}: …}}."
                )
            )
        ]

    def _handle(self, frame: Frame, node, _) -> list:
        return [Variable(node.name)]

    def _reference(self, frame: Frame, node, _) -> list:
        """A variable of TensorFlow 1, which stands for its value."""
        return [self._read(node.name)]

    def _read(self, name: str) -> Ref:
        if ("variable", name) not in self._constants:
            value = self._variable(name)
            self._constants["variable", name] = self.flat.constant(name, value)
        return self._constants["variable", name]

    def _random(self, frame: Frame, node, inputs) -> list:
        """Random numbers from 0 to 1, as dropout draws them: a half. Where they make a difference,
        the frozen graph will be found to differ from the source."""
        self.random = True
        dtype = tf.as_dtype(attribute(node, "dtype").type)
        half = self.flat.constant(f"{node.name}/half", np.array(0.5, dtype.as_numpy_dtype))
        shape = self._number(inputs[0])
        name = frame.prefix + node.name
        index = self.flat.dtype(shape)
        return self.flat.compute("Fill", name, [shape, half], T=dtype, index_type=index)

    def _call(self, frame: Frame, node, inputs) -> list:
        name = attribute(node, "f").func.name if node.op in CALLS else node.op
        return self._visit(name, inputs, f"{frame.prefix}{node.name}/")

    def _visit(self, name: str, arguments: list, prefix: str) -> list:
        """What a function returns; an output that cannot be had is kept as that."""
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
        outputs = []
        for argument in function.signature.output_arg:
            try:
                outputs.append(self._value(frame, function.ret[argument.name]))
            except Exceeded:
                raise
            except Refusal as error:
                outputs.append(Failure(error))
                self.failed.add((name, argument.name))
        return outputs

    def _switch(self, frame: Frame, node, inputs) -> list:
        taken = self._known(inputs[1], "branch", node)
        return [DEAD, inputs[0]] if taken else [inputs[0], DEAD]

    def _merge(self, frame: Frame, node, inputs) -> list:
        alive = [k for k, value in enumerate(inputs) if value is not DEAD]
        if len(alive) != 1:
            return [DEAD, DEAD] if not alive else [Failure(Refusal("The graph has a loop."))] * 2
        which = self.flat.constant(f"{node.name}/index", np.int32(alive[0]))
        return [inputs[alive[0]], which]

    def _branch(self, frame: Frame, node, inputs) -> list:
        taken = self._known(inputs[0], "branch", node)
        if node.op.endswith("Case"):
            branches = [function.name for function in attribute(node, "branches").list.func]
            index = int(taken)
            name = branches[index if 0 <= index < len(branches) else -1] if branches else ""
        else:
            name = attribute(node, "then_branch" if taken else "else_branch").func.name
        return self._visit(name, inputs[1:], f"{frame.prefix}{node.name}/")

    def _loop(self, frame: Frame, node, state) -> list:
        condition, body = attribute(node, "cond").func.name, attribute(node, "body").func.name
        for rounds in range(MAX_ROUNDS):
            prefix = f"{frame.prefix}{node.name}/{rounds}/"
            (more,) = self._visit(condition, state, prefix)
            if not self._known(more, "loop", node):
                return state
            state = self._visit(body, state, prefix)
        raise Exceeded(f"The network's loop at {node.name[:80]!r} has over {MAX_ROUNDS:,} rounds.")


SPECIAL = {
    "Const": Walk._constant,
    **dict.fromkeys(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"), Walk._placeholder),
    "VarHandleOp": Walk._handle,
    **dict.fromkeys(("Variable", "VariableV2"), Walk._reference),
    "RandomUniform": Walk._random,
    **dict.fromkeys(CALLS, Walk._call),
    **dict.fromkeys(("Switch", "RefSwitch"), Walk._switch),
    **dict.fromkeys(("Merge", "RefMerge"), Walk._merge),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase"), Walk._branch),
    **dict.fromkeys(("While", "StatelessWhile"), Walk._loop),
}


def _locate(frame: Frame, tensor: str):
    """Where a tensor comes from, or the tensor that it is replaced by."""
    name, index = frame.body.locate(tensor)
    return frame.given.get(f"{name}:{index}", (name, index))


def _output(frame: Frame, name: str, index: int):
    outputs = frame.values[name]
    if not 0 <= index < len(outputs):
        raise Refusal(f"The graph uses output {index} of {name[:80]!r}, which has {len(outputs)}.")
    return outputs[index]


def _is_number(dtype: tf.DType) -> bool:
    return dtype.is_floating or dtype.is_integer or dtype.is_bool
