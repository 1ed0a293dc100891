"""What stands in the drawing's place: an example, a picture, or an image that was generated."""

import random
import re
from collections.abc import Callable
from html import escape

import streamlit as st

from invert.page import examples
from invert.page.pictures import markup
from invert.page.server import failure
from invert.page.session import link, state

STROKES, ASIDE = "strokes", "put aside"
FIRST = (3, 1)  # digit and number of the example that a visitor is met by


def put(make: Callable[[], state.Instead]) -> None:
    """Show an image in place of the drawing, until there is a stroke more or less.

    Where it cannot be made, what is there stays, with a complaint under it.
    """
    try:
        state.set_instead(make())
    except Exception as error:
        state.complain(failure.plain_sentence(error))


def take_away() -> None:
    """Show the drawing again; it was only covered."""
    state.set_instead(None)
    link.keep_example("")


def put_aside() -> None:
    """Show the drawing for a while; ``put_back`` ends it."""
    instead = state.instead()
    if instead is not None:
        st.session_state[ASIDE] = instead, link.example(), st.session_state.get(STROKES)
        take_away()


def put_back() -> None:
    """Show what was put aside, unless something was drawn or shown meanwhile."""
    instead, example, strokes = st.session_state.pop(ASIDE, (None, "", None))
    if instead is None or state.instead() or strokes != st.session_state.get(STROKES):
        return
    state.set_instead(instead)
    link.keep_example(example)


def put_example() -> None:
    """Show a real digit, a random one; the link keeps which."""
    digit, number = random.randrange(10), random.randrange(examples.EACH)
    _put_example(digit, number)
    link.keep_example(f"{digit}-{number}")


def put_picture() -> None:
    """Show a random picture that was drawn for the sample network."""
    number = random.randrange(len(examples.pictures()))
    put(lambda: state.Instead(examples.pictures()[number], "an example picture"))


def _put_example(digit: int, number: int) -> None:
    words = f"MNIST test digit, labelled {digit}"
    put(lambda: state.Instead(examples.load()[digit, number], words, in_link=True, ink=True))


def _first_example() -> tuple[int, int]:
    """The example that the link names, or the usual one: digit and number."""
    named = re.fullmatch(r"([0-9])-([0-9])", link.example())
    return (int(named[1]), int(named[2])) if named else FIRST


def current(drawing: dict | None, shape: tuple[int, ...], digits: bool) -> state.Instead | None:
    """Return what stands in place of the drawing, or None where the drawing itself is meant.

    A visitor who has drawn nothing yet is met by an example, and so is one whose link names one.

    Args:
        drawing: what is on the canvas.
        shape: of the network's images.
        digits: whether it reads digits; to no other are examples shown.
    """
    drawn, instead = strokes(drawing), state.instead()
    first = digits and STROKES not in st.session_state
    if first and (link.example() or not drawn):
        _put_example(*_first_example())
    elif changed(drawing) or (instead is not None and _unsuited(instead, shape, digits)):
        take_away()
    st.session_state[STROKES] = drawn
    return state.instead()


def changed(drawing: dict | None) -> bool:
    """Whether there is a stroke more or less than `current` has seen."""
    return strokes(drawing) != st.session_state.get(STROKES, [])


def _unsuited(instead: state.Instead, shape: tuple[int, ...], digits: bool) -> bool:
    """Whether it was shown to a network of other images."""
    return instead.image.shape != shape or (instead.in_link and not digits)


def strokes(drawing: dict | None) -> list:
    """Return the strokes of a drawing."""
    return (drawing.get("objects") if isinstance(drawing, dict) else None) or []


def cover(instead: state.Instead, side: int) -> str:
    """Return HTML that covers the canvas; ``canvas.js`` lifts it when one draws."""
    picture = markup.picture(instead.image, instead.words, side)
    words = escape(instead.words)
    return (
        f'<figure class="given">{picture}<p class="draw-here">Draw here</p>'
        f"<figcaption>{words}</figcaption></figure>"
    )
