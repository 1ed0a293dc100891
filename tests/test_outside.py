"""Everything that is read from outside: whatever it is, it is read, or it is refused in a sentence.

INVERT_CASES=100 runs a hundred times as many cases as usual. How many there were, how long the
slowest took and what memory the largest needed is printed at the end, in one process (-n 0).
"""

import contextlib
import io
import json
import math
import os
import re
import struct
import time
import zipfile
import zlib
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from page_driver import at, encoded
from PIL import Image, ImageDraw

import invert
from invert import __main__ as command
from invert import upload
from invert.drawing import from_strokes
from invert.evaluation import score, table
from invert.inversion import learning
from invert.networks import weights
from invert.page.frame import results_table as measured_table
from invert.page.panels import better_ways
from invert.page.session import link

# Files and drawings are long to print, which is not this test's business.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
TIMES = int(os.environ.get("INVERT_CASES", "1"))
MEGABYTES = 1500  # more than any case needs, so that only what is out of all bounds is caught
measured = {}


def cases(count):
    """So many cases, or that times INVERT_CASES."""
    return settings(
        max_examples=count * TIMES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@contextlib.contextmanager
def counted(target):
    """Count a case and measure it. Only memory fails it, where the system says how much it was."""
    count, slowest, most = measured.get(target, (0, 0.0, 0.0))
    before, began = peak(reset=True), time.perf_counter()
    yield
    seconds, grown = time.perf_counter() - began, peak() - before
    assert grown < MEGABYTES
    measured[target] = (count + 1, max(slowest, seconds), max(most, grown))


def peak(reset=False):
    """The most memory this process has had since the last reset, in MB; 0 where nobody knows."""
    own = Path("/proc/self")
    if not os.access(own / "clear_refs", os.W_OK):
        return 0
    if reset:
        (own / "clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+) kB", (own / "status").read_text())[1]) / 1024


@contextlib.contextmanager
def read_or_refused(target, error_type, way_out="."):
    """A case that may be refused by an error of this type, in one sentence that ends so."""
    with counted(target):
        try:
            yield
        except error_type as error:
            said = str(error)
            assert (
                re.search(way_out + "$", said) and len(said) < 1500 and "Traceback" not in said
            ), said


@pytest.fixture(scope="module", autouse=True)
def figures(request):
    yield
    lines = [
        f"{target}: {count:,} cases, slowest {seconds:.2f} s, most memory {megabytes:.0f} MB"
        for target, (count, seconds, megabytes) in measured.items()
    ]
    manager = request.config.pluginmanager.getplugin("capturemanager")
    with manager.global_and_fixture_disabled():
        print("\n", *lines, f"{sum(m[0] for m in measured.values()):,} in all", sep="\n")


# Anything JSON can hold.
odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(0, 300), st.floats(), st.text(max_size=9)
)
anything = st.recursive(
    odd,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def deep(levels, leaf=None):
    for _ in range(levels):
        leaf = [leaf]
    return leaf


# --- The canvas

numbers = st.one_of(st.floats(-300, 300), anything)
commands = st.one_of(
    st.tuples(st.sampled_from("MLZQCmx"), numbers, numbers).map(list),
    st.tuples(st.just("Q"), numbers, numbers, numbers, numbers).map(list),
    st.tuples(st.just("C"), *[numbers] * 6).map(list),
    anything,
)
paths = st.lists(commands, max_size=6).map(lambda path: [["M", 9, 9], *path])
points = st.lists(st.fixed_dictionaries({"x": numbers, "y": numbers}) | anything, max_size=5)
keys = ["left", "top", "width", "height", "radius", "x1", "y1", "x2", "y2", "angle", "scaleX"]
keys += ["scaleY", "skewX", "skewY", "originX", "originY", "strokeWidth", "flipX", "flipY"]
items = st.fixed_dictionaries(
    {"type": st.sampled_from(["Path", "Line", "Rect", "Circle", "Polygon", "polyline"]) | odd},
    optional={
        "path": paths | anything,
        "points": points | anything,
        **dict.fromkeys(keys, numbers),
    },
)
HUGE = [["L", n % 280, n // 280 % 280] for n in range(1_000_000)]


@cases(400)
@given(
    st.fixed_dictionaries({"objects": st.lists(items | anything, max_size=4) | anything}) | anything
)
@example({"objects": [{"type": "Path", "path": [["M", 10**400, -(10**400)]]}]})
@example({"objects": [{"type": "Path", "path": [["M", math.nan, math.inf]]}]})
def test_any_drawing_is_an_image_or_a_sentence(drawing):
    with read_or_refused("canvas", ValueError, "(Draw a digit|there is no ink yet|and draw .*)."):
        image = from_strokes(drawing)
        assert image.shape == (28, 28) and image.min() >= 0 and image.max() <= 1


@pytest.mark.parametrize(
    "objects",
    [
        [{"type": "Path", "path": [["M", 0, 0], *HUGE]}],
        [{"type": "Path", "path": HUGE[:1]}] * 1_000_000,
        [{"type": "Path", "path": [["M", 0, 0], *HUGE[:9000]]}] * 90,
        [{"type": "polygon", "points": [{"x": 1, "y": 2}] * 1_000_000}],
        [{"type": "<script>" * 99_999, "path": [["M", 1, 1]]}],
        deep(100_000),
    ],
    ids=["points", "strokes", "both", "corners", "text", "deep"],
)
def test_a_drawing_far_too_large_is_a_sentence(objects):
    with counted("canvas"), pytest.raises(ValueError, match="(ink yet|and draw .*).$"):
        from_strokes({"objects": objects})


# --- Uploads


def pictures():
    """Files of every kind that visitors have, and of kinds that are none of ours."""
    page = Image.new("L", (64, 48), 230)
    ImageDraw.Draw(page).line((20, 8, 40, 8, 26, 40), fill=20, width=5)
    exif = Image.Exif()
    exif[0x0112] = 6
    red = Image.new("RGB", page.size, "red")
    clear = page.convert("LA")
    clear.putalpha(page.point(lambda grey: 255 - grey))
    wide = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    yield from (encoded(page, kind) for kind in ("PNG", "JPEG", "WEBP"))
    yield from (encoded(page.convert(mode), "PNG") for mode in ("1", "P", "RGB", "RGBA"))
    yield from (encoded(wide, "PNG"), encoded(clear, "PNG"))
    yield encoded(page.convert("P"), "PNG", transparency=3)
    yield encoded(page.convert("CMYK"), "JPEG")
    yield encoded(page, "JPEG", exif=exif)
    yield encoded(page.convert("RGB"), "JPEG", progressive=True, quality=30)
    yield encoded(page.convert("RGB"), "WEBP", exif=exif.tobytes(), lossless=True)
    for kind in ("WEBP", "PNG"):
        yield encoded(page.convert("RGB"), kind, save_all=True, append_images=[red, red])
    yield from (encoded(page, kind) for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "PCX"))
    yield b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
    yield b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


PICTURES = list(pictures())


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@st.composite
def pngs(draw):
    """PNG files by the book with any header: sizes, depths and contents that do not go together."""
    side = st.one_of(st.integers(0, 300), st.sampled_from([1001, 2**31 - 1, 2**32 - 1]))
    header = struct.pack(
        ">IIBBBBB",
        draw(side),
        draw(side),
        draw(st.sampled_from([0, 1, 2, 4, 8, 16, 32])),
        draw(st.sampled_from([0, 2, 3, 4, 6, 7])),
        *(draw(st.sampled_from([0, 0, 0, 1])) for _ in range(3)),
    )
    data = zlib.compress(bytes(draw(st.integers(0, 100_000))) + draw(st.binary(max_size=99)))
    extra = draw(st.sampled_from([b"tEXt", b"zTXt", b"iCCP", b"acTL", b"tRNS", b"PLTE", b"eXIf"]))
    parts = [chunk(extra, draw(st.binary(max_size=60))), chunk(b"IDAT", data)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(parts) + chunk(b"IEND", b"")


@st.composite
def damaged(draw, wholes):
    """One of some files, with bytes changed, cut out, put in, or the end missing."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(data)))
        deed = draw(st.sampled_from(["flip", "cut", "insert", "end", "word"]))
        if deed == "flip" and place < len(data):
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif deed == "cut":
            del data[place : place + draw(st.integers(1, 40))]
        elif deed == "insert":
            data[place:place] = draw(st.binary(max_size=20))
        elif deed == "end" and draw(st.booleans()):
            del data[place:]
        else:
            data[place : place + 4] = draw(
                st.sampled_from(
                    [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\1\0\0"]
                )
            )
    return bytes(data)


@cases(300)
@given(damaged(PICTURES) | pngs() | st.binary(max_size=200))
@example(
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 99, 99, 8, 0, 0, 0, 0))
    + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2_000_000)))
    + chunk(b"IEND", b"")
)
def test_any_file_is_an_image_or_a_sentence(data):
    with read_or_refused("upload", ValueError):
        try:
            image = upload.read(data)
        except ValueError as error:
            sentences = (upload.NO_PICTURE, upload.DAMAGED, upload.TOO_LARGE, upload.NO_DIGIT)
            assert str(error) in sentences
            raise
        assert image.shape == (28, 28) and image.min() >= 0 and image.max() <= 1


# --- Links

# The choices, names that the page has for something else, and names that it has not.
KEYS = [*link.CHOICES, "upload", "canvas", "instead", "sent", "strokes", "complaint", "dice"]
KEYS += ["keep-png", "drawn image", "last reading", "link asks", "ladder_seed", "", "embed"]
values = st.one_of(
    st.text(max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        ["<script>alert(1)</script>", "8", "robust", "steepest", "Generate", "my.h5", "9" * 5000]
    ),
    st.sampled_from(["black", "\0"]),
)


def test_any_link_shows_the_page(page, monkeypatch):
    monkeypatch.setattr(better_ways, "_ladder", lambda seed: "<p></p>")

    @cases(15)
    @given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), values, max_size=6))
    @example({"": "0.9"})
    @example({"upload": "1", "instead": "1", "canvas": "1", "strokes": "1", "drawn image": "1"})
    @example({"seed": "9" * 400, "right": "Generate"})
    @example({"seed": "-1e400", "count": "inf", "ladder-seed": "1e999", "right": "Better ways"})
    def check(query):
        with counted("link"):
            visitor = at(monkeypatch, **query)
            assert visitor.images and 'role="alert"' not in visitor.html
            assert "<script>alert" not in visitor.html

    check()


# --- model_weights/


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model_weights/ with one small network."""
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path / "model_weights")
    held = small()
    held.set_weights([np.arange(3.0), np.ones((2, 2))])
    weights.save("small", held, {"seed": 7})
    return weights.DIRECTORY


def small():
    return weights.arrays("float32", numbers=(3,), square=(2, 2))


WAY_OUT = "(git checkout -- model_weights|python -m invert.training [a-z-]+)"
SHA = {"sha256": "0" * 64}
entries = st.fixed_dictionaries({}, optional={"sha256": anything, "figures": anything})
manifests = st.one_of(
    anything,
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("small", "judge", "judge-reference"), entries | anything),
    ),
)


def test_any_manifest_is_read_or_refused(folder):
    @cases(100)
    @given(manifests.map(json.dumps).map(str.encode) | st.binary(max_size=60))
    @example(b"[" * 100_000)
    @example(b'{"a":' * 100_000)
    @example(b"9" * 5_000_000)
    @example(json.dumps({"small": {"sha256": None}}).encode())
    @example(json.dumps({"judge": SHA, "judge-reference": SHA}).encode())
    @example(json.dumps({"judge": SHA, "judge-reference": {**SHA, "figures": [1]}}).encode())
    def check(text):
        (folder / "manifest.json").write_bytes(text)
        for read in (lambda: weights.load("small", small()), score.reference.__wrapped__):
            with read_or_refused("manifest", weights.WeightsError, WAY_OUT):
                read()

    check()


h5_scalars = st.one_of(
    st.floats(), st.integers(-9, 9), st.text(max_size=5).filter(lambda t: "\0" not in t)
)
TREE = ("vars/0", "vars/1", "vars", "_layer_checkpoint_dependencies", "layers", "0")


@st.composite
def hdf5(draw):
    """HDF5 files of any content, some in the very places where Keras looks."""
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        for name in draw(st.lists(st.sampled_from(TREE), max_size=5, unique=True)):
            with contextlib.suppress(ValueError, OSError, RuntimeError, TypeError, KeyError):
                kind = draw(st.integers(0, 8))
                shape = draw(st.sampled_from([(), (3,), (2, 2), (0,), (2, 3), (3, 1, 1)]))
                if kind == 0:
                    file[name] = draw(h5_scalars)
                elif kind == 1:
                    file.create_dataset(
                        name, shape, draw(st.sampled_from(["f2", "f8", "i1", "c8", "S5"]))
                    )
                elif kind == 2:
                    file.create_dataset(name, (2**40,), "f4", chunks=(1024,))
                elif kind == 3:
                    file[name] = h5py.ExternalLink("/etc/passwd", "/")
                elif kind == 4:
                    file[name] = h5py.SoftLink(draw(st.sampled_from(["/", "/vars/0", "/nowhere"])))
                elif kind == 5:
                    layout = h5py.VirtualLayout((3,), "f4")
                    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
                    file.create_virtual_dataset(name, layout)
                elif kind == 6:
                    file.create_dataset(name, (3,), "f4", external=[("/etc/hostname", 0, 12)])
                elif kind == 7:
                    file.create_dataset(name, (3,), h5py.string_dtype())
                else:
                    values = np.full(shape, draw(st.floats(width=32)), "f4")
                    file.create_dataset(name, data=values).attrs["x"] = draw(h5_scalars)
    return out.getvalue()


def test_any_weights_file_is_read_or_refused_even_with_its_hash_in_the_manifest(folder):
    import hashlib

    path = weights.path_of("small")
    whole = path.read_bytes()

    @cases(150)
    @given(damaged([whole]) | hdf5() | st.binary(max_size=100))
    @example(whole)
    @example(b"")
    @example(whole[:-1])
    def check(data):
        path.write_bytes(data)
        entry = {"sha256": hashlib.sha256(data).hexdigest()}
        (folder / "manifest.json").write_text(json.dumps({"small": entry}))
        with read_or_refused("weights", weights.WeightsError, WAY_OUT):
            weights.load("small", small())

    check()


ROW = table.Row(
    "robust", "steepest", "black", 10_000, False, 0.9, 0.9, 5.0, 0.1, 0.5, 6.5, 1.2
)._asdict()
tables = st.fixed_dictionaries(
    {},
    optional={
        "version": anything,
        "rows": anything
        | st.lists(
            st.fixed_dictionaries({key: st.just(value) | anything for key, value in ROW.items()}),
            max_size=3,
        ),
    },
)


def test_any_table_is_shown_or_refused(folder):
    @cases(200)
    @given((tables | anything).map(json.dumps).map(str.encode) | st.binary(max_size=60))
    @example(b"[" * 100_000)
    @example(json.dumps({"version": {}, "rows": [{**ROW, "frechet": "<script>"}]}).encode())
    @example(json.dumps({"version": {}, "rows": [{**ROW, "agreement": None}]}).encode())
    @example(json.dumps({"version": {}, "rows": [{**ROW, "method": []}]}).encode())
    @example(json.dumps({"version": {}, "rows": [{**ROW, "nearest": 10**400}]}).encode())
    def check(text):
        (folder / table.TABLE).write_bytes(text)
        with read_or_refused("table", weights.WeightsError, "python -m invert evaluate"):
            rows = table.load()
            shown = measured_table.table(rows) + table.markdown(rows)
            assert "<script" not in measured_table.table(rows) and shown

    check()


# --- Networks of one's own


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A .pb and a .keras file of a small classifier."""
    folder = tmp_path_factory.mktemp("networks")
    layers = [keras.Input((784,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    model.save(folder / "own.keras")
    w1, b1, w2, b2 = model.get_weights()
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 784), "x")
        tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2
    return graph.as_graph_def().SerializeToString(), (folder / "own.keras").read_bytes()


OPS = [
    "Const",
    "Identity",
    "Softmax",
    "MatMul",
    "Placeholder",
    "NoOp",
    "ReadFile",
    "Reshape",
    "Add",
]
nodes = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(OPS) | st.text(max_size=5),
        st.lists(
            st.sampled_from(["a", "b", "c", "d:0", "e:1", "^f", "^", ":", "", "x"]), max_size=2
        ),
    ),
    max_size=6,
)


def graph_of(nodes):
    graph = tf.compat.v1.GraphDef()
    for name, op, inputs in nodes:
        node = graph.node.add(name=name, op=op, input=inputs)
        if op == "Placeholder":
            node.attr["shape"].shape.dim.add(size=-1)
            node.attr["shape"].shape.dim.add(size=784)
            node.attr["dtype"].type = 1
    return graph.SerializeToString()


P = ("p", "Placeholder", [])


def test_any_pb_file_is_frozen_or_refused(networks, tmp_path):
    path = tmp_path / "own.pb"

    @cases(60)
    @given(damaged([networks[0]]) | nodes.map(lambda n: graph_of([P, *n])) | st.binary(max_size=60))
    @example(graph_of([P, ("a", "Identity", [])]))
    @example(graph_of([P, ("a", "Identity", ["nowhere"])]))
    @example(
        graph_of([("a", "Identity", ["b"]), ("b", "Identity", ["a"]), P, ("c", "Softmax", ["a"])])
    )
    @example(graph_of([P, ("c", "Softmax", ["c:1", "p"]), ("d", "Identity", ["c"])]))
    def check(data):
        path.write_bytes(data)
        with read_or_refused(".pb", ValueError):
            invert.freeze(path)

    check()


def test_any_keras_file_is_frozen_or_refused(networks, tmp_path):
    path = tmp_path / "own.keras"
    with zipfile.ZipFile(io.BytesIO(networks[1])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def packed(config, name="config.json"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for part, data in {**parts, name: config}.items():
                archive.writestr(part, data)
        return out.getvalue()

    config = json.loads(parts["config.json"])
    layer = {"module": st.text(max_size=9), "class_name": st.sampled_from(["Lambda", "Dense", "x"])}
    layer = st.fixed_dictionaries({**layer, "config": anything, "registered_name": anything})

    @cases(40)
    @given(
        damaged([networks[1]])
        | damaged([parts["config.json"]]).map(packed)
        | st.lists(layer | anything, max_size=2)
        .map(lambda layers: {**config, "config": {"name": "x", "layers": layers}})
        .map(json.dumps)
        .map(packed)
        | damaged([parts["model.weights.h5"]]).map(lambda data: packed(data, "model.weights.h5"))
        | st.binary(max_size=60)
    )
    @example(packed(b"[" * 100_000))
    def check(data):
        path.write_bytes(data)
        with read_or_refused(".keras", ValueError):
            invert.freeze(path)

    check()


# --- Arguments


@pytest.fixture
def unlearned(monkeypatch):
    """Everything but the learning itself, which is measured elsewhere."""

    def learn(graph, objective, start, aims, *, steps, frame_steps=(), tries=1, **_):
        assert start.dtype == np.float32 and np.isfinite(start).all() and 1 <= steps <= 1000
        count, low, frames = len(aims), graph.domain.low, len(frame_steps)
        assert len(start) == tries * count and aims.shape == (count, graph.classes)
        return learning.Learned(
            inputs=np.full((count, *graph.image_shape), low, np.float32),
            logits=np.zeros((count, graph.classes), np.float32),
            m=start[::tries],
            losses=np.zeros((steps, count), np.float32),
            frames=np.full((frames, count, *graph.image_shape), low, np.float32),
            frame_logits=np.zeros((frames, count, graph.classes), np.float32),
            frame_m=np.zeros((frames, count, *start.shape[1:]), np.float32),
            moved=np.ones(count, bool),
            scores=np.zeros(count, np.float32),
        )

    monkeypatch.setattr(learning, "learn", learn)


python = st.one_of(
    anything,
    st.integers(-5, 1200),
    st.sampled_from(
        [np.float64("nan"), np.int64(3), np.zeros((28, 28)), np.ones(3), b"8", object()]
    ),
    st.sampled_from(
        [{8}, range(10), np.array([1, 2]), np.array("8"), np.array([[1]]), 3 + 2j, 1e308]
    ),
)
names = st.none() | st.sampled_from([*invert.METHODS, *invert.CLASSIFIERS]) | python
settings_of = st.dictionaries(
    st.sampled_from(["loss", "steps", "step_size", "l2", "jitter", "total_variation", "other"]),
    python | st.floats(0, 200),
    max_size=3,
)


def test_any_arguments_of_generate_are_served_or_refused(unlearned):
    @cases(200)
    @given(
        st.integers(0, 9) | st.lists(st.integers(-1, 10), max_size=20) | python,
        names,
        st.integers(-1, 99) | python,
        st.none() | st.sampled_from(invert.STARTS) | python,
        st.integers(0, 70) | python,
        st.sampled_from([*invert.CLASSIFIERS]) | python,
        settings_of,
    )
    @example(8, None, 10**5000, None, 0, "robust", {})
    @example(range(10**30), None, 0, None, 0, "robust", {})
    @example(8, "energy", 0, None, 0, "energy", {})
    @example([8, 3], "strokes", 0, None, 2, "question", {})
    @example(8, None, 0, None, 0, "/etc/passwd", {})
    @example(8, None, 0, None, 0, "/", {})
    def check(digits, method, seed, start, frames, classifier, own):
        with read_or_refused("generate", ValueError):
            arguments = {"seed": seed, "start": start, "frames": frames, "classifier": classifier}
            run = invert.generate(digits, method, **arguments, **own)
            assert run.images.shape[1:] == (28, 28) and 1 <= len(run.images) <= invert.MAX_COUNT

    check()


words = st.one_of(
    st.sampled_from(
        ["8", "0", "3", "--method", "robust", "inverse", "--count", "2", "--seed", "--steps"]
    ),
    st.sampled_from(
        ["--out", "x.png", "x.gif", "--prior", "l2", "--start", "noise", "--step-size", "--"]
    ),
    st.sampled_from(
        ["--classifier", "question", "picture.png", "nan", "inf", "-1", "1e9", "/", "\0"]
    ),
    st.sampled_from(["own.pb", "--whole", "--loss", "logit", "--input", "--output", "--signature"]),
    st.sampled_from(
        ["--shape", "28,28", "--pixel-range", "0,255", "--labels", "a,b", "--feed", "x=1"]
    ),
    st.text(max_size=8),
    st.integers().map(str),
)


def test_any_command_line_ends_in_an_answer_or_one_line(
    unlearned, networks, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(PICTURES[0])
    (tmp_path / "own.pb").write_bytes(networks[0])

    @cases(100)
    @given(
        st.sampled_from(["generate", "classify", "inspect", "", "--help", "draw"]),
        st.lists(words, max_size=9),
    )
    @example("generate", ["9" * 5000])
    @example("generate", ["8", "--out", "a" * 5000 + ".png"])
    @example("generate", ["8", "--out", "\0.png"])
    @example("generate", ["8", "--start", "\0"])
    @example("generate", ["8", "--classifier", "own.pb", "--shape", "28,28", "--start", "black"])
    @example("generate", ["8", "--classifier", "own.pb", "--shape", "1e9,1e9"])
    @example("generate", ["8", "--classifier", "picture.png"])
    @example("generate", ["8", "--classifier", "\0"])
    @example("classify", ["\0"])
    @example("classify", ["."])
    @example("classify", ["picture.png", "--classifier", "own.pb", "--pixel-range", "0,nan"])
    @example("inspect", ["own.pb", "picture.png", "--labels", ",,,,,,,,,"])
    @example("inspect", ["own.pb", "--feed", "=1", "--output", "\0"])
    @example("inspect", ["."])
    def check(first, rest):
        with counted("command"):
            capsys.readouterr()
            try:
                code = command.main([first, *rest])
            except SystemExit as stop:  # argparse
                code = stop.code
                assert code in (0, 2)
            else:
                assert code in (0, 2)
                said = capsys.readouterr().err
                assert said.count("\n") == (code == 2) and "Traceback" not in said
                assert not said or said.startswith("invert: ")

    check()
