"""A student without data: it never sees an image of MNIST, only what ``energy`` dreams.

It learns from images that ``energy`` makes of noise, from frames of their way there, and from what
``energy`` says of them, at a temperature that shows how like each digit is to the others (Hinton et
al. 2015, "Distilling the knowledge in a neural network", https://arxiv.org/abs/1503.02531). Without
data before: Nayak et al. 2019, https://arxiv.org/abs/1905.08114; Chen et al. 2019,
https://arxiv.org/abs/1904.01186.
"""

import keras
import numpy as np
import tensorflow as tf

from invert.images import DIGITS
from invert.methods.generation import generate
from invert.networks import classifier, lenet, weights
from invert.training import fitting
from invert.training.changes.attack import accuracy
from invert.training.changes.augment import affine

EPOCHS = 14
BATCH = 200  # half of it dreams, half of it frames
DREAMS = 240_000
AT_ONCE = 1000
FRAMES = 21  # of which one, drawn at random, is kept beside the dream
EARLIEST = 2  # frame: the noise itself teaches nothing
TEMPERATURE = 4.0
LEARNING_RATE = 0.002  # falls to zero by a cosine
WEIGHT_AVERAGE = 0.999


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the classifier ``student``, with progress bars. Returns model and figures.

    ``mnist`` only measures what came of it.
    """
    dreams, frames = dream(DREAMS, seed)
    keras.utils.set_random_seed(seed)
    teacher, model = classifier.load("energy"), lenet.build("student")
    half = BATCH // 2
    optimizer = fitting.adam(model, LEARNING_RATE, epochs * (len(dreams) // half), WEIGHT_AVERAGE)
    generator = tf.random.Generator.from_seed(seed)

    @tf.function
    def learn(images):
        x = tf.cast(images, tf.float32) / 255.0
        x = tf.concat([affine(x[::2], generator), x[1::2]], 0)  # all of them changed teach less
        told = tf.nn.softmax(teacher(x) / TEMPERATURE)
        with tf.GradientTape() as tape:
            logits = model(tf.reshape(x, (-1, 28, 28)), training=True)
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(told, logits / TEMPERATURE)
            )
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    def step(rows, done):
        rows = rows.numpy()
        return learn(np.concatenate([dreams[rows], frames[rows]]))

    fitting.run(step, len(dreams), half, epochs, seed)
    optimizer.finalize_variable_values(model.trainable_variables)
    weights.to_half(model)

    def read(x):
        return model(tf.reshape(x, (-1, 28, 28)))

    return model, {
        "validation_accuracy": accuracy(read, *mnist.validation),
        "test_accuracy": accuracy(read, *mnist.test),
        "energy_sha256": weights.manifest()["energy"]["sha256"],
    }


def dream(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What ``energy`` makes of noise, and for each image a moment of its way there.

    Args:
        count: of images, a multiple of a thousand.
        seed: of the first thousand; the next have the next.

    Returns:
        Two arrays ``(count, 784)`` uint8, 0 to 255.
    """
    random = np.random.default_rng(seed)
    dreams, moments = [], []
    bar = keras.utils.Progbar(count, unit_name="dream")
    for number in range(count // AT_ONCE):
        digits = np.arange(AT_ONCE) % DIGITS
        run = generate(digits, classifier="energy", seed=seed + number, frames=FRAMES)
        frames = random.integers(EARLIEST, FRAMES, AT_ONCE)
        dreams.append(_bytes(run.images))
        moments.append(_bytes(run.frames[frames, np.arange(AT_ONCE)]))
        bar.update((number + 1) * AT_ONCE)
    return np.concatenate(dreams), np.concatenate(moments)


def _bytes(images: np.ndarray) -> np.ndarray:
    return np.round(255 * images).astype(np.uint8).reshape(len(images), -1)
