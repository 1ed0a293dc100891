"""Transfer, against networks of which everything is known."""

import dataclasses

import keras
import numpy as np
import pytest

import invert
from invert.evaluation.transfer import transfer

NAMES = ["red", "green", "blue"]


def colours(order, low=0.0, high=1.0, **options):
    """A network that says which colour is strongest; its classes stand in the order given."""
    mean, scaled = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, use_bias=False)
    model = keras.Sequential([keras.Input((4, 4, 3)), mean, scaled])
    scaled.set_weights([50 * np.eye(3, dtype=np.float32)[:, order] / (high - low)])
    labels = [NAMES[number] for number in order]
    return invert.freeze(model, pixel_range=(low, high), **{"labels": labels, **options})


@pytest.fixture(scope="module")
def run():
    """Four targets; the images of the first three are their colours, and that of the last lies."""
    made = invert.generate([0, 1, 2, 0], "plain", classifier=colours([0, 1, 2]), steps=1)
    images = np.zeros((4, 4, 4, 3), np.float32)
    for image, colour in enumerate((0, 1, 2, 1)):
        images[image, ..., colour] = 1
    return dataclasses.replace(made, images=images)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
@pytest.mark.parametrize("bounds", [(0, 1), (-1, 1), (0, 255)])
def test_it_is_the_share_read_as_meant_in_any_order_and_range(run, order, bounds):
    assert transfer(run, colours(order, *bounds)) == 0.75


def test_labels_are_matched_by_name_and_not_by_place(run):
    assert transfer(run, colours([2, 0, 1], labels=[" Blue", "RED", "Green "])) == 0.75
    assert transfer(run, colours([0, 1, 2], labels=["green", "red", "blue"])) == 0.5


def test_a_class_that_is_not_there_and_another_shape_are_refused(run):
    with pytest.raises(ValueError, match=r"has none called 'green'\. Name its classes"):
        transfer(run, colours([0, 1, 2], labels=["red", "grün", "blue"]))
    with pytest.raises(ValueError, match=r"run's shape, \(4, 4, 3\); got energy, which reads"):
        transfer(run, "energy")
    reds = dataclasses.replace(run, targets=run.targets[:1], images=run.images[:1])
    assert transfer(reds, colours([0, 1, 2], labels=["red", "grün", "blau"])) == 1
