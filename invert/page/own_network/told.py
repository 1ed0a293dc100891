"""What the page is told of one's own network beside its file: ranges, ink, names of classes."""

import dataclasses
from typing import TYPE_CHECKING, Any

import streamlit as st

from invert.inversion.domain import Domain
from invert.page.own_network import effort, network_file

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

# The ranges that networks are trained with.
RANGES = {"0 to 1": (0.0, 1.0), "0 to 255": (0.0, 255.0), "−1 to 1": (-1.0, 1.0)}
RANGE, INK, NAMES = "told range", "told ink is dark", "told class names"
FEATURES, HEAD = "told features", "told what its outputs are"
COMPLAINT = "class names' complaint"
MOST_TOLD = 8  # of what one network was told, one after the other, so many are kept


def forget() -> None:
    """Forget it: another file was read."""
    for key in (RANGE, INK, NAMES, COMPLAINT, FEATURES, HEAD):
        st.session_state.pop(key, None)


def tell_range(pixel_range: tuple[float, float]) -> None:
    """Use this range for the network from now on."""
    st.session_state[RANGE] = pixel_range


def tell_ink(dark: bool) -> None:
    """Draw with dark ink on light paper for the network from now on, or the other way round."""
    st.session_state[INK] = dark


def tell_features(domain: Domain) -> None:
    """Have the network's features be what a domain says from now on."""
    st.session_state[FEATURES] = domain


def tell_head(head: str) -> None:
    """Take the outputs of a network of features for "values", or for scores: "softmax"."""
    st.session_state[HEAD] = head


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
    domain: Domain = st.session_state.get(FEATURES) or graph.domain
    if RANGE in st.session_state:
        low, high = st.session_state[RANGE]
        domain = dataclasses.replace(domain, low=low, high=high)
    labels = st.session_state.get(NAMES) or graph.labels
    head = st.session_state.get(HEAD) or graph.head
    if (domain, labels, head, ink()) == (graph.domain, graph.labels, graph.head, None):
        return graph
    key = ("told", repr(domain), labels, head, ink())
    if key not in graph.compiled:
        told_before = [k for k in graph.compiled if isinstance(k, tuple) and k[0] == "told"]
        for old in told_before[: 1 - MOST_TOLD]:
            del graph.compiled[old]
        graph.compiled[key] = _changed(graph, domain, labels, ink(), head)
    told: FrozenGraph = graph.compiled[key]
    return told


def _changed(
    graph: "FrozenGraph", domain: Domain, labels, dark: bool | None = None, head: str = ""
) -> "FrozenGraph":
    from invert.inversion.compiling import without_xla
    from invert.methods import choice, pen

    architecture, head = graph.architecture, head or graph.head
    if (domain, head) != (graph.domain, graph.head):
        known: dict[str, Any] = {"domain": domain, "head": head, "compiled": {}}
        architecture = dataclasses.replace(architecture, **known)
    inked = {None: "", True: " dark ink", False: " light ink"}[dark]
    name = f"{graph.name} {domain} {head}{inked} {','.join(labels)}"
    changed = dataclasses.replace(graph, architecture=architecture, labels=labels, name=name)
    for key in (effort.EFFORT, choice.CHOSEN, choice.SHARE, pen.DARK):  # it need not be asked again
        if key in graph.compiled:
            changed.compiled[key] = graph.compiled[key]
    if dark is not None:
        pen.tell_dark(changed, dark)
    if chosen := choice.known(changed):  # its reasons were measured as it was before
        changed.compiled[choice.CHOSEN] = dataclasses.replace(chosen, why="")
    return without_xla(changed)
