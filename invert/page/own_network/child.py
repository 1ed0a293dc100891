"""The throwaway process that reads one's own network, ``python -m`` this module.

It answers one byte that says what follows, and then the packed frozen graph, or why there is none.
Nothing here imports Streamlit, and TensorFlow is imported once the limits are set.
"""

import contextlib
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from invert.page.own_network import effort, network_file, refusal_wording
from invert.page.server import throwaway

# Of what does not say its size, the likeliest first. Values in a row fit at most one of these.
LIKELY_SIZES = (
    *((28, 28), (32, 32, 3), (32, 32), (64, 64), (28, 28, 3), (64, 64, 3)),
    *((224, 224, 3), (128, 128, 3), (96, 96, 3), (128, 128)),
)
# What features are taken to be in until the page is told.
FEATURES = (0.0, 1.0)
# Steps, and the seconds of both cores together that the dearest run may take by them.
REHEARSED, FAR_TOO_LONG, USUAL_STEPS = 3, 60, 80
# How much of the processor's time may have passed when a network has chosen its method.
MOST_CPU_SECONDS = network_file.CPU_SECONDS / 2


def main() -> None:
    """Read a network from standard input, and write what became of it to standard output."""
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    throwaway.limit(
        network_file.CPU_SECONDS, network_file.MEMORY, network_file.FILE, network_file.FILES
    )
    said = answer(throwaway.receive())
    with os.fdopen(output, "wb") as file:
        file.write(said)
    os._exit(0)  # threads of TensorFlow may be at work still


def answer(data: bytes) -> bytes:
    """Return what is answered to a file: a packed graph, or a sentence without the file's name.

    The file, and others, are written to the working directory.
    """
    try:
        packed = _packed(data)
    except MemoryError:
        return network_file.MEMORY_GONE
    except OSError:  # a file of its own became too large
        return network_file.REFUSED + network_file.UNPACKS.encode()
    except ValueError as error:
        return (
            network_file.REFUSED + str(error).encode(errors="replace")[: refusal_wording.MOST_TEXT]
        )
    except Exception as error:  # by its name: what is wrong may be TensorFlow itself
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        return network_file.MEMORY_GONE
    if len(packed) >= network_file.MOST_ANSWER:
        return network_file.REFUSED + network_file.UNPACKS.encode()
    return network_file.GRAPH + packed


def _packed(data: bytes) -> bytes:
    from invert.inversion.freezing import passing

    path = Path(refusal_wording.ALIAS)
    path.write_bytes(data)
    try:
        frozen = _frozen(path)
    finally:
        path.unlink()
    known = effort.check(frozen)
    pace = _rehearse(frozen, known)
    return network_file.with_notes(_notes(frozen, known, pace), passing.pack(frozen))


def _frozen(path: Path):
    """Freeze the file, by the likeliest size where it does not say its own, else by features."""
    from invert.inversion.freezing import freeze
    from invert.inversion.freezing.refusal import Refusal, WrongSize

    try:
        return freeze(path)
    except WrongSize as error:
        refused = error
    for size in LIKELY_SIZES:
        if refused.values in (None, math.prod(size)):
            with contextlib.suppress(WrongSize):
                return freeze(path, shape=size)
    try:
        features = freeze(path, bounds=FEATURES)
    except Refusal:
        raise refused from None  # which speaks of no guess
    if len(features.image_shape) > 1 or features.values > effort.MOST_FEATURES:
        raise refused
    return features


def _rehearse(frozen, known: effort.Effort) -> float:
    """Take a few of the most expensive steps, so that what fails or takes too long does so here.

    Returns:
        The seconds of the processor that a multiplication takes, as ``Effort`` counts them.
    """
    import numpy as np

    from invert import generate
    from invert.inversion.compiling import without_xla
    from invert.methods.records import OWN_METHOD, VALUES_METHOD

    without_xla(frozen)
    images = max(1, known.most_images(USUAL_STEPS))
    values = frozen.head == "values"
    targets = np.zeros((images, frozen.classes)) if values else [0] * images
    method = VALUES_METHOD if values else OWN_METHOD
    for steps in (1, REHEARSED):  # the first run prepares what is needed
        start = time.process_time()  # which does not depend on what else the machine does
        generate(targets, method, classifier=frozen, steps=steps, frames=2)
        seconds = (time.process_time() - start) / (steps + 1)
    if seconds * known.most_steps(images) > FAR_TOO_LONG:
        raise ValueError(network_file.DRAGS)
    return seconds / (known.step + images * known.image)


def _notes(frozen, known: effort.Effort, pace: float) -> network_file.Notes:
    """What is known of the network, and what it chooses; in this process nobody waits for that.

    It is not asked where that would take too long, or fails.

    Args:
        frozen: the network.
        known: how long its steps take.
        pace: as ``_rehearse`` returns it.
    """
    from invert.methods import choice, pen
    from invert.methods.records import METHODS, Optimization

    notes = network_file.Notes(frozen.labels, frozen.range_assumed)
    if not frozen.domain.is_image or frozen.head == "values":
        return notes
    images, steps = choice.trial(frozen)

    def affordable(methods: Sequence[str]) -> bool:
        tried = [cast(Optimization, METHODS[name]) for name in methods]
        efforts = [known.by(record, frozen.values) for record in tried]
        seconds = pace * sum(steps * (each.step + images * each.image) for each in efforts)
        return time.process_time() + seconds <= MOST_CPU_SECONDS

    with contextlib.suppress(Exception):  # whatever it is, the network can be read without
        if affordable(choice.candidates(frozen)):
            chosen = choice.method_of(frozen)
            dark = pen.known_dark(frozen)
            notes = notes._replace(method=chosen.method, why=chosen.why, dark=dark)
        if affordable([choice.SEARCHED] * len(choice.WEIGHTS)):
            choice.weights_of(frozen)
    return notes._replace(share=choice.share_of(frozen))


if __name__ == "__main__":
    main()
