"""Files that Keras 2 itself writes, against what Keras 2 answers."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from small_networks import gradient_of, logits_of, pictures, softmax, weights
from tf_keras.src.applications import convnext, inception_resnet_v2

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening.keras_2 import as_it_was, renewal

layers = tf_keras.layers
SHAPE = (8, 8, 3)
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore:.*HDF5:FutureWarning"
)


def functional(make, shape=SHAPE):
    inputs = layers.Input(shape)
    return tf_keras.Model(inputs, make(inputs))


def sequential(*stack, shape=SHAPE):
    return tf_keras.Sequential([layers.Input(shape), *stack, layers.Flatten(), layers.Dense(5)])


def block(name="block"):
    """A model to be put into others."""
    inputs = layers.Input(SHAPE)
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(inputs))
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(layers.ReLU(6.0)(x))])
    return tf_keras.Model(inputs, x, name=name)


def head(x):
    return layers.Dense(5)(layers.GlobalAveragePooling2D()(x))


def of_applications(x):
    """What ConvNeXt and InceptionResNetV2 are made of beside public layers."""
    y = convnext.StochasticDepth(0.2)(convnext.LayerScale(0.3, 3)(x))
    return layers.Dense(5)(layers.Flatten()(inception_resnet_v2.CustomScaleLayer(0.4)([x, y])))


def time_first(x):
    """Recurrent layers that read steps first and images second."""
    steps = tf.transpose(x, (1, 0, 2))
    for layer in (layers.SimpleRNN, layers.GRU):
        steps = layer(4, time_major=True, return_sequences=True)(steps)
    return layers.Dense(5)(layers.LSTM(3, time_major=True)(steps))


def in_sequential():
    """As transfer learning is taught."""
    pool = layers.GlobalAveragePooling2D()
    return tf_keras.Sequential([block(), pool, layers.Dense(5)])


def two_sequentials():
    """As Teachable Machine exports it."""
    first = tf_keras.Sequential([block(), layers.GlobalAveragePooling2D()])
    stack = [layers.Dense(6, "relu", input_shape=(4,)), layers.Dense(3, use_bias=False)]
    return tf_keras.Sequential([first, tf_keras.Sequential(stack)])


def two_deep():
    outer = functional(lambda x: layers.GlobalAveragePooling2D()(block()(x, training=False)))
    return functional(lambda x: layers.Dense(5)(outer(layers.Rescaling(2.0, -1.0)(x))))


def called_twice():
    inner = block()
    return functional(lambda x: head(layers.Concatenate()([inner(x), inner(2.0 * x)])))


def as_sequential():
    inner = tf_keras.Sequential([layers.Input(SHAPE), layers.Conv2D(4, 3)], name="inner")
    return functional(lambda x: head(inner(x)))


def attention(x):
    rows = layers.Reshape((64, 3))(x)
    return head(layers.Reshape(SHAPE)(layers.MultiHeadAttention(2, 3)(rows, value=rows)))


def arithmetic(x):
    x = tf.nn.relu(2.0 * x - 0.5) * tf.sigmoid(x) + (1.0 - x) ** 2
    return head(tf.concat([x, tf.reduce_mean(x, axis=-1, keepdims=True)], axis=-1))


def caffe(x):
    return head(tf_keras.applications.resnet50.preprocess_input(x))


def torch(x):
    return head(tf_keras.applications.densenet.preprocess_input(x))


def rows(*stack):
    return sequential(*stack, shape=(3, 6))  # a step of a recurrent layer is written out for each


MODELS = {
    "a model in a Sequential": in_sequential,
    "two Sequentials in one": two_sequentials,
    "two deep": two_deep,
    "called twice": called_twice,
    "a Sequential in a model": as_sequential,
    "names with strokes": lambda: functional(
        lambda x: layers.Dense(5, name="head/out")(
            layers.Flatten(name="head_out")(layers.Conv2D(3, 3, name="body/conv")(x))
        )
    ),
    "attention": lambda: functional(attention),
    "arithmetic": lambda: functional(arithmetic),
    "caffe's means": lambda: functional(caffe),
    "torch's means": lambda: functional(torch),
    "hard sigmoids": lambda: sequential(
        layers.Conv2D(4, 3, activation="hard_sigmoid"), layers.Activation("hard_sigmoid")
    ),
    "LSTM": lambda: rows(layers.LSTM(4, recurrent_activation="hard_sigmoid")),
    "GRU": lambda: rows(
        layers.Bidirectional(
            layers.GRU(2, return_sequences=True, recurrent_activation="hard_sigmoid")
        ),
        layers.GRU(4, reset_after=False),
        layers.Reshape((2, 2)),
        layers.TimeDistributed(layers.Dense(3)),
    ),
    "time first": lambda: functional(time_first, shape=(3, 6)),
    "cells": lambda: rows(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])),
    "other activations": lambda: sequential(
        layers.Dense(4, "swish"),
        layers.Dense(4, "gelu"),
        layers.LeakyReLU(),
        layers.Dense(4, "selu"),
        layers.ELU(0.5),
        layers.ThresholdedReLU(0.1),
        layers.PReLU(),
        layers.Softmax(),
        layers.Dense(4, "mish"),
    ),
    "augmentation": lambda: sequential(
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomHeight(0.1),
        layers.RandomWidth(0.1),
        layers.Resizing(7, 9),
        layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]),
        layers.SpatialDropout2D(0.3),
    ),
    "layers of applications": lambda: functional(of_applications),
    "norm of two axes": lambda: sequential(layers.LayerNormalization(axis=[1, 2])),
    "enlarged": lambda: sequential(layers.UpSampling2D(2, interpolation="bilinear")),
    "mixed precision": lambda: functional(
        lambda x: layers.Dense(5, dtype="float32")(
            layers.Flatten(dtype="mixed_float16")(layers.Conv2D(3, 3, dtype="mixed_float16")(x))
        )
    ),
}


def filled(model):
    """A model with weights that make a difference."""
    random = np.random.default_rng(0)
    model(np.zeros((1, *(int(side) for side in model.input_shape[1:])), np.float32))
    values = [random.standard_normal(weight.shape) for weight in model.weights]
    names = [weight.name for weight in model.weights]
    pairs = zip(names, values, strict=True)
    model.set_weights([0.4 + abs(v) if "variance" in n else 0.4 * v for n, v in pairs])
    return model


IN_ARCHIVES = (
    *("two Sequentials in one", "two deep", "names with strokes", "arithmetic", "LSTM"),
    *("layers of applications", "time first"),
)


@pytest.mark.parametrize(
    ("how", "ending"), [*((how, "h5") for how in MODELS), *((how, "keras") for how in IN_ARCHIVES)]
)
def test_files_of_keras_2_answer_as_there(how, ending, tmp_path):
    tf_keras.backend.clear_session()
    model = filled(MODELS[how]())
    model.save(tmp_path / f"old.{ending}")
    frozen = freeze(tmp_path / f"old.{ending}")
    low, high = frozen.pixel_range
    x = low + (high - low) * pictures(2, *frozen.image_shape)
    near = 2e-3 if how == "mixed precision" else 1e-5
    want = np.asarray(model(x, training=False), np.float32)
    np.testing.assert_allclose(logits_of(frozen, x), want, rtol=10 * near, atol=near)
    images = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(images)
        top = tf.reduce_sum(tf.cast(model(images, training=False), tf.float32)[:, 1])
    want = tape.gradient(top, images).numpy()
    got = gradient_of(frozen, x, 1)
    np.testing.assert_allclose(got, want, atol=100 * near * np.abs(want).max())


@pytest.mark.parametrize("old", ["2.2.4", "2.15.0", "3.15.1"])
def test_hard_sigmoid_is_what_the_file_s_keras_meant(old, tmp_path):
    dense = {"units": 784, "activation": "hard_sigmoid", "use_bias": False, "name": "dense_1"}
    last = {"units": 3, "activation": "linear", "use_bias": False, "name": "dense_2"}
    first = {"batch_shape": [None, 784], "name": "input_1", "dtype": "float32"}
    stack = [("InputLayer", first), ("Dense", dense), ("Dense", last)]
    inner = [{"class_name": kind, "config": config} for kind, config in stack]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": inner}}
    w, v = 3 * np.eye(784, dtype=np.float32), weights(784, 3)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = old, "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = ["dense_1", "dense_2"]
        group.attrs["keras_version"], group.attrs["backend"] = old, "tensorflow"
        for name, array in (("dense_1", w), ("dense_2", v)):
            part = group.create_group(name)
            part.attrs["weight_names"] = [f"{name}/kernel:0"]
            part.create_dataset(f"{name}/kernel:0", data=array)
    x = pictures(3, 784)
    slope = 1 / 6 if old.startswith("3") else 0.2
    want = np.clip(slope * 3 * x + 0.5, 0, 1) @ v
    np.testing.assert_allclose(logits_of(freeze(tmp_path / "old.h5"), x), want, atol=1e-4)


@pytest.mark.parametrize("version", ["2.2.4", "2.2.4-tf"])
def test_gates_of_before_keras_2_3_are_hard(version):
    known = renewal.version_of(version, {})
    lstm = {"class_name": "LSTM", "config": {"name": "lstm_1", "units": 3}}
    config = renewal.renewed(lstm, known)["config"]
    assert config["recurrent_activation"] == renewal.HARD_SIGMOID
    assert (
        "recurrent_activation"
        not in renewal.renewed(
            {"class_name": "LSTM", "config": {"name": "lstm_1", "units": 3}},
            renewal.version_of("2.4.0", {}),
        )["config"]
    )


def test_images_that_old_versions_enlarged_in_two_ways_are_refused():
    up = {"class_name": "UpSampling2D", "config": {"name": "up", "interpolation": "bilinear"}}
    with pytest.raises(ValueError, match="enlarges images .* in one of two ways"):
        renewal.renewed(up, renewal.version_of("2.3.1", {}))


def test_a_keras_file_that_was_written_on_windows(tmp_path):
    model = filled(in_sequential())
    model.save(tmp_path / "own.keras")
    with zipfile.ZipFile(tmp_path / "own.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    old, new = io.BytesIO(parts["model.weights.h5"]), io.BytesIO()
    with h5py.File(old) as file, h5py.File(new, "w") as windows:

        def copy(name, thing):
            if name.endswith("vars"):
                file.copy(thing, windows, name.replace("/", "\\"))

        file.visititems(copy)
    parts["model.weights.h5"] = new.getvalue()
    with zipfile.ZipFile(tmp_path / "windows.keras", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    x = pictures(2, *SHAPE)
    frozen = freeze(tmp_path / "windows.keras")
    np.testing.assert_allclose(logits_of(frozen, x), model(x), rtol=1e-4, atol=1e-5)


def test_only_arithmetic_stands_between_layers():
    assert as_it_was.Arithmetic("math.add").function == "math.add"
    for function in ("io.read_file", "py_function", "math", None):
        with pytest.raises(ValueError, match="is no arithmetic that is known here"):
            as_it_was.Arithmetic(function)


def test_a_function_that_is_no_arithmetic_is_refused(tmp_path):
    model = functional(lambda x: head(tf.image.adjust_contrast(x, 2.0)))
    model.save(tmp_path / "old.h5")
    with pytest.raises(ValueError, match="adjust_contrast"):
        freeze(tmp_path / "old.h5")


def test_a_softmax_at_the_end_is_looked_behind(tmp_path):
    model = functional(lambda x: layers.Softmax()(head(block()(x))))
    model.save(tmp_path / "old.keras")
    x = pictures(2, *SHAPE)
    np.testing.assert_allclose(
        softmax(logits_of(freeze(tmp_path / "old.keras"), x)), model(x), atol=1e-5
    )


@pytest.mark.parametrize("both_ways", [True, False])
def test_time_in_front_is_refused_both_ways_and_with_a_state(both_ways, tmp_path):
    inputs = layers.Input((3, 6))
    steps = tf.transpose(inputs, (1, 0, 2))
    layer = layers.GRU(4, time_major=True, return_state=not both_ways)
    made = layers.Bidirectional(layer)(steps) if both_ways else layer(steps)[0]
    tf_keras.Model(inputs, layers.Dense(5)(made)).save(tmp_path / "old.h5")
    with pytest.raises(ValueError, match=r"time_major.*tf_keras\.models\.load_model makes of it"):
        freeze(tmp_path / "old.h5")
