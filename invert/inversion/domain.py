"""What an input of a network may be: its shape, its lowest and highest values, what is held fixed.

Inside the optimisation every value is a share of its range, 0 to 1, so that step sizes and priors
mean the same for every network. ``to_unit`` and ``from_unit`` are the one place where ranges are
converted.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from invert.inversion.checks import brief

Bound = float | tuple[float, ...]
SHOWN = 8  # numbers of a bound, in words


@dataclasses.dataclass(frozen=True)
class Domain:
    """What an input may be.

    Bounds are kept as float32 sees them, so that no input of a run lies outside by a rounding.

    Attributes:
        shape: of one input, such as ``(28, 28)``, ``(32, 32, 3)`` or ``(5,)``.
        low: the lowest value: a number, or one for each place along the last axis.
        high: the highest value, likewise, above ``low``.
        is_image: whether an input is a picture, ``(H, W)`` or ``(H, W, 3)``.
        fixed: flat places whose values are held, each with its value in the domain's own range.
        names: of features, one for each place along the last axis; or none.
        whole: flat places whose values are whole numbers.
        one_of: groups of flat places, of each of which one has its highest value and the others
            their lowest.

    >>> domain = Domain((2, 2), -1, 1)
    >>> domain.from_unit(np.array([0, 0.5, 1], np.float32))
    array([-1.,  0.,  1.], dtype=float32)
    """

    shape: tuple[int, ...]
    low: Bound = 0.0
    high: Bound = 1.0
    is_image: bool = True
    fixed: Mapping[int, float] = dataclasses.field(default_factory=dict, hash=False)
    names: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()
    one_of: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            bound = np.asarray(getattr(self, name), np.float32)
            whole = float(bound) if bound.ndim == 0 else tuple(float(each) for each in bound)
            object.__setattr__(self, name, whole)

    @property
    def values(self) -> int:
        """How many values an input has."""
        return math.prod(self.shape)

    @property
    def is_unit(self) -> bool:
        """Whether values go from 0 to 1 as they are."""
        return self.low == 0.0 and self.high == 1.0

    @property
    def span(self) -> Any:
        """The highest value less the lowest, float32."""
        return np.asarray(self.high, np.float32) - np.asarray(self.low, np.float32)

    @property
    def range_in_words(self) -> str:
        """The range as a person would write it.

        >>> Domain((2,), -1).range_in_words, Domain((1, 1, 3), (0, 0, -1), 2).range_in_words
        ('[-1, 1]', '[(0, 0, -1), 2]')
        """

        def written(bound: Bound) -> str:
            if isinstance(bound, tuple):
                more = ", …" * (len(bound) > SHOWN)
                return f"({', '.join(f'{each:g}' for each in bound[:SHOWN])}{more})"
            return f"{bound:g}"

        return f"[{written(self.low)}, {written(self.high)}]"

    @property
    def is_free(self) -> bool:
        """Whether each value may be anything in its range, whatever the others are."""
        return not (self.fixed or self.whole or self.one_of)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest value of each flat place, ``(values,)`` float32 each."""

        def flat(bound: Bound) -> np.ndarray:
            return np.broadcast_to(np.asarray(bound, np.float32), self.shape).reshape(-1)

        return flat(self.low), flat(self.high)

    def places(self, key: Any) -> list[int]:
        """Return the flat places that are meant by a key.

        Args:
            key: a feature's name, of a series at every moment; a flat place; or a place along each
                axis, such as ``(row, column)``, the last of which may be a name.

        Raises:
            ValueError: there is no such place.

        >>> Domain((2, 3), is_image=False, names=("a", "b", "c")).places("b")
        [1, 4]
        """
        if isinstance(key, tuple) and len(key) == len(self.shape):
            *first, last = key
            where = [column(k, (), side) for k, side in zip(first, self.shape, strict=False)]
            where.append(column(last, self.names, self.shape[-1]))
            return [int(np.ravel_multi_index(where, self.shape))]
        if isinstance(key, str):
            first_place = column(key, self.names, self.shape[-1])
            return list(range(first_place, self.values, self.shape[-1]))
        return [column(key, self.names if len(self.shape) == 1 else (), self.values)]

    def settled(self, inputs: np.ndarray) -> np.ndarray:
        """Return NumPy inputs ``(…, *shape)`` with fixed values and whole numbers to the bit.

        >>> Domain((2,), 0, 9, False, fixed={0: 0.1}, whole=(1,)).settled(np.array([[0.1001, 2.9]]))
        array([[0.1, 3. ]], dtype=float32)
        """
        if self.is_free:
            return inputs
        flat = np.array(inputs, np.float32).reshape(-1, self.values)
        places = [*self.whole]
        flat[:, places] = np.round(flat[:, places])
        for place, value in self.fixed.items():
            flat[:, place] = value
        return flat.reshape(np.shape(inputs))

    def to_unit(self, inputs: Any) -> Any:
        """Return inputs ``(…, *shape)`` as shares of their range: low is exactly 0, high is 1."""
        return inputs if self.is_unit else (inputs - np.asarray(self.low, np.float32)) / self.span

    def from_unit(self, shares: Any) -> Any:
        """Return what ``to_unit`` takes: 0 is exactly low, 1 is exactly high, nothing is outside.

        Args:
            shares: ``(…, *shape)``, 0 to 1; NumPy's or TensorFlow's.
        """
        if self.is_unit:
            return shares
        low, high = np.asarray(self.low, np.float32), np.asarray(self.high, np.float32)
        inputs = low * (1 - shares) + high * shares
        # Between the ends a sum can be rounded past one of them.
        return np.clip(inputs, low, high) if isinstance(inputs, np.ndarray) else inputs

    def clip(self, inputs: Any) -> Any:
        """Return NumPy inputs with whatever is outside of the range moved to its end."""
        return np.clip(inputs, np.asarray(self.low, np.float32), np.asarray(self.high, np.float32))


def column(key: Any, names: Sequence[str], count: int) -> int:
    """Return the number of a value that is named by its name or its number.

    Raises:
        ValueError: there is no such value.
    """
    if isinstance(key, str) and key in names:
        return list(names).index(key)
    whole = isinstance(key, int | np.integer) and not isinstance(key, bool)
    if not whole or not 0 <= key < count:
        known = f"the numbers 0 to {count - 1}"
        if names:
            known = ", ".join(names[:SHOWN]) + ", …" * (len(names) > SHOWN)
        raise ValueError(f"a value must be one of {known}; got {brief(key)}.")
    return int(key)
