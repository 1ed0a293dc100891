"""The judge: a convolutional network, trained apart from all it scores, with its own seed."""

import keras
import tensorflow as tf

from invert.networks import judge
from invert.training import loop
from invert.training.attack import accuracy, cross_entropy
from invert.training.augment import affine

EPOCHS = 12
BATCH = 100
LEARNING_RATE = 0.002
WEIGHT_AVERAGE = 0.999


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the judge, with a progress bar. Returns model and figures."""
    keras.utils.set_random_seed(seed)
    model = judge.build()
    count = len(mnist.train.images)
    optimizer = loop.adam(model, LEARNING_RATE, epochs * (count // BATCH), WEIGHT_AVERAGE)
    images = tf.constant(mnist.train.images.reshape(-1, 784))
    digits = tf.constant(mnist.train.digits)
    generator = tf.random.Generator.from_seed(seed)

    @tf.function
    def step(rows, done):
        x = tf.reshape(affine(tf.gather(images, rows), generator), (-1, 28, 28))
        y = tf.gather(digits, rows)
        with tf.GradientTape() as tape:
            loss = cross_entropy(model(x, training=True)[1], y)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    loop.run(step, count, BATCH, epochs, seed)
    optimizer.finalize_variable_values(model.trainable_variables)

    def read(x):
        return model(tf.reshape(x, (-1, 28, 28)), training=False)[1]

    return model, {
        "validation_accuracy": accuracy(read, *mnist.validation),
        "test_accuracy": accuracy(read, *mnist.test),
    }
