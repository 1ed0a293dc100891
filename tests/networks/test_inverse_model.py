"""The inverse model and its decoder: deterministic, in range, legible, small."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from invert.evaluation import score
from invert.networks import inverse_model, judge, weights

DIGITS = np.arange(10)
ROUNDING = 1e-4  # another batch size may sum in another order


def test_same_digit_and_seed_same_image():
    first = inverse_model.imagine(DIGITS, seed=3)
    np.testing.assert_array_equal(first, inverse_model.imagine(DIGITS, seed=3))
    assert np.abs(first - inverse_model.imagine(DIGITS, seed=4)).max(axis=(1, 2)).min() > 0.5


def test_the_digit_makes_the_image():
    images = inverse_model.imagine([2, 7], seed=0)
    other = inverse_model.imagine([7, 7], seed=0)
    assert np.abs(images[0] - other[0]).max() > 0.5
    np.testing.assert_allclose(images[1], other[1], atol=ROUNDING)


def test_image_does_not_depend_on_how_many_are_asked_for():
    many = inverse_model.imagine(np.arange(50) % 10, seed=0)
    for count in (1, 7):
        few = inverse_model.imagine(np.arange(count), seed=0)
        np.testing.assert_allclose(few, many[:count], atol=ROUNDING)


def test_threads_get_what_one_gets():
    alone = [inverse_model.imagine(DIGITS, seed) for seed in range(24)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: inverse_model.imagine(DIGITS, seed), range(24)))
    np.testing.assert_allclose(together, alone, atol=ROUNDING)


def test_images_are_images():
    images = inverse_model.imagine(DIGITS, seed=0)
    assert images.shape == (10, 28, 28) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    assert inverse_model.imagine(8, seed=0).shape == (1, 28, 28)


def test_judge_reads_the_digit_that_was_asked_for():
    digits = np.repeat(DIGITS, 20)
    assert score.score(inverse_model.imagine(digits, seed=7), digits).agreement >= 0.98


def test_decoder_draws_every_code():
    decode = inverse_model.decoder().make
    codes = inverse_model.start_codes(200, seed=0)
    for size in (0, 1, 5):  # codes far from any that were seen are still images
        images = decode(size * codes).numpy().reshape(-1, 784)
        assert images.shape == (200, 784) and images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1
    # Nobody tells it a digit, yet it draws them all.
    read = judge.read(decode(codes).numpy().reshape(-1, 28, 28)).argmax(axis=1)
    assert np.bincount(read, minlength=10).min() >= 5


def test_start_codes_are_normal_and_each_its_own():
    codes = inverse_model.start_codes(1000, seed=1)
    assert abs(codes.mean()) < 0.03 and abs(codes.std() - 1) < 0.03
    np.testing.assert_array_equal(codes[:3], inverse_model.start_codes(3, seed=1))
    assert len(np.unique(codes, axis=0)) == 1000


def test_weights_file_is_small():
    assert weights.path_of("inverse").stat().st_size < 4_000_000


@pytest.mark.parametrize(
    ("digits", "seed", "sentence"),
    [
        ([3, 10], 0, "each digit must be a whole number from 0 to 9; got 10."),
        ([2.5], 0, "each digit must be a whole number from 0 to 9; got 2.5."),
        ([], 0, "the count of images must be a whole number from 1 to 1000; got 0."),
        (8, -1, "seed must be a whole number from 0 to 2147483647; got -1."),
        (8, None, "seed must be a whole number from 0 to 2147483647; got None."),
    ],
)
def test_what_is_wrong_is_said(digits, seed, sentence):
    with pytest.raises(ValueError) as error:
        inverse_model.imagine(digits, seed)
    assert str(error.value) == sentence


def by_keras(model, code, digit, steps, guidance):
    """The flow as Keras's own layers compute it, one step of Heun's method after the other."""

    def drift(inputs):
        return model.get_layer("drift")([tf.constant(x, tf.float32) for x in inputs]).numpy()

    def move(code, time):
        time = np.full((len(code), 1), time)
        to_any = drift([code, time, 0 * digit])
        return to_any + (1 + guidance) * (drift([code, time, digit]) - to_any)

    for step in range(steps):
        first = move(code, step / steps)
        second = move(code + first / steps, (step + 1) / steps)
        code = code + (first + second) / (2 * steps)
    return 1 / (1 + np.exp(-model.get_layer("decoder")(tf.constant(code, tf.float32)).numpy()))


def test_the_loop_draws_what_keras_layers_draw():
    model, codes = inverse_model.load(), inverse_model.start_codes(10, seed=5)
    digits = np.eye(10, dtype=np.float32)
    settings = inverse_model.STEPS, inverse_model.GUIDANCE
    want = by_keras(model, inverse_model.WIDTH * codes, digits, *settings)
    got = inverse_model.imagine(np.arange(10), seed=5).reshape(10, 784)
    np.testing.assert_allclose(got, want, atol=1e-4)
    want = by_keras(model, codes, 0 * digits, inverse_model.DECODER_STEPS, 0.0)
    got = inverse_model.decoder().make(codes).numpy().reshape(10, 784)
    np.testing.assert_allclose(got, want, atol=1e-4)
