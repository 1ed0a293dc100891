"""Turns: long work is done for one visitor at a time, first come, first served.

A run keeps all cores busy by itself, so two at once would only take twice as long, and Classify,
which waits for nobody, would have no core left.
"""

import collections
import contextlib
import threading

import streamlit as st

# How often one who waits looks whether it is still wanted. Streamlit stops a run of the page at
# the next look into its session's state, once the visitor has left or has chosen something else.
LOOK_SECONDS = 0.05

_line: collections.deque[object] = collections.deque()
_moved = threading.Condition()


@contextlib.contextmanager
def turn():
    """Wait for one's turn; whoever is not wanted any more leaves the line without having worked."""
    ticket = object()
    with _moved:
        _line.append(ticket)
    try:
        while not _first(ticket):
            _still_wanted()
        yield
    finally:
        with _moved:
            _line.remove(ticket)
            _moved.notify_all()


def _first(ticket: object) -> bool:
    with _moved:
        return _moved.wait_for(lambda: _line[0] is ticket, LOOK_SECONDS)


def _still_wanted() -> None:
    st.session_state.get("any key")
