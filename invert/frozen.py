"""Freeze a classifier to a graph of constants, and put M in its placeholder's place.

Steps 1 and 3 of the question's plan. Source: TensorFlow's guide to ``tf.graph_util``,
https://www.tensorflow.org/api_docs/python/tf/graph_util/import_graph_def.
"""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from invert import classifier, inverse_model, matmul, weights
from invert.images import DIGITS, PIXELS

KINDS = (
    "A classifier must be a Keras model or .keras file, a SavedModel folder with a serving_default"
    " signature, or a frozen .pb file"
)
# Constants of so many values or more are weights: they are held once, beside the graph. As parts of
# it, every compiled loop had several copies of them, 35 MB a loop.
WEIGHT = 1024
MAX_WEIGHTS = 2**27  # half a gigabyte; a file can ask for any number, and hold just one


@dataclasses.dataclass(frozen=True, eq=False)
class FrozenGraph:
    """A network as a ``GraphDef``: constants for weights, one placeholder for its input.

    Attributes:
        graph_def: the graph, *without* the placeholder's own node: nothing may be left of it,
            since XLA has no kernel for a placeholder that nothing feeds.
        weights: the large constants, taken out of the graph, by the name of their tensor.
        placeholder: name of the tensor that something must be put in the place of.
        output: name of the output tensor; of a classifier its logits, before any softmax.
        shape: of one input, such as ``(784,)``, ``(28, 28)`` or ``(28, 28, 1)``.
        outputs: how many values one input gives: 10 for a classifier.
    """

    graph_def: tf.compat.v1.GraphDef
    weights: Mapping[str, tf.Tensor]
    placeholder: str
    output: str
    shape: tuple[int, ...]
    outputs: int


def freeze(source, inputs: int = PIXELS, outputs: int = DIGITS) -> FrozenGraph:
    """Freeze a classifier of 28×28 images, this package's or your own.

    Args:
        source: a Keras model or its ``.keras`` file, the folder of a SavedModel, or a ``.pb`` file
            that holds a frozen ``GraphDef`` with one placeholder. Its input has 784 values an
            image, flat or as 28×28 or 28×28×1, in [0, 1]; its output ten logits or ten softmax
            probabilities.
        inputs: values an input, where it is no classifier of images.
        outputs: values an output, likewise.

    Raises:
        ValueError: ``source`` is none of these, or takes or returns another shape.

    Nothing in a ``.pb`` or ``.keras`` file is run but arithmetic. A SavedModel is a program, whose
    first steps TensorFlow runs when it opens the folder: open none that you would not run.

    >>> frozen = freeze(classifier.build())
    >>> frozen.shape, {node.op for node in frozen.graph_def.node} & {"Placeholder", "VarHandleOp"}
    ((784,), set())
    """
    if isinstance(source, keras.Model):
        graph_def = _freeze_keras(source)
    elif not isinstance(source, str | Path):
        raise ValueError(f"{KINDS}; got {type(source).__name__}.")
    else:
        path = Path(source)
        try:
            if path.suffix == ".keras":
                graph_def = _freeze_keras(
                    keras.models.load_model(path, compile=False, safe_mode=True)
                )
            elif path.is_dir():
                saved = tf.saved_model.load(str(path))  # owns the variables: keep it meanwhile
                graph_def = _to_constants(saved.signatures["serving_default"])
            else:
                graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
        except Exception as error:  # a damaged file fails in whatever part the damage hits
            raise ValueError(f"{KINDS}; {source} is none ({_brief(error)}).") from error
    return _cut_open(graph_def, inputs, outputs)


@weights.once
def load(name: str) -> FrozenGraph:
    """Return the shipped classifier ``name`` as a frozen graph, frozen once a process."""
    return freeze(classifier.load(name))


@weights.once
def load_decoder() -> FrozenGraph:
    """Return the unconditional decoder, codes ``(N, 20)`` to images, frozen once a process."""
    return freeze(inverse_model.decoder(), inputs=inverse_model.CODE, outputs=PIXELS)


def substitute(frozen: FrozenGraph, m) -> tf.Tensor:
    """Import ``frozen`` into the current graph with ``m`` in its placeholder's place.

    Args:
        frozen: the network.
        m: ``(N, 784)`` float32, a tensor or ``tf.Variable`` of the graph that is being built.

    Returns:
        The output for ``m``, of a classifier its logits ``(N, 10)``; ``tf.gradients`` leads
        through it back to ``m``.
    """
    x = tf.reshape(m, (-1, *frozen.shape))
    weights = {name: tf.identity(tensor) for name, tensor in frozen.weights.items()}
    (output,) = tf.graph_util.import_graph_def(
        frozen.graph_def,
        input_map={frozen.placeholder: x, **weights},
        return_elements=[frozen.output],
    )
    return tf.reshape(output, (tf.shape(x)[0], frozen.outputs))


def _freeze_keras(model: keras.Model) -> tf.compat.v1.GraphDef:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple):
        raise ValueError(
            "A Keras model must be built, with one input; this one has"
            f" {'several' if shape else 'none'}. Give it a keras.Input."
        )
    call = tf.function(lambda image: model(image, training=False))
    spec = tf.TensorSpec((None, *shape[1:]), tf.float32, name="image")
    return _to_constants(call.get_concrete_function(spec))


def _to_constants(concrete) -> tf.compat.v1.GraphDef:
    return convert_variables_to_constants_v2(concrete).graph.as_graph_def()


def _cut_open(graph_def: tf.compat.v1.GraphDef, inputs: int, outputs: int) -> FrozenGraph:
    """Take out the placeholder, and find the output."""
    nodes = {node.name: node for node in graph_def.node}
    placeholders = [node for node in graph_def.node if node.op == "Placeholder"]
    used = {name.split(":")[0].lstrip("^") for node in graph_def.node for name in node.input}
    ends = [n for n in graph_def.node if n.name not in used and n.op not in ("NoOp", "Const")]
    if len(placeholders) != 1 or len(ends) != 1:
        raise ValueError(
            "A frozen graph must have one placeholder and one output; this one has"
            f" {len(placeholders)} and {len(ends)}. Export only the path from image to logits."
        )
    (placeholder,), (end,) = placeholders, ends
    end = _before_softmax(end, nodes)
    shape = tuple(d.size for d in placeholder.attr["shape"].shape.dim)[1:]
    if any(side < 1 for side in shape) or math.prod(shape) != inputs:
        raise ValueError(f"The network must take {inputs} values an input; this one takes {shape}.")
    graph_def.node.remove(placeholder)
    try:
        weights = _take_out_weights(graph_def)
        for node in graph_def.node:
            _mend_gradient(node)
        ends = f"{placeholder.name}:0", f"{end.name}:0"
        frozen = FrozenGraph(graph_def, weights, *ends, shape, outputs=-1)
        # Compiled, as it will be when M is learned: XLA has no operations that read or write files
        # or call Python, so a graph that holds one is refused before it is run.
        run = tf.function(lambda: substitute(frozen, tf.zeros((2, inputs))), jit_compile=True)
        found = run().shape[1]
    except Exception as error:  # whatever operation does not fit says so in its own way
        raise ValueError(
            "The network must run, compiled, on float32 batches of any size; it does not"
            f" ({_brief(error)})."
        ) from error
    if found != outputs:
        raise ValueError(f"The network must return {outputs} values an input; got {found:d}.")
    return dataclasses.replace(frozen, outputs=outputs)


def _take_out_weights(graph_def: tf.compat.v1.GraphDef) -> dict[str, tf.Tensor]:
    """Remove the large constants; return them by the name of their tensor."""
    weights = {}
    for node in [node for node in graph_def.node if node.op == "Const"]:
        tensor = node.attr["value"].tensor
        size = math.prod(d.size for d in tensor.tensor_shape.dim)
        if size > MAX_WEIGHTS:
            raise ValueError(f"a constant of {size:,} values; the limit is {MAX_WEIGHTS:,}")
        if size >= WEIGHT:
            weights[f"{node.name}:0"] = tf.constant(tf.make_ndarray(tensor))
            graph_def.node.remove(node)
    for node in graph_def.node:  # nothing has to wait for a constant
        node.input[:] = [
            name
            for name in node.input
            if f"{name.removeprefix('^')}:0" not in weights or name[0] != "^"
        ]
    return weights


def _mend_gradient(node) -> None:
    """Have gradients lead through this node in the way that is right, and fast, in any graph."""
    # A custom gradient (silu has one) belongs to the graph it was made in. Without it, gradients
    # lead through the operations that it stood for.
    node.attr.pop("_gradient_op_type", None)
    if node.op == "MatMul" and not (node.attr["transpose_a"].b or node.attr["transpose_b"].b):
        node.attr["_gradient_op_type"].s = matmul.GRADIENT.encode()


def _before_softmax(end, nodes: Mapping):
    """Return the node whose output the softmax at the end of a classifier is of, if it has one."""
    for _ in nodes:
        if end.op not in ("Identity", "Softmax"):
            return end
        end = nodes.get(end.input[0].split(":")[0]) if end.input else None
        if end is None:
            break
    raise ValueError("A frozen graph must lead to its output; this one leads nowhere.")


def _brief(error: Exception) -> str:
    """The last line of an error's text: TensorFlow puts pages of origin before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
