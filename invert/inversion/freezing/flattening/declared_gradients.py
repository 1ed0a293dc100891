"""Keep the gradients that a model declares itself, as plain arithmetic.

TensorFlow records a function with a gradient of its own as an ``IdentityN`` whose gradient is a
Python function. That function is linear in the gradient coming in: a product with some matrix. So
there is a function s whose ordinary gradient it is: the product with the transposed matrix, which
is the gradient of the gradient function. What the model computes, y, is then written as s plus a
difference that no gradient goes through: y = s + stop_gradient(y - s).
"""

import tensorflow as tf
from tensorflow.python.framework import ops


def keep(graph: tf.Graph) -> dict[str, str]:
    """Rewrite a graph of this process so that its declared gradients are kept.

    Returns:
        The tensors that stand for others now, as names: the new one's, then the old one's.
    """
    replaced: dict[str, str] = {}
    with graph.as_default():
        for op in graph.get_operations():
            back = _way_back(op)
            if back is not None:
                replaced |= _rewrite(graph, op, back)
    return replaced


def _way_back(op: tf.Operation):
    if op.type != "IdentityN":
        return None
    try:
        return ops.gradient_registry.lookup(op.get_attr("_gradient_op_type"))
    except (ValueError, LookupError):
        return None


def _rewrite(graph: tf.Graph, op: tf.Operation, back) -> dict[str, str]:
    old = set(graph.get_operations())
    readers = {tensor.name: tensor.consumers() for tensor in op.outputs}
    results = [tensor for tensor in op.outputs if readers[tensor.name] and _is_real(tensor)]
    incoming = [tf.zeros_like(tensor) for tensor in op.outputs]
    ahead = _ahead(graph)
    outgoing = [
        (gradient, tf.identity(tensor))
        for gradient, tensor in zip(back(op, *incoming), op.inputs, strict=True)
        if gradient is not None and _is_real(tensor) and tensor.op in ahead
    ]
    entries = {copy.op for _, copy in outgoing}
    if not outgoing or not results:
        return {}
    wanted = [incoming[op.outputs.index(tensor)] for tensor in results]
    gradients, copies = (list(part) for part in zip(*outgoing, strict=True))
    ways = tf.gradients(gradients, wanted, grad_ys=copies, unconnected_gradients="zero")
    # The matrix itself is a constant, though it was made of values that depend on the image.
    for new in [new for new in graph.get_operations() if new not in old and new not in entries]:
        for place, tensor in enumerate(new.inputs):
            if tensor.op in old and _is_real(tensor):
                new._update_input(place, tf.stop_gradient(tensor))
    replaced: dict[str, str] = {}
    for tensor, way in zip(results, ways, strict=True):
        kept = way + tf.stop_gradient(tensor - way)
        replaced[kept.name] = tensor.name
        for reader in readers[tensor.name]:
            for place, read in enumerate(reader.inputs):
                if read is tensor:
                    reader._update_input(place, kept)
    return replaced


def _ahead(graph: tf.Graph) -> set[tf.Operation]:
    """The operations that are computed from the graph's inputs, and those."""
    found: set[tf.Operation] = set()
    waiting = [tensor.op for tensor in graph.inputs if _is_real(tensor) or tensor.dtype.is_integer]
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting.extend(reader for tensor in op.outputs for reader in tensor.consumers())
    return found


def _is_real(tensor: tf.Tensor) -> bool:
    return tensor.dtype.is_floating
