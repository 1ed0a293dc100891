"""The canvas with what lies over it, and the stroke under way: all that is drawn at the moment."""

from typing import NamedTuple

import streamlit as st

from invert.page.canvas import drawing_area, shown_instead, stroke_stream
from invert.page.session import link, network, state


class Drawn(NamedTuple):
    """What is on the canvas.

    Attributes:
        strokes: the drawing, with the stroke under way.
        sent: how many strokes of it the canvas has sent.
        lifted: whether the stroke under way has ended as well, and the canvas sends it next.
        under_way: whether the last stroke is not yet the canvas's.
        changed: whether a stroke came or went since the last run.
        instead: what stands in the drawing's place, if anything.
        at_first: how many strokes the canvas began with: the browser cannot undo those.
        able: which of ``EARLIER`` and ``LATER`` there are.
    """

    strokes: dict | None
    sent: int
    lifted: bool
    under_way: bool
    changed: bool
    instead: state.Instead | None
    at_first: int
    able: list[str]


# Strokes that stand on the canvas instead of the link's; what Undo and Redo bring back from before
# them, each a list of strokes, the next one last.
PUT, EARLIER, LATER = "strokes put on the canvas", "strokes before", "strokes after"
MOST_KEPT = 30  # of either


def put(strokes: list) -> None:
    """Have these strokes, and no others, stand on the canvas when the page is run next.

    They are as if drawn one by one: Undo takes them away one by one, and then brings back what
    stood there before.
    """
    kept = st.session_state
    begun = [strokes[:count] for count in range(1, len(strokes))]
    kept[EARLIER] = [*kept.get(EARLIER, []), _standing(), *begun][-MOST_KEPT:]
    kept[LATER] = []
    _show(strokes)


def _standing() -> list:
    return st.session_state.get(shown_instead.STROKES, [])


def _show(strokes: list) -> None:
    number = (st.session_state.get(PUT) or {}).get("number", 0) + 1  # or nothing would change
    st.session_state[PUT] = {"objects": strokes, "number": number}


def _turn(back: str, forth: str) -> None:
    """Bring back what Undo or Redo has kept, and keep what stands there for the other."""
    kept = st.session_state
    if kept.get(back):
        kept[forth] = [*kept.get(forth, []), _standing()][-MOST_KEPT:]
        _show(kept[back].pop())


def draw(pen: str, chosen: network.Network) -> Drawn:
    """Show the canvas, and over it what stands in the drawing's place.

    Args:
        pen: one of ``drawing_area.PENS``.
        chosen: the page's network; it is drawn for if its images are grey.
    """
    live_pen = stroke_stream.pen(link.opened())
    text = link.opened() if live_pen.opened is None else live_pen.opened
    first = st.session_state.get(PUT) or link.drawing(text)
    if live_pen.opened is not None:  # it came later than the page, which has said the rest
        link.say_what_is_missing({})
    strokes = drawing_area.draw(pen, first)
    # The browser undoes strokes by itself, but for those that stood on the canvas at first.
    with st.container(key="unseen-tools"):
        st.button("Empty the canvas", key="empty", on_click=put, args=([],))
        st.button("Before", key="earlier", on_click=_turn, args=(EARLIER, LATER))
        st.button("After", key="later", on_click=_turn, args=(LATER, EARLIER))
    sent, changed = len(shown_instead.strokes(strokes)), shown_instead.changed(strokes)
    instead = state.instead()
    if chosen.grey:
        instead = shown_instead.current(strokes, chosen.shape, chosen.digits)
    # A stroke that has ended meanwhile is on the canvas already.
    under_way = live_pen.points is not None and not changed
    if live_pen.points is not None and under_way:
        shown_instead.take_away()
        instead, strokes = None, stroke_stream.joined(strokes, live_pen.points)
    if instead and chosen.grey:
        with st.container(key="cover"):
            st.html(shown_instead.cover(instead, drawing_area.SIDE))
    first_count = len(first["objects"]) if first else 0
    if changed and sent > first_count:
        st.session_state[LATER] = []  # drawn on: there is nothing to bring back
    able = [name for name in (EARLIER, LATER) if st.session_state.get(name)]
    lifted = under_way and live_pen.lifted
    return Drawn(strokes, sent, lifted, under_way, changed, instead, first_count, able)
