"""What features may be, as it is typed or lies in a table."""

from typing import Any

import numpy as np

from invert import shell, tables


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
    return tables.read(shell.read(path), path)


def arguments(domain) -> dict[str, Any]:
    """What features may be, as ``invert.freeze`` is told it: of what stays, both bounds are one."""
    count = domain.shape[-1]
    low, high = (end[:count].tolist() for end in domain.ends())
    for place, value in domain.fixed.items():
        low[place % count] = high[place % count] = value
    return {"bounds": (low, high), "names": list(domain.names)}


def _number(text: str, flag: str) -> float:
    if not tables.is_number(text):
        raise ValueError(f"{flag} needs a number; got {text!r}.")
    return float(text)
