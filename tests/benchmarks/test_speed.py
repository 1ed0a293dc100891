"""How long an inversion takes: beside its peer, and beside the least that it can take.

``.venv/bin/pytest -n 0 tests/benchmarks --benchmark-only`` prints a table a group; with
``--write-readme`` the medians go into the README of this folder. No test here fails by the clock.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import invert
from invert.methods import starts
from invert.networks import classifier

STEPS = 200
COUNTS = (1, 10, 64, 256)
PEER_COUNTS = (1, 10, 64)
CNN_STEPS, CNN_LENGTH = 100, 0.4
ROUNDS = {"warmup_rounds": 2, "rounds": 15}
PHOTO_STEPS, PHOTO_COUNTS = 20, (1, 4)
PHOTO_ROUNDS = {"warmup_rounds": 1, "rounds": 7}


def named(group, column, count):
    """What conftest.py makes the README's table of."""
    return {"table": group, "column": column, "images": count}


@pytest.fixture(scope="module")
def weights():
    return [w for w in classifier.load("robust").get_weights() if w.ndim == 2]


@pytest.mark.parametrize("count", COUNTS)
def test_generate(benchmark, count):
    benchmark.group = f"{STEPS} steps, {count} images"
    benchmark.extra_info |= named("speed", "generate", count)
    kwargs = {"classifier": "robust", "start": "noise", "steps": STEPS}
    run = benchmark.pedantic(invert.generate, ([8] * count,), kwargs, **ROUNDS)
    assert run.probabilities[:, 8].min() > 0.9


@pytest.mark.parametrize("count", COUNTS)
def test_products_alone_in_numpy(benchmark, count, weights):
    """Three products forwards and three backwards a step, and nothing else."""
    benchmark.group = f"{STEPS} steps, {count} images"
    benchmark.extra_info |= named("speed", "NumPy's products", count)
    forwards = [(np.ones((count, len(w)), np.float32), w) for w in weights]
    backwards = [(np.ones((count, w.shape[1]), np.float32), w.T) for w in weights]

    def products():
        for _ in range(STEPS):
            for a, b in forwards + backwards:
                a @ b

    benchmark.pedantic(products, **ROUNDS)


@pytest.mark.parametrize("count", COUNTS)
def test_products_alone_in_tensorflow(benchmark, count, weights):
    """The same, as one graph; a step waits for the one before, as it must."""
    benchmark.group = f"{STEPS} steps, {count} images"
    benchmark.extra_info |= named("speed", "TensorFlow's products", count)
    forwards = [(tf.ones((count, len(w))), tf.constant(w)) for w in weights]
    backwards = [(tf.ones((count, w.shape[1])), tf.constant(w)) for w in weights]

    def step(i, total):
        with tf.control_dependencies([total]):
            ends = [tf.matmul(a, b) for a, b in forwards]
            ends += [tf.matmul(a, b, transpose_b=True) for a, b in backwards]
        return i + 1, total + tf.add_n([end[0, 0] for end in ends])

    @tf.function
    def products():
        return tf.while_loop(lambda i, _: i < STEPS, step, (0, 0.0), parallel_iterations=1)[1]

    benchmark.pedantic(lambda: products().numpy(), **ROUNDS)


def peer(benchmark, model, start, steps, rounds, input_range=(0, 1)):
    """tf-keras-vis: the same network, start and steps, without its regularizers and modifiers."""
    from tf_keras_vis.activation_maximization import ActivationMaximization
    from tf_keras_vis.utils.scores import CategoricalScore

    maximize = ActivationMaximization(model, clone=False)
    images = benchmark.pedantic(
        maximize,
        args=(CategoricalScore([8] * len(start)),),
        kwargs={
            "seed_input": start,
            "input_range": input_range,
            "steps": steps,
            "regularizers": [],
            "input_modifiers": [],
        },
        warmup_rounds=1,
        rounds=rounds,
    )
    assert np.shape(images) == start.shape


@pytest.mark.parametrize("count", PEER_COUNTS)
@pytest.mark.filterwarnings("ignore")  # the peer's own
def test_peer(benchmark, count):
    """It takes square images of one channel, so a layer that flattens them comes first."""
    benchmark.group = f"{STEPS} steps, {count} images"
    benchmark.extra_info |= named("speed", "tf-keras-vis", count)
    square = [keras.Input((28, 28, 1)), keras.layers.Flatten(), classifier.load("robust")]
    peer(benchmark, keras.Sequential(square), digits(count), STEPS, rounds=3)


def digits(count):
    return starts.make("noise", np.full(count, 8), seed=0)[..., None]


def ordinary(model, count, steps, length, low):
    """The same steps as one would write them: a ``tf.function`` around the model, a tape inside."""

    @tf.function
    def learn(x):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits([8] * count, model(x))
            gradient = tape.gradient(loss, x)
            norm = tf.sqrt(tf.reduce_sum(gradient**2, axis=(1, 2, 3), keepdims=True))
            x = tf.clip_by_value(x - length * tf.math.divide_no_nan(gradient, norm), low, 1.0)
        return x

    return learn


# --- A network of four convolutions, as people bring them.


@pytest.fixture(scope="module")
def cnn():
    keras.utils.set_random_seed(0)
    layers = []
    for width in (32, 64):
        layers += [
            keras.layers.Conv2D(width, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(width, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers])


@pytest.mark.parametrize("count", PEER_COUNTS)
def test_generate_with_convolutions(benchmark, cnn, count):
    benchmark.group = f"four convolutions, {CNN_STEPS} steps, {count} images"
    benchmark.extra_info |= named("convolutions", "generate", count)
    settings = {"classifier": invert.freeze(cnn), "steps": CNN_STEPS, "step_size": CNN_LENGTH}
    rounds = {"warmup_rounds": 1, "rounds": 7 if count < 64 else 3}
    run = benchmark.pedantic(invert.generate, ([8] * count,), settings, **rounds)
    assert run.images.shape == (count, 28, 28)


@pytest.mark.parametrize("count", PEER_COUNTS)
def test_an_ordinary_function_with_convolutions(benchmark, cnn, count):
    benchmark.group = f"four convolutions, {CNN_STEPS} steps, {count} images"
    benchmark.extra_info |= named("convolutions", "tf.function", count)

    learn, start = ordinary(cnn, count, CNN_STEPS, CNN_LENGTH, low=0.0), tf.constant(digits(count))
    rounds = {"warmup_rounds": 1, "rounds": 7 if count < 64 else 3}
    images = benchmark.pedantic(lambda: learn(start).numpy(), **rounds)
    assert images.shape == (count, 28, 28, 1)


@pytest.mark.parametrize("count", (1, 10))
@pytest.mark.filterwarnings("ignore")  # the peer's own
def test_peer_with_convolutions(benchmark, cnn, count):
    benchmark.group = f"four convolutions, {CNN_STEPS} steps, {count} images"
    benchmark.extra_info |= named("convolutions", "tf-keras-vis", count)
    peer(benchmark, cnn, digits(count), CNN_STEPS, rounds=3)


# --- A network of photographs: MobileNetV2 (alpha 0.35) at 224×224, its weights drawn.


@pytest.fixture(scope="module")
def photographs():
    keras.utils.set_random_seed(0)
    return keras.applications.MobileNetV2(
        (224, 224, 3), alpha=0.35, weights=None, classifier_activation=None
    )


@pytest.mark.parametrize("count", PHOTO_COUNTS)
def test_generate_photographs(benchmark, photographs, count):
    benchmark.group = f"224×224, {PHOTO_STEPS} steps, {count} images"
    benchmark.extra_info |= named("photographs", "generate", count)
    frozen = invert.freeze(photographs, pixel_range=(-1, 1))
    settings = {"classifier": frozen, "method": "steepest", "steps": PHOTO_STEPS}
    run = benchmark.pedantic(invert.generate, ([8] * count,), settings, **PHOTO_ROUNDS)
    assert run.images.shape == (count, 224, 224, 3)


@pytest.mark.parametrize("count", PHOTO_COUNTS)
def test_an_ordinary_function_with_photographs(benchmark, photographs, count):
    benchmark.group = f"224×224, {PHOTO_STEPS} steps, {count} images"
    benchmark.extra_info |= named("photographs", "tf.function", count)
    learn = ordinary(photographs, count, PHOTO_STEPS, length=2.0, low=-1.0)
    start = tf.random.stateless_uniform((count, 224, 224, 3), (0, 0), -1, 1)
    images = benchmark.pedantic(lambda: learn(start).numpy(), **PHOTO_ROUNDS)
    assert images.shape == (count, 224, 224, 3)


@pytest.mark.parametrize("count", PHOTO_COUNTS)
@pytest.mark.filterwarnings("ignore")  # the peer's own
def test_peer_with_photographs(benchmark, photographs, count):
    benchmark.group = f"224×224, {PHOTO_STEPS} steps, {count} images"
    benchmark.extra_info |= named("photographs", "tf-keras-vis", count)
    start = np.random.default_rng(0).uniform(-1, 1, (count, 224, 224, 3)).astype(np.float32)
    peer(benchmark, photographs, start, PHOTO_STEPS, rounds=3, input_range=(-1, 1))


@pytest.mark.parametrize("count", (1, 2, 5, 10, 16, 32, 64, 128, 256, 512))
def test_growth_in_images(benchmark, count):
    benchmark.group = f"{STEPS} steps of many images"
    benchmark.extra_info |= {"table": "growth", "images": count, "steps": STEPS}
    kwargs = {"classifier": "robust", "start": "noise", "steps": STEPS}
    benchmark.pedantic(invert.generate, ([8] * count,), kwargs, warmup_rounds=1, rounds=7)


@pytest.mark.parametrize("steps", (12, 25, 50, 100, 200, 400, 800))
def test_growth_in_steps(benchmark, steps):
    benchmark.group = "16 images, many steps"
    benchmark.extra_info |= {"table": "growth", "images": 16, "steps": steps}
    kwargs = {"classifier": "robust", "start": "noise", "steps": steps}
    benchmark.pedantic(invert.generate, ([8] * 16,), kwargs, warmup_rounds=1, rounds=7)
