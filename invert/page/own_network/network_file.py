"""One's own network: a file → a frozen graph, or a sentence that says why not.

The file is read in a process that is thrown away (``child``), and what that process answers is
checked again before it is used.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from invert.networks.classifier import CLASSIFIERS
from invert.page.own_network import effort, refusal_wording
from invert.page.own_network.refusal_wording import ALIAS, ELSEWHERE, RULE, WAY_OUT
from invert.page.server import throwaway

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

MOST_BYTES = 16 * 2**20  # of a file, as of all uploads
MOST_UNPACKED = 2**26  # bytes of weights
# Of the process that reads. TensorFlow alone takes 3 s and asks for 1.5 GB, of which it uses half.
SECONDS, CPU_SECONDS, MEMORY = 90, 90, 3 * 2**30
FILE, FILES = MOST_UNPACKED, 256
MOST_ANSWER = MOST_UNPACKED + 2**22
READER = ("-m", "invert.page.own_network.child")
LENGTH, MOST_OF_NOTES, LONGEST_LABEL = 4, 2**15, 40
LONGEST_STEM = 24  # characters of a file's name
# What an answer begins with.
GRAPH, REFUSED, MEMORY_GONE = b"g", b"r", b"m"

DRAGS = (
    "A network must not run many times slower than its arithmetic explains, as this one does. Use"
    " common layers."
)
UNPACKS = (
    f"A network's weights must take at most {MOST_UNPACKED // 2**20} MB once they are unpacked;"
    f" those of {ALIAS} take more. Give a smaller network."
)
NO_ROOM = "The server has no room to read a network now. Try again in a moment."
# Of what may be a network: HDF5 and zip, as ``opening`` knows them, which would import TensorFlow
# here; and the fields of a GraphDef.
FIRST_BYTES = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x0a", b"\x12", b"\x18", b"\x22")
LITE = b"TFL3"  # of a .tflite file, behind the place of its table


def read(name: str, data: bytes, still_wanted: Callable[[], None] = lambda: None) -> FrozenGraph:
    """Return the network in a file, as a frozen graph that is called as ``graph_name`` says.

    It takes some seconds, two cores and a gigabyte, so one at a time is read (``queue.FILES``).

    Args:
        name: of the file. Sentences name it, so they are escaped wherever they become HTML.
        data: the file's bytes.
        still_wanted: called meanwhile; if it raises, the reading ends.

    Raises:
        ValueError: it breaks one of the rules, or it ends whatever reads it; in one sentence.
    """
    called = graph_name(name, data)
    name = refusal_wording.shown_name(name)
    _check_bytes(name, data)
    try:
        answer = throwaway.run(READER, data, SECONDS, MOST_ANSWER, still_wanted)
    except throwaway.TookTooLong:
        raise ValueError(
            f"A network must be read within {SECONDS} seconds; {name} took too long. Try"
            " again when the server does less, or give a smaller one."
        ) from None
    except throwaway.WantedMemory:
        raise ValueError(refusal_wording.no_memory(name, MEMORY)) from None
    except throwaway.Ended:
        raise ValueError(
            f"A network must not end whatever reads it; {name} ended the process that read it."
            f" {WAY_OUT}"
        ) from None
    except OSError:
        raise ValueError(NO_ROOM) from None
    kind, rest = answer[:1], answer[1:]
    if kind == MEMORY_GONE:
        raise ValueError(refusal_wording.no_memory(name, MEMORY))
    if kind == REFUSED:
        raise ValueError(refusal_wording.sentence(rest, name))
    from invert.inversion.compiling import without_xla

    try:
        if kind != GRAPH:
            raise ValueError("nothing was answered")
        frozen = _with_notes_taken(rest, called)
        effort.effort_of(frozen)
    except (ValueError, RecursionError):  # the process had checked that: its answer is not trusted
        raise ValueError(f"The process that read {name} gave no valid answer. {WAY_OUT}") from None
    return without_xla(frozen)


class Notes(NamedTuple):
    """What the process that read a network says of it, beside the graph.

    Attributes:
        labels: the names of its classes.
        range_assumed: whether the file does not say what its pixels may be.
        method, why: what the network chose to be run backwards by; empty where it was not asked.
        share: the share of the usual weights that it chose, see ``choice.share_of``.
        dark: whether it reads dark ink; None where it was not asked.
    """

    labels: Sequence[str]
    range_assumed: bool
    method: str = ""
    why: str = ""
    share: float = 1.0
    dark: bool | None = None


def with_notes(notes: Notes, packed: bytes) -> bytes:
    """Return a packed graph after notes."""
    text = json.dumps(notes).encode()
    return len(text).to_bytes(LENGTH) + text + packed


def _with_notes_taken(data: bytes, called: str) -> FrozenGraph:
    """Return the graph that ``with_notes`` was given."""
    from invert.inversion.freezing import passing
    from invert.methods import choice, pen

    end = LENGTH + int.from_bytes(data[:LENGTH])
    if end > MOST_OF_NOTES:
        raise ValueError("the notes are too long")
    said = json.loads(data[LENGTH:end])
    kinds = [list, bool, str, str, float]
    if type(said) is not list or [type(note) for note in said[:-1]] != kinds:
        raise ValueError("the notes are not a list of six")
    notes = Notes(*said)
    if not isinstance(notes.dark, bool | None):
        raise ValueError("ink is dark or not")
    if not all(type(name) is str for name in notes.labels):
        raise ValueError("the names are not texts")
    frozen = passing.unpack(data[end:], called)
    if len(notes.labels) != frozen.classes:
        raise ValueError("not every class has a name")
    if notes.method and notes.method not in choice.candidates(frozen):
        raise ValueError("no network chooses that method")
    if notes.share not in choice.WEIGHTS:
        raise ValueError("no network chooses that share")
    frozen = dataclasses.replace(
        frozen, labels=checked_labels(notes.labels), range_assumed=notes.range_assumed
    )
    why = "".join(sign for sign in notes.why if sign.isprintable())
    chosen = choice.ChosenMethod(
        notes.method or choice.OWN_METHOD, why[: refusal_wording.LONGEST_SENTENCE]
    )
    choice.tell(frozen, chosen, notes.share)
    if notes.dark is not None:
        pen.tell_dark(frozen, notes.dark)
    return frozen


def checked_labels(names: Sequence[str], what: str = "Class names") -> tuple[str, ...]:
    """Return the names of classes as the page shows them: one line, short, no two alike.

    Args:
        names: of each.
        what: what an error calls them.

    Raises:
        ValueError: two are alike, or one is empty.

    >>> checked_labels([" cat", "dog\\n"])
    ('cat', 'dog')
    """
    kept = []
    for name in names:
        shown = "".join(sign for sign in name if sign.isprintable()).strip()[:LONGEST_LABEL]
        if not shown or shown in kept:
            raise ValueError(f"{what} must be there and differ; got {name[:40]!r}.")
        kept.append(shown)
    return tuple(kept)


def graph_name(name: str, data: bytes) -> str:
    """Return what to call a file's network: what people read, and what tells it from all others.

    >>> graph_name("C:/nets/My digits.keras", b"")
    'My digits#e3b0c44298fc1c14'
    """
    stem = re.split(r"[/\\]", name)[-1].rpartition(".")[0]
    stem = "".join(sign for sign in stem if sign.isalnum() or sign in " ._-").strip(" .")
    stem = f"own {stem}" if stem in CLASSIFIERS else stem[:LONGEST_STEM] or "own"
    return f"{stem}#{hashlib.sha256(data).hexdigest()[:16]}"


def _check_bytes(name: str, data: bytes) -> None:
    if len(data) > MOST_BYTES:
        size = len(data) / 2**20
        raise ValueError(f"{RULE}; {name} has {size:,.1f} MB. {ELSEWHERE}")
    if not data:
        raise ValueError(f"{RULE}; {name} is empty. {WAY_OUT}")
    if not data.startswith(FIRST_BYTES) and data[4:8] != LITE:
        raise ValueError(f"{RULE}; by its first bytes {name} is none of these. {WAY_OUT}")
