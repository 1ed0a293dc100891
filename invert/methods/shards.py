"""A data set of any size, in shards: what each holds follows from the plan and its number.

So shards can be made in any order, by any number of workers, and again where one was lost.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from invert.inversion.checks import MAX_COUNT, MAX_SEED, check_whole
from invert.methods.generation import generate
from invert.networks.classifier import open_graph

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.methods.opposite import Opposite

MAX_DATASET = 100_000_000
MOST_IN_A_SHARD = 100_000

_keeping = threading.Lock()
_last: dict[bytes, FrozenGraph] = {}
_last_opposite: dict[tuple[bytes | None, str | bytes], Opposite] = {}


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be made.

    Attributes:
        count: of images; their classes go round: 0, 1, 2, …
        shard: images in a shard; the last may have fewer.
        classes: how many the classifier has.
        classifier: a shipped one's name, or a frozen graph as ``passing.pack`` writes it. It stays
            bytes until TensorFlow is kept to one thread: making a tensor fixes their number.
        method: by default what the classifier is best run backwards by.
        start: where M starts, by default the method's own.
        settings: of the method, where they are not its own.
        labels: of one's own classifier's classes.
        opposite: the bytes of an opposite model's file, which then draws; the classifier is asked
            what it says of the images.
        seed: of all; each call of ``generate`` has one of its own that follows from it, so data
            sets of two seeds have nothing in common.
    """

    count: int
    shard: int = MAX_COUNT
    classes: int = 10
    classifier: str | bytes = "energy"
    method: str | None = None
    start: str | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seed: int = 0
    opposite: bytes | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self):
        check_whole(self.count, "the count of images", 1, MAX_DATASET)
        check_whole(self.shard, "the images of a shard", 1, MOST_IN_A_SHARD)
        check_whole(self.seed, "seed", 0, MAX_SEED)

    @property
    def shards(self) -> int:
        """How many shards there are.

        >>> Plan(2500).shards
        3
        """
        return -(-self.count // self.shard)

    def seed_of(self, shard: int, call: int) -> int:
        """The seed of one call of ``generate``."""
        mixed = np.random.SeedSequence((self.seed, shard, call)).generate_state(1)[0]
        return int(mixed) % (MAX_SEED + 1)


def make(plan: Plan, number: int) -> dict[str, np.ndarray]:
    """Make one shard.

    TensorFlow is kept to one thread: the last bits of a sum depend on how many threads share it,
    and shards made side by side use all cores as well. So run it in a process of its own.

    Args:
        plan: of all shards.
        number: of this one, from 0.

    Returns:
        Arrays by name, as they are written: ``images`` uint8 ``(n, *shape)``, 0 to 255 over the
        pixel range; ``digits`` int64 ``(n,)``, the classes asked for; ``seeds`` int64 ``(n,)``, of
        the call that made each; ``probabilities`` float32 ``(n, classes)``, the classifier's; and
        ``settings``, JSON of how they were made.
    """
    _keep_to_one_thread()
    first = number * plan.shard
    targets = np.arange(first, min(first + plan.shard, plan.count)) % plan.classes
    images, probabilities, seeds = [], [], []
    for call, begin in enumerate(range(0, len(targets), MAX_COUNT)):
        part, seed = targets[begin : begin + MAX_COUNT], plan.seed_of(number, call)
        if plan.opposite is None:
            known = _kept(plan)
            run = generate(
                part, plan.method, classifier=known, seed=seed, start=plan.start, **plan.settings
            )
        else:
            run = _opposite(plan).draw(part, seed)
        images.append(np.round(255 * run.domain.to_unit(run.images)).astype(np.uint8))
        probabilities.append(run.probabilities)
        seeds.append(np.full(len(run.images), run.seed))
    settings = {
        "classifier": run.classifier,
        "labels": run.labels,
        "pixel_range": run.pixel_range,
        "method": run.method,
        "start": run.start,
        **run.settings,
    }
    return {
        "images": np.concatenate(images),
        "digits": targets,
        "seeds": np.concatenate(seeds),
        "probabilities": np.concatenate(probabilities),
        "settings": np.array(json.dumps(settings, ensure_ascii=False)),
    }


def _opposite(plan: Plan) -> Opposite:
    """The plan's opposite model; that of the last shard, where it is the same."""
    from invert.methods.opposite import of_held
    from invert.methods.opposite.model_file import parse

    key = plan.opposite, plan.classifier
    graph = open_graph(_kept(plan))
    with _keeping:
        if key not in _last_opposite:
            _last_opposite.clear()
            _last_opposite[key] = of_held(parse(plan.opposite or b"", "--opposite"), graph)
        return _last_opposite[key]


def _kept(plan: Plan) -> str | FrozenGraph:
    """The plan's classifier; the one of the last shard, where it is the same."""
    if isinstance(plan.classifier, str):
        return plan.classifier
    from invert.inversion.freezing import passing

    with _keeping:
        if plan.classifier not in _last:
            _last.clear()
            graph = passing.unpack(plan.classifier, "own")
            _last[plan.classifier] = dataclasses.replace(graph, labels=plan.labels)
        return _last[plan.classifier]


def _keep_to_one_thread() -> None:
    import tensorflow as tf

    threads = tf.config.threading
    with _keeping:
        if threads.get_intra_op_parallelism_threads() != 1:
            threads.set_inter_op_parallelism_threads(1)
            threads.set_intra_op_parallelism_threads(1)
