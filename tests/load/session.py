"""One Streamlit session as a browser has it, without the browser.

It says what the page's own JavaScript says, message for message as recorded from Chromium with
Streamlit 1.67: protobufs over a WebSocket, with every widget's state, the fragment to run again,
the URL that keeps the choices, and what is in the message cache.
"""

import asyncio
import dataclasses
import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

HELLO = ("/", "/_stcore/health", "/_stcore/host-config")  # asked for before each connection
HTTP_SECONDS = 30
LINE = "a-line-between-parts"
CACHED = 4  # messages of a fragment that the server need not send again
EVENTS = "$$STREAMLIT_INTERNAL_KEY"  # what the name of a component's events begins with
QUIET = 2.0  # seconds after a run; what was asked for and has not begun by then was part of it
Lost = (ConnectionClosed, InvalidHandshake, OSError)  # what a connection that breaks off raises


@dataclasses.dataclass
class Run:
    """One run of the page's script, of all of it or of some fragments."""

    began: float
    over: bool = False
    whole: bool = False


@dataclasses.dataclass
class Html:
    """A piece of HTML on the page, when it came and with which run."""

    body: str
    came: float
    run: Run


@dataclasses.dataclass
class Widget:
    """A widget on the page: its kind, the fragment it stands in, its URL parameter and state."""

    kind: str
    fragment: str
    parameter: str
    state: WidgetState


class Session:
    """A visitor's open page.

    Args:
        address: the server's.
        query: the URL's parameters.
        cookies: of an earlier session, to come back as the same visitor.
        origin: the visitor's own address, any of this machine's: 127.x.y.z.

    Attributes:
        query: the URL's parameters, which follow the choices; open another session with them, and
            it shows the same.
        cookies: the visitor's; hand them on to come back as the same one.
        id: the session's, once the page has begun to run.
        rest: seconds that the pen rests between an answer and its next question.
        troubles: what the page has said that it should not: exceptions and alerts.
    """

    def __init__(
        self,
        address: str,
        query: dict,
        cookies: http.cookiejar.CookieJar | None = None,
        origin: str = "127.0.0.1",
    ):
        self._origin = origin
        self.address, self.query = address, {name: str(value) for name, value in query.items()}
        self.cookies = http.cookiejar.CookieJar()
        for cookie in cookies or ():
            self.cookies.set_cookie(cookie)
        self.id = ""
        self.rest = 0.0
        self.troubles: list[str] = []
        self._html: dict[tuple, Html] = {}
        self._widgets: dict[str, Widget] = {}
        self._cache: dict[str, ForwardMsg] = {}
        self._run = Run(0.0, over=True)
        self._served: dict[str, float] = {}  # when each fragment was last run on its own
        self._timers: dict[str, asyncio.Task] = {}
        self._news = asyncio.Event()

    async def __aenter__(self):
        await asyncio.to_thread(self._say_hello)
        cookies = {cookie.name: cookie.value for cookie in self.cookies}
        self._socket = await connect(
            f"{self.address.replace('http', 'ws')}/_stcore/stream",
            origin=self.address,
            subprotocols=["streamlit", cookies["_streamlit_xsrf"]],
            additional_headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
            open_timeout=HTTP_SECONDS,
            ping_interval=None,  # a browser answers pings, it sends none
            max_size=None,
            proxy=None,
            local_addr=(self._origin, 0),
        )
        self._ears = asyncio.create_task(self._listen())
        await self.rerun()
        return self

    async def __aexit__(self, *_):
        for task in (self._ears, *self._timers.values()):
            task.cancel()
        await self._socket.close()

    def settled(self) -> bool:
        """Tell whether the page is at rest: nothing runs, and it does not watch the loading."""
        return self._run.over and not self._timers

    async def until(self, true, seconds: float) -> None:
        """Wait until ``true()``, asked at every message; the connection's end is an error."""
        async with asyncio.timeout(seconds):
            while not true():
                if self._ears.done():
                    self._ears.result()  # raises what ended it
                self._news.clear()
                await self._news.wait()

    async def choose(self, key: str, value, mark: str, seconds: float) -> tuple[str, float]:
        """Give a widget a value, as a visitor does, and wait for what the page says to it.

        Args:
            key: the widget's key.
            value: a string or a number, or JSON for a component.
            mark: what stands in the HTML that answers, and nowhere else.
            seconds: how long to wait at most, else a TimeoutError.

        Returns:
            The HTML, and how many seconds after the choice it came.
        """
        widget = self.put(key, value)
        return await self._ask(widget, mark, seconds)

    async def press(self, key: str, event: str, value, mark: str, seconds: float):
        """Have a component tell the server of an event, and wait for what the page says to it.

        Args:
            key: the component's key.
            event: the event's name.
            value: what JSON can hold.
            mark, seconds: as for ``choose``, which says what is returned.
        """
        name, widget = next((n, w) for n, w in self._widgets.items() if n.endswith(f"-{key}"))
        said = json.dumps([{"event": event, "value": value}])
        state = WidgetState(id=f"{EVENTS}_{name}__events", json_trigger_value=said)
        return await self._ask(widget, mark, seconds, state)

    async def _ask(self, widget: Widget, mark: str, seconds: float, *events: WidgetState):
        asked = time.monotonic()
        await self.rerun(*events, fragment_id=widget.fragment)

        def answered():
            # The run that this asked for, or one after it: not one that was under way or at hand.
            html, served = self.find(mark), self._served.get(widget.fragment, 0.0)
            return html and html.run.over and html.run.began >= served >= asked

        await self.until(answered, seconds)
        html = self.find(mark)
        return html.body, html.came - asked

    def put(self, key: str, value) -> Widget:
        """Give a widget a value, for the next run, and return it."""
        widget = next(w for name, w in self._widgets.items() if name.endswith(f"-{key}"))
        _put(widget, value)
        if widget.parameter:
            self.query[widget.parameter] = str(value)
        return widget

    def upload(self, name: str, data: bytes) -> int:
        """Upload a file, as the page's uploader does, and return the answer's status."""
        cookies = {cookie.name: cookie.value for cookie in self.cookies}
        head = f'--{LINE}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        request = urllib.request.Request(
            f"{self.address}/_stcore/upload_file/{self.id}/{name}",
            head.encode() + data + f"\r\n--{LINE}--\r\n".encode(),
            {
                "Content-Type": f"multipart/form-data; boundary={LINE}",
                "Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items()),
                "X-Xsrftoken": cookies["_streamlit_xsrf"],
            },
            method="PUT",
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=HTTP_SECONDS).status
        except urllib.error.HTTPError as error:
            return error.code

    def find(self, mark: str) -> Html | None:
        """Return the newest HTML on the page that has ``mark`` in it."""
        found = [html for html in self._html.values() if mark in html.body]
        return max(found, key=lambda html: html.came, default=None)

    def _say_hello(self) -> None:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        for path in HELLO:
            opener.open(self.address + path, timeout=HTTP_SECONDS).read()

    async def _listen(self) -> None:
        try:
            async for data in self._socket:
                self._hear(ForwardMsg.FromString(data))
                self._news.set()
            raise ConnectionResetError("The server closed the connection.")
        finally:
            self._news.set()

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            path = message.metadata.delta_path[:]
            message = self._cache[message.ref_hash]
            self._hear_delta(path, message.delta)
        elif kind == "delta":
            if message.metadata.cacheable:
                self._remember(message)
            self._hear_delta(message.metadata.delta_path, message.delta)
        elif kind == "page_info_changed":
            self.query = dict(urllib.parse.parse_qsl(message.page_info_changed.query_string))
        elif kind == "new_session":
            self.id = message.new_session.initialize.session_id
            fragments = message.metadata.run.fragment_ids
            if fragments:
                # Streamlit says of a run that a fragment's followed at once that it ended early;
                # a fragment cuts none short, though.
                self._run.over = True
            self._run = Run(time.monotonic(), whole=not fragments)
            self._served.update(dict.fromkeys(fragments, self._run.began))
            if not fragments:
                self._stop(list(self._timers))
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.troubles.append("the page's script does not compile")
            self._run.over = message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            if self._run.over and self._run.whole:
                asyncio.get_running_loop().call_later(QUIET, self._rest, self._run)
        elif kind == "auto_rerun" and message.auto_rerun.fragment_id not in self._timers:
            again = self._repeat(message.auto_rerun.interval, message.auto_rerun.fragment_id)
            self._timers[message.auto_rerun.fragment_id] = asyncio.create_task(again)
        elif kind == "stop_auto_rerun":
            self._stop(message.stop_auto_rerun.fragment_ids)

    def _rest(self, run: Run) -> None:
        """Take a run of the whole page as the answer to what was asked before and not begun since.

        Streamlit makes one run of a choice and of a whole run that is due anyway, such as the one
        at the end of loading.
        """
        for fragment in {widget.fragment for widget in self._widgets.values()}:
            self._served[fragment] = max(run.began, self._served.get(fragment, 0.0))
        self._news.set()

    def _remember(self, message: ForwardMsg) -> None:
        """Cache a message, and forget the oldest of its fragment; the whole page's stay."""
        self._cache[message.hash] = message
        fragment = message.delta.fragment_id
        old = [name for name, m in self._cache.items() if m.delta.fragment_id == fragment]
        for name in old[:-CACHED] if fragment else ():
            del self._cache[name]

    def _hear_delta(self, path, delta) -> None:
        kind = delta.new_element.WhichOneof("type")
        if kind is None:
            return
        element = getattr(delta.new_element, kind)
        if kind == "html":
            self._html[tuple(path)] = Html(element.body, time.monotonic(), self._run)
            self.troubles += re.findall('role="alert">(.*?)<', element.body)
        elif kind == "exception":
            self.troubles.append(element.message)
        elif kind in FIRST and (element.id not in self._widgets or element.set_value):
            parameter = getattr(element, "query_param_key", "")
            state = WidgetState(id=element.id)
            widget = Widget(kind, delta.fragment_id, parameter, state)
            self._widgets[element.id] = widget
            _put(widget, FIRST[kind](element))
        elif kind == "bidi_component":
            if element.id.endswith("-live"):
                self.rest = json.loads(element.json)["rest"] / 1000
            if element.id not in self._widgets:
                state = WidgetState(id=element.id)
                self._widgets[element.id] = Widget(kind, delta.fragment_id, "", state)

    async def _repeat(self, interval: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(interval)
            await self.rerun(fragment_id=fragment, is_auto_rerun=True)

    def _stop(self, fragments) -> None:
        for fragment in fragments:
            if timer := self._timers.pop(fragment, None):
                timer.cancel()

    async def rerun(self, *events: WidgetState, **how) -> None:
        """Ask the server to run the page, with every widget as it is, and what has happened."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = urllib.parse.urlencode(sorted(self.query.items()))
        for widget in self._widgets.values():
            if widget.state.WhichOneof("value"):
                state.widget_states.widgets.append(widget.state)
        state.widget_states.widgets.extend(events)
        state.cached_message_hashes.extend(self._cache)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
        state.context_info.url = self.address + "/"
        for name, value in how.items():
            setattr(state, name, value)
        await self._socket.send(message.SerializeToString())


# The value that a widget of each kind comes with.
FIRST = {
    "button_group": lambda e: e.raw_values[0] if e.set_value else e.options[e.default[0]].content,
    "slider": lambda e: (e.value if e.set_value else e.default)[0],
    "selectbox": lambda e: e.raw_value if e.set_value else e.options[e.default],
    "number_input": lambda e: e.value if e.set_value else e.default,
}


def _put(widget: Widget, value) -> None:
    """Write a value into a widget's state, in the field that its kind has."""
    state = widget.state
    if widget.kind == "button_group":
        state.string_array_value.data[:] = [str(value)]
    elif widget.kind == "slider":
        state.double_array_value.data[:] = [float(value)]
    elif widget.kind == "selectbox":
        state.string_value = value
    elif widget.kind == "number_input":
        state.int_value = int(value)
    else:
        state.json_value = value
