"""The networks that visitors bring: each is its session's alone, and few are held at once."""

import collections
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from invert.page import failure, queue, yours

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

# Each is up to 8 MB, and what is compiled for it takes several times as much.
MOST = 8
KEY, FILE, COMPLAINT = "my network", "my network's file", "my network's complaint"
WHAT = (
    "Drop a trained classifier: `.keras`, `.h5` or `.pb`, at most 8 MB, images up to 64×64×3, up to"
    " 100 classes. It stays in this session."
)
NOT_YET = "Drop your network in the heading. It reads and draws here then."
PUT_AWAY = "Your network was put away, because others brought theirs. Drop it again."
_held: "collections.OrderedDict[str, FrozenGraph]" = collections.OrderedDict()
_lock = threading.Lock()


def take(file: str, name: str, content: Callable[[], bytes]) -> None:
    """Read a visitor's file, once; what is wrong with it is said, and the one before stays.

    Args:
        file: what tells this upload from all others.
        name: what the visitor calls it.
        content: returns its bytes.
    """
    if st.session_state.get(FILE) == file:
        return
    st.session_state[FILE] = file
    try:
        with st.spinner("Reading it in a process of its own…", show_time=False):
            graph = _read(name, content())
    except Exception as error:
        st.session_state[COMPLAINT] = failure.plain_sentence(error)
        return
    st.session_state[KEY], st.session_state[COMPLAINT] = graph.name, None
    with _lock:
        _held[graph.name] = graph
        _held.move_to_end(graph.name)
        while len(_held) > MOST:
            _held.popitem(last=False)


@queue.aside
def _read(name: str, content: bytes) -> "FrozenGraph":
    with queue.turn():
        return yours.read(name, content)


def held() -> "FrozenGraph | None":
    """Return this session's network, if there is one."""
    with _lock:
        graph = _held.get(st.session_state.get(KEY, ""))
        if graph is not None:
            _held.move_to_end(graph.name)
    return graph


def said() -> str:
    """Return what is known of this session's network, or what may be dropped."""
    graph = held()
    if graph is None:
        return PUT_AWAY if KEY in st.session_state else WHAT
    size = "×".join(str(side) for side in graph.image_shape)
    least, most = graph.pixel_range
    return f"Yours reads {size} images from {least:g} to {most:g}, {graph.classes} classes."


def complaint() -> str | None:
    """Return why the last file was refused, if so."""
    return st.session_state.get(COMPLAINT)
