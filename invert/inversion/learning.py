"""Learn M: the whole optimisation is one compiled loop over a frozen graph.

Steps 2 and 4 of the question's plan. ``M`` is a new ``tf.Variable`` in every call, so nothing
that changes is shared; the weights are constants, held once, so nothing else can be learned.
"""

import concurrent.futures
import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from invert.inversion import batches, compiling
from invert.inversion.checks import MAX_STEPS
from invert.inversion.frozen_graph import FrozenGraph
from invert.inversion.loop import Objective, Settings, make_loop, signature
from invert.inversion.parametrisations import Parametrisation
from invert.inversion.parametrisations.pixels import Pixels

# XLA must know how many frames are kept; 0 asks for none.
FRAME_BUCKETS = (0, 32, 64)


class Learned(NamedTuple):
    """What ``learn`` returns, ``N`` inputs, ``S`` steps, ``F`` frames; float32 but for ``moved``.

    Attributes:
        inputs: ``(N, *shape)``, at the end, in the network's domain.
        logits: ``(N, outputs)``, at the end.
        m: ``(N, …)``, M at the end.
        losses: ``(S, N)``, priors included, before each step.
        frames: ``(F, N, *shape)``, the inputs after ``frame_steps`` steps.
        frame_logits: ``(F, N, outputs)``, of the frames.
        frame_m: ``(F, N, …)``, M in the frames.
        moved: ``(N,)`` bool, whether M ever left its start: a gradient of zero moves nothing.
        scores: ``(N,)``, the mean loss over the objective's unseen views; 0 where it has none.
    """

    inputs: np.ndarray
    logits: np.ndarray
    m: np.ndarray
    losses: np.ndarray
    frames: np.ndarray
    frame_logits: np.ndarray
    frame_m: np.ndarray
    moved: np.ndarray
    scores: np.ndarray


def learn(
    frozen: FrozenGraph,
    objective: Objective,
    start: np.ndarray,
    aims: np.ndarray,
    *,
    parametrisation: Parametrisation | None = None,
    steps: int,
    step_size: float,
    decay: float = 0.0,
    weights: Mapping[str, float] = types.MappingProxyType({}),
    strength: float = 0.0,
    frame_steps: Sequence[int] = (),
    seed: int = 0,
    tries: int = 1,
    within: float = 0.0,
    scales: npt.ArrayLike = 1.0,
) -> Learned:
    """Learn the inputs for which a frozen network gives what is aimed at.

    Inside, values are shares of the network's range, 0 to 1: so step sizes and priors mean the
    same for every network.

    Args:
        frozen: the network.
        objective: loss, step rule, priors and view.
        start: where M starts, ``(N, …)`` float32 as the parametrisation has it.
        aims: what the outputs are to become, ``(N, outputs)`` float32; of classes, one-hot.
        parametrisation: what M is; by default the input itself, ``Pixels``.
        steps: 1 to ``MAX_STEPS``.
        step_size: of Adam, or the L2 length of a steepest step, in units of M.
        decay: the share of its size that a step loses by the end, 0 to 1.
        weights: of the objective's priors, by name.
        strength: of the objective's view.
        frame_steps: after how many steps M is kept as a frame: ``(F,)``, rising, at most
            ``steps``; F at most 64, may be 0.
        seed: of the view.
        tries: how many starts each input has, one after the other: ``start`` is
            ``(N * tries, …)``. The one with the lowest mean loss over the objective's unseen views
            is kept: the network itself chooses.
        within: how far M may go from its start, in L2 and units of M, where the objective is
            bounded.
        scales: what outputs are divided by for the loss "values", ``(outputs,)`` or a number.

    Returns:
        Inputs, logits, M, losses, frames, and which of them moved. The same call returns the same
        bits, in any thread. With another number of inputs the last bits may differ.

    Raises:
        ValueError: start and aims do not fit the network, or the loss, its gradient or the
            logits are not finite.

    >>> import keras
    >>> from invert.inversion.aims import one_hot
    >>> from invert.inversion.freezing import freeze
    >>> layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
    >>> frozen = freeze(keras.Sequential(layers))
    >>> start, aims = np.full((2, 8, 8, 3), 0.5), one_hot([3, 1], 4)
    >>> climb = Objective("logit", "steepest")
    >>> learned = learn(frozen, climb, start, aims, steps=9, step_size=0.2)
    >>> learned.inputs.shape, learned.losses.shape, learned.moved
    ((2, 8, 8, 3), (9, 2), array([ True,  True]))
    """
    parametrisation = parametrisation or Pixels(frozen.domain.shape)
    aims = np.repeat(np.asarray(aims, np.float32), tries, axis=0)
    start, aims = _check(frozen, start, aims, parametrisation)
    # A step may be asked for twice, where there are more frames than steps.
    distinct, place = np.unique(np.asarray(frame_steps, np.int32), return_inverse=True)
    settings = Settings(
        steps=np.int32(steps),
        step_size=np.float32(step_size),
        decay=np.float32(decay),
        weights=np.array([weights[name] for name in objective.priors], np.float32),
        strength=np.float32(strength),
        seed=np.int32(seed),
        scales=np.broadcast_to(np.asarray(scales, np.float32), frozen.architecture.outputs),
        within=np.float32(min(within, float(np.finfo(np.float32).max))),
        frame_steps=distinct,
    )
    arguments = frozen, objective, parametrisation, start, aims, settings
    try:
        records = _learn(*arguments, tries)
    except compiling.Refused:  # which the architecture remembers
        records = _learn(*arguments, tries)
    ends, losses, kept, moved, scores = records if tries == 1 else _best(records, tries)
    # The end apart: in one batch with the frames its last bits would differ.
    shown = [_show(frozen, parametrisation, m) for m in (kept[distinct < steps], ends[None])]
    inputs, logits = (np.concatenate(parts) for parts in zip(*shown, strict=True))
    if not all(np.isfinite(record).all() for record in (losses, logits, inputs)):
        raise ValueError(
            f"The logits of {frozen.name} and their gradient must be finite; at some step they"
            " were not. Take smaller steps, another start or another pixel range."
        )
    frames, frame_logits = inputs[place], logits[place]
    kept = kept[place]
    return Learned(inputs[-1], logits[-1], ends, losses, frames, frame_logits, kept, moved, scores)


def _check(
    frozen: FrozenGraph, start, aims, parametrisation: Parametrisation
) -> tuple[np.ndarray, np.ndarray]:
    start, aims = np.asarray(start, np.float32), np.asarray(aims, np.float32)
    shape = parametrisation.start(1, 0).shape[1:]
    if start.shape[1:] != shape:
        raise ValueError(f"start must have the shape {(len(aims), *shape)}; got {start.shape}.")
    if len(start) != len(aims) or not len(start):
        raise ValueError(
            f"start must have one image for each target, at least one; got {len(start)} for"
            f" {len(aims)}."
        )
    if aims.shape[1:] != (frozen.architecture.outputs,):
        raise ValueError(
            f"aims must have the shape {(len(start), frozen.architecture.outputs)}; got"
            f" {aims.shape}."
        )
    return start, aims


def _best(records: list[np.ndarray], tries: int) -> list[np.ndarray]:
    """Keep of each input's tries the one with the lowest score."""
    ends, losses, kept, moved, scores = records
    scores = np.where(np.isfinite(scores), scores, np.inf).reshape(-1, tries)
    best = scores.argmin(1) + tries * np.arange(len(scores))
    return [ends[best], losses[:, best], kept[:, best], moved[best], scores.min(1)]


def _share_out(
    frozen: FrozenGraph, count: int, tries: int, held: bool, xla: bool
) -> tuple[Sequence[np.ndarray], list[int]]:
    """Share inputs out to batches; return these, and the size that each is filled up to."""
    if not xla:  # no size is compiled apart, so nothing has to be filled up
        parts = batches.split(count, batches.most_at_once(frozen.architecture, batches.BOTH_WAYS))
        return parts, [len(part) for part in parts]
    buckets: Sequence[int] = batches.DECODER_BUCKETS if held else batches.BUCKETS
    if tries > 1:
        buckets = batches.TRIED_BUCKETS
    parts = batches.split(count, buckets[-1])
    return parts, [batches.bucket(len(part), buckets) for part in parts]


def _learn(
    frozen: FrozenGraph,
    objective: Objective,
    parametrisation: Parametrisation,
    start: np.ndarray,
    aims: np.ndarray,
    settings: Settings,
    tries: int,
) -> list[np.ndarray]:
    """Learn in batches; return M, losses, frames of M, what moved, and scores."""
    count, steps, kept = len(start), settings.steps, len(settings.frame_steps)
    held = parametrisation.holds_weights
    slots = batches.bucket(kept, FRAME_BUCKETS)
    xla = compiling.suits_xla(frozen)
    parts, sizes = _share_out(frozen, count, tries, held, xla)
    if xla:
        filled = batches.fill_up(settings.frame_steps, slots, MAX_STEPS + 1)
        settings = settings._replace(frame_steps=filled)
    else:
        slots = min(slots, 1)
    numbers = [tf.constant(value) for value in settings]

    def learn_part(part: np.ndarray, size: int) -> list[np.ndarray]:
        alone = 1 if size == 1 else None  # one image is a trace of its own
        m = tf.Variable(batches.fill_up(start[part], size), shape=(alone, *start.shape[1:]))
        aimed = tf.constant(batches.fill_up(aims[part], size))
        loop = compiling.compiled(
            frozen,
            (objective, None if held else parametrisation, slots, alone),
            make_loop(frozen.architecture, objective, parametrisation, slots, xla),
            (
                m,
                tf.TensorSpec((alone, aims.shape[1])),
                tf.TensorSpec((), tf.int32),
                *signature(objective),
            ),
            xla=xla,
            transposed=alone is None,
            owner=parametrisation if held else None,
            shape=size,
        )
        results = loop(m, aimed, tf.constant(part[0], tf.int32), *numbers)
        losses, frames, moved, scores = (result.numpy() for result in results)
        if not kept:
            frames = frames.reshape(0, size, *start.shape[1:])
        records = m.numpy()[None], losses[:steps], frames[:kept], moved[None], scores[None]
        return [record[:, : len(part)] for record in records]

    if len(parts) == 1:
        results = [learn_part(parts[0], sizes[0])]
    else:
        # Threads of its own: a shared pool would make this call wait while another compiles.
        # It waits for all of them in the end, so that none goes on when one has failed.
        with concurrent.futures.ThreadPoolExecutor(batches.SIDE_BY_SIDE, "invert-learn") as threads:
            results = list(threads.map(learn_part, parts, sizes))
    ends, losses, frames, moved, scores = (
        np.concatenate(records, axis=1) for records in zip(*results, strict=True)
    )
    return [ends[0], losses, frames, moved[0], scores[0]]


def _show(
    frozen: FrozenGraph, parametrisation: Parametrisation, m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs ``(F, N, *shape)`` made of M ``(F, N, …)``, and their logits."""
    domain = frozen.domain

    def look(logits_of, m):
        inputs = tf.ensure_shape(parametrisation.make(m), (None, *domain.shape))
        return inputs, logits_of(domain.from_unit(inputs))

    held = parametrisation.holds_weights
    show = compiling.compiled(
        frozen,
        ("show", None if held else parametrisation),
        look,
        [tf.TensorSpec((None, *m.shape[2:]))],
        xla=False,
        owner=parametrisation if held else None,
    )
    if not len(m):
        shapes = (*m.shape[:2], *domain.shape), (*m.shape[:2], frozen.architecture.outputs)
        return np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32)
    rows = m.reshape(-1, *m.shape[2:])
    most = batches.most_at_once(frozen.architecture)
    shown = [show(rows[chunk]) for chunk in batches.chunks(len(rows), most)]
    inputs, logits = (np.concatenate(parts) for parts in zip(*shown, strict=True))
    inputs = domain.from_unit(inputs)
    return inputs.reshape(*m.shape[:2], *domain.shape), logits.reshape(*m.shape[:2], -1)
