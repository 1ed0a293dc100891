"""The real server and a real Chromium, one of each for all tests in this folder."""

import collections
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    *("--disable-background-networking", "--no-first-run", "--disable-component-update"),
    "--disable-sync",
)
MODELS_SECONDS = 240  # on two cores that others use as well
SECONDS = 30  # for anything a visitor waits for
# XLA compiles every method for every number of images apart, which takes seconds.
WITHOUT_XLA = """
from invert.inversion import compiling
compiling.MOST_BY_XLA = 0
from streamlit.web.cli import main
main()
"""
# Every shift counts, those right after a click too, which the usual score forgives.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((e) => e.value)))
  .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="session")
def server_log(tmp_path_factory):
    """Where the server of this session writes what it says."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="session")
def server(server_log):
    """The address of the page, served as the README says, on a free port of this machine.

    It compiles little: to compile all that visitors ask for takes minutes of a processor.
    """
    with run_server(server_log, compiles="little") as (address, _):
        yield address


@contextlib.contextmanager
def serve(log):
    """The address of a server of the page that runs meanwhile; what it says goes to ``log``."""
    with run_server(log) as (address, _):
        yield address


@contextlib.contextmanager
def run_server(log, compiles="all"):
    """The same, and the server's process; ``compiles`` as in ``start``."""
    address, process = start(free_port(), log, compiles)
    try:
        yield address, process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        kill(process)


def start(port, log, compiles="all"):
    """Start a server of the page on a port; return its address and its process.

    It compiles all ahead, as for visitors, or "little": what is asked for, and not by XLA.
    """
    little = compiles == "little"
    streamlit = ("-c", WITHOUT_XLA) if little else ("-m", "streamlit")
    command = [sys.executable, *streamlit, "run", "streamlit_app.py"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "INVERT_COMPILE_AHEAD": "no" if little else "yes"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: healthy(address) or process.poll() is not None, MODELS_SECONDS)
        assert process.poll() is None, log.read_text()
    except BaseException:
        kill(process)
        raise
    return address, process


class Spare:
    """One more server of the page, at one address, that tests may end and start again.

    Unless told otherwise it compiles little, half of a server's start.
    """

    def __init__(self, log):
        self.port, self.log, self.process = free_port(), log, None
        self.address = f"http://127.0.0.1:{self.port}"

    def run(self, compiles="little"):
        """Start it, unless it runs."""
        if self.process is None:
            _, self.process = start(self.port, self.log, compiles)

    def kill(self):
        if self.process is not None:
            kill(self.process)
        self.process = None


@pytest.fixture(scope="session")
def spare(tmp_path_factory):
    """A server that one test leaves to the next, for each takes half a minute to start."""
    server = Spare(tmp_path_factory.mktemp("spare") / "log.txt")
    yield server
    server.kill()


def kill(process):
    """End a server without a word of warning."""
    process.kill()
    process.wait()


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def browser():
    """A Chromium; without one the tests are skipped, or fail where CI=true."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as session:
        browser, reason = launch(session)
        if browser is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        yield browser
        browser.close()


def launch(session):
    """A browser from CHROMIUM, from the system, or from Playwright; or None and the reason.

    The headless shell is the same Chromium without an interface of its own, which costs a third.
    """
    system = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
    for name in (os.environ.get("CHROMIUM"), *system):
        if path := name and shutil.which(name):
            return session.chromium.launch(executable_path=path, args=FLAGS), ""
    if not Path(session.chromium.executable_path).exists():
        install = [sys.executable, "-m", "playwright", "install", "chromium"]
        fetched = subprocess.run(install, capture_output=True, text=True)
        if fetched.returncode:
            last = (fetched.stderr or fetched.stdout).strip().splitlines()[-1:]
            return None, f"no Chromium here, and none could be fetched: {' '.join(last)}"
    return session.chromium.launch(args=FLAGS), ""


@pytest.fixture(scope="session")
def ready(server, browser):
    """The server has loaded its models: it shows images."""
    page = browser.new_context().new_page()
    page.goto(server)
    page.locator(".film").first.wait_for(timeout=MODELS_SECONDS * 1000)
    page.context.close()


@pytest.fixture(scope="session")
def computers(browser):
    """Visitors' computers, each with its own cookies and cache, made when first asked for.

    Films stand still on them unless ``moving=True``: to draw one is half of what a test takes.
    """
    made = {}

    def computer(owner="somebody", width=1366, height=768, moving=False, **options):
        key = (owner, width, height, moving, *sorted(options.items()))
        if key not in made:
            options["viewport"] = {"width": width, "height": height}
            options["reduced_motion"] = "no-preference" if moving else "reduce"
            made[key] = browser.new_context(**options)
            made[key].set_default_timeout(SECONDS * 1000)
            made[key].add_init_script(WATCH_SHIFTS)
        return made[key]

    return computer


@pytest.fixture(scope="session")
def idle_windows():
    """Windows that earlier tests have left, by computer: in a new one Streamlit compiles anew."""
    return collections.defaultdict(list)


@pytest.fixture
def visit(server, computers, ready, idle_windows):
    """Open the page as a visitor: ``visit("?digit=3", width=390, …)`` returns a Playwright page,
    as soon as it shows its images, or what ``first`` selects.

    At the end of the test, whatever the browser's console called an error fails it, and so does
    any request to another server.
    """
    opened, errors = [], []
    listeners = {
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda m: errors.append(m.text) if m.type == "error" else None,
        "request": lambda r: errors.append(r.url) if abroad(r.url, server) else None,
    }

    def open_page(query="", first=".film", **options):
        computer = computers(**options)
        idle = idle_windows[computer]
        page = idle.pop() if idle else computer.new_page()
        opened.append(page)
        for event, listener in listeners.items():
            page.on(event, listener)
        page.mouse.move(0, 0)
        page.goto(f"{server}/{query}")
        page.locator(first).first.wait_for()
        hidden = "left=" in query or "scene=" in query
        page.locator("canvas.upper-canvas").wait_for(state="attached" if hidden else "visible")
        return page

    yield open_page
    for page in opened:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        page.goto("about:blank")
        idle_windows[page.context].append(page)
    assert errors == []


def abroad(url, server):
    """Whether a request leaves for another server."""
    return not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))


def healthy(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health") as page:
        return page.status == 200
    return False


def wait_until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.1)
