"""How a function of a network is compiled: once for its architecture, by what is in the graph.

Matrix products are compiled by XLA, convolutions run as TensorFlow's own. XLA compiles every shape
apart, and never gives back what it compiled, 1 to 3 MB each. So a process has it compile for a few
architectures and no more; what comes later runs as an ordinary graph, at half the speed.
"""

import contextlib
import ctypes
import threading
import weakref
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import tensorflow as tf

from invert.inversion.architecture import ADMITTED, REFUSED, Architecture
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.substitution import fill

# Architectures. All networks that ship are of one.
MOST_BY_XLA = 8

# A mark of one frozen graph, whatever its architecture.
WITHOUT_XLA = "without XLA"

_counting, _tracing = threading.Lock(), threading.Lock()
_by_xla = 0


class Refused(Exception):
    """XLA has no code for something in the graph; the architecture remembers it."""


def suits_xla(frozen: FrozenGraph) -> bool:
    """Whether XLA is to compile for a network.

    That is so if its code is faster than TensorFlow's, XLA has not refused the graph, the
    architecture is among the first ``MOST_BY_XLA`` of the process that asked, and ``without_xla``
    was not called for this graph.
    """
    global _by_xla
    if frozen.compiled.get(WITHOUT_XLA):
        return False
    architecture = frozen.architecture
    if not architecture.fast_by_xla or architecture.compiled.get(REFUSED):
        return False
    if not architecture.compiled.get(ADMITTED):
        with _counting:
            if not architecture.compiled.get(ADMITTED):
                if _by_xla >= MOST_BY_XLA:
                    return False
                architecture.compiled[ADMITTED] = True
                _by_xla += 1
    return True


def without_xla(frozen: FrozenGraph) -> FrozenGraph:
    """Have XLA compile nothing for this graph, and return it.

    XLA takes some 10 ms an operation for each size, where TensorFlow takes 1 ms for all of them.
    """
    frozen.compiled[WITHOUT_XLA] = True
    return frozen


def compiled(
    frozen: FrozenGraph,
    key: Hashable,
    function: Callable,
    signature: Sequence[Any],
    *,
    xla: bool,
    transposed: bool = True,
    owner: Any = None,
    shape: Hashable = None,
) -> Callable:
    """Return a function of a network, traced when its architecture first needs it.

    Args:
        frozen: the network.
        key: tells the function apart from all others of the architecture.
        function: takes ``logits_of``, which takes images (a tensor) and returns their logits, and
            then the arguments.
        signature: of the arguments: a ``tf.TensorSpec`` or ``tf.Variable`` each.
        xla: whether XLA compiles it. Sides of length None are compiled for each length apart.
        transposed: whether the gradient may use transposed copies of the weights.
        owner: what the function uses beside the network, such as a decoder. What was compiled for
            it is forgotten with it.
        shape: tells shapes of the arguments apart, where XLA compiles more than one.

    Returns:
        A function of the arguments. It raises ``Refused`` where XLA does not take the graph.
    """
    architecture, weights = frozen.architecture, frozen.weights
    transposes = frozen.transposes if xla and transposed else ()
    traced = _of_owner(architecture, owner)
    key = (key, xla, transposed)
    if key not in traced:
        with _tracing:
            if key not in traced:
                traced[key] = _trace(architecture, function, signature, xla, transposes), set()
    concrete, shapes = traced[key]

    def call(*arguments):
        try:
            results = concrete(weights, transposes, *arguments)
            if xla and shape not in shapes:
                shapes.add(shape)
                give_back()
            return results
        except tf.errors.ResourceExhaustedError:
            raise
        except tf.errors.OpError as error:
            if not xla:
                text = str(error).splitlines()[0][:200]
                raise ValueError(
                    f"{frozen.name} cannot be run on these images ({text})."
                ) from error
            architecture.compiled[REFUSED] = True
            raise Refused from error

    return call


def give_back() -> None:
    """Return the memory that compiling took and freed to the system, where the system is GNU's.

    The allocator keeps 30 MB of it otherwise, and 60 MB after a large loop.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _of_owner(architecture: Architecture, owner: Any) -> dict[Hashable, Any]:
    if owner is None:
        return architecture.compiled.setdefault("traced", {})
    owners = architecture.compiled.setdefault("owners", weakref.WeakKeyDictionary())
    return owners.setdefault(owner, {})


def _trace(architecture: Architecture, function, signature, xla: bool, transposes):
    def run(weights, transposes, *arguments):
        def logits_of(images):
            return fill(architecture, images, weights, transposes)

        return function(logits_of, *arguments)

    specs = tuple(architecture.weights.values())
    swapped = tuple(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in transposes)
    whole = tf.function(run, jit_compile=xla or None, autograph=False)
    return whole.get_concrete_function(specs, swapped, *signature)
