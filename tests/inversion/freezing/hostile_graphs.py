"""Graphs that ask for more than they say, each under limits that are lowered to what it asks for.

None of them would harm TensorFlow if it were let through: the largest holds a few megabytes and is
computed in a second.
"""

import numpy as np
import tensorflow as tf
from small_networks import constant, node, picture_graph, set_attributes, weights

HALVES = tf.float32


def function(graph_def, name, inner=(), ret="y"):
    """Add a function of one argument ``x`` that returns ``ret``; ``inner`` are its operations."""
    made = graph_def.library.function.add()
    made.signature.name = name
    made.signature.input_arg.add(name="x", type=HALVES.as_datatype_enum)
    made.signature.output_arg.add(name="y", type=HALVES.as_datatype_enum)
    for inner_name, op, inputs, attributes in inner:
        new = made.node_def.add(name=inner_name, op=op, input=inputs)
        set_attributes(new, attributes)
    made.ret["y"] = ret
    return made


def call(name):
    return {"f": name, "Tin": [HALVES], "Tout": [HALVES]}


def calling(*names):
    """A function body that calls functions, one after the other."""
    inner, last = [], "x"
    for k, name in enumerate(names):
        inner.append((f"c{k}", "PartitionedCall", [last], call(name)))
        last = f"c{k}:output:0"
    return inner, last


def with_end(graph_def, name):
    """Let the scores pass through an operation that was added."""
    node(graph_def, "end", "AddV2", ["logits", name], T=HALVES)
    return graph_def


def itself():
    graph_def = picture_graph()
    inner, last = calling("f")
    function(graph_def, "f", inner, last)
    node(graph_def, "end", "PartitionedCall", ["logits"], **call("f"))
    return graph_def


def each_other():
    graph_def = picture_graph()
    for name, other in (("f", "g"), ("g", "f")):
        inner, last = calling(other)
        function(graph_def, name, inner, last)
    node(graph_def, "end", "PartitionedCall", ["logits"], **call("f"))
    return graph_def


def functions(count, times):
    """Functions of which each calls the one before it, so many times."""
    graph_def = picture_graph()
    function(graph_def, "f0", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    for k in range(1, count):
        inner, last = calling(*[f"f{k - 1}"] * times)
        function(graph_def, f"f{k}", inner, last)
    node(graph_def, "end", "PartitionedCall", ["logits"], **call(f"f{count - 1}"))
    return graph_def


def implied(count, size):
    """Constants that are written as one value and a shape."""
    graph_def = picture_graph()
    for k in range(count):
        new = constant(graph_def, f"c{k}", np.float32(1))
        new.attr["value"].tensor.tensor_shape.dim.add(size=size)
        node(graph_def, f"s{k}", "Sum", [f"c{k}", "zero"], T=HALVES)
    constant(graph_def, "zero", np.int32([0]))
    return with_end(graph_def, "s0")


def filled(*sides):
    graph_def = picture_graph()
    constant(graph_def, "sides", np.int64(sides))
    constant(graph_def, "one", np.float32(1))
    constant(graph_def, "axes", np.int32(range(len(sides))))
    node(graph_def, "fill", "Fill", ["sides", "one"], T=HALVES, index_type=tf.int64)
    node(graph_def, "sum", "Sum", ["fill", "axes"], T=HALVES)
    return with_end(graph_def, "sum")


def shape_from_a_sum():
    """A shape that can only be inferred by computing a sum of many values."""
    graph_def = filled(2**19)
    graph_def.node.remove(graph_def.node[-1])
    node(graph_def, "whole", "Cast", ["sum"], SrcT=HALVES, DstT=tf.int32)
    node(graph_def, "pack", "Pack", ["whole"], T=tf.int32, N=1)
    node(graph_def, "end", "Reshape", ["logits", "pack"], T=HALVES)
    return graph_def


def many_shapes(count=100):
    """Each reshape's shape is inferred by computing all the sums before it."""
    graph_def = picture_graph()
    constant(graph_def, "shape", np.int32([-1, 10]))
    constant(graph_def, "zero", np.int32([0, 0]))
    last, shape = "logits", "shape"
    for k in range(count):
        node(graph_def, f"shape{k}", "AddV2", [shape, "zero"], T=tf.int32)
        node(graph_def, f"step{k}", "Reshape", [last, f"shape{k}"], T=HALVES)
        last, shape = f"step{k}", f"shape{k}"
    return graph_def


def repeated(op, count, side, **attributes):
    """One operation after another on a square matrix."""
    graph_def = picture_graph()
    constant(graph_def, "sides", np.int32([side, side]))
    constant(graph_def, "one", np.float32(1))
    constant(graph_def, "axes", np.int32([0, 1]))
    node(graph_def, "m0", "Fill", ["sides", "one"], T=HALVES)
    for k in range(count):
        node(graph_def, f"m{k + 1}", op, [f"m{k}", f"m{k}"], T=HALVES, **attributes)
    node(graph_def, "sum", "Sum", [f"m{count}", "axes"], T=HALVES)
    return with_end(graph_def, "sum")


def growing(count):
    """Each operation returns twice as much as the one before."""
    graph_def = picture_graph()
    constant(graph_def, "axis", np.int32(1))
    last = "x"
    for k in range(count):
        node(graph_def, f"g{k}", "ConcatV2", [last, last, "axis"], T=HALVES, N=2)
        last = f"g{k}"
    node(graph_def, "sum", "Sum", [last, "axis"], T=HALVES, keep_dims=True)
    return with_end(graph_def, "sum")


def chain(op="Neg", count=30, **attributes):
    graph_def = picture_graph()
    last = "logits"
    for k in range(count):
        node(graph_def, f"c{k}", op, [last], T=HALVES, **attributes)
        last = f"c{k}"
    return graph_def


def loops(rounds, depth=1):
    """A loop of so many rounds, in a loop of as many, and so on."""

    def body(x, depth):
        if not depth:
            return tf.nn.relu(x)
        _, x = tf.while_loop(
            lambda k, _: k < rounds, lambda k, x: (k + 1, body(x, depth - 1)), (0, x)
        )
        return x

    def classify(x):
        return body(x @ weights(784, 10), depth)

    image = tf.TensorSpec((None, 784), name="x")
    return tf.function(classify, autograph=False).get_concrete_function(image).graph.as_graph_def()


def list_of(count):
    graph_def = picture_graph()
    constant(graph_def, "shape", np.int32([2]))
    constant(graph_def, "count", np.int32(count))
    inputs = ["shape", "count"]
    node(graph_def, "list", "TensorListReserve", inputs, element_dtype=HALVES, shape_type=tf.int32)
    node(graph_def, "stack", "TensorListStack", ["list", "shape"], element_dtype=HALVES)
    return with_end(graph_def, "stack")


def circle():
    graph_def = picture_graph()
    node(graph_def, "a", "AddV2", ["logits", "b"], T=HALVES)
    node(graph_def, "b", "Neg", ["a"], T=HALVES)
    node(graph_def, "end", "Neg", ["b"], T=HALVES)
    return graph_def


def ends(count):
    graph_def = picture_graph()
    for k in range(count):
        node(graph_def, f"e{k}", "Neg", ["logits"], T=HALVES)
    return graph_def


def many_functions(count=100):
    """Many functions of many calls, none of which is large when it is put in place."""
    graph_def = picture_graph()
    function(graph_def, "f", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    for k in range(count):
        inner, last = calling(*["f"] * 20)
        function(graph_def, f"g{k}", inner, last)
    return graph_def


# For the gate alone, which imports nothing: how to make it, and what is said of it.
FOR_THE_GATE = {
    "a function that calls itself": (itself, "function 'f' calls itself, without end"),
    "functions that call each other": (each_other, "calls itself, without end"),
    "a constant of no known size": (lambda: implied(1, -1), "constant 'c0' has no shape"),
}
# How to make it, what is said of it or None if it is taken, and what the limits are lowered to.
GATE, FLATTENING = "gate.entry", "flattening"
BYTES = {f"{FLATTENING}.flat.MAX_BYTES": 2**20}
STEPS = {f"{FLATTENING}.walk.MAX_STEPS": 50}
GRAPHS = {
    "functions that double": (
        lambda: functions(7, 2),
        "over 60 operations",
        {f"{GATE}.MAX_NODES": 60},
    ),
    "functions far down": (lambda: functions(8, 1), "functions 5 deep", {f"{GATE}.MAX_DEPTH": 5}),
    "large constants": (
        lambda: implied(3, 1000),
        "take 10,84. values; at most 10,000",
        {f"{GATE}.MAX_VALUES": 10_000},
    ),
    "a constant of one value": (
        lambda: implied(1, 1000),
        "take 8,84. values; at most .* 500 of them implied",
        {f"{GATE}.MAX_IMPLIED": 500},
    ),
    "a fill": (lambda: filled(2**19), "needs more than 1 MB", BYTES),
    "a fill of many sides": (lambda: filled(2**6, 2**6, 2**7), "needs more than 1 MB", BYTES),
    "a shape from a sum": (shape_from_a_sum, "needs more than 1 MB", BYTES),
    "many shapes": (many_shapes, None, {}),
    "products": (
        lambda: repeated("MatMul", 5, 32),
        "0 billion multiplications",
        {f"{FLATTENING}.flat.MAX_PRODUCTS": 4 * 32**3},
    ),
    "sums": (lambda: repeated("AddV2", 5, 256), "needs more than 1 MB", BYTES),
    "growth": (lambda: growing(9), "needs more than 1 MB", BYTES),
    "a long chain": (
        chain,
        "more than the 20 operations",
        {f"{FLATTENING}.flat.MAX_OPERATIONS": 20},
    ),
    "a long chain of nothing": (lambda: chain("Identity", 60), "the 50 steps allowed", STEPS),
    "a loop of five rounds": (
        lambda: loops(5),
        "has over 3 rounds",
        {f"{FLATTENING}.op_handlers.MAX_ROUNDS": 3},
    ),
    "loops in loops": (lambda: loops(2, depth=4), "the 50 steps allowed", STEPS),
    "a long list": (
        lambda: list_of(9),
        "has no length that can be told",
        {f"{FLATTENING}.tensor_lists.MAX_LENGTH": 8},
    ),
    "an empty list": (lambda: list_of(3), "before it is filled", {}),
    "a circle": (circle, "goes in a circle", {}),
    "many ends": (lambda: ends(9), "has 9 ends", {"reading_off.ends.MAX_ENDS": 8}),
    "many functions": (many_functions, None, {}),
}
