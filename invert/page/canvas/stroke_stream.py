"""The pen while it is down: what it has drawn so far, several times a second.

The canvas sends a stroke a fifth of a second after it ended. Until then this component, which has
nothing to show, sends the points of the stroke under way. It sends the next ones only when the
answer to the last has come, and then rests: the longer, the more pens are at work, so that all of
them together ask no more than a part of what the server can answer. When the pen is lifted it sends
the whole stroke at once, unless it would have to rest for longer than the canvas waits.
"""

import time
from typing import Any, NamedTuple

import streamlit as st

from invert.page.frame import look
from invert.page.session import state

MOST_POINTS = 2000  # of one stroke: half a minute of scribbling
KEY, ANSWERED = "live", "points answered"
# Between an answer and the next question, at least; and what all pens may ask in a second.
REST_MILLISECONDS, ASKED_A_SECOND = 80, 12
_at_work: dict[str, float] = {}  # when each session's pen asked last


class Pen(NamedTuple):
    """What the browser knows of the pen.

    Attributes:
        points: of the stroke under way or just ended, in canvas pixels; None where there is none.
        lifted: whether that stroke has just ended; the canvas sends it next.
        opened: the drawing in the link that this browser opened the page by, as text; None where
            it has not said so yet. A new server asks for it, when an old one was lost.
    """

    points: list[list[float]] | None
    lifted: bool
    opened: str | None


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    # It registers itself with a server, and there must be one.
    return st.components.v2.component("invert_pen", html="<i></i>", js=look.script("pen"))


def pen(link: str) -> Pen:
    """Return what the browser says of the pen.

    Args:
        link: the drawing in the page's link, as text.
    """
    sent = _component()(
        data={
            "answered": st.session_state.get(ANSWERED, 0),
            "rest": _rest(),
            "link": link,
        },
        key=KEY,
        on_points_change=_note_what_is_answered,
        on_opened_change=lambda: None,
    )
    points = _checked(sent.points)
    lifted = points is not None and sent.points.get("lifted") is True
    return Pen(points, lifted, sent.opened if isinstance(sent.opened, str) else None)


def _note_what_is_answered() -> None:
    sent = st.session_state[KEY].points
    if isinstance(sent, dict) and isinstance(sent.get("number"), int):
        st.session_state[ANSWERED] = sent["number"]
        _at_work[state.session()] = time.monotonic()


def _rest() -> int:
    """How many milliseconds a pen has to rest, by how many were at work in the last seconds."""
    now = time.monotonic()
    for session, asked in list(_at_work.items()):
        if now - asked > 2:
            _at_work.pop(session, None)
    return max(REST_MILLISECONDS, 1000 * len(_at_work) // ASKED_A_SECOND)


def _checked(sent: Any) -> list[list[float]] | None:
    points = sent.get("points") if isinstance(sent, dict) else None
    if not isinstance(points, list) or not 2 <= len(points) <= MOST_POINTS:
        return None
    pairs = (isinstance(point, list) and len(point) == 2 for point in points)
    return points if all(pairs) else None


def joined(drawing: dict | None, points: list[list[float]]) -> dict:
    """Return the drawing with the stroke under way as one more."""
    first, *others = points
    path = [["M", *first], *(["L", *point] for point in others)]
    objects = (drawing or {}).get("objects") or []
    return {"objects": [*objects, {"type": "Path", "path": path}]}
