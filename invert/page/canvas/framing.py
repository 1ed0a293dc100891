"""What of a picture is read: it can be turned and cropped."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from invert import upload
from invert.page.pictures import markup
from invert.page.server import queue

TURNS, ACROSS, DOWN = "quarter turns of the picture", "crop-across", "crop-down"
OF, SEEN = "the picture that is framed", "the picture in small"
ALL = (0, 100)  # percent


def asked(file) -> upload.Framing:
    """What the visitor wants of a picture; of one that is new, all of it as it is."""
    kept = st.session_state
    if kept.get(OF) != file.file_id:
        kept[OF] = file.file_id
        _forget()
    sides = [tuple(side / 100 for side in kept.get(key, ALL)) for key in (ACROSS, DOWN)]
    return upload.Framing(kept.get(TURNS, 0), *sides)


def _forget() -> None:
    st.session_state[TURNS] = 0
    st.session_state[ACROSS] = st.session_state[DOWN] = ALL


def offer(file, changed: Callable[[], None]) -> None:
    """Show what turns and crops a picture.

    Args:
        file: as ``st.file_uploader`` has it.
        changed: called when something else of it is to be read.
    """

    def turn() -> None:
        turns = st.session_state.get(TURNS, 0)
        _forget()
        st.session_state[TURNS] = (turns + 1) % 4
        changed()

    st.button("Turn it", icon=":material/rotate_right:", key="turn", on_click=turn)
    with st.popover("Crop it", icon=":material/crop:", key="crop"):
        framing = asked(file)
        whole = _in_small(file, framing.quarter_turns)
        if whole is None:
            return
        st.html(markup.cropped(whole, framing.across, framing.down))
        for key, words in ((ACROSS, "From left to right"), (DOWN, "From top to bottom")):
            st.session_state.setdefault(key, ALL)
            st.slider(words, *ALL, step=1, format="%d%%", key=key, on_change=changed)


@queue.aside
def _in_small(file, turns: int) -> np.ndarray | None:
    """The picture in small, decoded once; None where it cannot be read."""
    key = (file.file_id, turns)
    if st.session_state.get(SEEN, (None, None))[0] != key:
        try:
            with queue.turn(queue.FILES):
                whole = upload.preview(file.getvalue(), turns)
        except ValueError:
            whole = None
        st.session_state[SEEN] = (key, whole)
    return st.session_state[SEEN][1]
