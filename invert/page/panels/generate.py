"""Generate: choose a digit, see the images that the network was run backwards to."""

import dataclasses
import random
from typing import NamedTuple

import numpy as np
import streamlit as st

import invert
from invert.drawing import BlankDrawing
from invert.methods import records, starts
from invert.networks import judge
from invert.page import (
    chart,
    choices,
    downloads,
    failure,
    loading,
    markup,
    network,
    queue,
    sheet,
    state,
)

# The page's own limits, within the engine's: these shapes are compiled at start-up.
MOST_IMAGES = 16
MOST_SEED = 9999
FRAMES = 32
STEPS = [5, 10, 20, 40, 60, 100, 200, 400]
# What a newcomer sees: the plan itself, from noise.
DIGIT, COUNT, SEED = "8", 1, 22
BEST, OWN = "its best", "default"
STARTS = {
    "black": "from an empty page",
    "noise": "from faint noise",
    "average": "from the mean of all training digits",
    "class-gaussian": "from a random mixture of training digits",
    starts.CODE: "from a random code",
    state.MY_DRAWING: "from your drawing",
}


class Result(NamedTuple):
    """A run, and all of it as HTML."""

    run: invert.Run
    html: str


@dataclasses.dataclass(frozen=True)
class Choice:
    """What the visitor asks for; ``steps`` is None where the method has its own."""

    target: int
    network: str
    method: str
    count: int
    seed: int
    start: str
    steps: int | None


def show() -> None:
    """Show the digits and, below, the image, its film and chart; the rest is under More."""
    if state.was_sent():
        st.rerun()  # the whole page: the left side has an image to read
    chosen = network.chosen()
    digits = st.container(key="digits")
    run = st.container(key="run")
    with st.container(key="draw-more", horizontal=True, gap="small"):
        with st.popover("More", icon=":material/tune:", key="more-drawing"):
            recipe, settings = _settings(chosen)
        from_drawing = settings.start == state.MY_DRAWING
        st.button(
            "Start from noise again" if from_drawing else "Start from my drawing",
            key="from-drawing",
            on_click=_start_from,
            args=(OWN if from_drawing else state.MY_DRAWING,),
            disabled=settings.start == starts.CODE,
        )
        keep = st.container(key="keep-place", width="content")
    with digits:
        choice = dataclasses.replace(settings, target=_target(chosen))
    with run:
        result = _show_result(recipe, choice, chosen)
    if result:
        with keep:
            _offer(result.run)
        _senders(result.run)


def _target(chosen: network.Network) -> int:
    """Let the visitor choose what is to be drawn: a digit, or a class of their own network."""
    if chosen.digits:
        return int(
            choices.one_of(
                "Digit to draw", markup.DIGITS, DIGIT, state.DIGIT, width="stretch"
            )
        )
    number = st.selectbox(
        "Class to draw",
        range(len(chosen.labels)),
        format_func=lambda number: chosen.labels[number],
        key="class",
    )
    return int(number or 0)


def _settings(chosen: network.Network) -> tuple[records.Method, Choice]:
    """Show the controls under More; every one takes effect at once and is part of the URL.

    Those that would change nothing are not offered.
    """
    methods = [
        name
        for name, each in invert.METHODS.items()
        if chosen.digits or (isinstance(each, records.Optimization) and each.start != starts.CODE)
    ]
    method = choices.one_of("Method", [BEST, *methods], BEST, state.METHOD)
    recipe = records.recipe_for(chosen.name, None if method == BEST else method, {})
    st.html(f'<p class="note"><b>{recipe.title}</b> <small>{recipe.name}</small><br>'
            f"{recipe.claim}</p>")  # fmt: skip
    coded = not isinstance(recipe, records.Optimization) or recipe.start == starts.CODE
    start, count, seed, steps = OWN, COUNT, SEED, OWN
    if not coded:
        start = st.selectbox(
            "Start",
            [
                OWN,
                *(s for s in invert.STARTS if chosen.digits or s not in starts.FROM_TRAINING_DATA),
                state.MY_DRAWING,
            ],
            key=state.START,
            bind="query-params",
        )
    with st.container(key="settings", horizontal=True, vertical_alignment="bottom", gap="small"):
        if start not in ("black", "average", state.MY_DRAWING):  # all images would be one
            count = st.slider(
                "Images", 1, MOST_IMAGES, COUNT, key=state.COUNT, bind="query-params"
            )
        if start == OWN:
            start = starts.CODE if coded else recipe.start
            if start == "black" and count > 1:
                start = "noise"
        if "steps" in recipe.settings:
            steps = st.selectbox(
                "Steps",
                [OWN, *(str(n) for n in STEPS if n <= invert.MAX_STEPS)],
                key=state.STEPS,
                bind="query-params",
            )
        if start in ("noise", "class-gaussian", starts.CODE) or "jitter" in recipe.settings:
            seed = st.number_input(
                "Seed",
                0,
                min(MOST_SEED, invert.MAX_SEED),
                SEED,
                key=state.SEED,
                bind="query-params",
            )
            st.button("New seed", icon=":material/casino:", key="dice", on_click=_roll)
    return recipe, Choice(
        target=0,
        network=chosen.name,
        method=recipe.name,
        count=int(count),
        seed=int(seed),
        start=start,
        steps=None if steps == OWN else int(steps),
    )


def _roll() -> None:
    st.session_state[state.SEED] = random.randint(0, min(MOST_SEED, invert.MAX_SEED))


def _start_from(start: str) -> None:
    st.session_state[state.START] = start


def _show_result(
    recipe: records.Method, choice: Choice, chosen: network.Network
) -> Result | None:
    words, result = "", None
    try:
        start = _start(choice.start, chosen)
        if loading.failed():
            words = markup.sentence("The models are not loaded.", "hint")
        elif not loading.ready():
            words = markup.sentence("The images come as soon as the models are loaded.", "hint")
            words += markup.STATUS_AGAIN
        else:
            result = _run(choice, start, chosen.classifier)
    except Exception as error:
        words = failure.html(error)
    if result is None:
        blank = sheet.blank(choice.count) + chart.blank(words)
        st.html(f'<div class="run"><p class="legend"></p>{blank}</div>')
    else:
        st.html(result.html)
    st.html(markup.sentence(_what(recipe, choice, chosen.labels)))
    return result


def _start(named: str, chosen: network.Network) -> str | np.ndarray:
    """Return where to start, as `invert.generate` takes it."""
    if named != state.MY_DRAWING:
        return named
    drawn = state.drawn_image()
    if drawn is None:
        raise BlankDrawing("Nothing is drawn yet: draw a digit on the left to start from.")
    if drawn.shape != chosen.shape:
        raise failure.NotYet("Nothing of this network's form is on the left to start from.")
    return chosen.fit(drawn)


def _what(recipe: records.Method, choice: Choice, labels: tuple[str, ...]) -> str:
    """Return what is done, from where, and what it knows beside the network."""
    if not isinstance(recipe, records.Optimization):
        return f"{recipe.claim} It learned from training images."
    begin = STARTS[choice.start]
    aided = " This start knows training images." if recipe.sees_training_data(choice.start) else ""
    return (
        f"`{choice.network}` stays as it is. Only its input changes, {begin}, until it says"
        f" {labels[choice.target]}.{aided}"
    )


@queue.aside
@st.cache_data(max_entries=32, show_spinner=False)
def _run(choice: Choice, start: str | np.ndarray, _classifier) -> Result:
    """Make the images. They depend on nothing else, so visitors with one link share them."""
    settings = {} if choice.steps is None else {"steps": choice.steps}
    with queue.turn():
        run = invert.generate(
            [choice.target] * choice.count,
            choice.method,
            classifier=_classifier,
            seed=choice.seed,
            start=start,
            frames=FRAMES,
            **settings,
        )
    said = sheet.opinions(run)
    if len(run.frames):
        mean = run.probabilities_by_step.mean(axis=1)
        drawn = chart.figure(mean, choice.target, choice.count, run.labels)
        beside = drawn + sheet.player(run, said)
    else:
        beside = markup.sentence("Made in one go: there are no steps to watch.", "chart hint")
    images = sheet.legend(run) + sheet.html(run, said) + sheet.note(run)
    return Result(run, f'<div class="run">{images}{beside}</div>')


def _offer(run: invert.Run) -> None:
    """Show what can be kept of the images."""
    with st.popover("Keep", icon=":material/download:", key="keep"):
        for label, ending, mime, make in (
            ("Images (PNG)", "png", "image/png", lambda: downloads.png(run)),
            ("Film (GIF)", "gif", "image/gif", lambda: downloads.gif(run)),
            ("Numbers (NPZ)", "npz", "application/octet-stream", lambda: _npz(run)),
        ):
            if ending == "gif" and not len(run.frames):
                continue
            st.download_button(
                label,
                make,
                downloads.name(run, ending),
                mime,
                key=f"keep-{ending}",
                on_click="ignore",
                width="stretch",
            )


def _npz(run: invert.Run) -> bytes:
    return downloads.npz(run, judge.look(run.images) if sheet.are_digits(run) else None)


def _senders(run: invert.Run) -> None:
    """Show what the images press when they are clicked; nobody sees it."""
    with st.container(key="senders"):
        for number in range(len(run.images)):
            st.button(
                f"Read image {number + 1}", key=f"read-{number + 1}", on_click=_send,
                args=(run, number),
            )  # fmt: skip


def _send(run: invert.Run, number: int) -> None:
    label = run.labels[run.targets[number]]
    least, most = run.pixel_range
    image = (run.images[number] - least) / (most - least)
    state.send(image, f"drawn to be a {label} by {run.classifier}")
