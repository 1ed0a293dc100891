"""What the panels know of each other: every key of the session's state that more than one uses.

Keys of a single panel's own widgets stand where the widget is.
"""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from invert.methods import opposite, records

# Widgets whose choice another panel reads or sets too.
NETWORK = "network"
DIGIT, METHOD, COUNT, START, STEPS, SEED = "digit", "method", "count", "start", "steps", "seed"
CLASS = "class"  # of a network that reads no digits, in the digit's place
LOST_IMAGE = "lost-image"
LEFT, RIGHT = "left", "right"  # the open tabs
# The values of two of those by which the right side shows what the left one has.
MY_DRAWING, DRAWN = "my drawing", "drawn"


# The one way of drawing that is no method: it is a network itself, and only some have one.
OPPOSITE = records.Method(
    name=opposite.METHOD,
    title="Its opposite model",
    claim="A second network turns a choice and a seed into an image, in one go. It learned through"
    " this one alone, from no data.",
    source="Chen et al. 2019, https://arxiv.org/abs/1904.01186",
)


def record_of(network: str, method: str | None, said: Mapping[str, Any] = {}) -> records.Method:
    """Return a way of drawing, with all its settings in place; None is a shipped network's best."""
    return OPPOSITE if method == OPPOSITE.name else records.method_for(network, method, said)


class Instead(NamedTuple):
    """An image that stands in the drawing's place.

    Attributes:
        image: in [0, 1].
        words: what it is, in a few words.
        in_link: whether the page's address shows it too when it is opened, as it does an example.
        ink: whether 1 is ink, whatever the network takes for it.
    """

    image: np.ndarray
    words: str
    in_link: bool = False
    ink: bool = False


class Choice(NamedTuple):
    """What the visitor asks for under Generate.

    Attributes:
        target: the number of the class.
        network: its name.
        method: its name.
        images: how many.
        seed: of what is random.
        start: a start's name, or ``MY_DRAWING``.
        steps: how many; None for the method's own.
        weights: of the method's priors, with their names, where the network chose them.
    """

    target: int
    network: str
    method: str
    images: int
    seed: int
    start: str
    steps: int | None
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def record(self) -> records.Method:
        """The method, with all its settings in place."""
        return record_of(self.network, self.method, self.said)

    @property
    def said(self) -> dict[str, Any]:
        """The settings that ``generate`` is told."""
        steps = {} if self.steps is None else {"steps": self.steps}
        return {**steps, **dict(self.weights)}


def choice() -> Choice | None:
    """What the visitor asks for under Generate, once they do."""
    return st.session_state.get("choice")


def set_choice(choice: Choice) -> None:
    """Remember what the visitor asks for."""
    st.session_state["choice"] = choice


def session() -> str:
    """What tells this session from all others; nobody else can guess it."""
    return st.session_state.setdefault("session", secrets.token_hex())


def drawn_image() -> np.ndarray | None:
    """The image that the left side reads, ``(28, 28)``; None where nothing is drawn."""
    return st.session_state.get("drawn image")


def set_drawn_image(image: np.ndarray | None) -> None:
    """Remember what the left side reads."""
    st.session_state["drawn image"] = image


def drawn_strokes() -> list[Any]:
    """The strokes on the canvas, as it writes them down; none where a picture stands there."""
    return st.session_state.get("drawn strokes", [])


def set_drawn_strokes(strokes: list[Any]) -> None:
    """Remember what the canvas holds."""
    st.session_state["drawn strokes"] = strokes


def right_side_follows() -> bool:
    """Whether the right side shows what the left one has, and so changes with it."""
    wanted = {START: MY_DRAWING, LOST_IMAGE: DRAWN}
    return any(st.session_state.get(key) == value for key, value in wanted.items())


def instead() -> Instead | None:
    """What stands in the drawing's place; None where the drawing itself is meant."""
    return st.session_state.get("instead")


def set_instead(instead: Instead | None) -> None:
    """Put an image in the drawing's place, or take it away; a complaint goes with the old one."""
    st.session_state["instead"], st.session_state["complaint"] = instead, None


def complaint() -> str | None:
    """Why the last picture could not be used, if so."""
    return st.session_state.get("complaint")


def complain(sentence: str) -> None:
    """Say why a picture could not be used; what is there stays."""
    st.session_state["complaint"] = sentence


def send(image: np.ndarray, words: str, ink: bool) -> None:
    """Send an image from the right side to the left, which has to be shown anew."""
    set_instead(Instead(image, words, ink=ink))
    send_strokes()


def send_strokes() -> None:
    """Have the left side shown anew: strokes were put on its canvas."""
    st.session_state["sent"] = True


def was_sent() -> bool:
    """Whether anything was sent since this was last asked."""
    return st.session_state.pop("sent", False)
