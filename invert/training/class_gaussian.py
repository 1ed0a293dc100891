"""Each digit's pixel Gaussian: its mean and first principal directions. No optimisation.

Source: Santurkar et al. 2019, https://arxiv.org/abs/1906.09453, who start from it.
"""

import numpy as np

from invert.methods import starts


def train(mnist, seed: int, epochs: int = 1):
    """Measure the Gaussian of each digit's training images. Returns model and figures.

    Nothing here is random or repeated: seed and epochs are every recipe's, and change nothing.
    """
    model = starts.build()
    means, directions, kept = [], [], []
    for digit in range(10):
        images = mnist.train.images[mnist.train.digits == digit].reshape(-1, 784)
        means.append(images.mean(axis=0))
        values, vectors = np.linalg.eigh(np.cov(images, rowvar=False))
        largest = slice(-1, -starts.DIRECTIONS - 1, -1)
        directions.append((np.sqrt(values[largest]) * vectors[:, largest]).T)
        kept.append(values[largest].sum() / values.sum())
    model.set_weights([np.stack(means), np.stack(directions)])
    return model, {"variance_kept": float(np.mean(kept))}
