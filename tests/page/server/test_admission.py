"""What one visitor may ask of the server, with a stand-in for all that is behind the limits."""

import asyncio
import concurrent.futures
import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected
from streamlit import runtime

from invert import page
from invert.drawing.stroke_pieces import MAX_POINTS
from invert.page.server import admission
from invert.page.server.admission import Limits

A_SECOND, AT_ONCE = admission.RATE_OF_A_CONNECTION
DISCONNECT = {"type": "websocket.disconnect", "code": 1001}


def run(coroutine):
    """In a thread of its own: after browser tests, Playwright's event loop runs in this one."""
    with concurrent.futures.ThreadPoolExecutor(1) as another_thread:
        return another_thread.submit(asyncio.run, coroutine).result()


def message(length=10):
    return {"type": "websocket.receive", "bytes": bytes(length)}


class Clock:
    """Time that passes only while everybody waits."""

    def __init__(self, monkeypatch):
        self.now, self._asleep = 1000.0, []
        monkeypatch.setattr(admission, "monotonic", lambda: self.now)
        monkeypatch.setattr(admission, "sleep", self.sleep)

    async def sleep(self, seconds):
        awake = asyncio.Event()
        self._asleep.append((self.now + seconds, awake))
        await awake.wait()

    def run(self, *coroutines):
        """Run them side by side; return what they return."""

        async def all_of_them():
            tasks = [asyncio.ensure_future(each) for each in coroutines]
            while not all(task.done() for task in tasks):
                for _ in range(3 * len(tasks) + 10):
                    await asyncio.sleep(0)
                if self._asleep:
                    first = min(self._asleep, key=lambda sleeper: sleeper[0])
                    self._asleep.remove(first)
                    self.now = first[0]
                    first[1].set()
            return [task.result() for task in tasks]

        return run(all_of_them())


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


def arrived(clock, messages):
    """What comes through, and when, of messages that are all sent at once."""
    waiting, began = iter([*messages, DISCONNECT]), clock.now

    async def receive():
        return next(waiting)

    async def all_of_it():
        get, came = admission.paced(receive, admission.Budget(*admission.RATE_OF_A_CONNECTION)), []
        while (got := await get()) != DISCONNECT:
            came.append((len(got["bytes"]), clock.now - began))
        return came

    return clock.run(all_of_it())[0]


def test_a_flood_waits_in_its_own_connection(clock):
    times = [time for _, time in arrived(clock, [message()] * 140)]
    assert times[: AT_ONCE - 1] == [0] * (AT_ONCE - 1)
    assert times[-1] == pytest.approx((140 - AT_ONCE) / A_SECOND, rel=0.01)


def test_what_a_hand_does_never_waits(clock):
    began = clock.now

    async def receive():
        clock.now += 0.16  # six strokes a second
        return message(2_000)

    async def all_the_time():
        get = admission.paced(receive, admission.Budget(*admission.RATE_OF_A_CONNECTION))
        for _ in range(5000):
            await get()

    clock.run(all_the_time())
    assert clock.now - began == pytest.approx(800)


def test_long_messages_count_for_several_and_too_long_ones_are_dropped(clock):
    long = admission.LONGEST_MESSAGE
    sent = [message(long), message(long + 1), message(5), *[message(long)] * 20]
    came = arrived(clock, sent)
    assert [length for length, _ in came] == [long, 5, *[long] * 20]
    a_second = A_SECOND / (1 + long / admission.BYTES_A_MESSAGE)
    assert came[-1][1] == pytest.approx(22 / a_second - AT_ONCE / A_SECOND, rel=0.05)


def test_text_is_dropped_which_streamlit_answers_with_a_traceback(clock):
    text = {"type": "websocket.receive", "text": "hello"}
    both = {"type": "websocket.receive", "bytes": None, "text": "hello"}
    assert [length for length, _ in arrived(clock, [text, message(7), both])] == [7]


def test_the_longest_drawing_that_is_read_is_never_dropped():
    path = [["Q", 140.1234, 235.1234, 141.1234, 236.1234]] * MAX_POINTS  # as a finger draws
    assert len(json.dumps(path, separators=(",", ":"))) < admission.LONGEST_MESSAGE


def upload(app, session, address="192.0.2.1", **headers):
    """Send a file and return the answer's status, None where there was no answer.

    Where no header says otherwise, it is of the largest size.
    """
    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"/_stcore/upload_file/{session}/x",
        "headers": [(n.replace("_", "-").encode(), str(v).encode()) for n, v in headers.items()],
        "client": (address, 1),
    }
    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def put():
        await app(scope, receive, send)
        return statuses[0] if statuses else None

    return put()


async def refuse(scope, receive, send):
    await send({"type": "http.response.start", "status": 413, "headers": []})


def storing(server, seconds=0):
    """An application that stores an upload after some time."""

    async def store(scope, receive, send):
        await asyncio.sleep(seconds)
        session = scope["path"].split("/")[-2]
        server.stored[session] = server.stored.get(session, 0) + 1
        server.most = max(server.stored.values())
        await send({"type": "http.response.start", "status": 204, "headers": []})

    return store


async def at_once(app, count, address="192.0.2.1", session="ada"):
    return await asyncio.gather(*[upload(app, session, address) for _ in range(count)])


def test_a_session_holds_few_uploads_and_always_its_latest(server):
    app = Limits(storing(server))
    for number in range(50):
        assert run(upload(app, "ada")) == 204
        assert server.stored["ada"] == 1 + number % admission.UPLOADS_A_SESSION


def test_many_small_uploads_are_held_as_long_as_they_take_no_more(server):
    app = Limits(storing(server))
    least = round(1 / admission.LEAST_SHARE)
    assert least * admission.UPLOADS_A_SESSION == 192
    for number in range(200):
        run(upload(app, "ada", content_length=100_000))
        assert server.stored["ada"] == 1 + number % 192
    for number in range(7):  # half as large as the largest: two for one
        run(upload(app, "bob", content_length=admission.LARGEST_UPLOAD // 2))
        assert server.stored["bob"] == 1 + number % 6


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": 10**30},
        {"content_length": -1},
        {"content_length": "one"},
        {"content_length": 9, "transfer_encoding": "chunked"},  # which says nothing of its length
    ],
)
def test_an_upload_that_may_have_any_length_counts_for_a_whole_one(server, headers):
    app = Limits(storing(server))
    for number in range(7):
        run(upload(app, "ada", **headers))
        assert server.stored["ada"] == 1 + number % admission.UPLOADS_A_SESSION


def test_a_session_holds_few_uploads_however_many_come_at_once(server):
    app = Limits(storing(server, seconds=0.01))
    statuses = run(at_once(app, admission.UPLOADS_AT_ONCE_AN_ADDRESS))
    assert statuses == [204] * admission.UPLOADS_AT_ONCE_AN_ADDRESS
    assert server.stored["ada"] <= server.most <= admission.UPLOADS_A_SESSION


def test_what_was_refused_counts_for_nothing(server):
    files = {"store": storing(server), "refuse": refuse}
    kind = "store"
    app = Limits(lambda *call: files[kind](*call))
    assert run(upload(app, "ada")) == 204
    kind = "refuse"
    assert [run(upload(app, "ada")) for _ in range(5)] == [413] * 5
    assert server.stored == {"ada": 1}


def test_an_upload_of_nobody_is_streamlits_to_refuse(server):
    app = Limits(refuse)
    assert run(at_once(app, 100, session="eve")) == [413] * 100


def test_all_sessions_together_hold_few_uploads(server):
    server.there.update(map(str, range(100)))
    app = Limits(storing(server))
    for number in range(100):
        run(upload(app, str(number)))
        assert str(number) in server.stored and len(server.stored) <= admission.UPLOADS
    assert len(server.stored) == admission.UPLOADS


def test_uploads_are_given_back_when_their_visitor_leaves(server):
    async def leave(scope, receive, send):
        if scope["type"] == "websocket":
            server.there.discard("ada")
        else:
            await storing(server)(scope, receive, send)

    app = Limits(leave)
    run(upload(app, "ada"))
    run(upload(app, "bob"))
    run(app(socket(), None, None))
    assert set(server.stored) == {"bob"}


def test_an_upload_of_somebody_who_left_meanwhile_is_not_kept(server):
    async def slow(scope, receive, send):
        server.there.discard("ada")
        await storing(server)(scope, receive, send)

    run(upload(Limits(slow), "ada"))
    assert server.stored == {}


def test_too_many_uploads_at_once_and_slow_ones_are_refused(server, monkeypatch):
    monkeypatch.setattr(admission, "UPLOAD_SECONDS", 0.2)
    monkeypatch.setattr(admission, "UPLOADS_AT_ONCE", 12)
    app = Limits(storing(server, seconds=60))

    async def many():
        return await asyncio.gather(
            at_once(app, 10, "192.0.2.1"), at_once(app, 6, "192.0.2.2", session="bob")
        )

    one, other = run(many())
    assert sorted(one) == [408] * 8 + [503] * 2
    assert sorted(other) == [408] * 4 + [503] * 2
    assert run(upload(Limits(storing(server)), "ada")) == 204


def test_a_timeout_of_streamlits_own_is_not_called_a_slow_upload(server):
    async def fail(scope, receive, send):
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        run(upload(Limits(fail), "ada"))


def test_an_upload_that_is_given_up_is_no_error(server):
    async def give_up(scope, receive, send):
        raise ClientDisconnect

    app = Limits(give_up)
    assert run(at_once(app, 3)) == [None] * 3
    assert server.stored == {}


def socket(address="192.0.2.1", **more):
    return {"type": "websocket", "path": "/_stcore/stream", "client": (address, 1), **more}


def test_one_connection_too_many_is_refused_and_there_is_room_when_one_goes(server, monkeypatch):
    monkeypatch.setattr(admission, "CONNECTIONS", 2)

    async def visits():
        gone, refused = asyncio.Event(), []

        async def stay(scope, receive, send):
            await gone.wait()

        async def send(message):
            refused.append(message.get("status"))

        app = Limits(stay)
        staying = [asyncio.create_task(app(socket(), None, send)) for _ in range(3)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert refused == [503, None]  # the answer and its text
        gone.set()
        await asyncio.gather(*staying)
        await app(socket(), None, send)
        assert refused == [503, None]

    run(visits())


@pytest.mark.parametrize("error", [WebSocketDisconnect(1006), WebSocketDisconnected("gone")])
def test_one_who_leaves_at_any_moment_is_no_error(server, error):
    async def leave(scope, receive, send):
        raise error

    app = Limits(leave)
    for _ in range(admission.CONNECTIONS_AN_ADDRESS + 1):
        run(app(socket(), None, None))


def taking(clock, waits):
    """An application that takes all messages of a connection, and notes how long that took."""

    async def take_all(scope, receive, send):
        began = clock.now
        while (await receive()) != DISCONNECT:
            pass
        waits[scope["number"]] = clock.now - began

    return take_all


def connect(app, number, address, messages):
    sent = iter([*messages, DISCONNECT])

    async def receive():
        return next(sent)

    return app(socket(address, number=number), receive, None)


def test_connections_of_an_address_share_what_it_may_ask(server, clock):
    """Thirty messages a connection: the address has 200 at once, and then its own pace."""
    waits = {}
    app = Limits(taking(clock, waits))
    for number in range(12):  # one after the other: to come back does not fill the budget up
        clock.run(connect(app, number, "192.0.2.1", [message()] * 30))
    a_second, at_once = admission.RATE_OF_AN_ADDRESS
    assert sum(waits.values()) == pytest.approx((12 * 30 - at_once) / a_second, rel=0.03)


def test_all_addresses_share_what_there_is(server, clock):
    waits = {}
    app = Limits(taking(clock, waits))
    addresses = [f"192.0.2.{number}" for number in range(20)]
    clock.run(*[connect(app, host, host, [message()] * 30) for host in addresses])
    a_second, at_once = admission.RATE_OF_ALL
    assert max(waits.values()) == pytest.approx((20 * 30 - at_once) / a_second, rel=0.03)


@pytest.mark.parametrize("length", [10, admission.LONGEST_MESSAGE, 2 * admission.LONGEST_MESSAGE])
@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.9"])
def test_who_draws_beside_a_flood_hardly_waits(server, clock, length, address):
    """From the flood's own address or another, whatever the flood is made of."""
    waits = {}
    app = Limits(taking(clock, waits))

    async def draw():
        for number in range(20):
            await connect(app, f"drawing {number}", address, [message(2_000)])

    flood = [connect(app, n, "192.0.2.1", [message(length)] * 100) for n in range(3)]
    clock.run(*flood, draw())
    assert max(waits[f"drawing {number}"] for number in range(20)) < 1


def test_ninety_nine_long_messages_do_not_keep_a_neighbour_waiting(server, clock):
    waits = {}
    app = Limits(taking(clock, waits))
    long = [message(admission.LONGEST_MESSAGE)] * 3
    flood = [connect(app, number, "192.0.2.1", long) for number in range(99)]
    clock.run(*flood, connect(app, "neighbour", "192.0.2.1", [message(2_000)] * 5))
    assert waits["neighbour"] < 5  # of a whole minute that the others have to wait
    assert max(waits.values()) > 60


def test_one_address_leaves_room_for_others(server, monkeypatch):
    monkeypatch.setattr(admission, "CONNECTIONS_AN_ADDRESS", 1)

    async def visits():
        refused = []

        async def stay(scope, receive, send):
            await asyncio.sleep(0.01)

        async def send(message):
            refused.append(message.get("status"))

        app = Limits(stay)
        await asyncio.gather(*[app(socket(host), None, send) for host in "aab"])
        return refused

    assert run(visits()) == [503, None]


@pytest.mark.parametrize(
    "host, status", [("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 404), ("a socket", 404)]
)
def test_metrics_are_told_to_this_machine_alone(host, status):
    async def metrics(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask():
        answers = []

        async def send(message):
            answers.append(message.get("status"))

        scope = {"type": "http", "method": "GET", "path": "/_stcore/metrics", "client": (host, 1)}
        await Limits(metrics)(scope, None, send)
        return answers[0]

    assert run(ask()) == status


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
    assert admission.address_of({"client": (host, 5)}) == whose
    assert admission.address_of({"client": None}) == ""


@pytest.mark.parametrize(
    "files, most", [(10**6, admission.CONNECTIONS), (1024, 128), (600, 22), (512, 16), (256, 16)]
)
def test_no_more_may_connect_than_there_are_files_for(files, most, monkeypatch):
    monkeypatch.setattr(admission, "raise_file_limit", lambda: files)
    assert admission.Limits(None)._most == most


def test_as_many_files_are_asked_for_as_the_system_gives():
    code = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (700, 900));"
        "from invert.page.server import admission as l;"
        "print(l.raise_file_limit(), *r.getrlimit(r.RLIMIT_NOFILE))"
    )
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert said.split() == ["900", "900", "900"]


def logged(name, caplog, *, exception=None, times=1, message="socket.accept() out of system..."):
    logger = logging.getLogger(name)
    with caplog.at_level(logging.ERROR, name):
        for _ in range(times):
            record = logger.makeRecord(
                name, logging.ERROR, "", 0, message, (), exception and (None, exception, None)
            )
            logger.handle(record)
    return caplog.records


def test_a_server_without_files_says_so_once_a_minute(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(page.time, "monotonic", lambda: now[0])
    lets, message = page._NowAndThen(), "socket.accept() out of system resource"
    record = logging.LogRecord(
        "asyncio", logging.ERROR, "", 0, message, (), (None, OSError(), None)
    )
    assert [lets(record) for _ in range(3)] == [True, False, False] and record.exc_info is None
    now[0] += page.QUIET_SECONDS
    assert [lets(record) for _ in range(2)] == [True, False]
    other = logging.LogRecord("asyncio", logging.ERROR, "", 0, "something else", (), None)
    assert lets(other) and lets(other)


@pytest.mark.parametrize(
    "origin, passes",
    [
        (None, True),
        (b"http://here:8501", True),
        (b"https://here:8501", True),
        (b"http://evil.example", False),
        (b"http://here:8501.evil.example", False),
        (b"null", False),
    ],
)
def test_another_sites_page_is_refused_before_streamlit_looks(origin, passes, monkeypatch):
    monkeypatch.setattr(Limits, "_drop_uploads", lambda self: None)
    headers = [(b"host", b"here:8501"), *([(b"origin", origin)] if origin else [])]
    reached, sent = [], []

    async def behind(scope, receive, send):
        reached.append(scope["type"])

    async def send(message):
        sent.append(message.get("status"))

    async def receive():
        return {"type": "websocket.connect"}

    extensions = {"websocket.http.response": {}}
    scope = {"type": "websocket", "headers": headers, "client": ("1.2.3.4", 5), "path": "/"}
    visit = Limits(behind)({**scope, "extensions": extensions}, receive, send)
    with concurrent.futures.ThreadPoolExecutor() as apart:  # from Playwright's loop
        apart.submit(asyncio.run, visit).result()
    assert bool(reached) == passes and (403 in sent) != passes


def test_a_download_that_is_gone_is_one_line(caplog):
    name = "streamlit.runtime.backend_operation_handler"
    (record,) = logged(name, caplog, exception=ValueError("gone"), message="Error executing")
    assert record.exc_info is None


def test_a_value_that_is_no_json_is_one_line_and_a_mistake_of_ours_keeps_its_traceback(caplog):
    name, message = "streamlit.error_util", "Uncaught app execution"
    (theirs,) = logged(name, caplog, exception=json.JSONDecodeError("x", "", 0), message=message)
    assert theirs.exc_info is None
    *_, ours = logged(name, caplog, exception=RuntimeError("a bug"), message=message)
    assert ours.exc_info is not None


def test_a_seed_that_the_dice_have_set_is_not_warned_of(caplog):
    name = "streamlit.elements.lib.policies"
    message = 'The widget with key "seed" was created with a default value but also had its value'
    assert not logged(name, caplog, message=message)
    assert logged(name, caplog, message="something else")
