"""Small pictures in a row, each a button whose film plays where one points."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from invert.page.pictures import film_sheet, markup, morph, wording

NOTHING = "no digit"
# CSS pixels of an image among ten, and of one alone.
TEN = {"small": 56, "medium": 84, "large": 84}
ALONE = {"small": 140, "medium": 168, "large": 168}


class Drawn(NamedTuple):
    """An image that was made.

    Attributes:
        frames: ``(F, *shape)`` uint8, how it came about; 255 is the most.
        label: of the class that was asked for.
        says: what is read in it, a label or ``NOTHING``.
        who: who reads, such as "judge".
    """

    frames: np.ndarray
    label: str
    says: str
    who: str


def html(drawn: Sequence[Drawn], opens: Sequence[str], words: str) -> str:
    """Return the images side by side.

    Args:
        drawn: the images, of one shape and number of frames.
        opens: for each the name of the unseen choice that a click on it presses.
        words: what they are together.
    """
    alone = len(drawn) == 1
    png, frames = film_sheet.png(np.stack([one.frames for one in drawn], axis=1))
    shape = drawn[0].frames.shape[1:]
    figures = []
    for place, (one, name) in enumerate(zip(drawn, opens, strict=True)):
        made = f"made to be {wording.article(one.label)} {one.label}"
        said = f"{made}, the {one.who} reads {one.says}: open it on Generate"
        short = f"{one.who}: {one.says}" if alone else one.says.replace(NOTHING, "–")
        other = "" if one.says == one.label else ' class="other"'
        along = 100 * place / max(1, len(drawn) - 1)
        figures.append(
            f'<figure><button type="button" data-opens="{escape(name)}"'
            f' aria-label="{escape(said)}"><span class="{markup.paper(shape)} movie"'
            f' style="--x:{along:.4f}%"></span></button>'
            f'<figcaption{other} aria-hidden="true">{escape(short)}</figcaption></figure>'
        )
    return (
        f'<div class="ten" role="group" aria-label="{escape(words)}" style="--count:{len(drawn)};'
        f"--frames:{frames};{morph.sizes(shape, ALONE if alone else TEN)};"
        f'--sprite:url({markup.data_uri(png)})">{"".join(figures)}</div>'
    )
