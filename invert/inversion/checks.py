"""How much may be asked for, and the checks of numbers."""

import reprlib
from typing import Any

import numpy as np

# Of one call. XLA must know the length of a record; the others bound memory.
MAX_COUNT = 1000
MAX_STEPS = 1000
MAX_FRAMES = 64
MAX_SEED = 2**31 - 1
LARGEST = float(np.finfo(np.float32).max)


def check_whole(value: Any, name: str, least: int, most: int) -> int:
    """Return ``value`` as an int in ``least … most``, or raise a ValueError that says so.

    >>> check_whole(0, "count", 1, 1000)
    Traceback (most recent call last):
    ValueError: count must be a whole number from 1 to 1000; got 0.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    if not whole or not least <= value <= most:
        raise ValueError(
            f"{name} must be a whole number from {least} to {most}; got {brief(value)}."
        )
    return int(value)


def is_number(value: Any) -> bool:
    """Return whether a value is a real number that float32 can hold; True and False are none.

    >>> is_number(np.float32(0.5)), is_number(10**400), is_number(float("nan")), is_number(True)
    (True, False, False, False)
    """
    real = isinstance(value, int | float | np.integer | np.floating)
    return real and not isinstance(value, bool) and bool(abs(value) <= LARGEST)


def brief(value: object) -> str:
    """Return any value as an error shows it: in a few signs.

    >>> brief("eight"), brief(10**5000), brief(np.int64(3))
    ("'eight'", 'int', '3')
    """
    try:
        return reprlib.repr(value.item() if isinstance(value, np.generic) else value)
    except Exception:  # a number of too many digits, or an object's own mistake
        return type(value).__name__
