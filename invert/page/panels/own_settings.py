"""What can be told of one's own network: its pixels' range, its ink, its classes' names."""

import numpy as np
import streamlit as st

from invert.page.own_network import held_networks, told
from invert.page.pictures import markup, wording
from invert.page.server import failure, loading
from invert.page.session import network

CHANGED = "what is told of the network has changed"
ASSUMED = (
    "The file does not say which pixels it takes, so {} is assumed. Under each range stands what it"
    " reads in this picture: choose the one that reads it right."
)
SAID = "By its first layer it takes pixels from {}. Under each range stands what it reads here."
CALLED = "What its classes are called, between commas"
INKS = {"light on dark": False, "dark on light": True}
INK = "Under each stands what it reads on the canvas: choose the one that reads it right."
GIVE = "Give it a picture, and under each range stands what it reads in it."


def show(image: np.ndarray | None, chosen: network.Network, of_ink: bool) -> None:
    """Show all, each taking effect at once on both sides of the page.

    Args:
        image: what is read at the moment, in [0, 1]; None where nothing is.
        chosen: one's own network.
        of_ink: whether that image is of ink, and so depends on which ink it reads.
    """
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # the whole page: the other side reads with it too
    graph = held_networks.held()
    if graph is None or not loading.ready():
        return
    with st.container(key="own-settings"):
        failure.guard(lambda: _choose_range(image, chosen, graph))
        if chosen.grey:
            failure.guard(lambda: _choose_ink(image if of_ink else None, chosen))
        name_classes(chosen)


def _choose_range(image: np.ndarray | None, chosen: network.Network, graph) -> None:
    ranges = dict(told.RANGES)
    if tuple(graph.pixel_range) not in ranges.values():
        ranges = {graph.domain.range_in_words: tuple(graph.pixel_range), **ranges}
    present = next((n for n, r in ranges.items() if r == tuple(chosen.pixel_range)), None)
    read = {} if image is None else _read_under_each(image, ranges, chosen)
    picked = st.segmented_control(
        "Its pixels go from",
        list(ranges),
        default=present,
        format_func=lambda name: f"{name}: {read[name]}" if name in read else name,
        key=f"own-range-{held_networks.files_read()}",
    )
    if picked is not None and ranges[picked] != tuple(chosen.pixel_range):
        told.tell_range(ranges[picked])
        st.rerun()
    own = next(name for name, r in ranges.items() if r == tuple(graph.pixel_range))
    words = (ASSUMED if graph.range_assumed else SAID).format(own)
    st.html(markup.sentence(words if read else GIVE, "note"))


def _choose_ink(image: np.ndarray | None, chosen: network.Network) -> None:
    from invert.networks.classifier import read

    shown = {}
    if image is not None:
        light = chosen.inked(image)
        said = read(chosen.fit(np.stack([light, 1 - light])), chosen.classifier)
        shown = {n: wording.reads(p, chosen.labels) for n, p in zip(INKS, said, strict=True)}
    key = f"own-ink-{held_networks.files_read()}"
    st.session_state[key] = next(name for name, dark in INKS.items() if dark == chosen.dark)
    st.segmented_control(
        "It reads ink that is",
        list(INKS),
        required=True,
        format_func=lambda name: f"{name}: {shown[name]}" if name in shown else name,
        key=key,
        on_change=_note_ink,
        args=(key,),
    )
    if shown:
        st.html(markup.sentence(INK, "note"))


def _note_ink(key: str) -> None:
    told.tell_ink(INKS[st.session_state[key]])
    st.session_state[CHANGED] = True


def _read_under_each(image: np.ndarray, ranges, chosen: network.Network) -> dict[str, str]:
    """What the network reads in a picture of [0, 1] if it is taken to be of each range."""
    from invert.networks.classifier import read

    graph = chosen.classifier
    wide = [(np.asarray(low), np.asarray(high)) for low, high in ranges.values()]
    batch = np.stack([low + (high - low) * image for low, high in wide])
    said = read(batch.astype(np.float32), graph)
    return {n: wording.reads(p, chosen.labels) for n, p in zip(ranges, said, strict=True)}


def name_classes(chosen: network.Network, what: str = CALLED) -> None:
    """Let the visitor say what the classes, or outputs, are called."""
    key = f"own-names-{held_networks.files_read()}"
    st.text_input(
        what,
        ", ".join(chosen.labels),
        key=key,
        on_change=_note_names,
        args=(key, len(chosen.labels)),
    )
    if complaint := told.complaint():
        st.html(markup.alert(complaint))


def _note_names(key: str, classes: int) -> None:
    told.tell_names(st.session_state[key], classes)
    st.session_state[CHANGED] = True
