"""Small networks for the tests of freezing, with the oddities that other people's have."""

import contextlib

import numpy as np
import tensorflow as tf

from invert.inversion.substitution import substitute

v1 = tf.compat.v1


def weights(*shape, seed=0, scale=0.1):
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def pictures(count, *shape, seed=1, high=1.0):
    return (high * np.random.default_rng(seed).random((count, *shape))).astype(np.float32)


def softmax(z):
    odds = np.exp(z - z.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def logits_of(frozen, images):
    """What a frozen graph gives for images, by the way that the engine takes."""
    run = tf.function(lambda x: substitute(frozen, x), autograph=False)
    return run(tf.constant(images, tf.float32)).numpy()


def probabilities_of(frozen, images):
    return frozen.probabilities(logits_of(frozen, images))


def gradient_of(frozen, images, unit):
    """The gradient of one logit, by the way that the engine takes."""

    def gradient(x):
        return tf.gradients(substitute(frozen, x)[:, unit], x)[0]

    return tf.function(gradient, autograph=False)(tf.constant(images, tf.float32)).numpy()


@contextlib.contextmanager
def graph_of_tf1():
    """A graph as TensorFlow 1 made them: variables that are read by reference, and so on."""
    with tf.Graph().as_default() as graph:
        before = v1.resource_variables_enabled()
        v1.disable_resource_variables()
        try:
            yield graph
        finally:
            if before:
                v1.enable_resource_variables()


def write(path, graph, text=False):
    """Write a graph to a file; return its path."""
    graph_def = graph.as_graph_def() if isinstance(graph, tf.Graph) else graph
    if text:
        path.write_text(str(graph_def))
    else:
        path.write_bytes(graph_def.SerializeToString())
    return path


def dense_graph(path, end=lambda z: z, shape=(None, 784), classes=10, text=False, **how):
    """A frozen graph of one product and what follows it; return its path and its weights."""
    side = int(np.prod(shape[1:])) if shape is not None else 784
    w = weights(side, classes, seed=classes)
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(how.get("dtype", tf.float32), shape, name="x")
        flat = tf.reshape(tf.cast(x, tf.float32), (-1, side)) if shape is not None else x
        end(tf.matmul(flat, tf.constant(w), name="logits"))
    return write(path, graph, text), w


def node(graph_def, name, op, inputs=(), **attributes):
    """Add an operation to a graph by hand; types, numbers, texts and functions by their kind."""
    new = graph_def.node.add(name=name, op=op, input=inputs)
    set_attributes(new, attributes)
    return new


def set_attributes(new, attributes):
    for key, value in attributes.items():
        if isinstance(value, tf.DType):
            new.attr[key].type = value.as_datatype_enum
        elif isinstance(value, bool):
            new.attr[key].b = value
        elif isinstance(value, int):
            new.attr[key].i = value
        elif isinstance(value, bytes):
            new.attr[key].s = value
        elif isinstance(value, str):
            new.attr[key].func.name = value
        elif isinstance(value, tf.TensorShape):
            new.attr[key].shape.CopyFrom(value.as_proto())
        elif isinstance(value, list) and value and isinstance(value[0], tf.DType):
            new.attr[key].list.type.extend(t.as_datatype_enum for t in value)
        elif isinstance(value, list):
            new.attr[key].list.s.extend(value)
        else:
            new.attr[key].tensor.CopyFrom(tf.make_tensor_proto(value))


def constant(graph_def, name, value):
    value = np.asarray(value)
    dtype = tf.string if value.dtype.kind in "SUO" else tf.as_dtype(value.dtype)
    return node(graph_def, name, "Const", dtype=dtype, value=value)


def picture_graph():
    """A frozen graph by hand: a placeholder ``x`` and scores ``logits`` of it, to be spoilt."""
    graph_def = v1.GraphDef()
    node(graph_def, "x", "Placeholder", dtype=tf.float32, shape=tf.TensorShape((None, 784)))
    constant(graph_def, "w", weights(784, 10))
    node(graph_def, "logits", "MatMul", ["x", "w"], T=tf.float32)
    return graph_def
