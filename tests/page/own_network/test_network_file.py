"""One's own network: read in a process that is thrown away, or refused in one sentence."""

import ast
import dataclasses
import inspect
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import test_hostile as hostile_graphs_of
import test_keras_files as keras_files
from hostile_graphs import GRAPHS, chain
from page_driver import until
from small_networks import (
    constant,
    dense_graph,
    node,
    picture_graph,
    pictures,
    probabilities_of,
    softmax,
    weights,
    write,
)

import invert
from invert.inversion import compiling, freezing
from invert.inversion.domain import Domain
from invert.inversion.freezing import freeze, passing
from invert.inversion.freezing.gate.workload import workload
from invert.inversion.freezing.opening import hdf5
from invert.inversion.freezing.refusal import Refusal, WrongSize, plain
from invert.inversion.frozen_graph import FrozenGraph
from invert.methods import choice, pen, records
from invert.page.own_network import child, effort, network_file, refusal_wording
from invert.page.pictures import markup
from invert.page.server import throwaway

layers = keras.layers
HERE = Path(__file__).parent
X = pictures(4, 28, 28)


UNASKED = "from invert.page.own_network import child; child.MOST_CPU_SECONDS = 0; child.main()"


@pytest.fixture(autouse=True)
def unasked(request, monkeypatch):
    """Networks are not asked which method suits them, which takes seconds; but where it matters."""
    if "asked" not in request.fixturenames:
        monkeypatch.setattr(child, "MOST_CPU_SECONDS", 0)
        monkeypatch.setattr(network_file, "READER", ("-c", UNASKED))


@pytest.fixture
def asked():
    """Networks are asked, as for visitors."""


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory, monkeypatch):
    """A folder for whatever is temporary; nothing is left there."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    stack = [
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, "softmax"),
    ]
    return keras.Sequential([keras.Input((28, 28, 1)), *stack])


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    model.save(folder / "own.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("absl.logging.warning", lambda *_: None)
        model.save(folder / "own.h5")
    return folder


@pytest.fixture
def here(temporary, monkeypatch):
    """What the throwaway process would do is done in this one, which spares a process its start."""

    def run(command, data, *_):
        assert command == network_file.READER
        with monkeypatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            patch.chdir(folder)
            answer = child.answer(data)
            assert os.listdir() == []
        return answer

    monkeypatch.setattr(throwaway, "run", run)


def refusal(name, data):
    """What a visitor reads, which is one line and knows nothing of the server."""
    with pytest.raises(ValueError) as caught:
        network_file.read(name, data)
    said = str(caught.value)
    assert "\n" not in said and said.isprintable() and said.endswith((".", "…"))
    assert len(said) < 700 and refusal_wording.ALIAS not in said
    assert tempfile.gettempdir() not in said and "site-packages" not in said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return said


# --- What is read


@pytest.mark.parametrize("name", ["own.keras", "own.h5"])
def test_files_of_keras_give_what_their_model_gives(name, model, saved, here):
    data = (saved / name).read_bytes()
    frozen = network_file.read(f"../../{name}.png", data)
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)
    alone = freeze(saved / name)
    np.testing.assert_array_equal(probabilities_of(frozen, X), probabilities_of(alone, X))
    assert frozen.name == network_file.graph_name(f"{name}.png", data)
    known = ("image_shape", "labels", "pixel_range", "head", "range_assumed")
    assert [getattr(frozen, k) for k in known] == [getattr(alone, k) for k in known]
    assert markup.of_digits(frozen.image_shape, frozen.labels)


@pytest.fixture(scope="module")
def lite(model):
    """The model as a .tflite file; its writer leaves temporary files."""
    return tf.lite.TFLiteConverter.from_keras_model(model).convert()


def test_a_file_of_litert_gives_what_its_model_gives(model, lite, here):
    frozen = network_file.read("phone.tflite", lite)
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)
    assert markup.network_name(frozen.name) == "phone"
    cut = refusal("phone.tflite", lite[: len(lite) // 2])
    assert "phone.tflite" in cut and "/" not in cut


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("../a/mine.keras", "mine"),
        ("C:\\nets\\Meine Ziffern.h5", "Meine Ziffern"),
        ("<b>.pb", "b"),
        ("robust.h5", "own robust"),
        ("", "own"),
        ("x" * 300 + ".keras", "x" * 24),
    ],
)
def test_a_network_is_called_as_its_file_and_told_apart_by_its_content(name, read):
    one, other = network_file.graph_name(name, b"1"), network_file.graph_name(name, b"2")
    assert markup.network_name(one) == markup.network_name(other) == read and one != other
    assert len(one) < 60 and markup.network_name("robust") == "robust"


def test_a_frozen_graph_gives_what_its_sums_give_and_runs_backwards(tmp_path, here):
    path, w = dense_graph(tmp_path / "own.pb")
    frozen = network_file.read("own.pb", path.read_bytes())
    by_hand = softmax(X.reshape(4, 784) @ w)
    np.testing.assert_allclose(probabilities_of(frozen, X), by_hand, atol=1e-5)
    run = invert.generate([3, 4], "steepest", classifier=frozen, steps=40)
    assert run.verdicts == ("convinced", "convinced") and run.classifier == frozen.name
    np.testing.assert_array_equal(
        run.images, invert.generate([3, 4], "steepest", classifier=frozen, steps=40).images
    )


def test_the_canvas_is_for_networks_that_read_digits(tmp_path):
    for shape, classes, reads in (
        ((None, 28, 28), 10, True),
        ((None, 784), 10, True),
        ((None, 28, 28), 9, False),
        ((None, 28, 28, 3), 10, False),
        ((None, 32, 32), 10, False),
    ):
        path, _ = dense_graph(tmp_path / "own.pb", shape=shape, classes=classes)
        frozen = freeze(path)
        assert markup.of_digits(frozen.image_shape, frozen.labels) is reads


# --- What is refused before anything is started


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("own.keras", b"\x89PNG\r\n" + bytes(99), "by its first bytes “own.keras” is none of"),
        ("own.pb", b"", "“own.pb” is empty"),
        ("own.pb", b"node {\n", "is none of these"),
        ("own.h5", b"\x80\x04\x95", "is none of these"),
        ("own.tflite", b"TFL3" + bytes(99), "is none of these"),
        (
            "big.h5",
            hdf5.SIGNATURE + bytes(16 * 2**20),
            "at most 16 MB; “big.h5” has 16.0 MB. Your own machine takes larger ones: python",
        ),
        ("/home/me\\in\x00\x1b[1m\n.h5", b"?", "“in[1m.h5” is none"),
        ("x" * 5000 + ".h5", b"?", "“xxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxx.h5” is none"),
        ("", b"?", "“the file” is none"),
    ],
)
def test_what_is_no_network_is_refused_unread(name, data, words, monkeypatch):
    monkeypatch.setattr(throwaway, "run", None)
    said = refusal(name, data)
    assert words in said
    assert said.startswith(
        "A network must be a .keras, .h5, .pb, .tflite or .zip file of at most 16 MB;"
    )


# --- What breaks a rule of the page's


def network(*stack, shape=(28, 28, 1), classes=10):
    inner = [*stack, layers.Flatten(), layers.Dense(classes)]
    return freeze(keras.Sequential([keras.Input(shape), *inner]))


def test_each_rule_is_named_by_the_sentence_that_refuses(monkeypatch):
    monkeypatch.setattr(effort, "MOST_OPERATIONS", 60)
    conv = [layers.Conv2D(100, 5, padding="same") for _ in range(3)]
    for frozen, words in (
        (network(shape=(225, 64, 1)), "images of at most 224×224×3; .* takes 225×64. Your own"),
        (network(classes=101), "tell apart 2 to 100 classes; .* has 101. Train"),
        (
            network(*conv, shape=(64, 64, 3)),
            "fast enough for this page; .* [12]\\.. times as long",
        ),
        (network(*[layers.ReLU()] * 61), "at most 60 operations; .* has 6[0-9]. Give"),
        (
            network(layers.UpSampling2D(100), layers.MaxPooling2D(100)),
            "return at most 64 MB an image; .* MB. Your|fast enough",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            effort.check(frozen)
    effort.check(network(shape=(64, 64, 3), classes=100))
    effort.check(network(classes=2))


def test_the_file_is_named_by_the_visitors_name(tmp_path, here):
    path, _ = dense_graph(tmp_path / "own.pb", shape=(None, 225, 64))
    said = refusal("/srv/<b>mine</b>.pb", path.read_bytes())
    assert said == (
        "A network must take images of at most 224×224×3; “b>.pb” takes 225×64."
        f" {refusal_wording.ELSEWHERE}"
    )


PLACEHOLDERS = "The network has 2 placeholders: 'x', 'keep'. Name the one that takes the image with"
NUMBER = "The network returns one number an image. Name its scores with output=, or end it in a"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("The network has no weights.", "The network has no weights."),
        (
            "It takes any shape, so say which: shape=(28, 28), or shape=(32, 32, 3) in colour.",
            "It takes any shape. This page cannot be told the size of an image; in Python"
            " invert.freeze(…, shape=…) can.",
        ),
        (
            f"{PLACEHOLDERS} input=, and give the others a value, as feed={{'keep': 1.0}}.",
            "The network has 2 placeholders: 'x', 'keep'. This page cannot be told the input's"
            " name and the values of other inputs; in Python invert.freeze(…, input=…, feed=…)"
            " can.",
        ),
        (
            "It asks for 'Mine'. Save it as a SavedModel, with model.export(folder).",
            "It asks for 'Mine'. Save it as a SavedModel, with model.export(folder);"
            " invert.freeze takes that in Python, this page does not.",
        ),
        (
            f"{NUMBER} sigmoid.",
            "The network returns one number an image. End it in a sigmoid. This page cannot be"
            " told the output's name; in Python invert.freeze(…, output=…) can.",
        ),
        (
            f"{PLACEHOLDERS} input=, feed= or shape=.",
            "The network has 2 placeholders: 'x', 'keep'. This page cannot be told the input's"
            " name, the values of other inputs and the size of an image; in Python"
            " invert.freeze(…, input=…, feed=…, shape=…) can.",
        ),
    ],
)
def test_no_argument_is_asked_for_that_the_page_has_no_field_for(said, read):
    assert refusal_wording.without_arguments(said) == read
    assert refusal_wording.sentence(said.encode(), "“own”") == f"“own” cannot be used. {read}"


def test_every_argument_that_freezing_asks_for_is_known_to_the_page():
    known = inspect.signature(freeze).parameters
    argument = re.compile(rf"\b({'|'.join(known)})=")
    asked = {
        name
        for path in Path(freezing.__file__).parent.rglob("*.py")
        for text in texts_of(path.read_text())
        for name in argument.findall(text)
    }
    asked -= {"signature"}  # of folders, and nobody can drop one
    assert asked == set(refusal_wording.NO_FIELDS)


def texts_of(source):
    """The string literals of a module and the parts of its f-strings, but no docstrings."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [n.value for n in nodes if isinstance(n.value, str) and id(n) not in alone]


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((None, None, 1), (28, 28)),
        ((None, None, 3), (32, 32, 3)),
        ((3072,), (32, 32, 3)),
        ((4096,), (64, 64)),
    ],
)
def test_of_a_network_that_does_not_say_its_size_the_likeliest_is_taken(shape, size, tmp_path):
    pooled = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()] if len(shape) > 1 else []
    own = keras.Sequential([keras.Input(shape), *pooled, layers.Dense(10)])
    own.save(tmp_path / "own.keras")
    assert child._frozen(tmp_path / "own.keras").image_shape == size


@pytest.mark.parametrize("count", [1, 6, effort.MOST_FEATURES])
def test_a_few_numbers_that_are_no_picture_are_features(count, tmp_path, here):
    model = keras.Sequential([keras.Input((count,)), layers.Dense(4, "relu"), layers.Dense(2)])
    model.save(tmp_path / "own.keras")
    frozen = network_file.read("own.keras", (tmp_path / "own.keras").read_bytes())
    assert (frozen.image_shape, frozen.head) == ((count,), "values")
    assert frozen.domain == Domain(
        (count,), 0, 1, is_image=False, names=tuple(f"x{k}" for k in range(count))
    )
    x = np.random.default_rng(0).random((5, count), np.float32)
    np.testing.assert_allclose(invert.classify(x, frozen), model(x), atol=1e-5)


def test_values_are_of_features_alone_and_few(tmp_path, here):
    models = [
        keras.Sequential([keras.Input((effort.MOST_FEATURES + 1,)), layers.Dense(1)]),
        keras.Sequential([keras.Input((6,)), layers.Dense(effort.MOST_OUTPUTS + 1)]),
        keras.Sequential([keras.Input((5, 6)), layers.Flatten(), layers.Dense(1)]),
    ]
    said = ["takes 49 values", "must give at most 8 values", "one number for an image"]
    for model, words in zip(models, said, strict=True):
        model.save(tmp_path / "own.keras")
        assert words in refusal("own.keras", (tmp_path / "own.keras").read_bytes())


def test_a_size_that_nobody_can_guess_is_refused_without_an_argument(tmp_path):
    keras.Sequential([keras.Input((3000,)), layers.Dense(10)]).save(tmp_path / "own.keras")
    with pytest.raises(ValueError, match="3,000 values") as caught:
        child._frozen(tmp_path / "own.keras")
    assert "cannot be told the size of an image" in refusal_wording.sentence(
        str(caught.value).encode(), "“o”"
    )


def test_a_refusal_speaks_of_no_size_that_was_guessed(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, None, name="x")
        tf.matmul(x, tf.constant(weights(3000, 10)), name="logits")
    write(tmp_path / "own.pb", graph)
    with pytest.raises(WrongSize, match="takes any shape") as caught:
        child._frozen(tmp_path / "own.pb")
    assert "784" not in str(caught.value)


def test_what_another_size_would_not_mend_ends_the_search(tmp_path, monkeypatch):
    tried = []

    def refuse(path, shape=None):
        tried.append(shape)
        raise Refusal("The network draws random numbers. Say shape=.") if shape else WrongSize("?")

    monkeypatch.setattr(freezing, "freeze", refuse)
    with pytest.raises(Refusal, match="random numbers"):
        child._frozen(tmp_path / "own.pb")
    assert tried == [None, child.LIKELY_SIZES[0]]


def test_only_sizes_that_have_as_many_values_are_tried(tmp_path, monkeypatch):
    tried = []

    def refuse(path, shape=None, bounds=None):
        tried.append(shape or bounds)
        raise WrongSize("?", values=3072)

    monkeypatch.setattr(freezing, "freeze", refuse)
    with pytest.raises(WrongSize):
        child._frozen(tmp_path / "own.pb")
    assert tried == [None, (32, 32, 3), child.FEATURES]


# --- How much may be asked for


def cnn(shape, *units):
    stack = []
    for place, unit in enumerate(units):
        stack.append(layers.Conv2D(unit, 3, padding="same", activation="relu"))
        stack += [layers.MaxPooling2D(2)] if place % 2 else []
    return network(*stack, layers.Flatten(), layers.Dense(128, "relu"), shape=shape)


def test_products_are_counted_as_by_hand():
    frozen = network(layers.Conv2D(8, 3, use_bias=False), shape=(32, 32, 3))
    values = 30 * 30 * 8
    load = workload(frozen)
    # And one for each value that is put into a row; beside them a few, for the bias and the shape.
    assert abs(load.products - values * (27 + 1 + 10)) < 50
    assert workload(frozen, 7).effort == pytest.approx(7 * load.effort, rel=1e-3)
    assert workload(frozen, 7).overhead == load.overhead
    assert load.bytes == pytest.approx(4 * values * 2, rel=0.01)  # and once more, as a row


@pytest.mark.parametrize(
    ("shape", "units"), [((28, 28, 1), (32, 64)), ((32, 32, 3), (32, 32, 64, 64))]
)
def test_ordinary_networks_may_have_sixteen_images_at_once(shape, units):
    frozen = cnn(shape, *units)
    known = effort.effort_of(frozen)
    assert known.most_images(80) == 16 and known.most_steps(1) == 1000
    assert 80 <= known.most_steps(16) <= known.most_steps(4)


def test_no_run_may_take_more_than_a_run_may():
    for step, image in ((1.4e9, 1e8), (1e8, 1.4e9), (1e6, 1e9), (1e6, 1e6), (0, 1)):
        known = effort.Effort(step, image)
        assert known.most_images(80) >= 1 and known.most_steps(1) >= 80
        for images in range(1, 17):
            steps = known.most_steps(images)
            assert steps * (step + images * image) <= effort.MOST_OF_A_RUN
            assert steps == 0 or known.most_images(steps) >= images
        for steps in (5, 10, 20, 40, 60, 100, 200, 400):
            images = known.most_images(steps)
            assert images == 0 or steps * (step + images * image) <= effort.MOST_OF_A_RUN


def test_what_a_method_leads_through_a_network_and_draws_counts():
    known = effort.Effort(10.0, 1000.0, 8.0)
    pixels, pen = (records.METHODS[name] for name in ("plain", "strokes"))
    assert known.by(pixels, 784) == known
    # Two looks at each of four starts; 26 pieces of the strokes are held for each pixel and start.
    by_pen = known.by(pen, 784)
    assert by_pen.step == 10 and by_pen.image == 8 * (1000 + 784 * effort.PEN_WORK)
    assert by_pen.results == 8 * 8 + 4 * 784 * 26 * 4
    assert known.by(records.METHODS["fourier"], 784).image == 3 * 1000


def test_the_pen_is_for_networks_that_can_be_asked_which_ink_they_read():
    assert effort.takes_pen(cnn((28, 28, 1), 32, 64)) and effort.takes_pen(cnn((48, 48, 1), 4))
    large = network(layers.Conv2D(1, 3, strides=8), shape=(224, 224, 1))
    assert effort.effort_of(large).most_images(80) == 16, "of pixels it may have as many as others"
    assert not effort.takes_pen(large)


def test_a_batch_of_any_size_is_followed():
    """A graph whose work is small for one image and for sixteen, and huge for seven."""
    graph_def = picture_graph()
    for name, value in (("seven", 7), ("first", 0), ("last", 1), ("much", 10**8), ("one", 1)):
        constant(graph_def, name, np.int32([value]))
    constant(graph_def, "zero", np.float32(0))
    constant(graph_def, "axis", np.int32([0]))
    i32 = {"T": tf.int32}
    f32 = {"T": tf.float32}
    node(graph_def, "shape", "Shape", ["x"], T=f32["T"], out_type=i32["T"])
    index = {"Index": i32["T"], **i32}
    node(graph_def, "batch", "StridedSlice", ["shape", "first", "last", "one"], **index)
    node(graph_def, "is", "Equal", ["batch", "seven"], **i32)
    node(graph_def, "number", "Cast", ["is"], SrcT=tf.bool, DstT=i32["T"])
    node(graph_def, "size", "Mul", ["number", "much"], **i32)
    node(graph_def, "fill", "Fill", ["size", "zero"], index_type=i32["T"], **f32)
    node(graph_def, "sum", "Sum", ["fill", "axis"], Tidx=i32["T"], **f32)
    node(graph_def, "end", "AddV2", ["logits", "sum"], **f32)
    del graph_def.node[0]
    frozen = FrozenGraph.of(
        graph_def,
        {},
        "x:0",
        "end:0",
        input_shape=(784,),
        domain=Domain((28, 28)),
        labels=tuple(map(str, range(10))),
    )
    assert workload(frozen, 6).effort < 1e7 and workload(frozen, 16).effort < 2e7
    with pytest.raises(ValueError, match="fast enough for this page"):
        effort.check(frozen)


def test_xla_compiles_nothing_for_a_visitor(tmp_path, xla):
    path, _ = dense_graph(tmp_path / "own.pb", end=lambda z: 2 * z)
    frozen, other = freeze(path), freeze(path)
    assert compiling.suits_xla(frozen)
    assert not compiling.suits_xla(compiling.without_xla(frozen)) and compiling.suits_xla(other)


# --- Hostile files


def of_a_graph(graph_def):
    return lambda saved, path: path.write_bytes(graph_def.SerializeToString())


def of_keras(**parts):
    return lambda saved, path: keras_files.packed(path, saved, **parts)


def of_a_layer(saved, path):
    config = keras_files.config_of(saved)
    config["config"]["layers"][2] = keras_files.HARM["module of python"]
    keras_files.packed(path, saved, config_json=json.dumps(config))


def with_code(saved, path):
    model = keras.Sequential([keras.Input((784,)), layers.Lambda(lambda x: x[:, :10])])
    model.save(path.with_suffix(".keras"))
    path.with_suffix(".keras").rename(path)


def cut(saved, path):
    path.write_bytes((saved / "own.h5").read_bytes()[:9000])


ELSEWHERE = keras_files.hdf5_with(keras_files.ODD_VALUES["external link"][0])
MUCH, TOO_MUCH, LIMITS = GRAPHS["products"]
# One of each kind, by which rule refuses it; the tests of freezing have the others.
HOSTILE = {
    "an operation": (
        of_a_graph(hostile_graphs_of.hostile("ReadFile", "in a function", None)),
        "'ReadFile'.*is no arithmetic",
    ),
    "a layer": (of_a_layer, "not one of Keras's own computing layers"),
    "code": (with_code, "'Lambda'"),
    "values elsewhere": (
        lambda saved, path: path.write_bytes(ELSEWHERE),
        "refers to other places",
    ),
    "values elsewhere, packed": (of_keras(model_weights_h5=ELSEWHERE), "refers to other places"),
    "half a file": (cut, "cannot be read|is none"),
    "too much": (of_a_graph(MUCH()), TOO_MUCH),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_leaves_nothing(
    kind, saved, tmp_path, monkeypatch, here
):
    write_it, said = HOSTILE[kind]
    write_it(saved, tmp_path / "hostile")
    for limit, value in LIMITS.items():
        monkeypatch.setattr(f"invert.inversion.freezing.{limit}", value)
    assert re.search(said, refusal("own", (tmp_path / "hostile").read_bytes()))


def test_a_hostile_file_is_refused_by_the_way_that_visitors_go(tmp_path):
    mark = tmp_path / "mark"
    data = hostile_graphs_of.hostile("WriteFile", "on the way", mark).SerializeToString()
    assert re.search("'WriteFile'.*is no arithm", refusal("own", data)) and not mark.exists()


def test_what_reads_answers_in_bounds(saved, tmp_path, monkeypatch):
    """In this process, where its bounds can be moved."""
    monkeypatch.chdir(tmp_path)
    data = (saved / "own.keras").read_bytes()
    assert child.answer(data)[:1] == network_file.GRAPH
    for module, name, value, said in (
        (child, "FAR_TOO_LONG", 0, network_file.DRAGS),
        (network_file, "MOST_ANSWER", 1000, network_file.UNPACKS),
        (effort, "MOST_EFFORT", 1e6, "fast enough for this page"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            answer = child.answer(data)
        assert answer[:1] == network_file.REFUSED and said in answer.decode()
    for error, kind in ((MemoryError, network_file.MEMORY_GONE), (OSError, network_file.REFUSED)):
        with monkeypatch.context() as patch:
            patch.setattr(passing, "pack", lambda _, error=error: (_ for _ in ()).throw(error))
            assert child.answer(data)[:1] == kind
    with monkeypatch.context() as patch:
        patch.setattr(passing, "MOST_GRAPH", 100)
        assert b"MB without its weights" in child.answer(data)
    assert list(tmp_path.iterdir()) == []


# --- A process that does not do as it should

MEANT = "from invert.page.server import throwaway as t; import os, sys, time, signal; "


def instead(monkeypatch, code, seconds=20):
    monkeypatch.setattr(network_file, "READER", ("-c", MEANT + code))
    monkeypatch.setattr(network_file, "SECONDS", seconds)
    monkeypatch.setattr(network_file, "MOST_ANSWER", 2**16)


LATE, ENDED, MEMORY = "took too long", "ended the process that read it", "needs more memory than"


@pytest.mark.parametrize(
    ("code", "seconds", "words"),
    [
        ("time.sleep(99)", 1, LATE),
        ("t.receive(); os.close(1); os.close(2); time.sleep(99)", 1, LATE),
        ("t.limit(1, 2**31, 0, 9)\nwhile True: pass", 9, LATE),
        ("t.limit(9, 2**27, 0, 99); x = bytearray(2**27)", 20, MEMORY),
        ("os.write(2, b'std::bad_alloc'); os.abort()", 20, MEMORY),
        ("os.kill(os.getpid(), signal.SIGKILL)", 20, MEMORY),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 20, ENDED),
        ("os.abort()", 20, ENDED),
        ("sys.exit(3)", 20, ENDED),
        ("1/0", 20, ENDED),
        ("pass\nfor _ in range(99): os.write(1, bytes(2**10))", 20, ENDED),
        ("pass\nfor _ in range(99): os.write(2, bytes(2**10))\ntime.sleep(99)", 1, LATE),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_process_that_fails_is_one_sentence(code, seconds, words, monkeypatch):
    instead(monkeypatch, code, seconds)
    start = time.monotonic()
    said = refusal("own.h5", hdf5.SIGNATURE + bytes(2**20))
    assert words in said and said.startswith("A network must ") and "“own.h5”" in said
    assert time.monotonic() - start < 15


def test_what_the_process_started_ends_with_it(monkeypatch, tmp_path):
    place = tmp_path / "number"
    code = f"n = os.fork()\nif n: open({str(place)!r}, 'w').write(str(n))\ntime.sleep(99)"
    instead(monkeypatch, code, 1.5)
    assert LATE in refusal("own.h5", hdf5.SIGNATURE)
    until(lambda: not is_alive(int(place.read_text())))


@pytest.mark.parametrize("ends", ["time.sleep(99)", "sys.exit(0)", "os.abort()"])
def test_what_left_for_a_session_of_its_own_ends_too(ends, monkeypatch, tmp_path):
    place = tmp_path / "number"
    code = (
        "n = os.fork()\nif n == 0:\n os.setsid()\n if os.fork(): os._exit(0)\n"
        f" open({str(place)!r}, 'w').write(str(os.getpid())); time.sleep(99)\n"
        f"os.waitpid(n, 0)\np = {str(place)!r}\n"
        f"while not (os.path.exists(p) and os.path.getsize(p)): time.sleep(.01)\n{ends}"
    )
    instead(monkeypatch, code, 3)
    assert refusal("own.h5", hdf5.SIGNATURE)
    assert not is_alive(int(place.read_text())), "it is gone when the answer is there"


def test_whoever_is_not_wanted_any_more_is_ended_before_its_time(tmp_path):
    class Left(Exception):
        pass

    place = tmp_path / "number"

    def still_wanted():
        if place.exists():
            raise Left

    code = MEANT + f"open({str(place)!r}, 'w').write(str(os.getpid())); time.sleep(99)"
    began = time.monotonic()
    with pytest.raises(Left):
        throwaway.run(["-c", code], b"", 60, 9, still_wanted)
    assert time.monotonic() - began < 30
    until(lambda: not is_alive(int(place.read_text() or 0)))


def test_a_process_may_not_start_any_number_of_others(monkeypatch):
    code = (
        "import resource\nif os.getuid() == 0: os.setuid(65534)\n"  # nothing bounds root
        "t.limit(9, 2**31, 0, 99, threads=3)\n"
        "try:\n for n in range(9):\n  if os.fork() == 0: time.sleep(9); os._exit(0)\n"
        "except BlockingIOError: print('refused at', n)"
    )
    assert throwaway.run(["-c", MEANT + code], b"", 20, 99).decode().startswith("refused at")


def is_alive(number):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


def test_the_process_knows_nothing_and_is_alone(monkeypatch):
    monkeypatch.setenv("SECRET", "told to nobody")
    code = (
        "import json, invert.page.own_network.child; from pathlib import Path; got = t.receive();"
        "print(json.dumps([got.decode(), dict(os.environ), os.getcwd(), oct(os.stat('.').st_mode),"
        " os.getsid(0) == os.getppid(), 'streamlit' in sys.modules, 'tensorflow' in sys.modules,"
        " os.listdir('/proc/self/fd')]))"
    )
    said = json.loads(throwaway.run(["-c", MEANT + code], b"data", 20, 10_000))
    data, env, folder, mode, leads, streamlit, tensorflow, files = said
    assert data == "data" and mode.endswith("700") and leads
    assert not streamlit and not tensorflow
    assert "SECRET" not in env and "PATH" not in env and env["HOME"] == folder
    assert len(files) <= 4  # the three pipes, and the folder that was listed


def test_the_limits_hold(monkeypatch):
    code = (
        "t.limit(5, 2**30, 1000, 20)\n"
        "try:\n with open('x', 'wb') as f: f.write(bytes(2000))\n"
        "except OSError as e: print('file', e.errno)\n"
        "try: [os.open('.', 0) for _ in range(30)]\nexcept OSError as e: print('files', e.errno)\n"
    )
    said = throwaway.run(["-c", MEANT + code], b"", 20, 1000).decode()
    assert said == "file 27\nfiles 24\n"


def test_it_ends_when_its_server_is_killed(temporary, tmp_path):
    place = tmp_path / "number"
    inner = (
        MEANT + f"open({str(place)!r}, 'w').write(str(os.getpid())); t.receive(); time.sleep(99)"
    )
    outer = (
        "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from invert.page.server import throwaway\n"
        f"throwaway.run(['-c', {inner!r}], b'x', 99, 9)"
    )
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    server = subprocess.Popen([sys.executable, "-c", outer, str(temporary)], env=env)
    until(lambda: place.exists() and place.read_text())
    number = int(place.read_text())
    time.sleep(0.5)
    assert is_alive(number)
    server.send_signal(signal.SIGKILL)
    server.wait()
    until(lambda: not is_alive(number))
    until(lambda: not list(temporary.iterdir()))


def test_a_server_that_can_start_nothing_says_so(monkeypatch):
    def no(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", no)
    assert refusal("own.h5", hdf5.SIGNATURE) == network_file.NO_ROOM


# --- An answer that was tampered with


@pytest.fixture
def answered(monkeypatch):
    """Have the process answer this, and return what the visitor reads."""

    def read(answer):
        monkeypatch.setattr(throwaway, "run", lambda *_: answer)
        return refusal("own.h5", hdf5.SIGNATURE)

    return read


def repacked(frozen, **changes):
    """A packed graph with some of its description changed."""
    data = passing.pack(frozen)
    end = passing.LENGTH + int.from_bytes(data[: passing.LENGTH])
    known = json.loads(data[passing.LENGTH : end]) | changes
    text = json.dumps(known).encode()
    return answer_of(len(text).to_bytes(passing.LENGTH) + text + data[end:])


@pytest.fixture(scope="module")
def honest(model):
    return freeze(model)


def test_the_tests_below_can_fail(honest, monkeypatch):
    monkeypatch.setattr(throwaway, "run", lambda *_: repacked(honest))
    frozen = network_file.read("own.h5", hdf5.SIGNATURE)
    np.testing.assert_array_equal(probabilities_of(frozen, X), probabilities_of(honest, X))


TAMPERED = "The process that read “own.h5” gave no valid answer."


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": 11},
        {"classes": 10**9},
        {"classes": True},
        {"classes": "10"},
        {"head": "__import__('os')"},
        {"pixel_range": [0, 1]},
        {"pixel_range": [1.0, 0.0]},
        {"pixel_range": [0.0, float("nan")]},
        {"pixel_range": [0.0, float("inf")]},
        {"image_shape": [784]},
        {"image_shape": [784], "pixel_range": [[0.0, 0.0, 0.0], 1.0]},
        {"head": "values"},
        {"image_shape": [28, 29]},
        {"image_shape": [1, 784]},
        {"image_shape": [-28, -28]},
        {"input_shape": [28.0, 28.0, 1.0]},
        {"input_shape": [10**9, 10**9]},
        {"placeholder": "nowhere:0"},
        {"placeholder": None},
        {"output": "nowhere:0"},
        {"output": 3},
        {"graph": 0},
        {"graph": -1},
        {"graph": 10**9},
        {"weights": []},
        {"weights": [["w:0", "float32", [2**40]]]},
        {"weights": [["w:0", "object", [1]]]},
        {"weights": [["w:0", "string", [1]]]},
        {"weights": {"w": 1}},
    ],
    ids=str,
)
def test_a_description_that_was_tampered_with_is_refused(changes, honest, answered):
    assert answered(repacked(honest, **changes)).startswith(TAMPERED)


def spoilt(honest, spoil):
    graph_def = type(honest.architecture.graph_def)()
    graph_def.CopyFrom(honest.architecture.graph_def)
    spoil(graph_def)
    architecture = dataclasses.replace(honest.architecture, graph_def=graph_def)
    return answer_of(passing.pack(dataclasses.replace(honest, architecture=architecture)))


def answer_of(packed, labels=tuple("0123456789"), said=()):
    """What the process answers that has read a network."""
    return network_file.GRAPH + network_file.with_notes(
        network_file.Notes(labels, False, *said), packed
    )


GRAPHS_THAT_WERE_TAMPERED_WITH = {
    "reads a file": lambda g: [
        constant(g, "path", "/etc/hostname"),
        node(g, "read", "ReadFile", ["path"]),
    ],
    "runs python": lambda g: node(g, "py", "PyFunc", token=b"pyfunc_0"),
    "a placeholder": lambda g: node(g, "p", "Placeholder", dtype=tf.float32),
    "a call": lambda g: node(g, "c", "PartitionedCall", f="f"),
    "a function": lambda g: g.library.function.add().signature.__setattr__("name", "f"),
    "a gradient": lambda g: g.library.gradient.add(),
    "a text": lambda g: constant(g, "t", "text"),
    "a large constant": lambda g: constant(g, "c", np.zeros(2000, np.float32)),
    "an implied constant": lambda g: (
        constant(g, "c", np.float32(1)).attr["value"].tensor.tensor_shape.dim.add(size=2**24)
    ),
    "a device": lambda g: g.node[0].__setattr__("device", "/job:evil"),
    "a note": lambda g: g.node[0].attr["_XlaCompile"].__setattr__("b", True),
    "another gradient": lambda g: [
        n.attr["_gradient_op_type"].__setattr__("s", b"PyFunc") for n in g.node if n.op == "MatMul"
    ],
    "twice": lambda g: g.node.add().CopyFrom(g.node[0]),
    "something to wait for": lambda g: g.node[0].input.append("^other"),
    "a circle": lambda g: g.node[0].input.__setitem__(0, g.node[0].name + ":0"),
    "nothing": lambda g: g.Clear(),
}


@pytest.mark.parametrize("kind", GRAPHS_THAT_WERE_TAMPERED_WITH)
def test_a_graph_that_was_tampered_with_is_refused(kind, honest, answered):
    answer = spoilt(honest, GRAPHS_THAT_WERE_TAMPERED_WITH[kind])
    assert answered(answer).startswith(TAMPERED)


def test_what_the_process_should_have_refused_is_refused(answered, monkeypatch):
    monkeypatch.setattr(effort, "MOST_OPERATIONS", 60)
    for frozen in (
        network(shape=(225, 64, 1)),
        network(classes=101),
        freeze_chain(),
    ):
        assert answered(answer_of(passing.pack(frozen), frozen.labels)).startswith(TAMPERED)


def freeze_chain():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pb"
        path.write_bytes(chain(count=61).SerializeToString())
        return freeze(path)


def test_answers_of_random_bytes_are_refused(honest, answered):
    whole = repacked(honest)
    answers = [b"", b"g", b"x", b"g" + bytes(4), b"g\xff\xff\xff\xff", whole[:-1], whole + b"x"]
    answers += [whole[: int(share * len(whole))] for share in (0.001, 0.01, 0.1, 0.5, 0.9)]
    deep = b"[" * 200_000
    answers.append(b"g" + len(deep).to_bytes(4) + deep)
    answers.append(b"g" + (30_000).to_bytes(4) + deep)
    for answer in answers:
        assert answered(answer).startswith(TAMPERED)


def test_an_altered_answer_is_taken_or_refused(honest, monkeypatch):
    whole, random, refused = repacked(honest), np.random.default_rng(0), 0
    for place in random.integers(0, 3000, 100):
        altered = bytearray(whole)
        altered[place] ^= int(random.integers(1, 255))
        monkeypatch.setattr(throwaway, "run", lambda *_, answer=bytes(altered): answer)
        try:
            network_file.read("own.h5", hdf5.SIGNATURE)
        except ValueError as error:
            refused += 1
            assert str(error).startswith(TAMPERED)
    assert refused > 20


def test_a_sentence_of_the_process_is_one_line_without_paths(answered):
    said = answered(b"rCannot open /tmp/x-1/the/file.h5 of\n\n the-own-network\x1b[1m.")
    assert said == "Cannot open … of “own.h5”."
    unnamed = "“own.h5” cannot be used. "
    assert len(answered(b"r" + b"x" * 10**6)) == len(unnamed) + refusal_wording.LONGEST_SENTENCE
    assert answered(b"r\xff\xfe.\n") == f"{unnamed}��."
    assert answered(b"r").startswith("A network must be a .keras")
    assert "more memory" in answered(b"m")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<Conv2D name=conv2d_1, built=True> fails", "Conv2D 'conv2d_1' fails"),
        ("<keras.src.layers.core.dense.Dense object at 0x7f3a>", "Dense"),
        ("<KerasTensor shape=(None, 28, 1), dtype=float32, name=input>", "KerasTensor 'input'"),
        ("got <class 'numpy.ndarray'>", "got ndarray"),
        ("\x1b[1mException\x1b[0m \x1b[38;5;34mhere\x1b[0m", "Exception here"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_what_libraries_write_for_programmers_is_said_in_words(text, said):
    assert plain(text) == said


def test_keras_own_message_is_plain():
    layer = layers.Conv2D(4, 3, name="first")
    with pytest.raises(ValueError) as caught:
        layer(np.zeros((1, 2)))
    said = refusal_wording.sentence(str(caught.value).encode(), "“own”")
    assert "first" in said and "<" not in said and "[1m" not in said and "\x1b" not in said
    assert plain(repr(layer)) == "Conv2D 'first'"


@pytest.mark.parametrize(
    "labels",
    [
        *([["a"] * 10, False], [[""] * 10, False], [list("abc"), False], ["abcdefghij", False]),
        *([[1] * 10, False], [list("abcdefghij")], [list("abcdefghij"), 1], {"a": 1}, None),
        [list("abcdefghij"), False, "no method", "", 1.0],
        [list("abcdefghij"), False, "inverse", "", 1.0],
        [list("abcdefghij"), False, "strokes", "", 0.5],
        [list("abcdefghij"), False, "strokes", "", float("nan")],
        [list("abcdefghij"), False, 1, "", 1.0],
        [list("abcdefghij"), False, "strokes", "", 1.0, 1],
        [list("abcdefghij"), False, "strokes", "", 1.0, "dark"],
    ],
)
def test_notes_that_were_tampered_with_are_refused(labels, honest, answered):
    notes = [*labels, *("", "", 1.0, None)[len(labels) - 2 :]] if type(labels) is list else labels
    said = json.dumps(notes).encode()
    answer = len(said).to_bytes(network_file.LENGTH) + said + passing.pack(honest)
    assert answered(network_file.GRAPH + answer).startswith(TAMPERED)


def test_what_a_network_chose_comes_with_it_in_one_short_line(honest, monkeypatch):
    said = ("strokes", "It \x1b[1mchose\n" + "x" * 1000, 0.1, True)
    monkeypatch.setattr(throwaway, "run", lambda *_: answer_of(passing.pack(honest), said=said))
    frozen = network_file.read("own.h5", hdf5.SIGNATURE)
    assert choice.known(frozen).method == "strokes" and pen.known_dark(frozen) is True
    assert choice.known(frozen).why.startswith("It [1mchosexxx")
    assert len(choice.known(frozen).why) == refusal_wording.LONGEST_SENTENCE
    assert choice.known_weights(frozen, "regularized") == {"total_variation": 1.0, "l2": 1.0}


def test_a_process_of_its_own_reads_a_network_and_has_time_to_ask_it(model, saved, asked):
    """As for visitors, with all their limits."""
    frozen = network_file.read("own.keras", (saved / "own.keras").read_bytes())
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-5)
    chosen = choice.known(frozen)
    assert chosen.method in choice.candidates(frozen) and chosen.method in chosen.why
    assert choice.share_of(frozen) in choice.WEIGHTS
    assert pen.known_dark(frozen) in (True, False), "it found out which ink it reads"


def test_a_network_chooses_its_method_where_it_is_read(saved, here, asked, monkeypatch):
    monkeypatch.setattr(choice, "TRIAL", (2, 10))
    monkeypatch.setattr(pen, "STEPS", 10)
    monkeypatch.setattr(child, "MOST_CPU_SECONDS", np.inf)  # this process has run for long
    data = (saved / "own.keras").read_bytes()
    frozen = network_file.read("own.keras", data)
    alone = freeze(saved / "own.keras")
    assert choice.known(frozen) == choice.method_of(alone)
    assert choice.known_weights(frozen, "regularized") == choice.weights_of(alone)
    assert pen.known_dark(frozen) == pen.known_dark(alone) is not None
    anew = freeze(saved / "own.keras")
    assert pen.ink_is_dark(anew, records.METHODS["strokes"]) == pen.known_dark(alone)


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyError])
def test_a_network_that_cannot_choose_is_read_all_the_same(
    error, saved, asked, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    questions = []

    def fails(graph):
        questions.append(graph)
        raise error

    monkeypatch.setattr(choice, "method_of", fails)
    monkeypatch.setattr(throwaway, "run", lambda _, data, *rest: child.answer(data))
    monkeypatch.setattr(child.time, "process_time", lambda: 0.0)
    frozen = network_file.read("own.keras", (saved / "own.keras").read_bytes())
    assert questions and choice.known(frozen) == choice.ChosenMethod("steepest", "")


def test_more_images_than_fit_are_not_offered(monkeypatch):
    from invert.inversion.freezing.flattening import flat

    frozen = cnn((28, 28, 1), 8)
    monkeypatch.setattr(flat, "MAX_BYTES", 13 * workload(frozen).bytes)
    assert effort.check(frozen, effort.EVERY_BATCH).most_images(80) in (12, 13)
    frozen.compiled.pop(effort.EFFORT)
    assert effort.effort_of(frozen).most_images(80) == 8, "the server asks for half as many"
    frozen.compiled.pop(effort.EFFORT)
    monkeypatch.setattr(flat, "MAX_BYTES", workload(frozen).bytes // 2)
    with pytest.raises(Refusal, match="MB"):
        effort.effort_of(frozen)


def test_the_names_of_classes_come_with_the_file(model, tmp_path, here):
    path = tmp_path / "own.keras"
    model.save(path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "keras_model.keras")
        archive.writestr("labels.txt", "".join(f"{n} kind {n}\n" for n in range(10)))
    frozen = network_file.read("converted.zip", packed.getvalue())
    assert frozen.labels == tuple(f"kind {n}" for n in range(10))
    assert markup.network_name(frozen.name) == "converted"


def test_on_the_server_the_sizes_of_one_batch_are_followed(monkeypatch, honest):
    from invert.inversion.freezing.gate import workload as module

    asked = []
    measured = module.workload
    monkeypatch.setattr(
        module, "workload", lambda frozen, batch: asked.append(batch) or measured(frozen, batch)
    )
    honest.compiled.pop(effort.EFFORT, None)
    monkeypatch.setattr(throwaway, "run", lambda *_: repacked(honest))
    frozen = network_file.read("own.h5", hdf5.SIGNATURE)
    assert asked == [effort.MOST_IMAGES]
    assert effort.effort_of(frozen).most_images(80) >= 1 and len(asked) == 1


def test_packing_keeps_every_kind_of_number(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, 784), name="x")
        half = tf.cast(x, tf.bfloat16) @ tf.constant(weights(784, 20), tf.bfloat16)
        rest = tf.cast(half, tf.float64) @ tf.constant(weights(20, 100).astype(np.float64))
        tf.gather(tf.cast(rest, tf.float32), np.arange(10), axis=1)
    path = tmp_path / "own.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    frozen = freeze(path)
    again = passing.unpack(passing.pack(frozen), "again")
    assert again.name == "again"
    assert [w.dtype for w in again.weights] == [w.dtype for w in frozen.weights]
    np.testing.assert_array_equal(probabilities_of(again, X), probabilities_of(frozen, X))
