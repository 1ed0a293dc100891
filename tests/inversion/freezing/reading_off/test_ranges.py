"""The range of pixels: what a network says of it, and what its family does."""

import pickle

import keras
import numpy as np
import pytest
import tf_keras
from small_networks import logits_of, pictures

from invert.inversion.freezing import freeze
from invert.inversion.freezing.reading_off.families import FAMILIES, family_of

layers = keras.layers


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("MobileNetV2", "MobileNetV2"),
        ("MobileNet", "MobileNet"),
        ("ResNet50V2", "ResNetV2"),
        ("ResNet50", "ResNet"),
        ("DenseNet121", "DenseNet"),
        ("VGG16", "VGG"),
    ],
)
def test_well_known_networks_are_known_by_their_layers(kind, name):
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, kind)(
            weights=None, input_shape=(32, 32, 3), include_top=False
        )
    names = [layer.name for layer in model.layers]
    assert family_of(names).name == name
    assert family_of([f"model_1/{name}_1/op" for name in names]).name == name


@pytest.mark.parametrize("kind", ["resnet50", "densenet", "vgg16", "mobilenet_v2"])
def test_a_familys_range_is_that_of_its_own_preparation(kind):
    """What Keras's own preprocessing makes of black and white pictures are the two ends."""
    prepare = getattr(keras.applications, kind).preprocess_input
    family = next(family for family in FAMILIES if family.name == NAMES[kind])
    for bound, level in zip(family.pixel_range, (0.0, 255.0), strict=True):
        pixel = prepare(np.full((1, 1, 3), level, np.float32))
        np.testing.assert_allclose(np.broadcast_to(bound, 3), pixel[0, 0], rtol=1e-4)


NAMES = {
    "resnet50": "ResNet",
    "densenet": "DenseNet",
    "vgg16": "VGG",
    "mobilenet_v2": "MobileNetV2",
}


def teachable(*first):
    """Layers that are named as Teachable Machine's."""
    stack = [
        layers.DepthwiseConv2D(3, name="expanded_conv_depthwise"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, "relu", name="dense_Dense3"),
        layers.Dense(2, "softmax", use_bias=False, name="dense_Dense4"),
    ]
    return keras.Sequential([keras.Input((8, 8, 3)), *first, *stack])


def test_a_familys_range_is_taken_where_the_network_says_nothing():
    assert freeze(teachable()).pixel_range == (-1, 1)
    assert freeze(teachable(), pixel_range=(0, 255)).pixel_range == (0, 255)
    assert freeze(teachable(layers.Rescaling(1 / 127.5, -1))).pixel_range == (0, 255)
    assert FAMILIES[0].name == "Teachable Machine"


def test_what_speaks_for_a_range_is_kept_in_words():
    frozen = freeze(teachable())
    assert frozen.range_assumed
    assert frozen.range_evidence.startswith("its layers are named as those of Teachable Machine")
    (note,) = pickle.loads(pickle.dumps(frozen)).notes
    assert "are taken to be in [-1, 1]: its layers" in note
    assert freeze(teachable(), pixel_range=(-1, 1)).notes == ()
    said = freeze(teachable(layers.Rescaling(1 / 127.5, -1)))
    assert said.notes == () and said.range_evidence == "its first step is 0.007843·x − 1"


def test_each_colour_may_have_a_range_of_its_own():
    means, scales = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    range_of_each = -means / scales, (1 - means) / scales
    model = teachable()
    frozen = freeze(model, pixel_range=range_of_each)
    np.testing.assert_allclose(frozen.pixel_range, range_of_each, rtol=1e-6)
    light = pictures(2, 8, 8, 3)
    images = frozen.domain.from_unit(light)
    np.testing.assert_allclose(images, (light - means) / scales, atol=1e-5)
    odds = frozen.probabilities(logits_of(frozen, images))
    np.testing.assert_allclose(odds, model(images), atol=1e-5)


@pytest.mark.parametrize(
    "told", [(1, 0), (0, 0), 3, ("a", "b"), ([0, 0], [1, 1]), (0, [1, 1, 0]), (0, np.inf), (0,)]
)
def test_what_is_no_range_is_refused(told):
    with pytest.raises(ValueError, match="pixel_range must be the lowest and the highest value"):
        freeze(teachable(), pixel_range=told)


def test_grey_images_have_no_colours():
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"for images in colour alone.* \(8, 8\)"):
        freeze(model, pixel_range=(0, [1, 2, 3]))


@pytest.mark.parametrize("library", [keras, tf_keras])
@pytest.mark.parametrize(
    ("high", "low", "taken"), [(1, 0, (0, 1)), (1, -1, (-1, 1)), (255, 0, (0, 255))]
)
def test_a_first_batch_normalisation_has_seen_the_pixels(library, high, low, taken):
    """Its statistics are those of pictures in that range, here of uniform pixels."""
    normal = library.layers.BatchNormalization()
    rest = [library.layers.Flatten(), library.layers.Dense(2, activation="softmax")]
    model = library.Sequential([library.Input((4, 4, 3)), normal, *rest])
    pixels = low + (high - low) * pictures(50, 4, 4, 3)
    weights = normal.get_weights()  # scale, shift, mean, variance
    weights[:2] = np.float32([2, 0.5, 1]), np.float32([0.3, -2, 0])
    weights[2:] = pixels.mean((0, 1, 2)), pixels.var((0, 1, 2))
    normal.set_weights(weights)
    graph = freeze(model)
    assert graph.pixel_range == taken and graph.range_assumed
    assert "its first batch normalisation saw pixels of mean" in graph.notes[0]


@pytest.mark.parametrize("library", [keras, tf_keras])
def test_one_that_has_seen_nothing_says_nothing(library):
    normal = library.layers.BatchNormalization()
    rest = [library.layers.Flatten(), library.layers.Dense(2, activation="softmax")]
    graph = freeze(library.Sequential([library.Input((4, 4, 3)), normal, *rest]))
    assert graph.pixel_range == (0, 1)
    assert graph.range_evidence == "nothing in the network speaks of another range"


@pytest.mark.parametrize(("sides", "number"), [((6, 4), 1), ((6, 6), 0), ((6, 4, 1), 0)])
def test_what_may_be_a_sequence_is_said_to_be_taken_for_a_picture(sides, number):
    stack = [keras.Input(sides), keras.layers.Flatten(), keras.layers.Dense(3)]
    notes = freeze(keras.Sequential(stack), pixel_range=(0, 1)).notes
    assert len(notes) == number and all("6×4 values, are taken for grey" in note for note in notes)
