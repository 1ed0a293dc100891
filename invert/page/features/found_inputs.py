"""The right side of a network of features: a value is asked for, and inputs for it are found."""

from html import escape

import streamlit as st

import invert
from invert import tables
from invert.page.features import in_words, inputs, parallel, question
from invert.page.features.question import Question
from invert.page.own_network import held_networks
from invert.page.pictures import markup
from invert.page.server import failure, loading, queue
from invert.page.session import network, state
from invert.page.session.remembered import remembered

SOON = "Inputs are looked for as soon as the models are loaded."
TOO_LONG = (
    "To try each choice of this network would take too long on this page. In Python,"
    " invert.generate tries them."
)
CLICK = "Click a line or a number to move the sliders there."
OFF = (
    "Off by: how far an input's value is from what was asked. Up to {} counts as reached: 1 % of"
    " the range that its values usually have."
)
NEARBY = (
    "± nearby: how much the answer changes where every free number is 2 % of its range off. Small"
    " is good: then an input need not be met exactly."
)


def show(chosen: network.Network) -> None:
    """Show what is asked for, and below what was found."""
    if state.was_sent():
        st.rerun()  # the whole page: the sliders are to move
    if chosen.source is None or not loading.ready():
        st.html(markup.sentence(held_networks.NOT_YET if chosen.source is None else SOON, "hint"))
        return
    with st.container(key="feature-targets", horizontal=True, vertical_alignment="bottom"):
        question.choose(chosen)
    asked = question.asked(chosen)
    with st.container(key="found"):
        failure.guard(lambda: _show_found(asked, chosen))


def _show_found(asked: Question, chosen: network.Network) -> None:
    if asked.values and all(value is None for value in asked.values):
        raise failure.NotYet("Say which value you want.")
    if not question.most_inputs(chosen):
        raise failure.NotYet(TOO_LONG)
    run = _found(chosen.name, asked, chosen.classifier)
    outputs = [n for n, value in enumerate(asked.values) if value is not None]
    outputs = outputs or [min(asked.target, len(chosen.labels) - 1)]
    names = in_words.outputs(chosen) if asked.values else list(chosen.labels)
    near = _near(chosen, outputs)
    st.html(
        f'<div class="answers-found">{_said(run, asked, chosen)}{parallel.chart(run)}'
        f"{parallel.table(run, outputs, names, min(near))}</div>"
    )
    off = OFF.format(" and ".join(map(in_words.number, near))) + " " if asked.values else ""
    st.html(markup.sentence(f"{CLICK} {off}{NEARBY}", "note"))
    st.download_button(
        "Numbers (CSV)",
        tables.write(run),
        "inputs.csv",
        "text/csv",
        key="keep-csv",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.container(key="senders"):  # what the lines press when they are clicked
        for number, values in enumerate(run.images, start=1):
            st.button(
                f"Input {number}", key=f"take-{number}", on_click=inputs.move_to, args=(values,)
            )


@queue.aside
@remembered(24)
def _found(name: str, asked: Question, _graph) -> invert.Run:
    """The inputs that were found. They depend on nothing else."""
    targets: list[object] = [asked.target] * asked.many
    if asked.values:
        wanted = {
            label: v for label, v in zip(_graph.labels, asked.values, strict=True) if v is not None
        }
        targets = [wanted] * asked.many
    with queue.turn():
        return invert.generate(
            targets, classifier=_graph, seed=asked.seed, fixed=dict(asked.held) or None
        )


def _said(run: invert.Run, asked: Question, chosen: network.Network) -> str:
    """How many were found, how many differ, and how near they came."""
    from invert.methods.answers import APART

    won, count = sum(verdict == "convinced" for verdict in run.verdicts), len(run.verdicts)
    what = f"{won or 'None'} of {count} inputs {_aim(asked, chosen)}."
    if won > 1:
        differ = "All" if run.distinct == won else f"{run.distinct} of them"
        apart = f"{APART:.0%} of"
        what += (
            f" {differ} differ by over {apart} some feature's range."
            if run.distinct > 1
            else f" All are within {apart} the first, in every feature's range."
        )
    if run.misses is not None and won < count:
        far = [m for m, v in zip(run.misses, run.verdicts, strict=True) if v != "convinced"]
        nearest = "The nearest" if not won else "Of the others the nearest"
        what += f" {nearest} is off by {in_words.number(min(far))}."
    if asked.held:
        names = ", ".join(f"{run.domain.names[p]} at {in_words.number(v)}" for p, v in asked.held)
        what += f" Held: {names}."
    return f'<p class="summary">{escape(what)}</p>'


def _aim(asked: Question, chosen: network.Network) -> str:
    if not asked.values:
        return f"are read as {chosen.labels[asked.target]}"
    names = in_words.outputs(chosen)
    wanted = [
        f"{names[number]} {in_words.number(value)}"
        for number, value in enumerate(asked.values)
        if value is not None
    ]
    return f"give {' and '.join(wanted)}"


def _near(chosen: network.Network, outputs: list[int]) -> list[float]:
    """How far each of some outputs may be off; of a classifier nothing."""
    from invert.methods import answers

    graph = chosen.graph
    if graph.head != "values":
        return [0.0]
    return [float(each) for each in answers.near_enough(graph)[outputs]]
