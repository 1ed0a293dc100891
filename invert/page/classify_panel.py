"""Classify: draw a digit, see what the classifier reads."""

import logging

import numpy as np
import streamlit as st

import invert
from invert.drawing import BlankDrawing, from_strokes
from invert.page import canvas, choices, loading, markup

DEFAULT = "robust"
WHAT = (
    "Your strokes are scaled and centred as the training digits were. What is left is 28×28"
    " numbers; from them a small network says how sure it is of each digit."
)
SOON = "The answer comes as soon as the models are loaded."
log = logging.getLogger(__name__)


@st.fragment
def show() -> None:
    """Show the canvas and, beside it, the 28×28 image, the answer and ten bars."""
    st.html(markup.sentence(WHAT))
    with st.container(key="classify", horizontal=True, gap="medium"):
        easel = st.container(key="easel", width=canvas.SIDE)
        answer = st.container(key="answer", width="stretch")
    with st.container(key="classify-controls", horizontal=True, gap="small"):
        pen = canvas.choose_pen()
        classifier = _choose_classifier()
    with easel:
        strokes = canvas.draw(pen)
    with answer:
        st.html(_reading(strokes, classifier))


def _choose_classifier() -> str:
    names = list(dict.fromkeys([DEFAULT, *(m.classifier for m in invert.METHODS.values())]))
    return choices.one_of(
        "Classifier",
        names,
        DEFAULT,
        "reader",
        "The same network, trained differently: 'question' as the question describes, 'robust' on"
        " digits disturbed so as to mislead it.",
    )


def _reading(strokes: dict | None, classifier: str) -> str:
    """Return what the classifier reads in the strokes, as HTML of one size, whatever happens."""
    before = st.session_state.get("last reading")
    st.session_state["last reading"] = st.session_state["drawn image"] = None
    try:
        image = st.session_state["drawn image"] = from_strokes(strokes)
        if not loading.ready():
            return _layout(image, None, before, SOON)
        probabilities = invert.classify(image[None], classifier=classifier)[0]
    except BlankDrawing:
        return _layout(None, None, before, "Draw a digit")
    except Exception as error:
        if not isinstance(error, ValueError):
            log.exception("a drawing could not be read")
        return _layout(None, None, before, markup.plain_sentence(error), failed=True)
    st.session_state["last reading"] = probabilities
    return _layout(image, probabilities, before)


def _layout(image, probabilities, before, words: str = "", failed: bool = False) -> str:
    if image is None:
        seen = '<div class="paper" role="img" aria-label="nothing drawn yet"></div>'
    else:
        seen = markup.picture(image, "your drawing as the classifier sees it", 112)
    if probabilities is None:
        answer = markup.alert(words) if failed else markup.sentence(words, "hint")
    else:
        second, best = np.argsort(probabilities)[-2:]
        answer = (
            f'<p class="best"><span class="sr">The classifier reads </span><b>{best}</b></p>'
            f'<p class="sure">{markup.percent(probabilities[best])} sure</p>'
            f'<p class="second">Second guess: {second},'
            f" {markup.percent(probabilities[second])}</p>"
        )
    return (
        '<div class="reading"><figure class="seen">'
        f"{seen}<figcaption>what it sees: 28×28</figcaption></figure>"
        f'<div class="answer">{answer}</div></div>{markup.bars(probabilities, before)}'
    )
