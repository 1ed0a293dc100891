"""LiteRT models: values as its interpreter's, gradients as of the model they were made of."""

import contextlib
import warnings
import zipfile

import flatbuffers
import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import gradient_of, logits_of, pictures, probabilities_of, weights
from tensorflow.lite.python import schema_py_generated as schema

from invert.inversion.freezing import freeze
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.opening.lite import flatbuffer, rebuilding

layers = keras.layers
X = pictures(3, 12, 12, 3)


@contextlib.contextmanager
def quiet():
    """Without what TensorFlow says of its own converter and interpreter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def converted(converter, types=None, small=False, examples=None):
    if small:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if types:
        converter.target_spec.supported_types = types
    if examples is not None:
        converter.representative_dataset = lambda: ([x[None]] for x in examples)
    with quiet():
        return converter.convert()


def from_keras(model, **how):
    return converted(tf.lite.TFLiteConverter.from_keras_model(model), **how)


def interpreted(data, x):
    """What LiteRT's own interpreter makes of a batch."""
    with quiet():
        interpreter = tf.lite.Interpreter(model_content=data)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def kinds(data):
    return {operation.kind for operation in flatbuffer.parse(data).operations}


@pytest.fixture(scope="module")
def model():
    """A network of what image classifiers are made of."""
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu6")(image)
    x = layers.BatchNormalization()(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    y = layers.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")(y)
    y = layers.Conv2D(4, 1, dilation_rate=2, activation="gelu")(y)
    x = layers.Add()([x, y])
    pools = layers.AveragePooling2D(2, 1, "same")(x), layers.MaxPooling2D(3, 1, "same")(y)
    x = layers.Concatenate()([x, *pools])
    x = layers.Conv2DTranspose(3, 2, strides=2)(x)
    x = layers.LeakyReLU(negative_slope=0.1)(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.ZeroPadding2D(1)(x)
    flat = layers.Flatten()(layers.Conv2D(2, 3, activation="elu")(x))
    both = [layers.GlobalAveragePooling2D()(x), layers.Dense(6, "hard_silu")(flat)]
    x = layers.Dense(8, "tanh")(layers.Concatenate()(both))
    return keras.Model(image, layers.Dense(5)(x))


@pytest.fixture(scope="module")
def data(model):
    return from_keras(model)


def put(folder, data):
    path = folder / "own.tflite"
    path.write_bytes(data)
    return path


def test_a_model_of_many_layers_answers_as_its_interpreter(model, data, tmp_path):
    assert len(kinds(data)) > 18
    frozen = freeze(put(tmp_path, data))
    assert frozen.name == "own.tflite" and frozen.image_shape == (12, 12, 3)
    np.testing.assert_allclose(logits_of(frozen, X), interpreted(data, X), atol=1e-5)
    with tf.GradientTape() as tape:
        x = tf.constant(X)
        tape.watch(x)
        score = model(x)[:, 2]
    np.testing.assert_allclose(gradient_of(frozen, X, 2), tape.gradient(score, x), atol=1e-5)


def test_weights_of_half_precision(model, data, tmp_path):
    half = from_keras(model, types=[tf.float16], small=True)
    assert "DEQUANTIZE" in kinds(half) and len(half) < 0.8 * len(data)
    got = logits_of(freeze(put(tmp_path, half)), X)
    np.testing.assert_allclose(got, interpreted(half, X), atol=1e-5)
    assert np.abs(got - model(X)).max() > 1e-6, "then nothing was in half precision"


def test_whole_weights_stand_for_what_their_scales_say(tmp_path):
    """The interpreter rounds what goes between the layers too, so weights are multiplied here."""
    keras.utils.set_random_seed(1)
    stack = [layers.Conv2D(16, 3), layers.Flatten(), layers.Dense(20), layers.Dense(4, "softmax")]
    model = keras.Sequential([keras.Input((12, 12, 3)), *stack])
    small = from_keras(model, small=True)
    with quiet():
        interpreter = tf.lite.Interpreter(model_content=small)
    rounded = 0
    for variable in (model.layers[0].kernel, model.layers[2].kernel):
        shape = variable.shape[:-1] if len(variable.shape) == 4 else variable.shape[:1]
        for told in interpreter.get_tensor_details():
            scales = told["quantization_parameters"]["scales"]
            if len(scales) and tuple(told["shape"][1:]) == shape:
                whole = interpreter.get_tensor(told["index"]).astype(np.float32)
                by_unit = whole * scales.reshape(-1, *[1] * (whole.ndim - 1))
                variable.assign(np.moveaxis(by_unit, 0, -1))
                rounded += 1
    assert rounded
    got = probabilities_of(freeze(put(tmp_path, small)), X)
    np.testing.assert_allclose(got, model(X), atol=1e-5)
    assert np.abs(got - interpreted(small, X)).max() < 0.02


def test_operations_between_layers(tmp_path):
    """Those that no layer of Keras becomes."""
    w = weights(6 * 3 * 5 + 6, 4)

    @tf.function(input_signature=[tf.TensorSpec((1, 6, 6, 3), tf.float32)])
    def call(x):
        a, b, c = tf.split(x, 3, axis=3)
        d = tf.stack([tf.square(a), tf.sqrt(tf.abs(b) + 1.0), tf.exp(-c)], axis=3)
        d = tf.transpose(tf.squeeze(d, 4), (0, 3, 1, 2))
        e, f = tf.unstack(tf.nn.relu(d[:, :2, 1:, ::2]), axis=1)
        g = tf.maximum(e, f) - tf.math.rsqrt(tf.minimum(e, f) + 1.0)
        h = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
        h = tf.nn.space_to_depth(tf.image.resize(h, (4, 4), "nearest"), 2)
        h = tf.reduce_max(tf.nn.depth_to_space(h, 2), axis=(1, 2), keepdims=True)
        k = tf.nn.l2_normalize(tf.gather(x, [2, 0], axis=2), axis=-1)
        k = tf.math.squared_difference(k, 0.5) / 2.0 + tf.math.log(tf.math.sigmoid(k))
        flat = [tf.reshape(part, (1, -1)) for part in (g, tf.pow(tf.abs(h), 1.5), k)]
        joined = tf.concat([*flat, tf.reshape(tf.reduce_sum(x, (1, 2)), (1, -1))], 1)
        joined = tf.pad(joined, [[0, 0], [0, w.shape[0] - joined.shape[1]]], constant_values=0.5)
        return tf.nn.log_softmax(tf.clip_by_value(tf.matmul(joined, tf.constant(w)), -1.0, 1.0))

    whole = converted(
        tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()])
    )
    assert {"SPLIT", "PACK", "UNPACK", "STRIDED_SLICE", "GATHER", "MIRROR_PAD"} <= kinds(whole)
    frozen = freeze(put(tmp_path, whole))
    x = pictures(1, 6, 6, 3)
    want = interpreted(whole, x)
    np.testing.assert_allclose(np.log(probabilities_of(frozen, x)), want, atol=1e-5)


def test_a_model_that_computes_with_whole_numbers_is_refused(tmp_path):
    stack = [layers.Flatten(), layers.Dense(4)]
    model = keras.Sequential([keras.Input((12, 12, 3)), *stack])
    whole = from_keras(model, small=True, examples=X)
    with pytest.raises(ValueError, match=r"computes with whole numbers \(INT8, at '.*no gradient"):
        freeze(put(tmp_path, whole))


def test_names_that_are_packed_into_a_file_are_its_labels(small, tmp_path):
    path = put(tmp_path, small)
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd")
    assert freeze(path).labels == ("a", "b", "c", "d")
    with zipfile.ZipFile(path, "a") as archive:  # as LiteRT's own metadata writer adds them
        archive.writestr("labels.txt", "ant\nbee\ncat\ndog\n")
    assert path.read_bytes().startswith(small)
    assert freeze(path).labels == ("ant", "bee", "cat", "dog")


# --- Damaged files, and such as claim too much


def changed(data, change):
    """A file with something else in it, by the schema's own writer."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(data), 0))
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def rename(model, code):
    model.operatorCodes[0].builtinCode = code
    model.operatorCodes[0].deprecatedBuiltinCode = min(code, 127)


def custom(model, _):
    rename(model, schema.BuiltinOperator.CUSTOM)
    model.operatorCodes[0].customCode = b"Harm"


def first_constant(model, graph):
    held = [(model.buffers[tensor.buffer].data, tensor) for tensor in graph.tensors]
    return next(tensor for data, tensor in held if data is not None and len(data) > 4)


SPOILT = {
    "a custom operation": (custom, "holds the operations 'CUSTOM Harm'"),
    "an operation that is not rebuilt": (
        lambda m, g: rename(m, schema.BuiltinOperator.WHILE),
        "holds the operations 'WHILE', which are not rebuilt. Give the model that it was made of",
    ),
    "of no kind": (lambda m, g: rename(m, 9999), "holds the operations 'number 9999'"),
    "no graph": (lambda m, g: m.subgraphs.clear(), "holds no graph"),
    "a tensor that is not there": (
        lambda m, g: setattr(g.operators[0], "inputs", [99_999]),
        "speaks of tensors that it does not hold: '99999'",
    ),
    "too few inputs": (
        lambda m, g: setattr(g.operators[0], "inputs", g.operators[0].inputs[:1]),
        "has 1 inputs, which are too few",
    ),
    "no place for a value": (
        lambda m, g: setattr(g.tensors[0], "buffer", 99_999),
        "has no place for its value",
    ),
    "values elsewhere": (
        lambda m, g: setattr(m.buffers[g.tensors[0].buffer], "offset", 1000),
        "values lie outside of it",
    ),
    "a shape that does not fit": (
        lambda m, g: setattr(first_constant(m, g), "shape", [1000, 1000, 1000]),
        "constants take over|weights have the shape",
    ),
    "an unknown type": (
        lambda m, g: setattr(g.tensors[0], "type", schema.TensorType.STRING),
        "of the type STRING, which is not read",
    ),
    "an unknown unit": (
        lambda m, g: setattr(g.operators[0].builtinOptions, "fusedActivationFunction", 77),
        "ends in a function of the number 77",
    ),
    "an unknown rule": (
        lambda m, g: setattr(g.operators[0].builtinOptions, "padding", 77),
        "pads by a rule of the number 77",
    ),
    "a long name": (
        lambda m, g: setattr(g.tensors[0], "name", b"x" * 2000),
        "claims 2,000 letters of a name; at most 500",
    ),
    "many sides": (
        lambda m, g: setattr(g.tensors[0], "shape", [1] * 100),
        "claims 100 numbers of a tensor",
    ),
}


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(4)]
    return from_keras(keras.Sequential([keras.Input((6, 6, 3)), *stack]))


@pytest.mark.parametrize("kind", SPOILT)
def test_what_does_not_fit_is_refused_in_a_sentence(kind, small, tmp_path):
    change, words = SPOILT[kind]
    with pytest.raises(ValueError, match=words) as caught:
        freeze(put(tmp_path, changed(small, change)))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_the_writer_of_these_changes_nothing_by_itself(small, tmp_path):
    x = pictures(2, 6, 6, 3)
    frozen = freeze(put(tmp_path, changed(small, lambda model, graph: None)))
    np.testing.assert_allclose(logits_of(frozen, x), interpreted(small, x), atol=1e-5)


def test_damaged_files_are_refused_or_opened_and_nothing_else(small, tmp_path):
    """Cut anywhere, or with any number changed: numbers that are lengths and places among them."""
    draw = np.random.default_rng(0)
    outcomes = set()
    for case in range(300):
        spoilt = bytearray(small)
        if case < 50:
            spoilt = spoilt[: 8 + (len(small) - 8) * case // 50]
        else:
            place = 4 * int(draw.integers(2, len(small) // 4))
            spoilt[place : place + 4] = draw.choice([b"\xff" * 4, b"\0\0\0\x7f", bytes(4)])
        try:
            rebuilding.open_file(put(tmp_path, bytes(spoilt)))
            outcomes.add("opened")
        except ValueError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes == {"opened", "refused"}


@pytest.mark.parametrize(
    ("where", "limit", "words"),
    [
        (flatbuffer, "MAX_TENSORS", "tensors; at most 2 are"),
        (flatbuffer, "MAX_OPERATIONS", "operations; at most 2 are"),
        (flatbuffer, "MAX_CODES", "kinds of operations; at most 2 are"),
        (flatbuffer, "MAX_ENDS", "numbers of a tensor or operation .Inputs.; at most 2"),
        (flatbuffer, "MAX_LINKS", "inputs and outputs of operations; at most 2"),
        (entry, "MAX_VALUES", "constants take over 2 values"),
    ],
)
def test_what_it_claims_is_bounded(where, limit, words, small, tmp_path, monkeypatch):
    path = put(tmp_path, small)
    monkeypatch.setattr(where, limit, 2)
    with pytest.raises(ValueError, match=words):
        freeze(path)
