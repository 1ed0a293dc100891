"""The page's state in its address: what a link asks for, and the drawing that it carries."""

import math
import re

import streamlit as st

from invert.drawing import in_link
from invert.drawing.stroke_pieces import PIECES, segments
from invert.networks.classifier import CLASSIFIERS
from invert.page.session import network, state

# The keys of all widgets that are bound to the URL.
CHOICES: tuple[str, ...] = (
    "digit",
    "network",
    "method",
    "count",
    "seed",
    "start",
    "steps",
    "pen",
)
CHOICES += ("left", "right", "ladder-seed", "ladder-show", "lost-image")
DRAWING, EXAMPLE, SCENE = "drawing", "example", "scene"  # of no widget
LEFT_OUT, BAD_DRAWING = "drawing left out", "the link's drawing is bad"
LONGEST_SHOWN = 20
POINT_OF_NO_NUMBER = re.compile(r"(?<!\d)\.|\.(?!\d)")
# A drawing of more than 400 curves is not kept: it would take too long to make it short.
MOST_PIECES = 400 * PIECES
MISSING = "The link asks for what cannot be chosen here: {}. The usual is shown."


def asked() -> dict[str, str]:
    """Return what the link says when it is opened, and nothing later. Call it before any widget."""
    if "link asks" not in st.session_state:
        keys = (*CHOICES, SCENE)
        link = {key: st.query_params[key] for key in keys if st.query_params.get(key)}
        st.session_state["link asks"] = link
        endless = [key for key, value in link.items() if _endless(value)]
        for key in endless:
            del st.query_params[key]  # Streamlit's number fields fail on it
        if endless:
            st.rerun()
    link, st.session_state["link asks"] = st.session_state["link asks"], {}
    return link


def opened() -> str:
    """Return the text of the drawing that the link came with, the same for the whole visit."""
    return st.session_state.setdefault("link drawing", st.query_params.get(DRAWING, ""))


def drawing(text: str) -> dict | None:
    """Return the drawing that a link's text stands for, or None if it is bad."""
    try:
        return in_link.decode(text) if text else None
    except ValueError:
        st.session_state.setdefault(BAD_DRAWING, True)
        return None


def keep_drawing(strokes: dict | None) -> None:
    """Put the drawing into the address, which then opens with it; or leave out one too long."""
    try:
        short = len(segments(strokes)) <= MOST_PIECES  # whatever its objects are
        text = in_link.encode(strokes) if short else ""
    except ValueError:  # it has too many points, or is no drawing: the reading says which
        short, text = False, ""
    st.session_state[LEFT_OUT] = not short
    if text != st.query_params.get(DRAWING, ""):
        if text:
            st.query_params[DRAWING] = text
        else:
            del st.query_params[DRAWING]


def leaves_drawing_out() -> bool:
    """Whether the drawing is too long for the address."""
    return st.session_state.get(LEFT_OUT, False)


def left_out() -> str:
    """Return what the page shows and no link can: "your network" before all; or ""."""
    chosen, instead = network.chosen(), state.instead()
    if chosen.name not in CLASSIFIERS and chosen.source is not None:
        return "your network"
    if instead is not None:
        return "" if instead.in_link else "the picture"
    return "the drawing" if leaves_drawing_out() else ""


def example() -> str:
    """Return which example the address names, such as "3-1", or ""."""
    return str(st.query_params.get(EXAMPLE, ""))


def keep_example(name: str) -> None:
    """Put the name of an example into the address, or take it out."""
    if name:
        st.query_params[EXAMPLE] = name
    else:
        st.query_params.pop(EXAMPLE, None)


def say_what_is_missing(asked: dict[str, str]) -> None:
    """Name the choices that show something else than the link asks for. Call it after all widgets.

    Only choices that are shown are named, and only by the page's own names for them. A drawing that
    cannot be decoded is named once.
    """
    shown = {key: st.session_state[key] for key in asked if key in st.session_state}
    ignored = [
        f"{key} {_plain(asked[key])}".strip()
        for key, value in shown.items()
        if not _same(asked[key], value)
    ]
    if st.session_state.get(BAD_DRAWING):
        st.session_state[BAD_DRAWING] = False
        ignored.append(DRAWING)
    if ignored:
        st.toast(MISSING.format(", ".join(ignored)), duration="long")


def _plain(asked: str) -> str:
    """What a link asks for, as a notice can show it, where signs may have a meaning."""
    kept = "".join(sign for sign in asked if sign.isalnum() or sign in ".- ")[:LONGEST_SHOWN]
    return POINT_OF_NO_NUMBER.sub("", kept)  # or an address would become a link


def _same(asked: str, value) -> bool:
    try:
        return float(asked) == float(value)
    except (TypeError, ValueError):
        return asked == str(value)


def _endless(value: str) -> bool:
    try:
        return math.isinf(float(value))
    except ValueError:
        return False
