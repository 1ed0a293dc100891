"""The classifier as an energy model: it tells digits apart, and its own drawings from real ones.

Each logit is read as minus the energy of its digit (Grathwohl et al. 2020, "Your classifier is
secretly an energy based model and you should treat it like one",
https://arxiv.org/abs/1912.03263). It learns from chains that climb the logit just as ``generate``
does, and outlive the batch (Du & Mordatch 2019, https://arxiv.org/abs/1903.08689); real images
and chains are told apart by a logistic loss, as in Yin et al. 2022, "Learning energy-based models
with adversarial training", https://arxiv.org/abs/2012.06568. Between noise and a digit the gradient
is taught to point at the digit, as in denoising score matching (Vincent 2011, "A connection
between score matching and denoising autoencoders", doi:10.1162/NECO_a_00142), by its direction.
"""

import keras
import numpy as np
import tensorflow as tf

from invert.images import DIGITS, PIXELS
from invert.methods import starts
from invert.networks import classifier, weights
from invert.training import loop
from invert.training.attack import cross_entropy, norm, perturb
from invert.training.augment import affine
from invert.training.robust import measure

EPOCHS = 52
BATCH = 200
LEARNING_RATE = 0.001  # falls to zero by a cosine
BETA_1 = 0.5  # of Adam: both sides of the contest move, so old gradients mislead
WEIGHT_AVERAGE = 0.999
RADIUS = 1.0  # of the attack; half of it draws no better, and holds less
ATTACK_STEPS = 5
ENERGY_WEIGHT = 1.0  # against the cross-entropy's 1; 0.3 learns slower, 3 gains nothing
# The gradient should point from noise to digits: nothing else tells a chain that got lost the way.
GUIDE_WEIGHT = 0.2
GUIDE_REACH = 0.6  # of the way; from there on the contest alone shapes the digit
CHAINS = 200  # in a batch: 20 a digit, half of them from noise
GROUPS = 5  # of chains, one a batch at random: 1 suits noise better, 10 the Gaussian
STEP_SIZE = 0.2  # of the climb, the method's own
CLIMB = 10  # steps of every chain for each batch
# Steps before a chain starts anew: noise has further to go than a draw of the class's Gaussian.
GAUSSIAN_LIFE = 150
NOISE_LIFE = 220
NOISE = (0.05, 0.15)  # deviations of the noise, evenly spread about the one that is climbed from


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the classifier ``energy`` from ``robust``, with a progress bar.

    Returns model and figures.
    """
    keras.utils.set_random_seed(seed)
    model = classifier.build()
    weights.load("robust", model)
    count = len(mnist.train.images)
    optimizer = loop.adam(
        model, LEARNING_RATE, epochs * (count // BATCH), WEIGHT_AVERAGE, beta_1=BETA_1
    )
    images = tf.constant(mnist.train.images.reshape(-1, PIXELS))
    digits = tf.constant(mnist.train.digits)
    generator = tf.random.Generator.from_seed(seed)

    each = CHAINS // DIGITS
    targets = tf.constant(np.repeat(np.arange(DIGITS), each))
    noisy = tf.constant(np.tile(np.arange(each) < each // 2, DIGITS))
    life = tf.where(noisy, NOISE_LIFE, GAUSSIAN_LIFE)
    chains = tf.Variable(tf.stack([_starts(noisy, generator) for _ in range(GROUPS)]))
    # Of every age from the first batch on; later each restarts when its own life is over.
    ages = np.random.default_rng(seed).random((GROUPS, CHAINS)) * life.numpy() // CLIMB * CLIMB
    ages = tf.Variable(ages.astype(np.int32))

    @tf.function(jit_compile=True)
    def learn(real, augmented, midway, y, chained):
        attacked = perturb(model, augmented, y, RADIUS, ATTACK_STEPS)
        chained = _climb(model, chained, targets)
        with tf.GradientTape() as tape:
            logits = model(tf.concat([attacked, real, chained], 0), training=True)
            told, own, drawn = tf.split(logits, [BATCH, BATCH, CHAINS])
            own, drawn = _own(own, y), _own(drawn, targets)
            energy = tf.reduce_mean(tf.nn.softplus(-own) + tf.nn.softplus(drawn))
            with tf.GradientTape() as inner:
                inner.watch(midway)
                logit = _own(model(midway, training=True), y)
            way = tf.nn.l2_normalize(real - midway, axis=1)
            gradient = tf.nn.l2_normalize(inner.gradient(logit, midway), axis=1, epsilon=1e-8)
            astray = 1.0 - tf.reduce_mean(tf.reduce_sum(gradient * way, axis=1))
            loss = cross_entropy(told, y) + ENERGY_WEIGHT * energy + GUIDE_WEIGHT * astray
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss, chained

    @tf.function
    def step(rows, done):
        x, y = tf.gather(images, rows), tf.gather(digits, rows)
        group = generator.uniform((1, 1), 0, GROUPS, tf.int32)
        age = tf.gather_nd(ages, group)[0]
        over = age >= life
        chained = tf.gather_nd(chains, group)[0]
        chained = tf.where(over[:, None], _starts(noisy, generator), chained)
        # Only the classification is augmented: what is drawn should look like MNIST itself.
        augmented = affine(x, generator)
        share = generator.uniform((BATCH, 1), 0.0, GUIDE_REACH)
        midway = (1.0 - share) * _noise(BATCH, generator) + share * x
        loss, chained = learn(x, augmented, midway, y, chained)
        chains.scatter_nd_update(group, chained[None])
        ages.scatter_nd_update(group, (tf.where(over, 0, age) + CLIMB)[None])
        return loss

    loop.run(step, count, BATCH, epochs, seed)
    optimizer.finalize_variable_values(model.trainable_variables)
    return model, measure(model, mnist)


def _own(logits, digits):
    """Each row's logit of its own digit, ``(N,)``."""
    return tf.gather(logits, digits, axis=1, batch_dims=1)


def _climb(model, x, targets):
    """``CLIMB`` steps up the target's logit, each ``STEP_SIZE`` long in L2, in [0, 1]."""
    for _ in tf.range(CLIMB):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logit = _own(model(x), targets)
        gradient = tape.gradient(logit, x)
        x = tf.clip_by_value(x + STEP_SIZE * gradient / norm(gradient), 0.0, 1.0)
    return x


def _starts(noisy, generator: tf.random.Generator):
    """New starts for all chains ``(CHAINS, 784)``, drawn as ``starts.make`` draws them."""
    mean, directions = starts.class_gaussian()
    normal = generator.normal((DIGITS, CHAINS // DIGITS, starts.DIRECTIONS))
    gaussian = tf.reshape(mean[:, None] + normal @ directions, (CHAINS, PIXELS))
    noise = _noise(CHAINS, generator)
    return tf.where(noisy[:, None], noise, tf.clip_by_value(gaussian, 0.0, 1.0))


def _noise(count: int, generator: tf.random.Generator):
    """Noise ``(count, 784)`` in [0, 1], each image of a strength of its own."""
    deviations = generator.uniform((count, 1), *NOISE)
    return tf.minimum(tf.abs(generator.normal((count, PIXELS))) * deviations, 1.0)
