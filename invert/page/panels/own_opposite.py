"""The opposite model of one's own network: a button that has it learned, and what becomes of it."""

import streamlit as st

from invert.page.own_network import learning_job
from invert.page.pictures import markup, program
from invert.page.server import loading
from invert.page.session import network, state

LOOKS = 1.0  # seconds between two looks at a job
WHAT = (
    "A second network learns to draw for this one, through its answers alone, in a few minutes."
    " Then every class and seed answers at once. You can go on meanwhile."
)
NO = (
    "This page learns an opposite model for networks up to {0}×{0} that are fast enough;"
    " `invert.opposite` in Python does for others."
)
DONE = "The opposite model of this network is learned, and kept while you are here."
COMPLAINT = "why no opposite is learned"


def show(chosen: network.Network) -> None:
    """Show where its learning stands, or the button that starts it."""
    if chosen.source is None or isinstance(chosen.source, str) or not loading.ready():
        return
    with st.container(key="own-opposite"):
        job = learning_job.present(chosen)
        if job is not None and job.under_way:
            st.fragment(_watch, run_every=LOOKS)(job)
            st.button("Stop learning", key="stop-opposite", on_click=_stop)
        elif job is not None and job.found is not None:
            _offer(chosen)
        elif learning_job.steps_for(chosen.source):
            st.button("Learn its opposite", key="learn-opposite", on_click=_begin)
            complaint = st.session_state.get(COMPLAINT) or (job.complaint if job else "")
            st.html(markup.alert(complaint) if complaint else markup.sentence(WHAT, "note"))
        else:
            st.html(markup.sentence(NO.format(learning_job.MOST_SIDE), "note"))


def _begin() -> None:
    st.session_state[COMPLAINT] = None
    try:
        learning_job.begin(network.chosen())  # as an argument, the button would hold it
    except ValueError as error:
        st.session_state[COMPLAINT] = str(error)


def _stop() -> None:
    learning_job.stop(state.session())


def _watch(job: learning_job.Job) -> None:
    if not job.under_way:
        st.rerun()  # the whole page: there is one more method
    st.html(markup.status(said(job.share, job.seconds), job.share))


def said(share: float, seconds: float | None) -> str:
    """Say how far learning is.

    >>> said(0.0, None), said(0.42, 75.0)
    ('Its opposite model begins to learn', 'Its opposite model is learning: 42%, about 1 min left')
    """
    if seconds is None:
        return "Its opposite model begins to learn"
    left = f"{round(seconds / 60)} min" if seconds > 50 else f"{max(1, round(seconds))} s"
    return f"Its opposite model is learning: {share:.0%}, about {left} left"


def _offer(chosen: network.Network) -> None:
    found = learning_job.learned(chosen)
    if found is None:
        return
    with st.container(key="opposite-learned", horizontal=True, gap="small"):
        if st.session_state.get(state.METHOD) != state.OPPOSITE.name:
            st.button("Draw with its opposite", key="use-opposite", on_click=_use)
        st.download_button(
            "Take it along (.keras)",
            lambda: learning_job.file_of(found),
            program.OPPOSITE_FILE,
            "application/octet-stream",
            key="keep-opposite",
            icon=":material/download:",
            on_click="ignore",
        )
    st.html(markup.sentence(DONE, "note"))


def _use() -> None:
    st.session_state[state.METHOD] = state.OPPOSITE.name
