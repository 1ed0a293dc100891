"""How long the steps of one's own network take, by its arithmetic, and what a run of it may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from invert.inversion.checks import MAX_STEPS
from invert.methods import records
from invert.page.own_network.refusal_wording import ALIAS, ELSEWHERE

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

MOST_SIDE, COLOURS = 224, 3  # of an image
FEWEST_CLASSES, MOST_CLASSES = 2, 100
MOST_FEATURES, MOST_OUTPUTS = 48, 8
# Of an image on the way to the logits, see ``gate.cost``. Two convolutions of 32 and 64 units
# on 28×28 pixels and a dense layer take 40 million, ResNet-20 some 100 million.
MOST_EFFORT = 1.5e9
MOST_OPERATIONS = 1200  # each takes up to 5 ms to be prepared; 28 steps of a GRU are 540
MOST_RESULTS = 2**26  # bytes of an image; of both ways and two batches there are six times as many
MOST_RESULTS_OF_A_RUN = 2**27  # of all images together
# Of a whole run: six seconds by that measure, and at most twice that by the clock.
MOST_OF_A_RUN = 1.5e11
MOST_IMAGES = 16
EVERY_BATCH = range(1, MOST_IMAGES + 1)
IN_PYTHON = "In Python invert.freeze(…, bounds=…) takes more."
# Of a first layer that is taken apart: its weights, and these times its shorter side. A singular
# value decomposition of that size takes some seconds.
MOST_WEIGHTS, MOST_FACTORED = 2**22, 4e9
TAKEN_APART = "whether it is taken apart"
EFFORT = "effort"  # where a frozen graph keeps it
# Of a pixel that the pen draws, both ways: measured, in the same units, and the bytes of what is
# held of it, for two strokes of 13 pieces. Of M without a pen it is nothing.
PEN_WORK, PEN_BYTES = 4550.0, 4 * 26
PEN = cast(records.Optimization, records.METHODS["strokes"])


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long a network's steps take, in multiplications; see ``gate.cost``.

    Attributes:
        step: for any number of images.
        image: beside that, for each image.
        results: bytes that the layers return for each image.
        most: images whose results fit into the memory that a graph may take.
    """

    step: float
    image: float
    results: float = 1.0
    most: int = MOST_IMAGES

    def most_images(self, steps: int) -> int:
        """How many images a run of so many steps may have: 0 to ``most``."""
        by_time = int((MOST_OF_A_RUN / steps - self.step) / self.image)
        return max(0, min(self.most, by_time, int(MOST_RESULTS_OF_A_RUN / self.results)))

    def most_steps(self, images: int) -> int:
        """How many steps a run of so many images may take: 0 to ``MAX_STEPS``."""
        return min(MAX_STEPS, int(MOST_OF_A_RUN / (self.step + images * self.image)))

    def by(self, record: records.Optimization, values: int) -> Effort:
        """Return how long a method's steps take: all its passes, and the pen of ``strokes``.

        Args:
            record: the method.
            values: of an image.
        """
        pen = values if record.parametrisation == "strokes" else 0
        image = record.passes * (self.image + PEN_WORK * pen)
        results = record.passes * self.results + record.tries * PEN_BYTES * pen
        return Effort(self.step, image, results, self.most)


def check(frozen: FrozenGraph, batches: Sequence[int] = EVERY_BATCH) -> Effort:
    """Return how long a network's steps take, if it is one that the page runs.

    Nothing of it is run. Its sizes are followed for some numbers of images: in the process that
    reads it for all that may be asked for, on the server for one large number, which is quick.

    Raises:
        ValueError: it is too large; in one sentence.
    """
    if not frozen.domain.is_image:
        _check_features(frozen)
    elif max(frozen.image_shape[:2]) > MOST_SIDE or frozen.image_shape[2:] not in ((), (COLOURS,)):
        image = "×".join(map(str, frozen.image_shape))
        raise ValueError(
            f"A network must take images of at most {MOST_SIDE}×{MOST_SIDE}×{COLOURS};"
            f" {ALIAS} takes {image}. {ELSEWHERE}"
        )
    if frozen.head != "values" and not FEWEST_CLASSES <= frozen.classes <= MOST_CLASSES:
        raise ValueError(
            f"A network must tell apart {FEWEST_CLASSES} to {MOST_CLASSES} classes; {ALIAS} has"
            f" {frozen.classes:,}. Train it on fewer."
        )
    if EFFORT not in frozen.compiled:  # not by ``once``, which makes others wait
        frozen.compiled[EFFORT] = _effort(frozen, batches)
    known: Effort = frozen.compiled[EFFORT]
    return known


def _check_features(frozen: FrozenGraph) -> None:
    if frozen.values > MOST_FEATURES:
        raise ValueError(
            f"A network must take at most {MOST_FEATURES} features, or images; {ALIAS} takes"
            f" {frozen.values:,}. {IN_PYTHON}"
        )
    if frozen.head == "values" and frozen.classes > MOST_OUTPUTS:
        raise ValueError(
            f"A network must give at most {MOST_OUTPUTS} values; {ALIAS} gives {frozen.classes:,}."
            f" {IN_PYTHON}"
        )


def effort_of(frozen: FrozenGraph) -> Effort:
    """Return how long the steps of a network take that was checked.

    Where the memory does not suffice for the most images, half as many are offered, and so on.

    Raises:
        ValueError: they take too long, or too much memory.
    """
    from invert.inversion.freezing.refusal import Exceeded  # TensorFlow comes with it

    most = MOST_IMAGES
    while True:
        try:
            return check(frozen, (most,))
        except Exceeded:
            if most == 1:
                raise
            most //= 2


def takes_apart(frozen: FrozenGraph) -> bool:
    """Whether a network is of dense layers alone, the first small enough to be taken apart."""
    from invert.explanation import dense_layers

    if TAKEN_APART not in frozen.compiled:
        units = 0
        if dense_layers.is_dense(frozen):
            units = dense_layers.dense_layers(frozen)[0][0].shape[1]
        weights = frozen.values * units
        small = 0 < weights <= MOST_WEIGHTS and weights * min(frozen.values, units) <= MOST_FACTORED
        frozen.compiled[TAKEN_APART] = small
    return bool(frozen.compiled[TAKEN_APART])


def takes_pen(frozen: FrozenGraph) -> bool:
    """Whether the question which ink a network reads takes no longer than a run may.

    It is asked by a short run each way, see ``pen.ink_is_dark``; before that, drawings are read.
    """
    from invert.methods import pen

    asked = dataclasses.replace(PEN, looks=1, tries=1)
    known = effort_of(frozen).by(asked, frozen.values)
    images = min(frozen.classes, pen.CLASSES)
    drawn = pen.SAMPLE * PEN_BYTES * frozen.values
    return (
        known.most_steps(images) >= 2 * pen.STEPS
        and images * known.results <= MOST_RESULTS_OF_A_RUN
        and drawn <= MOST_RESULTS
    )


def _effort(frozen: FrozenGraph, batches: Sequence[int]) -> Effort:
    from invert.inversion.freezing.gate.workload import workload
    from invert.inversion.freezing.refusal import Exceeded

    operations = sum(node.op != "Const" for node in frozen.architecture.graph_def.node)
    if operations > MOST_OPERATIONS:
        raise ValueError(
            f"A network must have at most {MOST_OPERATIONS} operations; {ALIAS} has"
            f" {operations:,}. Give one of fewer layers."
        )
    step = image = results = 0.0
    most, too_many = 0, None
    for batch in batches:  # sizes may depend on it in any way
        try:
            load = workload(frozen, batch)
        except Exceeded as error:
            if not most:
                raise
            too_many = error
            continue
        if too_many is not None:  # more images need less: nothing can be said of others
            raise too_many
        step, image = max(step, load.overhead), max(image, load.effort / batch)
        results, most = max(results, load.bytes / batch), batch
        _check_load(step + image, results)
    return Effort(step, max(image, 1.0), max(results, 1.0), most)


def _check_load(effort: float, results: float) -> None:
    if effort > MOST_EFFORT:
        raise ValueError(
            f"A network must be fast enough for this page; {ALIAS} takes"
            f" {effort / MOST_EFFORT:,.1f} times as long for an image as it may. {ELSEWHERE}"
        )
    if results > MOST_RESULTS:
        raise ValueError(
            f"A network's layers must return at most {MOST_RESULTS // 2**20} MB an image;"
            f" those of {ALIAS} return {results / 2**20:,.0f} MB. {ELSEWHERE}"
        )
