"""How the page looks: title, style sheets, and the scripts for what those cannot do."""

import functools
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

HERE = Path(__file__).parent.parent / "browser"
STYLES = ("page", "classify", "generate", "panels", "features", "accuracy", "sizes")
SCRIPTS = (
    *("arrivals", "history", "canvas", "choices", "connection", "film", "strokes"),
    *("layers", "panels", "parallel", "story"),
)
TITLE = "invert"
PROMISE = "One network, read forwards and run backwards."
WHOLE_TITLE = f"{TITLE} · {PROMISE}"
# An 8, seven pixels by five, for the browser's tab: drawn here, so that nothing is fetched.
ICON = ("·###·", "#···#", "#···#", "·###·", "#···#", "#···#", "·###·")


def apply() -> None:
    """Set the page up: its title, icon and width. Styles and scripts came with the HTML."""
    st.set_page_config(page_title=WHOLE_TITLE, page_icon=_icon(), layout="wide")
    with st.container(key="script"):
        st.button("Run again", key="again")  # unseen: a script presses it after a lost connection


@functools.cache
def style() -> str:
    """Return all style sheets as one element."""
    return f"<style>{_joined(STYLES, 'css')}</style>"


@functools.cache
def scripts() -> str:
    """Return all scripts as one element."""
    return f"<script>(() => {{ {_joined(SCRIPTS, 'js')} }})()</script>"


@functools.cache
def script(name: str) -> str:
    """Return one of the scripts: a component has its own."""
    return _joined((name,), "js")


def _joined(names: tuple[str, ...], ending: str) -> str:
    return "\n".join((HERE / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


def _icon() -> Image.Image:
    ink = np.pad([[sign == "#" for sign in row] for row in ICON], ((1, 1), (2, 2)))
    colours = np.array([[250, 249, 246], [57, 73, 171]], np.uint8)
    return Image.fromarray(colours[ink.astype(int)].repeat(7, 0).repeat(7, 1))
