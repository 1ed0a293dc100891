"""The images of a run: a sheet of them, each with two opinions, and the film of how they came."""

import json
from html import escape

import numpy as np

from invert import film
from invert.networks.judge import Opinion
from invert.page import markup

PLAY_SECONDS = 2.4
# For so many images: columns, and CSS pixels an image. Multiples of 28 keep its squares equal.
GRIDS = ((1, 1, 252), (4, 2, 112), (9, 3, 84), (16, 4, 56))
INVITE = "Click an image to classify it."
MARKS = {"classifier": "◆", "judge": "●"}


def grid(count: int) -> tuple[int, int]:
    """Return columns and CSS pixels an image for ``count`` images."""
    return next((columns, side) for most, columns, side in GRIDS if count <= most)


def html(run, opinion: Opinion) -> str:
    """Return the run's images as one film that plays once, with a button and a slider.

    All images share one sprite; moving it behind each of them is the film (see ``style.css``), so
    it needs no script. Without one, or with reduced motion, the images stand at the end. Over each
    lies a button that sends it to the left side.

    Args:
        run: what `invert.generate` returns; without frames the images are all there is.
        opinion: the judge's, of its images.
    """
    count = len(run.images)
    columns, side = grid(count)
    frames = run.frames if len(run.frames) else run.images[None]
    uri = markup.data_uri(film.sprite(frames, run.pixel_range))
    cells = []
    for n in range(count):
        says = {
            "classifier": _said(run.probabilities[n]),
            "judge": _said(opinion.probabilities[n]) if opinion.digit[n] else None,
        }
        along = 100 * n / max(1, count - 1)
        cells.append(
            f'<figure><div class="frame"><div class="film paper" role="img"'
            f' style="--x:{along:.4f}%"'
            f' aria-label="{escape(_description(run.targets[n], says))}"></div>'
            f'<button type="button" class="send" data-sender="classify-{n + 1}"'
            f' aria-label="Classify image {n + 1}"></button></div>'
            f"<figcaption>{_opinions(says, run.targets[n])}</figcaption></figure>"
        )
    small = " small" if columns > 2 else ""
    return (
        f'<div class="sheet{small}" style="--columns:{columns};--side:{side}px;--count:{count};'
        f'--frames:{len(frames)};--seconds:{PLAY_SECONDS}s;--sprite:url({uri})">'
        f"{''.join(cells)}</div>"
    )


def note(run) -> str:
    """Return what one can do with the images; or, where that was in vain, what came of them."""
    count = len(run.verdicts)
    stuck, failed = (run.verdicts.count(v) for v in ("never moved", "not convinced"))
    words = INVITE
    if stuck:
        words = f"{stuck} of {count} could not move from this start. Try another start."
    elif failed:
        way_out = "Try more steps, or another method." if len(run.losses) else "Try another seed."
        words = f"{failed} of {count} did not convince the network. {way_out}"
    return f'<p class="note invite">{escape(words)}</p>'


def blank(count: int) -> str:
    """Return a sheet and a player of the same size with nothing on them yet."""
    columns, side = grid(count)
    cell = '<figure><div class="paper"></div><figcaption><span>&nbsp;</span></figcaption></figure>'
    return (
        '<div class="sheet waiting" aria-hidden="true"'
        f' style="--columns:{columns};--side:{side}px">{cell * count}</div>'
        '<div class="player waiting" aria-hidden="true"></div>'
    )


def player(run) -> str:
    """Return the film's button and slider, with what is said at each frame for ``page.js``."""
    last = len(run.frame_steps) - 1
    steps = int(run.frame_steps[-1])
    mean = run.probabilities_by_step.mean(axis=1)
    lines = []
    for step in run.frame_steps:
        second, best = np.argsort(mean[step])[-2:]
        sure, less = markup.percent(mean[step, best]), markup.percent(mean[step, second])
        lines.append(f"{best} at {sure}, {second} at {less}")
    data = json.dumps({"steps": [int(step) for step in run.frame_steps], "lines": lines})
    return (
        f'<div class="player" data-film="{escape(data)}">'
        '<button type="button" class="play" aria-label="Play the film">▶&#xFE0E;</button>'
        f'<input class="scrub" type="range" min="0" max="{last}" step="1" value="{last}"'
        f' aria-label="Position in the film" aria-valuetext="step {steps} of {steps}">'
        f'<span class="at">step {steps} of {steps}: {escape(lines[-1])}</span></div>'
    )


def legend() -> str:
    """Return what the two marks under the images mean."""
    return (
        f'<p class="legend"><span><b class="classifier">{MARKS["classifier"]}</b> inverted'
        f' classifier</span><span><b class="judge">{MARKS["judge"]}</b> independent judge</span>'
        "</p>"
    )


def _said(probabilities: np.ndarray) -> tuple[int, str]:
    """The best answer and how sure it is."""
    best = int(np.argmax(probabilities))
    return best, markup.percent(probabilities[best])


def _opinions(says: dict, target: int) -> str:
    lines = []
    for who, said in says.items():
        agrees = "" if said and said[0] == target else " other"
        words = f"{said[0]} <em>{escape(said[1])}</em>" if said else "<em>no digit</em>"
        lines.append(f'<span class="says{agrees}"><b class="{who}">{MARKS[who]}</b> {words}</span>')
    return "".join(lines)


def _description(target: int, says: dict) -> str:
    parts = [
        f"{who} says {said[0]}, {said[1]}" if said else f"{who} says it is no digit"
        for who, said in says.items()
    ]
    return f"Image made to be a {target}: {'; '.join(parts)}"
