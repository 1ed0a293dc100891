"""What Teachable Machine exports, as it is downloaded: a zip archive of each kind.

Its networks are a MobileNetV2, pooled, in a Sequential, and two dense layers in another.
"""

import json
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from small_networks import gradient_of, probabilities_of
from tfjs_models import images, put, recorded

from invert.inversion.freezing import freeze

NAMES = ("Ente", "rubber duck", "2 geese")
LABELS = "".join(f"{number} {name}\n" for number, name in enumerate(NAMES))
METADATA = {"tmVersion": "2.4.10", "packageName": "@teachablemachine/image", "labels": NAMES}


@pytest.fixture(scope="module")
def teachable():
    """A small network, nested and named as Teachable Machine's."""
    import tf_keras as keras

    layers = keras.layers
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 3), name="input_1")
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="Conv1_pad")(image)
    x = layers.Conv2D(6, 3, 2, use_bias=False, name="Conv1")(x)
    x = layers.BatchNormalization(name="bn_Conv1", momentum=0.999)(x)
    y = layers.ReLU(6.0, name="Conv1_relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="expanded_conv_depthwise")(y)
    y = layers.BatchNormalization(name="expanded_conv_depthwise_BN")(y)
    base = keras.Model(image, layers.Add(name="block_1_add")([x, y]), name="model1")
    features = keras.Sequential([base, layers.GlobalAveragePooling2D()], name="sequential_1")
    head = [
        layers.Dense(8, "relu", name="dense_Dense1", input_shape=(6,)),
        layers.Dense(3, "softmax", use_bias=False, name="dense_Dense2"),
    ]
    head = keras.Sequential(head, name="sequential_3")
    model = keras.Sequential([features, head], name="sequential_4")
    model.build((None, 12, 12, 3))
    draw = np.random.default_rng(0)
    for variable in model.variables:
        if "moving_mean" in variable.name or "beta" in variable.name:
            variable.assign(0.1 * draw.standard_normal(variable.shape))
        elif "Dense2" in variable.name:
            variable.assign(3 * draw.standard_normal(variable.shape))
    return model


def keras_kind(folder, model):
    model.save(folder / "keras_model.h5", save_format="h5")
    return folder / "keras_model.h5"


def saved_model_kind(folder, model):
    tf.saved_model.save(model, str(folder / "model.savedmodel"))
    return folder / "model.savedmodel"


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.rglob("*")):
            archive.write(part, part.relative_to(folder))
    return path


@pytest.mark.parametrize("kind", [keras_kind, saved_model_kind])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_download_is_known_for_what_it_is(kind, packed, teachable, tmp_path):
    folder = tmp_path / "download"
    folder.mkdir()
    network = kind(folder, teachable)
    (folder / "labels.txt").write_text(LABELS)
    given = zipped(folder, tmp_path / "converted.zip") if packed else network
    frozen = freeze(given)
    assert frozen.name == given.name and frozen.image_shape == (12, 12, 3)
    assert (frozen.labels, frozen.pixel_range, frozen.head) == (NAMES, (-1, 1), "softmax")
    assert "Teachable Machine" in frozen.range_evidence
    x = np.random.default_rng(1).uniform(-1, 1, (4, 12, 12, 3)).astype(np.float32)
    want = teachable(x).numpy()
    np.testing.assert_allclose(probabilities_of(frozen, x), want, atol=1e-5)
    assert want.max() - want.min() > 0.1
    with tf.GradientTape() as tape:
        watched = tf.constant(x)
        tape.watch(watched)
        odds = tf.math.log(teachable(watched))
        margin = odds[:, 1] - odds[:, 0]
    mine = gradient_of(frozen, x, 1) - gradient_of(frozen, x, 0)
    np.testing.assert_allclose(mine, tape.gradient(margin, watched), atol=1e-4)


@pytest.mark.parametrize("packed", [True, False])
def test_its_kind_for_tensorflow_js_answers_as_there(packed, tmp_path):
    model, data, answers = recorded("layers_model.json")
    folder = tmp_path / "download"
    folder.mkdir()
    put(folder, model, data)
    (folder / "metadata.json").write_text(json.dumps(METADATA))
    given = zipped(folder, tmp_path / "tm-my-image-model.zip") if packed else folder
    frozen = freeze(given)
    assert (frozen.name, frozen.labels, frozen.pixel_range) == (given.name, NAMES, (-1, 1))
    got = probabilities_of(frozen, images())
    np.testing.assert_allclose(got, answers.reshape(2, 3), atol=1e-6)
