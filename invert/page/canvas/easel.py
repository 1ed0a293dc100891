"""The canvas with what lies over it, and the stroke under way: all that is drawn at the moment."""

from typing import NamedTuple

import streamlit as st

from invert.page.canvas import drawing_area, shown_instead, stroke_stream
from invert.page.session import link, state


class Drawn(NamedTuple):
    """What is on the canvas.

    Attributes:
        strokes: the drawing, with the stroke under way.
        finished: how many strokes of it have ended.
        under_way: whether the pen is down.
        changed: whether a stroke came or went since the last run.
        instead: what stands in the drawing's place, if anything.
    """

    strokes: dict | None
    finished: int
    under_way: bool
    changed: bool
    instead: state.Instead | None


# Strokes that stand on the canvas instead of the link's; those that Clear took away.
PUT, TAKEN = "strokes put on the canvas", "strokes taken from the canvas"


def put(strokes: list) -> None:
    """Have these strokes, and no others, stand on the canvas when the page is run next."""
    number = (st.session_state.get(PUT) or {}).get("number", 0) + 1  # or nothing would change
    st.session_state[PUT] = {"objects": strokes, "number": number}


def _empty() -> None:
    st.session_state[TAKEN] = st.session_state.get(shown_instead.STROKES, [])
    put([])


def _refill() -> None:
    put(st.session_state.pop(TAKEN, []))


def draw(pen: str, digits: bool) -> Drawn:
    """Show the canvas, and over it what stands in the drawing's place.

    Args:
        pen: one of ``drawing_area.PENS``.
        digits: whether the page's network reads digits; no other is drawn for.
    """
    live_pen = stroke_stream.pen(link.opened())
    text = link.opened() if live_pen.opened is None else live_pen.opened
    strokes = drawing_area.draw(pen, st.session_state.get(PUT) or link.drawing(text))
    # The browser empties the canvas by itself, but for the strokes that stood on it at first.
    with st.container(key="unseen-tools"):
        st.button("Empty the canvas", key="empty", on_click=_empty)
        st.button("Bring the strokes back", key="refill", on_click=_refill)
    finished, changed = len(shown_instead.strokes(strokes)), shown_instead.changed(strokes)
    instead = shown_instead.current(strokes) if digits else state.instead()
    # A stroke that has ended meanwhile is on the canvas already.
    under_way = live_pen.points is not None and not changed
    if live_pen.points is not None and under_way:
        shown_instead.take_away()
        instead, strokes = None, stroke_stream.joined(strokes, live_pen.points)
    if instead and digits:
        with st.container(key="cover"):
            st.html(shown_instead.cover(instead, drawing_area.SIDE))
    return Drawn(strokes, finished, under_way, changed, instead)
