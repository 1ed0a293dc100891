"""Better ways: every method, every digit, and the table that was measured."""

import re
from html import escape

import streamlit as st

import invert
from invert import evaluation, film
from invert.page import loading, markup
from invert.weights import WeightsError

MOST_SEED = 9999
SCALE = 2
WHAT = (
    "Is there a better way? Every method draws all ten digits from one seed. The figures are of"
    " 1,000 images each, scored by a judge that took no part in making them."
)


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
        help="Where the random numbers begin. A method that starts from a black page has none.",
    )
    with st.container(key="ladder"):
        st.html(loading.when_ready(lambda: _ladder(int(seed))))


def _ladder(seed: int) -> str:
    try:
        table = evaluation.load()
    except WeightsError as error:
        table, said = [], markup.alert(str(error))
    else:
        said = _table(table)
    own = {row.method: row for row in reversed(table)}
    own |= {
        row.method: row
        for row in table
        if row.method in invert.METHODS and row.start == invert.METHODS[row.method].start
    }
    return "".join(_rung(name, seed, own.get(name)) for name in invert.METHODS) + said


def _rung(name: str, seed: int, row) -> str:
    method = invert.METHODS[name]
    figures = ""
    if row is not None:
        figures = (
            f'<dl class="figures"><div><dt>judge agrees</dt><dd>{markup.percent(row.agreement)}'
            f"</dd></div><div><dt>Fréchet</dt><dd>{row.frechet:.1f}</dd></div>"
            f"<div><dt>diversity</dt><dd>{row.diversity:.2f}</dd></div></dl>"
        )
    aided = '<span class="aided">sees training data</span>' if method.sees_training_data else ""
    return (
        f'<section class="rung"><h3>{escape(name)}</h3><p>{escape(method.claim)} {aided}'
        f"<small>{_linked(method.source)}</small></p>{_pictures(name, seed)}{figures}</section>"
    )


@st.cache_data(max_entries=128, show_spinner=False)
def _pictures(name: str, seed: int) -> str:
    run = invert.generate(range(10), name, seed=seed)
    read = [int(best) for best in run.probabilities.argmax(axis=1)]
    uri = markup.data_uri(film.png(run.images, scale=SCALE, columns=10))
    words = f"Ten images by the method {name}, of the digits 0 to 9; the classifier reads {read}"
    return f'<img class="paper row" src="{uri}" alt="{escape(words)}">'


def _linked(source: str) -> str:
    return re.sub(
        r"https://[^\s;]+",
        lambda url: f'<a href="{url[0]}" target="_blank" rel="noopener">{url[0][8:]}</a>',
        escape(source),
    )


def _table(rows) -> str:
    head = ("method", "start", "agreement", "confidence", "Fréchet", "diversity", "nearest", "ms")
    lines = []
    for row in rows:
        numbers = (
            f"{row.agreement:.3f}",
            f"{row.confidence:.3f}",
            f"{row.frechet:.1f}",
            f"{row.diversity:.2f}",
            f"{row.nearest:.1f}",
            "" if row.milliseconds is None else f"{row.milliseconds:.2f}",
        )
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        lines.append(
            f"<tr><th scope='row'>{escape(row.method)}</th><td>{escape(row.start)}</td>{cells}</tr>"
        )
    headings = "".join(f"<th scope='col'>{name}</th>" for name in head)
    return (
        '<details class="measured"><summary>All that was measured</summary>'
        f"<table><thead><tr>{headings}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        "<p>Agreement and confidence: the judge's. Fréchet: distance to MNIST's test set in the"
        " judge's features. Diversity: spread within a digit, MNIST's = 1. Nearest: mean L2"
        " distance to the closest training image; a copy would be near 0. ms: an image.</p>"
        "</details>"
    )
