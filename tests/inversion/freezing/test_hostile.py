"""Hostile graphs: nothing in a file is run but arithmetic, and none of that without bounds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hostile_graphs import GRAPHS, call, function
from small_networks import constant, node, picture_graph, pictures, v1, write

from invert.inversion.freezing import freeze

HERE = Path(__file__).parent
SECONDS, MEGABYTES = 20, 1024  # of a machine that has other things to do; beside TensorFlow's own


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What came of each hostile graph, in one process of its own that may be taken down."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = [str(HERE), str(HERE.parents[2]), *os.environ.get("PYTHONPATH", "").split(":")]
    env = {**os.environ, "PYTHONPATH": ":".join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}
    script = [sys.executable, str(HERE / "hostile_graphs.py"), str(folder)]
    done = subprocess.run(script, env=env, capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    found = {name: rest for name, *rest in lines}
    assert done.returncode == 0, f"after {list(found)[-1:]}: {done.stderr[-2000:]}"
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_asks_for_too_much_is_refused_soon(name, outcomes):
    said, size, seconds, _ = outcomes[name]
    assert re.search(GRAPHS[name][1] or "taken: 10 classes", said), said
    assert "\n" not in said and len(said) < 400
    assert seconds < SECONDS, f"{size:,} bytes"


def test_none_of_them_takes_a_gigabyte(outcomes):
    peaks = [peak for *_, peak in outcomes.values()]
    assert peaks[-1] - peaks[0] < MEGABYTES


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
