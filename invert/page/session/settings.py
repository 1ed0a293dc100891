"""What stands under More of Generate: method, start, steps, how many images, and the seed."""

import dataclasses
import random
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

import invert
from invert.methods import opposite, records, starts
from invert.page.own_network import learning_job
from invert.page.own_network.effort import MOST_IMAGES
from invert.page.session import network, one_of, state

if TYPE_CHECKING:
    from invert.methods.choice import ChosenMethod

# The page's own limits, within the engine's: these shapes are compiled at start-up.
MOST_SEED = 9999
STEPS = [5, 10, 20, 40, 60, 100, 200, 400]
# What a newcomer sees: the plan itself, from noise.
COUNT, SEED = 1, 19
BEST, DEFAULT = "its best", "default"


def choose(chosen: network.Network) -> state.Choice:
    """Show the controls under More; every one takes effect at once and is part of the URL.

    Those that would change nothing are not offered.
    """
    offered = [BEST, *suitable(chosen)]
    if chosen.name == opposite.SHIPPED or learning_job.learned(chosen) is not None:
        offered.append(state.OPPOSITE.name)
    method = one_of.one_of("Method", offered, BEST, state.METHOD)
    own = best(chosen) if method == BEST else None
    usual = own.method if own else None
    record = state.record_of(chosen.name, usual if method == BEST else method)
    title, name, claim = map(escape, (record.title, record.name, record.claim))
    why = escape(own.why) if own else ""
    st.html(f'<p class="note"><b>{title}</b> <small>{name}</small><br>{claim} {why}</p>')
    with st.container(key="settings", horizontal=True, vertical_alignment="bottom", gap="small"):
        start = _choose_start(record, chosen)
        steps = _choose_steps(record, chosen)
        alike = start in ("black", "average", state.MY_DRAWING)  # then all images would be one
        count = COUNT if alike else _choose_count(record, chosen, steps)
        if start == DEFAULT:
            start = _usual_start(record, count)
        seed = _choose_seed(record, start)
    return state.Choice(
        target=0,
        network=chosen.name,
        method=record.name,
        images=int(count),
        seed=seed,
        start=start,
        steps=steps,
        weights=tuple(chosen.weights(record.name).items()),
    )


def best(chosen: network.Network) -> "ChosenMethod | None":
    """Return what one's own network is run backwards by where nobody says; None of shipped ones."""
    own = chosen.chosen_method()
    if own is None or own.method in suitable(chosen):
        return own
    return dataclasses.replace(own, method=records.OWN_METHOD, why="")


def suitable(chosen: network.Network) -> list[str]:
    """Return the names of the methods that a network can be run backwards by."""
    return [
        name
        for name, each in invert.METHODS.items()
        if (
            chosen.digits
            or (isinstance(each, records.Optimization) and each.parametrisation != "decoder")
        )
        and chosen.most_steps(each) >= min(STEPS)
        and (name != "strokes" or chosen.takes_pen())
    ]


def takes_drawing(record: records.Method, chosen: network.Network) -> bool:
    """Whether a method may start from what the left side has: its pixels, or its strokes."""
    if not isinstance(record, records.Optimization) or chosen.source is None:
        return False
    by_pen = record.parametrisation == "strokes"
    return record.parametrisation == "pixels" or (by_pen and chosen.grey)


def _choose_start(record: records.Method, chosen: network.Network) -> str:
    if not isinstance(record, records.Optimization):
        return DEFAULT
    named = [s for s in invert.STARTS if chosen.digits or s not in starts.FROM_TRAINING_DATA]
    if record.start == starts.RANDOM:
        if not takes_drawing(record, chosen):
            return DEFAULT
        named = []
    named_start = st.selectbox(
        f"Start (default: {record.start})",
        [DEFAULT, *named, state.MY_DRAWING],
        key=state.START,
        bind="query-params",
    )
    return named_start or DEFAULT


def _usual_start(record: records.Method, count: int) -> str:
    """The method's own start; noise where all images would start from black."""
    start = getattr(record, "start", starts.RANDOM)
    return "noise" if start == "black" and count > 1 else start


def _choose_steps(record: records.Method, chosen: network.Network) -> int | None:
    """How many steps; None for the method's own."""
    if "steps" not in record.settings:
        return None
    most = min(invert.MAX_STEPS, chosen.most_steps(record))
    named = [DEFAULT, *(str(number) for number in STEPS if number <= most)]
    own = record.settings["steps"]
    usual = own if own <= most else max(number for number in STEPS if number <= most)
    label = f"Steps (default: {usual})"
    steps = st.selectbox(label, named, key=state.STEPS, bind="query-params")
    if steps not in (DEFAULT, None):
        return int(steps)
    return None if usual == own else usual


def _choose_count(record: records.Method, chosen: network.Network, steps: int | None) -> int:
    fit = chosen.most_images(record, steps or record.settings.get("steps", 1))
    most = min(MOST_IMAGES, max(1, fit))
    if most < 2:
        return 1
    if st.session_state.get(state.COUNT, COUNT) > most:
        st.session_state[state.COUNT] = most
    return st.slider("Images", 1, most, COUNT, key=state.COUNT, bind="query-params")


def _choose_seed(record: records.Method, start: str) -> int:
    """The seed, offered where something is random."""
    random_start = start in ("noise", "class-gaussian", starts.RANDOM)
    if not random_start and "jitter" not in record.settings:
        return SEED
    seed = st.number_input(
        "Seed",
        0,
        min(MOST_SEED, invert.MAX_SEED),
        SEED,
        key=state.SEED,
        bind="query-params",
    )
    st.button("New seed", icon=":material/casino:", key="dice", on_click=_roll)
    return int(seed)


def _roll() -> None:
    st.session_state[state.SEED] = random.randint(0, min(MOST_SEED, invert.MAX_SEED))
