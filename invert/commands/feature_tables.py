"""Features in tables: what they may be, as it is typed or lies in a file; and what was found."""

import csv
import io
from typing import Any

import numpy as np

from invert import shell

MOST_FIELD = 2**12  # signs


def told(options) -> dict[str, Any]:
    """What the options say of features to ``invert.freeze``; None where they say nothing."""
    bounds: Any = None
    names = options.names and options.names.split(",")
    if options.bounds is not None and len(options.bounds) == 1:
        columns, bounds = read(options.bounds[0])
        names = names or columns
    elif options.bounds is not None:
        if len(options.bounds) != 2:
            raise ValueError("--bounds needs the lowest and the highest value, or a .csv file.")
        bounds = tuple(_number(text, "--bounds") for text in options.bounds)
    whole = options.whole_numbers and options.whole_numbers.split(",")
    groups = options.one_of and [group.split(",") for group in options.one_of]
    return {"bounds": bounds, "names": names, "whole": whole, "one_of": groups}


def read(path: str) -> tuple[list[str] | None, np.ndarray]:
    """Return the names of a .csv file's columns, if it has them, and its numbers ``(M, columns)``.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no table of numbers.
    """
    csv.field_size_limit(MOST_FIELD)
    try:
        rows = [row for row in csv.reader(io.StringIO(shell.read(path).decode("utf-8-sig"))) if row]
        names = None
        if rows and not all(map(_is_number, rows[0])):
            names, rows = [text.strip() for text in rows[0]], rows[1:]
        table = np.array([[float(text) for text in row] for row in rows], np.float32)
        if table.ndim != 2 or (names and len(names) != table.shape[1]):
            raise ValueError("its rows have not as many numbers as each other")
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{path} must be a table of numbers, a feature a column, with names in its first row or"
            f" without ({str(error)[:100]})."
        ) from error
    return names, table


def arguments(domain) -> dict[str, Any]:
    """What features may be, as ``invert.freeze`` is told it: of what stays, both bounds are one."""
    count = domain.shape[-1]
    low, high = (end[:count].tolist() for end in domain.ends())
    for place, value in domain.fixed.items():
        low[place % count] = high[place % count] = value
    return {"bounds": (low, high), "names": list(domain.names)}


def write(run) -> bytes:
    """Return a run of features as a .csv: an input a row, its outputs, and how steady they are.

    Of a network of values, "miss" is how far the farthest output is from what was asked.
    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    flat = run.images.reshape(len(run.images), -1)
    count = run.domain.shape[-1]
    names = run.domain.names or [f"x{k}" for k in range(count)]
    if count != flat.shape[1]:  # a series
        names = [f"{name}[{t}]" for t in range(flat.shape[1] // count) for name in names]
    steady = [f"{label} ±" for label in run.labels]
    missed = [] if run.misses is None else ["miss"]
    table.writerow(
        [*names, *(f"output {label}" for label in run.labels), *steady, *missed, "verdict"]
    )
    for number, values in enumerate(flat):
        numbers = [*values, *run.probabilities[number], *run.neighbourhood[number]]
        if run.misses is not None:
            numbers.append(run.misses[number])
        table.writerow([*(f"{value:.7g}" for value in numbers), run.verdicts[number]])
    return file.getvalue().encode()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str, flag: str) -> float:
    if not _is_number(text):
        raise ValueError(f"{flag} needs a number; got {text!r}.")
    return float(text)
