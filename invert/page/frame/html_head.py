"""What the browser gets first: middleware that puts title, description, style and scripts into
Streamlit's own HTML.

So a link's preview says what the page is, and nothing jumps: what Streamlit sends later is styled
from the first moment.
"""

import functools
import re
from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from invert.page.frame import look

PREVIEW = "/preview.png"
DESCRIPTION = (
    "Draw a digit and a small network reads it. Pick a digit and the same network, run backwards,"
    " draws one."
)
HOST = re.compile(r"[\w.-]+(:\d+)?")  # or a preview could be told to fetch anything
STREAMLITS_TITLE = "<title>Streamlit</title>"


class Head:
    """Middleware that answers for the page's HTML and for the picture of its previews."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
        elif scope["path"] == PREVIEW:
            picture = Response(_preview(), media_type="image/png")
            await picture(scope, receive, send)
        elif scope["path"] == "/":
            # Whole and not packed, so that it can be changed; never "not modified", as ours may be.
            kept = [h for h in scope["headers"] if h[0] not in (b"accept-encoding", b"range")]
            kept = [h for h in kept if not h[0].startswith(b"if-")]
            await self._app({**scope, "headers": kept}, receive, _changed(send, scope))
        else:
            await self._app(scope, receive, send)


def _changed(send: Send, scope: Scope) -> Send:
    """Return a ``send`` that changes an HTML page before it goes out."""
    start: Message = {}
    parts: list[bytes] = []

    async def send_changed(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = b"".join(parts)
        headers = MutableHeaders(raw=list(start["headers"]))
        if body and headers.get("content-type", "").startswith("text/html"):
            body = filled(body.decode("utf-8"), _address(scope)).encode("utf-8")
            headers["content-length"] = str(len(body))
            for name in ("etag", "last-modified", "accept-ranges"):
                del headers[name]
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": body})

    return send_changed


def filled(page: str, address: str) -> str:
    """Return Streamlit's HTML with our title, description, style and scripts.

    Args:
        page: with a head and a body.
        address: of the server, for previews want whole addresses; or "".

    >>> filled("<head><title>Streamlit</title></head><body></body>", "")[:20]
    '<head><title>invert '
    """
    title = escape(look.WHOLE_TITLE)
    meta = {"description": DESCRIPTION, "og:title": look.WHOLE_TITLE, "og:type": "website"}
    meta |= {"og:description": DESCRIPTION, "twitter:card": "summary_large_image"}
    if address:
        meta["og:image"] = address + PREVIEW
    tags = "".join(
        f'<meta {"property" if name.startswith("og:") else "name"}="{name}"'
        f' content="{escape(value)}">'
        for name, value in meta.items()
    )
    page = page.replace(STREAMLITS_TITLE, f"<title>{title}</title>", 1)
    page = page.replace("</head>", f"{tags}</head>", 1)
    # After Streamlit's own styles, which are in the head: of two alike the later one counts.
    return page.replace("</body>", f"{look.style()}{look.scripts()}</body>", 1)


def _address(scope: Scope) -> str:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not HOST.fullmatch(host):
        return ""
    secure = headers.get("x-forwarded-proto", scope.get("scheme", "http")) == "https"
    return f"{'https' if secure else 'http'}://{host}"


@functools.cache
def _preview() -> bytes:
    return (look.HERE / "preview.png").read_bytes()
