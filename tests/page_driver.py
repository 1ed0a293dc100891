"""The page without a browser: a test draws on it, chooses, clicks, and reads what it says."""

import dataclasses
import functools
import html
import io
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

# Without a server the canvas cannot register itself. Here a test says what is drawn on it.
CANVAS = sys.modules.setdefault("streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))

# Every AppTest looks for components in all installed packages, a quarter of a second; once will do.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)

APP = Path(__file__).parent.parent / "streamlit_app.py"
SECONDS = 120  # TensorFlow's import and a first compile are among what a run may wait for


def stroke(*points):
    """A stroke as the canvas sends it: straight lines through canvas pixels."""
    path = [["M", *points[0]], *(["L", *point] for point in points[1:])]
    return {"type": "Path", "path": path, "strokeWidth": 18, "stroke": "#17181c", "fill": None}


ONE = {"objects": [stroke((140, 40), (140, 140), (140, 240))]}
TURN = np.linspace(0, 2 * np.pi, 40)
ZERO = {"objects": [stroke(*zip(140 + 55 * np.sin(TURN), 140 - 90 * np.cos(TURN), strict=True))]}


class Page:
    """The page in a test: its widgets, its words, and a canvas that a test can draw on."""

    def __init__(self, monkeypatch):
        from invert.page.canvas import stroke_stream

        self.drawing = self.pen = self.opened = None
        monkeypatch.setattr(
            stroke_stream,
            "_component",
            lambda: lambda **_: SimpleNamespace(points=self.pen, opened=self.opened),
        )
        monkeypatch.setattr(
            CANVAS, "st_canvas", lambda **_: SimpleNamespace(json_data=self.drawing)
        )
        self.test = AppTest.from_file(str(APP), default_timeout=SECONDS)

    def run(self):
        self.test.run()
        assert not self.test.exception
        return self

    def draw(self, drawing):
        self.drawing = drawing
        return self.run()

    def move_pen(self, *points, lifted=False):
        """The pen has drawn this so far, of which nothing is on the canvas yet."""
        self.pen = {"number": 1, "points": [list(point) for point in points], "lifted": lifted}
        self.run()
        self.pen = None
        return self

    def choose(self, key, value):
        self.test.get_by_key(key).set_value(value)
        return self.run()

    def click(self, key):
        self.test.button(key=key).click()
        return self.run()

    def has_container(self, key):
        blocks = _blocks(self.test.main)
        return any(getattr(block.proto, "id", "").endswith(key) for block in blocks)

    @property
    def html(self):
        return "\n".join(element.proto.body for element in self.test.html)

    @property
    def words(self):
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", self.html)))

    @property
    def answer(self):
        found = re.search(r'class="best"><span class="sr">[^<]*</span><b>(\d)</b>', self.html)
        return found and int(found[1])

    @property
    def images(self):
        return re.findall(r'role="img"[^>]*aria-label="(Image made[^"]*)"', self.html)


def with_own_network(page, path, monkeypatch, sample=""):
    """Give the page a network, which is read here and not in a process of its own.

    Args:
        page: the page.
        path: of the network.
        monkeypatch: pytest's.
        sample: the key of a button that gives it, where it is one of the page's own.
    """
    from invert.inversion.compiling import without_xla
    from invert.page.own_network import child, network_file

    def read(name, data, still_wanted):
        frozen = dataclasses.replace(child._frozen(path), name=network_file.graph_name(name, data))
        return without_xla(frozen)  # as ``network_file.read`` does

    monkeypatch.setattr(network_file, "read", read)
    page.choose("network", "own")
    if sample:
        return page.click(sample)
    (field,) = [f for f in page.test.file_uploader if f.key.startswith("network-file")]
    field.upload(path.name, path.read_bytes(), "application/octet-stream")
    return page.run()


def _blocks(block):
    yield block
    for child in getattr(block, "children", {}).values():
        yield from _blocks(child)


def until(true, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


def at(monkeypatch, **link):
    """The same page as another visitor's, opened by a link; the models are loaded already."""
    other = Page(monkeypatch)
    for key, value in link.items():
        other.test.query_params[key.replace("_", "-")] = value
    return other.run()


def sprite(page):
    """The picture of all of a run's frames, as the page embeds it."""
    return re.search(r"--sprite:url\(([^)]*)\)", page.html)[1]


def rungs(page):
    """The ladder's rungs: (classifier, method) → HTML."""
    rung = r'<section class="rung" data-rung="(\S+) (\S+)">(.*?)</section>'
    found = re.findall(rung, page.html)
    return {(classifier, method): shown for classifier, method, shown in found}


def encoded(picture, kind, **options):
    """A Pillow image as the bytes of a file of that kind."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
