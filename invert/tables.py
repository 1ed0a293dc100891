"""Features in tables (.csv): examples, a row each, and the inputs that a run has found."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from invert.methods.runs import Run

MOST_FIELD = 2**12  # signs
SEPARATORS = ",\t;"
THOUSANDS = re.compile(r",\d{3}(,|$)")


def read(
    data: bytes, name: str = "the file", most_rows: int | None = None
) -> tuple[list[str] | None, np.ndarray]:
    """Return the names of a table's columns, if it has them, and its numbers, float32.

    Columns are separated by commas, semicolons or tabs. With the last two, decimals may have
    commas, as spreadsheets write them in much of the world.

    Args:
        data: of a .csv file, a feature a column, with names in its first row or without.
        name: what an error calls it.
        most_rows: how many it may have, with that of the names; None for any number.

    Returns:
        The names, or None; and an array ``(M, columns)``.

    Raises:
        ValueError: it is no table of numbers, or has too many rows.

    >>> read(b"area,age\\n70,12\\n95,3\\n")[0]
    ['area', 'age']
    >>> read(b"area;age\\n70,5;12\\n")[1].tolist()
    [[70.5, 12.0]]
    """
    csv.field_size_limit(MOST_FIELD)
    try:
        text = data.decode("utf-8-sig")
        for between in SEPARATORS:
            # A row split by what does not separate it may be one field, and too long.
            with contextlib.suppress(csv.Error):
                names, rows = _split(text, between, most_rows)
                if _suits(names, rows):
                    break
        else:  # what is wrong is said of the usual one
            names, rows = _split(text, SEPARATORS[0], most_rows)
        if not rows:
            raise ValueError("it has no row of numbers")
        _check_rows(names, rows)
        table = np.array([[float(text) for text in row] for row in rows], np.float32)
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{name} must be a table of numbers, a feature a column, with names in its first row or"
            f" without ({str(error)[:100]})."
        ) from error
    return names, table


def _split(
    text: str, between: str, most_rows: int | None
) -> tuple[list[str] | None, list[list[str]]]:
    """The names of the columns, if there are any, and the other rows."""
    lines = filter(None, csv.reader(io.StringIO(text), delimiter=between))
    rows = list(lines if most_rows is None else itertools.islice(lines, most_rows + 1))
    if most_rows is not None and len(rows) > most_rows:
        raise ValueError(f"it has more than {most_rows:,} rows")
    if between != ",":
        rows = _with_points(rows, between)
    if rows and not all(map(is_number, rows[0])):
        return [text.strip() for text in rows[0]], rows[1:]
    return None, rows


def _suits(names: list[str] | None, rows: list[list[str]]) -> bool:
    """Whether a table split this way has several columns, of numbers alone."""
    width = len(names or rows[0]) if rows else 0
    return width > 1 and all(len(row) == width and all(map(is_number, row)) for row in rows)


def _with_points(rows: list[list[str]], between: str) -> list[list[str]]:
    """The rows with points for decimals, where these have commas that are not for thousands."""
    numbers = [text for row in rows for text in row]
    thousands = any("." in text and is_number(text) for text in numbers)
    if between == "\t":  # which is written in all countries
        thousands |= all(THOUSANDS.search(text) for text in numbers if "," in text)
    if thousands:
        return rows

    def pointed(text: str) -> str:
        changed = text.replace(",", ".", 1)
        return changed if is_number(changed) else text

    return [[pointed(text) for text in row] for row in rows]


def _check_rows(names: list[str] | None, rows: list[list[str]]) -> None:
    """Refuse the first row that is no row of numbers, by its place in the file."""
    width = len(names or rows[0])
    for place, row in enumerate(rows, start=2 if names else 1):
        if len(row) != width:
            raise ValueError(f"row {place} has {len(row)} values instead of {width}")
        for column, text in enumerate(row, start=1):
            if not is_number(text):
                what = "there is nothing; fill it in, or leave the row out"
                if text.strip():
                    what = f"{text[:20]!r} is no number; keep only columns of numbers"
                raise ValueError(f"row {place}, column {column}: {what}")


def write(run: Run) -> bytes:
    """Return a run of features as a .csv: an input a row, its outputs, and how steady they are.

    Of a network of values, "miss" is how far the farthest output is from what was asked.
    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    assert run.neighbourhood is not None, "runs of features have it"
    flat = run.images.reshape(len(run.images), -1)
    count = run.domain.shape[-1]
    names = run.domain.names or [f"x{k}" for k in range(count)]
    if count != flat.shape[1]:  # a series
        names = [f"{name}[{t}]" for t in range(flat.shape[1] // count) for name in names]
    steady = [f"output {label} ± nearby" for label in run.labels]
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


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
