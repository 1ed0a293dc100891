"""What the browser gets first: title, description, preview, style and scripts."""

import asyncio
import concurrent.futures
import io
import re

import pytest
from PIL import Image
from starlette.responses import HTMLResponse, PlainTextResponse

from invert.page.frame import html_head, look

PAGE = "<html><head><title>Streamlit</title></head><body><div id='root'></div></body></html>"


def answer(path="/", method="GET", headers=(), response=None):
    """What is sent for a request, and what Streamlit would have been asked."""
    asked, sent = [], []

    async def streamlit(scope, receive, send):
        asked.append(dict(scope["headers"]))
        await (response or HTMLResponse(PAGE))(scope, receive, send)

    async def keep(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "scheme": "http"}
    scope["headers"] = [(b"host", b"example.org"), *headers]
    # A thread of its own: Playwright's event loop may run in this one.
    with concurrent.futures.ThreadPoolExecutor() as another_thread:
        another_thread.submit(asyncio.run, html_head.Head(streamlit)(scope, None, keep)).result()
    body = b"".join(message.get("body", b"") for message in sent)
    return dict(sent[0]["headers"]), body, asked


def test_a_links_preview_says_what_the_page_is():
    headers, body, _ = answer()
    text = body.decode()
    assert f"<title>{look.WHOLE_TITLE}</title>" in text and "Streamlit</title>" not in text
    tags = dict(re.findall(r'<meta (?:property|name)="([^"]*)" content="([^"]*)">', text))
    assert tags["og:title"] == look.WHOLE_TITLE and tags["description"] == tags["og:description"]
    assert tags["og:image"] == "http://example.org/preview.png"
    assert int(headers[b"content-length"]) == len(body)
    _, picture, asked = answer("/preview.png")
    assert Image.open(io.BytesIO(picture)).width >= 600 and not asked


def test_style_and_scripts_come_after_streamlits_own_and_before_anything_is_shown():
    _, body, _ = answer()
    text = body.decode()
    assert text.index("</head>") < text.index("<style>") < text.index("<script>")
    for name in look.STYLES:
        assert (look.HERE / f"{name}.css").read_text("utf-8").strip() in text
    for name in look.SCRIPTS:
        assert (look.HERE / f"{name}.js").read_text("utf-8").strip() in text


def test_an_old_copy_is_not_called_good():
    known = [(b"if-none-match", b'"x"'), (b"accept-encoding", b"gzip"), (b"range", b"bytes=0-1")]
    fresh = HTMLResponse(PAGE, headers={"etag": '"x"', "last-modified": "today"})
    headers, _, (asked,) = answer(headers=known, response=fresh)
    assert set(asked) == {b"host"} and not {b"etag", b"last-modified"} & set(headers)


@pytest.mark.parametrize("host", [b'evil"><script>', b"a b", b"", b"x/../y"])
def test_a_host_that_is_none_names_no_picture(host):
    _, body, _ = answer(headers=[(b"host", host)] if host else [])
    text = html_head.filled(
        PAGE, html_head._address({"type": "http", "headers": [(b"host", host)]})
    )
    assert "og:image" not in text and b"evil" not in body


@pytest.mark.parametrize("secure", [True, False])
def test_behind_a_proxy_the_address_is_the_visitors(secure):
    scope = {"type": "http", "headers": [(b"host", b"example.org:8443")], "scheme": "http"}
    if secure:
        scope["headers"].append((b"x-forwarded-proto", b"https"))
    assert html_head._address(scope) == f"http{'s' * secure}://example.org:8443"


@pytest.mark.parametrize(
    "path, method", [("/static/x.js", "GET"), ("/", "POST"), ("/_stcore", "GET")]
)
def test_everything_else_passes_as_it_is(path, method):
    _, body, (asked,) = answer(path, method, [(b"range", b"x")], HTMLResponse(PAGE))
    assert body.decode() == PAGE and b"range" in asked
    _, body, _ = answer(response=PlainTextResponse("no page"))
    assert body == b"no page"
