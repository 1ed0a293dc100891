"""What the shell commands share: one line for a mistake, whole files, and a quiet TensorFlow."""

import ast
import contextlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from invert.data import DataError
from invert.networks.weights import WeightsError

MAX_PICTURE = 64 * 2**20  # bytes
# Arguments of Python that are options of the same name here.
ARGUMENTS = (
    "bounds|classifier|head|input|labels|names|output|pixel_range|shape|signature|start|within"
)


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
    except KeyboardInterrupt:
        print(f"\ninvert: stopped. {stopped}", file=sys.stderr)
        return 130
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print("invert:", as_typed(" ".join(sentence.split())), file=sys.stderr)
        return 2
    return 0


def _sentence(error: Exception) -> str | None:
    """What a user can do something about; None for a mistake of ours, which wants its traceback."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    if isinstance(error, ValueError | DataError | WeightsError | OSError):
        return str(error)
    # By its name: TensorFlow is not imported for the sake of an error that may not be its own.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "There is not enough memory for so much at once. Ask for fewer images."
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "The system has no thread left. Try again when it does less."
    return None


def as_typed(sentence: str) -> str:
    """Name Python's arguments as a shell's options.

    >>> as_typed("Name its scores with output=, or say shape=(28, 28). Got 'output=3'.")
    "Name its scores with --output, or say --shape 28,28. Got 'output=3'."
    >>> as_typed("Say head='values' if it is a value.")
    'Say --head values if it is a value.'
    >>> as_typed("Give it a value with feed={'keep_prob': 1.0}, or another pixel_range=.")
    'Give it a value with --feed keep_prob=1.0, or another --pixel-range.'
    >>> as_typed("Shares must add up to 1, such as {3: 0.5, 8: 0.5}; got {'cat': 0.9}.")
    'Shares must add up to 1, such as 3:0.5,8:0.5; got cat:0.9.'
    """
    sentence = re.sub(r"\bfeed=\{['\"]([^'\"]*)['\"]: ([^}]*)\}", r"--feed \1=\2", sentence)

    sentence = re.sub(r"(?<!['\"\w])\{[^{}]{,200}\}", _mapping_as_typed, sentence)

    def option(found: re.Match) -> str:
        name, values = found.group(1).replace("_", "-"), (found.group(2) or "").strip("()'")
        between = " " if name == "pixel-range" else ","
        typed = between.join(value.strip() for value in values.split(",") if value.strip())
        return f"--{name} {typed}".rstrip()

    return re.sub(
        rf"(?<!['\"\w-])({ARGUMENTS})=(\([^)]*\)|'\w+')?(?=[\s.,;:)]|$)", option, sentence
    )


def _mapping_as_typed(found: re.Match) -> str:
    """A mapping of Python's as ``--target`` takes it; anything else as it is."""
    try:
        mapping = ast.literal_eval(found[0])
        typed = {str(key): float(value) for key, value in mapping.items()}
    except (ValueError, TypeError, SyntaxError, AttributeError, MemoryError, RecursionError):
        return found[0]
    if any(set(key) & set(",:'\"") for key in typed):
        return found[0]
    return ",".join(f"{key}:{value:g}" for key, value in typed.items())


def read(path: str) -> bytes:
    """Return a picture file's bytes.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than ``MAX_PICTURE``, or no file but a device or a pipe.
    """
    if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
        raise ValueError(f"A picture must be an ordinary file; {path} is a device or a pipe.")
    with Path(path).open("rb") as file:
        data = file.read(MAX_PICTURE + 1)
    if len(data) > MAX_PICTURE:
        raise ValueError(f"A picture must have at most 64 MB; {path} has more. Make it smaller.")
    return data


def write(path: Path, data: bytes) -> None:
    """Write a file in one step: an old one of that name stays until the new one is whole.

    Raises:
        OSError: it cannot be written; then nothing of it is left.
    """
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None
        raise


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
