"""Code: the present picture as a program of TensorFlow alone, and as one call of this package."""

import io

import numpy as np
import streamlit as st

from invert.networks.classifier import CLASSIFIERS
from invert.page.features import call, question
from invert.page.own_network import held_networks
from invert.page.pictures import markup, program
from invert.page.session import network, state

WHAT = (
    "Two programs that make the picture under Generate and save it as a PNG. Both run in a clone of"
    " this project."
)
WHAT_BY_CALL = (
    "A program that makes the picture under Generate and saves it as a PNG. It runs in a clone of"
    " this project."
)
SAVE_IT = "Put your `{}` beside it."


def show() -> None:
    """Show both, each with a button that copies it."""
    choice = state.choice()
    chosen = network.chosen()
    if chosen.features:
        return _show_call_of_features(chosen)
    name = chosen.name if chosen.name in CLASSIFIERS else program.OWN
    file = held_networks.file_name() or program.OWN_FILE
    both = name != program.OWN or held_networks.suits_a_program()
    both = both and (choice is None or program.can_write(choice.record))
    st.html(markup.sentence(WHAT if both else WHAT_BY_CALL))
    if choice is None:
        return
    if name == program.OWN:
        st.html(markup.sentence(SAVE_IT.format(file), "note"))
    if both and choice.method != "strokes":  # a program of the pen would be as long as the pen
        _show_program(name, choice, file, chosen.dark)
    st.html("<h3>By this package</h3>")
    text = program.call(
        name,
        choice.method,
        choice.target,
        choice.images,
        choice.seed,
        choice.start,
        choice.said,
        file,
        chosen.dark,
    )
    st.code(text, language="python")
    if choice.start == state.MY_DRAWING:
        _offer_drawing()


def _show_call_of_features(chosen: network.Network) -> None:
    asked = question.present()
    st.html(markup.sentence(call.WHAT))
    if asked is not None and chosen.source is not None:
        file = held_networks.file_name()
        st.html(markup.sentence(SAVE_IT.format(file), "note"))
        st.code(call.text(chosen, asked, file), language="python")


def _show_program(name: str, choice: state.Choice, file: str, dark: bool) -> None:
    st.html("<h3>By TensorFlow alone</h3>")
    text = program.tensorflow(
        name,
        choice.record,
        choice.target,
        choice.images,
        choice.seed,
        choice.start,
        file,
        dark,
    )
    st.code(text, language="python")


def _offer_drawing() -> None:
    drawn = state.drawn_image()
    if drawn is not None:
        out = io.BytesIO()
        np.save(out, drawn)
        st.download_button(
            f"Your drawing ({program.DRAWING_FILE})",
            out.getvalue(),
            program.DRAWING_FILE,
            "application/octet-stream",
            key="keep-drawing",
            on_click="ignore",
        )
