"""The pen while it is down: what it has drawn so far, several times a second.

The canvas sends a stroke when it ends. Until then this component, which has nothing to show, sends
the points of the stroke under way. It sends the next ones only when the answer to the last has
come, and rests as long as that answer took, so that a busy server is asked less.
"""

from typing import Any, NamedTuple

import streamlit as st

from invert.page import look

MOST_POINTS = 2000  # of one stroke: half a minute of scribbling
KEY, ANSWERED = "live", "points answered"
REST_MILLISECONDS = 100  # between an answer and the next question, at least


class Pen(NamedTuple):
    """What the browser knows of the pen.

    Attributes:
        points: of the stroke under way, in canvas pixels, or None where the pen is up.
        opened: the drawing in the link that this browser opened the page by, as text; None where
            it has not said so yet. A new server asks for it, when an old one was lost.
    """

    points: list[list[float]] | None
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
            "rest": REST_MILLISECONDS,
            "link": link,
        },
        key=KEY,
        on_points_change=_note_what_is_answered,
        on_opened_change=lambda: None,
    )
    return Pen(_checked(sent.points), sent.opened if isinstance(sent.opened, str) else None)


def _note_what_is_answered() -> None:
    sent = st.session_state[KEY].points
    if isinstance(sent, dict) and isinstance(sent.get("number"), int):
        st.session_state[ANSWERED] = sent["number"]


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
