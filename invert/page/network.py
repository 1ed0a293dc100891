"""The one network of the page: the left side reads with it, the right side runs it backwards."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from invert.networks.classifier import CLASSIFIERS, DEFAULT, DENSE
from invert.page import choices, state

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph

YOURS = "yours"
NAMES = (*CLASSIFIERS, YOURS)
# What each is, beside the choice: how it was trained, and what that makes of it.
MEANINGS = {
    "question": "trained as the question describes. Run backwards, it makes noise that only it can read.",
    "robust": "the same network, trained on digits disturbed to mislead it. It draws legible digits.",
    "energy": "like robust, and trained to reject its own bad drawings. It draws handwriting.",
    "student": "a LeNet-5 that never saw handwriting. It learned from what energy draws.",
}


class Network(NamedTuple):
    """The network that was chosen.

    Attributes:
        name: of a shipped one its own; of a visitor's one that no other file has.
        classifier: what `invert.generate` and `invert.classify` take.
    """

    name: str
    classifier: "str | FrozenGraph"

    @property
    def dense(self) -> bool:
        """Whether the panels that look into layers can look into this one."""
        return self.name in DENSE


def choose() -> None:
    """Let the visitor choose the network; the address keeps the choice."""
    choices.one_of("Network", NAMES, DEFAULT, state.NETWORK)


def chosen() -> Network:
    """Return the network that was chosen."""
    name = st.session_state.get(state.NETWORK) or DEFAULT
    return Network(name, name) if name in CLASSIFIERS else Network(DEFAULT, DEFAULT)
