"""Training that makes one's own network hard to fool, as a program of TensorFlow and Keras alone.

It is the training of `robust`: adversarial, Madry et al. 2018, https://arxiv.org/abs/1706.06083, in
L2. The program's template is training_program.jinja.
"""

import json
import math
import textwrap
from pathlib import PurePosixPath

from invert.inversion.domain import Bound
from invert.page.pictures.templates import template

TEMPLATE = template(__file__)
ATTACK_STEPS, EPOCHS, BATCH = 7, 10, 100
# The radius of `robust` on 28×28 grey pixels, and the usual one on photographs of 32×32; both
# change a pixel as much on other sizes.
GREY, PHOTOGRAPH = 1.5 / 28, 0.5 / math.sqrt(32 * 32 * 3)
OF_KERAS = (".keras", ".h5", ".hdf5")
WIDTH = 70  # of a comment
FILE = "my_model.keras"
ZIPPED = "The file in your .zip. Keras 3 refuses some files of Keras 2: save such a model anew."
OTHER = "The model that you made {} from, as Keras saves it: that file itself cannot learn."


def times_an_epoch() -> int:
    """Return how much longer an epoch takes than one of ordinary training: a pass for each step."""
    return ATTACK_STEPS + 1


def radius(shape: tuple[int, ...]) -> float:
    """Return how far pictures of a shape are changed, in L2, where the pixel range counts as 1.

    >>> radius((28, 28)), radius((32, 32, 3)), radius((8, 8))
    (1.5, 0.5, 0.43)
    """
    pixel = GREY if len(shape) == 2 else PHOTOGRAPH
    return float(f"{pixel * math.sqrt(math.prod(shape)):.2g}")


def text(
    file: str, shape: tuple[int, ...], low: Bound, high: Bound, classes: int, head: str
) -> str:
    """Return the program for one network.

    Args:
        file: what its file is called; of any format.
        shape: of its images.
        low, high: the lowest and the highest value of a pixel.
        classes: how many it tells apart.
        head: "softmax", or "sigmoid" for classes that do not exclude each other.

    >>> print(text("digits.h5", (28, 28), 0.0, 255.0, 10, "softmax"))  # doctest: +ELLIPSIS
    import keras
    import numpy as np
    import tensorflow as tf
    <BLANKLINE>
    model = keras.models.load_model("digits.h5")
    low, high = 0.0, 255.0  # of a pixel
    # How far each picture is changed, in L2: one pixel from low to high is 1.
    radius = 1.5
    attack_steps, epochs, batch = 7, 10, 100
    ...
    model.save("digits_robust.keras")
    <BLANKLINE>
    """
    ending = PurePosixPath(file.lower()).suffix
    opens = ending in OF_KERAS
    note = "" if opens else ZIPPED if ending == ".zip" else OTHER.format(ending or "the file")
    own = file if opens else FILE
    return TEMPLATE.render(
        file=_quoted(own),
        robust_file=_quoted(f"{own.rpartition('.')[0]}_robust.keras"),
        file_note=textwrap.wrap(note, WIDTH),
        low=_bound(low),
        high=_bound(high),
        per_colour=isinstance(low, tuple) or isinstance(high, tuple),
        radius=radius(shape),
        attack_steps=ATTACK_STEPS,
        epochs=EPOCHS,
        batch=BATCH,
        classes=classes,
        sigmoids=head == "sigmoid",
    )


def _bound(bound: Bound) -> str:
    return f"np.float32({list(bound)})" if isinstance(bound, tuple) else repr(bound)


def _quoted(name: str) -> str:
    """Any text as Python reads it."""
    return json.dumps(name, ensure_ascii=False)
