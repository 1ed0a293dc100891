"""Adversarial training: the same network, made to hold its answer inside an L2 ball.

The images are changed by random affine maps first (see ``augment``), which makes the classifier
surer on clean images too.

Source: Madry et al. 2018, https://arxiv.org/abs/1706.06083; that such a classifier can be run
backwards: Santurkar et al. 2019, https://arxiv.org/abs/1906.09453.
"""

import keras
import tensorflow as tf

from invert.networks import classifier
from invert.training import fitting
from invert.training.changes.attack import accuracy, cross_entropy, perturb
from invert.training.changes.augment import affine

EPOCHS = 60
BATCH = 200
RADIUS = 1.5  # 2.0 gains nothing in legibility and costs clean accuracy
ATTACK_STEPS = 7
WARM_UP = 1 / 3  # the radius grows over this share of the training
LEARNING_RATE = 0.002  # falls to zero by a cosine
WEIGHT_AVERAGE = 0.999  # the last thousand steps' average is steadier than the last step


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the classifier ``robust``, with a progress bar. Returns model and figures."""
    keras.utils.set_random_seed(seed)
    model = classifier.build()
    count = len(mnist.train.images)
    optimizer = fitting.adam(model, LEARNING_RATE, epochs * (count // BATCH), WEIGHT_AVERAGE)
    images = tf.constant(mnist.train.images.reshape(-1, 784))
    digits = tf.constant(mnist.train.digits)
    generator = tf.random.Generator.from_seed(seed)

    @tf.function(jit_compile=True)
    def learn(x, y, radius):
        attacked = perturb(model, x, y, radius, ATTACK_STEPS)
        with tf.GradientTape() as tape:
            loss = cross_entropy(model(attacked, training=True), y)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    @tf.function
    def step(rows, done):
        x = affine(tf.gather(images, rows), generator)
        return learn(x, tf.gather(digits, rows), RADIUS * tf.minimum(1.0, done / WARM_UP))

    fitting.run(step, count, BATCH, epochs, seed)
    optimizer.finalize_variable_values(model.trainable_variables)
    return model, measure(model, mnist)


def measure(model, mnist) -> dict[str, float]:
    """Test accuracy, and accuracy under PGD-40 at L2 radius 2 (first 3,000 test images)."""
    few = (mnist.test.images[:3000], mnist.test.digits[:3000])
    return {
        "validation_accuracy": accuracy(model, *mnist.validation),
        "test_accuracy": accuracy(model, *mnist.test),
        "pgd40_radius2_accuracy": accuracy(model, *few, radius=2.0),
    }
