"""Generate: choose a digit, see the images that the classifier was inverted to."""

import dataclasses
import logging
import random

import streamlit as st

import invert
from invert import judge
from invert.page import chart, choices, loading, markup, sheet

# The page's own limits, within the engine's: these shapes are compiled at start-up.
MOST_IMAGES = 16
MOST_SEED = 9999
FRAMES = 32
STEPS = [5, 10, 20, 40, 60, 100, 200, 400]
DIGIT, METHOD = "8", "robust"
OWN = "default"
WHY = "The network's weights stay as they are; its input is learned, until it says the digit."
log = logging.getLogger(__name__)


@st.fragment
def show() -> None:
    """Show the choices and, below, the images, their film and the probability by step."""
    choice = _choose()
    method = invert.METHODS[choice["method"]]
    if choice["start"]:
        method = dataclasses.replace(method, start=choice["start"])
    aided = " It starts from training data." if method.sees_training_data else ""
    st.html(markup.sentence(f"{method.claim} {WHY}{aided}"))
    with st.container(key="run"):
        st.html(_result(choice))


def _choose() -> dict:
    """Show the controls; every one takes effect at once and is part of the URL."""
    digit = choices.one_of(
        "Digit",
        [str(digit) for digit in range(10)],
        DIGIT,
        "digit",
        "The digit to make. The keys 0 to 9 choose it too.",
        width="stretch",
    )
    method = choices.one_of(
        "Method",
        list(invert.METHODS),
        METHOD,
        "method",
        "A recipe: which classifier is inverted, from which start, by which steps.",
    )
    with st.container(key="settings", horizontal=True, vertical_alignment="bottom", gap="small"):
        count = st.slider(
            "Images",
            1,
            MOST_IMAGES,
            1,
            key="count",
            bind="query-params",
            help="How many, each from its own random numbers.",
        )
        start = st.selectbox(
            "Start",
            [OWN, *invert.STARTS],
            key="start",
            bind="query-params",
            help="The image that the steps begin at, by default the method's own: a page without"
            " ink ('black', as MNIST shows it), faint noise, the mean of all training digits, or a"
            " random draw around the mean of this digit ('class-gaussian').",
        )
        steps = st.selectbox(
            "Steps",
            [OWN, *(str(n) for n in STEPS if n <= invert.MAX_STEPS)],
            key="steps",
            bind="query-params",
            help="How often the image is changed. Each step moves it a little in the direction"
            " that makes the classifier surer.",
        )
        seed = st.number_input(
            "Seed",
            0,
            min(MOST_SEED, invert.MAX_SEED),
            0,
            key="seed",
            bind="query-params",
            help="Where the random numbers begin: the same seed, the same images.",
        )
        st.button(
            "New seed",
            icon=":material/casino:",
            key="dice",
            on_click=_roll,
            help="Another seed, by chance.",
        )
    return {
        "digit": int(digit),
        "method": method,
        "count": int(count),
        "seed": int(seed),
        "start": None if start == OWN else start,
        "steps": None if steps == OWN else int(steps),
    }


def _roll() -> None:
    st.session_state["seed"] = random.randint(0, min(MOST_SEED, invert.MAX_SEED))


def _result(choice: dict) -> str:
    if loading.failed():
        return _waiting(choice, "The models are not loaded.")
    if not loading.ready():
        return _waiting(choice, "The images come as soon as the models are loaded.")
    try:
        return _run(**choice)
    except Exception as error:
        if not isinstance(error, ValueError):
            log.exception("a run failed: %s", choice)
        return _waiting(choice, markup.plain_sentence(error), failed=True)


def _waiting(choice: dict, words: str, failed: bool = False) -> str:
    said = markup.alert(words) if failed else markup.sentence(words, "hint")
    return f'<div class="run">{sheet.legend()}{sheet.blank(choice["count"])}<div>{said}</div></div>'


@st.cache_data(max_entries=64, show_spinner=False)
def _run(
    digit: int, method: str, count: int, seed: int, start: str | None, steps: int | None
) -> str:
    """Return a run as HTML. It depends on nothing else, so visitors with one link share it."""
    settings = {} if steps is None else {"steps": steps}
    run = invert.generate(
        [digit] * count, method=method, seed=seed, start=start, frames=FRAMES, **settings
    )
    opinions = judge.read(run.images)
    mean = run.probabilities_by_step.mean(axis=1)
    return (
        f'<div class="run">{sheet.legend()}{sheet.html(run, opinions)}'
        f"{chart.figure(mean, digit, count)}{sheet.player(run)}</div>"
    )
