"""M is waves: an image is a sum of them, and a step of one size changes long waves most.

Sources: Olah, Mordvintsev & Schubert 2017, "Feature Visualization",
https://distill.pub/2017/feature-visualization/: waves as long as nature's, colours that vary
together as nature's do.
"""

import dataclasses

import numpy as np
import tensorflow as tf

# How red, green and blue vary together in photographs: along light and dark by far the most. A
# root of the covariance that Olah et al. measured on ImageNet, published in lucid,
# https://github.com/tensorflow/lucid/blob/master/lucid/optvis/param/color.py.
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
COLOURS /= np.linalg.norm(COLOURS, axis=0).max()
# A larger image has no shorter waves than one of this size: it is drawn small and enlarged.
MOST = 224
FAINT = 0.05  # how strong a wave is where M starts


@dataclasses.dataclass(frozen=True)  # unlike tuples, equal to none but its own kind
class Fourier:
    """M is the waves' coefficients ``(N, 2, C, H, W // 2 + 1)``: real and imaginary parts.

    A wave of frequency f has 1 / f times the weight, as in photographs (Field 1987,
    https://doi.org/10.1364/JOSAA.4.002379). A sigmoid takes their sum to [0, 1].

    Attributes:
        shape: of one image, ``(H, W)`` or ``(H, W, C)``; three channels are red, green and blue.
        most: pixels a side that the waves are added up at; a larger image is enlarged.

    >>> waves = Fourier((5, 7, 3))
    >>> waves.make(waves.start(2, seed=0)).shape
    TensorShape([2, 5, 7, 3])
    """

    shape: tuple[int, ...]
    most: int = MOST
    holds_weights: bool = False

    @property
    def drawn(self) -> tuple[int, int]:
        """Height and width that the waves are added up at."""
        height, width = self.shape[:2]
        return min(height, self.most), min(width, self.most)

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""
        return self.shape[2] if len(self.shape) == 3 else 1

    @property
    def spectrum(self) -> np.ndarray:
        """Each wave's weight, ``(H, W // 2 + 1)`` float32; the mean has the longest wave's."""
        height, width = self.drawn
        down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        frequency = np.maximum(np.hypot(down, right), 1 / max(height, width))
        return (1 / frequency).astype(np.float32)

    def start(self, count: int, seed: int) -> np.ndarray:
        """Start from faint random waves; image ``i`` starts alike however many there are."""
        shape = (2, self.channels, *self.spectrum.shape)
        generators = [np.random.default_rng((seed, number)) for number in range(count)]
        return np.array([FAINT * g.standard_normal(shape, np.float32) for g in generators])

    def make(self, m):
        """Return the images that waves add up to."""
        height, width = self.shape[:2]
        waves = tf.complex(m[:, 0] * self.spectrum, m[:, 1] * self.spectrum)
        sums = tf.transpose(tf.signal.irfft2d(waves, self.drawn), (0, 2, 3, 1))
        if self.channels == 3:
            sums = tf.tensordot(sums, COLOURS.T, 1)
        if self.drawn != (height, width):
            sums = tf.image.resize(sums, (height, width))
        return tf.reshape(tf.sigmoid(sums), (-1, *self.shape))

    def project(self, m):
        """Return M: waves may have any strength."""
        return m
