"""The pen while it is down: what it has drawn so far, several times a second.

The canvas sends a stroke when it ends. Until then this component, which has nothing to show, sends
the points of the stroke under way. It sends the next ones only when the answer to the last has
come, and rests as long as that answer took, so that a busy server is asked less.
"""

from typing import Any

import streamlit as st

from invert.page import look

MOST_POINTS = 2000  # of one stroke: half a minute of scribbling
KEY, ANSWERED = "live", "points answered"
REST_MILLISECONDS = 100  # between an answer and the next question, at least


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    # It registers itself with a server, and there must be one.
    return st.components.v2.component("invert_pen", html="<i></i>", js=look.script("pen"))


def stroke(finished: int) -> list[list[float]] | None:
    """Return the points of the stroke under way, in canvas pixels, or None where the pen is up.

    Args:
        finished: how many strokes the canvas has sent. Points that were drawn before one of them
            ended are its own, and not returned.
    """
    pen = _component()(
        data={
            "finished": finished,
            "answered": st.session_state.get(ANSWERED, 0),
            "rest": REST_MILLISECONDS,
        },
        key=KEY,
        on_points_change=_note_what_is_answered,
    )
    return _checked(pen.points, finished)


def _note_what_is_answered() -> None:
    sent = st.session_state[KEY].points
    if isinstance(sent, dict) and isinstance(sent.get("number"), int):
        st.session_state[ANSWERED] = sent["number"]


def _checked(sent: Any, finished: int) -> list[list[float]] | None:
    if not isinstance(sent, dict) or sent.get("finished") != finished:
        return None
    points = sent.get("points")
    if not isinstance(points, list) or not 2 <= len(points) <= MOST_POINTS:
        return None
    pairs = (isinstance(point, list) and len(point) == 2 for point in points)
    return points if all(pairs) else None


def joined(drawing: dict | None, points: list[list[float]] | None) -> dict | None:
    """Return the drawing with the stroke under way as one more."""
    if points is None:
        return drawing
    first, *others = points
    path = [["M", *first], *(["L", *point] for point in others)]
    objects = (drawing or {}).get("objects") or []
    return {"objects": [*objects, {"type": "Path", "path": path}]}
