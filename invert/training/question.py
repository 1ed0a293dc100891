"""The question's recipe to the letter: wide normal start, Adam, fifteen epochs.

Nothing is tuned: the question is what this network can be made to imagine.
"""

import keras
import numpy as np
import tensorflow as tf

from invert.networks import classifier
from invert.training.changes.attack import accuracy, cross_entropy

EPOCHS = 15
BATCH = 100
LEARNING_RATE = 0.001
START_DEVIATION = 1.0  # of weights and biases alike, tf.random_normal's default


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the classifier ``question``; prints one line an epoch. Returns model and figures."""
    keras.utils.set_random_seed(seed)
    normal = keras.initializers.RandomNormal(0.0, START_DEVIATION)
    model = classifier.build(normal, normal)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(model.trainable_variables)
    images = tf.constant(mnist.train.images.reshape(-1, 784))
    digits = tf.constant(mnist.train.digits)

    @tf.function(jit_compile=True)
    def step(rows):
        x, y = tf.gather(images, rows), tf.gather(digits, rows)
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = cross_entropy(logits, y)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss, tf.reduce_mean(tf.cast(tf.argmax(logits, axis=1) == y, tf.float32))

    shuffle = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        order = shuffle.permutation(len(images)).reshape(-1, BATCH)
        batches = [step(tf.constant(rows)) for rows in order]
        cost, train_accuracy = np.mean(batches, axis=0)
        test_accuracy = accuracy(model, *mnist.test)
        print(
            f"Epoch: {epoch:04d} cost= {cost:.9f} average_train_accuracy= {train_accuracy:.6f}"
            f" test_accuracy= {test_accuracy:.6f}",
            flush=True,
        )
    print("Optimization Finished!")
    return model, {"test_accuracy": test_accuracy}
