"""Who works when: every visitor's page runs in a thread of its own.

The page is run for one visitor at a time (``PAGE``). Python runs one thread at a time anyway, and
where many want to, the thread that sends and receives for all of them waits for each.

Long work has a line of its own (``WORK``). It keeps all cores busy by itself, so two at once would
only take twice as long; and the page runs on for others meanwhile. Files are read in another
(``FILES``): one may take a minute.

In every line the address whose last turn is longest ago goes next: a hundred sessions of one
address delay another visitor by one turn, not by a hundred.
"""

import collections
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from invert.page.server import admission

P = ParamSpec("P")
R = TypeVar("R")
# How often one who waits looks whether it is still wanted; and in the line of the page, where many
# may wait. Streamlit stops a run of the page at the next look into its session's state, once the
# visitor has left or has chosen something else.
LOOK_SECONDS, LOOK_SECONDS_OF_THE_PAGE = 0.05, 0.5
REMEMBERED = 1000  # addresses that had their turn

_mine = threading.local()  # the turn of the page that a thread has


class _Ticket:
    """A place in a line.

    Attributes:
        who: whose it is; an address, where one is known.
        called: set once it has its turn.
    """

    def __init__(self, who: object):
        self.who, self.called = who, threading.Event()


class Line:
    """Those who wait for the same, and the one who has it.

    Attributes:
        look_seconds: how often one who waits looks whether it is still wanted.
        tickets: their places, in the order in which they came.
        served: the number of the turn that each visitor had last, the latest at the end; of one who
            never had a turn, that of the latest turn when it first came, less a half.
    """

    def __init__(self, look_seconds: float = LOOK_SECONDS):
        self.look_seconds = look_seconds
        self.tickets: list[_Ticket] = []
        self.served: collections.OrderedDict[object, float] = collections.OrderedDict()
        self._turns = 0
        self._changing = threading.Lock()

    def enter(self, who: object) -> _Ticket:
        """Take the last place."""
        ticket = _Ticket(who)
        with self._changing:
            # A newcomer goes before whoever had the latest turn, and after everybody else; and
            # keeps that rank if it comes again before it had a turn.
            self.served.setdefault(who, self._turns - 0.5)
            self.tickets.append(ticket)
            self._call_next()
        return ticket

    def leave(self, ticket: _Ticket) -> None:
        """Give a place up, whether or not it had its turn."""
        with self._changing:
            self.tickets.remove(ticket)
            self._call_next()

    def _call_next(self) -> None:
        """If nobody has the turn, give it to the address whose last is longest ago."""
        if not self.tickets or any(ticket.called.is_set() for ticket in self.tickets):
            return
        following = min(self.tickets, key=lambda ticket: self.served.get(ticket.who, 0))
        self._turns += 1
        self.served[following.who] = self._turns
        self.served.move_to_end(following.who)
        while len(self.served) > REMEMBERED:
            self.served.popitem(last=False)
        following.called.set()


PAGE, WORK, FILES = Line(LOOK_SECONDS_OF_THE_PAGE), Line(), Line()


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
        while not ticket.called.wait(line.look_seconds):
            (wanted or still_wanted)()
        yield
    finally:
        line.leave(ticket)


@contextlib.contextmanager
def run() -> Iterator[None]:
    """Run the page, or a part of it, when nobody else's runs; a part of a run need not wait."""
    if _has_the_page():
        yield
        return
    _take_the_page(still_wanted)
    try:
        yield
    finally:
        _give_the_page_back()


def aside(function: Callable[P, R]) -> Callable[P, R]:
    """Let others' pages run while a long function is at work.

    Put it above ``st.cache_data``, which locks: a thread that waits for that lock while it holds
    the page would block the thread that is computing.
    """

    @functools.wraps(function)
    def aside_of_the_page(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _has_the_page():
            return function(*args, **kwargs)
        _give_the_page_back()
        try:
            return function(*args, **kwargs)
        finally:
            _take_the_page(lambda: None)

    return aside_of_the_page


def aside_of_work(function: Callable[P, R]) -> Callable[P, R]:
    """Let others' pages run while a short function waits for TensorFlow.

    Long work holds TensorFlow's threads, and a reading then waits for up to a second. When none is
    under way, giving the page back would only cost another turn.
    """
    return aside(function) if WORK.tickets else function


def _has_the_page() -> bool:
    return getattr(_mine, "turn", None) is not None


def _take_the_page(wanted: Callable[[], None]) -> None:
    taken = contextlib.ExitStack()
    taken.enter_context(turn(PAGE, wanted=wanted))
    _mine.turn = taken


def _give_the_page_back() -> None:
    taken, _mine.turn = _mine.turn, None
    if taken:  # None where ``aside`` could not take it again
        taken.close()


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
