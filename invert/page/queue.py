"""Who works when: every visitor's page runs in a thread of its own.

The page is run for one visitor at a time. Python runs one thread at a time anyway, and where many
want to, the thread that sends and receives for all of them waits for each.

Long work has a line of its own, first come, first served. It keeps all cores busy by itself, so two
at once would only take twice as long; and the page runs on for others meanwhile.
"""

import collections
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")
# How often one who waits looks whether it is still wanted. Streamlit stops a run of the page at
# the next look into its session's state, once the visitor has left or has chosen something else.
LOOK_SECONDS = 0.05

_page = threading.Lock()
_mine = threading.local()  # whether this thread holds it
_line: collections.deque[object] = collections.deque()
_moved = threading.Condition()


@contextlib.contextmanager
def run() -> Iterator[None]:
    """Run the page, or a part of it, when nobody else's runs; a part of a run need not wait."""
    if getattr(_mine, "held", False):
        yield
        return
    with _page:
        _mine.held = True
        try:
            yield
        finally:
            _mine.held = False


def aside(function: Callable[P, R]) -> Callable[P, R]:
    """Let others' pages run while a long function is at work.

    Put it above ``st.cache_data``, which locks: a thread that waits for that lock while it holds
    the page would block the thread that is computing.
    """

    @functools.wraps(function)
    def aside_of_the_page(*args: P.args, **kwargs: P.kwargs) -> R:
        if not getattr(_mine, "held", False):
            return function(*args, **kwargs)
        _mine.held = False
        _page.release()
        try:
            return function(*args, **kwargs)
        finally:
            _page.acquire()
            _mine.held = True

    return aside_of_the_page


@contextlib.contextmanager
def turn() -> Iterator[None]:
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
