"""The canvas that one draws on."""

from invert.drawing.in_link import CANVAS_SIDE as SIDE
from invert.drawing.in_link import INK
from invert.page.session import one_of

PAPER = "#ffffff"
PENS = {"thin": 10, "medium": 18, "thick": 28}
PEN = "medium"


def draw(pen: str, first: dict | None) -> dict | None:
    """Show the canvas and return the strokes on it, as `invert.drawing.from_strokes` takes them.

    Args:
        pen: one of ``PENS``.
        first: strokes that stand on it at first. Another value would empty it.

    Its Undo, Redo and Clear come with it and act in
    the browser; ``canvas.js`` lays them under the canvas, where they cover nothing.
    """
    # It registers itself with a server when it is imported, and there must be one.
    from streamlit_drawable_canvas import st_canvas

    return st_canvas(
        stroke_width=PENS[pen],
        stroke_color=INK,
        background_color=PAPER,
        width=SIDE,
        height=SIDE,
        drawing_mode="freedraw",
        initial_drawing=first,
        key="canvas",
    ).json_data


def choose_pen() -> str:
    """Let the visitor choose the pen's width, one of ``PENS``: it does not change the reading."""
    return one_of.one_of("Pen", list(PENS), PEN, "pen")
