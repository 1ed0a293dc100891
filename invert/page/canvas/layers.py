"""The layers under the canvas: from the image through two times 256 units to the ten answers."""

import json
from html import escape

import numpy as np
import streamlit as st

from invert.page.pictures import markup
from invert.page.server import loading
from invert.page.session import network

ROWS = COLUMNS = 16  # of a layer's 256 units, as a picture
SIDE = 112
LEVELS = 15  # shades of a weight: enough to see, and all 256 pictures are 170 KB at most
POINT = "Point at a unit to see what it responds to, at an answer to see who voted for it."
NOT_DENSE = "The layers of this network are not shown. Those of `question`, `robust`, `energy` are."


@st.cache_data(max_entries=4, show_spinner=False)
def style(name: str) -> str:
    """Return a style sheet with the weights of all units of the first layer, as one picture.

    Apart from the drawing, so that the browser gets it once for each network.
    """
    from invert.explanation import activations

    weights = activations.first_weights(name)
    weights = weights / np.abs(weights).max(axis=(1, 2), keepdims=True)
    _, height, width = weights.shape
    grid = weights.reshape(ROWS, COLUMNS, height, width).transpose(0, 2, 1, 3)
    picture = markup.colours(grid.reshape(ROWS * height, COLUMNS * width), LEVELS)
    return f"<style>.stApp {{ --weights: url({markup.data_uri(picture)}) }}</style>"


def show_weights() -> None:
    """Have the browser know what the units of the page's network respond to."""
    chosen = network.chosen()
    if chosen.dense and loading.ready():
        st.html(style(chosen.name))


def html(image: np.ndarray | None, chosen: network.Network, ready: bool = True) -> str:
    """Return the layers from the image to the ten answers; ``layers.js`` points at units.

    Units that speak for an answer are blue, units that speak against it orange: a unit's activation
    times the slope of the answer's score.

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1; None leaves the places empty.
        chosen: one of dense layers; for any other one sentence is returned.
        ready: whether the network can be asked; else the image is all there is.
    """
    if not chosen.dense:
        return markup.sentence(NOT_DENSE, "note")
    seen = empty = '<div class="heat empty"></div>'
    if image is not None:
        seen = markup.picture(image, "the image as it goes in", SIDE)
    if image is None or not ready:
        return _strip(seen, empty, empty, "", POINT, 0)
    from invert.explanation import activations

    found = activations.activations(image, chosen.classifier)
    best = int(found.logits.argmax())
    # What a unit adds to all answers alike decides nothing.
    first, second = (votes - votes.mean(axis=1, keepdims=True) for votes in found.votes)
    lines = [_votes_for(digit, second[:, digit]) for digit in range(len(found.logits))]
    unit = int(first[:, best].argmax())
    seen += '<div class="weights" role="img" aria-label="what the unit responds to"></div>'
    sums = json.dumps([round(float(value), 2) for value in found.sums])
    units = (
        f'<div class="units" role="slider" tabindex="0" aria-label="Unit of the first layer"'
        f' aria-valuemin="1" aria-valuemax="{len(found.sums)}" aria-valuenow="{unit + 1}"'
        f' aria-valuetext="Unit {unit + 1}" data-sums="{sums}">'
        f'{_votes(first)}<span class="mark"></span></div>'
    )
    answers = _answers(found.logits, lines)
    place = f"--row:{unit // COLUMNS};--column:{unit % COLUMNS}"
    return _strip(seen, units, _votes(second), answers, lines[best], best, place)


def _strip(seen, units, votes, answers, line: str, best: int, style: str = "") -> str:
    to = '<i class="to" aria-hidden="true">→</i>'
    parts = (
        _captioned(f'<div class="seen">{seen}</div>', "28×28 pixels"),
        _captioned(units, "256 units"),
        _captioned(votes, "256 units"),
        _captioned(answers or '<div class="answers"></div>', "ten answers"),
    )
    return (
        f'<section class="layers" style="--digit:{best};{style}" data-answer="{best}">'
        f'<div class="strip">{to.join(parts)}</div>'
        f'<p class="line" data-said="{escape(line)}">{escape(line)}</p></section>'
    )


def _captioned(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _votes(votes: np.ndarray) -> str:
    """One picture for each answer, one above the other; the style sheet shows one of them."""
    _, answers = votes.shape
    grid = votes.T.reshape(answers * ROWS, COLUMNS)
    return (
        '<div class="heat votes" role="img" aria-label="the units\' votes"'
        f' style="--votes:url({markup.data_uri(markup.colours(grid))})"></div>'
    )


def _votes_for(digit: int, votes: np.ndarray) -> str:
    return (
        f"{int((votes > 0).sum())} units of the second layer vote for {digit},"
        f" {int((votes < 0).sum())} against it. {POINT}"
    )


def _answers(logits: np.ndarray, lines: list[str]) -> str:
    """Ten bars from the middle: to the right above the mean, to the left below.

    The answer goes by the differences of the scores; what they have in common says nothing.
    """
    logits = logits - logits.mean()
    longest, best = np.abs(logits).max(), int(logits.argmax())
    rows = "".join(
        f'<button type="button" data-digit="{digit}" data-said="{escape(lines[digit])}"'
        f'{" class=best" if digit == best else ""} aria-label="Who voted for {digit}: its score'
        f' lies {value:+.1f} from the mean"><b>{digit}</b><span class="track">'
        f'<i class="{"for" if value > 0 else "against"}" style="--to:{abs(value) / longest:.3f}">'
        "</i></span></button>"
        for digit, value in enumerate(logits)
    )
    return f'<div class="answers">{rows}</div>'
