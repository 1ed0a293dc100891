"""Many visitors at once, each with a session of their own that draws and generates.

``python tests/load/visitors.py --visitors 50 --seconds 60`` starts a server, lets the visitors come
one by one, and prints how long they waited, what failed and what memory it took. Every answer is
compared bit for bit with the one that the package gives alone, in one thread.
"""

import argparse
import asyncio
import collections
import dataclasses
import itertools
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

from session import Lost, Session  # noqa: E402

MOST_VISITORS, MOST_SECONDS = 500, 600
PAUSE = (2.0, 6.0)  # seconds between an answer and the visitor's next action
ARRIVALS = 10  # a second
PATIENCE = 60  # seconds, for an answer, on cores that others use as well
LOADING = 240  # seconds, for a server to load and compile everything
READING, IMAGES = 'class="reading"', 'class="run"'
KINDS = ("page open → first images", "pen → answer", "stroke → answer", "choice → images")
STROKE_SECONDS = 1.0  # of a line
# Lines of a hand, in the canvas's pixels.
LINES = [
    [(140, 45), (142, 140), (138, 235)],
    [(95, 70), (140, 50), (185, 75), (180, 115), (135, 138), (185, 160), (150, 235), (90, 215)],
    [(90, 60), (190, 60), (150, 140), (125, 240)],
    [(140, 50), (80, 140), (140, 230), (200, 140), (140, 50)],
    [(95, 50), (90, 140), (190, 145)],
]
# What the canvas sends of a line beside its points.
PATH = {
    **{"type": "Path", "version": "7.4.0", "originX": "center", "originY": "center"},
    **{"fill": None, "stroke": "#17181c", "strokeWidth": 18, "strokeDashArray": None},
    **{"strokeLineCap": "round", "strokeDashOffset": 0, "strokeLineJoin": "round"},
    **{"strokeUniform": False, "strokeMiterLimit": 10, "scaleX": 1, "scaleY": 1, "angle": 0},
    **{"flipX": False, "flipY": False, "opacity": 1, "shadow": None, "visible": True},
    **{"backgroundColor": "", "fillRule": "nonzero", "paintFirst": "fill"},
    **{"globalCompositeOperation": "source-over", "skewX": 0, "skewY": 0},
}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was asked, what the page answered, and how many seconds later.

    ``asked`` is a drawing for a stroke, and digit, count and seed for a choice or an opening.
    """

    kind: str
    asked: object
    shown: object
    seconds: float


class Visitor:
    """Somebody who opens the page, draws and generates in turn, and pauses in between.

    What they do depends on their number alone.

    Attributes:
        arrives, leaves: when, in seconds of the monotonic clock.
        sessions: the pages that were opened: one, or more where a connection was lost.
        answers: what the page answered.
        troubles: what should not have happened.
    """

    def __init__(self, number: int, arrives: float, leaves: float):
        self.arrives, self.leaves = arrives, leaves
        self.sessions: list[Session] = []
        self.answers: list[Answer] = []
        self.troubles: list[str] = []
        self._chance = random.Random(number)
        self._origin = f"127.{1 + number // 250}.0.{1 + number % 250}"  # each from somewhere else
        self._choice = {"digit": self._chance.randrange(10), "count": 4, "seed": number % 10_000}
        self._lines: list[dict] = []
        self._asked = 0

    async def visit(self, address: str) -> None:
        """Come, stay and leave; whoever is cut off comes back to the URL that they had."""
        cookies = None
        await asyncio.sleep(self.arrives - time.monotonic())
        while time.monotonic() < self.leaves:
            began = time.monotonic()
            session = Session(address, self._choice, cookies, self._origin)
            try:
                async with session:
                    await session.until(lambda s=session: loaded(s), PATIENCE)
                    waited = session.find(IMAGES).came - began
                    self._note("page open → first images", self._choice, session, waited)
                    self.sessions.append(session)
                    await self._stay(session)
                return
            except TimeoutError:
                self.troubles.append(f"no answer within {PATIENCE} s")
            except Lost as error:
                self.troubles.append(f"connection lost: {type(error).__name__}")
            finally:
                self.troubles += session.troubles
            cookies, self._lines = session.cookies, []
            await asyncio.sleep(1)  # as the page does before it tries again

    async def _stay(self, session: Session) -> None:
        draws = self._chance.random() < 0.5
        while True:
            pause = self._chance.uniform(*PAUSE)
            if time.monotonic() + pause > self.leaves:
                return
            await asyncio.sleep(pause)
            await (self._draw if draws else self._generate)(session)
            draws = not draws

    async def _draw(self, session: Session) -> None:
        """Draw a line more, or a first one on a new sheet."""
        self._lines = [*self._lines, line(self._chance)] if len(self._lines) < 2 else []
        await self._move_pen(session)
        drawing = {"version": "7.4.0", "objects": self._lines, "background": "#ffffff"}
        sent = json.dumps({"drawing": {"raw": drawing, "data": None}})
        _, waited = await session.choose("canvas", sent, READING, PATIENCE)
        self._note("stroke → answer", drawing, session, waited)

    async def _move_pen(self, session: Session) -> None:
        """Draw the last line for a second, and have it read meanwhile, as the page's pen does."""
        *others, last = self._lines or [None]
        if last is None:
            return
        points = [command[-2:] for command in last["path"]]
        began = time.monotonic()
        while (gone := time.monotonic() - began) < STROKE_SECONDS:
            self._asked += 1
            drawn = points[: 2 + int(gone / STROKE_SECONDS * (len(points) - 2))]
            sent = {"number": self._asked, "points": drawn}
            _, waited = await session.press("live", "points", sent, READING, PATIENCE)
            path = [["M", *drawn[0]], *(["L", *point] for point in drawn[1:])]
            drawing = {"objects": [*others, {"type": "Path", "path": path}]}
            self._note("pen → answer", drawing, session, waited)
            await asyncio.sleep(session.rest)

    async def _generate(self, session: Session) -> None:
        """Choose another digit, mostly; else another seed, or how many."""
        key = self._chance.choice(["digit", "digit", "seed", "count"])
        others = {"digit": range(10), "seed": range(10_000), "count": (1, 4, 16)}[key]
        value = self._chance.choice([each for each in others if each != self._choice[key]])
        self._choice = {**self._choice, key: value}
        _, waited = await session.choose(key, value, IMAGES, PATIENCE)
        self._note("choice → images", self._choice, session, waited)

    def _note(self, kind: str, asked, session: Session, seconds: float) -> None:
        mark = IMAGES if kind.endswith("images") else READING
        self.answers.append(Answer(kind, asked, shown(session.find(mark).body), seconds))


def line(chance: random.Random) -> dict:
    """Return a line by a shaky hand, as the canvas sends it."""
    points = np.array(chance.choice(LINES), float)
    points += [[chance.gauss(0, 6), chance.gauss(0, 6)] for _ in points]
    points = points.round(2).tolist()
    path = [["M", *points[0]]]
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        path.append(["Q", ax, ay, round((ax + bx) / 2, 3), round((ay + by) / 2, 3)])
    return {**PATH, "path": [*path, ["L", *points[-1]]]}


def loaded(session: Session) -> bool:
    """Tell whether the page shows images."""
    images = session.find(IMAGES)
    return images is not None and "--sprite" in images.body


def shown(html: str) -> tuple[str, ...]:
    """Return what a piece of the page shows: its pictures, bit for bit, and every number."""
    pictures = re.findall(r"data:image/png;base64,[A-Za-z0-9+/=]+", html)
    return (*pictures, *re.findall(r"--to:([\d.]+)", html), *re.findall(r"<em>(.*?)</em>", html))


def serial(answer: Answer) -> tuple[str, ...]:
    """Return what the page had to show, made by the package alone."""
    import invert
    from invert.drawing import BlankDrawing, from_strokes
    from invert.page.panels import generate
    from invert.page.pictures import markup, run_images

    if answer.kind.endswith("answer"):
        try:
            image = from_strokes(answer.asked)
        except BlankDrawing:
            return shown(markup.bars(None, None))
        read = invert.classify(image[None])[0]
        return shown(markup.bars(read, None))
    digits = [answer.asked["digit"]] * answer.asked["count"]
    run = invert.generate(digits, seed=answer.asked["seed"], frames=generate.FRAMES)
    return shown(run_images.html(run, run_images.opinions(run)))


def wrong(answers: list[Answer]) -> list[Answer]:
    """Return the answers that are not those of the package alone."""
    return [answer for answer in answers if answer.shown != serial(answer)]


def crowd(number: int, seconds: float) -> list[Visitor]:
    """Return visitors who come one after the other, stay together for some seconds, and leave."""
    now = time.monotonic()
    leave = now + number / ARRIVALS + seconds
    return [Visitor(each, now + each / ARRIVALS, leave) for each in range(number)]


async def visit(address: str, visitors: list[Visitor]) -> None:
    """Let them all visit a server on this machine, and on no other."""
    if urllib.parse.urlsplit(address).hostname != "127.0.0.1":
        raise SystemExit(f"the address must be this machine, http://127.0.0.1:PORT; got {address}.")
    async with asyncio.TaskGroup() as group:
        for visitor in visitors:
            group.create_task(visitor.visit(address))


async def warm(address: str) -> None:
    """Wait until the server has loaded and compiled everything."""
    async with Session(address, {}) as session:
        await session.until(lambda: loaded(session) and session.settled(), LOADING)


def megabytes(pid: int) -> float:
    """Return what a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Return how long a process has kept a processor busy."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def measure(address: str, pid: int | None, number: int, seconds: float) -> None:
    """Let a crowd come and print what it found."""
    await warm(address)
    before, busy = pid and megabytes(pid), pid and processor_seconds(pid)
    visitors = crowd(number, seconds)
    stay = asyncio.create_task(visit(address, visitors))
    await asyncio.wait([stay], timeout=number / ARRIVALS + seconds - 1)
    during = pid and megabytes(pid)
    await stay
    busy = pid and processor_seconds(pid) - busy
    answers = [answer for visitor in visitors for answer in visitor.answers]
    troubles = collections.Counter(each for visitor in visitors for each in visitor.troubles)
    await asyncio.sleep(3)
    after = pid and megabytes(pid)
    print(f"{number} visitors, {seconds:.0f} s together: {len(answers)} answers")
    print(f"{'milliseconds':<28}{'p50':>8}{'p95':>8}{'max':>8}{'n':>7}")
    for kind in KINDS:
        waits = [1000 * answer.seconds for answer in answers if answer.kind == kind]
        if waits:
            print(f"{kind:<28}{np.median(waits):>8.0f}{np.percentile(waits, 95):>8.0f}", end="")
            print(f"{max(waits):>8.0f}{len(waits):>7}")
    print(f"errors: {troubles.total()}")
    for words, count in troubles.most_common(5):
        print(f"  {count} × {words}")
    if pid:
        each = (during - before) / number
        print(
            f"server: {before:.0f} MB before, {during:.0f} with all, {after:.0f} after they left:"
            f" {each:.1f} MB a session; {busy:.0f} s of processor,"
            f" {1000 * busy / max(1, len(answers)):.0f} ms an answer"
        )
    print("comparing with the package alone …", flush=True)
    print(f"wrong: {len(wrong(answers))} of {len(answers)}")


def raise_limits() -> None:
    """Let this process hold as many open files as the system allows: each visitor takes some."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=50, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="together (%(default)s)")
    parser.add_argument("--address", help="of a server on this machine; else one is started")
    options = parser.parse_args()
    if not (1 <= options.visitors <= MOST_VISITORS and 1 <= options.seconds <= MOST_SECONDS):
        parser.error(f"at most {MOST_VISITORS} visitors and {MOST_SECONDS} seconds, at least 1.")
    raise_limits()
    if options.address:
        asyncio.run(measure(options.address, None, options.visitors, options.seconds))
        return
    from conftest import run_server

    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "log.txt") as (address, process),
    ):
        asyncio.run(measure(address, process.pid, options.visitors, options.seconds))


if __name__ == "__main__":
    main()
