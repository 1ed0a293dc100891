"""Open a SavedModel, of TensorFlow 1 or 2, without running any part of it.

TensorFlow's own loader runs programs in the folder, initialisers and restoring functions; it also
fails on the optimizer of older models. Only the graph of a signature is needed here, and the values
of its variables.
Source: https://www.tensorflow.org/guide/saved_model#the_savedmodel_format_on_disk.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tensorflow.core.protobuf import saved_model_pb2

from invert.inversion.architecture import operation_of
from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.gate.operations import IN_A_GRAPH, IN_A_SAVED_MODEL
from invert.inversion.freezing.names_in_graphs import Body, called
from invert.inversion.freezing.opening import object_graph, text_form
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.variables import VARIABLES, Checkpoint
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import Source

DEFAULT_SIGNATURE = "serving_default"
INITIALISER = "__saved_model_init_op"
INNER = (INITIALISER, "__saved_model_train_op")
FILES = ("saved_model.pb", "saved_model.pbtxt")


def is_folder(folder: Path) -> bool:
    """Whether a folder is a SavedModel's: one network, whose other files are its own."""
    return any((folder / name).is_file() for name in FILES)


def open_folder(folder: Path, signature: str | None) -> Source:
    """Open the SavedModel in ``folder``, by one of its signatures.

    Raises:
        Refusal: it holds more than arithmetic, or its signatures leave a choice.
    """
    graph = _serving(parse(folder))
    _check_initialisers(graph)
    _leave_out_what_nothing_calls(graph.graph_def)
    entry.check(graph.graph_def, IN_A_SAVED_MODEL)
    inputs, outputs, shapes = _signature(graph, signature)

    def no_value(name: str) -> np.ndarray:
        raise Refusal(
            f"{folder} is a SavedModel without the values of its variables. Give the whole folder,"
            " with variables/ in it."
        )

    values = folder / "variables" / "variables"
    variable: Callable[[str], np.ndarray] = no_value
    if any(node.op in VARIABLES for node in graph.graph_def.node):
        if not values.with_suffix(".index").is_file():
            no_value("")
        variable = Checkpoint(str(values), graph.graph_def, object_graph.handles(graph))
    return Source(
        name=folder.resolve().name,
        graph_def=graph.graph_def,
        variable=variable,
        inputs=inputs,
        outputs=outputs,
        shapes=shapes,
        gradients=object_graph.gradients(graph),
    )


def parse(folder: Path) -> saved_model_pb2.SavedModel:
    """Return what the SavedModel in ``folder`` says, in binary or text form."""
    binary, text = (folder / name for name in FILES)
    if binary.is_file():
        return saved_model_pb2.SavedModel.FromString(read(binary))
    model = saved_model_pb2.SavedModel()
    return text_form.parse(text, model, lambda model: [g.graph_def for g in model.meta_graphs])


def _serving(model):
    graphs = list(model.meta_graphs)
    serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags] or graphs
    plain = [graph for graph in serving if len(graph.meta_info_def.tags) == 1] or serving
    if len(plain) != 1:
        tags = [" ".join(graph.meta_info_def.tags) for graph in graphs]
        raise Refusal(
            f"A SavedModel must have one graph that is tagged 'serve'; this one has {listed(tags)}."
        )
    return plain[0]


def _signature(graph, told: str | None) -> tuple[dict, dict, dict]:
    """The inputs and outputs of a signature, by name, and the inputs' shapes."""
    signatures = {
        name: signature
        for name, signature in sorted(graph.signature_def.items())
        if name not in INNER
    }
    if told is None:
        told = DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in signatures else None
        if told is None and len(signatures) == 1:
            (told,) = signatures
    if told not in signatures:
        raise Refusal(
            f"The SavedModel has the signatures {listed(signatures)}. Name the one from image to"
            " classes with signature=."
            if signatures
            else "The SavedModel has no signature. Save it with one, as model.export does."
        )
    signature = signatures[told]
    shapes = {
        info.name: tuple(dim.size if dim.size >= 0 else None for dim in info.tensor_shape.dim)
        for info in signature.inputs.values()
        if not info.tensor_shape.unknown_rank
    }
    inputs = {name: info.name for name, info in sorted(signature.inputs.items()) if info.name}
    outputs = {name: info.name for name, info in sorted(signature.outputs.items()) if info.name}
    return inputs, outputs, shapes


def _leave_out_what_nothing_calls(graph_def) -> None:
    """Drop the functions that no operation of the graph leads to: those of training, say."""
    library = {function.signature.name: function for function in graph_def.library.function}
    if len(library) < len(graph_def.library.function):
        return  # of two functions of one name neither may be dropped: the gate refuses both
    waiting = [name for node in graph_def.node for name in called(node, library)]
    waiting += [known.gradient_func for known in graph_def.library.registered_gradients]
    kept = set()
    while waiting:
        name = waiting.pop()
        if name in library and name not in kept:
            kept.add(name)
            waiting += [n for node in library[name].node_def for n in called(node, library)]
    functions = [function for name, function in library.items() if name in kept]
    del graph_def.library.function[:]
    graph_def.library.function.extend(functions)


def _check_initialisers(graph) -> None:
    """Refuse initialisers that are no arithmetic and fill no table.

    They are not run here, but TensorFlow would run them on opening the folder.
    """
    first = (
        [info.name for info in graph.signature_def[INITIALISER].outputs.values()]
        if INITIALISER in graph.signature_def
        else []
    )
    for name in ("saved_model_main_op", "legacy_init_op"):
        if name in graph.collection_def:
            first += list(graph.collection_def[name].node_list.value)
    library = {function.signature.name: function for function in graph.graph_def.library.function}
    body = Body(graph.graph_def.node, library)
    seen, waiting = {}, [operation_of(name) for name in first]
    while waiting:
        node = body.nodes.get(waiting.pop())
        if node is not None and node.name not in seen:
            seen[node.name] = node
            waiting.extend(operation_of(name) for name in node.input)
    functions, waiting = {}, [name for node in seen.values() for name in called(node, library)]
    # Functions that make and fill a resource, such as a table, are run on opening too.
    waiting += [name for name in library if "_initializer" in name or "_creator" in name]
    while waiting:
        name = waiting.pop()
        if name in library and name not in functions:
            functions[name] = library[name]
            waiting += [n for node in library[name].node_def for n in called(node, library)]
    nodes = [*seen.values(), *(node for f in functions.values() for node in f.node_def)]
    entry.check_operations(nodes, IN_A_GRAPH | TABLES | library.keys())


TABLES = frozenset(("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"))
