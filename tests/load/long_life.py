"""A long life: many runs, many networks, many sessions that come and go, hours at full load.

``python tests/load/long_life.py`` takes an hour and a half, and prints memory, threads and open
files of the process as it goes; ``--runs``, ``--sessions`` and ``--minutes`` make it shorter.
"""

import argparse
import asyncio
import contextlib
import gc
import multiprocessing
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

import visitors  # noqa: E402
from session import Lost, Session  # noqa: E402

RUNS, SESSIONS, MINUTES = 10_000, 1_000, 60
NETWORKS = 100
RUSH = 200  # visitors at once, as many as two cores can serve
ABANDONED = 30  # new sessions a second
REST = 125  # seconds: Streamlit keeps a session that lost its connection for two minutes


class Held(NamedTuple):
    """What a process holds: megabytes of memory, threads, open files."""

    megabytes: float
    threads: int
    files: int


def held(pid: int) -> Held:
    """Return what a process holds."""
    process = Path(f"/proc/{pid}")
    threads, files = (len(list((process / part).iterdir())) for part in ("task", "fd"))
    return Held(visitors.megabytes(pid), threads, files)


def print_held(what: str, now: Held) -> None:
    print(f"{what:<58}{now.megabytes:>7.0f} MB{now.threads:>5}{now.files:>7}", flush=True)


def live(runs: int, networks: int = NETWORKS) -> list[Held]:
    """Run in this process, with one network after the other, each let go when the next comes.

    Returns:
        What the process held after a tenth, half and all of the runs.
    """
    import keras
    import numpy as np

    import invert

    chance, marks = random.Random(0), []
    each = max(1, runs // networks)
    when = [runs // 10, runs // 2, runs]
    for number in range(runs):
        if number % each == 0:
            width, colours = chance.randrange(16, 129), chance.choice((1, 3))
            layers = [keras.Input((12, 12, colours))]
            if chance.random() < 0.3:
                layers.append(keras.layers.Conv2D(8, 3, activation="relu"))
            layers += [keras.layers.Flatten(), keras.layers.Dense(width, activation="relu")]
            own = invert.freeze(keras.Sequential([*layers, keras.layers.Dense(5)]))
            keras.backend.clear_session()
        kind, count, seed = chance.randrange(4), chance.choice((1, 4, 16)), chance.randrange(999)
        if kind == 0:
            invert.classify(np.zeros((count, 28, 28), np.float32))
        elif kind == 1:
            invert.generate([number % 10] * count, seed=seed, steps=20, frames=8)
        else:
            invert.generate([number % 5] * count, "steepest", classifier=own, seed=seed, steps=20)
        if number + 1 in when:
            gc.collect()
            marks.append(held(os.getpid()))
            print_held(f"{number + 1:,} runs, {number // each + 1} networks", marks[-1])
    return marks


async def abandon(address: str, sessions: int) -> None:
    """Open sessions one after the other, and leave each at once, whatever it is doing."""

    async def come_and_go(number: int) -> None:
        await asyncio.sleep(number / ABANDONED)
        origin = f"127.3.{number // 250}.{1 + number % 250}"
        with contextlib.suppress(*Lost, TimeoutError):
            async with Session(address, {"seed": number}, origin=origin) as session:
                if number % 2:
                    await session.until(lambda: visitors.loaded(session), visitors.PATIENCE)

    await asyncio.gather(*[come_and_go(number) for number in range(sessions)])


def serve(sessions: int, minutes: float) -> list[Held]:
    """Let sessions be abandoned on a server and then a crowd stay there.

    Returns:
        What the server held at first, after the sessions, and after the crowd has left.
    """
    from conftest import run_server

    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder) / "log.txt") as (address, server),
    ):
        marks = []

        def mark(what: str) -> None:
            time.sleep(REST)
            asyncio.run(visitors.warm(address))  # the next visitor, with whom the old ones go
            marks.append(held(server.pid))
            print_held(what, marks[-1])

        asyncio.run(visitors.warm(address))
        mark("a server, warm")
        asyncio.run(abandon(address, sessions))
        mark(f"{sessions:,} sessions opened and abandoned")
        if minutes:
            crowd = visitors.crowd(RUSH, 60 * minutes)
            asyncio.run(visitors.visit(address, crowd))
            answers = sum(len(visitor.answers) for visitor in crowd)
            troubles = sum(len(visitor.troubles) for visitor in crowd)
            mark(f"{minutes:g} min of {RUSH} visitors, {answers:,} answers, {troubles} errors")
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="(%(default)s)")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="(%(default)s)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="(%(default)s)")
    options = parser.parse_args()
    visitors.raise_limits()
    print(f"{'':<58}{'memory':>10}{'threads':>8}{'files':>4}")
    if options.runs:
        process = multiprocessing.get_context("spawn").Process(target=live, args=(options.runs,))
        process.start()
        process.join()
    serve(options.sessions, options.minutes)


if __name__ == "__main__":
    main()
