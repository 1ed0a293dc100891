"""Open a function of TensorFlow, or what was loaded from a SavedModel."""

import functools
from collections.abc import Mapping

import tensorflow as tf

from invert.inversion.freezing.opening.keras_model import source_of
from invert.inversion.freezing.opening.saved_model import DEFAULT_SIGNATURE
from invert.inversion.freezing.reading_off.layout import layouts
from invert.inversion.freezing.refusal import Refusal, WrongSize, listed, shortened
from invert.inversion.freezing.source import Source


def is_function(thing) -> bool:
    """Whether this is a function of TensorFlow, a loaded SavedModel, or a layer of one."""
    return (
        hasattr(thing, "get_concrete_function")
        or isinstance(thing, tf.types.experimental.ConcreteFunction)
        or hasattr(getattr(thing, "signatures", None), "items")
        or type(thing).__name__ == "TFSMLayer"
    )


def open_function(thing, signature: str | None, told=None) -> Source:
    """Open a function of TensorFlow, or what was loaded from a SavedModel.

    Args:
        thing: the function or what was loaded.
        signature: which function of what was loaded.
        told: the shape of its images, for a function that was traced for none.

    Raises:
        Refusal: there are several signatures, or the function does not say what it takes.
    """
    if type(thing).__name__ == "TFSMLayer":
        thing = thing.call_endpoint_fn
    if hasattr(getattr(thing, "signatures", None), "items"):
        signatures = dict(thing.signatures.items())
        if signature is None:
            signature = next(iter(signatures)) if len(signatures) == 1 else DEFAULT_SIGNATURE
        if signature not in signatures:
            raise Refusal(
                f"What was loaded has the signatures {listed(signatures)}. Name the one from image"
                " to classes with signature=."
            )
        thing = signatures[signature]
    errors = []
    for concrete in _traced(thing, told):
        try:
            positional, named = concrete().structured_input_signature
        except Exception as error:  # a function that does not take the shape says so in its own way
            errors.append(error)
            continue
        specs = {**{s.name or f"input_{k}": s for k, s in enumerate(positional)}, **named}
        specs = {key: tf.TensorSpec(s.shape, s.dtype, name=key) for key, s in specs.items()}
        call = _FunctionCall(thing, len(positional), list(named))
        traced = tf.function(call, autograph=False).get_concrete_function(*specs.values())
        name = getattr(thing, "__name__", None) or "function"
        return source_of(name, call, specs, traced, keep=False)
    raise WrongSize(
        "A function must have been traced, or be told what it takes: give it an input_signature, or"
        f" say shape=(height, width){f' ({shortened(errors[0])})' if errors else ''}."
    )


def _traced(thing, told) -> list:
    """Ways to have a function traced, the likeliest first."""
    if not hasattr(thing, "get_concrete_function"):
        return [lambda: thing]
    shapes = layouts(None, told) if told is not None else []
    specs = [tf.TensorSpec((None, *layout.input_shape), name="image") for layout in shapes]
    return [
        thing.get_concrete_function,
        *(functools.partial(thing.get_concrete_function, spec) for spec in specs),
    ]


class _FunctionCall:
    """A function that takes its inputs one by one, and returns its outputs by name."""

    def __init__(self, function, positional: int, named: list[str]):
        self._function = function
        self._positional = positional
        self._named = named

    def __call__(self, *inputs) -> dict[str, tf.Tensor]:
        first, others = inputs[: self._positional], inputs[self._positional :]
        outputs = self._function(*first, **dict(zip(self._named, others, strict=True)))
        if isinstance(outputs, Mapping):
            return dict(outputs)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return {f"output_{k}": output for k, output in enumerate(outputs)}
