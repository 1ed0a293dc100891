"""The inverse model: a variational autoencoder, then a flow from noise to its codes.

Sources: Kingma & Welling 2014, https://arxiv.org/abs/1312.6114; Lipman et al. 2023,
https://arxiv.org/abs/2210.02747, learned in the space of codes as by Rombach et al. 2022,
https://arxiv.org/abs/2112.10752. What else was tried: inverse-log.md.
"""

import keras
import numpy as np
import tensorflow as tf

from invert.images import DIGITS, PIXELS
from invert.networks import inverse_model
from invert.training import fitting
from invert.training.changes.attack import cross_entropy

EPOCHS = 25  # of the autoencoder
BATCH = 200
LEARNING_RATE = 0.002  # of both; falls to zero by a cosine
WEIGHT_AVERAGE = 0.999
DIVERGENCE_WEIGHT = 0.3  # at 1 the images blur, at 0 the codes scatter
DIGIT_WEIGHT = 20.0  # keeps the digits' codes apart: what lies between two is neither
FLOW_EPOCHS = 6  # of the flow, for each of the autoencoder's; they are fast
FLOW_BATCH = 500
ANY_DIGIT = 0.4  # the share that learns without its digit


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train autoencoder and flow, with progress bars. Returns model and figures."""
    keras.utils.set_random_seed(seed)
    model = inverse_model.build()
    generator = tf.random.Generator.from_seed(seed)
    images = mnist.train.images.reshape(-1, PIXELS)
    digits = mnist.train.digits
    encoder = _autoencode(model.get_layer("decoder"), images, digits, epochs, seed, generator)
    codes = np.concatenate([encoder(part) for part in np.array_split(images, 55)])
    _flow(model.get_layer("drift"), codes, digits, FLOW_EPOCHS * epochs, seed, generator)
    real = mnist.validation.images.reshape(-1, PIXELS)
    code = encoder(real)[:, : inverse_model.CODE]
    drawn = tf.sigmoid(model.get_layer("decoder")(code))
    error = tf.reduce_sum(tf.square(drawn - real), axis=1)
    return model, {"validation_squared_error": float(tf.reduce_mean(error))}


def _autoencode(decoder, images, digits, epochs, seed, generator):
    """Train ``decoder``; returns the encoder, ``(N, 784)`` → means and log deviations."""
    hidden = [keras.layers.Dense(inverse_model.HIDDEN, "relu") for _ in range(2)]
    last = keras.layers.Dense(2 * inverse_model.CODE)
    encoder = keras.Sequential([keras.Input((PIXELS,)), *hidden, last])
    reader = keras.Sequential([keras.Input((inverse_model.CODE,)), keras.layers.Dense(DIGITS)])
    mean = encoder.outputs[0][:, : inverse_model.CODE]
    both = keras.Model(encoder.inputs, [encoder.outputs[0], decoder(mean), reader(mean)])
    optimizer = fitting.adam(both, LEARNING_RATE, epochs * (len(images) // BATCH), WEIGHT_AVERAGE)
    images, digits = tf.constant(images), tf.constant(digits)

    @tf.function(jit_compile=True)
    def learn(x, y, noise):
        with tf.GradientTape() as tape:
            mean, log = tf.split(encoder(x), 2, axis=1)
            code = mean + tf.exp(log) * noise
            error = tf.nn.sigmoid_cross_entropy_with_logits(x, decoder(code))
            divergence = 0.5 * (tf.square(mean) + tf.exp(2 * log) - 1) - log
            loss = tf.reduce_mean(tf.reduce_sum(error, axis=1))
            loss += DIVERGENCE_WEIGHT * tf.reduce_mean(tf.reduce_sum(divergence, axis=1))
            loss += DIGIT_WEIGHT * cross_entropy(reader(code), y)
        optimizer.apply(tape.gradient(loss, both.trainable_variables))
        return loss

    @tf.function
    def step(rows, done):
        noise = generator.normal((BATCH, inverse_model.CODE))
        return learn(tf.gather(images, rows), tf.gather(digits, rows), noise)

    fitting.run(step, len(images), BATCH, epochs, seed)
    optimizer.finalize_variable_values(both.trainable_variables)
    return encoder


def _flow(drift, codes, digits, epochs, seed, generator) -> None:
    """Train ``drift`` to lead from N(0, 1) straight to the digits' codes."""
    count = len(codes)
    codes, digits = tf.constant(codes), tf.one_hot(digits, DIGITS)
    optimizer = fitting.adam(drift, LEARNING_RATE, epochs * (count // FLOW_BATCH), WEIGHT_AVERAGE)

    @tf.function(jit_compile=True)
    def learn(end, begin, digit, time):
        with tf.GradientTape() as tape:
            move = drift([begin + time * (end - begin), time, digit])
            loss = tf.reduce_mean(tf.square(move - (end - begin)))
        optimizer.apply(tape.gradient(loss, drift.trainable_variables))
        return loss

    @tf.function
    def step(rows, done):
        mean, log = tf.split(tf.gather(codes, rows), 2, axis=1)
        end = mean + tf.exp(log) * generator.normal((FLOW_BATCH, inverse_model.CODE))
        begin = generator.normal((FLOW_BATCH, inverse_model.CODE))
        known = generator.uniform((FLOW_BATCH, 1)) >= ANY_DIGIT
        digit = tf.gather(digits, rows) * tf.cast(known, tf.float32)
        return learn(end, begin, digit, generator.uniform((FLOW_BATCH, 1)))

    fitting.run(step, count, FLOW_BATCH, epochs, seed)
    optimizer.finalize_variable_values(drift.trainable_variables)
