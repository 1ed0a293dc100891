"""Lengths and answers in plain words."""

import numpy as np

from invert.page.pictures import markup

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(count: int) -> str:
    """Return a whole number as one writes it in a sentence.

    >>> number(8), number(12)
    ('eight', '12')
    """
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def answer(label: str) -> str:
    """Return a class as one speaks of it.

    >>> answer("3"), answer("8"), answer("cat")
    ('a 3', 'an 8', 'cat')
    """
    return f"{article(label)} {label}" if label.isdecimal() else label


def article(label: str) -> str:
    """Return the article before a label as it is spoken.

    >>> article("8"), article("11"), article("apple"), article("3"), article("cat")
    ('an', 'an', 'an', 'a', 'a')
    """
    return "an" if label in ("11", "18") or label[:1].lower() in tuple("8aeio") else "a"


def reads(probabilities: np.ndarray, labels: tuple[str, ...]) -> str:
    """Return what a network reads, and how sure it is.

    >>> reads(np.array([0.1, 0.9]), ("cat", "dog"))
    'reads dog, 90% sure'
    """
    best = int(np.argmax(probabilities))
    return f"reads {labels[best]}, {markup.percent(probabilities[best])} sure"


def pixels(length: float, channels: int = 1) -> str:
    """Return how many pixels one would have to turn from white to black for so long a change.

    Args:
        length: the L2 norm of the change, where the pixel range counts as 1.
        channels: values a pixel has.

    >>> pixels(0.3), pixels(0.9), pixels(3.1)
    ('less than one pixel', '1 pixel', '10 pixels')
    """
    count = round(length**2 / channels)
    return "less than one pixel" if count < 1 else f"{count} pixel{'s' if count > 1 else ''}"


def change(length: float, channels: int = 1) -> str:
    """Return a change's length, and what that is like.

    >>> change(3.1), change(0.0214)
    ('a change of 3.1, as much as turning 10 pixels black', 'a change of 0.02, less than turning \
one pixel black')
    """
    much = pixels(length, channels)
    like = "as much as turning" if much[0].isdigit() else "less than turning"
    much = "one pixel" if much in ("1 pixel", "less than one pixel") else much
    number = f"{length:.1f}" if length > 0.95 else f"{length:.2f}"
    return f"a change of {number}, {like} {much} black"
