"""The layers under the canvas: from the image through the units of dense layers to the answers."""

import json
import math
from html import escape

import numpy as np
import streamlit as st

from invert.networks.classifier import CLASSIFIERS, HIDDEN
from invert.page.pictures import markup, wording
from invert.page.server import loading
from invert.page.session import network
from invert.page.session.remembered import remembered

SIDE = 112
LEVELS = 15  # shades of a weight: enough to see, and all 256 pictures are 170 KB at most
# Units of the first layer that are shown, and values of the pictures of their weights together; and
# of the last layer.
MOST_UNITS, MOST_VALUES, MOST_VOTERS = 256, 256 * 784, 1024
# With what stands before it, it must be as long as what is said of a unit: two lines on a phone.
POINT = "Point at a unit of the first layer, or at an answer."
POINT_LINEAR = "Point at an answer to see which pixels speak for it, and which against it."
DRAW = "Draw, and every layer shows what it makes of that."
LINEAR = "Each answer is a weighted sum of the pixels."
ORDINALS = ("first", "second", "third", "fourth", "fifth")
NOT_GIVEN = "What the layers of a network make of an image is shown here."
NOT_DENSE = (
    "The layers of a dense network, such as `question`, are shown here. This one has others:"
    " what its channels look for is under What is lost."
)


@remembered(4)
def style(name: str, _classifier) -> str:
    """Return a style sheet with the weights of the first layer's units, as one picture.

    Apart from the drawing, so that the browser gets it once for each network.
    """
    from invert.explanation import activations

    every = activations.first_weights(_classifier)
    every = every[: _shown(len(every), every[0].size)]
    weights = every.sum(axis=-1) if every.ndim == 4 else every  # of a pixel, in all colours
    most = np.abs(weights).max(axis=(1, 2), keepdims=True)
    units, height, width = weights.shape
    columns, rows = _sides(units)
    grid = np.zeros((rows * columns, height, width), np.float32)
    grid[:units] = weights / np.maximum(most, 1e-12)
    grid = grid.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    picture = markup.colours(grid.reshape(rows * height, columns * width), LEVELS)
    return f"<style>.stApp {{ --weights: url({markup.data_uri(picture)}) }}</style>"


def show_weights() -> None:
    """Have the browser know what the units of the page's network respond to."""
    chosen = network.chosen()
    if loading.ready() and chosen.dense:
        st.html(style(chosen.name, chosen.classifier))


def html(image: np.ndarray | None, chosen: network.Network, ready: bool = True) -> str:
    """Return the layers from the image to the answers; ``layers.js`` points at units.

    Of more than two layers of units the first and the last are shown. Units that speak for an
    answer are blue, units that speak against it orange: a unit's activation times the slope of the
    answer's score.

    Args:
        image: of the network's shape, in [0, 1]; None leaves the places empty.
        chosen: one of dense layers; for any other one sentence is returned.
        ready: whether the network can be asked; else the image is all there is.
    """
    if not chosen.dense:
        given = chosen.source is not None or chosen.name in CLASSIFIERS
        return markup.sentence(NOT_DENSE if given else NOT_GIVEN, "note")
    seen = empty = '<div class="heat empty"></div>'
    if image is not None:
        seen = markup.picture(chosen.inked(image), "the image as it goes in", SIDE)
    pixels = "×".join(map(str, chosen.shape[:2])) + " pixels"
    if image is None or not ready:
        widths = _widths(chosen)
        parts = [(f'<div class="seen">{seen}</div>', pixels)]
        parts += [(empty, caption) for caption in _captions(widths, chosen)]
        parts.append(('<div class="answers"></div>', _answers_in_words(chosen)))
        return _strip(parts, DRAW if widths else POINT_LINEAR, 0, "", hidden=len(widths))
    from invert.explanation import activations

    found = activations.activations(chosen.fit(image), chosen.classifier)
    scores = found.logits - found.logits.mean()
    answers = np.sort(np.argsort(-scores, kind="stable")[: markup.MOST_BARS])
    best = int(np.flatnonzero(answers == scores.argmax())[0])
    # What a unit adds to all answers alike decides nothing.
    votes = [(v - v.mean(axis=1, keepdims=True))[:, answers] for v in found.votes]
    labels = [chosen.labels[number] for number in answers]
    lines = [_votes_for(label, votes, row) for row, label in enumerate(labels)]
    count = _shown(len(found.sums), math.prod(chosen.shape))
    unit = int(votes[0][:count, best].argmax()) if votes else int(answers[best])
    columns, rows = _sides(count)
    seen += '<div class="weights" role="img" aria-label="what the unit responds to"></div>'
    parts = [(f'<div class="seen">{seen}</div>', pixels)]
    pictures = [_units(found.sums[:count], votes[0][:count], unit)] if votes else []
    pictures += [_votes(votes[-1][:MOST_VOTERS])] if len(votes) > 1 else []
    captions = _captions([len(each) for each in votes], chosen)
    parts += zip(pictures, captions, strict=True)
    parts.append((_answers(scores[answers], labels, answers, lines), _answers_in_words(chosen)))
    place = f"--row:{unit // columns};--column:{unit % columns};--answers:{len(answers)}"
    return _strip(
        parts,
        lines[best],
        best,
        f"{place};--columns:{columns};--rows:{rows}",
        hidden=len(votes),
        shown=count,
    )


def _widths(chosen: network.Network) -> list[int]:
    """How many units each layer before the answers has."""
    if isinstance(chosen.classifier, str):  # known before TensorFlow is
        return [HIDDEN, HIDDEN]
    from invert.explanation.dense_layers import dense_layers

    return [len(bias) for _, bias in dense_layers(chosen.classifier)][:-1]


def _captions(widths: list[int], chosen: network.Network) -> list[str]:
    """What is said under the layers of units that are shown: the first, and the last of several."""
    shown = [_shown(width, math.prod(chosen.shape)) for width in widths[:1]]
    shown += [min(MOST_VOTERS, width) for width in widths[1:][-1:]]
    of = widths if len(widths) < 2 else [widths[0], widths[-1]]
    return [_counted(*each) for each in zip(shown, of, strict=True)]


def _shown(units: int, values: int) -> int:
    """How many units of the first layer are shown, each of so many values."""
    return min(units, MOST_UNITS, max(1, MOST_VALUES // values))


def _sides(units: int) -> tuple[int, int]:
    """Columns and rows of a picture of so many units."""
    columns = math.ceil(math.sqrt(units))
    return columns, math.ceil(units / columns)


def _counted(shown: int, units: int) -> str:
    return f"{units:,} units" if shown == units else f"{shown:,} of {units:,} units"


def _answers_in_words(chosen: network.Network) -> str:
    count = len(chosen.labels)
    most = f" of {count}" if count > markup.MOST_BARS else ""
    return f"{wording.number(min(count, markup.MOST_BARS))}{most} answers"


def _units(sums: np.ndarray, votes: np.ndarray, unit: int) -> str:
    columns, rows = _sides(len(sums))
    said = json.dumps([round(float(value), 2) for value in sums])
    return (
        f'<div class="units" role="slider" tabindex="0" aria-label="Unit of the first layer"'
        f' aria-valuemin="1" aria-valuemax="{len(sums)}" aria-valuenow="{unit + 1}"'
        f' aria-valuetext="Unit {unit + 1}" data-sums="{said}" data-columns="{columns}"'
        f' data-rows="{rows}">{_votes(votes)}<span class="mark"></span></div>'
    )


def _strip(parts, line: str, best: int, style: str, hidden: int, shown: int = 0) -> str:
    """The parts ``(HTML, caption)`` with arrows between; ``hidden`` layers are on the way.

    The weights of ``shown`` units, or answers where no layer is on the way, are in the style sheet.
    """
    to = '<i class="to" aria-hidden="true">→</i>'
    left_out = '<i class="to" title="other layers" aria-hidden="true">→ … →</i>'
    figures = [_captioned(*part) for part in parts]
    between = [left_out if hidden > 2 and place == 1 else to for place in range(len(parts) - 1)]
    strip = "".join(f"{one}{arrow}" for one, arrow in zip(figures, [*between, ""], strict=True))
    linear = f' data-linear="{shown}"' if hidden == 0 else ""
    return (
        f'<section class="layers" style="--digit:{best};--parts:{len(parts)};{style}"'
        f' data-answer="{best}"{linear}><div class="strip of-{len(parts)}">{strip}</div>'
        f'<p class="line" data-said="{escape(line)}">{escape(line)}</p></section>'
    )


def _captioned(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _votes(votes: np.ndarray) -> str:
    """One picture for each answer, one above the other; the style sheet shows one of them."""
    units, answers = votes.shape
    columns, rows = _sides(units)
    grid = np.zeros((answers, rows * columns))
    grid[:, :units] = votes.T
    picture = markup.colours(grid.reshape(answers * rows, columns))
    return (
        '<div class="heat votes" role="img" aria-label="the units\' votes"'
        f' style="--votes:url({markup.data_uri(picture)})"></div>'
    )


def _votes_for(label: str, votes: list[np.ndarray], row: int) -> str:
    if not votes:
        return f"{LINEAR} {POINT_LINEAR}"
    last, which = votes[-1][:, row], ""
    if len(votes) > 1:
        named = len(votes) <= len(ORDINALS)
        which = f" of the {ORDINALS[len(votes) - 1] if named else 'last'} layer"
    return (
        f"{int((last > 0).sum())} units{which} vote for {label}, {int((last < 0).sum())} against"
        f" it. {POINT}"
    )


def _answers(scores: np.ndarray, labels: list[str], numbers: np.ndarray, lines: list[str]) -> str:
    """A bar an answer from the middle: to the right above the mean, to the left below.

    The answer goes by the differences of the scores; what they have in common says nothing.
    """
    longest, best = max(float(np.abs(scores).max()), 1e-12), int(scores.argmax())
    named = " named" if max(map(len, labels)) > 1 else ""
    rows = "".join(
        f'<button type="button" data-digit="{row}" data-unit="{numbers[row]}"'
        f' data-said="{escape(lines[row])}"'
        f'{" class=best" if row == best else ""} aria-label="Who voted for {escape(labels[row])}:'
        f' its score lies {value:+.1f} from the mean"><b>{escape(labels[row])}</b>'
        f'<span class="track"><i class="{"for" if value > 0 else "against"}"'
        f' style="--to:{abs(value) / longest:.3f}"></i></span></button>'
        for row, value in enumerate(scores)
    )
    return f'<div class="answers{named}" style="--count:{len(labels)}">{rows}</div>'
