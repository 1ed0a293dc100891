"""``warm_up``: load and compile ahead what ``generate`` will need."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np

from invert.images import SIDE
from invert.methods import starts
from invert.methods.generation import generate
from invert.methods.records import METHODS
from invert.networks.classifier import CLASSIFIERS, DEFAULT

# The pairs of classifier and method that visitors ask for most, the likeliest first.
LIKELY = [
    (DEFAULT, CLASSIFIERS[DEFAULT].method),
    *((name, each.method) for name, each in CLASSIFIERS.items() if name != DEFAULT),
    ("question", "plain"),
    ("robust", "latent"),
    ("robust", "inverse"),
]
DRAWN = (1, 2)  # strokes of a drawing that is bent; each number is compiled for by itself


def warm_up(
    report: Callable[[str, float], None] = lambda sentence, done: None,
    counts: Iterable[int] = (10, 1, 16),
    frames: int = 32,
) -> None:
    """Load every network and compile what ``generate`` will need, so that no visitor waits for it.

    Args:
        report: called with a sentence of what is being done, and the share done, 0 to 1.
        counts: batch sizes to compile for.
        frames: the number of frames to compile for.

    Raises:
        WeightsError: weights are missing, cut or altered.
    """
    report("Starting TensorFlow", 0.0)
    from invert.networks import judge
    from invert.networks.classifier import classify

    blank = np.zeros((SIDE, SIDE))
    jobs: list[tuple[str, Callable[[], object]]] = [
        ("Loading the classifier", lambda: classify(blank)),
        ("Loading the judge", lambda: judge.read(blank)),
        ("Loading the average digits", starts.class_gaussian),
    ]
    for count in counts:
        for classifier, method in LIKELY:
            # Compiling takes a step, not a run.
            settings = {"steps": 1} if METHODS[method].settings else {}
            run = functools.partial(
                generate,
                [0] * count,
                method,
                classifier=classifier,
                frames=frames if settings else 0,
                **settings,
            )
            jobs.append((f"Compiling “{method}” for {count} at a time", run))
    for count in DRAWN:
        lines = [[["M", x, 40], ["L", x, 240]] for x in range(100, 100 + 40 * count, 40)]
        drawing = {"objects": [{"type": "Path", "path": line} for line in lines]}
        run = functools.partial(
            generate, 0, "strokes", classifier="question", start=drawing, steps=1, frames=frames
        )
        jobs.append((f"Compiling “strokes” for a drawing of {count}", run))
    for number, (sentence, job) in enumerate(jobs, start=1):
        report(sentence, number / (len(jobs) + 1))
        job()
    report("Ready", 1.0)
