"""How the page looks: title, style sheets, and the scripts for what those cannot do."""

from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

HERE = Path(__file__).parent / "browser"
STYLES = ("page", "classify", "generate", "panels", "sizes")
SCRIPTS = ("arrivals", "canvas", "choices", "connection", "film", "layers", "panels", "story")
TITLE = "invert"
PROMISE = "One network, read forwards and run backwards."
# An 8, seven pixels by five, for the browser's tab: drawn here, so that nothing is fetched.
ICON = ("·###·", "#···#", "#···#", "·###·", "#···#", "#···#", "·###·")


def apply() -> None:
    """Set the page up: its title, width and style sheets, and its scripts."""
    st.set_page_config(page_title=f"{TITLE} · {PROMISE}", page_icon=_icon(), layout="wide")
    st.html(f"<style>{_joined(STYLES, 'css')}</style>")
    with st.container(key="script"):
        once = f"if (window.invertPage) return; window.invertPage = true; {_joined(SCRIPTS, 'js')}"
        st.html(f"<script>(() => {{ {once} }})()</script>", unsafe_allow_javascript=True)
        st.button("Run again", key="again")  # unseen: a script presses it after a lost connection


def script(name: str) -> str:
    """Return one of the scripts: a component has its own."""
    return _joined((name,), "js")


def _joined(names: tuple[str, ...], ending: str) -> str:
    return "\n".join((HERE / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


def _icon() -> Image.Image:
    ink = np.pad([[sign == "#" for sign in row] for row in ICON], ((1, 1), (2, 2)))
    colours = np.array([[250, 249, 246], [57, 73, 171]], np.uint8)
    return Image.fromarray(colours[ink.astype(int)].repeat(7, 0).repeat(7, 1))
