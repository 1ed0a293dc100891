"""Keras's own files: `.keras`, and HDF5 as Keras 2.2 to 3 wrote it."""

import io
import json
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications import convnext, inception_resnet_v2
from small_networks import gradient_of, logits_of, pictures, probabilities_of, softmax, weights

from invert.inversion.freezing import freeze
from invert.inversion.freezing.opening import file_sizes, keras_config, keras_file

layers = keras.layers
X = pictures(4, 28, 28)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    stack = [
        layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(10, "softmax", kernel_initializer="he_normal"),
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    model.compile("adam", "categorical_crossentropy")
    model.layers[1].moving_mean.assign(weights(4))
    return model


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    model.save(folder / "own.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("absl.logging.warning", lambda *_: None)
        model.save(folder / "own.h5")
    return folder


@pytest.mark.parametrize("name", ["own.keras", "own.h5"])
def test_both_kinds_are_read_whatever_they_are_called(name, model, saved, tmp_path):
    for other in ("own.keras", "own.h5", "own", "own.pb"):
        frozen = freeze(shutil.copy(saved / name, tmp_path / other))
        assert frozen.name == other and frozen.image_shape == (28, 28)
        np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)


def test_a_functional_model_with_operations_between_its_layers(tmp_path):
    inputs = keras.Input((28, 28))
    flat = layers.Flatten()(inputs / 255.0)
    left, right = layers.Dense(8, "relu")(flat), layers.Dense(8, "gelu")(flat)
    both = layers.Dense(10)(layers.Concatenate()([left, right]))
    model = keras.Model(inputs, keras.ops.softmax(both))
    model.save(tmp_path / "own.keras")
    frozen = freeze(tmp_path / "own.keras")
    assert frozen.pixel_range == (0, 255)
    np.testing.assert_allclose(probabilities_of(frozen, 255 * X), model(255 * X), atol=1e-5)


def test_a_recurrent_network_with_a_network_inside(tmp_path):
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5)], name="inner")
    outer = [layers.TimeDistributed(inner), layers.Bidirectional(layers.GRU(3)), layers.Dense(4)]
    model = keras.Sequential([keras.Input((5, 6)), *outer])
    model.save(tmp_path / "own.keras")
    x = pictures(3, 5, 6)
    np.testing.assert_allclose(logits_of(freeze(tmp_path / "own.keras"), x), model(x), atol=1e-5)


# --- As Keras 2 wrote them

INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None},
}


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def weighted(kind, name, **config):
    """A layer with weights, as Keras 2.2 described it."""
    rest = {f"{which}_regularizer": None for which in ("kernel", "bias", "activity")}
    rest |= {f"{which}_constraint": None for which in ("kernel", "bias")}
    initializers = {
        "kernel_initializer": INITIALIZER,
        "bias_initializer": {"class_name": "Zeros", "config": {}},
    }
    return layer(kind, name, use_bias=True, **initializers, **rest, **config)


def old_layers(first):
    """A network of a convolution, a normalization and a product; ``first`` goes to its first."""
    conv = {
        "filters": 4,
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "valid",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "activation": "relu",
    }
    norm = {
        "axis": first.pop("axis", -1),
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": {"class_name": "Zeros", "config": {}},
        "gamma_initializer": {"class_name": "Ones", "config": {}},
        "moving_mean_initializer": {"class_name": "Zeros", "config": {}},
        "moving_variance_initializer": {"class_name": "Ones", "config": {}},
        **{f"{which}_regularizer": None for which in ("beta", "gamma")},
        **{f"{which}_constraint": None for which in ("beta", "gamma")},
    }
    pool = {"pool_size": [2, 2], "padding": "valid", "strides": [2, 2]}
    return [
        weighted("Conv2D", "conv2d_1", **first, **conv),
        layer("BatchNormalization", "batch_normalization_1", **norm),
        layer("MaxPooling2D", "max_pooling2d_1", **pool, data_format="channels_last"),
        layer("Dropout", "dropout_1", rate=0.25, noise_shape=None, seed=None),
        layer("Flatten", "flatten_1", data_format="channels_last"),
        weighted("Dense", "dense_1", units=10, activation="softmax"),
    ]


OLD = {
    "conv2d_1": {"kernel:0": weights(3, 3, 1, 4), "bias:0": weights(4)},
    "batch_normalization_1": {
        "gamma:0": 1 + weights(4, seed=1),
        "beta:0": weights(4, seed=2),
        "moving_mean:0": weights(4, seed=3),
        "moving_variance:0": 1 + np.abs(weights(4, seed=4)),
    },
    "max_pooling2d_1": {},
    "dropout_1": {},
    "flatten_1": {},
    "dense_1": {"kernel:0": weights(13 * 13 * 4, 10), "bias:0": weights(10)},
}


def write_old(path, config, version="2.2.4", values=None):
    """An HDF5 file as Keras 2 wrote it."""
    values = values or OLD
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": ["acc"]}).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in values]
        group.attrs["keras_version"], group.attrs["backend"] = version.encode(), b"tensorflow"
        for name, arrays in values.items():
            part = group.create_group(name)
            part.attrs["weight_names"] = [f"{name}/{key}".encode() for key in arrays]
            for key, array in arrays.items():
                part.create_dataset(f"{name}/{key}", data=array)
    return path


def old_by_hand(x):
    conv, norm, dense = OLD["conv2d_1"], OLD["batch_normalization_1"], OLD["dense_1"]
    maps = tf.nn.relu(tf.nn.conv2d(x[..., None], conv["kernel:0"], 1, "VALID") + conv["bias:0"])
    scale = norm["gamma:0"] / np.sqrt(norm["moving_variance:0"] + 0.001)
    maps = (maps - norm["moving_mean:0"]) * scale + norm["beta:0"]
    flat = tf.reshape(tf.nn.max_pool2d(maps, 2, 2, "VALID"), (len(x), -1))
    return softmax(flat.numpy() @ dense["kernel:0"] + dense["bias:0"])


def of_version(version):
    """How a version described that network."""
    shape = {"batch_input_shape": [None, 28, 28, 1], "dtype": "float32"}
    entry = {**shape, "name": "conv2d_1_input", "sparse": False, "ragged": False}
    if version == "2.2.0":
        return {"class_name": "Sequential", "config": old_layers(shape)}
    if version == "2.2.4":
        config = {"name": "sequential_1", "layers": old_layers(shape)}
        return {"class_name": "Sequential", "config": config}
    if version == "2.3.0-tf":
        inner = old_layers({**shape, "axis": [3], "groups": 1})
        config = {"name": "sequential_1", "layers": inner, "build_input_shape": [None, 28, 28, 1]}
        return {"class_name": "Sequential", "config": config}
    inner = [{"class_name": "InputLayer", "config": entry}, *old_layers({**shape, "axis": [3]})]
    if version == "2.5.0":
        return {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": inner}}
    before = None  # a functional model, as of 2.4
    for part in inner:
        part["name"] = part["config"]["name"]
        part["inbound_nodes"] = [[[before, 0, 0, {}]]] if before else []
        before = part["name"]
    ends = {"input_layers": [["conv2d_1_input", 0, 0]], "output_layers": [["dense_1", 0, 0]]}
    name = "Model" if version == "2.3.1" else "Functional"
    return {"class_name": name, "config": {"name": "model_1", "layers": inner, **ends}}


@pytest.mark.parametrize("version", ["2.2.0", "2.2.4", "2.3.0-tf", "2.3.1", "2.4.0", "2.5.0"])
def test_networks_of_keras_2_are_rebuilt(version, tmp_path):
    frozen = freeze(write_old(tmp_path / "old.h5", of_version(version), version))
    assert frozen.image_shape == (28, 28)
    np.testing.assert_allclose(probabilities_of(frozen, X), old_by_hand(X), atol=1e-5)
    assert np.abs(gradient_of(frozen, X, 1)).max() > 0


def test_names_that_changed_are_known(tmp_path):
    config = of_version("2.2.4")
    stack = config["config"]["layers"]
    stack[0]["class_name"] = "Convolution2D"
    stack[1]["class_name"] = "BatchNormalizationV1"
    stack[1]["config"]["fused"] = True
    stack[5]["config"]["activation"] = "softmax_v2"
    stack[5]["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "float32"}}
    stack.insert(5, layer("LeakyReLU", "leaky_re_lu_1", alpha=1.0))
    values = dict(OLD, leaky_re_lu_1={})
    frozen = freeze(write_old(tmp_path / "old.h5", config, values=values))
    np.testing.assert_allclose(probabilities_of(frozen, X), old_by_hand(X), atol=1e-5)


def test_what_only_training_asks_for_is_left_out(tmp_path):
    """Keras 2 described a separable convolution with what it does not have, too."""
    shape = {"batch_input_shape": [None, 28, 28, 1], "dtype": "float32"}
    inner = {"filters": 3, "kernel_size": [3, 3], "depth_multiplier": 1, "activation": "relu"}
    own = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.1}}
    parts = {f"{which}_initializer": INITIALIZER for which in ("depthwise", "pointwise")}
    parts |= {"depthwise_regularizer": own, "groups": 1}
    separable = weighted("SeparableConv2D", "sep_1", **shape, **inner, **parts)
    separable["config"]["kernel_constraint"] = {"class_name": "MadeUp", "config": {}}
    pool = layer("GlobalAveragePooling2D", "pool_1", data_format="channels_last")
    stack = [separable, pool, weighted("Dense", "dense_1", units=10, activation="softmax")]
    values = {
        "sep_1": {
            "depthwise_kernel:0": weights(3, 3, 1, 1, scale=1),
            "pointwise_kernel:0": weights(1, 1, 1, 3, scale=1),
            "bias:0": weights(3),
        },
        "pool_1": {},
        "dense_1": {"kernel:0": weights(3, 10, scale=1), "bias:0": weights(10)},
    }
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": stack}}
    frozen = freeze(write_old(tmp_path / "old.h5", config, values=values))
    kernels = values["sep_1"]["depthwise_kernel:0"], values["sep_1"]["pointwise_kernel:0"]
    maps = tf.nn.separable_conv2d(X[..., None], *kernels, (1, 1, 1, 1), "VALID") + weights(3)
    z = tf.reduce_mean(tf.nn.relu(maps), (1, 2)) @ weights(3, 10, scale=1) + weights(10)
    np.testing.assert_allclose(probabilities_of(frozen, X), softmax(z.numpy()), atol=1e-5)


def test_a_keras_file_of_keras_2(model, saved, tmp_path):
    """As of 2.12: the shape of a batch by another name, and weights in another folder."""
    config = config_of(saved)
    first, *rest = config["config"]["layers"]
    shape = first["config"].pop("batch_shape")
    first["config"] |= {"batch_input_shape": shape, "sparse": False, "ragged": False}
    rest[0]["config"]["batch_input_shape"] = shape
    for part in (first, *rest):
        part["config"]["dtype"] = "float32"
    with zipfile.ZipFile(saved / "own.keras") as archive:
        data = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(data, "r+") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    parts = {"config_json": json.dumps(config), "model_weights_h5": data.getvalue()}
    frozen = freeze(packed(tmp_path / "old.keras", saved, **parts))
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)


def test_weights_alone_are_told_what_they_lack(model, tmp_path):
    model.save_weights(tmp_path / "own.weights.h5")
    with pytest.raises(ValueError, match="lies no description, such as model.to_json writes. Put"):
        freeze(tmp_path / "own.weights.h5")


def test_weights_of_another_network_are_refused(tmp_path):
    values = dict(OLD, dense_1={"kernel:0": weights(5, 10), "bias:0": weights(10)})
    path = write_old(tmp_path / "old.h5", of_version("2.2.4"), values=values)
    with pytest.raises(ValueError, match="weights do not fit its network") as caught:
        freeze(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_what_keras_3_does_not_have_is_one_sentence(tmp_path):
    config = of_version("2.2.4")
    config["config"]["layers"][0]["config"]["colours"] = "all"
    words = r"Keras [\d.]+ cannot build the file's network.*tf_keras.models.load_model.*SavedModel"
    with pytest.raises(ValueError, match=words):
        freeze(write_old(tmp_path / "old.h5", config))


# --- Hostile ones


def packed(path, saved, **parts):
    """A `.keras` file with other contents."""
    with zipfile.ZipFile(saved / "own.keras") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents |= {name.replace("_", "."): data for name, data in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def config_of(saved):
    with zipfile.ZipFile(saved / "own.keras") as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["hostile.keras", "hostile.h5"])
def test_code_in_a_file_is_refused(name, tmp_path):
    model = keras.Sequential([keras.Input((784,)), layers.Lambda(lambda x: x[:, :10])])
    model.save(tmp_path / name)
    with pytest.raises(ValueError, match="asks for 'Lambda'.*code of a file is never run.*export"):
        freeze(tmp_path / name)


HARM = {
    "module of python": {"module": "os", "class_name": "system", "config": {}},
    "function of python": {"module": "os", "class_name": "function", "config": "getcwd"},
    "function of keras": {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    },
    "class of keras": {"module": "keras.utils", "class_name": "Progbar", "config": {"target": 1}},
    "lambda": {"class_name": "__lambda__", "config": {"value": "4wAAAA=="}},
    "typespec": {"class_name": "__typespec__", "spec_name": "x", "module": "os", "config": []},
    "a saved model": {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"filepath": "/tmp/x"},
    },
    "a file": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "/etc/passwd"},
    },
    "a disguise": {
        "module": "keras.src.ops.core",
        "class_name": "Map",
        "config": {"function": None},
    },
    "another module": {"module": "keras.src.saving.x", "class_name": "Dense2", "config": {}},
    "no text": {"module": ["os"], "class_name": ["system"], "config": {}},
}


@pytest.mark.parametrize("kind", HARM)
@pytest.mark.parametrize("place", ["layer", "activation"])
def test_only_layers_of_keras_are_built(kind, place, saved, tmp_path):
    config = config_of(saved)
    if place == "layer":
        config["config"]["layers"][2] = HARM[kind]
    else:
        config["config"]["layers"][1]["config"]["activation"] = HARM[kind]
    path = packed(tmp_path / "hostile.keras", saved, config_json=json.dumps(config))
    words = "which is not one of Keras's own computing layers"
    words = "reads words or whole numbers" if kind == "a file" else words
    with pytest.raises(ValueError, match=words):
        freeze(path)


def test_a_layer_that_this_process_made_known_is_built(tmp_path):
    @keras.saving.register_keras_serializable("tests_of_freezing")
    class Twice(layers.Layer):
        def call(self, x):
            return 2 * x

    model = keras.Sequential([keras.Input((784,)), Twice(), layers.Dense(10)])
    model.save(tmp_path / "own.keras")
    x = X.reshape(4, 784)
    np.testing.assert_allclose(logits_of(freeze(tmp_path / "own.keras"), x), model(x), atol=1e-5)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[" * 100_000, "100,000 levels deep; 60 are allowed"),
        ('{"a":' * 100_000 + "0" + "}" * 100_000, "levels deep; 60 are allowed"),
        (json.dumps({"a": [0] * 300_000}), "over 200,000 values"),
        ("{" * 10, "is no JSON"),
        ("[]", "names no model"),
        ("{}", "cannot build the file's network|holds a dict"),
        ('{"class_name": "Dense", "config": {"units": 3}, "module": "keras.layers"}', "a Dense"),
        (" " * 2**24 + "{}", "has 16,777,218 characters"),
    ],
    ids=["lists", "dicts", "long", "broken", "list", "empty", "layer", "spaces"],
)
def test_odd_descriptions_are_one_sentence(config, words, saved, tmp_path):
    path = packed(tmp_path / "odd.keras", saved, config_json=config)
    with pytest.raises(ValueError, match=words) as caught:
        freeze(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_a_network_of_too_many_weights_is_not_built(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_config, "MAX_NUMBER", 1000)
    monkeypatch.setattr(keras_file, "MAX_SMALL", 100)
    config = config_of(saved)
    dense = config["config"]["layers"][-1]["config"]
    for units, words in (
        (1001, "asks for a 'units' of"),
        (20, "has 1[0-9],.* weights, and its file [0-9,]* values"),
    ):
        dense["units"] = units
        path = packed(tmp_path / "wide.keras", saved, config_json=json.dumps(config))
        with pytest.raises(ValueError, match=words):
            freeze(path)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(file_sizes, "MAX_UNPACKED", 2**20)
    path = tmp_path / "grows.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(2 * 2**20))
    with pytest.raises(ValueError, match="parts would grow from 0.0 to 2 MB"):
        freeze(path)


def hdf5_with(spoil):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        spoil(file.create_group("layers"))
    return data.getvalue()


def virtual(group):
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    group.create_virtual_dataset("x", layout)


ODD_VALUES = {
    "external link": (
        lambda g: g.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")),
        "refers to other places",
    ),
    "soft link": (lambda g: g.__setitem__("x", h5py.SoftLink("/")), "refers to other places"),
    "external values": (
        lambda g: g.create_dataset("x", (3,), "f4", external=[("/etc/hostname", 0, 12)]),
        "lies in another file",
    ),
    "virtual values": (virtual, "lies in another file"),
    "huge": (
        lambda g: g.create_dataset("x", (2**18 + 1,), "f4", chunks=(1024,)),
        "values would grow from .* MB",
    ),
    "many": (
        lambda g: [g.create_dataset(f"x{k}", (2**15,), "f4", chunks=(1024,)) for k in range(9)],
        "values would grow from .* MB",
    ),
}


@pytest.mark.parametrize("kind", ODD_VALUES)
def test_values_that_are_not_in_the_file_are_refused(kind, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(file_sizes, "MAX_UNPACKED", 2**20)
    spoil, words = ODD_VALUES[kind]
    data = hdf5_with(spoil)
    with pytest.raises(ValueError, match=words):
        freeze(packed(tmp_path / "odd.keras", saved, model_weights_h5=data))
    (tmp_path / "odd.h5").write_bytes(data)
    with pytest.raises(ValueError, match=words):
        freeze(tmp_path / "odd.h5")


def test_damaged_files_are_one_sentence(saved, tmp_path):
    for name in ("own.keras", "own.h5"):
        whole = (saved / name).read_bytes()
        for share in (0.1, 0.5, 0.9):
            path = tmp_path / name
            path.write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(ValueError) as caught:
                freeze(path)
            assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_an_hdf5_file_of_altered_bytes_is_read_or_refused(saved, tmp_path):
    """HDF5 fails wherever the damage is met, with errors that are elsewhere for missing files."""
    whole, random = (saved / "own.h5").read_bytes(), np.random.default_rng(0)
    path, refused = tmp_path / "altered.h5", 0
    for _ in range(40):
        data = np.frombuffer(whole, np.uint8).copy()
        places = random.integers(8, min(len(data), 12_000), 3)
        data[places] = random.integers(0, 256, 3)
        path.write_bytes(data.tobytes())
        try:
            freeze(path)
        except ValueError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 600
    assert refused


def test_a_layer_of_words_says_that_it_has_no_gradient(tmp_path):
    stack = [keras.Input((6,), dtype="int32"), layers.Embedding(9, 4), layers.Flatten()]
    keras.Sequential([*stack, layers.Dense(3)]).save(tmp_path / "words.keras")
    with pytest.raises(ValueError, match=r"layer Embedding reads words.*comes after it\."):
        freeze(tmp_path / "words.keras")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_layers_of_keras_s_own_applications(ending, tmp_path):
    """ConvNeXt's and InceptionResNetV2's. Keras itself cannot read such an .h5 file."""
    inputs = keras.Input((8, 8, 3))
    scaled = convnext.StochasticDepth(0.2)(convnext.LayerScale(0.3, 3)(inputs))
    both = inception_resnet_v2.CustomScaleLayer(0.4)([inputs, scaled])
    model = keras.Model(inputs, layers.Dense(4)(layers.Flatten()(both)))
    model.layers[1].set_weights([np.float32([0.1, 2, -3])])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("absl.logging.warning", lambda *_: None)
        model.save(tmp_path / f"own.{ending}")
    frozen, images = freeze(tmp_path / f"own.{ending}"), pictures(2, 8, 8, 3)
    np.testing.assert_allclose(logits_of(frozen, images), model(images), rtol=1e-4, atol=1e-5)
