"""What becomes of operations that are no arithmetic: variables, functions, branches and loops.

Each handler takes the walk, the frame, the operation and the values of its inputs, and returns the
values of its outputs.
"""

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening.values import DEAD, Failure, Frame, Variable
from invert.inversion.freezing.names_in_graphs import CALLS, SWITCHES, attribute
from invert.inversion.freezing.refusal import Exceeded, Refusal, Unfed

MAX_ROUNDS = 1_000
MERGES = ("Merge", "RefMerge")


def _constant(walk, frame: Frame, node, _) -> list:
    dtype = tf.as_dtype(attribute(node, "value").tensor.dtype)
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        return [Failure(Refusal(f"The output depends on a text, {node.name[:80]!r}."))]
    return [walk.constant(frame, node)]


def _placeholder(walk, frame: Frame, node, inputs) -> list:
    if node.op == "PlaceholderWithDefault":
        return inputs[:1]
    if tf.as_dtype(attribute(node, "dtype").type) == tf.resource:
        return [Variable(node.name)]
    name = node.name[:80]
    words = f"Give it a value with feed={{{name!r}: …}}."
    return [Failure(Unfed(f"The output depends on the placeholder {name!r} too. {words}"))]


def _variable(walk, frame: Frame, node, _) -> list:
    return [Variable(node.name)]


def _variable_of_tf1(walk, frame: Frame, node, _) -> list:
    """In TensorFlow 1 a variable's output is its value."""
    return [walk.read(node.name)]


def _random(walk, frame: Frame, node, inputs) -> list:
    """Random numbers from 0 to 1, as dropout draws them. If they change the output, the comparison
    with the source refuses the frozen graph."""
    dtype = tf.as_dtype(attribute(node, "dtype").type)
    return walk.flat.draw(frame.prefix + node.name, walk.number(inputs[0]), dtype)


def _call(walk, frame: Frame, node, inputs) -> list:
    name = attribute(node, "f").func.name
    return walk.visit(name, inputs, f"{frame.prefix}{node.name}/")


def _switch(walk, frame: Frame, node, inputs) -> list:
    taken = walk.known(inputs[1], "branch", node)
    return [DEAD, inputs[0]] if taken else [inputs[0], DEAD]


def _merge(walk, frame: Frame, node, inputs) -> list:
    alive = [k for k, value in enumerate(inputs) if value is not DEAD]
    if len(alive) != 1:
        return [DEAD, DEAD] if not alive else [Failure(Refusal("The graph has a loop."))] * 2
    which = walk.flat.constant(f"{node.name}/index", np.int32(alive[0]))
    return [inputs[alive[0]], which]


def _branch(walk, frame: Frame, node, inputs) -> list:
    taken = walk.known(inputs[0], "branch", node)
    if node.op.endswith("Case"):
        branches = [function.name for function in attribute(node, "branches").list.func]
        index = int(taken)
        name = branches[index if 0 <= index < len(branches) else -1] if branches else ""
    else:
        name = attribute(node, "then_branch" if taken else "else_branch").func.name
    return walk.visit(name, inputs[1:], f"{frame.prefix}{node.name}/")


def _loop(walk, frame: Frame, node, state) -> list:
    condition, body = attribute(node, "cond").func.name, attribute(node, "body").func.name
    for rounds in range(MAX_ROUNDS):
        prefix = f"{frame.prefix}{node.name}/{rounds}/"
        (more,) = walk.visit(condition, state, prefix)
        if not walk.known(more, "loop", node):
            return state
        state = walk.visit(body, state, prefix)
    raise Exceeded(f"The network's loop at {node.name[:80]!r} has over {MAX_ROUNDS:,} rounds.")


def _broadcast_gradient(walk, frame: Frame, node, inputs) -> list:
    """Which sides of two shapes were repeated to fit the other: a gradient is summed over them."""
    pair = [[int(side) for side in walk.known(value, "shape", node)] for value in inputs]
    rank = max(len(sides) for sides in pair)
    pair = [[1] * (rank - len(sides)) + sides for sides in pair]
    return [
        walk.flat.constant(
            frame.prefix + node.name,
            np.array([k for k in range(rank) if mine[k] == 1 != other[k]], np.int32),
        )
        for mine, other in (pair, pair[::-1])
    ]


HANDLERS = {
    "Const": _constant,
    **dict.fromkeys(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"), _placeholder),
    "VarHandleOp": _variable,
    **dict.fromkeys(("Variable", "VariableV2"), _variable_of_tf1),
    "RandomUniform": _random,
    **dict.fromkeys(CALLS, _call),
    **dict.fromkeys(SWITCHES, _switch),
    **dict.fromkeys(MERGES, _merge),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase"), _branch),
    **dict.fromkeys(("While", "StatelessWhile"), _loop),
    "BroadcastGradientArgs": _broadcast_gradient,
}
