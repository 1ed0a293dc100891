"""All methods measured: a row for each classifier, method and start, scored by the judge and by
what its images teach.

The table lies in model_weights/evaluation.json; the page shows that file, and the README
beside it a copy that the same command writes, so no figure in either is typed by hand.
"""

import contextlib
import functools
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from invert import data
from invert.evaluation import score
from invert.evaluation import teaches as lessons
from invert.images import DIGITS
from invert.methods import opposite, starts
from invert.methods.generation import generate
from invert.methods.records import METHODS
from invert.networks import weights
from invert.networks.classifier import CLASSIFIERS

COUNT = 10_000  # images a row: of fewer, the Fréchet distance is mostly its own bias
# Methods that would take half an hour for so many have rows of fewer.
FEWER = {"fourier": 1000, "strokes": 1000}
AT_ONCE = 1000
# Of the first thousand images; the next thousand has the next. Settings were chosen with others.
SEED = 2000
# What is measured: classifier, method and start.
PLAN = (
    ("question", "plain", "black"),
    ("question", "plain", "noise"),
    ("question", "regularized", "noise"),
    ("question", "fourier", starts.RANDOM),
    ("question", "strokes", starts.RANDOM),
    ("robust", "steepest", "black"),
    ("robust", "steepest", "noise"),
    ("robust", "steepest", "class-gaussian"),
    ("energy", "steepest", "noise"),
    ("energy", "steepest", "class-gaussian"),
    ("student", "steepest", "noise"),
    ("robust", "latent", starts.RANDOM),
    ("robust", "inverse", starts.RANDOM),
    (opposite.SHIPPED, opposite.METHOD, starts.RANDOM),
)
TABLE = "evaluation.json"
README = weights.DIRECTORY / "README.md"
MARKS = ("<!-- evaluation: written by python -m invert evaluate -->", "<!-- end of evaluation -->")


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        classifier: the name of the one that was run backwards, or "".
        method: the method's name, or what stands in for one: "real digits", "mean of each digit".
        start: where M started, or "".
        images: how many.
        sees_training_data: whether anything but the classifier came from training images.
        passed, agreement, frechet, diversity: see ``invert.evaluation.score.Score``.
        teaches: see ``invert.evaluation.teaches``.
        nearest: mean L2 distance of the first thousand to the nearest training image that is not
            among the real digits of this table; far below their own would betray copying.
        milliseconds: an image, the median of warm runs of a thousand.
    """

    classifier: str
    method: str
    start: str
    images: int
    sees_training_data: bool
    passed: float
    agreement: float
    frechet: float
    diversity: float
    teaches: float
    nearest: float
    milliseconds: float | None


def evaluate(mnist: data.Mnist, report=lambda done, row: None) -> list[Row]:
    """Measure all of ``PLAN``, write the table, and return it.

    Rows that an interrupted evaluation had finished are taken over; the table itself is only
    replaced when it is whole.

    Args:
        mnist: its training images are the real digits; "teaches" is measured on its test images.
        report: called after each row with how many are done, and the row.

    Raises:
        WeightsError: some weights are missing, cut or altered.
    """
    unfinished = weights.DIRECTORY / f"unfinished-{TABLE}"
    version = current()
    rows = {}
    with contextlib.suppress(weights.WeightsError):  # there is none, or a cut one
        begun = _read(unfinished)
        if begun["version"] == version:  # rows of other weights or settings are worth nothing
            rows = {row[:3]: row for row in begun["rows"]}
    digits = np.tile(np.arange(DIGITS), COUNT // DIGITS)
    real = _rows(mnist.train.digits)
    others = np.delete(mnist.train.images, real, axis=0)
    jobs: dict[tuple[str, str, str], Callable] = {
        ("", "real digits", ""): lambda: (mnist.train.images[real], None),
        ("", "mean of each digit", ""): lambda: (_means(mnist, digits), None),
    }
    for key in PLAN:
        jobs[key] = functools.partial(_made, *key, digits)
    for done, (key, job) in enumerate(jobs.items(), start=1):
        if key not in rows:
            images, seconds = job()
            rows[key] = _measured(key, images, seconds, digits[: len(images)], others, mnist.test)
            _write(unfinished, version, rows.values())
        report(done, rows[key])
    table = [rows[key] for key in jobs]
    _write(unfinished, version, table)
    os.replace(unfinished, weights.DIRECTORY / TABLE)
    return table


def _measured(key, images, seconds, digits, others, test: data.Split) -> Row:
    """Score one row's images."""
    classifier, method, start = key
    figures = score.score(images, digits)._asdict()
    figures["teaches"] = lessons.teaches(images, digits, test)
    return Row(
        classifier=classifier,
        method=method,
        start=start,
        images=len(images),
        sees_training_data=method != opposite.METHOD
        and (method not in METHODS or METHODS[method].sees_training_data(start)),
        **{name: round(value, 4) for name, value in figures.items()},
        nearest=round(float(score.nearest(images[:AT_ONCE], others).mean()), 2),
        milliseconds=None if seconds is None else round(1000 * seconds / AT_ONCE, 2),
    )


def current() -> dict:
    """What a table depends on: the weights' SHA-256 and the methods' settings."""
    return {
        "weights": {
            name: entry["sha256"]
            for name, entry in weights.manifest().items()
            if name != "second-judge"  # which scores nothing here
        },
        "methods": {name: METHODS[name].settings for _, name, _ in PLAN if name in METHODS},
        "classifiers": {name: dict(each.settings) for name, each in CLASSIFIERS.items()},
        "starts": starts.STRENGTHS,
        "seed": SEED,
        "count": [COUNT, FEWER],
        "teaches": [lessons.EPOCHS, lessons.BATCH, lessons.LEARNING_RATE, *lessons.VARIED],
    }


def load() -> list[Row]:
    """The measured table.

    Raises:
        WeightsError: it is missing or cut.
    """
    return _read(weights.DIRECTORY / TABLE)["rows"]


def markdown(rows: list[Row]) -> str:
    """The table as the README shows it."""
    lines = [
        "| network | method | start | images | sees training data | passes | agreement | Fréchet"
        " | diversity | teaches | nearest | ms an image |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        network = f"`{row.classifier}`" if row.classifier else ""
        name = f"`{row.method}`" if row.classifier else row.method
        time_taken = "" if row.milliseconds is None else f"{row.milliseconds:.2f}"
        lines.append(
            f"| {network} | {name} | {row.start} | {row.images:,}"
            f" | {'yes' if row.sees_training_data else 'no'}"
            f" | {row.passed:.3f} | {row.agreement:.3f} | {row.frechet:.1f}"
            f" | {row.diversity:.2f} | {row.teaches:.3f} | {row.nearest:.1f} | {time_taken} |"
        )
    return "\n".join(lines)


def check_readme(marks: tuple[str, str] = MARKS, path: Path = README) -> None:
    """Raise a ValueError unless the README has a place for the table."""
    if not path.is_file() or any(path.read_text("utf-8").count(mark) != 1 for mark in marks):
        raise ValueError(f"{path.name} must hold each of {marks[0]} and {marks[1]} once.")


def write_readme(table: str, marks: tuple[str, str] = MARKS, path: Path = README) -> None:
    """Put a table between its two marks in the README.

    Raises:
        ValueError: the marks are not there.
    """
    check_readme(marks, path)
    text = path.read_text("utf-8")
    before, rest = text.split(marks[0])
    after = rest.split(marks[1])[1]
    unfinished = path.with_name(f"unfinished-{path.name}")
    unfinished.write_text(f"{before}{marks[0]}\n{table}\n{marks[1]}{after}", "utf-8")
    os.replace(unfinished, path)


def _made(classifier: str, method: str, start: str, digits: np.ndarray):
    """A row's images, and the seconds that a thousand of them took."""
    images, seconds = [], []
    digits = digits[: FEWER.get(method)]
    for number in range(len(digits) // AT_ONCE):
        began = time.perf_counter()
        part = digits[number * AT_ONCE : (number + 1) * AT_ONCE]
        if method == opposite.METHOD:
            run = opposite.opposite.load(classifier).draw(part, SEED + number)
        else:
            run = generate(part, method, classifier=classifier, seed=SEED + number, start=start)
        images.append(run.images)
        seconds.append(time.perf_counter() - began)
    return np.concatenate(images), float(np.median(seconds))  # the first run compiles


def _rows(digits: np.ndarray) -> np.ndarray:
    """Rows of real digits, in the order in which digits are made: 0 to 9, and again."""
    each = [np.flatnonzero(digits == digit)[: COUNT // DIGITS] for digit in range(DIGITS)]
    return np.stack(each, axis=1).ravel()


def _means(mnist: data.Mnist, digits: np.ndarray) -> np.ndarray:
    each = [mnist.train.images[mnist.train.digits == d].mean(axis=0) for d in range(DIGITS)]
    return np.stack(each)[digits]


def _read(path: Path) -> dict:
    try:
        table = json.loads(path.read_text("utf-8"))
        return {"version": table["version"], "rows": [_row(row) for row in table["rows"]]}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise weights.WeightsError(
            f"{path.parent.name}/{path.name} cannot be read ({type(error).__name__})."
            " Measure it again with: python -m invert evaluate"
        ) from error


def _row(entry: dict) -> Row:
    row = Row(**entry)
    texts, numbers = row[:3], [n for n in (row.images, *row[5:]) if n is not None]
    whole = isinstance(row.sees_training_data, bool) and isinstance(row.images, int)
    whole = whole and row[5:-1].count(None) == 0
    if not (whole and all(isinstance(text, str) for text in texts)):
        raise TypeError
    if not all(isinstance(number, int | float) and abs(number) < 1e9 for number in numbers):
        raise TypeError
    return row


def _write(path: Path, version: dict, rows) -> None:
    table = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "version": version,
        "rows": [row._asdict() for row in rows],
    }
    path.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
