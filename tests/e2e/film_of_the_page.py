"""The README's film: a 3 is drawn and read, and its strokes are bent into an 8.

``python tests/e2e/film_of_the_page.py .github/page.gif`` draws in a real Chromium.
"""

import io
import sys
import tempfile
from pathlib import Path

from conftest import MODELS_SECONDS, launch, serve
from PIL import Image
from playwright.sync_api import sync_playwright
from test_page_in_browser import THREE, Easel

SIZE = {"width": 1280, "height": 720}
WIDTH, COLOURS = 760, 64  # of the film
SMALL_COLOURS = ("#3949ab", "#396ad6", "#9bb4ea", "#de7514", "#eeba89", "#faf9f6")
STEP, LONG = 120, 2500  # milliseconds a frame, and of the last


def film(page) -> list[Image.Image]:
    """Return the frames: an example, a 3 by hand, its reading, and the way to an 8."""
    frames = []

    def take(times=1):
        for _ in range(times):
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

    take(2)
    first, *others = Easel(page).points(THREE)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=4)
        page.wait_for_timeout(150)
        take()
    page.mouse.up()
    page.wait_for_timeout(700)
    take(4)
    page.get_by_role("button", name="Bend my drawing").click()
    page.get_by_role("button", name="Start from random strokes again").wait_for()
    page.locator(".sheet.waiting").wait_for(state="detached")
    page.wait_for_timeout(3000)
    scrub = page.get_by_label("Position in the film")
    for position in range(0, int(scrub.get_attribute("max")) + 1, 2):
        scrub.fill(str(position))
        take()
    return frames


def main(path: Path) -> None:
    with sync_playwright() as session, tempfile.TemporaryDirectory() as folder:
        browser, reason = launch(session)
        if browser is None:
            sys.exit(reason)
        with serve(Path(folder) / "log.txt") as address:
            page = browser.new_page(viewport=SIZE)
            page.goto(f"{address}/?network=question")
            ready = page.get_by_role("status").get_by_text("Ready")
            ready.wait_for(timeout=MODELS_SECONDS * 1000)
            frames = film(page)
        browser.close()
    height = round(WIDTH * SIZE["height"] / SIZE["width"])
    small = [frame.resize((WIDTH, height), Image.Resampling.LANCZOS) for frame in frames]
    seen = small[-1].copy()
    for number, colour in enumerate(SMALL_COLOURS):  # or their few pixels would count for nothing
        seen.paste(colour, (60 * number, 0, 60 * number + 60, 60))
    palette = seen.quantize(COLOURS)
    pages = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in small]
    times = [STEP] * (len(pages) - 1) + [LONG]
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=times, loop=0)
    print(f"{path}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
