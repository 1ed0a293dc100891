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

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from invert.images import DIGITS, PIXELS, SIDE
from invert.methods import starts
from invert.networks import classifier, weights
from invert.training import fitting
from invert.training.changes.attack import cross_entropy, norm, perturb
from invert.training.changes.augment import Writing, affine, ink, marks
from invert.training.robust import measure

BATCH = 200
BETA_1 = 0.5  # of Adam: both sides of the contest move, so old gradients mislead
WEIGHT_AVERAGE = 0.999
RADIUS = 1.0  # of the attack; half of it draws no better, and holds less
ATTACK_STEPS = 5
ENERGY_WEIGHT = 1.0  # against the cross-entropy's 1; 0.3 learns slower, 3 gains nothing
# The gradient should point from noise to digits: nothing else tells a chain that got lost the way.
GUIDE_WEIGHT = 0.2
GUIDE_REACH = 0.6  # of the way; from there on the contest alone shapes the digit
CHAINS = 200  # in a batch: 20 a digit
CLIMB = 10  # steps of every chain for each batch
WRITING = Writing()  # where it is varied; more of it was tried, see energy-log.md


class Stage(NamedTuple):
    """One part of the training, with a cosine of its own.

    Attributes:
        epochs: passes through the images.
        learning_rate: falls to zero by a cosine.
        groups: of chains, one a batch at random.
        noisy: chains of each digit, of 20, that start from noise; the others from the Gaussian.
        gaussian_life, noise_life: steps before a chain starts anew, evenly spread for each.
        step_size: of a chain, for life, evenly spread.
        fine, coarse: deviations of the noise, evenly spread, see ``starts``.
        written: whether ink, paper, flags and bars are varied where digits are told apart.
    """

    epochs: int
    learning_rate: float
    groups: int
    noisy: int
    gaussian_life: tuple[float, float]
    noise_life: tuple[float, float]
    step_size: tuple[float, float]
    fine: tuple[float, float]
    coarse: tuple[float, float]
    written: bool


# First short chains of one step size, which learn fast; then lives and steps of all lengths, so
# that long climbs hold, and starts that vary more.
STAGES = (
    Stage(52, 0.001, 5, 10, (150, 150), (220, 220), (0.2, 0.2), (0.05, 0.15), (0, 0), False),
    Stage(60, 0.0007, 8, 18, (60, 480), (60, 480), (0.2, 0.5), (0.04, 0.14), (0, 0.15), False),
    Stage(80, 0.0007, 8, 18, (60, 400), (60, 400), (0.2, 0.5), (0.05, 0.13), (0, 0.12), True),
)
EPOCHS = sum(stage.epochs for stage in STAGES)


def train(mnist, seed: int, epochs: int = EPOCHS):
    """Train the classifier ``energy`` from ``robust``, with progress bars.

    Fewer epochs than the recipe's are the first ones of its stages.

    Returns model and figures.
    """
    if epochs > EPOCHS:
        raise ValueError(f"energy trains for {EPOCHS} epochs at most; got {epochs}.")
    model = classifier.build()
    weights.load("robust", model)
    for stage in STAGES:
        if epochs > 0:
            improve(model, stage._replace(epochs=min(epochs, stage.epochs)), mnist, seed)
        epochs -= stage.epochs
    weights.to_half(model)
    return model, measure(model, mnist)


def improve(model, stage: Stage, mnist, seed: int) -> None:
    """Train the model on by one stage."""
    keras.utils.set_random_seed(seed)
    count = len(mnist.train.images)
    steps = stage.epochs * (count // BATCH)
    optimizer = fitting.adam(model, stage.learning_rate, steps, WEIGHT_AVERAGE, beta_1=BETA_1)
    images = tf.constant(mnist.train.images.reshape(-1, PIXELS))
    digits = tf.constant(mnist.train.digits)
    generator = tf.random.Generator.from_seed(seed)

    each = CHAINS // DIGITS
    targets = tf.constant(np.repeat(np.arange(DIGITS), each))
    noisy = np.tile(np.arange(each) < stage.noisy, DIGITS)
    least, most = np.where(noisy[:, None], stage.noise_life, stage.gaussian_life).T
    least, most = tf.constant(least, tf.float32), tf.constant(most, tf.float32)
    noisy = tf.constant(noisy[:, None])

    def noise(count):
        return _noise(count, stage, generator)

    def begun():
        return tf.where(noisy, noise(CHAINS), _gaussian(generator))

    def lives():
        return least + (most - least) * generator.uniform((CHAINS,))

    def lengths():
        return generator.uniform((CHAINS, 1), *stage.step_size)

    def several(make):
        return tf.Variable(tf.stack([make() for _ in range(stage.groups)]))

    # Of every age from the first batch on; later each restarts when its own life is over.
    chains, life, length = several(begun), several(lives), several(lengths)
    ages = tf.Variable(life * generator.uniform(life.shape))

    @tf.function(jit_compile=True)
    def learn(real, varied, midway, y, chained, length):
        attacked = perturb(model, varied, y, RADIUS, ATTACK_STEPS)
        chained = _climb(model, chained, targets, length)
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
        group = generator.uniform((1, 1), 0, stage.groups, tf.int32)
        chained, age, own_life, own_length = (
            tf.gather_nd(each, group)[0] for each in (chains, ages, life, length)
        )
        over = age >= own_life
        chained = tf.where(over[:, None], begun(), chained)
        own_life = tf.where(over, lives(), own_life)
        own_length = tf.where(over[:, None], lengths(), own_length)
        # Only the classification is augmented: what is drawn should look like MNIST itself.
        varied = affine(marks(x, y, WRITING, generator) if stage.written else x, generator)
        if stage.written:
            half = ink(tf.reshape(varied[::2], (-1, SIDE, SIDE)), WRITING, generator)
            half = tf.reshape(half, (-1, PIXELS))
            varied = tf.reshape(tf.stack([half, varied[1::2]], axis=1), (BATCH, PIXELS))
        share = generator.uniform((BATCH, 1), 0.0, GUIDE_REACH)
        midway = (1.0 - share) * noise(BATCH) + share * x
        loss, chained = learn(x, varied, midway, y, chained, own_length)
        age = tf.where(over, 0.0, age) + CLIMB
        for kept, new in ((chains, chained), (ages, age), (life, own_life), (length, own_length)):
            kept.scatter_nd_update(group, new[None])
        return loss

    fitting.run(step, count, BATCH, stage.epochs, seed)
    optimizer.finalize_variable_values(model.trainable_variables)


def _own(logits, digits):
    """Each row's logit of its own digit, ``(N,)``."""
    return tf.gather(logits, digits, axis=1, batch_dims=1)


def _climb(model, x, targets, length):
    """``CLIMB`` steps up the target's logit, of the chain's own length in L2, in [0, 1]."""
    for _ in tf.range(CLIMB):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logit = _own(model(x), targets)
        gradient = tape.gradient(logit, x)
        x = tf.clip_by_value(x + length * gradient / norm(gradient), 0.0, 1.0)
    return x


def _gaussian(generator: tf.random.Generator):
    """Draws of each digit's Gaussian ``(CHAINS, 784)``, with the spread that it has."""
    mean, directions = starts.class_gaussian()
    normal = generator.normal((DIGITS, CHAINS // DIGITS, starts.DIRECTIONS))
    drawn = tf.reshape(mean[:, None] + normal @ directions, (CHAINS, PIXELS))
    return tf.clip_by_value(drawn, 0.0, 1.0)


def _noise(count: int, stage: Stage, generator: tf.random.Generator):
    """Noise ``(count, 784)`` in [0, 1], as ``starts.make`` draws it, of the stage's strength."""
    rows = tf.constant(starts.enlargement(SIDE), tf.float32)
    cells = generator.normal((count, starts.CELLS, starts.CELLS))
    coarse = tf.reshape(tf.einsum("yi,xj,nij->nyx", rows, rows, cells), (count, PIXELS))
    fine = tf.abs(generator.normal((count, PIXELS)))
    strength = [generator.uniform((count, 1), *between) for between in (stage.fine, stage.coarse)]
    return tf.clip_by_value(strength[0] * fine + strength[1] * coarse, 0.0, 1.0)
