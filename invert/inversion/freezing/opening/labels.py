"""The classes' names, from a file: as Teachable Machine and Keras's users write them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from invert.inversion.checks import brief
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.packed import archives
from invert.inversion.freezing.refusal import Refusal

MAX_BYTES = 2**20
MAX_LENGTH = 200
# What such files are called, beside a network; "{}" is the network's own name.
BESIDE = ("metadata.json", "labels.txt", "{}_labels.txt", "{}.txt", "class_indices.json")
NUMBERED = re.compile(r"(\d{1,6})[ \t]*[ \t:,][ \t]*(\S.*)")
RULE = (
    "labels must be a sequence of names, one for each class and no two alike, their numbers by"
    " name, or the path of a file of these"
)


def told(labels: Any) -> tuple[str, ...]:
    """Return the names that a caller gave, in the order of the classes.

    Args:
        labels: a sequence of names; numbers by name, such as Keras's ``class_indices``, or names by
            number; or the path of a file of these.

    Raises:
        Refusal: they are none of these.

    >>> told({"goose": 1, "duck": 0}), told({"0": "duck", "1": "goose"})
    (('duck', 'goose'), ('duck', 'goose'))
    """
    if isinstance(labels, str | Path):
        return from_file(Path(labels))
    return _named(labels, brief(labels))


def from_file(path: Path) -> tuple[str, ...]:
    """Return the names in a file: a name a line, numbered or not, or JSON.

    JSON may be a list, an object with a list ``labels``, as Teachable Machine's metadata, or an
    object of numbers by name or names by number.

    Raises:
        Refusal: there is no such file, or it is too long, or holds something else.
    """
    if not path.is_file():
        raise Refusal(f"{RULE}; there is no file {str(path)!r}.")
    try:
        text = read(path, MAX_BYTES).decode("utf-8-sig")
        if text.lstrip()[:1] in ("{", "["):
            known = json.loads(text)
            if isinstance(known, dict) and isinstance(known.get("labels"), list):
                known = known["labels"]
            return _named(known, f"those in {path}")
    except (ValueError, RecursionError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{RULE}; {path} is neither text nor JSON.") from error
    return _named(_lines(text), f"those in {path}")


def beside(path: Path) -> tuple[str, ...] | None:
    """Return the names in a file beside a network, if there is one that can be read."""
    for name in BESIDE:
        place = path.parent / name.format(path.stem)
        if place.is_file() and place != path:
            try:
                return from_file(place)
            except (Refusal, OSError):
                continue
    return None


def inside(path: Path) -> tuple[str, ...] | None:
    """Return the names that are packed into a LiteRT file: a zip archive behind the network."""
    try:
        with archives.opened(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".txt")]
            if len(names) != 1 or archive.getinfo(names[0]).file_size > MAX_BYTES:
                return None
            text = archives.part(archive, names[0]).decode("utf-8-sig")
        return _named(_lines(text), names[0])
    except (ValueError, OSError):
        return None


def _lines(text: str) -> list[str] | dict[str, int]:
    """The names of a text; where every line is numbered, their numbers by name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [NUMBERED.fullmatch(line) for line in lines]
    found = [(match[2], int(match[1])) for match in numbered if match is not None]
    numbers = sorted(number for _, number in found)
    if len(found) == len(lines) == len(dict(found)) and numbers == list(range(len(lines))):
        return dict(found)
    return lines


def _named(known: Any, got: str) -> tuple[str, ...]:
    names: Sequence[Any] = ()
    if isinstance(known, Mapping):
        names = _in_order(known)
    elif not isinstance(known, str | bytes):
        try:
            names = tuple(known)
        except TypeError:
            names = ()
    texts = all(isinstance(name, str) and len(name) <= MAX_LENGTH for name in names)
    if not names or not texts or len(set(names)) != len(names):
        raise Refusal(f"{RULE}; got {got}.")
    return tuple(names)


def _in_order(known: Mapping[Any, Any]) -> list[Any]:
    """Names by number or numbers by name, in the order of the numbers; none if these have gaps."""
    for number_of in (lambda pair: pair[0], lambda pair: pair[1]):
        try:
            pairs = {int(str(number_of(pair))): pair for pair in known.items()}
        except ValueError:
            continue
        if sorted(pairs) == list(range(len(known))):
            other = 1 if number_of((0, 1)) == 0 else 0
            return [pairs[number][other] for number in range(len(known))]
    return []
