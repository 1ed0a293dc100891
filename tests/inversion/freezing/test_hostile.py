"""Hostile graphs: nothing in a file is run but arithmetic, and none of that without bounds."""

import re
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hostile_graphs import FOR_THE_GATE, GRAPHS, call, function
from small_networks import constant, node, picture_graph, pictures, v1, write

from invert.inversion.freezing import freeze
from invert.inversion.freezing.flattening.flat import Flat
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.refusal import Refusal
from invert.inversion.freezing.verify import original

HERE = Path(__file__).parent
SECONDS = 60  # of the processor's time, for whoever would go on for ever


@pytest.fixture
def ends():
    """Raise an error in Python code that does not end."""

    def stop(*_):
        raise TimeoutError("it goes on for ever")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize("name", FOR_THE_GATE)
def test_what_no_limit_would_make_harmless_stops_at_the_gate(name, ends):
    make, words = FOR_THE_GATE[name]
    with pytest.raises(Refusal, match=words):
        entry.check(make())


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_asks_for_too_much_is_refused_before_any_of_it_is_run(
    name, tmp_path, monkeypatch, ends
):
    make, words, limits = GRAPHS[name]
    path = write(tmp_path / "hostile.pb", make())
    if words is None or limits:
        said = refusal(path)
        assert not said or (words and not re.search(words, said)), (
            "it is harmless without the limit"
        )
    if words is None:
        return
    ran = []
    monkeypatch.setattr(Flat, "run", lambda *_: ran.append(name))
    monkeypatch.setattr(original, "compute", lambda *_, **__: ran.append(name))
    for limit, value in limits.items():
        monkeypatch.setattr(f"invert.inversion.freezing.{limit}", value)
    said = refusal(path)
    assert re.search(words, said) and ran == []
    assert "\n" not in said and len(said) < 400


def refusal(path):
    """What is said of a file, or nothing if it is taken."""
    try:
        freeze(path)
    except ValueError as error:
        return str(error)
    return ""


# --- Operations that do something

HARM = {
    # A file is read, and sent somewhere: the addresses of a debugger can be files or servers.
    "DebugIdentity": lambda g, mark: [
        node(g, "read", "ReadFile", ["path"]),
        node(
            g,
            "harm",
            "DebugIdentity",
            ["read"],
            T=tf.string,
            tensor_name=b"read:0",
            debug_urls=[f"file://{mark}".encode()],
        ),
    ],
    "WriteFile": lambda g, mark: [
        constant(g, "mark", str(mark)),
        node(g, "harm", "WriteFile", ["mark", "path"]),
    ],
    "ReadFile": lambda g, mark: [node(g, "harm", "ReadFile", ["path"])],
    "ImmutableConst": lambda g, mark: [
        node(
            g,
            "harm",
            "ImmutableConst",
            dtype=tf.float32,
            shape=tf.TensorShape((1,)),
            memory_region_name=str(mark).encode(),
        )
    ],
    "PyFunc": lambda g, mark: [
        node(g, "harm", "PyFunc", ["path"], token=b"pyfunc_0", Tin=[tf.string], Tout=[tf.float32])
    ],
    "PrintV2": lambda g, mark: [
        node(g, "harm", "PrintV2", ["path"], output_stream=f"file://{mark}".encode())
    ],
    "SaveV2": lambda g, mark: [
        constant(g, "mark", str(mark)),
        constant(g, "names", ["w"]),
        constant(g, "slices", [""]),
        node(g, "harm", "SaveV2", ["mark", "names", "slices", "w"], dtypes=[tf.float32]),
    ],
    "RestoreV2": lambda g, mark: [
        constant(g, "names", ["w"]),
        constant(g, "slices", [""]),
        node(g, "harm", "RestoreV2", ["path", "names", "slices"], dtypes=[tf.float32]),
    ],
    "XlaLaunch": lambda g, mark: [node(g, "harm", "XlaLaunch", [])],
    "NoSuchOperation": lambda g, mark: [node(g, "harm", "NoSuchOperation", ["path"])],
}


def hostile(kind, place, mark):
    graph_def = picture_graph()
    constant(graph_def, "path", str(HERE / "small_networks.py"))
    HARM[kind](graph_def, mark)
    if place == "on the way":
        node(graph_def, "end", "Identity", ["logits", "^harm"], T=tf.float32)
    elif place == "in a function":
        texts = [n for n in graph_def.node if n.name not in ("x", "w", "logits")]
        made = function(
            graph_def, "f", [("r", "Relu", ["x"], {"T": tf.float32})], "r:activations:0"
        )
        made.node_def.extend(texts)
        for text in texts:
            graph_def.node.remove(text)
        node(graph_def, "end", "StatefulPartitionedCall", ["logits"], **call("f"))
    return graph_def


@pytest.mark.parametrize("place", ["on the way", "beside it", "in a function"])
@pytest.mark.parametrize("kind", HARM)
def test_what_is_no_arithmetic_is_refused_before_it_is_run(kind, place, tmp_path):
    mark = tmp_path / "mark"
    graph_def = hostile(kind, place, mark)
    refused = "ReadFile" if kind == "DebugIdentity" else kind
    with pytest.raises(ValueError, match=f"holds an operation '{refused}' .*is no arithmetic"):
        freeze(write(tmp_path / "hostile.pb", graph_def))
    assert list(tmp_path.iterdir()) == [tmp_path / "hostile.pb"]


@pytest.mark.parametrize("kind", ["WriteFile", "DebugIdentity"])
def test_the_test_above_can_fail(kind, tmp_path):
    """Whoever imports such a graph and runs it does as it says."""
    mark = tmp_path / "mark"
    with tf.Graph().as_default():
        images = {"x:0": tf.constant(pictures(1, 784))}
        graph_def = hostile(kind, "on the way", mark)
        (harm,) = tf.graph_util.import_graph_def(graph_def, images, ["harm"], name="")
        with v1.Session() as session:
            session.run(harm)
    assert list(tmp_path.iterdir())


def test_a_function_cannot_be_called_like_an_operation(tmp_path):
    """Which of the two would be run is not for a file to say."""
    graph_def = picture_graph()
    body = [("r", "Relu", ["x"], {"T": tf.float32})]
    function(graph_def, "ReadFile", body, "r:activations:0")
    node(graph_def, "end", "ReadFile", ["logits"])
    with pytest.raises(ValueError, match=r"named like an operation \('ReadFile'\)"):
        freeze(write(tmp_path / "named.pb", graph_def))


def test_of_two_functions_of_one_name_neither_is_trusted(tmp_path):
    graph_def = picture_graph()
    for _ in range(2):
        function(graph_def, "f", [("r", "Relu", ["x"], {"T": tf.float32})], "r:activations:0")
    node(graph_def, "end", "PartitionedCall", ["logits"], **call("f"))
    with pytest.raises(ValueError, match="functions of the same name"):
        freeze(write(tmp_path / "two.pb", graph_def))


@pytest.mark.parametrize("dtype", [tf.resource, tf.variant])
def test_constants_hold_numbers(dtype, tmp_path):
    graph_def = picture_graph()
    new = node(graph_def, "c", "Const", dtype=dtype)
    new.attr["value"].tensor.dtype = dtype.as_datatype_enum
    new.attr["value"].tensor.tensor_shape.SetInParent()
    with pytest.raises(ValueError, match="constant 'c' holds no numbers"):
        freeze(write(tmp_path / "constant.pb", graph_def))


def test_texts_and_files_decoded_on_the_way_are_refused(tmp_path):
    """What serving puts before a network is no arithmetic either: it is cut away, or refused."""
    graph_def = picture_graph()
    node(graph_def, "text", "AsString", ["logits"], T=tf.float32)
    node(graph_def, "end", "StringToNumber", ["text"], out_type=tf.float32)
    with pytest.raises(ValueError, match="holds an operation 'StringToNumber'"):
        freeze(write(tmp_path / "text.pb", graph_def))


def test_a_damaged_constant_is_one_sentence(tmp_path):
    graph_def = picture_graph()
    graph_def.node[1].attr["value"].tensor.tensor_content = np.float32([1, 2, 3]).tobytes()
    with pytest.raises(ValueError) as caught:
        freeze(write(tmp_path / "damaged.pb", graph_def))
    assert "\n" not in str(caught.value)
