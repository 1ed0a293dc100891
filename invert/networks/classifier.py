"""The classifiers that ship, most of them the question's 784-256-256-10; and how any is opened.

Wherever the package takes a classifier, it takes a shipped one's name, a file of one's own, or what
``invert.freeze`` made of it; ``open_graph`` opens them. TensorFlow is imported after the checks.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from invert.images import DIGITS, PIXELS, check_images
from invert.inversion.checks import brief
from invert.networks import lenet, weights

if TYPE_CHECKING:
    import keras

    from invert.inversion.frozen_graph import FrozenGraph

    # What may stand for a classifier, wherever one is asked for.
    Classifier: TypeAlias = str | os.PathLike[str] | keras.Model | FrozenGraph

HIDDEN = 256


def build(initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros") -> keras.Sequential:
    """Build the untrained classifier: ``(N, 784)`` float32 in [0, 1] → ``(N, 10)`` logits.

    >>> build().count_params()
    269322
    """
    import keras

    layer = {"kernel_initializer": initializer, "bias_initializer": bias_initializer}
    return keras.Sequential(
        [
            keras.Input((PIXELS,), name="image"),
            keras.layers.Dense(HIDDEN, activation="relu", name="hidden1", **layer),
            keras.layers.Dense(HIDDEN, activation="relu", name="hidden2", **layer),
            keras.layers.Dense(DIGITS, name="logits", **layer),
        ],
        name="classifier",
    )


@dataclasses.dataclass(frozen=True)
class Shipped:
    """A classifier that ships.

    Attributes:
        training: how it was trained, in a few words.
        method: the name of the method that it is best run backwards by.
        settings: of that method, where they are not the method's own: its ``start`` too.
        build: makes the network before it was trained, with its name.
    """

    training: str
    method: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    build: Callable[[], keras.Model] = build


CLASSIFIERS: Mapping[str, Shipped] = {
    "question": Shipped("as the question describes", "strokes"),
    "robust": Shipped(
        "on digits that were disturbed so as to mislead it",
        "steepest",
        {"start": "black"},
    ),
    "energy": Shipped(
        "like `robust`, and to tell real digits from those that it imagines itself",
        "steepest",
        # Its differences of logits were never trained, so cross-entropy misleads it.
        {"loss": "logit", "steps": 100, "step_size": 0.55},
    ),
    "student": Shipped(
        "on what `energy` dreams, and on no handwriting: a LeNet-5",
        "steepest",
        {"loss": "logit", "steps": 25},  # after more steps, fewer look like a digit
        build=lenet.build,
    ),
}
DEFAULT = "energy"
DENSE = tuple(name for name, each in CLASSIFIERS.items() if each.build is build)
RULE = (
    f"classifier must be one of {', '.join(CLASSIFIERS)}, the path of a file, or made by"
    " invert.freeze"
)


@weights.once
def load(name: str) -> keras.Model:
    """Return the trained classifier ``name``, loaded once and shared by the whole process.

    Raises:
        ValueError: no classifier has that name.
        WeightsError: its weights are missing, cut or altered.
    """
    check_name(name)
    model = CLASSIFIERS[name].build()
    weights.load(name, model)
    model.trainable = False
    return model


def check_name(name: object) -> None:
    """Raise a ValueError unless ``name`` is a shipped classifier's."""
    if not isinstance(name, str) or name not in CLASSIFIERS:
        raise ValueError(f"{RULE}; got {brief(name)}.")


def check_classifier(classifier: object) -> None:
    """Raise a ValueError for what is neither a name nor a file; more is known once it is opened.

    >>> check_classifier("quick")
    Traceback (most recent call last):
    ValueError: classifier must be one of question, robust, energy, student, the path of a file, \
or made by invert.freeze; got 'quick', and there is no such file.
    """
    if isinstance(classifier, str | os.PathLike):
        if classifier not in CLASSIFIERS and not _exists(classifier):
            raise ValueError(f"{RULE}; got {brief(str(classifier))}, and there is no such file.")
    elif classifier is None or isinstance(classifier, bool | int | float | list | tuple | dict):
        raise ValueError(f"{RULE}; got {type(classifier).__name__}.")


def open_graph(classifier: Classifier) -> FrozenGraph:
    """Return a classifier as a frozen graph: a shipped one once a process, a file anew each time.

    Args:
        classifier: a name in ``CLASSIFIERS``, or what ``invert.freeze`` takes or has made: the path
            of a file or folder, a Keras model, a frozen graph.

    Raises:
        ValueError: none of these, or a file that cannot be frozen.
        WeightsError: the shipped classifier's weights are missing, cut or altered.

    >>> open_graph("robust").image_shape
    (28, 28)
    """
    check_classifier(classifier)
    if isinstance(classifier, str) and classifier in CLASSIFIERS:
        return _shipped(classifier)
    from invert.inversion.freezing import freeze

    return freeze(classifier)


@weights.once
def _shipped(name: str) -> FrozenGraph:
    from invert.inversion.freezing import freeze

    return dataclasses.replace(freeze(load(name), pixel_range=(0, 1)), name=name)


def _exists(path: str | os.PathLike[str]) -> bool:
    try:
        # A checkpoint is a prefix. No name at all would be the folder that one is in.
        return path != "" and (Path(path).exists() or Path(f"{path}.index").exists())
    except (OSError, ValueError):  # no path at all
        return False


def classify(images: npt.ArrayLike, classifier: Classifier = DEFAULT) -> np.ndarray:
    """Return a classifier's probabilities of its classes.

    Args:
        images: ``(N, *shape)`` or one of ``shape``, the classifier's, in its pixel range; of a
            shipped one ``(28, 28)`` in [0, 1], ink = 1 on paper = 0.
        classifier: ``question``, ``robust``, ``energy`` or ``student``; the path of a file of one's
            own; or what ``invert.freeze`` made, which spares reading the file anew at every call.

    Returns:
        ``(N, classes)`` float32; of a shipped classifier ten digits, and each row sums to 1.

    Raises:
        ValueError: ``images`` are no images, or the classifier is unknown.
        WeightsError: a shipped classifier's weights are missing, cut or altered.

    >>> classify(np.zeros((2, 28, 28))).shape
    (2, 10)
    """
    if isinstance(classifier, str) and classifier in CLASSIFIERS:
        check_images(images)  # at once, before TensorFlow is imported
    graph = open_graph(classifier)
    return read(check_images(images, "images", graph.domain), graph)


def read(values: np.ndarray, classifier: Classifier) -> np.ndarray:
    """``classify`` for what need not be an image: ``(N, *shape)`` or flat, of any real values."""
    from invert.inversion.reading import read as read_logits

    graph = open_graph(classifier)
    images = np.reshape(values, (-1, *graph.image_shape)).astype(np.float32)
    return graph.probabilities(read_logits(graph, images))
