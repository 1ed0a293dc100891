"""Classify: draw, see what the network reads, and what its layers make of it."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import invert
from invert import drawing
from invert.drawing import BlankDrawing, from_strokes
from invert.networks.classifier import CLASSIFIERS
from invert.page.canvas import drawing_area, easel, layers, shown_instead
from invert.page.features import live
from invert.page.panels import own_settings, picture_field
from invert.page.pictures import markup, wording
from invert.page.server import failure, loading, queue
from invert.page.session import link, network, state

SOON = "The answer comes as soon as the models are loaded."
HIDE_CANVAS = "<style>[data-testid=stLayoutWrapper]:has(> .st-key-easel) { display: none }</style>"
A_DIGIT = "The judge, another network that only checks, takes it for a digit."
NO_DIGIT = (
    "The judge, another network that only checks, takes it for no digit. This network has to answer"
    " all the same."
)
LEFT_OUT = (
    "This drawing is too long for a link, so Share leaves it out. Draw a shorter one to include it."
)
DRAW, DRAW_OTHER = "Draw a digit", "Draw one of its classes, or drop a picture."


def show() -> None:
    """Show the canvas with the answer beside it, the layers under it, and the rest under More.

    A network of colour images is shown a picture in the canvas's place.
    """
    chosen = network.chosen()
    places, pen = _places(chosen)
    picture_field.read_upload(chosen)
    with places.complaint:
        if complaint := state.complaint():
            st.html(markup.alert(complaint))
    with places.easel:
        drawn = easel.draw(pen, chosen)
    _keep_link(drawn)
    if chosen.features:
        return live.show(chosen, places.answer, places.own)
    if places.picture is None:
        image, error = _image(drawn, chosen)
    else:
        with places.picture:
            image, error = picture_field.show_picture(chosen)
    with places.answer:
        reading = _reading(image, error, chosen, drawn)
        kept = f'data-strokes="{drawn.sent}" data-left-out="{link.left_out()}"'
        kept += f' data-ended="{drawn.sent + drawn.lifted}"'
        kept += f' data-at-first="{drawn.at_first}"'
        kept += f' data-earlier="{easel.EARLIER in drawn.able:d}"'
        kept += f' data-later="{easel.LATER in drawn.able:d}"'
        st.html(f'<div class="reading" {kept}>{reading}</div>')
    if chosen.name not in CLASSIFIERS:
        with places.own:
            own_settings.show(image, chosen, drawn.instead is None or drawn.instead.ink)
    with places.layers:
        st.html(failure.instead(lambda: layers.html(image, chosen, loading.ready())))
    with places.back:
        _offer_way_back(chosen, drawn)
        picture_field.offer_framing(chosen)
    if link.leaves_drawing_out() and not drawn.instead and chosen.grey:
        st.html(markup.sentence(LEFT_OUT, "note left-out"))
    if not drawn.under_way:
        _let_the_right_side_follow(
            image, [] if drawn.instead else shown_instead.strokes(drawn.strokes)
        )


class Places(NamedTuple):
    """Where the parts of the panel are shown, in whichever order they are made."""

    easel: DeltaGenerator
    picture: DeltaGenerator | None
    answer: DeltaGenerator
    own: DeltaGenerator
    layers: DeltaGenerator
    back: DeltaGenerator
    complaint: DeltaGenerator


def _places(chosen: network.Network) -> tuple[Places, str]:
    """Lay the panel out, with what stands under More; return its places and the pen."""
    st.html("<style></style>" if chosen.grey else HIDE_CANVAS)
    with st.container(key="classify", horizontal=True, gap="medium"):
        paper = st.container(key="easel", width=drawing_area.SIDE)
        picture = (
            None
            if chosen.grey or chosen.features
            else st.container(key="picture-place", width=drawing_area.SIDE)
        )
        answer = st.container(key="answer", width="stretch")
    own = st.container()
    strip = st.container(key="layers")
    pen = drawing_area.PEN
    with st.container(key="read-more", horizontal=True, gap="small"):
        if chosen.grey:
            st.html(markup.more_button("reading"))
        back = st.container(key="back-place", width="content", horizontal=True)
    if chosen.grey:
        with st.container(key="more-reading", horizontal=True, vertical_alignment="bottom"):
            pen = drawing_area.choose_pen()
            picture_field.offer_others(chosen.digits)
    return Places(paper, picture, answer, own, strip, back, st.container()), pen


def _keep_link(drawn: easel.Drawn) -> None:
    if drawn.changed:
        link.keep_drawing(drawn.strokes)
    if drawn.instead and not drawn.instead.in_link:
        link.keep_example("")  # it is in the place of the one that the address names


def _offer_way_back(chosen: network.Network, drawn: easel.Drawn) -> None:
    """Show a button that takes away what stands in the drawing's place, where there is a drawing.

    Where there is none, the canvas's Clear presses it, and nobody sees it.
    """
    kept = drawn.sent if chosen.grey else st.session_state.get("picture") is not None
    covered = drawn.instead is not None and kept
    with st.container(key="back-offered" if covered else "back-unseen", width="content"):
        st.button(
            "Back to my drawing" if chosen.grey else "Back to my picture",
            key="back",
            on_click=shown_instead.take_away,
        )


def _let_the_right_side_follow(image: np.ndarray | None, strokes: list) -> None:
    before, drawn = state.drawn_image(), state.drawn_strokes()
    state.set_drawn_image(image)
    state.set_drawn_strokes(strokes)
    same = _same(before, image) and bool(drawn) == bool(strokes)
    if state.right_side_follows() and not same:
        st.rerun()  # the whole page


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _image(
    drawn: easel.Drawn, chosen: network.Network
) -> tuple[np.ndarray | None, Exception | None]:
    """Return what is to be read, or why there is nothing to read."""
    if drawn.instead:
        image = drawn.instead.image
        return (chosen.inked(image) if drawn.instead.ink else image), None
    try:
        return chosen.inked(from_strokes(drawn.strokes, chosen.shape)), None
    except Exception as error:
        return None, error


def _reading(image, error: Exception | None, chosen: network.Network, drawn: easel.Drawn) -> str:
    """Return what the network reads in an image, as HTML of one size, whatever happens."""
    before = st.session_state.get("last reading")
    st.session_state["last reading"] = None
    try:
        if error is not None:
            raise error
        if not loading.ready():
            return _layout(None, before, markup.sentence(SOON, "hint"))
        probabilities = _read(chosen.fit(image), chosen.classifier)
        said = _said_beside(image, probabilities, chosen, drawn)
    except BlankDrawing:
        words = DRAW if chosen.digits else DRAW_OTHER
        return _layout(None, before, markup.sentence(words, "hint"), chosen.labels)
    except Exception as error:
        return _layout(None, before, failure.html(error), chosen.labels)
    st.session_state["last reading"] = probabilities
    best = int(np.argmax(probabilities))
    label = chosen.labels[best]
    long = ' class="long"' if len(label) > 2 else ""
    answer = (
        f'<p class="best"><span class="sr">{markup.network_name(chosen.name)} reads </span>'
        f"<b{long}>{escape(label)}</b></p>"
        f'<div><p class="sure">{markup.percent(probabilities[best])} sure</p>'
        f'<p class="second">{said}</p></div>'
    )
    return _layout(probabilities, before, answer, chosen.labels)


def _said_beside(image, probabilities, chosen: network.Network, drawn: easel.Drawn) -> str:
    """What is said beside the answer: that it is no digit, what others read, a second guess."""
    second = int(np.argsort(probabilities)[-2])
    sure = markup.percent(probabilities[second])
    guess = f"Second guess: {escape(chosen.labels[second])}, {sure}" if sure != "0%" else ""
    if not chosen.digits:
        return guess
    ink = chosen.inked(image)  # as the others read it
    looks = A_DIGIT if _looks_like_digit(ink) else NO_DIGIT
    if drawn.instead:
        others = [name for name in CLASSIFIERS if name != chosen.name]
        read = {name: _read(ink, name) for name in others}
        parts = [f"<code>{name}</code> {int(np.argmax(said))}" for name, said in read.items()]
        return f"Others read: {', '.join(parts)}. {looks}"
    if looks == A_DIGIT:
        return guess or A_DIGIT
    # To count them takes a while, and so is left for when the pen is up.
    count = 0 if drawn.under_way else _digits_side_by_side(drawn.strokes)
    if count > 1:
        return f"I see {wording.number(min(count, 9))} digits. The network reads them as one."
    return NO_DIGIT


def _read(image: np.ndarray, classifier) -> np.ndarray:
    """A classifier's probabilities for one image."""
    return queue.aside_of_work(invert.classify)(image[None], classifier=classifier)[0]


def _looks_like_digit(image: np.ndarray) -> bool:
    """What the judge says; if it cannot be asked, the drawing counts as a digit."""
    try:
        return bool(invert.looks_like_digit(image)[0])
    except Exception:
        return True


def _digits_side_by_side(strokes: dict | None) -> int:
    """How many groups of strokes side by side look like digits; 1 if nothing stands apart."""
    groups = drawing.groups(strokes)
    return sum(map(int, invert.looks_like_digit(groups))) if len(groups) > 1 else 1


def _layout(probabilities, before, answer: str, labels=markup.DIGITS) -> str:
    return f'<div class="answer">{answer}</div>{markup.bars(probabilities, before, labels)}'
