"""The probability of every answer by step: a drawing, and the same in words."""

import base64
from collections.abc import Sequence
from html import escape

import numpy as np

from invert.page.pictures import markup
from invert.page.pictures.markup import percent

WIDTH, HEIGHT = 300, 180
TITLE = "How sure the network is, step by step"
# An SVG in an <img> cannot see the page's style sheet, but it does see the system's choice.
STYLE = """
path{fill:none;stroke:#7d7a72;stroke-width:1.25;stroke-opacity:.55;vector-effect:non-scaling-stroke;
stroke-linejoin:round}
.rival{stroke-opacity:1;stroke-dasharray:5 3}
.target{stroke:#3949ab;stroke-width:2.75;stroke-opacity:1}
.grid{stroke:#8f8b80;stroke-opacity:.3;stroke-width:1}
@media (prefers-color-scheme:dark){path{stroke:#a29f98}.target{stroke:#a5b1f5}.grid{stroke:#8b8f99}}
"""


def svg(probabilities: np.ndarray, steps: np.ndarray, target: int) -> str:
    """Return a line a class as SVG, the target's emphasised, the strongest other one dashed.

    Args:
        probabilities: ``(F, classes)`` in [0, 1].
        steps: how many steps lie before each, ``(F,)``, rising from 0.
        target: the class that the run was to make.
    """
    classes = probabilities.shape[1]
    across = steps / max(1, steps[-1]) * WIDTH
    rival = strongest_rival(probabilities, target)
    order = [c for c in range(classes) if c not in (rival, target)] + [rival, target]
    kinds = {rival: ' class="rival"', target: ' class="target"'}
    lines = [f'<path class="grid" d="M0 {y}H{WIDTH}"/>' for y in (0, HEIGHT / 2, HEIGHT)]
    for each in order:
        down = (1 - probabilities[:, each]) * HEIGHT
        points = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
        lines.append(f'<path{kinds.get(each, "")} d="M{points}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -3 {WIDTH} {HEIGHT + 6}"'
        f' preserveAspectRatio="none"><style>{STYLE}</style>{"".join(lines)}</svg>'
    )


def strongest_rival(probabilities: np.ndarray, target: int) -> int:
    """Return the class other than the target that came nearest to being the answer."""
    height = probabilities.max(axis=0).copy()
    height[target] = -1
    return int(height.argmax())


def turn(probabilities: np.ndarray, target: int) -> int | None:
    """Return the row from which on the target is the answer; None if from the start, or never.

    >>> turn(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]), 1)
    1
    """
    others = np.nonzero(probabilities.argmax(axis=1) != target)[0]
    last = others[-1] if len(others) else -1
    return int(last) + 1 if 0 <= last < len(probabilities) - 1 else None


def figure(
    probabilities: np.ndarray,
    frame_steps: np.ndarray,
    target: int,
    images: int,
    labels: Sequence[str] = markup.DIGITS,
) -> str:
    """Return the chart with axes, a cursor for the film's position, and a text alternative."""
    steps = int(frame_steps[-1])
    first, last = probabilities[0, target], probabilities[-1, target]
    rival = strongest_rival(probabilities, target)
    peak = probabilities[:, rival].max()
    of = "" if images == 1 else f", mean of {images} images"
    aim, other = labels[target], labels[rival]
    row = turn(probabilities, target)
    words = (
        f"Probability of every answer by step{of}: {aim} goes from {percent(first)} to"
        f" {percent(last)} in {steps} steps; of the others {other} comes highest, {percent(peak)}."
    )
    mark = turn_key = ""
    if row is not None:
        turned = int(frame_steps[row])
        said = f"from step {turned} it says {aim}"
        words += f" From step {turned} on it is the answer."
        turn_key = f'<span><i class="turn"></i> {escape(said)}</span>'
        mark = (
            f'<span class="turned" style="--turn:{turned / steps:.4f}" aria-hidden="true"></span>'
        )
    uri = base64.b64encode(svg(probabilities, frame_steps, target).encode()).decode("ascii")
    plot = (
        f'<img src="data:image/svg+xml;base64,{uri}" alt="{escape(words)}">{mark}'
        '<span class="cursor" aria-hidden="true"></span>'
    )
    key = (
        f'<p class="key" aria-hidden="true"><i class="target"></i>{escape(aim)}'
        f'<i class="rival"></i>{escape(other)}<i></i>the others{turn_key}</p>'
    )
    return _framed(of, plot, str(steps), key)


def blank(words: str) -> str:
    """Return the chart of the same size without a run: HTML of words in the lines' place."""
    return _framed("", f'<div class="instead">{words}</div>', "")


def _framed(of: str, plot: str, last: str, key: str = "") -> str:
    return (
        f'<figure class="chart"><figcaption>{TITLE}{of}</figcaption><div class="plot">{plot}</div>'
        '<div class="axis y" aria-hidden="true"><span>100%</span><span>50%</span><span>0</span>'
        "</div>"
        f'<div class="axis x" aria-hidden="true"><span>step 0</span><span>{last}</span></div>'
        f"{key}</figure>"
    )
