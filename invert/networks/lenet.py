"""LeNet-5, for training on images that a method made.

Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition",
doi:10.1109/5.726791; with ReLU and max pooling, as it is built today.
"""

from invert.images import DIGITS, SIDE


def build(name: str = "lenet"):
    """The untrained network: images ``(N, 28, 28)`` in [0, 1] → logits ``(N, 10)``.

    >>> build().count_params()
    61706
    """
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((SIDE, SIDE), name="image"),
            layers.Reshape((SIDE, SIDE, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu", name="c1"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu", name="c3"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(DIGITS, name="logits"),
        ],
        name=name,
    )
