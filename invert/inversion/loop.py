"""The loop in which M is learned: what every step does, for one architecture and objective."""

from typing import Any, NamedTuple

import tensorflow as tf

from invert.inversion.aims import LOSS_FUNCTIONS
from invert.inversion.architecture import Architecture
from invert.inversion.checks import MAX_STEPS
from invert.inversion.parametrisations import Parametrisation
from invert.inversion.priors import PENALTIES
from invert.inversion.step_rules import MEMORIES, STEP_RULES
from invert.inversion.views import STRAIGHT, Moment

# The number of the first unseen look. By these looks, which no step takes, starts are compared.
UNSEEN = 2**20
SCORED_AT = 0.5  # the progress that unseen views are drawn at: harder than those of the last steps


class Objective(NamedTuple):
    """What M is learned for: everything that needs a compilation of its own.

    Attributes:
        loss: a name in ``aims.LOSS_FUNCTIONS``.
        step_rule: a name in ``step_rules.STEP_RULES``.
        priors: names in ``priors.PENALTIES``.
        view: how the network sees the input, a record as in ``views``.
        looks: how many views are looked at in one step; their mean counts.
        unseen: how many more views the result is scored by, none of them seen by a step.
        bounded: whether M stays within a distance of its start.
    """

    loss: str
    step_rule: str
    priors: tuple[str, ...] = ()
    view: Any = STRAIGHT
    looks: int = 1
    unseen: int = 0
    bounded: bool = False


class Settings(NamedTuple):
    """The numbers of a loop. They are tensors, so that no setting ever compiles again.

    Attributes:
        steps: how many, int32.
        step_size: of the first step, float32.
        decay: the share of it that the last step lacks, float32; it shrinks evenly.
        weights: of the objective's priors, ``(P,)`` float32.
        strength: of the view, float32.
        seed: of the view, int32.
        scales: what outputs are divided by for the loss of values, ``(outputs,)`` float32.
        within: how far M may go from its start, in L2, float32, where it is bounded.
        frame_steps: after how many steps M is kept, ``(F,)`` int32, rising.
    """

    steps: Any
    step_size: Any
    decay: Any
    weights: Any
    strength: Any
    seed: Any
    scales: Any
    within: Any
    frame_steps: Any


def signature(objective: Objective) -> Settings:
    """Return the shapes and types of a loop's settings."""
    return Settings(
        steps=tf.TensorSpec((), tf.int32),
        step_size=tf.TensorSpec((), tf.float32),
        decay=tf.TensorSpec((), tf.float32),
        weights=tf.TensorSpec((len(objective.priors),), tf.float32),
        strength=tf.TensorSpec((), tf.float32),
        seed=tf.TensorSpec((), tf.int32),
        scales=tf.TensorSpec((None,), tf.float32),
        within=tf.TensorSpec((), tf.float32),
        frame_steps=tf.TensorSpec((None,), tf.int32),
    )


def nearest(m, start, within):
    """Return the points ``(N, …)`` nearest to M whose L2 distance to the start is bounded.

    >>> nearest(tf.constant([[3.0, 5.0], [0.5, 1.0]]), tf.constant([[0.0, 1.0]] * 2), 2.5).numpy()
    array([[1.5, 3. ],
           [0.5, 1. ]], dtype=float32)
    """
    way = m - start
    axes = list(range(1, way.shape.rank))
    far = tf.sqrt(tf.reduce_sum(tf.square(way), axes, keepdims=True))
    return tf.where(far > within, start + way * tf.math.divide_no_nan(within, far), m)


def make_loop(
    architecture: Architecture,
    objective: Objective,
    parametrisation: Parametrisation,
    slots: int,
    xla: bool,
):
    """Return the loop, a function that ``compiling.compiled`` takes.

    Args:
        architecture: the network's.
        objective: loss, step rule, priors and view.
        parametrisation: what M is.
        slots: how many frames there may be; 0 leaves them out.
        xla: whether XLA compiles the loop. It must know how long a record is, so records have the
            greatest length that may be asked for. Otherwise they are as long as needed, and there
            may be any number of frames.

    Returns:
        A function of ``logits_of``, M ``(N, …)``, aims ``(N, A)``, the number of the first image
        and the settings. It returns losses ``(S, N)``, frames ``(F, N, …)`` of M, whether M ever
        left its start ``(N,)`` and the scores by unseen views ``(N,)``, and leaves M at its end.
    """
    loss_of, step_rule = LOSS_FUNCTIONS[objective.loss], STEP_RULES[objective.step_rule]
    domain, view = architecture.domain, objective.view

    def loop(logits_of, m, aims, first, *numbers):
        steps, step_size, decay, weights, strength, seed, scales, within, frame_steps = numbers
        length, room = (MAX_STEPS, slots) if xla else (steps, tf.size(frame_steps))
        start = m.read_value()  # M is the loop's state: reads and assigns of a variable would wait
        shape = tf.TensorShape((m.shape[0], *start.shape[1:]))

        def record(length, shape):
            return tf.TensorArray(tf.float32, length, element_shape=shape, clear_after_read=False)

        def keep(frames, i, x):
            # Each slot is written at every step until its frame's step is reached. What comes after
            # the last frame goes to a slot that nobody reads.
            return frames.write(tf.reduce_sum(tf.cast(frame_steps < i, tf.int32)), x)

        def look(x, number, progress):
            moment = Moment(seed, number, first, progress)
            inputs = view.seen(parametrisation, x, strength, moment)
            inputs = tf.ensure_shape(inputs, (None, *domain.shape))
            outputs, wanted = logits_of(domain.from_unit(inputs)), aims
            if objective.loss == "values":
                outputs, wanted = outputs / scales, aims / scales
            return inputs, loss_of(outputs, wanted, architecture.head)

        def loss_at(x, i):
            """The mean over the step's views, and the priors."""
            progress = tf.cast(i, tf.float32) / tf.cast(steps, tf.float32)
            first_look = i * objective.looks
            seen = [look(x, first_look + each, progress) for each in range(objective.looks)]
            loss = tf.add_n([each for _, each in seen]) / objective.looks
            if objective.priors:
                inputs = seen[0][0] if view is STRAIGHT else parametrisation.make(x)
                for place, name in enumerate(objective.priors):
                    loss += weights[place] * PENALTIES[name](x, inputs, parametrisation, start)
            return loss

        def body(i, x, memory, losses, frames, moved):
            loss = loss_at(x, i)
            (gradient,) = tf.gradients(loss, x)
            time = tf.cast(i, tf.float32)
            step, memory = step_rule(gradient, memory, time + 1)
            size = step_size * (1.0 - decay * time / tf.cast(steps, tf.float32))
            after = parametrisation.project(x - size * step)
            if objective.bounded:  # towards the start, so that no bound of M's own is broken
                after = nearest(after, start, within)
            # With a graph of an early TensorFlow 1, shapes are not fully inferred.
            after.set_shape(x.shape)
            frames = keep(frames, i, x) if slots else frames
            moved |= tf.reduce_any(after != x, axis=range(1, x.shape.rank))
            return i + 1, after, memory, losses.write(i, loss), frames, moved

        memory = (tf.zeros_like(start),) * MEMORIES[objective.step_rule]
        moved = tf.zeros(tf.shape(start)[:1], tf.bool)
        frames = record(room + 1, shape) if slots else ()
        state = tf.constant(0), start, memory, record(length, shape[:1]), frames, moved
        _, x, _, losses, frames, moved = tf.while_loop(lambda i, *_: i < steps, body, state)
        m.assign(x)
        frames = keep(frames, steps, x).stack() if slots else tf.zeros((0, *shape[1:]))
        return losses.stack(), frames, moved, score(look, x)

    def score(look, x):
        """The mean loss of M over views that it was not learned by."""
        nothing = tf.zeros(tf.shape(x)[:1])
        if not objective.unseen:
            return nothing
        _, total = tf.while_loop(
            lambda i, _: i < objective.unseen,
            lambda i, total: (i + 1, total + look(x, UNSEEN + i, SCORED_AT)[1]),
            (tf.constant(0), nothing),
        )
        return total / objective.unseen

    return loop
