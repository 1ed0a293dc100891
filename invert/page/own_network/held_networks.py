"""Own networks: each belongs to one session, and few are held at once."""

import collections
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

import invert
from invert.page.own_network import network_file, refusal_wording, told
from invert.page.server import admission, departures, failure, queue
from invert.page.session import state

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

# Each is up to 16 MB, and what is compiled for it takes several times as much.
MOST = 5
OWN, NAME, COMPLAINT = "own network", "own network's file", "own network's complaint"
OF_KERAS = (".keras", ".h5", ".hdf5")
FILES_READ = "files of networks read"
NOT_YET = "Drop a network in the heading, and it will read and draw here."
WHAT = (
    "Drop a trained network: `.keras`, `.h5`, `.pb`, `.tflite`, or a `.zip`, such as Teachable"
    " Machine's; at most 16 MB. It reads images up to 224×224×3, or a few numbers. Only you can use"
    " it; it is deleted when you leave."
)
PUT_AWAY = (
    "The server had to delete this network to make room for others. Drop the file here again."
)
# Whether it gives values.
FEATURES = {
    True: "{0} reads {1} and gives {2}.",
    False: "{0} reads {1} and tells classes apart.",
}
READING = "Reading the network in a process of its own…"
_lock = threading.Lock()


class Held(NamedTuple):
    """A network, and the home that it came from."""

    graph: "FrozenGraph"
    home: str


_held: "collections.OrderedDict[str, Held]" = collections.OrderedDict()  # by session


def files_read() -> int:
    """Return how many files were read in this session, refused ones too."""
    return st.session_state.get(FILES_READ, 0)


def take(name: str, content: Callable[[], bytes]) -> None:
    """Read a file. If it is refused, the page says why, and the network before stays.

    Args:
        name: of the file.
        content: returns its bytes.
    """
    try:
        with st.spinner(READING, show_time=False):
            graph = _read(name, content())
    except Exception as error:
        st.session_state[COMPLAINT] = failure.plain_sentence(error)
    else:
        _hold(graph)
        st.session_state[OWN], st.session_state[COMPLAINT] = graph.name, None
        st.session_state[NAME] = name
        told.forget()
    st.session_state[FILES_READ] = files_read() + 1  # last: after an interruption it is read anew


@queue.aside
def _read(name: str, content: bytes) -> "FrozenGraph":
    with queue.turn(queue.FILES):
        graph = network_file.read(name, content, queue.still_wanted)
        invert.classify(np.zeros((1, *graph.image_shape)) + np.asarray(graph.pixel_range[0]), graph)
    return graph


def _hold(graph: "FrozenGraph") -> None:
    """Keep a session's network; if there are too many, the home that has most loses one."""
    session = state.session()
    with _lock:
        _held[session] = Held(graph, admission.home_of(st.context.ip_address or ""))
        _held.move_to_end(session)
        while len(_held) > MOST:
            homes = collections.Counter(held.home for held in _held.values())
            most = homes.most_common(1)[0][0]
            del _held[next(session for session, held in _held.items() if held.home == most)]
    departures.when_gone("own network", lambda: _forget(session))


def _forget(session: str) -> None:
    with _lock:
        _held.pop(session, None)


def held() -> "FrozenGraph | None":
    """Return this session's network, if there is one."""
    with _lock:
        if state.session() not in _held:
            return None
        _held.move_to_end(state.session())
        return _held[state.session()].graph


def said() -> str:
    """Return what is known of this session's network, or what may be dropped."""
    graph = held()
    if graph is None:
        return PUT_AWAY if OWN in st.session_state else WHAT
    graph = told.applied(graph)
    name = refusal_wording.shown_name(st.session_state.get(NAME, ""))
    if not graph.domain.is_image:
        return FEATURES[graph.head == "values"].format(
            name, counted(graph.values, "feature"), counted(graph.classes, "value")
        )
    size = "×".join(str(side) for side in graph.image_shape)
    pixels = graph.domain.range_in_words
    return f"{name} reads {size} images, pixels in {pixels}, {graph.classes} classes."


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing.

    >>> counted(1, "feature"), counted(3, "value")
    ('1 feature', '3 values')
    """
    return f"{count} {thing}" + "s" * (count > 1)


def file_name() -> str:
    """Return what the file of this session's network is called."""
    return str(st.session_state.get(NAME, ""))


def suits_a_program() -> bool:
    """Whether Keras opens this session's network, and it takes images in [0, 1]."""
    graph = held()
    opens = file_name().lower().endswith(OF_KERAS)
    return graph is not None and opens and graph.pixel_range == (0.0, 1.0)


def complaint() -> str | None:
    """Return why the last file was refused, if so."""
    return st.session_state.get(COMPLAINT)
