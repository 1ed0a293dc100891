"""Which class a picture's name tells: its folder's name, or how its own begins."""

import re
from collections.abc import Sequence

WORDS = re.compile(r"[^\W\d_]+|\d+")


def class_of(path: str, labels: Sequence[str]) -> int | None:
    """Return the number of the class that a path tells, or None.

    A folder that is called like a class counts before the file's own name, and of several classes
    the one of the most words. Upper and lower case, spaces and marks make no difference.

    Args:
        path: of a file, with its folders or without.
        labels: of the classes.

    >>> labels = ("cat", "cat fish", "dog", "3")
    >>> [class_of(path, labels) for path in ("cat_01.png", "3-a.png", "dog/1.png", "33.png")]
    [0, 3, 2, None]
    >>> class_of("My pictures/Cat-Fish (2).jpg", labels)
    1
    """
    *folders, file = re.split(r"[/\\]", path)
    known = {tuple(_words(label)): number for number, label in enumerate(labels) if _words(label)}
    for folder in reversed(folders):
        if tuple(_words(folder)) in known:
            return known[tuple(_words(folder))]
    begun = _words(file.rpartition(".")[0] or file)
    for length in range(len(begun), 0, -1):
        if tuple(begun[:length]) in known:
            return known[tuple(begun[:length])]
    return None


def _words(text: str) -> list[str]:
    """The words and whole numbers in a text.

    A number keeps no zeros in front, so "03" is 3.
    """
    found = WORDS.findall(text.casefold())
    return [word.lstrip("0") or "0" if word.isdigit() else word for word in found]
