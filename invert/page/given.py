"""What stands in the drawing's place: an example, a picture, or an image that was generated."""

from collections.abc import Callable
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from invert.page import failure, markup

GIVEN, STROKES, COMPLAINT = "given", "strokes", "complaint"


class Given(NamedTuple):
    """An image, what it is in a few words, and the strokes that it stands in place of."""

    image: np.ndarray
    words: str
    strokes: list


def put(make: Callable[[], np.ndarray], words: str) -> None:
    """Show an image in place of the drawing, until there is a stroke more or less.

    Where it cannot be made, what is there stays, with a complaint under it.
    """
    try:
        image = make()
    except Exception as error:
        st.session_state[COMPLAINT] = failure.plain_sentence(error)
        return
    st.session_state[GIVEN] = Given(image, words, st.session_state.get(STROKES, []))
    st.session_state[COMPLAINT] = None


def take_away() -> None:
    """Show the drawing again; it was only covered."""
    st.session_state[GIVEN] = st.session_state[COMPLAINT] = None


def current(drawing: dict | None) -> Given | None:
    """Return what stands in place of the drawing, or None where the drawing itself is meant."""
    strokes = (drawing.get("objects") if isinstance(drawing, dict) else None) or []
    if strokes != st.session_state.get(STROKES, []):
        take_away()
    st.session_state[STROKES] = strokes
    return st.session_state.get(GIVEN)


def complaint() -> str | None:
    """Return why the last picture could not be used, if so."""
    return st.session_state.get(COMPLAINT)


def cover(given: Given, side: int) -> str:
    """Return HTML that covers the canvas; ``page.js`` lifts it when one draws."""
    picture = markup.picture(given.image, given.words, side)
    return f'<figure class="given">{picture}<figcaption>{escape(given.words)}</figcaption></figure>'
