"""Five visitors draw and generate while somebody does the server harm: how long they wait then.

``python tests/load/attacks.py --seconds 30`` starts a server and lets five visitors come, alone
and beside each attack in turn. Attackers run in a process of their own, on the same cores. Every
answer is compared bit for bit with the one that the package gives alone.
"""

import argparse
import asyncio
import collections
import contextlib
import itertools
import json
import multiprocessing
import random
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

import visitors  # noqa: E402
from session import Lost, Session  # noqa: E402

VISITORS = 5
MOST_SECONDS = 600
PAUSE = (0.5, 1.5)  # seconds between an answer and the next action: busy visitors
MEGABYTE = 1024 * 1024
KINDS = ("stroke → answer", "choice → images")
BEGINNING = 60  # seconds that an attack may take to begin
# How often the attacker did what it does, told to the process that measures.
_done = multiprocessing.Value("L", 0)


def done() -> None:
    """Count one more."""
    _done.value += 1


async def flood(address: str, origin: str = "127.0.0.1") -> None:
    """One connection asks for the page anew, as fast as it can."""
    while True:
        with contextlib.suppress(*Lost):  # it may be shown out
            async with Session(address, {}, origin=origin) as attacker:
                await attacker.until(lambda s=attacker: visitors.loaded(s), visitors.PATIENCE)
                while True:
                    await attacker.rerun()
                    done()


async def floods(address: str) -> None:
    """Ten connections do."""
    await together([flood(address) for _ in range(10)])


async def floods_from_everywhere(address: str) -> None:
    """Ten connections do, from ten addresses."""
    await together([flood(address, f"127.9.0.{1 + number}") for number in range(10)])


async def long_drawings(address: str) -> None:
    """Drawings of half a megabyte, just short enough to be read, one after the other."""
    await send_drawings(address, 500_000)


async def huge_drawings(address: str) -> None:
    """Drawings of 15 MB."""
    await send_drawings(address, 15 * MEGABYTE)


async def send_drawings(address: str, length: int) -> None:
    drawing = {"objects": [visitors.line(random.Random(0))], "more": "x" * length}
    sent = json.dumps({"drawing": {"raw": drawing, "data": None}})
    while True:
        with contextlib.suppress(*Lost):
            async with Session(address, {}) as attacker:
                await attacker.until(lambda s=attacker: visitors.loaded(s), visitors.PATIENCE)
                attacker.put("canvas", sent)
                while True:
                    done()  # before it is sent: what is too long may end the connection
                    await attacker.rerun()
        await asyncio.sleep(0.1)


async def choices(address: str) -> None:
    """The longest run of the most images, and another before it is done, and another."""
    async with Session(address, {"count": 16, "steps": 400}) as attacker:
        await attacker.until(lambda: visitors.loaded(attacker), visitors.PATIENCE)
        seed = 0
        while True:
            seed += 1
            attacker.put("seed", seed)
            await attacker.rerun()
            done()
            await asyncio.sleep(0.02)


async def dear_choices(address: str) -> None:
    """Forty sessions of one address, each with the dearest choice there is every ten seconds."""

    async def choose(number):
        dearest = {"network": "robust", "method": "latent", "count": 16, "steps": 400}
        for seed in itertools.count(number, 40):
            with contextlib.suppress(*Lost):
                link = {**dearest, "seed": seed % 10_000}
                async with Session(address, link, origin="127.9.0.1"):
                    done()
                    await asyncio.sleep(10)

    await together([choose(number) for number in range(40)])


async def sessions(address: str) -> None:
    """Twenty new sessions a second, each left at once."""
    while True:
        with contextlib.suppress(*Lost):
            async with Session(address, {"seed": random.randrange(10_000)}):
                done()
        await asyncio.sleep(0.05)


async def idle_connections(address: str) -> None:
    """Connections that only stay, some more than the server takes."""

    async def stay():
        with contextlib.suppress(*Lost):
            async with Session(address, {}):
                done()
                await asyncio.sleep(MOST_SECONDS)

    async def come(number):
        await asyncio.sleep(number / 40)
        await stay()

    await together([come(number) for number in range(450)])


async def uploads(address: str) -> None:
    """Files of 8 MB that the page never refers to, eight at once, as fast as they are taken."""
    data = bytes(8 * MEGABYTE - 4096)

    async def send(attacker, names):
        while True:
            with contextlib.suppress(OSError):
                if await asyncio.to_thread(attacker.upload, next(names), data) == 204:
                    done()

    async with Session(address, {}) as attacker:
        await attacker.until(lambda: visitors.loaded(attacker), visitors.PATIENCE)
        # Few names, so that a server that keeps every upload is not filled with them.
        names = itertools.cycle(f"{number}.png" for number in range(64))
        await together([send(attacker, names) for _ in range(8)])


async def pages(address: str) -> None:
    """The page's own files, as fast as they are given, by eight clients."""

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def fetch():
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(lambda: opener.open(address, timeout=60).read())
                done()

    await together([fetch() for _ in range(8)])


async def half_requests(address: str) -> None:
    """A thousand requests that never end."""
    where = urllib.parse.urlsplit(address)

    async def begin(number):
        await asyncio.sleep(number / 200)
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            done()
            while True:
                await asyncio.sleep(5)
                writer.write(b"x")
                await writer.drain()

    await together([begin(number) for number in range(1000)])


ATTACKS: dict[str, Callable[[str], Awaitable[None]]] = {
    attack.__name__: attack
    for attack in (
        flood,
        floods,
        floods_from_everywhere,
        long_drawings,
        huge_drawings,
        choices,
        dear_choices,
        sessions,
        idle_connections,
        uploads,
        pages,
        half_requests,
    )
}


async def together(tasks: list) -> None:
    """Run them all, whichever of them end."""
    await asyncio.gather(*tasks, return_exceptions=True)


async def visit(address: str, seconds: float) -> list[visitors.Visitor]:
    """Let five visitors come and stay; return them."""
    came = visitors.crowd(VISITORS, seconds)
    await visitors.visit(address, came)
    return came


def attack(name: str, address: str, counter) -> None:
    """Attack until the process is ended."""
    global _done
    _done = counter
    visitors.raise_limits()
    asyncio.run(ATTACKS[name](address))


@contextlib.contextmanager
def under(name: str | None, address: str) -> Iterator[None]:
    """An attack that goes on meanwhile, in a process of its own.

    Raises:
        RuntimeError: it did not begin or ended by itself.
    """
    if name is None:
        yield
        return
    spawn = multiprocessing.get_context("spawn")
    counter = spawn.Value("L", 0)
    attacker = spawn.Process(target=attack, args=(name, address, counter))
    attacker.start()
    try:
        latest = time.monotonic() + BEGINNING
        while not counter.value and attacker.is_alive() and time.monotonic() < latest:
            time.sleep(0.1)
        if not counter.value:
            raise RuntimeError(f"the attack {name} did not begin.")
        yield
        if not attacker.is_alive():
            raise RuntimeError(f"the attack {name} ended by itself.")
    finally:
        attacker.kill()
        attacker.join()


def measure(address: str, pid: int, name: str | None, seconds: float) -> list[visitors.Answer]:
    """Let visitors come beside an attack; print and return what they got."""
    with under(name, address):
        came = asyncio.run(visit(address, seconds))
        memory = visitors.megabytes(pid)
    answers = [answer for visitor in came for answer in visitor.answers]
    troubles = collections.Counter(each for visitor in came for each in visitor.troubles)
    waits = [[1000 * a.seconds for a in answers if a.kind == kind] for kind in KINDS]
    figures = "".join(
        f"{np.median(wait):>8.0f}{np.percentile(wait, 95):>8.0f}" if wait else f"{'–':>8}{'–':>8}"
        for wait in waits
    )
    print(
        f"{name or 'nobody':<20}{figures}{len(answers):>9}{troubles.total():>8}{memory:>8.0f}",
        flush=True,
    )
    for words, count in troubles.most_common(3):
        print(f"  {count} × {words}", flush=True)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"some of {', '.join(ATTACKS)} (all)")
    parser.add_argument("--seconds", type=float, default=30, help="of each (%(default)s)")
    options = parser.parse_args()
    if unknown := set(options.attacks) - set(ATTACKS):
        parser.error(f"attacks must be some of {', '.join(ATTACKS)}; got {', '.join(unknown)}.")
    if not 1 <= options.seconds <= MOST_SECONDS:
        parser.error(f"seconds must be 1 to {MOST_SECONDS}; got {options.seconds}.")
    from conftest import run_server

    visitors.PAUSE = PAUSE
    print(f"{'milliseconds':<20}{'stroke':>8}{'p95':>8}{'choice':>8}{'p95':>8}", end="")
    print(f"{'answers':>9}{'errors':>8}{'MB':>8}")
    answers = []
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "log.txt") as (address, server),
    ):
        asyncio.run(visitors.warm(address))
        for name in (None, *(options.attacks or ATTACKS)):
            answers += measure(address, server.pid, name, options.seconds)
    print("comparing with the package alone …", flush=True)
    print(f"wrong: {len(visitors.wrong(answers))} of {len(answers)}")


if __name__ == "__main__":
    main()
