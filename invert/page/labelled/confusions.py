"""A tally of labelled pictures as HTML: the share, the confusions, and what was misread."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from invert.evaluation.tally import Tally
from invert.page.pictures import markup, wording

SIDE = 84  # CSS pixels of a picture
# Of the misread ones: how many, and how many values all of them together may have.
MOST_SHOWN, FEWEST_SHOWN, MOST_VALUES = 24, 6, 600_000
BY_CHANCE = "Guessing would give {}."
ALL_RIGHT = "None is misread."


class Wrong(NamedTuple):
    """A picture that is misread: its name and image, what it is, what was said, and how surely."""

    name: str
    image: np.ndarray
    label: str
    answer: str
    sure: float


def html(counts: Tally, labels: Sequence[str], wrong: Sequence[Wrong], left_out: int) -> str:
    """Return all of it.

    Args:
        counts: of the pictures.
        labels: of the classes.
        wrong: the misread ones.
        left_out: how many have no class, and do not count.
    """
    return (
        f'<section class="accuracy">{_share(counts, len(labels), left_out)}'
        f"{_table(counts.confusions, labels)}{_misread(wrong)}</section>"
    )


def sentence(counts: Tally) -> str:
    """Return what the pictures say of all such pictures.

    >>> from invert.evaluation.tally import tally
    >>> sentence(tally([0] * 20, [0] * 17 + [1] * 3, 2))
    '17 of 20 right, so between 64 and 95\xa0% of such pictures.'
    """
    low, high = round(100 * counts.low), round(100 * counts.high)
    right = f"{counts.right} of {counts.pictures} right"
    return f"{right}, so between {low} and {high}\N{NO-BREAK SPACE}% of such pictures."


def _share(counts: Tally, classes: int, left_out: int) -> str:
    chance = 1 / classes
    said = BY_CHANCE.format(markup.percent(chance))
    more = " More pictures make the range narrower." if counts.high - counts.low > 0.1 else ""
    left = f" {left_out} without a class are not counted." if left_out else ""
    share = counts.right / counts.pictures
    return (
        f'<p class="share">{escape(sentence(counts))}</p>'
        f'<div class="range" aria-hidden="true" style="--low:{counts.low:.4f};'
        f'--high:{counts.high:.4f};--share:{share:.4f};--chance:{chance:.4f}">'
        '<i class="likely"></i><i class="chance"></i><b></b></div>'
        '<p class="ends" aria-hidden="true"><span>0</span><span>100%</span></p>'
        f'<p class="note">{said} For pictures like these the true share lies in'
        f" the range 19 times in 20.{more}{left}</p>"
    )


def _table(confusions: np.ndarray, labels: Sequence[str]) -> str:
    """The table of confusions, of the classes that occur: a row a class, a column an answer."""
    rows = np.flatnonzero(confusions.sum(axis=1)).tolist()
    columns = np.flatnonzero(confusions.sum(axis=0) + confusions.sum(axis=1)).tolist()
    head = "".join(f'<th scope="col">{escape(labels[c])}</th>' for c in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(labels[row])}</th>'
        + "".join(_cell(confusions[row], row, column) for column in columns)
        + "</tr>"
        for row in rows
    )
    return (
        '<h3>What is taken for what</h3><p class="note">A row for each class, a column for each'
        " answer. What is right lies on the diagonal.</p>"
        '<div class="confusions" tabindex="0" role="region" aria-label="Confusions"><table>'
        f'<thead><tr><th scope="col">is \\ read as</th>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def _cell(row: np.ndarray, is_: int, read_as: int) -> str:
    count, share = int(row[read_as]), row[read_as] / row.sum()
    kind = "right" if is_ == read_as else "wrong"
    if not count:
        return f'<td class="none{" right" if is_ == read_as else ""}">·</td>'
    return f'<td class="{kind}" style="--of:{share:.3f}">{count}</td>'


def _misread(wrong: Sequence[Wrong]) -> str:
    if not wrong:
        return f'<p class="note">{ALL_RIGHT}</p>'
    fit = max(FEWEST_SHOWN, MOST_VALUES // wrong[0].image.size)
    shown = sorted(wrong, key=lambda each: -each.sure)[: min(MOST_SHOWN, fit)]
    figures = "".join(_figure(each) for each in shown)
    first = "" if len(shown) == len(wrong) else f", the {len(shown)} surest first"
    return f'<h3>Misread: {len(wrong)}{first}</h3><div class="pictures misread">{figures}</div>'


def _figure(each: Wrong) -> str:
    words = f"{each.name} is {wording.answer(each.label)}, read as {wording.answer(each.answer)}"
    return (
        f"<figure>{markup.picture(each.image, words, SIDE)}<figcaption>"
        f"<b>is {escape(each.label)}</b> <span>read as {escape(each.answer)},"
        f" {markup.percent(each.sure)} sure</span>"
        f'<small title="{escape(each.name)}">{escape(each.name)}</small></figcaption></figure>'
    )


def unnamed(count: int, shown: int) -> str:
    """Return what is said above the pictures whose class no name tells."""
    first = f" Here are the first {shown}." if count > shown else ""
    what = "1 picture's name tells" if count == 1 else f"The names of {count} pictures tell"
    return markup.sentence(
        f"{what} no class of this network: choose it, and it counts.{first}", "note"
    )


def thumbnail(image: np.ndarray, name: str) -> str:
    """Return a small picture with its name."""
    small = markup.picture(image, name, SIDE)
    return f'<figure class="unnamed">{small}<figcaption>{escape(name)}</figcaption></figure>'
