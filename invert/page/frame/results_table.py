"""The table of everything that was measured, folded away until it is wanted."""

from collections.abc import Sequence
from html import escape

from invert.page.pictures import markup

HEADINGS = (
    *("network", "method", "start", "images", "passes", "agreement"),
    *("Fréchet", "diversity", "teaches", "nearest", "ms"),
)
MEANINGS = (
    "Passes: the share of images that look like any digit to the judge. Agreement: the share that"
    " it also reads as asked. Nearest: the mean distance to the closest training image, where full"
    " ink of one pixel counts 1; a copy would be near 0. ms: milliseconds an image."
)


def table(rows: Sequence) -> str:
    """Return the rows of ``invert.evaluation.table`` as HTML."""
    lines = []
    for row in rows:
        numbers = (
            f"{row.images:,}",
            f"{row.passed:.3f}",
            f"{row.agreement:.3f}",
            f"{row.frechet:.1f}",
            f"{row.diversity:.2f}",
            f"{row.teaches:.3f}",
            f"{row.nearest:.1f}",
            "" if row.milliseconds is None else f"{row.milliseconds:.2f}",
        )
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        lines.append(
            f"<tr><th scope='row'>{escape(row.classifier)}</th><td>{escape(row.method)}</td>"
            f"<td>{escape(row.start)}</td>{cells}</tr>"
        )
    headings = "".join(f"<th scope='col'>{name}</th>" for name in HEADINGS)
    return (
        '<details class="measured"><summary>All that was measured</summary>'
        '<div class="wide" role="region" aria-label="All that was measured" tabindex="0">'
        f"<table><thead><tr>{headings}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        f"</div>{markup.sentence(MEANINGS, 'note')}</details>"
    )


def figures(row) -> str:
    """Return a row's figures, each with its name."""
    named = (
        ("judge agrees", markup.percent(row.agreement)),
        ("teaches", markup.percent(row.teaches)),
        ("Fréchet", f"{row.frechet:.1f}"),
        ("diversity", f"{row.diversity:.2f}"),
    )
    pairs = "".join(f"<div><dt>{name}</dt><dd>{figure}</dd></div>" for name, figure in named)
    return f'<dl class="figures">{pairs}</dl>'
