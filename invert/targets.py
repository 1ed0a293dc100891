"""What is asked for: classes, mixtures of them, anything but one, or the outputs themselves."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from invert.images import DIGITS
from invert.inversion.checks import MAX_COUNT, brief, check_whole, is_number

NUMBER = re.compile(r"-?[0-9]{1,9}")  # of a class, as text
# How near a probability must come to the share of a mixture, and to an output asked for as such.
NEAR_SHARES, NEAR_OUTPUTS = 0.1, 0.05
# How near a value must come, as a share of the range of what random inputs give.
NEAR_VALUES = 0.01
MOST_VALUE = 1e18  # float32 holds its square
DIGIT_LABELS = tuple(str(digit) for digit in range(DIGITS))
AVOIDED = -1.0  # the aim of a class that an image is not to be taken for


class Wanted(NamedTuple):
    """What is asked for, ``N`` images of ``A`` outputs.

    Attributes:
        aims: ``(N, A)`` float32: one-hot for a class, shares for a mixture, -1 for a class to
            avoid, or the outputs themselves.
        classes: ``(N,)`` int64, the class that each is about: the largest share, or the avoided.
        near: ``(N,)`` float32, how far an output may be from its aim; 0 where a verdict is a
            class's.
        scales: ``(A,)`` float32, what outputs are divided by before they are compared; of
            probabilities 1.
    """

    aims: np.ndarray
    classes: np.ndarray
    near: np.ndarray
    scales: np.ndarray | float = 1.0

    @property
    def by_class(self) -> bool:
        """Whether each image is to be of one class, and nothing else is asked."""
        return not self.near.any() and not (self.aims < 0).any()

    def met(self, probabilities: np.ndarray, convinced: np.ndarray) -> np.ndarray:
        """Return whether each image came to what was asked, ``(N,)`` bool.

        Args:
            probabilities: of the images, ``(N, A)``.
            convinced: whether the classifier takes each for its class, ``(N,)``.
        """
        off = np.nan_to_num(np.abs(probabilities - self.aims) / self.scales).max(axis=1)
        avoided = (self.aims < 0).any(axis=1) & (self.near == 0)
        return np.where(avoided, ~convinced, np.where(self.near > 0, off <= self.near, convinced))

    def misses(self, outputs: np.ndarray) -> np.ndarray:
        """Return how far the outputs that were asked for are from what was asked, ``(N,)``."""
        return np.asarray(np.nanmax(np.abs(outputs - self.aims), axis=1))


def check_wanted(
    targets: Any, labels: Sequence[str], head: str = "softmax", most: int = MAX_COUNT
) -> Wanted:
    """Return what is asked for as aims, or say what is wrong with it.

    Args:
        targets: what ``check_targets`` takes; or, for one image or in a list for several, a
            mapping of classes to shares that add up to 1, such as ``{3: 0.5, 8: 0.5}``, or of one
            class to 0: anything but it; or the probabilities themselves, ``(N, A)`` floats.
        labels: of all classes, in order.
        head: of the network. Of activations, only units can be asked for. Of values, values can: a
            number, or a list of them, for a network of one output; for one of several, ``(N, A)``
            numbers, or a mapping of outputs' labels to the values that they are to have, or a list
            of mappings. What a mapping leaves out may be anything.
        most: the largest number of images.

    Raises:
        ValueError: something else.

    >>> check_wanted([{"cat": 0.25, "dog": 0.75}, {"cat": 0}], ["cat", "dog"]).aims.tolist()
    [[0.25, 0.75], [-1.0, 0.0]]
    >>> check_wanted([7.0, 2], ["0"], "values").aims.tolist()
    [[7.0], [2.0]]
    """
    if head == "values":
        return _values(targets, labels, most)
    floats = isinstance(targets, np.ndarray) and targets.ndim == 2 and targets.dtype.kind == "f"
    if floats and head != "activations":
        return _outputs(targets, labels, most)
    if isinstance(targets, Mapping):
        targets = [targets]
    sequence = _listed(targets, most)
    if head == "activations" and any(isinstance(target, Mapping) for target in sequence):
        raise ValueError(
            f"of a hidden layer, name one unit an image, by its number; got {brief(targets)}."
        )
    rows = [
        _shares(target, labels) if isinstance(target, Mapping) else _one(target, labels)
        for target in sequence
    ]
    aims = np.array(rows, np.float32)
    near = [NEAR_SHARES * (0 < max(row) < 1) for row in rows]
    return Wanted(aims, np.abs(aims).argmax(axis=1), np.array(near, np.float32))


def _outputs(values: np.ndarray, labels: Sequence[str], most: int) -> Wanted:
    check_whole(len(values), "the count of images", 1, most)
    fits = values.shape[1] == len(labels) and ((values >= 0) & (values <= 1)).all()
    if not fits:
        raise ValueError(
            f"outputs must be probabilities from 0 to 1, one for each of the {len(labels)} classes;"
            f" got {values.shape[1]} from {values.min(initial=np.inf):g} to"
            f" {values.max(initial=-np.inf):g}."
        )
    aims = values.astype(np.float32)
    return Wanted(aims, aims.argmax(axis=1), np.full(len(aims), NEAR_OUTPUTS, np.float32))


def _values(targets: Any, labels: Sequence[str], most: int) -> Wanted:
    """What a network of values is to give; NaN where that is left open."""
    sequence = [targets] if isinstance(targets, Mapping) else _listed(targets, most)
    if not any(isinstance(target, Mapping | list | tuple | np.ndarray) for target in sequence):
        # Numbers: an input each of a network of one output; of several, one input's outputs.
        sequence = [[value] for value in sequence] if len(labels) == 1 else [list(sequence)]
    rows = []
    for target in sequence:
        row = [math.nan] * len(labels)
        if isinstance(target, Mapping):
            for label, value in itertools.islice(target.items(), len(labels) + 1):
                place = _class_of(label, labels)
                if not math.isnan(row[place]):
                    raise ValueError(
                        f"each target must name an output once; got {brief(dict(target))}."
                    )
                row[place] = _number(value)
        else:
            numbers = list(target) if isinstance(target, list | tuple | np.ndarray) else [target]
            if len(numbers) != len(labels):
                raise ValueError(
                    f"each target must have a value for each of the {len(labels)} outputs, or be a"
                    f" mapping such as {{{labels[0]!r}: 7.0}}; got {brief(target)}."
                )
            row = [_number(value) for value in numbers]
        if all(math.isnan(value) for value in row):
            raise ValueError(f"each target must name a value of an output; got {brief(target)}.")
        rows.append(row)
    aims = np.array(rows, np.float32)
    asked = np.isfinite(aims).argmax(axis=1)
    return Wanted(aims, asked, np.full(len(aims), NEAR_VALUES, np.float32))


def _number(value: Any) -> float:
    if not is_number(value) or abs(value) > MOST_VALUE:
        raise ValueError(
            f"a value of an output must be a finite number, at most {MOST_VALUE:g} in size; got"
            f" {brief(value)}."
        )
    return float(value)


def _one(target: Any, labels: Sequence[str]) -> list[float]:
    return [float(number == _class_of(target, labels)) for number in range(len(labels))]


def _shares(mapping: Mapping[Any, Any], labels: Sequence[str]) -> list[float]:
    """A row of aims: shares, or the one class to avoid."""
    row = [0.0] * len(labels)
    for target, share in itertools.islice(mapping.items(), len(labels) + 1):
        if not is_number(share) or not 0 <= share <= 1:
            raise ValueError(f"a share must be a number from 0 to 1; got {brief(share)}.")
        row[_class_of(target, labels)] += float(share) if share or len(mapping) > 1 else AVOIDED
    if min(row) < 0:
        return row
    if not math.isclose(sum(row), 1, abs_tol=1e-3):
        raise ValueError(
            f"the shares of a mixture must add up to 1, such as {{3: 0.5, 8: 0.5}}, or be"
            f" {{8: 0}} for anything but that class; got {brief(dict(mapping))}."
        )
    return row


def check_targets(
    targets, labels: Sequence[str] = DIGIT_LABELS, most: int = MAX_COUNT
) -> np.ndarray:
    """Return classes ``(N,)`` int64, or say what is wrong with them.

    Args:
        targets: a class or a sequence of them, each by its label or its number, such as 8 or "8".
            Where a number is also another class's label, the label counts.
        labels: of all classes, in order; of digits "0" to "9".
        most: the largest number of targets.

    Raises:
        ValueError: something else.

    >>> check_targets("8"), check_targets(["cat", 1, "1"], labels=["cat", "dog"])
    (array([8]), array([0, 1, 1]))
    >>> check_targets([3, 10])
    Traceback (most recent call last):
    ValueError: each digit must be a whole number from 0 to 9; got 10.
    """
    if isinstance(targets, Mapping):
        raise ValueError(
            f"targets must be a class or a list of classes; got {brief(targets)}. Name each class"
            " for itself."
        )
    return np.array([_class_of(target, labels) for target in _listed(targets, most)])


def _listed(targets: Any, most: int) -> Sequence[Any]:
    if isinstance(targets, np.ndarray):
        targets = targets.tolist()
    several = isinstance(targets, Iterable) and not isinstance(targets, str | bytes)
    if isinstance(targets, list | tuple):
        sequence: Sequence[Any] = targets
    else:  # of what may have no end, no more is taken than it takes to refuse it
        sequence = list(itertools.islice(targets, most + 1)) if several else [targets]
    check_whole(len(sequence), "the count of images", 1, most)
    return sequence


def _class_of(target, labels: Sequence[str]) -> int:
    """The number of a class that is named by its label or, in digits or as text, its number."""
    if isinstance(target, str):
        if list(labels).count(target) == 1:
            return list(labels).index(target)
        named = list(labels) != [str(number) for number in range(len(labels))]
        if NUMBER.fullmatch(target):
            target = int(target)
        elif named:
            known = ", ".join(labels[:20]) + (", …" if len(labels) > 20 else "")
            raise ValueError(f"each target must be one of {known}; got {brief(target)}.")
    what = "each digit" if tuple(labels) == DIGIT_LABELS else "each target"
    return check_whole(target, what, 0, len(labels) - 1)
