"""What a visitor may ask of the server: ASGI middleware in front of Streamlit.

A message that is too long is dropped before it is parsed. Messages sent faster than a person can
act are delayed, in their own connection only. A session holds at most three uploads; they are
deleted when its visitor leaves.
"""

import asyncio
import contextlib
import dataclasses
import ipaddress
import re
from asyncio import sleep
from time import monotonic

from starlette import websockets
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from invert.page.server import departures

# Connections at once, each of 2 to 3 MB. One more is refused, rather than all of them made slow.
CONNECTIONS, CONNECTIONS_AN_ADDRESS = 400, 100
# Open files: of the server itself, and of each connection; the most that are asked of the system.
FILES, FILES_A_CONNECTION, MOST_FILES = 512, 4, (65_536, 10_240, 4096)
FEWEST_CONNECTIONS = 16
# Bytes. A drawing of as many points as are read, 10,000, takes 200 KB by mouse, 400 by finger.
LONGEST_MESSAGE = 512 * 1024
# Messages a second, and at once. A stroke, a click, a slider's move are one each. A run of the page
# keeps Python busy for 16 ms: so an address has half of it, enough for a class of thirty. All
# together have about what there is; 200 visitors ask 65 times a second. One address alone cannot
# use up what all have at once.
RATE_OF_A_CONNECTION, RATE_OF_AN_ADDRESS, RATE_OF_ALL = (8, 40), (30, 100), (70, 200)
# A long message counts for several: to parse this many bytes takes as long as to run the page.
BYTES_A_MESSAGE = 32 * 1024
LONG = 2  # a message that counts for more is long

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
# In files of 16 MB, the largest (server.maxUploadSize): a network, a digit and a picture for each
# session, or many small ones, each of which counts for a 64th at least.
LARGEST_UPLOAD, LEAST_SHARE = 2**24, 1 / 64
UPLOADS, UPLOADS_A_SESSION = 32, 3
UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_AN_ADDRESS, UPLOAD_SECONDS = 16, 8, 60
METRICS = "/_stcore/metrics"
# What Starlette raises when a connection is gone; older versions have no name for the second.
LEFT = (
    websockets.WebSocketDisconnect,
    getattr(websockets, "WebSocketDisconnected", RuntimeError),
)


class Budget:
    """A rate of messages, and how many may come at once.

    Args:
        a_second: how many messages it gains in a second.
        at_once: how many it holds at first, and at most.
    """

    def __init__(self, a_second: float, at_once: float):
        self._a_second, self._at_once = a_second, at_once
        self._credit, self._last = float(at_once), monotonic()
        self._one_long = asyncio.Lock()

    async def take(self, messages: float) -> None:
        """Take this many messages from the budget, and wait until it has gained them.

        Long messages are taken one at a time, so a short one waits behind one at most.
        """
        async with self._one_long if messages > LONG else contextlib.nullcontext():
            self._gain()
            self._credit -= messages
            if self._credit < 0:
                await sleep(-self._credit / self._a_second)

    def is_full(self) -> bool:
        """Whether nothing was taken from it of late."""
        self._gain()
        return self._credit >= self._at_once

    def _gain(self) -> None:
        now = monotonic()
        self._credit = min(self._at_once, self._credit + self._a_second * (now - self._last))
        self._last = now


@dataclasses.dataclass
class Uploads:
    """A session's uploads: how much is stored, and whose turn it is to be stored."""

    count: float = 0
    turn: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)


def raise_file_limit() -> int:
    """How many files this process may have open, after asking for as many as it can get.

    Once they are used up nobody can connect, and the server fills its log with failed attempts.
    """
    try:
        import resource
    except ImportError:  # not on Windows, where there is no such limit
        return MOST_FILES[0]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    if soft == endless:
        return MOST_FILES[0]
    for most in MOST_FILES:  # some systems allow less than they say
        wanted = most if hard == endless else min(most, hard)
        if wanted > soft:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return wanted
    return soft


class Limits:
    """Middleware that bounds connections, messages and uploads."""

    def __init__(self, app: ASGIApp):
        self._app = app
        there_are_files_for = (raise_file_limit() - FILES) // FILES_A_CONNECTION
        self._most = min(CONNECTIONS, max(FEWEST_CONNECTIONS, there_are_files_for))
        self._connections: list[str] = []  # the address of each
        self._everybody = Budget(*RATE_OF_ALL)
        self._budgets: dict[str, Budget] = {}  # of addresses that are here or were of late
        self._uploads: dict[str, Uploads] = {}  # by session, the latest last
        self._uploading: list[str] = []  # the address of each that is under way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "PUT" and (upload := UPLOAD.search(scope["path"])):
            await self._upload(upload[1], scope, receive, send)
        elif scope["path"].endswith(METRICS) and not _is_this_machine(scope):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        address, here = address_of(scope), self._connections
        if not _is_of_this_site(scope):
            # Streamlit would ask another server what this one is called, and all would wait.
            return await PlainTextResponse("Not from here.", 403)(scope, receive, send)
        if len(here) >= self._most or here.count(address) >= CONNECTIONS_AN_ADDRESS:
            full = PlainTextResponse("Too many connections. Try again later.", 503)
            return await full(scope, receive, send)
        self._budgets = {
            each: budget
            for each, budget in self._budgets.items()
            if each in here or not budget.is_full()
        }
        budgets = (
            Budget(*RATE_OF_A_CONNECTION),
            self._budgets.setdefault(address, Budget(*RATE_OF_AN_ADDRESS)),
            self._everybody,
        )
        here.append(address)
        try:
            # It left while it was let in, or while its messages were waiting.
            with contextlib.suppress(*LEFT):
                await self._app(scope, paced(receive, *budgets), send)
        finally:
            here.remove(address)
            self._drop_uploads()
            departures.look_later()

    async def _upload(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not runtime.get_instance().is_active_session(session):
            return await self._app(scope, receive, send)  # which refuses it unread
        address, under_way = address_of(scope), self._uploading
        here = under_way.count(address)
        if len(under_way) >= UPLOADS_AT_ONCE or here >= UPLOADS_AT_ONCE_AN_ADDRESS:
            busy = PlainTextResponse("Too many uploads at once. Try again in a moment.", 503)
            return await busy(scope, receive, send)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        uploads, share = self._uploads.setdefault(session, Uploads()), share_of(scope)
        under_way.append(address)
        try:
            async with asyncio.timeout(UPLOAD_SECONDS) as limit, uploads.turn:
                if uploads.count + share > UPLOADS_A_SESSION:
                    self._delete(session, uploads)
                await self._app(scope, receive, answer)
                if 200 <= status < 300:
                    uploads.count += share
                    self._uploads.pop(session, None)
                    self._uploads[session] = uploads
        except ClientDisconnect:
            pass  # the visitor gave it up
        except TimeoutError:
            if status or not limit.expired():
                raise
            late = PlainTextResponse(f"An upload may take {UPLOAD_SECONDS} s; it took longer.", 408)
            await late(scope, receive, send)
        finally:
            under_way.remove(address)
            self._drop_uploads()

    def _drop_uploads(self) -> None:
        """Delete the uploads of those who left; and the oldest, where there are too many."""
        server = runtime.get_instance()
        for session, uploads in list(self._uploads.items()):
            gone = not server.is_active_session(session)
            if gone or sum(each.count for each in self._uploads.values()) > UPLOADS:
                self._delete(session, uploads)
            if gone:
                del self._uploads[session]

    def _delete(self, session: str, uploads: Uploads) -> None:
        runtime.get_instance().uploaded_file_mgr.remove_session_files(session)
        uploads.count = 0


def share_of(scope: Scope) -> float:
    """Return what an upload counts for, as its header says: 1 for one of the largest size.

    >>> share_of({"headers": [(b"content-length", b"8388608")]}), share_of({"headers": []})
    (0.5, 1.0)
    """
    headers = dict(scope.get("headers", ()))
    length = b"" if b"transfer-encoding" in headers else headers.get(b"content-length", b"")
    size = int(length) if length.isdigit() and len(length) < 12 else LARGEST_UPLOAD
    return min(1.0, max(LEAST_SHARE, size / LARGEST_UPLOAD))


def paced(receive: Receive, *budgets: Budget) -> Receive:
    """Return a connection's ``receive``, which waits where messages come faster than its budgets.

    While it waits nothing more is read. What Streamlit would refuse is dropped: text, and messages
    longer than ``LONGEST_MESSAGE``.

    Args:
        receive: of the connection, as ASGI has it.
        budgets: the connection's own first. Only what it can pay for is asked of the others, which
            it shares.
    """
    own, *shared = budgets

    async def receive_in_turn() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            content = message.get("bytes")
            length = len(content or message.get("text") or b"")
            cost = 1 + length / BYTES_A_MESSAGE
            await own.take(cost)
            if content is None or length > LONGEST_MESSAGE:
                continue
            for budget in shared:
                await budget.take(cost)
            return message

    return receive_in_turn


def _is_of_this_site(scope: Scope) -> bool:
    """Whether a connection comes from a page of this server, or from no page at all."""
    headers = dict(scope.get("headers", ()))
    origin = headers.get(b"origin")
    return origin is None or origin.split(b"://")[-1] == headers.get(b"host")


def address_of(scope: Scope) -> str:
    """Return whose connection it is, see ``home_of``."""
    return home_of(scope["client"][0] if scope.get("client") else "")


def home_of(host: str) -> str:
    """Return an IPv4 address as it is, and of IPv6 the 64 bits that a home is given.

    >>> home_of("192.0.2.7"), home_of("2001:db8::1:2")
    ('192.0.2.7', '2001:db8::/64')
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))


def _is_this_machine(scope: Scope) -> bool:
    host = scope["client"][0] if scope.get("client") else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
