"""The inverse model: a digit and a random seed → an image, with no optimisation.

A random code flows, in a few steps along a learned drift, to where the codes of real digits lie
(of one digit, or of any), and a decoder draws it. Sources: codes and decoder, Kingma & Welling
2014, https://arxiv.org/abs/1312.6114; the drift, Lipman et al. 2023,
https://arxiv.org/abs/2210.02747; guidance, Ho & Salimans 2022, https://arxiv.org/abs/2207.12598.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from invert.images import DIGITS, PIXELS, SIDE
from invert.inversion.checks import MAX_COUNT, MAX_SEED, check_whole
from invert.networks import weights
from invert.targets import check_targets

if TYPE_CHECKING:
    from invert.inversion.parametrisations.decoder import Decoder

CODE = 20
HIDDEN = 512  # of the decoder
DRIFT_HIDDEN = 320
# The drift is followed by Heun's method, two evaluations a step. Euler's, and fewer steps, lose
# variety; more steps change nothing. The decoder, which ``latent`` runs at every step of its own,
# makes do with fewer.
STEPS = 6
DECODER_STEPS = 4
# How far the drift for a digit is driven beyond the one for any digit: more is more legible and
# less varied. Wider codes give the variety back, and both together gain.
GUIDANCE = 0.6
WIDTH = 1.15


def build():
    """Return the untrained model: code, time and digit → the code's drift, and its image's logits.

    Shapes ``(N, 20)``, ``(N, 1)`` in [0, 1], ``(N, 10)`` one-hot, or zeros for any digit →
    ``(N, 20)`` and ``(N, 784)``; its layers "drift" and "decoder" are models of their own.

    >>> build().count_params() * 4 < 4_000_000
    True
    """
    from keras import Input, Model, Sequential, layers, ops

    code, time, digit = Input((CODE,)), Input((1,)), Input((DIGITS,))
    angles = [time * float(np.pi * turns) for turns in (0.5, 1, 2, 4)]
    waves = [wave(angle) for angle in angles for wave in (ops.sin, ops.cos)]
    x = layers.Dense(DRIFT_HIDDEN, "silu")(layers.Concatenate()([code, digit, *waves]))
    for _ in range(2):
        x = x + layers.Dense(DRIFT_HIDDEN, "silu")(x)
    drift = Model([code, time, digit], layers.Dense(CODE)(x), name="drift")
    hidden = [layers.Dense(HIDDEN, "relu") for _ in range(2)]
    decoder = Sequential([Input((CODE,)), *hidden, layers.Dense(PIXELS)], name="decoder")
    inputs = [Input((CODE,)), Input((1,)), Input((DIGITS,))]
    return Model(inputs, [drift(inputs), decoder(inputs[0])], name="inverse")


@weights.once
def load():
    """Return the trained model, loaded once for the whole process.

    Raises:
        WeightsError: model_weights/inverse.weights.h5 is missing, cut or altered.
    """
    model = build()
    weights.load("inverse", model)
    model.trainable = False
    return model


@weights.once
def _drawer():
    import tensorflow as tf

    drawing = _looped(load(), STEPS, GUIDANCE)
    signature = [tf.TensorSpec((None, CODE)), tf.TensorSpec((None,), tf.int32)]

    # One trace for every number of images.
    @tf.function(input_signature=signature)
    def drawn(code, digits):
        return drawing(WIDTH * code, tf.one_hot(digits, DIGITS))

    return drawn


@weights.once
def decoder() -> Decoder:
    """Return the unconditional decoder as what M may be: codes ``(N, 20)`` → images.

    It is told no digit, though it was trained with digits: codes from N(0, 1) become digits of its
    own choice, in [0, 1].

    Raises:
        WeightsError: model_weights/inverse.weights.h5 is missing, cut or altered.

    >>> decoder().make(start_codes(2, seed=0)).shape
    TensorShape([2, 28, 28])
    """
    from invert.inversion.parametrisations.decoder import Decoder

    return Decoder(_looped(load(), DECODER_STEPS), CODE, (SIDE, SIDE))


def _looped(model, steps: int, guidance: float = 0.0):
    """Return ``draw`` as a function of codes ``(N, 20)`` and, if any, digits ``(N, 10)``.

    All steps are one loop of plain operations: it is traced and compiled in half the time, and in
    two thirds of the memory, of Keras's layers one step after the other.
    """
    import tensorflow as tf

    (first, bias), *between, (out, last) = _dense(model.get_layer("drift"))
    *hidden, (pixels, blank) = _dense(model.get_layer("decoder"))
    of_code, of_digit, of_time = tf.split(first, [CODE, DIGITS, -1])
    # The first layer's sums of time alone are the same for all codes.
    angles = np.linspace(0, 1, steps + 1)[:, None] * np.pi * np.array([0.5, 1, 2, 4])
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(steps + 1, -1)
    by_time = bias + tf.constant(waves, tf.float32) @ of_time

    def drift(x):
        x = tf.nn.silu(x)
        for kernel, offset in between:
            x += tf.nn.silu(x @ kernel + offset)
        return x @ out + last

    def move(code, number, told):
        to_any = code @ of_code + tf.gather(by_time, number)
        if told is None:
            return drift(to_any)
        to_digit = drift(to_any + told)
        return to_digit + guidance * (to_digit - drift(to_any)) if guidance else to_digit

    def draw(codes, digits=None):
        told = None if digits is None else digits @ of_digit

        def step(number, code):
            begin = move(code, number, told)
            end = move(code + begin / steps, number + 1, told)
            return number + 1, code + (begin + end) / (2 * steps)

        # XLA has a gradient of a loop only if it knows its number of rounds.
        start = tf.constant(0), tf.convert_to_tensor(codes)
        _, x = tf.while_loop(lambda i, _: i < steps, step, start, maximum_iterations=steps)
        for kernel, offset in hidden:
            x = tf.nn.relu(x @ kernel + offset)
        return tf.sigmoid(x @ pixels + blank)

    return draw


def _dense(model):
    """Kernel and bias of each dense layer, as tensors."""
    import tensorflow as tf

    weighted = [layer for layer in model.layers if layer.weights]
    return [[tf.convert_to_tensor(weight) for weight in layer.weights] for layer in weighted]


def start_codes(count: int, seed: int) -> np.ndarray:
    """Return random codes ``(count, 20)`` float32 from N(0, 1), each from a generator of its own.

    Args:
        count: 1 to ``MAX_COUNT``.
        seed: 0 to ``MAX_SEED``. Code ``i`` of a seed is the same however many are asked for.

    Raises:
        ValueError: ``count`` or ``seed`` is out of range.

    >>> bool(np.array_equal(start_codes(3, seed=8)[:2], start_codes(2, seed=8)))
    True
    """
    count = check_whole(count, "the count of codes", 1, MAX_COUNT)
    seed = check_whole(seed, "seed", 0, MAX_SEED)
    codes = [np.random.default_rng((seed, i)).normal(size=CODE) for i in range(count)]
    return np.array(codes, np.float32)


def imagine(digits, seed: int) -> np.ndarray:
    """Return an image of each digit, in one pass through the inverse model.

    Args:
        digits: a digit 0–9, or a sequence of 1 to ``MAX_COUNT``.
        seed: 0 to ``MAX_SEED``. Image ``i`` depends on it, on ``i`` and on its digit only; other
            digits with the same seed come in much the same hand.

    Returns:
        ``(N, 28, 28)`` float32 in [0, 1], ink = 1; the same in any thread.

    Raises:
        ValueError: a digit, their number or the seed is out of range.
        WeightsError: the model's weights are missing, cut or altered.

    >>> imagine([8, 8, 3], seed=0).shape
    (3, 28, 28)
    """
    whole = check_targets(digits)
    codes = start_codes(len(whole), seed)
    return _drawer()(codes, whole.astype(np.int32)).numpy().reshape(-1, SIDE, SIDE)
