"""What the package's shell commands share: one line for a mistake, and a quiet TensorFlow."""

import contextlib
import os
import sys
from collections.abc import Callable

from invert.data import DataError
from invert.weights import WeightsError


def run(command: Callable[[], None], stopped: str) -> int:
    """Run a command and return its exit code.

    Args:
        command: a mistake of its user raises ValueError, DataError, WeightsError or OSError.
        stopped: what Ctrl-C leaves behind, in a sentence.

    Returns:
        0; 2 after a mistake; 130 after Ctrl-C; in either case with one line on standard error.
    """
    try:
        command()
    except (ValueError, DataError, WeightsError, OSError) as error:
        named = isinstance(error, OSError) and error.filename is not None
        text = f"{error.filename}: {error.strerror}." if named else str(error)
        print("invert:", " ".join(text.split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ninvert: stopped. {stopped}", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def quiet():
    """Keep what TensorFlow's libraries write while they start up off standard error.

    They write to the file itself, before any setting of theirs is read.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
