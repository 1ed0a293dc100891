"""A failure in one sentence: what a visitor reads of it, and what only the server's log does."""

import logging
from collections.abc import Callable

import streamlit as st

from invert.drawing import BlankDrawing
from invert.networks.weights import WeightsError
from invert.page.pictures import markup

UNEXPECTED = "Something failed on the server; its log says what. Try again, or choose differently."
NO_MEMORY = (
    "The server has not enough memory for so much at once. Ask for fewer images, or try again in a"
    " moment."
)
log = logging.getLogger(__name__)


class NotYet(ValueError):
    """The visitor has yet to give something first; nothing failed."""


def plain_sentence(error: BaseException) -> str:
    """Return what a visitor may read of an error, and log the rest.

    Our own ValueErrors are written for readers. A library's may hold paths of the server, or pages
    of TensorFlow's graphs.
    """
    if isinstance(error, ValueError) and _raised_here(error):
        return str(error)
    log.error("a part of the page failed", exc_info=error)
    if isinstance(error, WeightsError):
        return str(error)
    # By its name: TensorFlow is not imported for the sake of an error that may not be its own.
    short = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
    return NO_MEMORY if short else UNEXPECTED


def html(error: BaseException) -> str:
    """Return the sentence as HTML: an alert, or a hint where all that is missing is a drawing."""
    if isinstance(error, BlankDrawing | NotYet):
        return markup.sentence(str(error), "hint")
    return markup.alert(plain_sentence(error))


def instead(make: Callable[[], str]) -> str:
    """Return the HTML that ``make`` makes; where it fails, why."""
    try:
        return make()
    except Exception as error:
        return html(error)


def guard(show: Callable[[], None]) -> None:
    """Show a part of the page; where it fails, what is shown of it stays, and why is under it."""
    try:
        show()
    except Exception as error:
        st.html(html(error))


def _raised_here(error: BaseException) -> bool:
    """Whether the line that raised the error is one of this package's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("invert")
