"""A strip of tabs, one for each panel of a side."""

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from invert.page.pictures import markup
from invert.page.server import failure, queue

NOT_OFFERED = "This tab is for networks that read pictures."


def strip(
    side: str,
    panels: Sequence[tuple[str, Callable[[], None]]],
    offered: Collection[str] | None = None,
) -> None:
    """Show the panels under tabs; the open one is part of the URL, as ``?left=…`` or ``?right=…``.

    The first panel is drawn even when hidden: a canvas that is taken off the page loses its
    drawing. The others cost nothing until they are opened. Each side is a fragment, and each of
    its panels one in it, so that nothing done in one reruns another. One that fails says so.

    Args:
        side: "left" or "right"; the name of the URL parameter.
        panels: title and function of each, the first one open at first.
        offered: titles of those that say something of the page's network; None for all. The others
            are hidden, for a strip of fewer tabs would be another one, with an empty canvas.
    """
    _strip(side, tuple(panels), offered)


@st.fragment
def _strip(side, panels, offered):
    titles = [title for title, _ in panels]
    hidden = [
        n for n, title in enumerate(titles, 1) if offered is not None and title not in offered
    ]
    rules = (f".st-key-{side} [role=tab]:nth-of-type({n}) {{ display: none }}" for n in hidden)
    st.html(f"<style>{' '.join(rules)}</style>")
    tabs = st.tabs(titles, key=side, bind="query-params")
    for number, (tab, (_, show)) in enumerate(zip(tabs, panels, strict=True), 1):
        with tab:
            if number in hidden and tab.open:
                st.html(markup.sentence(NOT_OFFERED, "hint"))
            elif tab.open or tab is tabs[0]:
                _panel(show)


@st.fragment
def _panel(show):
    with queue.run():
        failure.guard(show)
