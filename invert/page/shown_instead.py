"""What stands in the drawing's place: an example, a picture, or an image that was generated."""

import random
from collections.abc import Callable
from html import escape

import streamlit as st

from invert.images import SIDE
from invert.page import examples, failure, markup, state

STROKES = "strokes"
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


def put_example(digit: int | None = None, number: int | None = None) -> None:
    """Show a real digit, a random one unless it is named."""
    digit = random.randrange(10) if digit is None else digit
    number = random.randrange(examples.EACH) if number is None else number
    words = f"MNIST test digit, labelled {digit}"
    put(lambda: state.Instead(examples.load()[digit, number], words))


def current(drawing: dict | None) -> state.Instead | None:
    """Return what stands in place of the drawing, or None where the drawing itself is meant.

    A visitor who has drawn nothing yet is met by an example.
    """
    drawn = strokes(drawing)
    if STROKES not in st.session_state and not drawn:
        put_example(*FIRST)
    elif changed(drawing) or _of_another_form(state.instead()):
        take_away()
    st.session_state[STROKES] = drawn
    return state.instead()


def changed(drawing: dict | None) -> bool:
    """Whether there is a stroke more or less than `current` has seen."""
    return strokes(drawing) != st.session_state.get(STROKES, [])


def _of_another_form(instead: state.Instead | None) -> bool:
    """Whether it is an image of a network that reads no digits."""
    return instead is not None and instead.image.shape != (SIDE, SIDE)


def strokes(drawing: dict | None) -> list:
    """Return the strokes of a drawing."""
    return (drawing.get("objects") if isinstance(drawing, dict) else None) or []


def cover(instead: state.Instead, side: int) -> str:
    """Return HTML that covers the canvas; ``canvas.js`` lifts it when one draws."""
    picture = markup.picture(instead.image, instead.words, side)
    words = escape(instead.words)
    return f'<figure class="given">{picture}<figcaption>{words}</figcaption></figure>'
