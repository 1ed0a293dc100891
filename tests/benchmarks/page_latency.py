"""How long a visitor waits, in a real browser, server and browser on one machine.

``python tests/benchmarks/page_latency.py`` prints median and 95th percentile of every wait. A
wait begins with the browser's own event and ends when what it led to has been painted.

A server in public has less to import than these tests have: run it where only requirements.txt,
pytest and Playwright are installed.
"""

import argparse
import asyncio
import concurrent.futures
import functools
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "load")]
import visitors  # noqa: E402
from conftest import launch, serve  # noqa: E402
from session import Session  # noqa: E402

ROUNDS, VISITORS = 30, 5
PATIENCE = 120_000  # milliseconds
FILM_SECONDS = 15  # some three times a film and its rest
SEEDS = itertools.count(100)
# What a pen may begin with is written while it is waited for; then comes the way to what it drew.
STROKES, DRAWN = (".sheet", "data-pen"), (".sheet:not(.waiting)", "data-pen")
STROKE = [(95, 70), (140, 50), (185, 75), (180, 115), (135, 138), (185, 160), (150, 235), (90, 215)]
# The least that a first answer can take: a process that has nothing else to do.
ALONE = """
import keras, numpy as np
sides = [keras.layers.Dense(256, activation="relu"), keras.layers.Dense(256, activation="relu")]
layers = [keras.Input((28, 28)), keras.layers.Flatten(), *sides, keras.layers.Dense(10)]
keras.Sequential(layers)(np.zeros((1, 28, 28), np.float32))
"""
WATCH = """
window.watch = (event, selector, attribute) => {
  const read = () => document.querySelector(selector)?.getAttribute(attribute) ?? null;
  const before = read();
  let began = null;
  window.waited = null;
  addEventListener(event, () => { began = performance.now(); }, { capture: true, once: true });
  const observer = new MutationObserver(() => {
    const now = read();
    if (began === null || now === null || now === before) return;
    observer.disconnect();
    // The frame that shows it has been drawn when the task after its callback runs.
    requestAnimationFrame(() => setTimeout(() => { window.waited = performance.now() - began; }));
  });
  observer.observe(document.body, { subtree: true, childList: true, attributes: true });
};
"""


# Every answer, told by its bars, while the pen moves.
COUNT = """
window.answers = [];
window.counter ??= new MutationObserver(() => {
  const bars = document.querySelector(".bars")?.innerHTML;
  if (bars !== window.lastBars) window.answers.push(bars);
  window.lastBars = bars;
});
window.place = document.querySelector(".st-key-answer");
window.counter.observe(window.place, { subtree: true, childList: true });
"""


def open_page(browser, address: str):
    """Open the page as a new visitor, with its own cookies, and wait until all is compiled."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_role("status").get_by_text("Ready").wait_for()
    page.locator(".film").first.wait_for()
    page.locator("canvas.upper-canvas").wait_for()
    return page


def waited(page) -> float:
    """Return how many milliseconds the watched wait took, once it is over."""
    page.wait_for_function("window.waited !== null")
    return page.evaluate("window.waited")


def press_and_move(page, pause: float = 0) -> None:
    """Draw a 3, all but lifting the pen, with so many milliseconds between its corners."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    for number, (x, y) in enumerate(STROKE):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3 if number else 1)
        if not number:
            page.mouse.down()
        elif pause:
            page.wait_for_timeout(pause)


def clear(page) -> None:
    page.get_by_role("button", name="Clear", exact=True).click()
    page.locator(".answer").get_by_text("Draw a digit").wait_for()


def strokes(pages: list, rounds: int) -> list[float]:
    """From the pen's lifting to the answer, every visitor lifting it at the same time."""
    waits = []
    for _ in range(rounds):
        for page in pages:
            press_and_move(page)
            page.evaluate("watch('pointerup', '.reading', 'data-ended')")
        for page in pages:
            page.mouse.up()
        waits += [waited(page) for page in pages]
        for page in pages:
            page.locator(".reading[data-strokes='1']").wait_for()  # the canvas has sent it too
            clear(page)
    return waits


def live(page, rounds: int) -> float:
    """How many answers a second come while the pen moves, in the median stroke."""
    rates = []
    for _ in range(rounds):
        page.evaluate(COUNT)
        began = time.perf_counter()
        press_and_move(page, pause=150)
        rates.append(page.evaluate("answers.length") / (time.perf_counter() - began))
        page.mouse.up()
        page.wait_for_timeout(500)
        clear(page)
    return float(np.median(rates))


def playing(page) -> float:
    """The share of its time that the page's thread is busy while films play again and again.

    They do until the visitor does something.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "TaskDuration")

    before = busy()
    page.wait_for_timeout(1000 * FILM_SECONDS)
    return (busy() - before) / FILM_SECONDS


def digits(page, rounds: int, seen: tuple[str, str] = (".sheet", "style")) -> list[float]:
    """From the click on a digit to what is seen of it; each run is new, none comes from the cache.

    The page must show images that the seed changes, as it does when it is opened.

    Args:
        page: the page.
        rounds: how many clicks.
        seen: selects what is waited for, and its attribute that changes.
    """
    waits = []
    for number in range(rounds):
        digit = (number * 3) % 10
        if number % 10 == 0:
            more = page.locator(".more[data-more=drawing]")
            if more.get_attribute("aria-expanded") == "false":
                more.click()
            seed = page.get_by_label("Seed", exact=True)
            seed.fill(str(next(SEEDS)))
            page.evaluate("seen => watch('keydown', ...seen)", seen)
            seed.press("Enter")
            waited(page)
        page.evaluate("seen => watch('click', ...seen)", seen)
        page.locator(".st-key-digit").get_by_role("radio", name=str(digit), exact=True).click()
        waits.append(waited(page))
        page.wait_for_timeout(150)
    return waits


def start(browser, log: Path) -> dict[str, list[float]]:
    """From a server's start to the first paint and to the answer to a stroke, and what is in it."""
    began = time.perf_counter()

    def now():
        return 1000 * (time.perf_counter() - began)

    subprocess.run([sys.executable, "-c", ALONE], check=True, capture_output=True)
    alone, began = now(), time.perf_counter()
    with serve(log) as address:
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.locator("h1").wait_for()
        paint = now()
        page.locator("canvas.upper-canvas").wait_for()
        press_and_move(page)
        page.mouse.up()
        page.locator(".answer .best").wait_for()
        answer = now()
        page.context.close()
    began = time.perf_counter()
    with serve(log) as address:
        # In a thread of its own: Playwright's event loop runs in this one.
        with concurrent.futures.ThreadPoolExecutor() as another_thread:
            another_thread.submit(asyncio.run, read_a_stroke(address)).result()
        bare = now()
    return {
        "TensorFlow's import and one answer, alone": [alone],
        "server start → first answer, no browser": [bare],
        "server start → first paint": [paint],
        "server start → first answer": [answer],
    }


async def read_a_stroke(address: str) -> None:
    """Draw on the page and wait for the answer, without a browser that takes the cores."""
    drawing = {"objects": [visitors.line(random.Random(1))]}
    async with Session(address, {}) as visitor:
        await visitor.until(lambda: visitor.find(visitors.READING), visitors.LOADING)
        visitor.put("canvas", json.dumps({"drawing": {"raw": drawing, "data": None}}))
        await visitor.rerun()
        await visitor.until(lambda: visitor.find('class="best"'), visitors.LOADING)


def report(name: str, waits: list[float]) -> None:
    middle, high = np.percentile(waits, [50, 95])
    print(f"{name:<44}{middle:>8.0f}{high:>8.0f}{len(waits):>6}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each wait (%(default)s)")
    parser.add_argument("--starts", type=int, default=3, help="of the server (%(default)s)")
    options = parser.parse_args()
    print(f"{'milliseconds':<44}{'p50':>8}{'p95':>8}{'n':>6}")
    with sync_playwright() as session, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        browser, reason = launch(session)
        if browser is None:
            sys.exit(reason)
        starts = [start(browser, log) for _ in range(options.starts)]
        for name in starts[0]:
            report(name, [wait for each in starts for wait in each[name]])
        with serve(log) as address:
            one = open_page(browser, address)
            print(f"{'busy while the film plays':<44}{playing(one):>8.0%}", flush=True)
            report("stroke → answer", strokes([one], options.rounds))
            rate = live(one, options.rounds)
            print(f"{'answers a second while the pen moves':<44}{rate:>8.1f}", flush=True)
            report("click on a digit → image", digits(one, options.rounds))
            one.context.close()
            pen = open_page(browser, f"{address}/?network=question")
            report("click → first strokes of a pen", digits(pen, options.rounds, STROKES))
            report("click → what the pen drew", digits(pen, options.rounds, DRAWN))
            pen.context.close()
            visit = functools.partial(open_page, browser, address)
            crowd = [visit() for _ in range(VISITORS)]
            rounds = max(3, options.rounds // VISITORS)
            report(f"stroke → answer, {VISITORS} visitors at once", strokes(crowd, rounds))
        browser.close()


if __name__ == "__main__":
    main()
