"""Who waits, who works, and who leaves."""

import contextlib
import threading
from types import SimpleNamespace

import pytest
from page_driver import SECONDS, until
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest, app_test

from invert.page.server import queue


@pytest.fixture
def wanted(monkeypatch):
    """Threads of a test have no session: everyone is wanted unless the test says otherwise."""
    unwanted = set()

    def look():
        if threading.current_thread().name in unwanted:
            raise StopException

    monkeypatch.setattr(queue, "still_wanted", look)
    return unwanted


class Visitor(threading.Thread):
    """One who takes a turn, says so, and works until told to stop."""

    def __init__(self, name, said):
        super().__init__(name=name, daemon=True)
        self.said, self.done = said, threading.Event()

    def run(self):
        with contextlib.suppress(StopException), queue.turn():
            self.said.append(self.name)
            assert self.done.wait(SECONDS)

    def wait_in_line(self, place):
        self.start()
        until(lambda: len(queue.WORK.tickets) == place)


def test_one_works_at_a_time_in_the_order_of_coming(wanted):
    said = []
    visitors = [Visitor(name, said) for name in "abcd"]
    for place, visitor in enumerate(visitors, start=1):
        visitor.wait_in_line(place)
    for number, visitor in enumerate(visitors):
        until(lambda n=number: len(said) == n + 1)
        assert said == list("abcd")[: number + 1]
        visitor.done.set()
        visitor.join(SECONDS)
    assert not queue.WORK.tickets


def test_a_hundred_sessions_of_one_address_keep_another_waiting_for_one_of_them(
    wanted, monkeypatch
):
    monkeypatch.setattr(queue, "visitor", lambda: threading.current_thread().name[0])
    said = []
    many = [Visitor(f"a{number}", said) for number in range(5)]
    for place, visitor in enumerate([*many, Visitor("b", said)], start=1):
        visitor.wait_in_line(place)
        last = visitor
    until(lambda: said == ["a0"])
    many[0].done.set()
    until(lambda: said == ["a0", "b"])
    for visitor in [last, *many[1:]]:
        visitor.done.set()
    for visitor in many[1:]:
        visitor.join(SECONDS)
    assert said == ["a0", "b", "a1", "a2", "a3", "a4"] and not queue.WORK.tickets


@pytest.mark.parametrize(
    "host, who",
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::1:2", "2001:db8::/64"), (None, "session")],
)
def test_a_visitor_is_an_address_or_on_this_machine_a_session(host, who, monkeypatch):
    context = SimpleNamespace(session_id="session")
    monkeypatch.setattr(queue, "get_script_run_ctx", lambda suppress_warning: context)
    monkeypatch.setattr(queue.st, "context", SimpleNamespace(ip_address=host))
    assert queue.visitor() == who


@pytest.mark.parametrize("line", [queue.PAGE, queue.WORK, queue.FILES])
def test_somebody_new_is_before_those_who_had_a_turn_since_and_after_all_others(line):
    earlier, latest = line.enter("earlier"), line.enter("latest")
    line.leave(earlier)
    waits = [line.enter(who) for who in ("latest", "newest", "earlier")]
    line.leave(latest)
    order = []
    while line.tickets:
        (at,) = (ticket for ticket in line.tickets if ticket.called.is_set())
        order.append(at.who)
        line.leave(at)
    assert order == ["earlier", "newest", "latest"] and len(waits) == 3


def test_a_newcomer_who_comes_again_keeps_its_rank():
    line = queue.Line()
    first = line.enter("first")
    line.leave(line.enter("newcomer"))  # who clicks again, say, before it had a turn
    line.leave(first)
    second, later = line.enter("second"), line.enter("later")
    again = line.enter("newcomer")
    line.leave(second)
    assert again.called.is_set() and not later.called.is_set()


def test_the_page_is_run_for_each_address_in_turn(wanted, monkeypatch):
    monkeypatch.setattr(queue, "visitor", lambda: threading.current_thread().name[0])
    ran = []

    def visit():
        with queue.run():
            ran.append(threading.current_thread().name)

    threads = [threading.Thread(target=visit, name=name) for name in ("a1", "a2", "a3", "b1")]
    with queue.run():
        for place, thread in enumerate(threads, start=2):
            thread.start()
            until(lambda place=place: len(queue.PAGE.tickets) == place)
    for thread in threads:
        thread.join(SECONDS)
    assert ran == ["a1", "b1", "a2", "a3"]


def test_a_page_that_is_not_wanted_any_more_does_not_run(wanted):
    ran = []

    def visit():
        with contextlib.suppress(StopException), queue.run():
            ran.append("left")

    leaver = threading.Thread(target=visit, name="leaver")
    with queue.run():
        leaver.start()
        until(lambda: len(queue.PAGE.tickets) == 2)
        wanted.add("leaver")
        leaver.join(SECONDS)
    assert not ran and not queue.PAGE.tickets


def test_no_more_addresses_are_remembered_than_that(monkeypatch):
    monkeypatch.setattr(queue, "REMEMBERED", 3)
    for _ in range(6):
        with queue.turn():
            pass
    assert len(queue.WORK.served) <= 3


def test_who_leaves_the_line_never_works_and_holds_nobody_up(wanted):
    said = []
    first, leaver, last = (Visitor(name, said) for name in ("first", "leaver", "last"))
    for place, visitor in enumerate((first, leaver, last), start=1):
        visitor.wait_in_line(place)
    wanted.add("leaver")
    leaver.join(SECONDS)
    assert len(queue.WORK.tickets) == 2
    first.done.set()
    until(lambda: said == ["first", "last"])
    last.done.set()
    last.join(SECONDS)
    assert not queue.WORK.tickets


def test_files_are_read_in_a_line_of_their_own(wanted):
    with queue.turn(queue.FILES), queue.turn():
        assert len(queue.FILES.tickets) == len(queue.WORK.tickets) == 1


def test_a_failure_hands_the_turn_on():
    with pytest.raises(MemoryError), queue.turn():
        raise MemoryError
    with queue.turn():
        assert len(queue.WORK.tickets) == 1


def test_somebody_who_is_on_the_page_is_wanted():
    def page():
        from invert.page.server import queue

        queue.still_wanted()

    assert not AppTest.from_function(page).run().exception


def test_streamlit_takes_a_visitor_who_has_left_out_of_the_line(monkeypatch):
    runners = []

    class Runner(app_test.LocalScriptRunner):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            runners.append(self)

    def page():
        from invert.page.server import queue

        with queue.turn():
            raise AssertionError("nobody is there any more")

    monkeypatch.setattr(app_test, "LocalScriptRunner", Runner)
    test = AppTest.from_function(page, default_timeout=SECONDS)
    visit = threading.Thread(target=test.run, daemon=True)
    with queue.turn():
        visit.start()
        until(lambda: len(queue.WORK.tickets) == 2)
        runners[0].request_stop()  # what Streamlit does when the connection closes
        until(lambda: len(queue.WORK.tickets) == 1)
    visit.join(SECONDS)
    assert not test.exception


def test_the_page_runs_for_one_at_a_time_and_for_others_while_somebody_computes(wanted):
    said, computing, done = [], threading.Event(), threading.Event()

    @queue.aside
    def compute():
        with queue.turn():
            computing.set()
            assert done.wait(SECONDS)

    def computes():
        with queue.run(), queue.run():  # a part of a run waits for nothing
            said.append("begins")
            compute()
            said.append("ends")

    def draws():
        with queue.run():
            said.append("draws")

    first, second = threading.Thread(target=computes), threading.Thread(target=draws)
    first.start()
    assert computing.wait(SECONDS)
    second.start()
    second.join(SECONDS)
    with queue.run():  # while it runs here, the first may not go on
        done.set()
        first.join(0.2)
        assert said == ["begins", "draws"]
    first.join(SECONDS)
    assert said == ["begins", "draws", "ends"]
    assert not queue.PAGE.tickets


@pytest.mark.parametrize("working", [True, False])
def test_a_reading_gives_the_page_back_only_while_long_work_is_under_way(wanted, working):
    held = []

    def read():
        held.append(len(queue.PAGE.tickets))
        return "read"

    with queue.turn() if working else contextlib.nullcontext(), queue.run():
        assert queue.aside_of_work(read)() == "read"
        assert len(queue.PAGE.tickets) == 1, "the page is this run's again"
    assert held == [0 if working else 1]


def test_a_run_that_fails_lets_the_next_one_in():
    for _ in range(2):
        with pytest.raises(KeyError), queue.run():
            raise KeyError


def test_many_who_want_the_same_do_not_hold_each_other_up(wanted):
    """One computes while another waits for it at the cache: the page must not be held meanwhile."""
    cache, computing, go = threading.Lock(), threading.Event(), threading.Event()

    @queue.aside
    def make():
        with cache, queue.turn():
            computing.set()
            assert go.wait(SECONDS)

    def visit():
        with queue.run():
            make()

    threads = [threading.Thread(target=visit, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert computing.wait(SECONDS)
    with queue.run():  # a sixth one draws
        pass
    go.set()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)
