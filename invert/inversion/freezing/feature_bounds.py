"""What a network's features, or series of them, may be, as its user tells it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from invert.inversion.checks import brief
from invert.inversion.domain import Bound, Domain, column
from invert.inversion.freezing.reading_off.layout import MAX_VALUES, Layout
from invert.inversion.freezing.refusal import Refusal, WrongSize

MOST = 1e18  # of a value: float32 holds its square
SERIES = 2  # axes: moments and features
NAMED = 10_000  # features that have a name, x0, x1, …, where nobody gives one
Key = str | int  # a feature, by its name or its number


@dataclasses.dataclass(frozen=True)
class Features:
    """What features may be.

    Attributes:
        low: the lowest values, a number or one a feature.
        high: the highest, likewise.
        names: of the features, or none.
        held: features that are the same in all examples, with their values.
        whole: features that are whole numbers.
        one_of: groups of features, of each of which one is at its highest value.
    """

    low: np.ndarray
    high: np.ndarray
    names: tuple[str, ...] = ()
    held: dict[int, float] = dataclasses.field(default_factory=dict)
    whole: tuple[Key, ...] = ()
    one_of: tuple[tuple[Key, ...], ...] = ()

    def layout(self, static: tuple | None, shape: Sequence[int] | None) -> Layout:
        """Return how features go into a network whose input has this shape, the batch in front."""
        sides = tuple(static[1:]) if static else (None,)
        sides = sides if shape is None else tuple(shape)
        if sides == (None,) and self.low.ndim:
            sides = (len(self.low),)
        if not sides or None in sides:
            raise WrongSize(
                f"The network's input takes the shape {static}, so say of which shape one input is,"
                " such as shape=(5,)."
            )
        if not all(isinstance(s, int | np.integer) and 0 < s <= MAX_VALUES for s in sides):
            raise Refusal(f"shape must be whole numbers above 0, such as (5,); got {brief(shape)}.")
        sides = tuple(int(side) for side in sides)
        if len(sides) > SERIES:
            raise Refusal(
                "bounds are of features, or of a series of them; the network reads inputs of"
                f" {'×'.join(map(str, sides))}. Of pictures say pixel_range in their place."
            )
        if static and (len(static) != len(sides) + 1 or not _fits(static[1:], sides)):
            raise WrongSize(f"The network's input takes the shape {static}, not {sides}.")
        if int(np.prod(sides, dtype=object)) > MAX_VALUES:
            raise Refusal(
                f"An input may have at most {MAX_VALUES:,} values; the network takes {sides}."
            )
        return Layout(sides, sides)

    def domain(self, shape: tuple[int, ...]) -> Domain:
        """Return the domain of inputs of a shape."""
        count = shape[-1]
        for what, given in (
            ("bounds", self.low.shape),
            ("names", self.names and (len(self.names),)),
        ):
            if given not in ((), (count,)):
                raise Refusal(
                    f"{what} must be of the network's {count} features; got {given[0]}. Give one"
                    " for each, in the order in which the network takes them."
                )
        names = self.names or tuple(f"x{k}" for k in range(count if count <= NAMED else 0))
        offsets = range(0, int(np.prod(shape)), count)  # of a series, the same for every moment
        whole = [_place(key, names, count) for key in self.whole]
        groups = [[_place(key, names, count) for key in group] for group in self.one_of]
        every = [*whole, *(place for group in groups for place in group)]
        if len({*every}) < len(every):
            raise Refusal("one_of and whole must name each feature once.")
        low, high = self._ends(groups)
        for place in whole:
            ends = [float(np.broadcast_to(end, count)[place]) for end in (low, high)]
            ends = [self.held.get(place, end) for end in ends]
            if not all(end.is_integer() for end in ends):
                raise Refusal(
                    f"whole must name features whose bounds are whole numbers; those of"
                    f" {names[place] if names else place} are {ends[0]:g} and {ends[1]:g}."
                )
        groups = [group for group in groups if not self.held.keys() >= {*group}]
        return Domain(
            shape,
            _bound(low),
            _bound(high),
            is_image=False,
            fixed={place + o: value for place, value in self.held.items() for o in offsets},
            names=names,
            whole=tuple(place + o for o in offsets for place in whole),
            one_of=tuple(tuple(p + o for p in group) for o in offsets for group in groups),
        )

    def _ends(self, groups: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest values, where what no example chooses of a group has the group's.

        Raises:
            Refusal: it is not at the group's lowest value.
        """
        low, high = self.low.copy(), self.high.copy()
        for group in groups:
            free = [place for place in group if place not in self.held]
            for place in {*group} & self.held.keys() if free else ():
                low[place], high[place] = low[free[0]], high[free[0]]
                if self.held[place] != low[place]:
                    raise Refusal(
                        "one_of must name features of which one is at its highest value in each"
                        " example, and the others at their lowest; one is always"
                        f" {self.held[place]:g}."
                    )
        return low, high


def _place(key: Key, names: tuple[str, ...], count: int) -> int:
    """The number of a feature that is named by its name or its number."""
    try:
        return column(key, names, count)
    except ValueError as error:
        raise Refusal(str(error)) from error


def told(bounds: Any, names: Any, whole: Any, one_of: Any) -> Features | None:
    """Return what was told of features; None where nothing was.

    Args:
        bounds: the lowest and the highest value, each a number or one a feature; or examples,
            ``(M, features)``.
        names: of the features; by default a table's own columns.
        whole, one_of: names or numbers of features.

    Raises:
        Refusal: something else.

    >>> told([[0, 5], [2, 5], [1, 5]], ["x", "y"], None, None).held
    {1: 5.0}
    """
    if bounds is None:
        if any(each is not None for each in (names, whole, one_of)):
            raise Refusal(
                "names, whole and one_of are of features; say what those may be with bounds=."
            )
        return None
    columns = getattr(bounds, "columns", None)
    if names is None and columns is not None:
        names = [str(column) for column in columns]
    names = _texts("names", names)
    whole = tuple(whole) if isinstance(whole, list | tuple) else () if whole is None else (whole,)
    groups = () if one_of is None else one_of
    listed = isinstance(groups, list | tuple)
    if not listed or not all(isinstance(g, list | tuple) and len(g) > 1 for g in groups):
        raise Refusal(
            "one_of must be groups of two features or more, such as [('a', 'b', 'c')]; got"
            f" {brief(one_of)}."
        )
    low, high, held = _ends(bounds)
    return Features(low, high, names, held, whole, tuple(tuple(group) for group in groups))


def _ends(bounds: Any) -> tuple[np.ndarray, np.ndarray, dict[int, float]]:
    rule = (
        "bounds must be the lowest and the highest value of a feature, such as (-1, 1), or one of"
        " each a feature, or a table of examples (M, features), of finite numbers, at most"
        f" {MOST:g} in size"
    )
    try:
        if isinstance(bounds, tuple | list) and len(bounds) == 2:
            low, high = (np.asarray(end, np.float32) for end in bounds)
            low, high = np.broadcast_arrays(low, high)
        else:
            table = np.asarray(bounds, np.float32)
            if table.ndim != 2 or not table.size:
                raise Refusal(f"{rule}; got the shape {table.shape}.")
            low, high = table.min(axis=0), table.max(axis=0)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{rule}; got {brief(bounds)}.") from error
    if low.ndim > 1 or not ((np.abs(low) <= MOST).all() and (np.abs(high) <= MOST).all()):
        raise Refusal(f"{rule}; got {brief(bounds)}.")
    if (low > high).any() or (not low.ndim and low == high):
        raise Refusal(f"{rule}, the lowest first; got {brief(bounds)}.")
    held = {int(place): float(low[place]) for place in np.flatnonzero(low == high)}
    # What is always the same has no range of its own, and stays as it is. It is in the middle of
    # one that float32 can tell from it.
    room = np.where(low == high, np.maximum(1, np.spacing(np.abs(low))), 0).astype(np.float32)
    return low - room, high + room, held


def _bound(end: np.ndarray) -> Bound:
    return tuple(end.tolist()) if end.size > 1 else float(end.reshape(-1)[0])


def _texts(what: str, names: Any) -> tuple[str, ...]:
    if names is None:
        return ()
    good = isinstance(names, list | tuple) and all(isinstance(name, str) and name for name in names)
    if not good or len({*names}) < len(names):
        raise Refusal(f"{what} must be texts, each another; got {brief(names)}.")
    return tuple(names)


def _fits(static: Sequence[int | None], sides: tuple[int, ...]) -> bool:
    return all(known in (None, side) for known, side in zip(static, sides, strict=True))
