"""Open a Keras model, by writing down what it does with a batch of images."""

import contextlib
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.flattening import declared_gradients
from invert.inversion.freezing.flattening.cpu_convolutions import is_channels_first
from invert.inversion.freezing.reading_off.layout import layouts
from invert.inversion.freezing.refusal import Refusal, WrongSize, shortened
from invert.inversion.freezing.source import Source
from invert.inversion.freezing.verify.asked import answered, result


def is_model(thing) -> bool:
    """Whether this is a Keras model, of Keras 3 or of Keras 2, which is called ``tf_keras`` now."""
    return any(
        kind.__name__ == "Model" and kind.__module__.split(".")[0] in ("keras", "tf_keras")
        for kind in type(thing).__mro__
    )


def open_model(model, told=None, name: str | None = None, keep: bool = False) -> Source:
    """Open a Keras model.

    Args:
        model: the model, built.
        told: the shape of its images, for a model that does not know it.
        name: what to call it; by default, its own name.
        keep: whether to keep gradients that it declares itself. Ordinary ones cost less, and often
            are the same.

    Raises:
        Refusal: the model cannot be called on images, or their shape is not known.
    """
    errors = []
    for inputs, arrange in _ways_in(model, told):
        call = _Call(model, arrange)
        try:
            concrete = tf.function(call, autograph=False).get_concrete_function(*inputs.values())
        except Exception as error:  # a model that does not take the shape says so in its own way
            errors.append(error)
            continue
        source = source_of(name or model.name, call, inputs, concrete, keep)
        source.layers = _layers(model)
        if not keep:
            source.with_gradients = lambda: open_model(model, told, name, keep=True)
        return source
    kind = Refusal if told is None else WrongSize
    raise kind(
        f"The Keras model cannot be called on its images ({shortened(errors[0])})."
    ) from errors[0]


def _layers(model) -> tuple[str, ...]:
    """The names of all layers of a model, and of the models in it."""
    every = model._flatten_layers(include_self=False, recursive=True)
    return tuple(layer.name for layer in every)


class _Call:
    """A model as a function that takes its inputs one by one, and returns its outputs by name."""

    def __init__(self, model, arrange):
        self._model = model
        self._arrange = arrange

    def __call__(self, *inputs) -> dict[str, tf.Tensor]:
        outputs = self._model(self._arrange(inputs), training=False)
        if isinstance(outputs, Mapping):
            return dict(outputs)
        if not isinstance(outputs, list | tuple):
            return {"output": outputs}
        names = getattr(self._model, "output_names", ())
        named = len(set(names)) == len(outputs)
        return {names[k] if named else f"output_{k}": o for k, o in enumerate(outputs)}


def _ways_in(model, told):
    """What a model may be called with: its inputs' types by name, and how to arrange them."""
    tensors = list(getattr(model, "inputs", None) or ())
    arranged = tensors[0] if len(tensors) == 1 else tensors
    with contextlib.suppress(AttributeError):  # a Sequential has no such thing
        arranged = model.input
    if tensors:
        inputs = {t.name: tf.TensorSpec(t.shape, t.dtype, name=t.name) for t in tensors}
        return [(inputs, lambda given: tf.nest.pack_sequence_as(arranged, list(given)))]
    if not model.built or told is None:
        raise WrongSize(
            "A Keras model must be built, with one input of a known shape; this one has none."
            " Give it a keras.Input, or call it once and say shape=(height, width)."
        )
    return [
        (
            {"image": tf.TensorSpec((None, *layout.input_shape), name="image")},
            lambda given: given[0],
        )
        for layout in layouts(None, told)
    ]


def source_of(
    name: str, call: Callable, inputs: dict[str, tf.TensorSpec], concrete, keep: bool
) -> Source:
    """Return the source of a call that was traced.

    Args:
        name: what to call it.
        call: takes the inputs one by one, and returns the outputs by name.
        inputs: what it takes, by name.
        concrete: ``call``, traced.
        keep: whether to keep the gradients that it declares.
    """
    replaced = declared_gradients.keep(concrete.graph) if keep else {}
    stand_ins = {old: new for new, old in replaced.items()}
    ends = {k: _before_identities(t).name for k, t in concrete.structured_outputs.items()}
    traced = _Traced(call, inputs, concrete, replaced)
    return Source(
        name=name,
        graph_def=traced.graph_def,
        variable=traced.variable,
        inputs=dict(zip(inputs, traced.places, strict=True)),
        outputs={key: stand_ins.get(tensor, tensor) for key, tensor in ends.items()},
        constants={
            f"{inner}:0": outer.numpy()
            for inner, outer in traced.captured.items()
            if outer.dtype not in (tf.resource, tf.variant)
        },
        compute=traced.compute,
    )


class _Traced:
    """A call that was traced: what it captured, and what it answers itself."""

    def __init__(self, call: Callable, inputs: dict[str, tf.TensorSpec], concrete, replaced):
        self._call, self._specs, self._replaced = call, list(inputs.values()), replaced
        self._inputs = concrete.inputs[: len(inputs)]
        self.places = [tensor.name for tensor in self._inputs]
        self.captured = {inner.op.name: outer for outer, inner in concrete.graph.captures}
        self.graph_def = concrete.graph.as_graph_def()

    def variable(self, name: str) -> np.ndarray:
        """Return a variable's value, by the name of its operation."""
        handle = self.captured.get(name)
        known = getattr(handle, "_handle_data", None)
        if known is None or not known.is_set:
            raise Refusal(f"The network reads {name[:80]!r}, which is no variable of numbers.")
        dtype = tf.as_dtype(known.shape_and_type[0].dtype)
        return tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype).numpy()

    def compute(self, given: Mapping[str, np.ndarray], image: str, asked):
        """Run the call; see ``Source.compute``."""
        # Inputs that the output does not depend on need some value too: zeros.
        count = max(len(value) for value in given.values() if value.ndim)
        zeros = {
            t.name: np.zeros([s or count for s in t.shape], t.dtype.as_numpy_dtype)
            for t in self._inputs
            if t.name not in given
        }
        given = {**zeros, **given}

        def run(*values):  # a second time, with the same names
            self._call(*values)
            tensor = self._replaced.get(asked.tensor, asked.tensor)
            answer = tf.compat.v1.get_default_graph().get_tensor_by_name(tensor)
            return answered(answer, asked, values[self.places.index(image)])

        # TensorFlow has channels-first convolutions on a processor only where XLA compiles them.
        traced = tf.function(run, autograph=False, jit_compile=self._is_channels_first())
        traced = traced.get_concrete_function(*self._specs)
        return result(traced(*(tf.constant(given[place]) for place in self.places)))

    def _is_channels_first(self) -> bool:
        functions = (function.node_def for function in self.graph_def.library.function)
        return any(
            is_channels_first(node) for nodes in (self.graph_def.node, *functions) for node in nodes
        )


def _before_identities(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor that a function returns, before the identities added for returning it."""
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor
