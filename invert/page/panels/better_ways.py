"""Better ways: every method, every digit, and the table that was measured."""

import re
from html import escape

import numpy as np
import streamlit as st

import invert
from invert.evaluation import table
from invert.networks import judge
from invert.page import failure, loading, markup, queue
from invert.page.panels.generate import FRAMES
from invert.page.settings import MOST_SEED

SIDE = 56
WHAT = (
    "Is there a better way? Every method draws all ten digits from one seed; the number below"
    " each is what an independent judge reads in it, a network that took no part."
)
MEANINGS = (
    "Measured over 10,000 images a method. Judge agrees: how many of them look like a digit to it,"
    " and like the one asked for. Teaches: how many real digits a network reads right that learned"
    " from these images alone; from real ones it is {}. Fréchet: how far all of them lie from"
    " MNIST's test digits, in what the judge looks at; near 0 they could be the same. Diversity:"
    " how much the images of one digit differ; real digits have 1."
)
# A rung for each classifier and method that was measured.
RUNGS = tuple(dict.fromkeys((classifier, method) for classifier, method, _ in table.PLAN))
NONE = -1  # in a digit's place
AIDED = "It uses training images when it draws, not only the network."


def show() -> None:
    """Show the seed, then a rung for each method with its pictures and figures, then the table."""
    st.html(markup.sentence(WHAT))
    seed = st.number_input(
        "Seed of all methods",
        0,
        MOST_SEED,
        0,
        key="ladder-seed",
        bind="query-params",
        width=180,
        help="The same seed gives the same images. From a black page it decides nothing.",
    )
    with st.container(key="ladder"):
        st.html(loading.when_ready(lambda: _ladder(int(seed))))


def _ladder(seed: int) -> str:
    try:
        rows, said = table.load(), ""
    except Exception as error:
        rows, said = [], failure.html(error)
    # The first of several starts is the method's own.
    own = {row[:2]: row for row in reversed(rows)}
    rungs = "".join(_rung(*rung, seed, own.get(rung)) for rung in RUNGS)
    if not rows:
        return rungs + said
    real = next((markup.percent(row.teaches) for row in rows if row.method == "real digits"), "?")
    return rungs + markup.sentence(MEANINGS.format(real), "note") + _table(rows)


def _rung(classifier: str, name: str, seed: int, row) -> str:
    method = invert.METHODS[name]
    figures = ""
    if row is not None:
        figures = (
            f'<dl class="figures"><div><dt>judge agrees</dt><dd>{markup.percent(row.agreement)}'
            f"</dd></div><div><dt>teaches</dt><dd>{markup.percent(row.teaches)}</dd></div>"
            f"<div><dt>Fréchet</dt><dd>{row.frechet:.1f}</dd></div>"
            f"<div><dt>diversity</dt><dd>{row.diversity:.2f}</dd></div></dl>"
        )
    aided = ""
    if row is not None and row.sees_training_data:
        aided = f' <span class="aided" title="{AIDED}">sees training data</span>'
    pictures = failure.instead(lambda: _pictures(classifier, name, seed))  # the other rungs stay
    return (
        f'<section class="rung"><h3>{escape(name)} <small>{escape(classifier)}</small></h3>'
        f"<p>{escape(method.claim)}{aided}"
        f"<small>{_linked(method.source)}</small></p>{pictures}{figures}"
        "</section>"
    )


@queue.aside
@st.cache_data(max_entries=128, show_spinner=False)
def _pictures(classifier: str, name: str, seed: int) -> str:
    # With frames, though none are shown: that loop was compiled when the page was loaded.
    with queue.turn():
        run = invert.generate(range(10), name, classifier=classifier, seed=seed, frames=FRAMES)
    opinion = judge.look(run.images)
    read = np.where(opinion.digit, opinion.probabilities.argmax(axis=1), NONE)
    cells = []
    for digit, (image, number) in enumerate(zip(run.images, read, strict=True)):
        says = "no digit" if number == NONE else str(number)
        words = f"made to be a {digit}, the judge reads {says}"
        short = "–" if number == NONE else says
        other = "" if number == digit else ' class="other"'
        cells.append(
            f"<figure>{markup.picture(image, words, SIDE)}"
            f'<figcaption{other} aria-hidden="true">{short}</figcaption></figure>'
        )
    right = int(np.sum(read == np.arange(10)))
    words = escape(f"Ten digits by {classifier}, {name}; the judge reads {right} of them as asked")
    return f'<div class="ten" role="group" aria-label="{words}">{"".join(cells)}</div>'


def _linked(source: str) -> str:
    return re.sub(
        r"https://[^\s;]+",
        lambda url: f'<a href="{url[0]}" target="_blank" rel="noopener">{url[0][8:]}</a>',
        escape(source),
    )


def _table(rows) -> str:
    head: tuple[str, ...] = (
        "network",
        "method",
        "start",
        "passes",
        "agreement",
        "Fréchet",
        "diversity",
        "teaches",
        "nearest",
        "ms",
    )
    lines = []
    for row in rows:
        numbers = (
            f"{row.passed:.3f}",
            f"{row.agreement:.3f}",
            f"{row.frechet:.1f}",
            f"{row.diversity:.2f}",
            f"{row.teaches:.3f}",
            f"{row.nearest:.1f}",
            "" if row.milliseconds is None else f"{row.milliseconds:.2f}",
        )
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        lines.append(
            f"<tr><th scope='row'>{escape(row.classifier)}</th><td>{escape(row.method)}</td>"
            f"<td>{escape(row.start)}</td>{cells}</tr>"
        )
    headings = "".join(f"<th scope='col'>{name}</th>" for name in head)
    return (
        '<details class="measured"><summary>All that was measured</summary>'
        '<div class="wide" role="region" aria-label="All that was measured" tabindex="0">'
        f"<table><thead><tr>{headings}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "</div><p>Passes: the share of images that look like a digit to the judge, whichever;"
        " agreement: those that it reads as asked, too. Nearest: the mean distance to the closest"
        " training image, where full ink of one pixel counts 1; a copy would be near 0. ms:"
        " milliseconds an image.</p></details>"
    )
