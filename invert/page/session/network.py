"""The one network of the page: the left side reads with it, the right side runs it backwards."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from invert.images import SIDE
from invert.inversion.checks import MAX_COUNT, MAX_STEPS
from invert.inversion.domain import Bound, Domain
from invert.methods import records
from invert.networks.classifier import CLASSIFIERS, DEFAULT, DENSE
from invert.page import examples
from invert.page.own_network import effort, held_networks, told
from invert.page.pictures import markup
from invert.page.server import failure, loading
from invert.page.session import one_of, state

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.methods import choice

OWN, SAMPLE = "own", "the sample network that was asked for"
TAKEN = "the sample network that was read just now"
SAMPLE_OF_FEATURES = "sample-features"
NAMES = (*CLASSIFIERS, OWN)
# What each is, beside the choice: how it was trained, and what that makes of it.
MEANINGS = {
    "question": "trained as the question describes. Its pixels become noise; with a pen it draws.",
    "robust": "the same network, trained on disturbed digits. It draws legible digits.",
    "energy": "like `robust`, and trained to reject its own bad drawings. It draws handwriting.",
    "student": "a LeNet-5 that never saw handwriting. It learned from what `energy` draws.",
}


# By the key of its button: the file, and what is said of it.
SAMPLES = {
    "sample": (
        examples.SAMPLE,
        "Try a sample",
        "A small network that tells circles, squares, triangles, stars and crosses apart.",
    ),
    SAMPLE_OF_FEATURES: (
        examples.FEATURES,
        "Try one of numbers",
        "A small network that says how far a ball flies, by speed, angle, height and world.",
    ),
}


class Network(NamedTuple):
    """The network that was chosen.

    Attributes:
        name: of a shipped one its own; of one's own network one that no other file has.
        source: what `invert.generate` and `invert.classify` take; None while one's own network is
            still to be given.
        shape: of its images.
        labels: of its classes.
        pixel_range: of its images.
        dark: whether it reads dark ink on light paper; see ``pen.ink_is_dark``.
    """

    name: str
    source: "str | FrozenGraph | None"
    shape: tuple[int, ...] = (SIDE, SIDE)
    labels: tuple[str, ...] = markup.DIGITS
    pixel_range: tuple[Bound, Bound] = (0.0, 1.0)
    dark: bool = False

    @property
    def classifier(self) -> "str | FrozenGraph":
        """What `invert.generate` and `invert.classify` take.

        Raises:
            NotYet: one's own network is still to be given.
        """
        if self.source is None:
            raise failure.NotYet(held_networks.NOT_YET)
        return self.source

    @property
    def graph(self) -> "FrozenGraph":
        """One's own network.

        Raises:
            NotYet: it is still to be given.
        """
        graph = self.classifier
        assert not isinstance(graph, str), "of the networks that ship the page knows the names"
        return graph

    @property
    def dense(self) -> bool:
        """Whether the panels that look into layers can look into this one."""
        if self.source is None or isinstance(self.source, str):
            return self.name in DENSE
        return not self.features and effort.takes_apart(self.source)

    @property
    def digits(self) -> bool:
        """Whether it reads digits of this page's form."""
        return markup.of_digits(self.shape, self.labels)

    @property
    def features(self) -> bool:
        """Whether it reads features, numbers with a name each, and no pictures."""
        return len(self.shape) == 1

    @property
    def grey(self) -> bool:
        """Whether its images are grey, so that one can draw them."""
        return len(self.shape) == 2

    def most_steps(self, method: records.Method, images: int = 1) -> int:
        """How many steps of a method a run of so many images may take."""
        known = self._effort(method)
        return MAX_STEPS if known is None else known.most_steps(images)

    def most_images(self, method: records.Method, steps: int) -> int:
        """How many images a run of so many steps of a method may have."""
        known = self._effort(method)
        return MAX_COUNT if known is None else known.most_images(steps)

    def chosen_method(self) -> "choice.ChosenMethod | None":
        """What one's own network chose to be run backwards by; None of those that ship."""
        if self.source is None or isinstance(self.source, str):
            return None
        from invert.methods import choice

        return choice.known(self.source) or choice.ChosenMethod(records.OWN_METHOD, "")

    def weights(self, method: str) -> dict[str, float]:
        """The weights of a method's priors that one's own network chose; none of others."""
        if self.source is None or isinstance(self.source, str):
            return {}
        from invert.methods import choice

        return choice.known_weights(self.source, method)

    def takes_pen(self) -> bool:
        """Whether it may be asked which ink it reads."""
        if self.source is None or isinstance(self.source, str):
            return True
        return effort.takes_pen(self.source)

    def _effort(self, method: records.Method) -> effort.Effort | None:
        """How long a method's steps take; None of the networks that ship."""
        if self.source is None or isinstance(self.source, str):
            return None
        known = effort.effort_of(self.source)
        if not isinstance(method, records.Optimization):
            return known
        return known.by(method, self.source.values)

    def inked(self, ink: np.ndarray) -> np.ndarray:
        """Return an image of ink = 1 as the network reads ink, still in [0, 1]."""
        return 1 - ink if self.dark else ink

    def fit(self, image: np.ndarray) -> np.ndarray:
        """Return an image in [0, 1] in the network's pixel range."""
        return np.asarray(Domain(self.shape, *self.pixel_range).from_unit(np.asarray(image)))


def choose() -> None:
    """Let the visitor choose the network; the address keeps the choice."""
    one_of.one_of("Network", NAMES, DEFAULT, state.NETWORK)


def show_meaning() -> None:
    """Say what the chosen network is; or take one's own."""
    name = st.session_state.get(state.NETWORK) or DEFAULT
    if name in CLASSIFIERS:
        st.html(markup.sentence(f"`{name}`: {MEANINGS[name]}", "meaning"))
        return
    with st.container(key="own-network", horizontal=True, vertical_alignment="center"):
        # 17rem, in pixels as Streamlit takes it. The line beside it has the rest.
        with st.container(key="network-file", width=272):
            _take_file()
        if held_networks.held() is None:
            for key, (_, label, help) in SAMPLES.items():
                st.button(
                    label,
                    key=key,
                    on_click=_ask_for_sample,
                    args=(key,),
                    disabled=not loading.ready(),
                    help=help,
                )
        st.html(markup.sentence(held_networks.said(), "meaning"))


def _take_file() -> None:
    """Let the visitor drop a file.

    After a file is read the field is emptied, so it never shows a refused one. The line beside it
    names the network in use. The field accepts files of every type: Streamlit
    would leave a file of a wrong type in it, with a shorter message than ours.
    """
    file = st.file_uploader(
        "A trained network",
        key=f"network-file-{held_networks.files_read()}",
        label_visibility="collapsed",
    )
    if file is not None and loading.ready():
        held_networks.take(file.name, file.getvalue)
        st.rerun()
    if asked := st.session_state.pop(SAMPLE, None):
        path = SAMPLES[asked][0]
        held_networks.take(path.name, path.read_bytes)
        st.session_state[TAKEN] = asked
        st.rerun()


def _ask_for_sample(key: str) -> None:
    st.session_state[SAMPLE] = key


def show_complaint() -> None:
    """Say why one's own network was refused, if it was and is chosen."""
    complaint = held_networks.complaint()
    if complaint and st.session_state.get(state.NETWORK) == OWN:
        st.html(markup.alert(complaint))


def chosen() -> Network:
    """Return the network that was chosen."""
    name = st.session_state.get(state.NETWORK) or DEFAULT
    if name in CLASSIFIERS:
        return Network(name, name)
    graph = held_networks.held()
    if graph is None:
        return Network(OWN, None)
    from invert.methods import pen  # TensorFlow comes with it, and came with the network

    graph = told.applied(graph)
    dark = bool(pen.known_dark(graph)) and len(graph.image_shape) == 2
    return Network(graph.name, graph, graph.image_shape, graph.labels, graph.pixel_range, dark)
