import keras
import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from invert import data
from invert.evaluation import teaches
from invert.inversion.views import Moment
from invert.networks import lenet

pytestmark = pytest.mark.usefixtures("no_jit")


@pytest.mark.long
def test_real_digits_teach_and_noise_and_wrong_digits_do_not(sample, monkeypatch):
    images, digits = sample
    lessons, test = (images[::2], digits[::2]), data.Split(images[1::2], digits[1::2])
    assert teaches.teaches(*lessons, test) > 0.8
    assert teaches.teaches(lessons[0], (lessons[1] + 1) % 10, test) < 0.1
    noise = np.random.default_rng(0).random((200, 28, 28), np.float32)
    assert teaches.teaches(noise, lessons[1][:200], test) < 0.3


@pytest.mark.long
def test_images_that_look_alike_teach_little(sample):
    images, digits = sample
    first = np.array([np.flatnonzero(digits == digit)[0] for digit in range(10)])
    test = data.Split(images[1::2], digits[1::2])
    assert teaches.teaches(images[first][digits], digits, test) < 0.7


def test_the_seed_decides(sample, monkeypatch):
    monkeypatch.setattr(teaches, "EPOCHS", 2)
    images, digits = sample[0][::3], sample[1][::3]
    test = data.Split(*sample)
    one, same, other = (teaches.teaches(images, digits, test, seed) for seed in (3, 3, 4))
    assert one == same != other


def test_the_network_is_lenet():
    model = lenet.build()
    kernels = [layer.kernel.shape for layer in model.layers if hasattr(layer, "kernel")]
    assert kernels == [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    assert model.count_params() == pytest.approx(61706)
    assert isinstance(model, keras.Sequential)


def test_nothing_is_varied_where_nothing_is_drawn(sample, monkeypatch):
    images = sample[0][:20]
    for name in ("TURNED", "SLANTED", "WIDENED", "LENGTHENED", "MOVED", "WARPED", "SPOT"):
        monkeypatch.setattr(teaches, name, 0.0)
    same = teaches.varied(tf.constant(images), Moment(1, 2, 0)).numpy()
    np.testing.assert_allclose(same, images, atol=1e-5)


def test_each_image_is_varied_in_its_own_way_and_the_same_by_the_same_seed(sample):
    images = tf.constant(np.repeat(sample[0][:1], 200, axis=0))
    varied = teaches.varied(images, Moment(1, 2, 0)).numpy()
    assert (varied >= 0).all() and (varied <= 1 + 1e-5).all()
    assert len(np.unique(varied.round(3), axis=0)) == 200
    np.testing.assert_array_equal(varied, teaches.varied(images, Moment(1, 2, 0)))
    assert np.abs(varied - teaches.varied(images, Moment(1, 3, 0))).mean() > 0.01


def test_a_turn_a_slant_and_a_size_are_of_the_deviations_that_are_said(monkeypatch):
    """By the second moments of a square's ink, which a linear map multiplies from both sides."""
    for name in ("WARPED", "SPOT"):
        monkeypatch.setattr(teaches, name, 0.0)
    side = np.zeros((40, 40), np.float32)
    side[12:28, 12:28] = 1
    varied = teaches.varied(tf.constant(np.repeat(side[None], 2000, axis=0)), Moment(5, 0, 0))
    ink = varied.numpy() / varied.numpy().sum((1, 2), keepdims=True)
    place = np.arange(40.0)
    x, y = (ink * place).sum((1, 2)), (ink * place[:, None]).sum((1, 2))
    assert np.std(x) == pytest.approx(teaches.MOVED, rel=0.2)
    assert np.mean(x) == pytest.approx(19.5, abs=0.1) and np.mean(y) == pytest.approx(19.5, abs=0.1)
    across, along = place - x[:, None], place - y[:, None]
    xx = np.einsum("nhw,nw,nw->n", ink, across, across)
    yy = np.einsum("nhw,nh,nh->n", ink, along, along)
    xy = np.einsum("nhw,nh,nw->n", ink, along, across)
    sizes = np.log(xx * yy - xy**2) / 2  # a map's determinant: the logarithms of both sizes
    assert np.std(sizes) == pytest.approx(np.hypot(teaches.WIDENED, teaches.LENGTHENED), rel=0.15)
    # To first order a square's mixed moment shows the slant, and no turn.
    assert np.std(xy / np.sqrt(xx * yy)) == pytest.approx(teaches.SLANTED, rel=0.25)


def test_a_spot_is_wiped_out_of_half_of_them(monkeypatch):
    for name in ("TURNED", "SLANTED", "WIDENED", "LENGTHENED", "MOVED", "WARPED"):
        monkeypatch.setattr(teaches, name, 0.0)
    varied = teaches.varied(tf.ones((4000, 40, 40)), Moment(3, 0, 0)).numpy()
    wiped, area = (varied < 0.5).sum((1, 2)), np.pi * teaches.SPOT**2
    assert wiped.max() == pytest.approx(area, rel=0.15)
    # Its middle is anywhere on the page: each pixel away from the edges is hit as often.
    hit = (varied[:, 5:-5, 5:-5] < 0.5).mean()
    assert hit == pytest.approx(0.5 * area / 40**2, rel=0.1)
    assert (wiped > 0).mean() == pytest.approx(0.5, abs=0.03)


def test_between_pixels_is_a_mixture_and_beyond_the_edge_nothing():
    image = np.random.default_rng(0).random((1, 5, 6), np.float32)
    source = np.random.default_rng(1).uniform(-2, 8, (1, 5, 6, 2)).astype(np.float32)
    want = scipy.ndimage.map_coordinates(
        np.pad(image[0], 3), [source[0, ..., 1] + 3, source[0, ..., 0] + 3], order=1, cval=0.0
    )
    np.testing.assert_allclose(teaches.sampled(tf.constant(image), source)[0], want, atol=1e-5)
