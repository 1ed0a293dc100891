"""What the page looks for, as a program of this package."""

from typing import TYPE_CHECKING, Any

import numpy as np

from invert.page.features import inputs
from invert.page.session import network

if TYPE_CHECKING:
    from invert.page.features.question import Question

WHAT = "A program that finds these inputs, to the bit. It runs in a clone of this project."


def text(chosen: network.Network, question: "Question", file: str) -> str:
    """Return the program.

    Args:
        chosen: a network of features.
        question: what is looked for.
        file: of the network.
    """
    graph, rows = chosen.graph, inputs.rows_of(chosen.graph.domain)
    names = [row.name for row in rows]
    whole = [names[place] for place in graph.domain.whole]
    groups = [[names[place] for place in group] for group in graph.domain.one_of]
    numbered = tuple(str(number) for number in range(graph.classes))
    known: dict[str, Any] = {
        "bounds": ([_shortest(r.low) for r in rows], [_shortest(r.high) for r in rows]),
        "names": names,
        "whole": whole or None,
        "one_of": groups or None,
        "labels": None if graph.labels == numbered else list(graph.labels),
        "head": "softmax" if graph.head == "softmax" else None,
    }
    said = "".join(f"    {key}={value!r},\n" for key, value in known.items() if value is not None)
    wanted = {n: v for n, v in zip(graph.labels, question.values, strict=False) if v is not None}
    target = wanted if question.values else question.target
    held = {names[place]: _shortest(value) for place, value in question.held}
    fixed = f"    fixed={held!r},\n" if held else ""
    return (
        "import invert\nfrom invert.inversion.compiling import without_xla\n\n"
        f"graph = invert.freeze(\n    {file!r},\n{said})\n"
        "without_xla(graph)  # as on the page; XLA rounds differently, and would find others\n"
        f"run = invert.generate(\n    [{target!r}] * {question.many},\n    classifier=graph,\n"
        f"    seed={question.seed},\n{fixed})\n"
        "print(run.images, run.probabilities, run.verdicts, run.distinct)\n"
    )


def _shortest(value: float) -> float:
    """The shortest number that float32 takes for the same."""
    return float(str(np.float32(value)))
