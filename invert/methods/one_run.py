"""One run: from one start by one method, or in one go; and what the classifier says of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from invert.methods import answers, beginnings, runs, starts
from invert.methods.records import Method, Optimization
from invert.methods.runs import Run
from invert.targets import Wanted

if TYPE_CHECKING:
    from invert.inversion.domain import Domain
    from invert.inversion.frozen_graph import FrozenGraph


class Request(NamedTuple):
    """What is asked of a network, by whatever method.

    Attributes:
        graph: the network.
        wanted: what its outputs are to become.
        domain: of its inputs, with what is held fixed.
        seed: of what is random.
        frames: how many of the way to keep.
        within: how far an input may go from its start; None where that is not bounded.
    """

    graph: FrozenGraph
    wanted: Wanted
    domain: Domain
    seed: int
    frames: int
    within: float | None


def learned(
    record: Optimization,
    request: Request,
    start: npt.ArrayLike | dict[str, Any],
    settled: bool = False,
) -> Run:
    """Return the run of a method from one start.

    Args:
        record: the method.
        request: what is asked.
        start: as for ``generate``, by name or by value.
        settled: whether whole numbers and what is one of many stay as the start has them.
    """
    from invert.inversion.learning import learn
    from invert.inversion.loop import Objective
    from invert.inversion.views import VIEWS
    from invert.methods import pen

    graph, wanted, domain, seed, frames, within = request
    if not wanted.by_class:  # between two classes it only comes to rest if its steps shrink
        values = graph.head == "values"
        record = dataclasses.replace(record, loss="values" if values else "aims", decay=1.0)
    parametrisation, first, weights, length, tries = beginnings.begin(
        record, graph, start, wanted.classes, seed, domain, settled
    )
    frame_steps = np.linspace(0, record.steps, frames).round().astype(int)
    result = learn(
        graph,
        Objective(
            record.loss,
            record.step_rule,
            tuple(weights),
            VIEWS[record.view],
            record.looks,
            record.unseen if tries > 1 else 0,
            within is not None,
        ),
        first,
        wanted.aims,
        parametrisation=parametrisation,
        steps=record.steps,
        step_size=length,
        weights=weights,
        decay=record.decay,
        strength=record.strength,
        tries=tries,
        within=within or 0.0,
        scales=wanted.scales,
        frame_steps=frame_steps.tolist(),
        seed=seed,
    )
    inputs = domain.settled(result.inputs)
    probabilities = graph.probabilities(result.logits)
    met = wanted.met(probabilities, answers.convinced(graph, probabilities, wanted.classes))
    return Run(
        targets=wanted.classes,
        aims=wanted.aims,
        images=inputs,
        probabilities=probabilities,
        verdicts=runs.verdicts(met, result.moved),
        losses=result.losses,
        frames=domain.settled(result.frames),
        frame_probabilities=graph.probabilities(result.frame_logits),
        frame_steps=frame_steps,
        method=record.name,
        classifier=graph.name,
        labels=graph.labels,
        domain=domain,
        seed=seed,
        start=_name_of(start),
        settings=record.settings if within is None else {**record.settings, "within": within},
        notes=graph.notes,
        misses=wanted.misses(probabilities) if graph.head == "values" else None,
        neighbourhood=None if domain.is_image else answers.neighbourhood(graph, domain, inputs),
        usual=answers.usual(graph) if graph.head == "activations" else None,
        **pen.drawn(parametrisation, result),
    )


def _name_of(start: npt.ArrayLike | dict[str, Any]) -> str:
    if isinstance(start, str):
        return start
    return "drawing" if isinstance(start, dict) else "image"


def imagined(record: Method, graph: FrozenGraph, targets: np.ndarray, seed: int) -> Run:
    """Return the run of the inverse model: its images of classes ``(N,)``, made in one go."""
    from invert.networks import inverse_model

    images = graph.domain.from_unit(inverse_model.imagine(targets, seed))
    return without_steps(graph, record.name, targets, images, seed)


def without_steps(
    graph: FrozenGraph,
    method: str,
    targets: np.ndarray,
    images: np.ndarray,
    seed: int,
    strokes: np.ndarray | None = None,
) -> Run:
    """Return the run of a method that makes its images in one go.

    Args:
        graph: the classifier that is asked what it says of them.
        method: the method's name.
        targets: the classes, ``(N,)``.
        images: ``(N, *shape)`` in the domain's range.
        seed: what they were made from.
        strokes: of those that a pen drew.
    """
    from invert.inversion.reading import read

    probabilities = graph.probabilities(read(graph, images))
    met = graph.convinced(probabilities, targets)
    return Run(
        targets=targets,
        aims=np.eye(graph.classes, dtype=np.float32)[targets],
        images=images,
        probabilities=probabilities,
        verdicts=runs.verdicts(met, np.ones(len(targets), bool)),
        losses=np.zeros((0, len(targets)), np.float32),
        frames=np.zeros((0, *images.shape), np.float32),
        frame_probabilities=np.zeros((0, *probabilities.shape), np.float32),
        frame_steps=np.zeros(0, int),
        method=method,
        classifier=graph.name,
        labels=graph.labels,
        domain=graph.domain,
        seed=seed,
        start=starts.RANDOM,
        settings={},
        notes=graph.notes,
        strokes=strokes,
    )
