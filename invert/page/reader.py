"""The throwaway process that reads a visitor's network: ``python -m invert.page.reader``.

It answers one byte that says what follows, and then the packed frozen graph, or why there is none.
Nothing here knows Streamlit, and TensorFlow is imported once the limits stand.
"""

import os
import time
from pathlib import Path

from invert.page import refusals, throwaway, yours

# Of what does not say its size, the likeliest first. Values in a row fit at most one of these.
LIKELY_SIZES = ((28, 28), (32, 32, 3), (32, 32), (64, 64), (28, 28, 3), (64, 64, 3))


def main() -> None:
    """Read a network from standard input, and write what became of it to standard output."""
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    throwaway.limit(yours.CPU_SECONDS, yours.MEMORY, yours.FILE, yours.FILES)
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
        return yours.MEMORY_GONE
    except OSError:  # a file of its own became too large
        return yours.REFUSED + yours.UNPACKS.encode()
    except ValueError as error:
        return yours.REFUSED + str(error).encode(errors="replace")[: refusals.MOST_TEXT]
    except Exception as error:  # by its name: what is wrong may be TensorFlow itself
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        return yours.MEMORY_GONE
    if len(packed) >= yours.MOST_ANSWER:
        return yours.REFUSED + yours.UNPACKS.encode()
    return yours.GRAPH + packed


def _packed(data: bytes) -> bytes:
    from invert.inversion.freezing import passing

    path = Path(refusals.ALIAS)
    path.write_bytes(data)
    try:
        frozen = _frozen(path)
    finally:
        path.unlink()
    effort = yours.check(frozen)
    _rehearse(frozen, effort)
    return passing.pack(frozen)


def _frozen(path: Path):
    """Freeze the file, by the likeliest size where it does not say its own."""
    from invert.inversion.freezing import freeze
    from invert.inversion.freezing.refusal import WrongSize

    refused: list[WrongSize] = []
    for size in (None, *LIKELY_SIZES):
        try:
            return freeze(path, shape=size)
        except WrongSize as error:
            refused.append(error)
    raise refused[0]  # the one that speaks of no guess


def _rehearse(frozen, effort: yours.Effort) -> None:
    """Take some steps of the dearest kind, so that whatever fails or drags on does so here."""
    from invert import generate
    from invert.inversion.compiling import without_xla

    without_xla(frozen)
    for steps in (1, yours.REHEARSED):  # the first for what has to be prepared
        start = time.process_time()  # which does not depend on what else the machine does
        generate([0] * yours.MOST_IMAGES, classifier=frozen, steps=steps, frames=2)
        seconds = (time.process_time() - start) / (steps + 1)
    if seconds * effort.most_steps(yours.MOST_IMAGES) > yours.FAR_TOO_LONG:
        raise ValueError(yours.DRAGS)


if __name__ == "__main__":
    main()
