"""The present picture as code: a program of TensorFlow alone, or one call of this package.

Both make the picture that the page shows, and have no line that the choice does not need. The
program's template is program.jinja.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from invert.methods import opposite, starts
from invert.methods.records import Method, Optimization
from invert.networks import inverse_model
from invert.page.pictures.downloads import SCALE
from invert.page.pictures.templates import template

OWN, OWN_FILE = "own", "my_model.keras"
OPPOSITE_FILE = "opposite.keras"  # of one's own network
MY_DRAWING, DRAWING_FILE = "my drawing", "drawing.npy"
WIDTH = 88  # of a line, at most
PARAMETRISATIONS = ("pixels", "decoder")  # that the template can write

TEMPLATE = template(__file__)
# What the program begins with, each line only where its name is used below.
IMPORTS = {
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
    "convert_to_constants": "from tensorflow.python.framework import convert_to_constants",
}
SHORT = {"layers": "layers = tf.keras.layers", "dense": "dense = tf.keras.layers.Dense"}
START_IN_WORDS = {
    "black": "black pages",
    "noise": "faint noise, fine and coarse",
    "average": "the mean of all training digits",
    "class-gaussian": "random draws around the digit's mean",
    MY_DRAWING: "a drawing",
    starts.RANDOM: "random numbers",
}
# The sizes of images: numbers where the network ships, names where it is one's own.
SIZES = {
    "read_shape": "(count, 784)",
    "pictures": "(count, 28, 28, 1)",
    "values": "784",
    "cells": f"({starts.CELLS}, {starts.CELLS}, 1)",
    "sides": "(28, 28)",
}
OWN_SIZES = {
    "read_shape": "read_shape",
    "pictures": "(count, *shape)",
    "values": "np.prod(shape)",
    "cells": f"({starts.CELLS}, {starts.CELLS}, shape[2])",
    "sides": "shape[:2]",
}


def tensorflow(
    classifier: str,
    record: Method,
    digit: int,
    count: int,
    seed: int,
    start: str,
    own_file: str = OWN_FILE,
    dark: bool = False,
) -> str:
    """Return the picture as a program that needs NumPy, TensorFlow and ``model_weights/`` only.

    It follows the question's four steps and leaves in ``images`` what ``invert.generate`` returns,
    but for rounding, and a PNG of them. Only a method with total variation makes other images,
    which look alike: among neighbours of equal ink, rounding decides which one it changes. Jitter
    shifts by the same random numbers in both. ``latent`` builds its decoder too, and so is longer
    than the others; ``inverse`` runs nothing backwards and has no M.

    Args:
        classifier: the name of one that ships; or "own", a file of images in [0, 1] → logits.
        record: what ``records.method_for`` returned.
        digit: the class asked for.
        count: how many images.
        seed: of the start, and of jitter.
        start: one of ``invert.STARTS``, "my drawing" or "random".
        own_file: of one's own network.
        dark: whether that reads dark ink, the lowest value.

    >>> from invert.methods.records import method_for
    >>> text = tensorflow("robust", method_for("robust", None, {}), 8, 1, 0, "black")
    >>> print(text)  # doctest: +ELLIPSIS
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework import convert_to_constants
    <BLANKLINE>
    digit, count, steps, step_size = 8, 1, 80, 0.4
    ...
    # 1. Freeze: the weights become constants, the input stays open.
    ...
    # 2. M: images that can be learned. They start as black pages.
    start = np.zeros((count, 784))
    M = tf.Variable(start, dtype=tf.float32)
    ...
    """
    from invert.inversion.priors import PENALTIES  # TensorFlow comes with it

    own, coded = classifier == OWN, start == starts.RANDOM
    numbers: dict[str, float] = {"digit": digit, "count": count, "seed": seed}
    choice: dict[str, object] = {"inverse": True}
    if isinstance(record, Optimization):
        numbers |= {"steps": record.steps, "step_size": record.step_size}
        adam, jitter = record.step_rule == "adam", record.settings.get("jitter", 0)
        priors = dict.fromkeys(PENALTIES, 0) | dict(record.priors)
        rule = "steps of Adam" if adam else "steps of one length, straight along the gradient"
        choice = {
            "inverse": False,
            "adam": adam,
            "rule_in_words": rule if coded else f"{rule}, back into [0, 1]",
            "loss": record.loss,
            "priors": priors,
            "share": " * 784 / start[0].size" if own and not coded else "",
            "seen": "seen" if own or jitter else "image",
            "jitter": jitter,
        }
    body = TEMPLATE.render(
        choice,
        classifier=classifier,
        own=own,
        dark=dark,
        own_file=_quoted(own_file),
        start=start,
        start_in_words=START_IN_WORDS[start],
        my_drawing=MY_DRAWING,
        drawing_file=DRAWING_FILE,
        starts=starts,
        coded=coded,
        scale=SCALE,
        m="code" if coded else "image",
        inverse_model=inverse_model,
        moves=inverse_model.STEPS if choice["inverse"] else inverse_model.DECODER_STEPS,
        slope="guided" if choice["inverse"] else "slope",
        **(OWN_SIZES if own else SIZES),
    )
    used = [name for name in numbers if re.search(rf"\b{name}\b", body)]
    top = [line for name, line in IMPORTS.items() if f"{name}." in body]
    top += ["", f"{', '.join(used)} = {', '.join(str(numbers[name]) for name in used)}"]
    top += [line for name, line in SHORT.items() if re.search(rf"\b{name}[.(]", body)]
    return "\n".join([*top, body])


def can_write(record: Method) -> bool:
    """Whether ``tensorflow`` can write a method as a program; ``call`` can write any."""
    if isinstance(record, Optimization):
        return record.parametrisation in PARAMETRISATIONS
    return record.name == "inverse"


def _quoted(text: str) -> str:
    """Any text as Python reads it."""
    return json.dumps(text, ensure_ascii=False)


def call(
    classifier: str,
    method: str | None,
    digit: int,
    count: int,
    seed: int,
    start: str | None,
    settings: Mapping[str, Any],
    own_file: str = OWN_FILE,
    dark: bool = False,
) -> str:
    """Return the picture as one call of this package; a choice that is None is left out.

    Args:
        classifier: the name of one that ships, or "own".
        method: a name in ``METHODS``; None for the one that suits the classifier best.
        digit: the class asked for.
        count: how many images.
        seed: of the randomness.
        start: one of ``invert.STARTS``, "my drawing" or "random"; None for the method's own.
        settings: of the method, by their names, where they are not its own.
        own_file: of one's own network.
        dark: whether that reads dark ink, the lowest value.

    >>> print(call("energy", None, 8, 4, 9, None, {}), end="")
    from pathlib import Path
    <BLANKLINE>
    import invert
    from invert import film
    <BLANKLINE>
    run = invert.generate([8] * 4, classifier="energy", seed=9)
    # run.images: (4, 28, 28) float32 in [0, 1]
    Path("8.png").write_bytes(film.png(run.images, scale=10))
    """
    own, drawn = classifier == OWN, start == MY_DRAWING
    arguments = [f"[{digit}] * {count}" if count > 1 else f"[{digit}]"]
    arguments += [f'"{method}"'] if method else []
    network = _quoted(own_file) if own else f'"{classifier}"'
    arguments += [f"classifier={network}", f"seed={seed}"]
    if drawn:
        arguments += [f'start=np.load("{DRAWING_FILE}")']
    elif start and start != starts.RANDOM:
        arguments += [f'start="{start}"']
    arguments += [f"{name}={value!r}" for name, value in settings.items()]
    line = f"run = invert.generate({', '.join(arguments)})"
    if method == opposite.METHOD:
        model = f'"{OPPOSITE_FILE}", {network}' if own else network
        line = f"run = invert.opposite.load({model}).draw({arguments[0]}, seed={seed})"
        if len(line) > WIDTH:
            line = f"model = invert.opposite.load({model})\n"
            line += f"run = model.draw({arguments[0]}, seed={seed})"
    elif len(line) > WIDTH:
        line = "\n".join(["run = invert.generate(", *(f"    {each}," for each in arguments), ")"])
    imports = "from pathlib import Path\n\n"
    imports += "import numpy as np\n\n" if drawn else ""
    imports += "import invert\nfrom invert import film"
    images = "in the network's own pixel range" if own else f"({count}, 28, 28) float32 in [0, 1]"
    how = f"scale={SCALE}{', pixel_range=run.pixel_range' if own and not dark else ''}"
    ink = "1 - run.domain.to_unit(run.images)" if dark else "run.images"
    why = "  # its ink is dark" if dark else ""
    kept = f'Path("{digit}.png").write_bytes(film.png({ink}, {how})){why}'
    return f"{imports}\n\n{line}\n# run.images: {images}\n{kept}\n"
