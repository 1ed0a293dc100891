"""What a visitor may ask of the server: ASGI middleware, in front of all that Streamlit does.

A message too long is dropped before it is parsed. Messages that come faster than hands make them
wait in their own connection, where they keep nobody else waiting. Of uploads a session holds few,
and none once its visitor has left.
"""

import asyncio
import ipaddress
import re
import time

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

# Connections at once, each of 2 to 3 MB. One more is refused, rather than all of them made slow.
CONNECTIONS, CONNECTIONS_AN_ADDRESS = 400, 100
# Bytes. A drawing of as many points as are read, 10,000, takes 200 KB by mouse, 400 by finger.
LONGEST_MESSAGE = 512 * 1024
# Messages a second, and at once. A stroke, a click, a slider's move are one each. A run of the page
# keeps Python busy for 16 ms: so an address has half of it, enough for a class of thirty, and all
# together have a little less than there is.
OF_A_CONNECTION, OF_AN_ADDRESS, OF_ALL = (8, 40), (30, 200), (50, 100)
# A long message counts for several: to parse so many bytes takes as long as to run the page.
BYTES_A_MESSAGE = 32 * 1024

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
# Files of at most 8 MB (server.maxUploadSize). The page needs one for as long as it reads it.
UPLOADS, UPLOADS_A_SESSION = 32, 2
UPLOADS_AT_ONCE, UPLOAD_SECONDS = 16, 60


class Budget:
    """So many messages a second, and so many at once."""

    def __init__(self, a_second: float, at_once: float):
        self._a_second, self._at_once = a_second, at_once
        self._credit, self._last = float(at_once), time.monotonic()

    def spend(self, messages: float) -> float:
        """Take messages from the budget; return how many seconds they have to wait for it."""
        now = time.monotonic()
        self._credit = min(self._at_once, self._credit + self._a_second * (now - self._last))
        self._last = now
        self._credit -= messages
        return max(0.0, -self._credit / self._a_second)

    def is_whole(self) -> bool:
        """Whether nothing of it was spent of late."""
        self.spend(0)
        return self._credit >= self._at_once


class Limits:
    """Middleware that bounds connections, messages and uploads."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._connections: list[str] = []  # the address of each
        self._everybody = Budget(*OF_ALL)
        self._budgets: dict[str, Budget] = {}  # of addresses that are here or were of late
        self._uploads: dict[str, int] = {}  # how many a session has sent, the latest last
        self._uploading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        upload = UPLOAD.search(scope["path"]) if scope["type"] == "http" else None
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif upload and scope["method"] == "PUT":
            await self._upload(upload[1], scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        address, here = address_of(scope), self._connections
        if len(here) >= CONNECTIONS or here.count(address) >= CONNECTIONS_AN_ADDRESS:
            return await send({"type": "websocket.close", "code": 1013})  # "try again later"
        self._budgets = {
            each: budget
            for each, budget in self._budgets.items()
            if each in here or not budget.is_whole()
        }
        budgets = (
            Budget(*OF_A_CONNECTION),
            self._budgets.setdefault(address, Budget(*OF_AN_ADDRESS)),
        )
        here.append(address)
        try:
            await self._app(scope, paced(receive, *budgets), send)
        finally:
            here.remove(address)
            self._give_back()

    async def _upload(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._uploading >= UPLOADS_AT_ONCE:
            busy = PlainTextResponse("Too many uploads at once. Try again in a moment.", 503)
            return await busy(scope, receive, send)
        self._give_back(session)
        self._uploads[session] = self._uploads.pop(session, 0) + 1
        self._uploading += 1
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await self._app(scope, receive, send)
        except TimeoutError:
            late = PlainTextResponse(f"An upload may take {UPLOAD_SECONDS} s; it took longer.", 408)
            await late(scope, receive, send)
        finally:
            self._uploading -= 1
            self._give_back()

    def _give_back(self, session: str = "") -> None:
        """Forget the uploads of those who left; those of a session that uploads once more, where
        they are enough; and the oldest, where all together are."""
        server = runtime.get_instance()
        for each, count in list(self._uploads.items()):
            enough = each == session and count >= UPLOADS_A_SESSION
            enough = enough or sum(self._uploads.values()) > UPLOADS
            if enough or not server.is_active_session(each):
                server.uploaded_file_mgr.remove_session_files(each)
                del self._uploads[each]


def paced(receive: Receive, *budgets: Budget) -> Receive:
    """Return a connection's ``receive`` that waits where messages come faster than its budgets.

    While it waits nothing is read, so that what has been sent stays with whoever sends it. Messages
    longer than ``LONGEST_MESSAGE`` are dropped.
    """

    async def receive_in_turn() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            length = len(message.get("bytes") or message.get("text") or b"")
            cost = 1 + length / BYTES_A_MESSAGE
            if seconds := max(budget.spend(cost) for budget in budgets):
                await asyncio.sleep(seconds)
            if length <= LONGEST_MESSAGE:
                return message

    return receive_in_turn


def address_of(scope: Scope) -> str:
    """Return whose connection it is: an IPv4 address, or 64 bits of IPv6, as a home is given."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
