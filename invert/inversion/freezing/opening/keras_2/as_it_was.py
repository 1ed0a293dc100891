"""What Keras 2 computed and Keras 3 has no layer or function for.

They are registered with Keras under names of this package, so that a description can name them.
"""

import keras
import tensorflow as tf

PACKAGE = "invert"
# The functions of TensorFlow that Keras 2 wrote between its layers, by the names it wrote.
FUNCTIONS = {
    "__operators__.add": tf.add,
    "cast": tf.cast,
    "clip_by_value": tf.clip_by_value,
    "compat.v1.transpose": tf.compat.v1.transpose,
    "concat": tf.concat,
    "convert_to_tensor": tf.convert_to_tensor,
    "expand_dims": tf.expand_dims,
    "identity": tf.identity,
    "image.resize": tf.image.resize,
    "linalg.matmul": tf.linalg.matmul,
    "math.abs": tf.math.abs,
    "math.add": tf.math.add,
    "math.divide": tf.math.divide,
    "math.exp": tf.math.exp,
    "math.log": tf.math.log,
    "math.maximum": tf.math.maximum,
    "math.minimum": tf.math.minimum,
    "math.multiply": tf.math.multiply,
    "math.negative": tf.math.negative,
    "math.pow": tf.math.pow,
    "math.reduce_max": tf.math.reduce_max,
    "math.reduce_mean": tf.math.reduce_mean,
    "math.reduce_min": tf.math.reduce_min,
    "math.reduce_sum": tf.math.reduce_sum,
    "math.rsqrt": tf.math.rsqrt,
    "math.sigmoid": tf.math.sigmoid,
    "math.softplus": tf.math.softplus,
    "math.sqrt": tf.math.sqrt,
    "math.square": tf.math.square,
    "math.subtract": tf.math.subtract,
    "math.tanh": tf.math.tanh,
    "math.truediv": tf.math.truediv,
    "nn.bias_add": tf.nn.bias_add,
    "nn.elu": tf.nn.elu,
    "nn.gelu": tf.nn.gelu,
    "nn.l2_normalize": tf.nn.l2_normalize,
    "nn.leaky_relu": tf.nn.leaky_relu,
    "nn.relu": tf.nn.relu,
    "nn.relu6": tf.nn.relu6,
    "nn.selu": tf.nn.selu,
    "nn.silu": tf.nn.silu,
    "nn.softmax": tf.nn.softmax,
    "reshape": tf.reshape,
    "split": tf.split,
    "squeeze": tf.squeeze,
    "stack": tf.stack,
    "transpose": tf.transpose,
    "unstack": tf.unstack,
}
SLICING = "__operators__.getitem"


@keras.saving.register_keras_serializable(PACKAGE, "hard_sigmoid_of_keras_2")
def hard_sigmoid(x):
    """Return 0.2x + 0.5 within 0 and 1. Keras 3 has x/6 + 0.5 under the old name."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


@keras.saving.register_keras_serializable(PACKAGE)
class Arithmetic(keras.layers.Layer):
    """A function of TensorFlow as a layer.

    Args:
        function: its name, one of ``FUNCTIONS`` or ``SLICING``.
        **known: as for any layer.
    """

    def __init__(self, function: str, **known):
        super().__init__(**known)
        if function not in FUNCTIONS and function != SLICING:
            raise ValueError(f"{str(function)[:80]!r} is no arithmetic that is known here")
        self.function = function

    def call(self, first, **others):
        """Return what the function makes of its first argument and the others."""
        if self.function != SLICING:
            return FUNCTIONS[self.function](first, **others)
        return first[tuple(_place(part) for part in others["slice_spec"])]


def _place(part):
    """A part of a slice as Python has it."""
    if not isinstance(part, dict):
        return part
    if part.get("class_name") == "__ellipsis__":
        return Ellipsis
    return slice(part.get("start"), part.get("stop"), part.get("step"))


def _time_first(kind: type[keras.layers.RNN]) -> type[keras.layers.RNN]:
    """A recurrent layer that reads steps first and images second, as with ``time_major``."""

    class TimeFirst(kind):  # type: ignore[misc, valid-type]
        def build(self, shape):
            super().build(_swapped(shape))

        def compute_output_shape(self, shape, *states):
            made = super().compute_output_shape(_swapped(shape), *states)
            return _swapped(made) if self.return_sequences else made

        def call(self, steps, **known):
            made = super().call(keras.ops.swapaxes(steps, 0, 1), **known)
            return keras.ops.swapaxes(made, 0, 1) if self.return_sequences else made

    TimeFirst.__name__ = kind.__name__  # by which a file's weights are found
    return keras.saving.register_keras_serializable(PACKAGE, time_first(kind.__name__))(TimeFirst)


def _swapped(shape):
    return (shape[1], shape[0], *shape[2:])


def time_first(name: str) -> str:
    """What a recurrent layer is registered as where steps come first."""
    return f"{name}TimeFirst"


for _kind in (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN):
    _time_first(_kind)
