"""Models of tensorflow.js: answers as its own, quantised weights, and files that do not fit."""

import base64
import json

import keras
import numpy as np
import pytest
from small_networks import gradient_of, logits_of, pictures, probabilities_of, softmax, weights
from tfjs_models import images, put, recorded

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening.tfjs import weight_files as weight_files

layers = keras.layers


def described(model, quantized=None):
    """A Keras model as tensorflow.js's converter writes it, with its weights quantised."""
    specs, data = [], b""
    for layer in model.layers:
        for variable in layer.weights:
            value = variable.numpy()
            spec = {"name": variable.path, "shape": list(value.shape), "dtype": "float32"}
            if quantized == "float16":
                value = value.astype(np.float16)
                spec["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
            elif quantized:
                least = float(value.min())
                scale = float(np.ptp(value)) / np.iinfo(quantized).max or 1.0
                value = np.round((value - least) / scale).astype(quantized)
                spec["quantization"] = {"dtype": quantized, "min": least, "scale": scale}
            specs.append(spec)
            data += value.tobytes()
    config = {"class_name": "Sequential", "config": model.get_config()}
    topology = {"keras_version": "2.6.0", "backend": "tensorflow", "model_config": config}
    manifest = [{"paths": ["group1-shard1of1.bin"], "weights": specs}]
    known = {"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}
    return json.loads(json.dumps(known)), data


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    stack = [
        layers.Conv2D(3, 3, activation="relu"),
        layers.DepthwiseConv2D(3),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(4, "softmax"),
    ]
    model = keras.Sequential([keras.Input((8, 8, 3)), *stack])
    model.layers[2].moving_mean.assign(weights(3))
    return model


@pytest.mark.parametrize("given", ["folder", "model.json"])
def test_a_graph_model_answers_as_in_tensorflow_js(given, tmp_path):
    model, data, answers = recorded("graph_model.json")
    put(tmp_path, model, data)
    frozen = freeze(tmp_path if given == "folder" else tmp_path / given)
    assert frozen.name == tmp_path.name and frozen.head == "softmax"
    got = probabilities_of(frozen, images())
    np.testing.assert_allclose(got, answers.reshape(2, 3), atol=1e-6)


def test_a_graph_models_gradient_is_that_of_finite_differences(tmp_path):
    model, data, _ = recorded("graph_model.json")
    frozen = freeze(put(tmp_path, model, data))
    x, way = images()[:1], pictures(1, 8, 8, 3) - 0.5
    slope = float((gradient_of(frozen, x, 1) * way).sum())
    step = 1e-2
    ends = [logits_of(frozen, x + side * step * way)[0, 1] for side in (-1, 1)]
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=0.02) and slope != 0


@pytest.mark.parametrize(
    ("quantized", "most"), [(None, 1e-6), ("float16", 1e-3), ("uint16", 1e-4), ("uint8", 2e-2)]
)
def test_a_layers_model_answers_as_the_keras_model_it_was(quantized, most, small, tmp_path):
    frozen = freeze(put(tmp_path, *described(small, quantized)))
    got, want = probabilities_of(frozen, pictures(4, 8, 8, 3)), small(pictures(4, 8, 8, 3)).numpy()
    assert np.abs(got - want).max() < most
    if quantized == "uint8":
        assert np.abs(got - want).max() > 1e-6, "then nothing was quantised"


def test_weights_are_scaled_a_piece_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(weight_files, "PIECE", 3)
    whole = np.arange(8, dtype=np.uint16).reshape(2, 4)
    (tmp_path / "w").write_bytes(whole.tobytes())
    told = {"dtype": "uint16", "min": -1.0, "scale": 0.25}
    specs = [{"name": "w", "shape": [2, 4], "dtype": "float32", "quantization": told}]
    found = weight_files.read_all(tmp_path, [{"paths": ["w"], "weights": specs}])["w"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, whole * 0.25 - 1)


def test_weights_are_found_by_name_in_any_order(small, tmp_path):
    model, data = described(small)
    specs = model["weightsManifest"][0]["weights"]
    parts, place = [], 0
    for spec in specs:
        size = 4 * int(np.prod(spec["shape"]))
        parts.append(data[place : place + size])
        place += size
    specs.reverse()
    frozen = freeze(put(tmp_path, model, b"".join(reversed(parts))))
    x = pictures(2, 8, 8, 3)
    np.testing.assert_allclose(probabilities_of(frozen, x), small(x), atol=1e-6)


def test_recurrent_layers_keep_their_weights_in_cells(tmp_path):
    stack = [layers.Bidirectional(layers.LSTM(3)), layers.Dense(4)]
    model = keras.Sequential([keras.Input((5, 6)), *stack])
    frozen = freeze(put(tmp_path, *described(model)))
    x = pictures(3, 5, 6)
    np.testing.assert_allclose(logits_of(frozen, x), model(x), atol=1e-6)


def test_whole_numbers_and_truths_are_read(tmp_path):
    values = {"a": np.array([1, -2], np.int32), "b": np.array([True, False])}
    specs = [{"name": n, "shape": [2], "dtype": v.dtype.name} for n, v in values.items()]
    (tmp_path / "w").write_bytes(b"".join(value.tobytes() for value in values.values()))
    found = weight_files.read_all(tmp_path, [{"paths": ["w"], "weights": specs}])
    assert {name: value.tolist() for name, value in found.items()} == {
        "a": [1, -2],
        "b": [True, False],
    }


# --- What does not fit, or asks for too much


def change(model, key, value):
    model["weightsManifest"][0]["weights"][0][key] = value


def add_node(model, **node):
    model["modelTopology"]["node"].append(node)


def quantize(model, **how):
    change(model, "quantization", how)


GRAPHS = {
    "an operation": (
        lambda m: add_node(m, name="harm", op="ReadFile", input=["x"]),
        "holds an operation 'ReadFile'",
    ),
    "no such attribute": (
        lambda m: m["modelTopology"].update(node=[{"name": 3}]),
        "graph cannot be read",
    ),
    "fused with a normalisation": (
        lambda m: m["modelTopology"]["node"][3]["attr"]["fused_ops"]["list"].update(
            s=[base64.b64encode(b"FusedBatchNorm").decode()]
        ),
        "is made of .'FusedBatchNorm'.",
    ),
    "a constant without value": (
        lambda m: change(m, "name", "other"),
        "constant 'w1' has no value",
    ),
    "two of a name": (lambda m: change(m, "name", "b1"), "two weights named 'b1'"),
    "another shape": (
        lambda m: change(m, "shape", [3, 3, 3, 5]),
        "files end before its weight 'w5'",
    ),
    "no shape": (lambda m: change(m, "shape", [-1]), "'w1' has no shape; got .-1."),
    "another type": (lambda m: change(m, "dtype", "string"), "it is 'uint8' of 'string'"),
    "no type of quantised numbers": (lambda m: quantize(m, dtype="int4"), "it is 'int4' of"),
    "no scale": (
        lambda m: quantize(m, dtype="uint8", min=0.0, scale="large"),
        "must have a 'scale'; got 'large'",
    ),
    "endless": (
        lambda m: quantize(m, dtype="uint8", min=float("inf"), scale=1.0),
        "must have a 'min'; got inf",
    ),
    "files elsewhere": (
        lambda m: m["weightsManifest"][0].update(paths=["../w.bin"]),
        "must lie beside it; it names '../w.bin'",
    ),
    "files from the root": (
        lambda m: m["weightsManifest"][0].update(paths=["/etc/passwd"]),
        "must lie beside it; it names '/etc/passwd'",
    ),
    "files that are not there": (
        lambda m: m["weightsManifest"][0].update(paths=["w.bin"]),
        "'w.bin' are not beside it",
    ),
    "no files": (lambda m: m["weightsManifest"][0].pop("paths"), "does not say which files"),
    "no lists": (lambda m: m.update(weightsManifest=3), "must be described in lists"),
    "no layers": (lambda m: m.pop("modelTopology"), "without its layers"),
    "another format": (lambda m: m.update(format="cake"), "is 'cake'"),
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_graph_that_does_not_fit_is_refused_in_a_sentence(kind, tmp_path):
    model, data, _ = recorded("graph_model.json")
    put(tmp_path, model, data)
    spoil, words = GRAPHS[kind]
    spoil(model)
    (tmp_path / "model.json").write_text(json.dumps(model))
    with pytest.raises(ValueError, match=words) as caught:
        freeze(tmp_path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_files_that_are_cut_or_too_long_are_refused(tmp_path):
    model, data, _ = recorded("graph_model.json")
    with pytest.raises(ValueError, match="files end before its weight 'b5'"):
        freeze(put(tmp_path, model, data[:-1]))
    with pytest.raises(ValueError, match="They are not of one network"):
        freeze(put(tmp_path, model, data + b"x"))


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    model, data, _ = recorded("graph_model.json")
    inner = tmp_path / "model"
    inner.mkdir()
    put(inner, model, data)
    last = inner / model["weightsManifest"][0]["paths"][-1]
    last.rename(tmp_path / "outside.bin")
    last.symlink_to(tmp_path / "outside.bin")
    with pytest.raises(ValueError, match="leads elsewhere"):
        freeze(inner)


def test_a_layers_model_is_built_of_kerass_own_layers_alone(small, tmp_path):
    model, data = described(small)
    stack = model["modelTopology"]["model_config"]["config"]["layers"]
    stack[-1]["class_name"] = "Lambda"
    stack[-1].pop("module", None)
    with pytest.raises(ValueError, match="asks for 'Lambda'"):
        freeze(put(tmp_path, model, data))


def test_weights_must_fit_the_layers(small, tmp_path):
    model, data = described(small)
    change(model, "name", "nowhere/kernel")
    with pytest.raises(ValueError, match="one weight for the 'kernel' .3, 3, 3, 3.* has none"):
        freeze(put(tmp_path, model, data))
    model, data = described(small)
    specs = model["weightsManifest"][0]["weights"]
    specs.append({"name": "more/kernel", "shape": [1], "dtype": "float32"})
    with pytest.raises(ValueError, match="none of its layers takes: 'more/kernel'"):
        freeze(put(tmp_path, model, data + bytes(4)))


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [
        ("MAX_WEIGHTS", 10, "has 13 weights in 2 files; at most 10 in"),
        ("MAX_FILES", 1, "has 13 weights in 2 files; at most"),
        ("MAX_VALUES", 100, "values; at most 100 are"),
        ("MAX_FILE", 150, "at most 0 are read"),
    ],
)
def test_what_it_claims_is_bounded(limit, most, words, tmp_path, monkeypatch):
    model, data, _ = recorded("graph_model.json")
    put(tmp_path, model, data)
    monkeypatch.setattr(weight_files, limit, most)
    with pytest.raises(ValueError, match=words):
        freeze(tmp_path)


def test_weights_in_full_by_hand(tmp_path):
    """A product by hand, named as tensorflow.js itself names: no prefix, no version of Keras."""
    w = weights(12, 3)
    config = {"units": 3, "activation": "linear", "use_bias": False, "name": "dense_Dense1"}
    stack = [
        {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [None, 4, 3]}},
        {"class_name": "Dense", "config": config},
    ]
    specs = [{"name": "dense_Dense1/kernel", "shape": [12, 3], "dtype": "float32"}]
    model = {
        "modelTopology": {"class_name": "Sequential", "config": stack},
        "weightsManifest": [{"paths": ["./weights.bin"], "weights": specs}],
    }
    frozen = freeze(put(tmp_path, model, w.tobytes()))
    x = pictures(3, 4, 3)
    np.testing.assert_allclose(logits_of(frozen, x), x.reshape(3, 12) @ w, atol=1e-6)
    np.testing.assert_allclose(
        probabilities_of(frozen, x), softmax(x.reshape(3, 12) @ w), atol=1e-6
    )


def test_models_in_models_that_tensorflow_js_saved_answer_as_there(tmp_path):
    model, data, answers = recorded("layers_model.json")
    frozen = freeze(put(tmp_path, model, data))
    got = probabilities_of(frozen, images())
    np.testing.assert_allclose(got, answers.reshape(2, 3), atol=1e-6)
