"""Generate: choose a digit, see the images that the classifier was inverted to."""

import dataclasses
import random
from typing import NamedTuple

import numpy as np
import streamlit as st

import invert
from invert.drawing import BlankDrawing
from invert.methods import records, starts
from invert.networks import judge
from invert.networks.classifier import CLASSIFIERS, DEFAULT
from invert.page import (
    chart,
    choices,
    downloads,
    failure,
    loading,
    markup,
    queue,
    sheet,
    state,
)

# The page's own limits, within the engine's: these shapes are compiled at start-up.
MOST_IMAGES = 16
MOST_SEED = 9999
FRAMES = 32
STEPS = [5, 10, 20, 40, 60, 100, 200, 400]
# What a newcomer sees: the plan itself, from noise, several times over.
DIGIT, COUNT, SEED = "8", 4, 9
BEST, OWN = "its best", "default"
WHY = "The network stays as it is. Only its input is changed, until it reads the digit."


class Result(NamedTuple):
    """A run, what the judge says of its images, and all of it as HTML."""

    run: invert.Run
    opinion: judge.Opinion
    html: str


@dataclasses.dataclass(frozen=True)
class Choice:
    """What the visitor asks for; ``steps`` is None where the method has its own."""

    digit: int
    classifier: str
    method: str
    count: int
    seed: int
    start: str
    steps: int | None


def show() -> None:
    """Show the choices and, below, the images, their film and the probability by step."""
    if state.was_sent():
        st.rerun()  # the whole page: the left side has an image to read
    recipe, choice = _choose()
    with st.container(key="run"):
        _show_result(recipe, choice)


def _choose() -> tuple[records.Method, Choice]:
    """Show the controls; every one takes effect at once and is part of the URL."""
    digit = choices.one_of(
        "Digit",
        [str(digit) for digit in range(10)],
        DIGIT,
        "digit",
        "The digit to make. The keys 0 to 9 choose it too.",
        width="stretch",
    )
    classifier = choices.classifier(DEFAULT, "network")
    method = choices.one_of(
        "Method",
        [BEST, *invert.METHODS],
        BEST,
        "method",
        "How the image is learned. By default each network is run backwards by the method that"
        f" suits it best: {', '.join(f'`{n}` by `{c.method}`' for n, c in CLASSIFIERS.items())}."
        "\n\n" + "\n".join(f"- `{name}`: {each.claim}" for name, each in invert.METHODS.items()),
    )
    recipe = records.recipe_for(classifier, None if method == BEST else method, {})
    own_start = recipe.start if isinstance(recipe, records.Optimization) else starts.CODE
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
            [OWN, *invert.STARTS, state.MY_DRAWING],
            key=state.START,
            bind="query-params",
            disabled=own_start == starts.CODE,
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
            help="The same seed gives the same images.",
        )
        st.button(
            "New seed",
            icon=":material/casino:",
            key="dice",
            on_click=_roll,
            help="A random seed.",
        )
    if start == OWN or own_start == starts.CODE:
        # From black all images would be one.
        start = "noise" if own_start == "black" and count > 1 else own_start
    return recipe, Choice(
        digit=int(digit),
        classifier=classifier,
        method=recipe.name,
        count=int(count),
        seed=int(seed),
        start=start,
        steps=None if steps == OWN or not recipe.settings else int(steps),
    )


def _roll() -> None:
    st.session_state["seed"] = random.randint(0, min(MOST_SEED, invert.MAX_SEED))


def _show_result(recipe: records.Method, choice: Choice) -> None:
    words = ""
    try:
        start = _start(choice.start)
        if loading.failed():
            words = markup.sentence("The models are not loaded.", "hint")
        elif not loading.ready():
            words = markup.sentence("The images come as soon as the models are loaded.", "hint")
            words += markup.STATUS_AGAIN
        else:
            result = _run(choice, start)
    except Exception as error:
        words = failure.html(error)
    st.html(markup.sentence(_what(recipe, choice.start)))
    if words:
        blank = sheet.blank(choice.count) + chart.blank(words)
        st.html(f'<div class="run">{sheet.legend()}{blank}</div>')
    else:
        st.html(result.html)
        _offer(result)


def _start(named: str) -> str | np.ndarray:
    """Return where to start, as `invert.generate` takes it."""
    if named != state.MY_DRAWING:
        return named
    drawn = state.drawn_image()
    if drawn is None:
        raise BlankDrawing("Nothing is drawn yet: draw a digit on the left to start from.")
    return drawn


def _what(recipe: records.Method, start: str) -> str:
    """Return what is done, from where, and what it knows beside the network."""
    claim = f"`{recipe.name}`: {recipe.claim}"
    if not isinstance(recipe, records.Optimization):
        return f"{claim} It learned from training data what digits look like."
    if start == starts.CODE:
        return f"{claim} Its decoder learned from training data what digits look like."
    aided = ", drawn from training data" if recipe.sees_training_data(start) else ""
    return f"{claim} {WHY} Start: {start.replace('my', 'your')}{aided}."


@queue.aside
@st.cache_data(max_entries=32, show_spinner=False)
def _run(choice: Choice, start: str | np.ndarray) -> Result:
    """Make the images. They depend on nothing else, so visitors with one link share them."""
    settings = {} if choice.steps is None else {"steps": choice.steps}
    with queue.turn():
        run = invert.generate(
            [choice.digit] * choice.count,
            choice.method,
            classifier=choice.classifier,
            seed=choice.seed,
            start=start,
            frames=FRAMES,
            **settings,
        )
    opinion = judge.look(run.images)
    if len(run.frames):
        mean = run.probabilities_by_step.mean(axis=1)
        beside = chart.figure(mean, choice.digit, choice.count) + sheet.player(run)
    else:
        beside = markup.sentence("Made in one go: there are no steps to watch.", "chart hint")
    images = sheet.legend() + sheet.html(run, opinion) + sheet.note(run)
    return Result(run, opinion, f'<div class="run">{images}{beside}</div>')


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
            ("Images (PNG)", "png", "image/png", lambda: downloads.png(run)),
            ("Film (GIF)", "gif", "image/gif", lambda: downloads.gif(run)),
            (
                "Numbers (NPZ)",
                "npz",
                "application/octet-stream",
                lambda: downloads.npz(run, result.opinion),
            ),
        ):
            st.download_button(
                label,
                make,
                downloads.name(run, ending),
                mime,
                key=f"keep-{ending}",
                on_click="ignore",
                disabled=ending == "gif" and not len(run.frames),
                width="stretch",
            )


def _send(run: invert.Run, number: int) -> None:
    words = f"made to be a {run.targets[number]} by {run.classifier}, {run.method}"
    state.send(run.images[number], words)
