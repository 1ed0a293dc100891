"""What can be done with the images of a run: keep them, put them on the canvas, have them read."""

import numpy as np
import streamlit as st

import invert
from invert import film
from invert.drawing import in_link
from invert.networks import judge
from invert.page.canvas import easel, shown_instead
from invert.page.pictures import downloads, markup, pen_film, run_images, wording
from invert.page.session import state


def keep(run: invert.Run, shown: invert.Run) -> None:
    """Offer what can be kept of the images.

    Args:
        run: as it was made, with the numbers that the network reads.
        shown: as the page shows it.
    """
    with st.popover("Keep", icon=":material/download:", key="keep"):
        for label, ending, mime, make in (
            ("Images (PNG)", "png", "image/png", lambda: downloads.png(shown)),
            ("Film (GIF)", "gif", "image/gif", lambda: downloads.gif(shown)),
            ("Strokes (SVG)", "svg", "image/svg+xml", lambda: film.svg(run.strokes)),
            ("Numbers (NPZ)", "npz", "application/octet-stream", lambda: _npz(run, shown)),
        ):
            if ending == "gif" and not len(run.frames):
                continue
            if ending == "svg" and run.strokes is None:
                continue
            st.download_button(
                label,
                make,
                downloads.name(run, ending),
                mime,
                key=f"keep-{ending}",
                on_click="ignore",
                width="stretch",
            )


def _npz(run: invert.Run, shown: invert.Run) -> bytes:
    """The run's numbers; of digits with the judge's opinion, whatever its network reads."""
    if not run_images.are_digits(run):
        return downloads.npz(run, None)
    inked = np.clip(markup.in_unit(shown.images, shown.pixel_range), 0, 1)
    return downloads.npz(run, judge.look(inked))


def read(run: invert.Run, grey: bool) -> None:
    """Show what the images press when they are clicked, and nobody sees: they are read.

    Args:
        run: as the page shows it.
        grey: whether its images are of ink.
    """
    with st.container(key="senders"):
        for number in range(len(run.images)):
            st.button(
                f"Read image {number + 1}", key=f"read-{number + 1}", on_click=_send,
                args=(run, number, grey),
            )  # fmt: skip


def put_on_canvas(strokes: np.ndarray) -> None:
    """Show a button that puts an image's strokes on the visitor's canvas; of several, which."""
    if len(strokes) == 1:
        st.button("Put it on the canvas", key="to-canvas", on_click=_put, args=(strokes[0],))
        return
    with (
        st.popover("Put on the canvas", key="to-canvas-which"),
        st.container(key="to-canvas-images", horizontal=True, gap="small"),
    ):
        for number, each in enumerate(strokes, start=1):
            st.button(f"Image {number}", key=f"to-canvas-{number}", on_click=_put, args=(each,))


def _put(strokes: np.ndarray) -> None:
    """Have strokes ``(K, P, 2)`` stand on the canvas, as those of a link do."""
    shown_instead.take_away()
    easel.put(in_link.from_splines(strokes, pen_film.PEN))
    state.send_strokes()


def _send(run: invert.Run, number: int, grey: bool) -> None:
    label = run.labels[run.targets[number]]
    image = markup.in_unit(run.images[number], run.pixel_range)
    what = f"{wording.article(label)} {label}"
    state.send(image, f"drawn to be {what} by {markup.network_name(run.classifier)}", grey)
