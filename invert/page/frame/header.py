"""The heading: the page's name, the one network, and what is said about the whole page."""

import os

import streamlit as st

from invert.page.canvas import layers
from invert.page.frame import how, look, story
from invert.page.pictures import markup
from invert.page.server import failure, loading
from invert.page.session import network

# Where the code is kept. If the server is told, the page shows a link to it.
REPOSITORY = os.environ.get("INVERT_REPOSITORY", "")

# On a phone or a tablet one side is shown at a time; a script follows these.
SIDES = (
    '<div class="sides">'
    '<button type="button" data-side="reads" aria-pressed="true">It reads</button>'
    '<button type="button" data-side="draws" aria-pressed="false">It draws</button></div>'
)

# What the two sides are for, in one line, where only one of them is seen.
OF_DIGITS = "Draw a digit, and a network reads it. Pick a digit, and the same network draws it."
OF_PICTURES = "Give it a picture, and it reads it. Pick a class, and the same network draws one."
OF_FEATURES = "Move its inputs, and it answers. Name an answer, and it finds inputs that give it."


def show() -> None:
    """Show the name and promise, the choice of the network, and the buttons beside them."""
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.html(f'<header class="heading"><h1>{look.TITLE}</h1><p>{look.PROMISE}</p></header>')
        loading.show_status()
        st.html(markup.BUTTON_SHARE)
        story.offer()
        how.show(REPOSITORY)
    with st.container(key="one-network", horizontal=True, vertical_alignment="center"):
        failure.guard(network.choose)
        failure.guard(network.show_meaning)
    with st.empty():  # a place of its own: what came and went here would empty the canvas below
        failure.guard(network.show_complaint)
    failure.guard(layers.show_weights)
    with st.container(key="sides"):
        failure.guard(_show_promise)
        st.html(SIDES)


def _show_promise() -> None:
    chosen = network.chosen()
    words = OF_FEATURES if chosen.features else OF_DIGITS if chosen.digits else OF_PICTURES
    st.html(markup.sentence(words, "promise"))
