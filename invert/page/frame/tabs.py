"""A strip of tabs, one for each panel of a side."""

from collections.abc import Callable, Sequence

import streamlit as st

from invert.page.server import failure, queue


def strip(side: str, panels: Sequence[tuple[str, Callable[[], None]]]) -> None:
    """Show the panels under tabs; the open one is part of the URL, as ``?left=…`` or ``?right=…``.

    The first panel is drawn even when hidden: a canvas that is taken off the page loses its
    drawing. The others cost nothing until they are opened. Each side is a fragment, and each of
    its panels one in it, so that nothing done in one reruns another. One that fails says so.

    Args:
        side: "left" or "right"; the name of the URL parameter.
        panels: title and function of each, the first one open at first.
    """
    _strip(side, tuple(panels))


@st.fragment
def _strip(side, panels):
    tabs = st.tabs([title for title, _ in panels], key=side, bind="query-params")
    for tab, (_, show) in zip(tabs, panels, strict=True):
        with tab:
            if tab.open or tab is tabs[0]:
                _panel(show)


@st.fragment
def _panel(show):
    with queue.run():
        failure.guard(show)
