"""Classify: draw a digit, see what the classifier reads."""

import random

import numpy as np
import streamlit as st

import invert
from invert import upload
from invert.drawing import BlankDrawing, from_strokes
from invert.networks.classifier import DEFAULT
from invert.page import (
    canvas,
    choices,
    examples,
    failure,
    loading,
    markup,
    shown_instead,
    state,
)

WHAT = (
    "Your strokes are scaled and centred as the training digits were. What is left is 28×28"
    " numbers; from them a small network says how sure it is of each digit."
)
MOST_OF_A_NAME = 30
SOON = "The answer comes as soon as the models are loaded."


def show() -> None:
    """Show the canvas and, beside it, the 28×28 image, the answer and ten bars."""
    st.html(markup.sentence(WHAT))
    with st.container(key="classify", horizontal=True, gap="medium"):
        easel = st.container(key="easel", width=canvas.SIDE)
        answer = st.container(key="answer", width="stretch")
    with st.container(key="classify-controls", horizontal=True, gap="small"):
        pen = canvas.choose_pen()
        classifier = choices.classifier(DEFAULT, state.READER)
    with easel:
        strokes = canvas.draw(pen)
        instead = shown_instead.current(strokes)
        if instead:
            st.html(shown_instead.cover(instead, canvas.SIDE))
    _offer_others(instead)
    before = state.drawn_image()
    with answer:
        st.html(_reading(strokes, instead, classifier))
    if state.right_side_follows() and not _same(before, state.drawn_image()):
        st.rerun()  # the whole page, for the right side has to follow


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _offer_others(instead: state.Instead | None) -> None:
    """Show what else can be read: a real digit, or a picture of one's own."""
    with st.container(
        key="others", horizontal=True, gap="small", vertical_alignment="center", width="stretch"
    ):
        with st.container(key="instead", width="content", gap="small"):
            st.button(
                "Example digit",
                icon=":material/shuffle:",
                key="example",
                on_click=_put_example,
                help="A real digit that the network never saw, from MNIST's test set, with its"
                " label to check the answer against.",
            )
            st.button(
                "Back to my drawing",
                key="back",
                on_click=shown_instead.take_away,
                disabled=instead is None,
                help="Nothing of it is lost: it lies under the image.",
            )
        st.file_uploader(
            "A picture of a digit",
            type=[ending for endings in upload.TYPES.values() for ending in endings],
            key="upload",
            on_change=_put_upload,
            help="PNG, JPEG or WEBP, up to 8 MB: a scan or a photo of one digit, dark on light or"
            " light on dark. It is read on this server and not kept.",
        )
    if complaint := state.complaint():
        st.html(markup.alert(complaint))


def _put_example() -> None:
    digit, number = random.randrange(10), random.randrange(examples.EACH)
    words = f"MNIST test digit, labelled {digit}"
    shown_instead.put(lambda: state.Instead(examples.load()[digit, number], words))


def _put_upload() -> None:
    file = st.session_state.get("upload")
    if file is not None:
        shown_instead.put(lambda: _uploaded(file))


def _uploaded(file) -> state.Instead:
    """A visitor's picture, by its name: where the next is refused, this one stays."""
    image, count = upload.read_counting(file.getvalue())
    words = f"your picture {file.name[:MOST_OF_A_NAME]}"
    return state.Instead(
        image, words if count == 1 else f"{words}: I see {count} digits, read as one"
    )


def _reading(strokes: dict | None, instead: state.Instead | None, classifier: str) -> str:
    """Return what the classifier reads in the strokes, as HTML of one size, whatever happens."""
    before = st.session_state.get("last reading")
    st.session_state["last reading"] = None
    state.set_drawn_image(None)
    try:
        image = instead.image if instead else from_strokes(strokes)
        state.set_drawn_image(image)
        if not loading.ready():
            return _layout(image, None, before, markup.sentence(SOON, "hint"))
        probabilities = invert.classify(image[None], classifier=classifier)[0]
    except BlankDrawing:
        return _layout(None, None, before, markup.sentence("Draw a digit", "hint"))
    except Exception as error:
        return _layout(None, None, before, failure.html(error))
    st.session_state["last reading"] = probabilities
    return _layout(image, probabilities, before, digit=_looks_like_digit(image))


def _looks_like_digit(image: np.ndarray) -> bool:
    """What the judge says; where it cannot be asked, nothing is said against the drawing."""
    try:
        return bool(invert.looks_like_digit(image)[0])
    except Exception:
        return True


def _layout(image, probabilities, before, answer: str = "", digit: bool = True) -> str:
    if image is None:
        seen = '<div class="paper" role="img" aria-label="nothing drawn yet"></div>'
    else:
        seen = markup.picture(image, "your drawing as the classifier sees it", 112)
    if probabilities is not None:
        second, best = np.argsort(probabilities)[-2:]
        guess = f"Second guess: {second}, {markup.percent(probabilities[second])}"
        if not digit:
            guess = "The judge sees no digit."
        answer = (
            f'<p class="best"><span class="sr">The classifier reads </span><b>{best}</b></p>'
            f'<p class="sure">{markup.percent(probabilities[best])} sure</p>'
            f'<p class="second">{guess}</p>'
        )
    return (
        '<div class="reading"><figure class="seen">'
        f"{seen}<figcaption>what it sees: 28×28</figcaption></figure>"
        f'<div class="answer">{answer}</div></div>{markup.bars(probabilities, before)}'
    )
