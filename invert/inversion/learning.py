"""Learn M: the whole optimisation is one compiled loop over a frozen graph.

Steps 2 and 4 of the question's plan. ``M`` is a new ``tf.Variable`` in every call, so nothing
that changes is shared; the weights are constants, held once, so nothing else can be learned.
"""

import concurrent.futures
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from invert.inversion import batches, compiling, priors
from invert.inversion.architecture import architecture_of
from invert.inversion.checks import MAX_STEPS
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.loop import Settings, make_loop, signature
from invert.inversion.objectives import Objective

# XLA must know how many frames are kept; 0 asks for none.
FRAME_BUCKETS = (0, 32, 64)


class Learned(NamedTuple):
    """What ``learn`` returns, ``N`` images, ``S`` steps, ``F`` frames; float32 but for ``moved``.

    Attributes:
        images: ``(N, *image_shape)``, at the end, in the classifier's pixel range.
        losses: ``(S, N)``, priors included, before each step.
        logits: ``(S + 1, N, classes)``, before each step and at the end.
        frames: ``(F, N, *image_shape)``, the images after ``frame_steps`` steps.
        moved: ``(N,)`` bool, whether M ever left its start: a gradient of zero moves nothing.
    """

    images: np.ndarray
    losses: np.ndarray
    logits: np.ndarray
    frames: np.ndarray
    moved: np.ndarray


def learn(
    frozen: FrozenGraph,
    objective: Objective,
    start: np.ndarray,
    targets: np.ndarray,
    *,
    decoder: Callable[[Any], Any] | None = None,
    steps: int,
    step_size: float,
    weights: Mapping[str, float] = types.MappingProxyType({}),
    frame_steps: Sequence[int] = (),
    seed: int = 0,
) -> Learned:
    """Learn the images that a frozen classifier takes for ``targets``.

    Inside, an image is flat, and its pixels are shares of the classifier's pixel range, 0 to 1: so
    step sizes and priors mean the same for every classifier.

    Args:
        frozen: the classifier.
        objective: loss, step rule and priors.
        start: where M starts, ``(N, *image_shape)`` in the classifier's pixel range; or the
            decoder's codes ``(N, D)``.
        targets: the classes that M is to become, ``(N,)``, by their numbers.
        decoder: where given, M is its code, and the image what it makes of M: a function that
            TensorFlow can trace, codes ``(N, D)`` → flat images ``(N, values)``, 0 to 1. Loops are
            compiled for this very function, and forgotten with it. Without, M is the image, and
            every step ends with a projection to the pixel range.
        steps: 1 to ``MAX_STEPS``.
        step_size: of Adam, or the L2 length of a steepest step, in units of M.
        weights: of the objective's priors, by name; of jitter, the largest shift in pixels. The
            L2 penalty is of M, total variation of the image.
        frame_steps: after how many steps the image is kept as a frame: ``(F,)``, rising, at most
            ``steps``; F at most 64, may be 0.
        seed: of the jitter.

    Returns:
        Images, losses, logits, frames, and which of them moved. The same call returns the same
        bits, in any thread. Among another number of images, an image may be rounded otherwise.

    Raises:
        ValueError: start and targets do not fit the classifier, or the loss, its gradient or the
            logits are not finite.

    >>> import keras
    >>> from invert.inversion.freezing import freeze
    >>> layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
    >>> frozen = freeze(keras.Sequential(layers))
    >>> start, targets = np.full((2, 8, 8, 3), 0.5), np.array([3, 1])
    >>> climb = Objective("logit", "steepest")
    >>> learned = learn(frozen, climb, start, targets, steps=9, step_size=0.2)
    >>> learned.images.shape, learned.losses.shape, learned.moved
    ((2, 8, 8, 3), (9, 2), array([ True,  True]))
    """
    start = _check(frozen, start, targets, coded=decoder is not None)
    least, most = (np.float32(bound) for bound in frozen.pixel_range)
    native = (least, most) == (0, 1)
    if decoder is None:
        start = start.reshape(len(start), frozen.values)
        start = start if native else (start - least) / (most - least)
    # A step may be asked for twice, where there are more frames than steps.
    distinct, place = np.unique(np.asarray(frame_steps, np.int32), return_inverse=True)
    settings = Settings(
        steps=np.int32(steps),
        step_size=np.float32(step_size),
        weights=np.array([weights[name] for name in objective.priors], np.float32),
        shifts=priors.jitter_shifts(int(weights.get(priors.JITTER, 0)), MAX_STEPS + 1, seed),
        frame_steps=distinct,
    )
    arguments = frozen, objective, decoder, start, np.asarray(targets, np.int32), settings
    try:
        ends, images, losses, logits, frames = _learn(*arguments)
    except compiling.Refused:  # which the architecture remembers
        ends, images, losses, logits, frames = _learn(*arguments)
    if not all(np.isfinite(record).all() for record in (losses, logits, images)):
        raise ValueError(
            f"The logits of {frozen.name} and their gradient must be finite; at some step they"
            " were not. Take smaller steps, another start or another pixel range."
        )
    # It may have left and come back; then the logits tell.
    moved = (ends != start).any(axis=1) | (logits != logits[0]).any(axis=(0, 2))

    def shown(flat):
        flat = flat if native else least + (most - least) * flat
        return flat.reshape(*flat.shape[:-1], *frozen.image_shape)

    return Learned(shown(images), losses, logits, shown(frames[place]), moved)


def _check(frozen: FrozenGraph, start, targets, coded: bool) -> np.ndarray:
    start = np.asarray(start, np.float32)
    if not coded and start.shape[1:] != frozen.image_shape:
        raise ValueError(
            f"start must be images of shape {(len(targets), *frozen.image_shape)}; got"
            f" {start.shape}."
        )
    if len(start) != len(targets) or not len(start):
        raise ValueError(
            f"start must have one image for each target, at least one; got {len(start)} for"
            f" {len(targets)}."
        )
    if np.min(targets) < 0 or np.max(targets) >= frozen.classes:
        raise ValueError(f"targets must be classes, 0 to {frozen.classes - 1}; got {targets}.")
    return start


def _learn(frozen: FrozenGraph, objective: Objective, decoder, start, targets, settings: Settings):
    """Learn in batches; return every image's M, image, losses, logits and frames."""
    architecture = architecture_of(frozen)
    count, steps, kept = len(start), settings.steps, len(settings.frame_steps)
    buckets = batches.BUCKETS if decoder is None else batches.DECODER_BUCKETS
    slots = batches.bucket(kept, FRAME_BUCKETS)
    parts = batches.split(count, buckets[-1])
    sizes = [batches.bucket(len(part), buckets) for part in parts]
    xla = compiling.suits_xla(frozen)
    if xla:
        filled = batches.fill_up(settings.frame_steps, slots, MAX_STEPS + 1)
        settings = settings._replace(frame_steps=filled)
    else:  # no size is compiled apart, so nothing has to be filled up
        slots = min(slots, 1)
        parts = batches.split(count, batches.most_at_once(architecture, batches.BOTH_WAYS))
        sizes = [len(part) for part in parts]
    numbers = [tf.constant(value) for value in settings]

    def learn_part(part, size):
        alone = 1 if size == 1 else None  # one image is a trace of its own
        m = tf.Variable(batches.fill_up(start[part], size), shape=(alone, start.shape[1]))
        aims = tf.constant(batches.fill_up(targets[part], size))
        loop = compiling.compiled(
            frozen,
            (objective, slots, alone),
            make_loop(architecture, objective, decoder, slots, xla),
            (m, tf.TensorSpec((alone,), tf.int32), *signature(objective)),
            xla=xla,
            transposed=alone is None,
            owner=decoder,
            shape=size,
        )
        images, losses, logits, frames = (record.numpy() for record in loop(m, aims, *numbers))
        records = m.numpy()[None], images[None], losses[:steps], logits[: steps + 1], frames[:kept]
        return [record[:, : len(part)] for record in records]

    if len(parts) == 1:
        results = [learn_part(parts[0], sizes[0])]
    else:
        # Threads of its own: a shared pool would make this call wait while another compiles.
        # It waits for all of them in the end, so that none goes on when one has failed.
        with concurrent.futures.ThreadPoolExecutor(batches.SIDE_BY_SIDE, "invert-learn") as threads:
            results = list(threads.map(learn_part, parts, sizes))
    ends, images, *records = (np.concatenate(r, axis=1) for r in zip(*results, strict=True))
    return ends[0], images[0], *records
