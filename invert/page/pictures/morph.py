"""One picture that turns into another under a slider.

All pictures lie in one sprite, and the browser lays one over the other: the further the change, the
more opaque the upper one. So a drag asks nothing of the server. What a network reads on the way is
computed beforehand, for each position of the slider.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from invert import film
from invert.inversion.domain import Domain
from invert.page.pictures import markup

# CSS pixels for the longer side of a picture: on a phone, on a laptop, on a large screen.
SIDES = {"small": 168, "medium": 224, "large": 252}
SHARES = np.linspace(0, 1, 17)  # of the way to another picture, at the positions of a slider


class Way(NamedTuple):
    """A way from the first picture to another.

    Attributes:
        name: on the button that chooses it.
        end: the other picture, in [0, 1].
        lines: what is said at each position, from the start to the end.
        told: a sentence about the whole way.
    """

    name: str
    end: np.ndarray
    lines: Sequence[str]
    told: str


class Words(NamedTuple):
    """What the parts are called.

    Attributes:
        slider, picks: the slider, and the group of buttons that choose a way.
        before, after: the two pictures.
        caption: what is said under the first.
    """

    slider: str
    picks: str
    before: str
    after: str
    caption: str


def html(
    start: np.ndarray,
    ways: Sequence[Way],
    words: Words,
    *,
    at: int | None = None,
    chosen: int = 0,
    mix: Sequence[float] | None = None,
    beside: str = "",
    thumbnails: bool = False,
) -> str:
    """Return two pictures side by side, the second of which turns from the first into another.

    Args:
        start: the first picture, ``(H, W)`` or ``(H, W, 3)`` in [0, 1].
        ways: to the others; all have as many lines.
        words: what the parts are called.
        at: the position at first; the end by default.
        chosen: the way that is shown first.
        mix: how much of the end is in the picture at each position, 0 to 1; evenly by default.
        beside: HTML beside the pictures. What is of the class "strip" in it moves with the way.
        thumbnails: whether the buttons show the ends instead of their names.
    """
    count = len(ways[0].lines)
    at = count - 1 if at is None else at
    mix = np.linspace(0, 1, count).tolist() if mix is None else list(mix)
    data = json.dumps({"mix": [round(m, 5) for m in mix], "lines": [list(w.lines) for w in ways]})
    frames = np.stack([start, *(way.end for way in ways)])
    line = ways[chosen].lines[at]
    paper = markup.paper(start.shape)
    told = "".join(
        f"<div{'' if number == chosen else ' hidden'}>{markup.sentence(way.told, 'told')}</div>"
        for number, way in enumerate(ways)
    )
    return (
        f'<div class="morph" data-morph="{escape(data)}" style="{sizes(start.shape)};'
        f'{sprite(frames)};--row:{chosen + 1};--mix:{mix[at]:.5f}"><div class="pair">'
        f'<figure class="captioned"><div class="{paper} strip first" role="img"'
        f' aria-label="{escape(words.before)}"></div>'
        f"<figcaption>{escape(words.caption)}</figcaption></figure>"
        f'<figure class="captioned"><div class="{paper} blend" role="img"'
        f' aria-label="{escape(words.after)}"><i class="strip first"></i><i class="strip"></i>'
        f'</div><figcaption class="said">{escape(line)}</figcaption></figure>{beside}</div>'
        f'<input class="way" type="range" min="0" max="{count - 1}" step="1" value="{at}"'
        f' aria-label="{escape(words.slider)}" aria-valuetext="{escape(line)}">'
        f"{_picks(ways, words.picks, chosen, thumbnails, paper)}"
        f'<div aria-live="polite">{told}</div></div>'
    )


def read_on_the_way(start: np.ndarray, end: np.ndarray, graph) -> np.ndarray:
    """Return what a network reads at each of ``SHARES``, of two pictures in [0, 1]."""
    from invert.networks.classifier import read

    shares = SHARES.reshape(-1, *[1] * start.ndim)
    return read(graph.domain.from_unit(np.float32(start + shares * (end - start))), graph)


def sprite(frames: np.ndarray) -> str:
    """Return pictures ``(N, *shape)`` in [0, 1], one under the other, for the class "strip"."""
    return f"--sprite:url({markup.data_uri(film.sprite(frames[:, None]))});--rows:{len(frames)}"


def sizes(shape: tuple[int, ...], sides: Mapping[str, int] = SIDES) -> str:
    """Return how large an image of that shape is shown, for the style sheet: whole CSS pixels."""
    height, width = shape[:2]
    units = ";".join(f"--{n}:{max(1, s // max(height, width))}px" for n, s in sides.items())
    return f"--w:{width};--h:{height};{units}"


def eight_bit(images: np.ndarray, domain: Domain) -> np.ndarray:
    """Return a network's images in [0, 1], as a PNG holds them."""
    return np.rint(255 * np.clip(domain.to_unit(images), 0, 1)) / 255


def _picks(ways: Sequence[Way], label: str, chosen: int, thumbnails: bool, paper: str) -> str:
    if len(ways) == 1:
        return ""
    buttons = []
    for number, way in enumerate(ways):
        pressed = "true" if number == chosen else "false"
        name = escape(way.name)
        shown, said = name, ""
        if thumbnails:
            shown = f'<span class="{paper} strip" style="--row:{number + 1}"></span>'
            said = f' aria-label="{name}" title="{name}"'
        buttons.append(f'<button type="button" aria-pressed="{pressed}"{said}>{shown}</button>')
    kind = " thumbnails" if thumbnails else ""
    return (
        f'<div class="picks{kind}" role="group" aria-label="{escape(label)}">'
        f"{''.join(buttons)}</div>"
    )
