"""Better ways: every method beside the others, and the table that was measured."""

import re
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np
import streamlit as st

import invert
from invert.evaluation import table
from invert.methods import choice, records
from invert.methods.records import OWN_METHOD
from invert.networks import judge
from invert.networks.classifier import CLASSIFIERS, open_graph
from invert.page.frame import results_table
from invert.page.own_network import held_networks, learning_job
from invert.page.panels.generate import FRAMES
from invert.page.pictures import contact_sheet, film_sheet, markup, run_images
from invert.page.server import failure, loading, queue
from invert.page.session import network, one_of, settings, state
from invert.page.session.remembered import remembered
from invert.page.session.settings import DEFAULT, MOST_SEED, SEED

WHAT = (
    "Is there a better way? Each method draws the same digits. {} Click an image to open it on"
    " Generate."
)
READERS = "The number under an image is what the judge reads in it, a network that took no part."
WHAT_OF_OWN = (
    "All classes of this network at a glance, and then every method beside the others. {} Click an"
    " image to open it on Generate."
)
OWN_READS = "Under an image stands what the network itself reads in it."
MEANINGS = (
    "Measured over 10,000 images a method, 1,000 in waves and with a pen. Judge agrees: the share"
    " that looks to the judge like the digit asked for. Teaches: the share of real digits that a"
    " network reads right after learning from these images alone; from real ones it is {}. Fréchet:"
    " the distance from MNIST's test digits; 0 is best. Diversity: how much the images of one digit"
    " differ; real digits have 1."
)
AIDED = "It uses training images when it draws, not only the network."
# A rung for each classifier and way of drawing that was measured.
RUNGS = tuple(dict.fromkeys(row[:2] for row in table.PLAN))
IN_A_ROW = 10  # classes
EVERY = "every digit"
OPENS, OPENED = "ladder-opens", "ladder opened"


def show() -> None:
    """Show what to compare and the seed, then a rung for each method, then the table."""
    if st.session_state.pop(OPENED, False):
        st.rerun()  # the whole page: the header and Generate have other choices now
    chosen = network.chosen()
    if chosen.source is None:
        st.html(markup.sentence(held_networks.NOT_YET, "hint"))
        return
    shipped = chosen.name in CLASSIFIERS
    judged = shipped or chosen.digits
    what = (WHAT if shipped else WHAT_OF_OWN).format(READERS if judged else OWN_READS)
    st.html(markup.sentence(what, "sentence short"))
    with st.container(key="ladder-controls", horizontal=True, vertical_alignment="top"):
        wanted = EVERY
        if shipped:
            wanted = one_of.one_of("Show", [EVERY, *markup.DIGITS], EVERY, "ladder-show")
        seed = st.number_input(
            "Seed of all methods",
            0,
            MOST_SEED,
            SEED,
            key="ladder-seed",
            bind="query-params",
            width=180,
        )
    number = None if wanted == EVERY else int(wanted)
    with st.container(key="ladder"):
        if number is not None or not loading.ready():
            st.html(loading.when_ready(lambda: _glance(int(seed), number or 0)))
        else:
            parts = _ladder(int(seed)) if shipped else _own_ladder(int(seed), chosen)
            for part in parts:  # the first is shown while the next is made
                st.html(part)
    # Unseen: a click on an image presses the one of its name.
    rungs = RUNGS if shipped else [(network.OWN, name) for name in _own_ways(chosen)]
    options = [_opens(*rung, n) for rung in rungs for n in range(len(chosen.labels))]
    st.pills("Open on Generate", options, key=OPENS, on_change=_open)


def _opens(classifier: str, method: str, number: int) -> str:
    return f"{classifier} {method} {number}"


def _open() -> None:
    """Set the page to make the image that was clicked, alone, on Generate."""
    opens = st.session_state.get(OPENS)
    st.session_state[OPENS] = None
    if not opens:
        return
    classifier, method, number = opens.split(" ")
    if classifier != network.OWN:
        st.session_state[state.NETWORK] = classifier
    st.session_state[state.METHOD] = method
    # One's own network may tell apart other things than digits.
    st.session_state[state.CLASS] = int(number)
    if number in markup.DIGITS:
        st.session_state[state.DIGIT] = number
    st.session_state[state.COUNT] = 1
    st.session_state[state.SEED] = st.session_state["ladder-seed"]
    for key in (state.START, state.STEPS):
        st.session_state[key] = DEFAULT
    st.session_state[state.RIGHT] = "Generate"
    st.session_state[OPENED] = True


def _glance(seed: int, number: int) -> str:
    """One digit by all methods."""
    cells = "".join(_cell(*rung, seed, number) for rung in RUNGS)
    return f'<div class="glance">{cells}</div>'


def _ladder(seed: int) -> Iterator[str]:
    """Every rung, then what was measured."""
    try:
        rows, said = table.load(), ""
    except Exception as error:
        rows, said = [], failure.html(error)
    # The first of several starts is the method's own.
    own = {row[:2]: row for row in reversed(rows)}
    for rung in RUNGS:
        yield _rung(*rung, seed, own.get(rung))
    if not rows:
        yield said
        return
    real = next((markup.percent(row.teaches) for row in rows if row.method == "real digits"), "?")
    yield markup.sentence(MEANINGS.format(real), "note") + results_table.table(rows)


def _own_ladder(seed: int, chosen: network.Network) -> Iterator[str]:
    """All classes of one's own network by its best method, and the first of them by each other."""
    count, own = len(chosen.labels), settings.best(chosen)
    best = own.method if own else OWN_METHOD
    for first in range(0, count, IN_A_ROW):
        numbers = range(first, min(first + IN_A_ROW, count))
        yield _rung(network.OWN, best, seed, None, numbers)
    for name in _own_ways(chosen):
        if name != best:
            yield _rung(network.OWN, name, seed, None, range(min(IN_A_ROW, count)))


def _own_ways(chosen: network.Network) -> list[str]:
    """The methods that one's own network can be run backwards by; its opposite, once learned."""
    learned = learning_job.learned(chosen) is not None
    return [*settings.suitable(chosen), *[state.OPPOSITE.name] * learned]


def _rung(classifier: str, name: str, seed: int, row, numbers: range = range(IN_A_ROW)) -> str:
    method = _record(name)
    sees = name == "inverse" or getattr(method, "parametrisation", "") == "decoder"
    sees = sees if row is None else row.sees_training_data
    aided = ""
    if sees:
        aided = f' <span class="aided" title="{AIDED}">sees training data</span>'
    return (
        f'<section class="rung" data-rung="{escape(classifier)} {escape(name)}"><div class="about">'
        f"<h3>{_title(classifier, name)}</h3><p>{escape(method.claim)}{aided}"
        f"<small>{_linked(method.source)}</small></p>"
        f"{'' if row is None else results_table.figures(row)}</div>"
        # Where it fails, the others stay.
        f"{failure.instead(lambda: _pictures(classifier, name, seed, numbers))}</section>"
    )


def _record(name: str) -> records.Method:
    return state.OPPOSITE if name == state.OPPOSITE.name else invert.METHODS[name]


def _title(classifier: str, name: str) -> str:
    """The method's human name, then its term and the network, in small print."""
    title = escape(_record(name).title)
    whose = markup.network_name(network.chosen().name) if classifier == network.OWN else classifier
    return f"{title} <small>{escape(whose)}, {escape(name)}</small>"


def _cell(classifier: str, name: str, seed: int, number: int) -> str:
    """One image of a rung, with the rung's name."""
    shown = failure.instead(lambda: _pictures(classifier, name, seed, range(number, number + 1)))
    return f'<section class="rung one"><h3>{_title(classifier, name)}</h3>{shown}</section>'


def _pictures(
    classifier: str, name: str, seed: int, numbers: Sequence[int] = range(IN_A_ROW)
) -> str:
    """A rung's images of these classes; of one's own network with how many are read as asked."""
    own = network.chosen() if classifier == network.OWN else None
    if own is None:
        drawn = [_draw(classifier, classifier, name, seed, n, None) for n in numbers]
    else:
        most = own.most_steps(_record(name))
        drawn = [_draw(own.name, own.classifier, name, seed, n, most) for n in numbers]
    right = sum(one.says == one.label for one in drawn)
    said = f"the {drawn[0].who} reads {right} of {len(drawn)} as asked"
    shown = contact_sheet.html(
        drawn, [_opens(classifier, name, n) for n in numbers], f"{classifier}, {name}: {said}"
    )
    return shown if own is None else f"<div>{shown}{markup.sentence(f'Here {said}.', 'note')}</div>"


@queue.aside
@remembered(500)
def _draw(
    key: str, _network, name: str, seed: int, number: int, most_steps: int | None
) -> contact_sheet.Drawn:
    """Draw one image by itself: so Generate draws the same one from the same seed."""
    from invert.methods import pen

    graph = open_graph(_network)
    with queue.turn():
        run = _run(_network, name, seed, number, most_steps)
    run = run_images.on_paper(run, bool(pen.known_dark(graph)))
    frames = run.frames[:, 0] if len(run.frames) else run.images
    unit = np.clip(markup.in_unit(film_sheet.choose(frames), graph.pixel_range), 0, 1)
    if markup.of_digits(unit.shape[1:], graph.labels):
        who, opinion = "judge", judge.look(unit[-1:])
        best = markup.DIGITS[int(opinion.probabilities[0].argmax())]
        says = best if opinion.digit[0] else contact_sheet.NOTHING
    else:
        who, says = "network", graph.labels[int(run.probabilities[0].argmax())]
    levels = np.rint(255 * unit).astype(np.uint8)
    return contact_sheet.Drawn(levels, graph.labels[number], says, who)


def _run(classifier, name: str, seed: int, number: int, most_steps: int | None) -> invert.Run:
    if name == state.OPPOSITE.name:
        found = learning_job.learned(network.chosen()) or invert.opposite.load(classifier)
        return found.draw([number], seed)
    told = choice.known_weights(open_graph(classifier), name)
    if most_steps is not None and most_steps < _record(name).settings.get("steps", 0):
        told["steps"] = most_steps
    # With frames, as many as Generate has: that loop was compiled when the page was loaded.
    return invert.generate([number], name, classifier=classifier, seed=seed, frames=FRAMES, **told)


def _linked(source: str) -> str:
    return re.sub(
        r"https://[^\s;]+",
        lambda url: f'<a href="{url[0]}" target="_blank" rel="noopener">{url[0][8:]}</a>',
        escape(source),
    )
