"""Generate: choose a digit, see the images that the classifier was inverted to."""

import random
from typing import NamedTuple

import numpy as np
import streamlit as st

import invert
from invert import judge
from invert.drawing import BlankDrawing
from invert.page import chart, choices, failure, given, keep, loading, markup, sheet, turns

# The page's own limits, within the engine's: these shapes are compiled at start-up.
MOST_IMAGES = 16
MOST_SEED = 9999
FRAMES = 32
STEPS = [5, 10, 20, 40, 60, 100, 200, 400]
# What a newcomer sees: the plan itself, from noise, several times over.
DIGIT, METHOD, COUNT, SEED = "8", "energy", 4, 9
OWN, DRAWN = "default", "my drawing"
WHY = "The network's weights stay as they are; its input is learned, until it says the digit."


class Result(NamedTuple):
    """A run, what the judge says of its images, and all of it as HTML."""

    run: invert.Run
    opinions: np.ndarray
    html: str


def show() -> None:
    """Show the choices and, below, the images, their film and the probability by step."""
    if st.session_state.pop("sent", False):
        st.rerun()  # the whole page: the left side has an image to read
    choice = _choose()
    method = invert.METHODS[choice["method"]]
    with st.container(key="run"):
        _show_result(method, choice)


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
        "A recipe: which classifier is run backwards, from which start, by which steps. `robust`"
        " and `energy` are named after theirs.\n\n"
        + "\n".join(
            f"- `{name}`{f' (of `{each.classifier}`)' if each.steps else ''}: {each.claim}"
            for name, each in invert.METHODS.items()
        ),
    )
    recipe = invert.METHODS[method]
    with st.container(key="settings", horizontal=True, vertical_alignment="bottom", gap="small"):
        count = st.slider(
            "Images",
            1,
            MOST_IMAGES,
            COUNT,
            key="count",
            bind="query-params",
            help="How many, each from its own random numbers. Under each stands what the classifier"
            " that was run backwards says of it, and what a judge says: a network trained apart.",
        )
        start = st.selectbox(
            "Start",
            [OWN, *invert.STARTS, DRAWN],
            key="start",
            bind="query-params",
            disabled=recipe.start not in invert.STARTS,
            help="The image that the steps begin at, by default the method's own: a page without"
            " ink ('black', as MNIST shows it), faint noise, the mean of all training digits, or a"
            " random draw around the mean of this digit ('class-gaussian'). From black all images"
            " would be one, so several start from noise. Or your drawing: see your 3 become an 8."
            " A method that draws from a random code has no such start.",
        )
        steps = st.selectbox(
            "Steps",
            [OWN, *(str(n) for n in STEPS if n <= invert.MAX_STEPS)],
            key="steps",
            bind="query-params",
            disabled="steps" not in recipe.settings,
            help="How often the image is changed. Each step moves it a little in the direction"
            " that makes the classifier surer.",
        )
        seed = st.number_input(
            "Seed",
            0,
            min(MOST_SEED, invert.MAX_SEED),
            SEED,
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
        "start": start,
        "steps": None if steps == OWN else int(steps),
    }


def _roll() -> None:
    st.session_state["seed"] = random.randint(0, min(MOST_SEED, invert.MAX_SEED))


def _show_result(method: invert.Method, choice: dict) -> None:
    start, words = None, ""
    try:
        start = _start(method, choice)
        if loading.failed():
            words = markup.sentence("The models are not loaded.", "hint")
        elif not loading.ready():
            words = markup.sentence("The images come as soon as the models are loaded.", "hint")
            words += markup.STATUS_AGAIN
        else:
            steps = choice["steps"] if "steps" in method.settings else None
            asked = (choice["digit"], method.name, choice["count"], choice["seed"])
            result = _run(*asked, start, steps)
    except Exception as error:
        words = failure.html(error)
    st.html(markup.sentence(_what(method, start)))
    if words:
        blank = sheet.blank(choice["count"]) + chart.blank(words)
        st.html(f'<div class="run">{sheet.legend()}{blank}</div>')
    else:
        st.html(result.html)
        _offer(result)


def _start(method: invert.Method, choice: dict) -> str | np.ndarray | None:
    """Return where to start, as `invert.generate` takes it."""
    if method.start not in invert.STARTS:
        return None
    if choice["start"] == DRAWN:
        drawn = st.session_state.get("drawn image")
        if drawn is None:
            raise BlankDrawing("Nothing is drawn yet: draw a digit on the left to start from.")
        return drawn
    if choice["start"] == OWN and method.start == "black" and choice["count"] > 1:
        return "noise"
    return method.start if choice["start"] == OWN else choice["start"]


def _what(method: invert.Method, start: str | np.ndarray | None) -> str:
    """Return what is done, from where, and what it knows beside the network."""
    if not method.steps:
        return f"{method.claim} It learned from training data what digits look like."
    if method.start not in invert.STARTS:
        return f"{method.claim} Its decoder learned from training data what digits look like."
    named = start if isinstance(start, str) else DRAWN.replace("my", "your")
    aided = isinstance(start, str) and method.sees_training_data_from(start)
    return f"{method.claim} {WHY} Start: {named}{', drawn from training data' if aided else ''}."


@st.cache_data(max_entries=32, show_spinner=False)
def _run(digit: int, method: str, count: int, seed: int, start, steps: int | None) -> Result:
    """Make the images. They depend on nothing else, so visitors with one link share them."""
    settings = {} if steps is None else {"steps": steps}
    with turns.turn():
        run = invert.generate(
            [digit] * count, method=method, seed=seed, start=start, frames=FRAMES, **settings
        )
    opinions = judge.read(run.images)
    if run.frames is None:
        beside = markup.sentence("Made in one go: there are no steps to watch.", "chart hint")
    else:
        mean = run.probabilities_by_step.mean(axis=1)
        beside = chart.figure(mean, digit, count) + sheet.player(run)
    html = (
        f'<div class="run">{sheet.legend()}{sheet.html(run, opinions)}{sheet.INVITE}{beside}</div>'
    )
    return Result(run, opinions, html)


def _offer(result: Result) -> None:
    """Show what can be done with the images: have one classified, keep them."""
    run = result.run
    with st.container(key="senders"):  # unseen: page.js presses them when an image is clicked
        for number in range(len(run.images)):
            st.button(
                f"Classify image {number + 1}",
                key=f"classify-{number + 1}",
                on_click=_send,
                args=(run, number),
            )
    with st.popover("Keep", icon=":material/download:", key="keep"):
        for label, ending, mime, make in (
            ("Images (PNG)", "png", "image/png", lambda: keep.png(run)),
            ("Film (GIF)", "gif", "image/gif", lambda: keep.gif(run)),
            (
                "Numbers (NPZ)",
                "npz",
                "application/octet-stream",
                lambda: keep.npz(run, result.opinions),
            ),
        ):
            st.download_button(
                label,
                make,
                keep.name(run, ending),
                mime,
                key=f"keep-{ending}",
                on_click="ignore",
                disabled=ending == "gif" and run.frames is None,
                width="stretch",
            )


def _send(run: invert.Run, number: int) -> None:
    given.put(lambda: run.images[number], f"made to be a {run.digits[number]} by {run.method}")
    st.session_state["sent"] = True
