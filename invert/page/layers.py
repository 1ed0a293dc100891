"""Inside: what each layer makes of the drawing, and what the first layer's units respond to."""

import json
from html import escape

import numpy as np
import streamlit as st

from invert.page import markup

ROWS = COLUMNS = 16  # of a layer's 256 units, as a picture
IMAGE, LAYER = 112, 144
LEVELS = 15  # shades of a weight: enough to see, and all 256 pictures are 170 KB at most
WHAT = (
    "Each square of the two layers is a unit, the bluer the more active; their order means"
    " nothing. Point at a unit of the first layer, or move with the arrow keys, to see its 784"
    " weights."
)


@st.cache_data(max_entries=4, show_spinner=False)
def style(name: str) -> str:
    """Return a style sheet with the weights of all units of the first layer, as one picture.

    Apart from the drawing, so that the browser gets it once.
    """
    from invert.explanation import activations

    weights = activations.first_weights(name)
    weights = weights / np.abs(weights).max(axis=(1, 2), keepdims=True)
    _, height, width = weights.shape
    grid = weights.reshape(ROWS, COLUMNS, height, width).transpose(0, 2, 1, 3)
    picture = markup.colours(grid.reshape(ROWS * height, COLUMNS * width), LEVELS)
    return f"<style>.st-key-why {{ --weights: url({markup.data_uri(picture)}) }}</style>"


@st.cache_data(max_entries=32, show_spinner=False)
def html(image: np.ndarray, name: str) -> str:
    """Return the layers from the image to the ten logits; ``page.js`` moves from unit to unit.

    Args:
        image: ``(28, 28)`` in [0, 1], ink = 1.
        name: the classifier's.
    """
    from invert.explanation import activations

    found = activations.activations(image, name)
    first, second = found.hidden
    lines = _lines(found.sums)
    unit = int(found.sums.argmax())
    row, column = divmod(unit, COLUMNS)
    slider = (
        f'<div class="units" role="slider" tabindex="0" aria-label="Unit of the first layer"'
        f' aria-valuemin="1" aria-valuemax="{len(lines)}" aria-valuenow="{unit + 1}"'
        f' aria-valuetext="{escape(lines[unit])}" data-lines="{escape(json.dumps(lines))}">'
        f'{_picture(first, "")}<span class="mark"></span></div>'
    )
    return (
        f'<section class="experiment inside" style="--row:{row};--column:{column}">'
        f"<h3>Inside <code>{escape(name)}</code></h3>{markup.sentence(WHAT, 'note')}"
        '<div class="layers">'
        + markup.captioned(markup.picture(image, "the image as it goes in", IMAGE), "28×28 pixels")
        + markup.captioned(slider, f"first layer: {_active(first)}")
        + markup.captioned(
            _picture(second, "activations of the second layer"),
            f"second layer: {_active(second)}",
        )
        + markup.captioned(_logits(found.logits), "ten logits: the answer is the largest")
        + '</div><div class="unit"><div class="weights" role="img" aria-label="The 784 weights of'
        f' the unit"></div><div><p class="line">{escape(lines[unit])}</p>'
        '<p class="key"><span><i class="for"></i>ink here makes it more active</span>'
        '<span><i class="against"></i>ink here makes it less so</span></p></div></div></section>'
    )


def _picture(layer: np.ndarray, description: str) -> str:
    return markup.heat(layer.reshape(ROWS, COLUMNS), description, LAYER)


def _active(layer: np.ndarray) -> str:
    return f"{int((layer > 0).sum())} of {len(layer)} active"


def _lines(sums: np.ndarray) -> list[str]:
    """What is said of each unit of the first layer."""
    ranks = np.argsort(np.argsort(-sums)) + 1
    active = int((sums > 0).sum())
    return [
        f"Unit {number}: activation {total:.2f}, number {rank} of the {active} active."
        if total > 0
        else f"Unit {number}: inactive, its weighted input is {_signed(total, 2)}."
        for number, (total, rank) in enumerate(zip(sums, ranks, strict=True), 1)
    ]


def _signed(value: float, places: int = 1) -> str:
    return f"{value:.{places}f}".replace("-", "−")


def _logits(logits: np.ndarray) -> str:
    """Ten bars from the middle: to the right above 0, to the left below."""
    longest, best = np.abs(logits).max(), int(logits.argmax())
    rows = "".join(
        f'<li{" class=best" if digit == best else ""}><b>{digit}</b><span class="track">'
        f'<i class="{"for" if value > 0 else "against"}" style="--to:{abs(value) / longest:.3f}">'
        f"</i></span><em>{_signed(value)}</em></li>"
        for digit, value in enumerate(logits)
    )
    return f'<ol class="logits" aria-label="Logit of each digit">{rows}</ol>'
