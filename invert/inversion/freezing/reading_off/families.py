"""Recognise networks that are built on well-known ones, by the names of their layers.

Most take pictures that are prepared as for those. The names are those of ``keras.applications``
(https://github.com/keras-team/keras, keras/src/applications), which Teachable Machine keeps.
"""

import dataclasses
import re
from collections.abc import Iterable

import numpy as np

from invert.inversion.domain import Bound

# Of ImageNet's pictures: of red, green and blue as shares; and of 0 to 255, blue first, as Caffe's
# networks took them.
MEANS, SPREADS = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
CAFFE_MEANS = np.array([103.939, 116.779, 123.68])


def _range(low: np.ndarray, high: np.ndarray) -> tuple[Bound, Bound]:
    return tuple(low.tolist()), tuple(high.tolist())


SIGNED = (-1.0, 1.0)
STANDARD = _range(-MEANS / SPREADS, (1 - MEANS) / SPREADS)
CAFFE = _range(-CAFFE_MEANS, 255 - CAFFE_MEANS)


@dataclasses.dataclass(frozen=True)
class Family:
    """What well-known networks of one kind have in common.

    Attributes:
        name: what they are called.
        signs: names of layers that each of them has.
        pixel_range: the lowest and the highest value of a pixel.
        pixels: what they take, in words.
    """

    name: str
    signs: tuple[str, ...]
    pixel_range: tuple[Bound, Bound] = SIGNED
    pixels: str = "such pixels"


FIRST_BLUE = "pixels less Caffe's means, the channels in the order blue, green, red"


# The more particular first.
FAMILIES = (
    Family("Teachable Machine", ("expanded_conv_depthwise", "dense_Dense")),
    Family("MobileNetV2", ("expanded_conv_depthwise", "block_1_expand")),
    Family("MobileNet", ("conv_dw_1", "conv_pw_1")),
    Family("InceptionResNetV2", ("mixed_5b", "conv_7b")),
    Family("InceptionV3", ("mixed0", "mixed10")),
    Family("Xception", ("block2_sepconv1", "block14_sepconv2")),
    Family("ResNetV2", ("conv2_block1_preact_bn",)),
    Family("NASNet", ("stem_conv1", "stem_bn1")),
    Family("DenseNet", ("conv2_block1_0_bn", "conv2_block1_1_conv", "pool2_conv"), STANDARD),
    Family("ResNet", ("conv2_block1_0_bn", "conv2_block1_3_bn"), CAFFE, FIRST_BLUE),
    Family("ResNet", ("res2a_branch2a", "bn2a_branch2a"), CAFFE, FIRST_BLUE),
    Family("VGG", ("block1_conv1", "block5_conv3"), CAFFE, FIRST_BLUE),
)
# What Keras appends to a layer's name where it is used again, and tensorflow.js where it is made.
NUMBER = re.compile(r"(?:_\d+)?$|(?<=dense_Dense)\d+(?:_\d+)?$")


def family_of(names: Iterable[str]) -> Family | None:
    """Return the family of a network, given the names of its operations; None if it has none.

    >>> family_of(["model1/expanded_conv_depthwise_1/depthwise", "dense_Dense2/MatMul"]).name
    'Teachable Machine'
    """
    known = {sign for family in FAMILIES for sign in family.signs}
    parts = {part for name in names for part in name.split("/")}
    found = known.intersection(parts | {NUMBER.sub("", part, count=1) for part in parts})
    return next((family for family in FAMILIES if found.issuperset(family.signs)), None)
