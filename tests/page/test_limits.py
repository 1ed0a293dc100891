"""What one visitor may ask of the server, with a stand-in for all that is behind the limits."""

import asyncio
import concurrent.futures
import json
from types import SimpleNamespace

import pytest
from streamlit import runtime

from invert.drawing.strokes import MAX_POINTS
from invert.page import limits
from invert.page.limits import Limits

A_SECOND, AT_ONCE = limits.OF_A_CONNECTION
DISCONNECT = {"type": "websocket.disconnect", "code": 1001}


def run(coroutine):
    """In a thread of its own: after browser tests, Playwright's event loop runs in this one."""
    with concurrent.futures.ThreadPoolExecutor(1) as another_thread:
        return another_thread.submit(asyncio.run, coroutine).result()


def message(length=10):
    return {"type": "websocket.receive", "bytes": bytes(length)}


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(limits.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(limits.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def server(monkeypatch):
    """Streamlit, as far as it is asked: who is there, and whose uploads are held."""
    stored, there = {}, {"ada", "bob"}
    manager = SimpleNamespace(remove_session_files=lambda session: stored.pop(session, None))
    instance = SimpleNamespace(is_active_session=there.__contains__, uploaded_file_mgr=manager)
    monkeypatch.setattr(runtime, "get_instance", lambda: instance)
    return SimpleNamespace(stored=stored, there=there)


def arrived(messages):
    """What comes through, and when, of messages that are all sent at once."""
    waiting = iter([*messages, DISCONNECT])

    async def receive():
        return next(waiting)

    async def all_of_it():
        get, came = limits.paced(receive, limits.Budget(*limits.OF_A_CONNECTION)), []
        while (got := await get()) != DISCONNECT:
            came.append((len(got["bytes"]), limits.time.monotonic() - 1000))
        return came

    return run(all_of_it())


def test_a_flood_waits_in_its_own_connection(clock):
    times = [time for _, time in arrived([message()] * 140)]
    assert times[: AT_ONCE - 1] == [0] * (AT_ONCE - 1)
    assert times[-1] == pytest.approx((140 - AT_ONCE) / A_SECOND, rel=0.01)


def test_what_a_hand_does_never_waits(clock):
    began = clock.now

    async def receive():
        clock.now += 0.16  # six strokes a second
        return message(2_000)

    async def all_the_time():
        get = limits.paced(receive, limits.Budget(*limits.OF_A_CONNECTION))
        for _ in range(5000):
            await get()

    run(all_the_time())
    assert clock.now - began == pytest.approx(800)


def test_long_messages_count_for_several_and_too_long_ones_are_dropped(clock):
    long = limits.LONGEST_MESSAGE
    came = arrived([message(long), message(long + 1), message(5), *[message(long)] * 20])
    assert [length for length, _ in came] == [long, 5, *[long] * 20]
    a_second = A_SECOND / (1 + long / limits.BYTES_A_MESSAGE)
    assert came[-1][1] == pytest.approx(22 / a_second - AT_ONCE / A_SECOND, rel=0.05)


def test_the_longest_drawing_that_is_read_is_never_dropped():
    path = [["Q", 140.1234, 235.1234, 141.1234, 236.1234]] * MAX_POINTS  # as a finger draws
    assert len(json.dumps(path, separators=(",", ":"))) < limits.LONGEST_MESSAGE


def upload(app, session, sent=None):
    """Send a file and return the answer's status."""
    scope = {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{session}/x"}
    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def put():
        await app(scope | {"headers": []}, receive, send)
        return statuses[0]

    return put()


def storing(server, seconds=0):
    """An application that stores an upload after some time."""

    async def store(scope, receive, send):
        await asyncio.sleep(seconds)
        session = scope["path"].split("/")[-2]
        server.stored[session] = server.stored.get(session, 0) + 1
        await send({"type": "http.response.start", "status": 204, "headers": []})

    return store


def test_a_session_holds_few_uploads_and_always_its_latest(server):
    app = Limits(storing(server))
    for number in range(50):
        assert run(upload(app, "ada")) == 204
        assert server.stored["ada"] == 1 + number % limits.UPLOADS_A_SESSION


def test_all_sessions_together_hold_few_uploads(server):
    server.there.update(map(str, range(100)))
    app = Limits(storing(server))
    for number in range(100):
        run(upload(app, str(number)))
        assert str(number) in server.stored and len(server.stored) <= limits.UPLOADS
    assert len(server.stored) == limits.UPLOADS


def test_uploads_are_given_back_when_their_visitor_leaves(server):
    async def leave(scope, receive, send):
        if scope["type"] == "websocket":
            server.there.discard("ada")
        else:
            await storing(server)(scope, receive, send)

    app = Limits(leave)
    run(upload(app, "ada"))
    run(upload(app, "bob"))
    run(app({"type": "websocket", "path": "/_stcore/stream"}, None, None))
    assert set(server.stored) == {"bob"}


def test_an_upload_of_somebody_who_left_meanwhile_is_not_kept(server):
    async def slow(scope, receive, send):
        server.there.discard("ada")
        await storing(server)(scope, receive, send)

    run(upload(Limits(slow), "ada"))
    assert server.stored == {}


def test_too_many_uploads_at_once_and_slow_ones_are_refused(server, monkeypatch):
    monkeypatch.setattr(limits, "UPLOAD_SECONDS", 0.2)
    app = Limits(storing(server, seconds=60))

    async def many():
        return await asyncio.gather(
            *[upload(app, "ada") for _ in range(limits.UPLOADS_AT_ONCE + 3)]
        )

    statuses = run(many())
    assert sorted(statuses) == [408] * limits.UPLOADS_AT_ONCE + [503] * 3
    assert run(upload(Limits(storing(server)), "ada")) == 204


def test_one_connection_too_many_is_refused_and_there_is_room_when_one_goes(server, monkeypatch):
    monkeypatch.setattr(limits, "CONNECTIONS", 2)
    scope = {"type": "websocket", "path": "/_stcore/stream"}

    async def visits():
        gone, refused = asyncio.Event(), []

        async def stay(scope, receive, send):
            await gone.wait()

        async def send(message):
            refused.append(message["code"])

        app = Limits(stay)
        staying = [asyncio.create_task(app(scope, None, send)) for _ in range(3)]
        await asyncio.sleep(0)
        assert refused == [1013]
        gone.set()
        await asyncio.gather(*staying)
        await app(scope, None, send)
        assert refused == [1013]

    run(visits())


def test_connections_of_an_address_share_what_it_may_ask_and_others_do_not_wait(server, clock):
    """A hundred messages a connection: the address has 200 at once, and then its own pace."""
    waits = {}

    async def take_all(scope, receive, send):
        began = clock.now
        while (await receive()) != DISCONNECT:
            pass
        waits[scope["number"]] = clock.now - began

    def connect(app, number, address):
        sent = iter([*[message()] * 30, DISCONNECT])

        async def receive():
            return next(sent)

        scope = {"type": "websocket", "path": "/", "client": (address, 1), "number": number}
        run(app(scope, receive, None))

    app = Limits(take_all)
    for number in range(12):  # one after the other: to come back does not fill the budget up
        connect(app, number, "192.0.2.1")
    connect(app, 12, "192.0.2.2")
    a_second, at_once = limits.OF_AN_ADDRESS
    assert all(waits[number] == 0 for number in range(at_once // 30))
    assert sum(waits.values()) == pytest.approx((12 * 30 - at_once) / a_second, rel=0.02)
    assert waits[12] == 0


def test_one_address_leaves_room_for_others(server, monkeypatch):
    monkeypatch.setattr(limits, "CONNECTIONS_AN_ADDRESS", 1)

    async def visits():
        refused = []

        async def stay(scope, receive, send):
            await asyncio.sleep(0.01)

        async def send(message):
            refused.append(message)

        app = Limits(stay)
        scopes = [{"type": "websocket", "path": "/", "client": (host, 1)} for host in "aab"]
        await asyncio.gather(*[app(scope, None, send) for scope in scopes])
        return len(refused)

    assert run(visits()) == 1


@pytest.mark.parametrize(
    "host, whose",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("a socket", "a socket"),
    ],
)
def test_a_home_is_one_address(host, whose):
    assert limits.address_of({"client": (host, 5)}) == whose
    assert limits.address_of({"client": None}) == ""
