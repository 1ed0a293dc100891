"""The probability of every digit by step: a drawing, and the same in words."""

import base64
from html import escape

import numpy as np

from invert.page.markup import percent

WIDTH, HEIGHT = 300, 180
TITLE = "How sure the classifier is, step by step"
# An SVG in an <img> cannot see the page's style sheet, but it does see the system's choice.
STYLE = """
path{fill:none;stroke:#7d7a72;stroke-width:1.25;stroke-opacity:.55;vector-effect:non-scaling-stroke;
stroke-linejoin:round}
.rival{stroke-opacity:1;stroke-dasharray:5 3}
.target{stroke:#3949ab;stroke-width:2.75;stroke-opacity:1}
.grid{stroke:#8f8b80;stroke-opacity:.3;stroke-width:1}
@media (prefers-color-scheme:dark){path{stroke:#a29f98}.target{stroke:#a5b1f5}.grid{stroke:#8b8f99}}
"""


def svg(probabilities: np.ndarray, target: int) -> str:
    """Return the ten lines as SVG, the target's emphasised, the strongest other one dashed.

    Args:
        probabilities: ``(steps + 1, 10)`` in [0, 1].
        target: the digit that the run was to make.
    """
    steps = len(probabilities)
    kept = np.unique(np.linspace(0, steps - 1, min(steps, WIDTH)).round().astype(int))
    across = kept / max(1, steps - 1) * WIDTH
    rival = strongest_rival(probabilities, target)
    order = [d for d in range(10) if d not in (rival, target)] + [rival, target]
    kinds = {rival: ' class="rival"', target: ' class="target"'}
    lines = [f'<path class="grid" d="M0 {y}H{WIDTH}"/>' for y in (0, HEIGHT / 2, HEIGHT)]
    for digit in order:
        down = (1 - probabilities[kept, digit]) * HEIGHT
        points = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
        lines.append(f'<path{kinds.get(digit, "")} d="M{points}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -3 {WIDTH} {HEIGHT + 6}"'
        f' preserveAspectRatio="none"><style>{STYLE}</style>{"".join(lines)}</svg>'
    )


def strongest_rival(probabilities: np.ndarray, target: int) -> int:
    """Return the digit other than the target that came nearest to being the answer."""
    height = probabilities.max(axis=0).copy()
    height[target] = -1
    return int(height.argmax())


def figure(probabilities: np.ndarray, target: int, images: int) -> str:
    """Return the chart with axes, a cursor for the film's position, and a text alternative."""
    steps = len(probabilities) - 1
    first, last = probabilities[0, target], probabilities[-1, target]
    rival = strongest_rival(probabilities, target)
    peak = probabilities[:, rival].max()
    of = "" if images == 1 else f", mean of {images} images"
    words = (
        f"Probability of every digit by step{of}: {target} goes from {percent(first)} to"
        f" {percent(last)} in {steps} steps; of the others {rival} comes highest, {percent(peak)}."
    )
    uri = base64.b64encode(svg(probabilities, target).encode()).decode("ascii")
    plot = (
        f'<img src="data:image/svg+xml;base64,{uri}" alt="{escape(words)}">'
        '<span class="cursor" aria-hidden="true"></span>'
    )
    key = (
        f'<p class="key" aria-hidden="true"><i class="target"></i>{target}'
        f'<i class="rival"></i>{rival}<i></i>the other eight</p>'
    )
    return _framed(escape(of), plot, str(steps), key)


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
