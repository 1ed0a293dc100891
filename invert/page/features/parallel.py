"""Inputs that were found as parallel lines: an axis for each feature, a line for each input.

The chart's numbers are in the page; ``parallel.js`` draws them, and the table under them says the
same in words.
"""

import json
from html import escape
from typing import Any

import numpy as np

import invert
from invert.inversion.domain import Domain
from invert.page.features import in_words
from invert.page.pictures import markup

ONE_OF = "one of these"  # an axis of several features


def axes(domain: Domain) -> list[dict[str, Any]]:
    """Return an axis for each feature, and one for each group of which one is chosen.

    >>> domain = Domain((3,), 0, 2, False, names=("a", "b", "c"), one_of=((1, 2),))
    >>> [axis["name"] for axis in axes(domain)]
    ['a', 'one of these']
    """
    low, high = domain.ends()
    group_of = {group[0]: group for group in domain.one_of}
    inside = {place for group in domain.one_of for place in group[1:]}
    found = []
    for place, name in enumerate(domain.names):
        if place in inside:
            continue
        if place in group_of:
            names = [domain.names[each] for each in group_of[place]]
            places = list(group_of[place])
            found.append({"name": ONE_OF, "ticks": names, "places": places})
        else:
            ends = [in_words.number(low[place]), in_words.number(high[place])]
            span = [float(low[place]), float(high[place])]
            found.append({"name": name, "ends": ends, "span": span, "places": [place]})
    return found


def lines(run: invert.Run, drawn: list[dict[str, Any]]) -> list[list[float]]:
    """Return where each input crosses each axis: 0 at its foot, 1 at its top."""
    shares = run.domain.to_unit(run.images)
    crossed = []
    for axis in drawn:
        places = axis["places"]
        if "ticks" in axis:
            crossed.append(run.images[:, places].argmax(axis=1) / (len(places) - 1))
        else:
            crossed.append(shares[:, places[0]])
    return [[round(float(at), 4) for at in line] for line in np.stack(crossed, axis=1)]


def chart(run: invert.Run) -> str:
    """Return the lines, as a figure that ``parallel.js`` draws."""
    drawn = axes(run.domain)
    won = [verdict == "convinced" for verdict in run.verdicts]
    held = [number for number, axis in enumerate(drawn) if _is_held(axis["places"], run.domain)]
    known = {"axes": drawn, "lines": lines(run, drawn), "won": won, "held": held}
    said = f"{len(run.images)} inputs as lines over {len(drawn)} axes; the table says the same."
    return (
        f'<figure class="parallel" data-parallel="{escape(json.dumps(known))}">'
        f'<div class="plot" role="img" aria-label="{escape(said)}"></div>'
        f'<p class="key" aria-hidden="true"><i class="won"></i>gives it'
        f"{'' if all(won) else '<i class=lost></i>misses it'}"
        f'{"<i class=pin></i>held" if held else ""}<i class="sliders"></i>your sliders</p></figure>'
    )


def _is_held(places: list[int], domain: Domain) -> bool:
    if len(places) == 1:
        return places[0] in domain.fixed
    return any(domain.fixed.get(place) == domain.ends()[1][place] for place in places)


def table(run: invert.Run, asked: list[int], names: list[str], near: float) -> str:
    """Return the inputs in words, each with a button that moves the sliders to it.

    Args:
        run: of features.
        asked: the outputs that were asked for.
        names: of all outputs.
        near: how far off still counts as there.
    """
    drawn = axes(run.domain)
    heads = [*(axis["name"] for axis in drawn), *(names[output] for output in asked)]
    heads += ["off by"] if run.misses is not None else []
    heads.append("± nearby")
    rows = []
    for number, values in enumerate(run.images):
        cells = [_value(values, axis, run.domain) for axis in drawn]
        cells += [_output(run, number, output) for output in asked]
        if run.misses is not None:
            cells.append(in_words.off(run.misses[number], near))
        assert run.neighbourhood is not None
        change = float(run.neighbourhood[number][asked].max())
        cells.append(in_words.number(change) if run.misses is not None else f"{100 * change:.0f}%")
        won = run.verdicts[number] == "convinced"
        button = (
            f'<button type="button" class="take" data-take="{number + 1}"'
            f' aria-label="Move the sliders to input {number + 1}">{number + 1}</button>'
        )
        shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        missed = "" if won else ' class="missed"'
        rows.append(f'<tr data-line="{number}"{missed}><th scope="row">{button}</th>{shown}</tr>')
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        '<div class="found wide" tabindex="0" role="region" aria-label="The inputs found">'
        f'<table><thead><tr><th scope="col">input</th>{top}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _value(values: np.ndarray, axis: dict[str, Any], domain: Domain) -> str:
    places = axis["places"]
    if "ticks" in axis:
        return str(axis["ticks"][int(values[places].argmax())])
    return in_words.number(values[places[0]])


def _output(run: invert.Run, number: int, output: int) -> str:
    given = run.probabilities[number][output]
    return markup.percent(given) if run.misses is None else in_words.number(given)
