"""What a network's features may be, and where their sliders stand, as the visitor has it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from invert import tables
from invert.inversion.domain import Domain
from invert.page import examples
from invert.page.own_network import held_networks, network_file, told
from invert.page.server import failure
from invert.page.session import network, state

# What a feature is: any number, a whole one, or one of a group of which one is chosen at a time.
ANY, WHOLE = "any", "whole"
GROUPS = ("A", "B", "C", "D", "E", "F")
KINDS = (ANY, WHOLE, *GROUPS)
MOST_BYTES, MOST_ROWS = 2**21, 50_000  # of a table of examples
LONGEST_NAME = 40  # of a file, in sentences
KEPT = "features as they are told"
CHANGED = "what is told of the features has changed"


class Row(NamedTuple):
    """What is told of a feature: its name, its lowest and its highest value, and its kind."""

    name: str
    low: float
    high: float
    kind: str = ANY


class Inputs(NamedTuple):
    """What the visitor has told and set.

    Attributes:
        of: the network that it is of, by name and by how many were read before it.
        rows: a feature each.
        values: where the sliders stand, allowed by the network's domain.
        held: the features that a search leaves as they stand.
        revision: rises when it was changed by anything but the table itself.
        complaint: why what was told last is not used; or "".
    """

    of: str
    rows: tuple[Row, ...]
    values: tuple[float, ...]
    held: frozenset[int] = frozenset()
    revision: int = 0
    complaint: str = ""


def present(chosen: network.Network) -> Inputs:
    """Return what is told and set for the page's network, at first the middle of every range."""
    domain = chosen.graph.domain
    of = f"{held_networks.files_read()} {held_networks.file_name()}"
    kept: Inputs | None = st.session_state.get(KEPT)
    if kept is not None and kept.of == of:
        return kept
    revision = 0 if kept is None else kept.revision + 1
    first = Inputs(of, rows_of(domain), _middle(domain), revision=revision)
    st.session_state[KEPT] = first
    return first


def tell(
    inputs: Inputs, rows: Sequence[Row], values: Sequence[float], held: frozenset[int]
) -> None:
    """Use what the table says from now on; where its rows break a rule, keep those before.

    Args:
        inputs: what was told until now.
        rows: of the features.
        values: where the sliders stand. What is out of range is moved to its end.
        held: as `Inputs` has it.
    """
    graph = held_networks.held()
    if graph is None:
        return
    complaint = ""
    if tuple(rows) != inputs.rows or inputs.complaint:
        try:
            domain = domain_of(rows, graph.image_shape)
        except ValueError as error:
            complaint = failure.plain_sentence(error)
        else:
            told.tell_features(domain)
            st.session_state[CHANGED] = True
            inputs = inputs._replace(rows=tuple(rows))
    domain = told.applied(graph).domain
    settled = _allowed(domain, values)
    st.session_state[KEPT] = inputs._replace(values=settled, held=held, complaint=complaint)


def read_examples(chosen: network.Network, name: str, data: bytes) -> None:
    """Take names, lowest and highest values from a table of examples; or say why not.

    Args:
        chosen: the page's network.
        name: of the file, for the sentences.
        data: a .csv file.
    """
    inputs, domain = present(chosen), chosen.graph.domain
    try:
        table = _checked_table(name, data, domain.values)
        new = _told_by(*table, inputs.rows)
    except Exception as error:
        sentence = failure.plain_sentence(error)
        st.session_state[KEPT] = inputs._replace(complaint=sentence)
        return
    told.tell_features(new)
    st.session_state[CHANGED] = True
    rows = rows_of(new)
    held = frozenset(place for place in inputs.held if place not in new.fixed)
    st.session_state[KEPT] = Inputs(
        inputs.of, rows, _allowed(new, inputs.values), held, inputs.revision + 1
    )


def tell_sample(chosen: network.Network) -> None:
    """Tell the page what is known of its own sample of features."""
    names, table = tables.read(examples.THROWS.read_bytes(), examples.THROWS.name)
    rows = [Row(str(name), 0, 1) for name in names or ()]
    for place in examples.FEATURES_WORLDS:
        rows[place] = rows[place]._replace(kind=GROUPS[0])
    new = _domain(table, [row.name for row in rows], rows, (len(rows),))
    told.tell_features(new)
    told.tell_names(examples.FEATURES_OUTPUT, 1)
    st.session_state[CHANGED] = True
    kept = present(chosen)
    st.session_state[KEPT] = kept._replace(rows=rows_of(new), values=_middle(new))


def move_to(values: np.ndarray) -> None:
    """Move the sliders to an input that was found."""
    kept: Inputs | None = st.session_state.get(KEPT)
    if kept is None or len(kept.values) != len(values):
        return
    at = tuple(map(float, values))
    st.session_state[KEPT] = kept._replace(values=at, revision=kept.revision + 1)
    state.send_strokes()


def rows_of(domain: Domain) -> tuple[Row, ...]:
    """Return what is known of each feature."""
    low, high = domain.ends()
    kinds = dict.fromkeys(domain.whole, WHOLE)
    for letter, group in zip(GROUPS, domain.one_of, strict=False):
        kinds |= dict.fromkeys(group, letter)
    return tuple(
        Row(
            name,
            float(domain.fixed.get(place, low[place])),
            float(domain.fixed.get(place, high[place])),
            kinds.get(place, ANY),
        )
        for place, name in enumerate(domain.names)
    )


def domain_of(rows: Sequence[Row], shape: tuple[int, ...]) -> Domain:
    """Return what features may be by their rows. A group of one feature is none yet.

    Raises:
        ValueError: they break one of the rules of ``invert.freeze``.

    >>> domain_of([Row("a", 0, 9, WHOLE), Row("b", 2, 2)], (2,)).fixed
    {1: 2.0}
    """
    for row in rows:
        if not row.low <= row.high:
            raise ValueError(
                f"The lowest value of {row.name} must be a number below its highest; got"
                f" {row.low:g} and {row.high:g}."
            )
    bounds = [row.low for row in rows], [row.high for row in rows]
    return _domain(bounds, [row.name for row in rows], rows, shape)


def _domain(bounds: Any, names: Sequence[str], rows: Sequence[Row], shape) -> Domain:
    from invert.inversion.freezing import feature_bounds

    names = list(network_file.checked_labels(names, "Names of features"))
    whole = [place for place, row in enumerate(rows) if row.kind == WHOLE]
    groups = [[p for p, row in enumerate(rows) if row.kind == letter] for letter in GROUPS]
    groups = [group for group in groups if len(group) > 1]
    features = feature_bounds.told(bounds, names, whole, groups)
    assert features is not None
    return features.domain(shape)


def _checked_table(name: str, data: bytes, count: int) -> tuple[list[str] | None, np.ndarray]:
    if len(data) > MOST_BYTES:
        raise ValueError(
            f"A table of examples may have {MOST_BYTES // 2**20} MB; {name} has"
            f" {len(data) / 2**20:.1f}. Some hundred examples are enough."
        )
    names, table = tables.read(data, name, MOST_ROWS)
    if table.shape[1] != count:
        raise ValueError(
            f"A table of examples needs a column for each of the {count} features; {name} has"
            f" {table.shape[1]}. Leave out what is no input, such as a column of answers."
        )
    return names, table


def _told_by(names: list[str] | None, table: np.ndarray, rows: Sequence[Row]) -> Domain:
    """What features may be by a table, with their kinds, unless the table contradicts those."""
    shape = (table.shape[1],)
    named = names or [row.name for row in rows]
    try:
        return _domain(table, named, rows, shape)
    except ValueError:
        return _domain(table, named, [row._replace(kind=ANY) for row in rows], shape)


def _allowed(domain: Domain, values: Sequence[float]) -> tuple[float, ...]:
    from invert.methods import answers

    shares = domain.to_unit(domain.clip(np.asarray(values, np.float32)))
    (nearest,) = answers.allowed(domain, np.asarray(shares, np.float32)[None])
    return tuple(map(float, nearest))


def _middle(domain: Domain) -> tuple[float, ...]:
    return _allowed(domain, domain.from_unit(np.full(domain.shape, 0.5, np.float32)))
