"""Open a checkpoint: the values of variables, with the graph they belong to beside them."""

import re
from pathlib import Path

import tensorflow as tf

from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.gate.operations import IN_A_SAVED_MODEL
from invert.inversion.freezing.opening import text_form
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.variables import Checkpoint
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import Source

ENDINGS = re.compile(r"\.(meta|index|data-\d{5}-of-\d{5})$")


def prefixes(folder: Path) -> list[Path]:
    """Return what the checkpoints in a folder are called, without their files' endings."""
    return sorted(
        path.with_suffix("")
        for path in folder.glob("*.meta")
        if Path(f"{path.with_suffix('')}.index").is_file() or path.with_suffix("").is_file()
    )


def prefix_of(path: Path) -> Path | None:
    """Return the name of the checkpoint that a path names, or is a file of; or None."""
    prefix = Path(ENDINGS.sub("", str(path)))
    return prefix if Path(f"{prefix}.index").is_file() else None


def open_prefix(prefix: Path) -> Source:
    """Open the checkpoint ``prefix``.

    Raises:
        Refusal: there is no graph with it, or the graph holds more than arithmetic and what
            restores its variables.
    """
    path = Path(f"{prefix}.meta")
    if not path.is_file():
        raise Refusal(
            f"{prefix} is a checkpoint of values alone. Its network is in a .meta file, if"
            " TensorFlow 1 wrote it; else build the network, load the values, and save the model."
        )
    meta = parse(path)
    entry.check(meta.graph_def, IN_A_SAVED_MODEL)
    return Source(
        name=prefix.name,
        graph_def=meta.graph_def,
        variable=Checkpoint(str(prefix), meta.graph_def),
    )


def parse(path: Path) -> tf.compat.v1.MetaGraphDef:
    """Return what a .meta file says, in binary or text form."""
    data = read(path)
    try:
        return tf.compat.v1.MetaGraphDef.FromString(data)
    except Exception:  # protobuf's own error, whose type differs between its implementations
        meta = tf.compat.v1.MetaGraphDef()
        return text_form.parse(path, meta, lambda meta: [meta.graph_def])


def only_one(folder: Path) -> Path | None:
    """Return the one checkpoint in a folder, or None; of several, one must be named."""
    found = prefixes(folder)
    if len(found) > 1:
        raise Refusal(
            f"{folder} holds the checkpoints {listed(path.name for path in found)}. Name one, as"
            f" {str(found[-1])!r}."
        )
    return found[0] if found else None
