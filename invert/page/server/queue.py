"""Who works when: every visitor's page runs in a thread of its own.

The page is run for one visitor at a time. Python runs one thread at a time anyway, and where many
want to, the thread that sends and receives for all of them waits for each.

Long work has a line of its own (``WORK``). It keeps all cores busy by itself, so two at once would
only take twice as long; and the page runs on for others meanwhile. Whose address had its turn
longest ago is next, so a hundred sessions of one keep another waiting for one of them, not for a
hundred. Files are read in another line (``FILES``): one may take a minute.
"""

import collections
import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from invert.page.server import admission

P = ParamSpec("P")
R = TypeVar("R")
# How often one who waits looks whether it is still wanted. Streamlit stops a run of the page at
# the next look into its session's state, once the visitor has left or has chosen something else.
LOOK_SECONDS = 0.05
REMEMBERED = 1000  # addresses that had their turn

_page = threading.Lock()
_mine = threading.local()  # whether this thread holds it


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


class _Ticket:
    """A place in a line.

    Attributes:
        who: whose it is; an address, where one is known.
        works: whether it has its turn.
    """

    def __init__(self, who: object):
        self.who, self.works = who, False


class Line:
    """Those who wait for the same, and the one who works.

    Attributes:
        tickets: their places, in the order in which they came.
        served: the number of the turn that each visitor had last, the latest at the end.
    """

    def __init__(self):
        self.tickets: list[_Ticket] = []
        self.served: collections.OrderedDict[object, int] = collections.OrderedDict()
        self._turns = itertools.count(1)
        self._moved = threading.Condition()

    def enter(self, who: object) -> _Ticket:
        """Take the last place."""
        ticket = _Ticket(who)
        with self._moved:
            self.tickets.append(ticket)
        return ticket

    def leave(self, ticket: _Ticket) -> None:
        """Give a place up, whether or not it had its turn."""
        with self._moved:
            self.tickets.remove(ticket)
            self._moved.notify_all()

    def begins(self, ticket: _Ticket) -> bool:
        """Whether it is a place's turn now; waits ``LOOK_SECONDS`` for it."""
        with self._moved:
            if not self._moved.wait_for(lambda: self._next() is ticket, LOOK_SECONDS):
                return False
            ticket.works = True
            self.served[ticket.who] = next(self._turns)
            self.served.move_to_end(ticket.who)
            while len(self.served) > REMEMBERED:
                self.served.popitem(last=False)
            return True

    def _next(self) -> _Ticket | None:
        """Who is next, or None while somebody works; of one address the first who came."""
        if any(ticket.works for ticket in self.tickets):
            return None
        return min(self.tickets, key=lambda ticket: self.served.get(ticket.who, 0))


WORK, FILES = Line(), Line()


@contextlib.contextmanager
def turn(
    line: Line = WORK, who: object = None, wanted: Callable[[], None] | None = None
) -> Iterator[None]:
    """Wait for a turn. If its work is not wanted any more, it leaves the line without a turn.

    Args:
        line: for what.
        who: whose turn it is, as ``visitor`` says; the present one's by default.
        wanted: called while it waits, and raises if the work is not wanted any more.
    """
    ticket = line.enter(visitor() if who is None else who)
    try:
        while not line.begins(ticket):
            (wanted or still_wanted)()
        yield
    finally:
        line.leave(ticket)


def visitor() -> object:
    """Return the present visitor: the address; of one on this machine the session.

    Outside of the page it is nobody.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return object()
    address = st.context.ip_address
    return admission.home_of(address) if address else context.session_id


def still_wanted() -> None:
    """Stop here if the visitor has left, or has chosen something else meanwhile."""
    st.session_state.get("any key")
