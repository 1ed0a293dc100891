"""The range of pixels: what a network says of it, and what its family does."""

import keras
import pytest

from invert.inversion.freezing import freeze
from invert.inversion.freezing.reading_off.families import FAMILIES, family_of

layers = keras.layers


@pytest.mark.parametrize(
    ("kind", "name"),
    [("MobileNetV2", "MobileNetV2"), ("MobileNet", "MobileNet"), ("ResNet50V2", "ResNetV2")],
)
def test_well_known_networks_are_known_by_their_layers(kind, name):
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, kind)(
            weights=None, input_shape=(32, 32, 3), include_top=False
        )
    names = [layer.name for layer in model.layers]
    assert family_of(names).name == name
    assert family_of([f"model_1/{name}_1/op" for name in names]).name == name


@pytest.mark.parametrize("kind", ["ResNet50", "DenseNet121", "VGG16"])
def test_networks_for_other_pixels_are_of_no_family_here(kind):
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, kind)(
            weights=None, input_shape=(32, 32, 3), include_top=False
        )
    assert family_of([layer.name for layer in model.layers]) is None


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
