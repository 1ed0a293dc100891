"""How the page looks: title, style sheet, script, heading."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

HERE = Path(__file__).parent
TITLE = "invert"
PROMISE = "What a digit classifier sees, and what it imagines."
# An 8, seven pixels by five, for the browser's tab: drawn here, so that nothing is fetched.
ICON = ("·###·", "#···#", "#···#", "·###·", "#···#", "#···#", "·###·")


def apply() -> None:
    """Set the page up: its title, width and style sheet, and the script for what CSS cannot do."""
    st.set_page_config(page_title=f"{TITLE} · {PROMISE}", page_icon=_icon(), layout="wide")
    st.html(HERE / "style.css")
    with st.container(key="script"):
        script = (HERE / "page.js").read_text(encoding="utf-8")
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
        st.button("Run again", key="again")  # unseen: page.js presses it after a lost connection


def _icon() -> Image.Image:
    ink = np.pad([[sign == "#" for sign in row] for row in ICON], ((1, 1), (2, 2)))
    colours = np.array([[250, 249, 246], [57, 73, 171]], np.uint8)
    return Image.fromarray(colours[ink.astype(int)].repeat(7, 0).repeat(7, 1))


def heading(*beside: Callable[[], None]) -> None:
    """Show the page's name and promise and, on the same line, what stands beside them."""
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.html(
            f'<header class="heading"><h1>{TITLE}</h1><p>{PROMISE} Draw a digit and it is'
            " read; choose one, and the same network, run backwards, makes it.</p></header>"
        )
        for show in beside:
            show()
