"""The left side of a network of features: its table of inputs, and what it gives for them."""

from html import escape

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import invert
from invert.page.features import in_words, inputs, sliders
from invert.page.own_network import held_networks, told
from invert.page.panels import own_settings
from invert.page.pictures import markup
from invert.page.server import failure, loading, queue
from invert.page.session import network

EXAMPLES = "A table of examples (.csv): it tells names, lowest and highest values"
EXAMPLES_READ = "examples were dropped"
HOW = (
    "Move a slider and the answer follows. Names, ends and values can be typed. What is held stays"
    " as it is when inputs are looked for."
)
ASSUMED = (
    "The file does not say what its features are called or may be: type it, or drop examples."
    " Until then all go from 0 to 1."
)
HEADS = {"values": "values", "scores of classes": "softmax"}


def show(chosen: network.Network, answer: DeltaGenerator, below: DeltaGenerator) -> None:
    """Show the table, and what the network gives.

    Args:
        chosen: a network of features.
        answer: where its answer is shown.
        below: where the table is shown.
    """
    if st.session_state.pop(network.TAKEN, "") == network.SAMPLE_OF_FEATURES:
        inputs.tell_sample(chosen)
    if st.session_state.pop(inputs.CHANGED, False) or st.session_state.pop(
        own_settings.CHANGED, False
    ):
        st.rerun()  # the whole page: the other side looks for inputs in these ranges
    if not loading.ready():
        with answer:
            st.html(markup.sentence("The answer comes as soon as the models are loaded.", "hint"))
        return
    _take_examples(chosen)
    with below:
        present = sliders.show(chosen)
        st.html(
            markup.alert(present.complaint)
            if present.complaint
            else markup.sentence(_note(), "note")
        )
        with st.container(key="own-settings"):
            _offer_examples()
            failure.guard(lambda: _choose_head(chosen))
            own_settings.name_classes(chosen, _called(chosen))
    with answer:
        st.html(
            f'<div class="reading live">{failure.instead(lambda: _read(chosen, present))}</div>'
        )


def _read(chosen: network.Network, present: inputs.Inputs) -> str:
    graph = chosen.graph
    values = np.array([present.values], np.float32)
    (given,) = queue.aside_of_work(invert.classify)(values, classifier=graph)
    if graph.head == "values":
        return _values(chosen, given, graph)
    before = st.session_state.get("last reading")
    st.session_state["last reading"] = given
    best = int(given.argmax())
    label = escape(chosen.labels[best])
    long = ' class="long"' if len(label) > 2 else ""
    said = f'<p class="sure">{markup.percent(given[best])} sure</p>'
    return (
        f'<div class="answer"><p class="best"><b{long}>{label}</b></p><div>{said}</div></div>'
        f"{markup.bars(given, before, chosen.labels)}"
    )


def _values(chosen: network.Network, given: np.ndarray, graph) -> str:
    from invert.methods import answers

    low, high = answers.nine_in_ten(graph)
    shown = "".join(
        f'<div class="value"><dt>{escape(name)}</dt><dd>{in_words.number(value)}</dd>'
        f"<dd>Nine in ten random inputs give {in_words.number(least)} to {in_words.number(most)}."
        "</dd></div>"
        for name, value, least, most in zip(in_words.outputs(chosen), given, low, high, strict=True)
    )
    return f'<dl class="values">{shown}</dl>'


def _note() -> str:
    return HOW if told.FEATURES in st.session_state else f"{ASSUMED} {HOW}"


def _offer_examples() -> None:
    st.file_uploader(
        EXAMPLES,
        type=["csv"],
        max_upload_size=inputs.MOST_BYTES // 2**20,
        key=f"examples-{held_networks.files_read()}",
        on_change=_note_examples,
    )


def _note_examples() -> None:
    st.session_state[EXAMPLES_READ] = True


def _take_examples(chosen: network.Network) -> None:
    """Read a table that was dropped just now."""
    file = st.session_state.get(f"examples-{held_networks.files_read()}")
    if st.session_state.pop(EXAMPLES_READ, False) and file is not None:
        inputs.read_examples(chosen, file.name[: inputs.LONGEST_NAME], file.getvalue())
        if st.session_state.pop(inputs.CHANGED, False):
            st.rerun()


def _choose_head(chosen: network.Network) -> None:
    """Ask what several outputs are, where the file shows no softmax."""
    graph = held_networks.held()
    if graph is None or graph.head != "values" or graph.classes < 2:
        return
    present = next(name for name, head in HEADS.items() if head == chosen.graph.head)
    picked = st.segmented_control(
        "Its outputs are",
        list(HEADS),
        default=present,
        required=True,
        key=f"own-head-{held_networks.files_read()}",
    )
    if picked is not None and picked != present:
        told.tell_head(HEADS[picked])
        st.rerun()


def _called(chosen: network.Network) -> str:
    graph = chosen.graph
    what = "classes are" if graph.head != "values" else "outputs are"
    if graph.head == "values" and graph.classes == 1:
        what = "output is"
    return f"What its {what} called" + ", between commas" * (graph.classes > 1)
