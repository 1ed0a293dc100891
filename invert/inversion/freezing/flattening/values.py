"""What a tensor of a graph can become, beside a tensor of the flat graph."""

import dataclasses
from collections.abc import Mapping

from invert.inversion.freezing.flattening.flat import Ref
from invert.inversion.freezing.names_in_graphs import Body
from invert.inversion.freezing.refusal import Refusal

# The output of a branch that is not taken.
DEAD = object()


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable itself, as operations that read it take it."""

    name: str


@dataclasses.dataclass(frozen=True)
class Failure:
    """An output that cannot be frozen. It is an error only where something uses it."""

    error: Refusal


@dataclasses.dataclass(frozen=True)
class List:
    """A list of tensors; None where nothing has been put in yet."""

    items: tuple[Ref | None, ...]


@dataclasses.dataclass
class Frame:
    """One visit of a graph or function, with the outputs found so far.

    Attributes:
        body: its operations.
        prefix: what to put before their names.
        given: tensors that are replaced by others.
        values: the outputs of operations that were followed, by their names.
    """

    body: Body
    prefix: str = ""
    given: Mapping[str, Ref] = dataclasses.field(default_factory=dict)
    values: dict[str, list] = dataclasses.field(default_factory=dict)
