"""Generate: choose a digit, see the images that the network was run backwards to."""

import math
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import invert
from invert.drawing import BlankDrawing
from invert.methods import records, starts
from invert.page.features import found_inputs
from invert.page.own_network import learning_job
from invert.page.panels import offers, own_opposite
from invert.page.pictures import chart, markup, run_images
from invert.page.server import failure, loading, queue
from invert.page.session import network, one_of, settings, state
from invert.page.session.remembered import remembered

FRAMES = 32  # at most; of large images so many values are kept in all frames together
MOST_VALUES = 1_200_000
DIGIT = "8"  # what a newcomer sees
STARTS = {
    "black": "from an empty page",
    "noise": "from faint noise",
    "average": "from the mean of all training digits",
    "class-gaussian": "from a random mixture of training digits",
    state.MY_DRAWING: "from your drawing",
}
# Of a random start, by what M is.
BY_CHANCE = {
    "decoder": "from a random code",
    "fourier": "from random waves",
    "strokes": "from random strokes",
}


SHOWN = "the run that was shown last, and its start"
JUDGE = "The judge is another network that only checks; nothing is learned from it."
Start = str | dict[str, Any] | np.ndarray  # as `invert.generate` takes it


class Result(NamedTuple):
    """A run; the same as it is shown, see ``run_images.on_paper``; and all of it as HTML."""

    run: invert.Run
    shown: invert.Run
    html: str


def show() -> None:
    """Show the digits and, below, the image, its film and chart; the rest is under More."""
    if state.was_sent():
        st.rerun()  # the whole page: the left side has an image to read
    chosen = network.chosen()
    if chosen.features:
        return found_inputs.show(chosen)
    digits = st.container(key="digits")
    run = st.container(key="run")
    with st.container(key="draw-more", horizontal=True, gap="small"):
        st.html(markup.more_button("drawing"))
        place = st.container(key="from-place", width="content")
        canvas = st.container(key="canvas-place", width="content")
        keep = st.container(key="keep-place", width="content")
    with st.container(key="more-drawing"):
        choice = settings.choose(chosen)
    with place:
        _offer_drawing(choice, chosen)
    with digits:
        choice = choice._replace(target=_target(chosen))
    state.set_choice(choice)
    with run:
        result = _show_result(choice, chosen)
    if result:
        with keep:
            offers.keep(result.run, result.shown)
        if chosen.grey and result.run.strokes is not None:
            with canvas:
                offers.put_on_canvas(result.run.strokes)
        offers.read(result.shown, chosen.grey)
    own_opposite.show(chosen)
    if network.chosen().dark != chosen.dark:
        st.rerun()  # the whole page: the pen found out which ink the network reads


def _target(chosen: network.Network) -> int:
    """Let the visitor choose what is to be drawn: a digit, or a class of their own network."""
    if chosen.digits:
        return int(
            one_of.one_of("Digit to draw", markup.DIGITS, DIGIT, state.DIGIT, width="stretch")
        )
    number = st.selectbox(
        "Class to draw",
        range(len(chosen.labels)),
        format_func=lambda number: chosen.labels[number],
        key=state.CLASS,
    )
    return int(number or 0)


def _offer_drawing(choice: state.Choice, chosen: network.Network) -> None:
    """Show a button that has M start from the visitor's drawing, or no longer."""
    what = "drawing" if chosen.grey else "picture"
    from_drawing = choice.start == state.MY_DRAWING
    if _by_pen(choice.record):
        label = "Start from random strokes again" if from_drawing else f"Bend my {what}"
    else:
        label = "Start from noise again" if from_drawing else f"Start from my {what}"
    st.button(
        label,
        key="from-drawing",
        on_click=_start_from,
        args=(settings.DEFAULT if from_drawing else state.MY_DRAWING,),
        disabled=not settings.takes_drawing(choice.record, chosen),
    )


def _start_from(start: str) -> None:
    st.session_state[state.START] = start


def _show_result(choice: state.Choice, chosen: network.Network) -> Result | None:
    words, result, place = "", None, None
    try:
        start = _start(choice, chosen)
        if loading.failed():
            words = markup.sentence("The models are not loaded.", "hint")
        elif not loading.ready():
            words = markup.sentence("The images come as soon as the models are loaded.", "hint")
            words += markup.STATUS_AGAIN
        else:
            place = _begin(choice, start, chosen)
            opposite = None
            if choice.method == state.OPPOSITE.name:
                opposite = learning_job.learned(chosen) or invert.opposite.load(choice.network)
            values = math.prod(chosen.shape)
            result = _run(choice.network, choice, start, chosen.classifier, values, opposite)
    except failure.NotYet as error:  # of a network the left side says it
        words = failure.html(error) if chosen.source is not None else ""
    except Exception as error:
        words = failure.html(error)
    if result is None:
        blank = run_images.blank(choice.images) + chart.blank(words)
        _instead(place, f'<div class="run"><p class="legend"></p>{blank}</div>')
    else:
        _instead(place, result.html)
        st.session_state[SHOWN] = choice, None if isinstance(start, np.ndarray) else start
    st.html(markup.sentence(_what(choice, chosen) if chosen.source is not None else ""))
    return result


def _begin(choice: state.Choice, start: Start, chosen: network.Network) -> DeltaGenerator | None:
    """Show at once how a pen begins, and return where its run takes the place of that.

    What is shown already is not begun again.
    """
    record = choice.record
    if not _by_pen(record) or st.session_state.get(SHOWN) == (choice, start):
        return None
    from invert.methods import pen  # TensorFlow comes with it

    first = pen.beginnings(record, chosen.shape, start, choice.images, choice.seed)
    waits = run_images.blank(choice.images, first, chosen.shape) + chart.blank("")
    return st.html(f'<div class="run"><p class="legend"></p>{waits}</div>')


def _instead(place: DeltaGenerator | None, html: str) -> None:
    """Show HTML, in the place of what stands there."""
    (st if place is None else place).html(html)


def _by_pen(record: records.Method) -> TypeGuard[records.Optimization]:
    return isinstance(record, records.Optimization) and record.parametrisation == "strokes"


def _start(choice: state.Choice, chosen: network.Network) -> Start:
    """Return where to start, as `invert.generate` takes it."""
    if choice.start != state.MY_DRAWING:
        return choice.start
    if _by_pen(choice.record):
        strokes = state.drawn_strokes()
        if not strokes:
            raise BlankDrawing("Draw on the left, and your strokes are bent.")
        return {"objects": strokes}
    drawn = state.drawn_image()
    if drawn is None:
        raise BlankDrawing("Nothing is drawn yet: draw on the left to start from it.")
    if drawn.shape != chosen.shape:
        raise failure.NotYet("Nothing of this network's form is on the left to start from.")
    return chosen.fit(drawn)


def _what(choice: state.Choice, chosen: network.Network) -> str:
    """Return what is done, from where, and what it knows beside the network."""
    record = choice.record
    if record is state.OPPOSITE:
        return f"{record.claim} {JUDGE}" if chosen.digits else record.claim
    if not isinstance(record, records.Optimization):
        return f"{record.claim} It learned from training images."
    by_chance = choice.start == starts.RANDOM
    begin = BY_CHANCE[record.parametrisation] if by_chance else STARTS[choice.start]
    judged = " " + JUDGE if chosen.digits else ""
    aided = " This start knows training images." if record.sees_training_data(choice.start) else ""
    return (
        f"`{markup.network_name(choice.network)}` stays as it is. Only its input changes, {begin},"
        f" until it says {chosen.labels[choice.target]}.{aided}{judged}"
    )


@queue.aside
@remembered(32)
def _run(
    name: str, choice: state.Choice, start: Start, _classifier, values: int, _opposite
) -> Result:
    """Make the images. They depend on nothing else, so visitors with one link share them."""
    targets = [choice.target] * choice.images
    with queue.turn():
        if _opposite is not None:
            run = _opposite.draw(targets, choice.seed)
        else:
            run = invert.generate(
                targets,
                choice.method,
                classifier=_classifier,
                seed=choice.seed,
                start=start,
                frames=_frames(values * choice.images),
                **choice.said,
            )
    from invert.methods import pen
    from invert.networks.classifier import open_graph

    # Asked after the run, by which the pen may have found it out.
    shown = run_images.on_paper(run, bool(pen.known_dark(open_graph(_classifier))))
    said = run_images.opinions(shown)
    if len(run.frames):
        mean = run.frame_probabilities.mean(axis=1)
        drawn = chart.figure(mean, run.frame_steps, choice.target, choice.images, run.labels)
        beside = drawn + run_images.player(shown, said)
    else:
        beside = markup.sentence("Made in one go: there are no steps to watch.", "chart hint")
        beside += run_images.player(shown, said) if run.strokes is not None else ""
    images = run_images.legend(run) + run_images.html(shown, said) + run_images.note(run)
    return Result(run, shown, f'<div class="run">{images}{beside}</div>')


def _frames(values: int) -> int:
    """How many frames are kept of so many values each.

    >>> _frames(16 * 28 * 28), _frames(16 * 64 * 64 * 3)
    (32, 6)
    """
    return max(2, min(FRAMES, MOST_VALUES // values))
