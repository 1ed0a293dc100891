"""What is asked of a network of features: the value that it is to give, and by how many inputs."""

import random
from typing import NamedTuple

import numpy as np
import streamlit as st

from invert.methods import records
from invert.page.features import in_words, inputs
from invert.page.own_network import held_networks
from invert.page.own_network.effort import MOST_IMAGES
from invert.page.session import network, settings, state

INPUTS = 12  # that are looked for at first
ASKED = "what inputs are looked for"
MOST_TARGET = 1e18  # of a value, as ``invert.generate`` takes it


class Question(NamedTuple):
    """What is looked for.

    Attributes:
        of: the network, as `inputs.Inputs` has it.
        values: each output's value, None where any will do; of a classifier none.
        target: the class; of a network of values 0.
        held: features that stay, with their values.
        many: how many inputs.
        seed: of where the search starts.
    """

    of: str
    values: tuple[float | None, ...]
    target: int
    held: tuple[tuple[int, float], ...]
    many: int
    seed: int


def choose(chosen: network.Network) -> None:
    """Let the visitor choose what the network is to give, and how many inputs are looked for."""
    if gives_values(chosen):
        for number, name in enumerate(in_words.outputs(chosen)):
            key, first = _key(number), _first(chosen, number)
            st.session_state.setdefault(key, first)
            st.number_input(
                f"{name} should be",
                min_value=-MOST_TARGET,
                max_value=MOST_TARGET,
                value=None,
                step=None,
                format="%.6g",
                placeholder="anything",
                key=key,
                on_change=_ask,
            )
    else:
        st.selectbox(
            "What it should say",
            range(len(chosen.labels)),
            format_func=lambda number: chosen.labels[number],
            key=state.CLASS,
            on_change=_ask,
        )
    most = max(1, most_inputs(chosen))
    st.select_slider(
        "Inputs", range(1, most + 1), min(INPUTS, most), key=_key("many"), on_change=_ask
    )
    st.button("Find inputs", key="find", type="primary", on_click=_ask)
    st.button("Others", icon=":material/casino:", key="find-others", on_click=_ask_anew)


def _key(what: int | str) -> str:
    return f"feature-{what}-{held_networks.files_read()}"


def gives_values(chosen: network.Network) -> bool:
    """Whether the network gives values, and not probabilities of classes."""
    return chosen.graph.head == "values"


def _first(chosen: network.Network, number: int) -> float | None:
    """What is asked of an output at first: of the first the middle of what it usually gives."""
    from invert.methods import answers

    graph = chosen.graph
    middle = float(np.mean(answers.nine_in_ten(graph)[:, number]))
    middle = min(MOST_TARGET, max(-MOST_TARGET, middle))
    return float(f"{middle:.2g}") if number == 0 else None


def most_inputs(chosen: network.Network) -> int:
    """How many inputs may be looked for; 0 where there are choices, and to try each takes too long.

    Every choice of one of many may be tried by a run of its own, after one from random inputs and
    one around what that found.
    """
    from invert.methods.generation import choices

    domain = chosen.graph.domain
    runs = 1 + bool(domain.whole or domain.one_of) + len(choices(domain))
    record = records.method_for("", records.VALUES_METHOD, {"steps": 300})
    fit = min(MOST_IMAGES, chosen.most_images(record, 300 * runs))
    return fit if domain.one_of else max(1, fit)


def asked(chosen: network.Network) -> Question:
    """What is looked for now; of a network that nothing was asked of, what the page asks first."""
    known = present()
    if known is None or known.of != inputs.present(chosen).of or not _suits(known, chosen):
        _ask()
    question: Question = st.session_state[ASKED]
    return question


def present() -> Question | None:
    """Return what is looked for now; None where nothing is yet."""
    asked: Question | None = st.session_state.get(ASKED)
    return asked


def _suits(asked: Question, chosen: network.Network) -> bool:
    return len(asked.values) == (len(chosen.labels) if gives_values(chosen) else 0)


def _ask(seed: int = settings.SEED) -> None:
    """Look for what is chosen from now on."""
    chosen = network.chosen()
    present = inputs.present(chosen)
    kept = st.session_state
    values = [kept.get(_key(n)) for n in range(len(chosen.labels))] if gives_values(chosen) else []
    held = tuple((place, present.values[place]) for place in sorted(present.held))
    count = min(int(kept.get(_key("many")) or INPUTS), max(1, most_inputs(chosen)))
    kept[ASKED] = Question(
        present.of, tuple(values), int(kept.get(state.CLASS) or 0), held, count, seed
    )


def _ask_anew() -> None:
    _ask(random.randint(0, settings.MOST_SEED))
