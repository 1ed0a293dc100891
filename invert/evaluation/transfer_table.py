"""A table of transfer: what some networks, trained apart, read of what each of them draws."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from invert.evaluation.transfer import check_pair, transfer
from invert.inversion.checks import MAX_COUNT, check_whole
from invert.methods.generation import generate
from invert.methods.opposite import SHIPPED, Opposite, opposite
from invert.methods.records import METHODS, Optimization
from invert.networks.classifier import open_graph

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.networks.classifier import Classifier

COUNT = 100  # images a row
SEED = 2000
# Those that draw through any network that reads images.
BY = tuple(
    name
    for name, method in METHODS.items()
    if isinstance(method, Optimization) and method.parametrisation != "decoder"
)


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        network: the name of the one that was run backwards.
        method: by which.
        images: how many.
        convinced: the share that convinces the network itself.
        read: the share that each network reads as meant, in their order; None of itself.
    """

    network: str
    method: str
    images: int
    convinced: float
    read: tuple[float | None, ...]


def measure(
    networks: Sequence[Classifier],
    count: int = COUNT,
    methods: Sequence[str] | None = None,
    report: Callable[[int, Row], None] = lambda done, row: None,
    models: Sequence[Opposite] = (),
) -> list[Row]:
    """Draw by each method through each network, and by its opposite model; then ask the others.

    Args:
        networks: at least two different ones, which read images of one shape and have classes of
            the same names.
        count: images a row, 1 to ``MAX_COUNT``; the classes take turns.
        methods: names in ``METHODS``; by default ``BY``.
        report: called after each row with how many are done, and the row.
        models: opposite models of some of the networks, which have a row each. That of "question"
            which ships has one, unless another is given.

    Raises:
        ValueError: an argument breaks its rule, or two networks do not fit.

    >>> first, second = measure(["robust", "energy"], 10, ["steepest"])
    >>> first.read[0], first.read[1] > 0.8, second.read[0] > 0.8
    (None, True, True)
    """
    graphs = [open_graph(network) for network in networks]
    if len(graphs) < 2:
        raise ValueError(f"transfer takes at least two networks; got {len(graphs)}.")
    check_whole(count, "count", 1, MAX_COUNT)
    for graph in graphs:
        if not (graph.domain.is_image and graph.classifies):
            raise ValueError(f"transfer is between classifiers of images; {graph.name} is none.")
        for other in graphs:
            check_pair(graph.labels, graph.domain.shape, other)
        if sum(other is graph for other in graphs) > 1:
            raise ValueError(f"transfer takes each network once; got {graph.name} again.")
    of_network = _opposites_of(graphs, models)
    rows: list[Row] = []
    for graph in graphs:
        targets = [number % graph.classes for number in range(count)]
        ways = [
            functools.partial(generate, targets, method, classifier=graph, seed=SEED)
            for method in (BY if methods is None else methods)
        ]
        if model := of_network.get(id(graph)):
            ways.append(functools.partial(model.draw, targets, SEED))
        for way in ways:
            run = way()
            read = [None if other is graph else transfer(run, other) for other in graphs]
            convinced = run.verdicts.count("convinced") / count
            rows.append(Row(graph.name, run.method, count, convinced, tuple(read)))
            report(len(rows), rows[-1])
    return rows


def _opposites_of(graphs: Sequence[FrozenGraph], models: Sequence[Opposite]) -> dict[int, Opposite]:
    """The opposite model of each network that has one, by the network's ``id``."""
    found = {}
    for model in models:
        named = [graph for graph in graphs if graph.name == model.classifier]
        if len(named) != 1 or id(named[0]) in found:
            what = "has one already" if len(named) == 1 else f"is the name of {len(named)} of them"
            raise ValueError(
                "transfer takes one opposite model of each of its networks;"
                f" {model.classifier} {what}."
            )
        found[id(named[0])] = model.with_classifier(named[0])
    if any(graph is open_graph(SHIPPED) for graph in graphs):
        shipped = opposite.load(SHIPPED)
        found.setdefault(id(shipped.graph), shipped)
    return found


def markdown(rows: Sequence[Row]) -> str:
    """The table as text: a line for each network and method, a column for each that reads."""
    places = [row.read.index(None) for row in rows]
    names = [rows[places.index(place)].network for place in range(len(rows[0].read))]
    columns = ["drawn through", "method", "images", "convinced", *(f"read by {n}" for n in names)]
    lines = [columns, ["---"] * len(columns)]
    for row in rows:
        read = ["" if share is None else f"{share:.2f}" for share in row.read]
        lines.append([row.network, row.method, str(row.images), f"{row.convinced:.2f}", *read])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
