"""The loop in which M is learned: what every step does, for one architecture and objective."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from invert.inversion import priors
from invert.inversion.architecture import Architecture
from invert.inversion.checks import MAX_STEPS
from invert.inversion.objectives import LOSSES, STEP_RULES, Objective


class Settings(NamedTuple):
    """The numbers of a loop. They are tensors, so that no setting ever compiles again.

    Attributes:
        steps: how many, int32.
        step_size: float32.
        weights: of the objective's priors, ``(P,)`` float32; of jitter it is not used.
        shifts: of the jitter, for each step, ``(MAX_STEPS + 1, 2)`` int32.
        frame_steps: after how many steps an image is kept, ``(F,)`` int32, rising.
    """

    steps: Any
    step_size: Any
    weights: Any
    shifts: Any
    frame_steps: Any


def signature(objective: Objective) -> Settings:
    """What the settings of a loop look like."""
    return Settings(
        steps=tf.TensorSpec((), tf.int32),
        step_size=tf.TensorSpec((), tf.float32),
        weights=tf.TensorSpec((len(objective.priors),), tf.float32),
        shifts=tf.TensorSpec((MAX_STEPS + 1, 2), tf.int32),
        frame_steps=tf.TensorSpec((None,), tf.int32),
    )


def make_loop(
    architecture: Architecture,
    objective: Objective,
    decoder: Callable | None,
    slots: int,
    xla: bool,
):
    """Return the loop, a function that ``compiling.compiled`` takes.

    Args:
        architecture: the classifier's.
        objective: loss, step rule and priors.
        decoder: as for ``learn``.
        slots: how many frames there may be; 0 leaves them out.
        xla: whether XLA compiles the loop. It must know how long a record is, so records are as
            long as may ever be asked for. Otherwise they are as long as they need to be, and
            frames there may be any number.

    Returns:
        A function of ``logits_of``, M ``(N, D)``, targets ``(N,)`` and the settings. It returns
        images ``(N, values)``, losses ``(S + 1, N)``, logits ``(S + 1, N, classes)`` and frames
        ``(F, N, values)``, and leaves M at its end.
    """
    loss_of, step_rule = LOSSES[objective.loss], STEP_RULES[objective.step_rule]
    shape, (least, most) = architecture.image_shape, architecture.pixel_range
    jitter = priors.JITTER in objective.priors

    def decode(x):
        return tf.ensure_shape(decoder(x), (None, architecture.values))

    def loop(logits_of, m, targets, steps, step_size, weights, shifts, frame_steps):
        length, room = (MAX_STEPS + 1, slots) if xla else (steps + 1, tf.size(frame_steps))
        x = m.read_value()  # the state of the loop; what reads or assigns a variable has to wait
        first, count = x, tf.shape(x)[0]

        def record(length, *shape):
            shape = (m.shape[0], *shape)
            return tf.TensorArray(tf.float32, length, element_shape=shape, clear_after_read=False)

        def keep(frames, i, image):
            # Written again at every step until the frame's own step is reached; what comes after
            # the last of them goes to a slot that nobody reads.
            return frames.write(tf.reduce_sum(tf.cast(frame_steps < i, tf.int32)), image)

        def read(image):
            return logits_of(image if (least, most) == (0, 1) else least + (most - least) * image)

        def body(i, x, memory, losses, logits, kept):
            image = x if decoder is None else decode(x)
            z = read(priors.shift(image, shifts[i], shape) if jitter else image)
            loss = loss_of(z, targets, architecture.head)
            shown = read(image) if jitter else z
            for place, name in enumerate(objective.priors):
                if name in priors.PENALTIES:
                    penalized = x if name == "l2" else image
                    loss += weights[place] * priors.PENALTIES[name](penalized, shape)
            (gradient,) = tf.gradients(loss, x)
            step, memory = step_rule(gradient, memory, tf.cast(i + 1, tf.float32))
            # The last time round there is only something to record.
            x -= tf.where(i < steps, step_size, 0.0) * step
            x = tf.clip_by_value(x, 0.0, 1.0) if decoder is None else x
            # Beside a graph of TensorFlow 1's early days, shapes are not inferred all the way.
            x.set_shape(first.shape)
            if slots:
                kept["frames"] = keep(kept["frames"], i, image)
            if decoder is not None:
                kept["image"] = image
            return i + 1, x, memory, losses.write(i, loss), logits.write(i, shown), kept

        memory = (tf.zeros_like(x), tf.zeros_like(x)) if objective.step_rule == "adam" else ()
        kept = {}
        if slots:
            kept["frames"] = record(room + 1, architecture.values)
        if decoder is not None:
            kept["image"] = tf.zeros((count, architecture.values))
        records = record(length), record(length, architecture.classes)
        _, x, _, losses, logits, kept = tf.while_loop(
            lambda i, *_: i <= steps, body, (tf.constant(0), x, memory, *records, kept)
        )
        m.assign(x)
        frames = kept["frames"].stack() if slots else tf.zeros((0, count, architecture.values))
        return kept.get("image", x), losses.stack(), logits.stack(), frames

    return loop
