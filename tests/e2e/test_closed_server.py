"""The real server, as other sites' pages and programs find it: refused, and others go on."""

import http.client
import re
import urllib.parse
import urllib.request

import pytest
from conftest import wait_until
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from invert.page.server.admission import LARGEST_UPLOAD, UPLOADS_A_SESSION

SECONDS = 30
MEGABYTE = 1024 * 1024
BOUNDARY = "a-line-between-parts"


def socket_of(server, **options):
    """A session with the server, as the page in a browser opens it."""
    address = server.replace("http", "ws") + "/_stcore/stream"
    options = {"origin": server, "subprotocols": ["streamlit"], "max_size": None} | options
    return connect(address, open_timeout=SECONDS, **options)


def run(socket):
    """Run the page; return the session's id."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    socket.send(message.SerializeToString())
    session = None
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(socket.recv(SECONDS))
        if answer.HasField("new_session"):
            session = answer.new_session.initialize.session_id
        if answer.HasField("script_finished"):
            return session


def ask(server, method, path, body=b"", **headers):
    """The status and the headers of an answer."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(server).netloc, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def token_of(server):
    """The token against forged requests, and the cookie that it has to agree with."""
    _, headers = ask(server, "GET", "/_stcore/health")
    cookie = headers["Set-Cookie"].split(";")[0]
    return {"Cookie": cookie, "X-Xsrftoken": cookie.split("=", 1)[1]}


def file_of(size):
    """The body of an upload of so many bytes."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\n\r\n'
    return head.encode() + bytes(size) + f"\r\n--{BOUNDARY}--\r\n".encode()


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.mark.parametrize("origin", ["https://example.org", "http://127.0.0.1.example.org", "null"])
def test_another_sites_page_cannot_open_a_session(server, origin):
    with pytest.raises(InvalidStatus) as refused:
        socket_of(server, origin=origin)
    assert refused.value.response.status_code == 403
    with socket_of(server) as socket:
        assert run(socket)


def test_another_sites_page_may_not_read_answers(server):
    for path in ("/_stcore/health", "/_stcore/host-config", "/"):
        _, headers = ask(server, "GET", path, Origin="https://example.org")
        assert headers.get("Access-Control-Allow-Origin") in (None, server), path


def test_an_upload_without_the_token_is_refused(server):
    with socket_of(server) as socket:
        path = f"/_stcore/upload_file/{run(socket)}/file"
        for method in ("PUT", "DELETE"):
            assert ask(server, method, path, file_of(9), **FORM)[0] == 403
            token = token_of(server)
            assert ask(server, method, path, file_of(9), **FORM, Cookie=token["Cookie"])[0] == 403
        assert ask(server, "PUT", path, file_of(9), **FORM, **token_of(server))[0] == 204


def test_an_upload_that_is_too_large_is_refused_and_the_session_goes_on(server):
    with socket_of(server) as socket:
        path = f"/_stcore/upload_file/{run(socket)}/file"
        token = token_of(server)
        assert ask(server, "PUT", path, file_of(15 * MEGABYTE), **FORM, **token)[0] == 204
        assert ask(server, "PUT", path, file_of(17 * MEGABYTE), **FORM, **token)[0] == 413
        assert run(socket)


def held(server):
    """How many bytes of uploads the server holds, as it says itself."""
    with urllib.request.urlopen(f"{server}/_stcore/metrics", timeout=SECONDS) as page:
        found = re.search(r'cache_type="UploadedFileManager".*?\} (\d+)', page.read().decode())
    return int(found[1]) if found else 0


def test_a_session_holds_few_uploads_and_none_when_it_is_left(server):
    token = token_of(server)
    with socket_of(server) as socket:
        path = f"/_stcore/upload_file/{run(socket)}"
        most = UPLOADS_A_SESSION * LARGEST_UPLOAD
        for number in range(9):
            body = file_of(12 * MEGABYTE)
            assert ask(server, "PUT", f"{path}/{number}", body, **FORM, **token)[0] == 204
            assert held(server) <= most
        wait_until(lambda: 0 < held(server) <= most, SECONDS)
    wait_until(lambda: held(server) == 0, SECONDS)


@pytest.mark.parametrize("length", [600_000, 1_900_000])
def test_a_message_too_long_is_dropped_and_the_session_goes_on(server, length):
    with socket_of(server) as socket:
        run(socket)
        socket.send(bytes(length))
        assert run(socket)


def test_a_message_that_is_too_large_ends_its_session_alone(server):
    with socket_of(server) as other, socket_of(server) as socket:
        run(socket)
        with pytest.raises(ConnectionClosed) as closed:
            socket.send(bytes(17 * MEGABYTE))
            socket.recv(SECONDS)
        # The reason may be lost where the server closes while it is still being sent to.
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
        assert run(other)


@pytest.mark.parametrize("message", [b"", b"\xff" * 99, b"not a message", "text"])
def test_a_message_that_is_none_harms_nobody(server, message):
    with socket_of(server) as other, socket_of(server) as socket:
        run(socket)
        socket.send(message)
        assert run(other)


@pytest.mark.parametrize(
    "path",
    [
        "/../README.md",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/media/../../streamlit_app.py",
        "/component/streamlit_drawable_canvas/../../../requirements.txt",
        "/app/static/../streamlit_app.py",
        "/.streamlit/config.toml",
        "/model_weights/manifest.json",
        "/_stcore/bidi-components/..%2f..%2fREADME.md",
    ],
)
def test_no_file_of_the_server_can_be_fetched(server, path):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(server).netloc, timeout=SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 403, 404) or b'<div id="root">' in body
    assert b"root:" not in body and b"sha256" not in body and b"import streamlit" not in body


def test_what_a_visitor_sends_wrong_or_breaks_off_writes_no_traceback(server, server_log):
    with socket_of(server) as socket:
        run(socket)
        socket.send("text, which no page sends")
        assert run(socket), "the session goes on"
        socket.send(b"\xff" * 500)
    message = BackMsg()
    message.rerun_script.query_string = ""
    for _ in range(3):
        with socket_of(server) as socket:
            run(socket)
            for _ in range(60):
                socket.send(message.SerializeToString())
            socket.socket.shutdown(2)  # both ways, without a word
    wait_until(lambda: "Error deserializing back message" in server_log.read_text(), SECONDS)
    with socket_of(server) as socket:
        assert run(socket)
    assert "Traceback" not in server_log.read_text()
