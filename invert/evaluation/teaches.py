"""What a set of images teaches: how well a network reads real digits that saw nothing else.

Source: Ravuri & Vinyals 2019, "Classification accuracy score for conditional generative models",
https://arxiv.org/abs/1905.10887. It needs no judge, and it notices missing variety: images
that all look alike teach little, however good each is.
"""

import numpy as np

from invert import data
from invert.networks import lenet

EPOCHS = 15
BATCH = 128
LEARNING_RATE = 0.002  # of Adam, falls to zero by a cosine


def teaches(images: np.ndarray, digits: np.ndarray, test: data.Split, seed: int = 0) -> float:
    """Train a LeNet-5 on images alone and return its accuracy on real ones.

    Args:
        images: ``(N, 28, 28)`` float32 in [0, 1], ink = 1.
        digits: ``(N,)``, what each was made to be.
        test: the real images, and what they are.
        seed: of the network's start and the order of the images.

    Returns:
        The share of ``test`` that is read right, 0 to 1.

    >>> images = np.zeros((10, 28, 28), np.float32)
    >>> round(teaches(images, np.full(10, 7), data.Split(images, np.full(10, 7))), 3)
    1.0
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = lenet.build()
    steps = EPOCHS * -(-len(images) // BATCH)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(images, digits, BATCH, EPOCHS, verbose=0)
    return float(model.evaluate(*test, BATCH, verbose=0)[1])
