"""Graphs that ask for more than they say: each a few bytes, and a name for what it is about.

Run as a script in a process of its own, it freezes each of them and prints what came of it, as one
line of JSON: whoever is taken down by one of them is not the tests.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from small_networks import constant, node, picture_graph, set_attributes, v1

from invert.inversion.freezing import freeze

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


def doubling(count=28):
    graph_def = picture_graph()
    function(graph_def, "f0", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    for k in range(1, count):
        inner, last = calling(f"f{k - 1}", f"f{k - 1}")
        function(graph_def, f"f{k}", inner, last)
    node(graph_def, "end", "PartitionedCall", ["logits"], **call(f"f{count - 1}"))
    return graph_def


def deep_functions(count=900):
    graph_def = picture_graph()
    function(graph_def, "f0", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    for k in range(1, count):
        inner, last = calling(f"f{k - 1}")
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
    """A shape that can only be inferred by computing a tensor of 32 GB."""
    graph_def = filled(2**33)
    graph_def.node.remove(graph_def.node[-1])
    node(graph_def, "whole", "Cast", ["sum"], SrcT=HALVES, DstT=tf.int32)
    node(graph_def, "pack", "Pack", ["whole"], T=tf.int32, N=1)
    node(graph_def, "end", "Reshape", ["logits", "pack"], T=HALVES)
    return graph_def


def many_shapes(count=600):
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


def repeated(op, count, **attributes):
    """One operation after another on a matrix of 4096 columns."""
    graph_def = picture_graph()
    constant(graph_def, "sides", np.int32([4096, 4096]))
    constant(graph_def, "one", np.float32(1))
    constant(graph_def, "axes", np.int32([0, 1]))
    node(graph_def, "m0", "Fill", ["sides", "one"], T=HALVES)
    for k in range(count):
        node(graph_def, f"m{k + 1}", op, [f"m{k}", f"m{k}"], T=HALVES, **attributes)
    node(graph_def, "sum", "Sum", [f"m{count}", "axes"], T=HALVES)
    return with_end(graph_def, "sum")


def growing(count=60):
    graph_def = picture_graph()
    constant(graph_def, "axis", np.int32(1))
    last = "x"
    for k in range(count):
        node(graph_def, f"g{k}", "ConcatV2", [last, last, "axis"], T=HALVES, N=2)
        last = f"g{k}"
    node(graph_def, "sum", "Sum", [last, "axis"], T=HALVES, keep_dims=True)
    return with_end(graph_def, "sum")


def chain(op="Neg", count=100_000, **attributes):
    graph_def = picture_graph()
    last = "logits"
    for k in range(count):
        node(graph_def, f"c{k}", op, [last], T=HALVES, **attributes)
        last = f"c{k}"
    return graph_def


def loop(go_on):
    graph_def = picture_graph()
    made = function(
        graph_def, "cond", [("go", "Const", [], {"dtype": tf.bool, "value": np.bool_(go_on)})]
    )
    made.signature.output_arg[0].type = tf.bool.as_datatype_enum
    made.ret["y"] = "go:output:0"
    function(graph_def, "body", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    node(graph_def, "end", "While", ["logits"], cond="cond", body="body", T=[HALVES])
    return graph_def


def loops(depth=40):
    """A loop in a loop in a loop, each of which runs its body twice and more."""
    graph_def = loop(True)
    for k in range(depth):
        body = "body" if k == 0 else f"body{k - 1}"
        inner = [("w", "While", ["x"], {"cond": "cond", "body": body, "T": [HALVES]})]
        function(graph_def, f"body{k}", inner, "w:output:0")
    node(graph_def, "far", "While", ["end"], cond="cond", body=f"body{depth - 1}", T=[HALVES])
    return graph_def


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


def ends(count=20_000):
    graph_def = picture_graph()
    for k in range(count):
        node(graph_def, f"e{k}", "Neg", ["logits"], T=HALVES)
    return graph_def


def many_functions(count=1000):
    """Many functions of many calls, none of which is large when it is put in place."""
    graph_def = picture_graph()
    function(graph_def, "f", [("r", "Relu", ["x"], {"T": HALVES})], "r:activations:0")
    for k in range(count):
        inner, last = calling(*["f"] * 20)
        function(graph_def, f"g{k}", inner, last)
    return graph_def


GRAPHS = {
    "a function that calls itself": (itself, "function 'f' calls itself, without end"),
    "functions that call each other": (each_other, "calls itself, without end"),
    "functions that double": (doubling, "over 100,000 operations"),
    "functions far down": (deep_functions, "functions 60 deep"),
    "twenty large constants": (lambda: implied(20, 2**27), "take 2,684,3.* values; at most"),
    "one very large constant": (lambda: implied(1, 10**9), "take 1,000,0.* values; at most"),
    "a constant of no known size": (lambda: implied(1, -1), "constant 'c0' has no shape"),
    "a fill": (lambda: filled(2**40), "needs more than 512 MB"),
    "a fill of many sides": (lambda: filled(2**20, 2**20, 2**20), "needs more than 512 MB|fit"),
    "a shape from a sum": (shape_from_a_sum, "needs more than 512 MB"),
    "many shapes": (many_shapes, None),
    "products": (lambda: repeated("MatMul", 200), "137 billion multiplications"),
    "sums": (lambda: repeated("AddV2", 200), "needs more than 512 MB"),
    "growth": (growing, "needs more than 512 MB"),
    "a long chain": (lambda: chain(count=15_000), "more than the 10,000 operations"),
    "a long chain of nothing": (lambda: chain("Identity", 60_000), "the 50,000 steps allowed"),
    "a loop without end": (lambda: loop(True), "has over 1,000 rounds"),
    "loops in loops": (loops, "steps allowed|over 1,000 rounds"),
    "a long list": (lambda: list_of(10**9), "has no length that can be told"),
    "an empty list": (lambda: list_of(3), "before it is filled"),
    "a circle": (circle, "goes in a circle"),
    "many ends": (ends, "has 20000 ends"),
    "many functions": (many_functions, None),
}


def main(folder: str, *names: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (200, 200))
    resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
    for name in names or GRAPHS:
        path = Path(folder) / "hostile.pb"
        path.write_bytes(GRAPHS[name][0]().SerializeToString())
        size, start = path.stat().st_size, time.perf_counter()
        try:
            said = f"taken: {freeze(path).classes} classes"
        except ValueError as error:
            said = str(error)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([name, said, size, seconds, peak]), flush=True)


if __name__ == "__main__":
    v1.logging.set_verbosity("ERROR")
    main(*sys.argv[1:])
