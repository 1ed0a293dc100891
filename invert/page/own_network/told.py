"""What the page is told of one's own network beside its file: pixel range, ink, class names."""

import dataclasses
from typing import TYPE_CHECKING

import streamlit as st

from invert.page.own_network import effort, network_file

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

# The ranges that networks are trained with.
RANGES = {"0 to 1": (0.0, 1.0), "0 to 255": (0.0, 255.0), "−1 to 1": (-1.0, 1.0)}
RANGE, INK, NAMES = "told range", "told ink is dark", "told class names"
COMPLAINT = "class names' complaint"


def forget() -> None:
    """Forget it: another file was read."""
    for key in (RANGE, INK, NAMES, COMPLAINT):
        st.session_state.pop(key, None)


def tell_range(pixel_range: tuple[float, float]) -> None:
    """Use this range for the network from now on."""
    st.session_state[RANGE] = pixel_range


def tell_ink(dark: bool) -> None:
    """Draw with dark ink on light paper for the network from now on, or the other way round."""
    st.session_state[INK] = dark


def ink() -> bool | None:
    """Whether ink is said to be dark; None where nothing is said."""
    said: bool | None = st.session_state.get(INK)
    return said


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
    dark = ink()
    if (low, high) == tuple(graph.pixel_range) and labels == graph.labels and dark is None:
        return graph
    key = ("told", low, high, labels, dark)
    if key not in graph.compiled:
        graph.compiled[key] = _changed(graph, low, high, labels, dark)
    told: FrozenGraph = graph.compiled[key]
    return told


def _changed(
    graph: "FrozenGraph", low: float, high: float, labels, dark: bool | None = None
) -> "FrozenGraph":
    from invert.inversion.compiling import without_xla
    from invert.methods import pen

    domain, architecture = graph.domain, graph.architecture
    if (low, high) != tuple(graph.pixel_range):
        domain = dataclasses.replace(domain, low=low, high=high)
        architecture = dataclasses.replace(architecture, domain=domain, compiled={})
    inked = {None: "", True: " dark ink", False: " light ink"}[dark]
    name = f"{graph.name} {domain.range_in_words}{inked} {','.join(labels)}"
    changed = dataclasses.replace(graph, architecture=architecture, labels=labels, name=name)
    if dark is not None:
        pen.tell_dark(changed, dark)
    if effort.EFFORT in graph.compiled:
        changed.compiled[effort.EFFORT] = graph.compiled[effort.EFFORT]
    return without_xla(changed)
