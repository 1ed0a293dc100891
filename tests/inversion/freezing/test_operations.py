"""The list of operations, against TensorFlow's own register of them."""

import re

import pytest
import tensorflow as tf
from small_networks import node, picture_graph
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

from invert.inversion.freezing.gate import entry, operations

REGISTERED = {
    op.name: op
    for op in op_def_pb2.OpList.FromString(
        pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    ).op
}
LISTS = ("ARITHMETIC", "PASSED_ON", "STRUCTURE", "BYSTANDERS", "SERVING")
# Variables, calls, checks and random numbers have a state; what they do is followed, not run.
FOLLOWED = operations.names("""
    Case CheckNumerics CheckNumericsV2 DisableCopyOnRead GuaranteeConst If Placeholder RandomUniform
    ReadVariableOp StatefulPartitionedCall VarHandleOp Variable VariableV2 While
""")
HARMFUL = re.compile(
    "File|Write|Save|Restore|Debug|Print|PyFunc|PyFunction|Rpc|Send|Recv|Summary|Custom|Immutable"
    "|Checkpoint|Iterator|Dataset|Reader|Snapshot(?!$)|Launch|Compile|Remote|Tpu|TPU|Dump|Session"
)


def test_every_operation_is_on_a_list_or_refused():
    """TensorFlow knows some 1,900. None is let in but by its name."""
    assert len(REGISTERED) > 1500
    let_in = set()
    for name in REGISTERED:
        for place in ("graph", "function"):
            graph_def = picture_graph()
            if place == "graph":
                node(graph_def, "it", name)
            else:
                made = graph_def.library.function.add()
                made.signature.name = "unused"
                made.node_def.add(name="it", op=name)
            try:
                entry.check(graph_def)
                let_in.add(name)
            except ValueError as error:
                said = str(error)
                assert f"{name!r} (named 'it')" in said or name == "Const"
    assert let_in | {"Const"} == operations.IN_A_GRAPH


@pytest.mark.parametrize("which", LISTS)
def test_a_list_names_what_there_is(which):
    assert getattr(operations, which) <= REGISTERED.keys()


def test_no_operation_is_on_two_lists():
    every = [name for which in LISTS for name in getattr(operations, which)]
    assert len(every) == len(set(every))


def test_what_is_copied_into_the_graph_has_no_state_and_no_texts():
    for name in (operations.ARITHMETIC | operations.PASSED_ON) - FOLLOWED:
        op = REGISTERED[name]
        assert not op.is_stateful, name
        types = {arg.type for arg in (*op.input_arg, *op.output_arg)} - {0}
        assert not types & {tf.string.as_datatype_enum, tf.resource.as_datatype_enum}, name
        assert not [attr for attr in op.attr if attr.type in ("func", "list(func)")], name


def test_what_can_be_on_the_way_has_no_state_but_what_is_followed():
    stateful = {name for name in operations.ON_THE_WAY if REGISTERED[name].is_stateful}
    assert stateful <= FOLLOWED


def test_nothing_that_reads_writes_or_sends_is_let_into_a_graph():
    found = {name for name in operations.IN_A_GRAPH if HARMFUL.search(name)}
    assert not {name for name in found & operations.ON_THE_WAY if name != "DisableCopyOnRead"}
    # A summary is a text that somebody else would write; an array is written to in memory.
    rest = {name for name in found & operations.BYSTANDERS if "Summary" not in name}
    assert rest == {"TensorArrayWriteV3"}
