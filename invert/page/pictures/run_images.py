"""The images of a run: a sheet of them, each with its opinions, and the film of how they came."""

import dataclasses
import json
from html import escape
from typing import NamedTuple

import numpy as np

from invert import film
from invert.networks import judge
from invert.page.pictures import markup, pen_film, wording

PLAY_SECONDS = 2.4
# For so many images: columns, and CSS pixels an image, here and on a large screen. Multiples of 28
# keep a digit's squares equal.
GRIDS = ((1, 1, 280, 420), (4, 2, 140, 196), (9, 3, 84, 140), (16, 4, 56, 84))
HARDLY = 0.02  # of a pixel's range: a change that nobody sees
NO_DIGIT = "not a digit"
SEEN = "what the network reads: pixels"
THE_START, IN_ONE_GO = "the start", "in one go"
LOOKS = 128  # of the judge at a run: 6 milliseconds
MARKS = {"network": "◆", "judge": "●"}
Said = tuple[str, str]  # an answer, and how sure


class Opinions(NamedTuple):
    """What is said of each image at each frame, the last the image itself.

    Attributes:
        network: ``[image][frame]`` → an answer and how sure.
        judge: the same of the judge, or None where the images are no digits of this page's form.
    """

    network: list[list[Said]]
    judge: list[list[Said]] | None


def on_paper(run, dark: bool):
    """Return a run as it is shown and judged, with ink as the highest value of grey images.

    Args:
        run: what `invert.generate` returns.
        dark: whether its network reads dark ink, the lowest value.
    """
    if not dark or run.images.ndim != 3:
        return run
    turned = {name: _turned(run.domain, getattr(run, name)) for name in ("images", "frames")}
    return dataclasses.replace(run, **turned)


def _turned(domain, images: np.ndarray) -> np.ndarray:
    return domain.from_unit(1 - domain.to_unit(images))


def opinions(run) -> Opinions:
    """Return what the network and the judge say of a run's images on their way."""
    says = run.frame_probabilities if len(run.frames) else run.probabilities[None]
    network = [[_said(frame[n], run.labels) for frame in says] for n in range(len(run.images))]
    frames = run.frames if len(run.frames) else run.images[None]
    if not are_digits(run):
        return Opinions(network, None)
    inked = markup.in_unit(frames, run.pixel_range)
    count, last = len(run.images), len(frames) - 1
    # Of many images not every frame is looked at: what was said holds until the next that is.
    looks = np.unique(np.linspace(0, last, max(2, min(last + 1, LOOKS // count))).astype(int))
    opinion = judge.look(inked[looks].reshape(-1, *frames.shape[2:]))
    said = [
        _said(probabilities, run.labels) if digit else (NO_DIGIT, "")
        for probabilities, digit in zip(opinion.probabilities, opinion.digit, strict=True)
    ]
    latest = np.searchsorted(looks, np.arange(last + 1), side="right") - 1
    return Opinions(network, [[said[look * count + n] for look in latest] for n in range(count)])


def are_digits(run) -> bool:
    """Whether a run's images are digits as the judge reads them."""
    return markup.of_digits(run.images.shape[1:], run.labels)


def grid(count: int) -> tuple[int, int, int]:
    """Return columns, and CSS pixels an image here and on a large screen."""
    return next((columns, side, large) for most, columns, side, large in GRIDS if count <= most)


def html(run, said: Opinions) -> str:
    """Return the run's images as one film that plays by itself.

    All images share one sprite; moving it behind each of them is the film (see ``generate.css``),
    so it needs no script. Without one, or with reduced motion, the images stand at the end. What a
    pen drew is its strokes, and beside them, where there is room, what the network reads. Over
    each image lies a button that sends it to the left side.

    Args:
        run: what `invert.generate` returns; without frames the images are all there is.
        said: what `opinions` returns of it.
    """
    count = len(run.images)
    columns, side, large = grid(count)
    frames = run.frames if len(run.frames) else run.images[None]
    by_pen = run.strokes is not None
    beside = by_pen and columns <= pen_film.ABREAST
    paper = markup.paper(run.images.shape[1:])
    cells = []
    for n in range(count):
        target = run.labels[run.targets[n]]
        last = {"network": said.network[n][-1]}
        if said.judge:
            last["judge"] = said.judge[n][-1]
        along = f"--x:{100 * n / max(1, count - 1):.4f}%"
        seen = f'<i class="seen {paper}" style="{along}" title="{SEEN}"></i>' if beside else ""
        cells.append(
            f'<figure><div class="frame"><div class="film {paper}" role="img"'
            f' style="{along}" aria-label="{escape(_description(target, last))}"></div>'
            f'<button type="button" class="send" data-sender="read-{n + 1}"'
            f' aria-label="Read image {n + 1}"></button></div>'
            f"<figcaption>{_captions(run, count, target, last)}{seen}</figcaption></figure>"
        )
    kind = "small" if columns > 2 else "large" if count == 1 else ""
    sprite = f"--sprite:url({markup.data_uri(film.sprite(frames, run.pixel_range))})"
    levels = markup.in_unit(run.images[:1], run.pixel_range)[0]
    pen = f" {pen_film.of_run(run, levels)}" if by_pen else ""
    return (
        f'<div class="sheet {kind}"{pen} style="--columns:{columns};--base:{side}px;'
        f"--big:{large}px;--count:{count};--frames:{len(frames)};"
        f"--seconds:{pen_film.SECONDS if by_pen else PLAY_SECONDS}s;"
        f'{sprite if beside or not by_pen else ""}">{"".join(cells)}</div>'
    )


def blank(count: int, beginnings: np.ndarray | None = None, shape: tuple[int, ...] = (1, 1)) -> str:
    """Return a sheet and a player of the same size with nothing on them yet.

    Args:
        count: images.
        beginnings: of a pen, what it may begin with, ``(count, tries, K, P, 2)`` in canvas pixels:
            it is written while the images are made.
        shape: of the network's images.
    """
    columns, side, large = grid(count)
    pen = "" if beginnings is None else pen_film.of_beginnings(beginnings, shape)
    cell = '<figure><div class="paper"></div><figcaption><span>&nbsp;</span></figcaption></figure>'
    return (
        f'<div class="sheet waiting" {pen} aria-hidden="true"'
        f' style="--columns:{columns};--base:{side}px;--big:{large}px">{cell * count}</div>'
        '<div class="player waiting" aria-hidden="true"></div>'
    )


def player(run, said: Opinions) -> str:
    """Return the film's button and slider, with what is said at each frame for ``film.js``."""
    frame_steps = [int(step) for step in run.frame_steps] or [0]
    writes = pen_film.writes(run)
    last, steps = writes + len(frame_steps) - 1, frame_steps[-1]
    words = f"step {steps} of {steps}" if steps else IN_ONE_GO
    targets = [run.labels[target] for target in run.targets]
    data = json.dumps(
        {
            "steps": frame_steps,
            "targets": targets,
            "writes": writes,
            "writing": THE_START if steps else IN_ONE_GO,
            "says": {"network": said.network, "judge": said.judge},
        }
    )
    return (
        f'<div class="player" data-film="{escape(data)}">'
        '<button type="button" class="play" aria-label="Play the film">▶&#xFE0E;</button>'
        f'<input class="scrub" type="range" min="0" max="{last}" step="1" value="{last}"'
        f' aria-label="Position in the film" aria-valuetext="{words}">'
        f'<span class="at" aria-hidden="true">{words}</span></div>'
    )


def note(run) -> str:
    """Return what failed of the images, if anything did, and what to try."""
    count = len(run.verdicts)
    stuck, failed = (run.verdicts.count(v) for v in ("never moved", "not convinced"))
    words = ""
    if stuck:
        some = f"{stuck} of {count} images" if count > 1 else "The image"
        words = f"{some} could not move from this start. Try another start."
    elif failed:
        way_out = "Try more steps, or another method." if len(run.losses) else "Try another seed."
        some = f"{failed} of {count} images do" if count > 1 else "The image does"
        words = f"{some} not convince the network. {way_out}"
    elif _stayed(run):
        words = (
            f"The network already reads this start as {run.labels[int(run.targets[0])]}, so there"
            " is nothing to learn. Try another start."
        )
    return f'<p class="note warning">{escape(words)}</p>' if words else ""


def _stayed(run) -> bool:
    """Whether no image differs visibly from its start, which was read as the target already."""
    if not len(run.frames) or (run.frame_probabilities[0].argmax(1) != run.targets).any():
        return False
    low, high = run.pixel_range
    return bool(np.abs(run.images - run.frames[0]).max() < HARDLY * (high - low))


def legend(run) -> str:
    """Return which mark stands for whom; one image alone says it in words."""
    if len(run.images) == 1:
        return '<p class="legend"></p>'
    judge = f'<span><b class="judge">{MARKS["judge"]}</b> judge, which only checks</span>'
    name = escape(markup.network_name(run.classifier))
    return (
        f'<p class="legend"><span><b class="network">{MARKS["network"]}</b>'
        f" {name}</span>{judge if are_digits(run) else ''}</p>"
    )


def _said(probabilities: np.ndarray, labels: tuple[str, ...]) -> Said:
    """The best answer and how sure it is."""
    best = int(np.argmax(probabilities))
    return labels[best], markup.percent(probabilities[best])


def _captions(run, count: int, target: str, says: dict[str, Said]) -> str:
    names = {
        "network": f"<code>{escape(markup.network_name(run.classifier))}</code> says",
        "judge": "the judge says",
    }
    lines = []
    for who, (answer, sure) in says.items():
        name = names[who] if count == 1 else MARKS[who]
        other = "" if answer == target else " other"
        lines.append(
            f'<span class="says{other}" data-who="{who}"><b class="{who}">{name}</b>'
            f' <span class="said">{escape(answer)}</span> <em>{escape(sure)}</em></span>'
        )
    return "".join(lines)


def _description(target: str, says: dict[str, Said]) -> str:
    parts = [
        f"{who} says {answer}{', ' * bool(sure)}{sure}" for who, (answer, sure) in says.items()
    ]
    return f"Image made to be {wording.article(target)} {target}: {'; '.join(parts)}"
