"""Epochs of shuffled batches with a progress bar: what the recipes have in common."""

import keras
import numpy as np
import tensorflow as tf


def run(step, count: int, batch: int, epochs: int, seed: int) -> None:
    """Call ``step(rows, done)`` for every batch of every epoch.

    Args:
        step: takes the batch's row numbers ``(batch,)`` int64 and the share of the training done,
            a float32 scalar in [0, 1), both tensors; returns the loss.
        count: how many training images there are; what does not fill a batch is left out.
        batch: images a step.
        epochs: passes through the images.
        seed: of the shuffling.
    """
    shuffle = np.random.default_rng(seed)
    steps = count // batch
    for epoch in range(epochs):
        print(f"Epoch {epoch + 1}/{epochs}")
        bar = keras.utils.Progbar(steps, unit_name="step")
        order = shuffle.permutation(count)[: steps * batch].reshape(steps, batch)
        for number, rows in enumerate(order):
            done = (epoch * steps + number) / (epochs * steps)
            loss = step(tf.constant(rows), tf.constant(done, tf.float32))
            bar.update(number + 1, [("loss", float(loss))])


def adam(model, learning_rate: float, steps: int, average: float | None = None, **settings):
    """Adam whose rate falls to zero by a cosine; ``average``: momentum of the weights' mean."""
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, steps),
        use_ema=average is not None,
        ema_momentum=average or 0.0,
        **settings,
    )
    optimizer.build(model.trainable_variables)
    return optimizer
