"""What the page is told of one's own network beside its file: pixel range, and class names."""

import dataclasses
from typing import TYPE_CHECKING

import streamlit as st

from invert.page.own_network import effort, network_file

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

# The ranges that networks are trained with.
RANGES = {"0 to 1": (0.0, 1.0), "0 to 255": (0.0, 255.0), "−1 to 1": (-1.0, 1.0)}
RANGE, NAMES, COMPLAINT = "told range", "told class names", "class names' complaint"


def forget() -> None:
    """Forget it: another file was read."""
    for key in (RANGE, NAMES, COMPLAINT):
        st.session_state.pop(key, None)


def tell_range(pixel_range: tuple[float, float]) -> None:
    """Use this range for the network from now on."""
    st.session_state[RANGE] = pixel_range


def tell_names(typed: str, classes: int) -> None:
    """Use these names of the classes from now on, or remember why not.

    Args:
        typed: names between commas; nothing means the file's own.
        classes: how many there are.
    """
    st.session_state[COMPLAINT] = None
    names = typed.split(",") if typed.strip() else []
    try:
        if names and len(names) != classes:
            raise ValueError(f"{classes} class names are needed; got {len(names)}.")
        st.session_state[NAMES] = network_file.checked_labels(names)
    except ValueError as error:
        st.session_state[COMPLAINT] = str(error)


def complaint() -> str | None:
    """Why the names that were typed last are not used, if so."""
    return st.session_state.get(COMPLAINT)


def applied(graph: "FrozenGraph") -> "FrozenGraph":
    """Return the network with what was told of it; the same object each time."""
    low, high = st.session_state.get(RANGE) or graph.pixel_range
    labels = st.session_state.get(NAMES) or graph.labels
    if (low, high) == tuple(graph.pixel_range) and labels == graph.labels:
        return graph
    key = ("told", low, high, labels)
    if key not in graph.compiled:
        graph.compiled[key] = _changed(graph, low, high, labels)
    told: FrozenGraph = graph.compiled[key]
    return told


def _changed(graph: "FrozenGraph", low: float, high: float, labels) -> "FrozenGraph":
    from invert.inversion.compiling import without_xla

    domain = dataclasses.replace(graph.domain, low=low, high=high)
    architecture = dataclasses.replace(graph.architecture, domain=domain, compiled={})
    name = f"{graph.name} {domain.range_in_words} {','.join(labels)}"
    changed = dataclasses.replace(graph, architecture=architecture, labels=labels, name=name)
    if effort.EFFORT in graph.compiled:
        changed.compiled[effort.EFFORT] = graph.compiled[effort.EFFORT]
    return without_xla(changed)
