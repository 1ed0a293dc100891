"""``generate``: one call of a method, from targets and a seed to images.

TensorFlow is imported after the checks, so that a mistake is answered at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from invert.inversion.checks import MAX_FRAMES, MAX_SEED, check_whole
from invert.methods import beginnings, choice, runs, starts
from invert.methods.records import WEAKER, Method, Optimization, method_for
from invert.methods.runs import Run
from invert.networks.classifier import CLASSIFIERS, DEFAULT, check_classifier, open_graph
from invert.targets import DIGIT_LABELS, Wanted, check_wanted

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.networks.classifier import Classifier

# Between two classes a network's probabilities change within a hair's breadth: many small steps.
BETWEEN_CLASSES = {"steps": 1000, "step_size": 0.02}

# The weights that a network is asked for, where nobody says them.
WEIGHTS = {"total_variation", "l2"}


def generate(
    targets: int | str | Mapping[int | str, float] | Iterable[Any],
    method: str | None = None,
    *,
    classifier: Classifier = DEFAULT,
    seed: int = 0,
    start: npt.ArrayLike | dict[str, Any] | None = None,
    frames: int = 0,
    **settings: float | str,
) -> Run:
    """Make images by running a classifier backwards.

    Args:
        targets: what the images are to show: a class or a sequence of them, at most ``MAX_COUNT``,
            each by its number (of a digit 0–9) or its label. Or, for each image, a mapping: shares
            of classes that add up to 1, such as ``{3: 0.5, 8: 0.5}``; or one class to 0, such as
            ``{8: 0}``, for anything but it. Or the very probabilities, floats ``(N, classes)``.
            All but classes are learned by the cross-entropy, by default by ``plain`` in many small
            steps, and in steps that shrink.
        method: a name in ``METHODS``; by default the one that the classifier is best run backwards
            by, and for one's own ``steepest``.
        classifier: ``question``, ``robust``, ``energy`` or ``student``; the path of a file of one's
            own; or what ``invert.freeze`` made, which spares reading the file anew at every call.
        seed: 0 to ``MAX_SEED``. The same call gives the same images: to the bit on one machine, in
            any thread and process; on one of its cores instead of two within 0.01 of the pixel
            range, except by ``regularized``, which the last bit of a sum can lead elsewhere. Other
            processors were not compared. Image ``i`` starts alike however many are asked for.
        start: where M starts: "black", "noise", "average", "class-gaussian", an image of the
            classifier's shape or one a target; by default the method's own. Where that is "black"
            and an image cannot move from there, though the classifier takes it for something else,
            all start from "noise". ``strokes`` starts from "random" ones, or from a drawing, a
            dict such as the canvas's ``json_data``, and then moves as few points as it must.
        frames: how many frames of the way to keep, 2 to ``MAX_FRAMES``, or 0 for none.
        **settings: the method's by name: ``loss``, "cross-entropy" or "logit"; ``steps``, 1 to
            ``MAX_STEPS``; ``step_size``; and the weights of its priors (``METHODS[name].settings``
            has them all). Where no size is given, steepest steps are shorter the more there are of
            them, by the square root of their number.

    Returns:
        The run: images, probabilities, verdicts, losses, frames and how they came about.

    Raises:
        ValueError: an argument breaks its rule; the text says which, and the way out.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> run = generate([8, 8, 3], classifier="robust", seed=0, frames=24)
    >>> run.images.shape, run.probabilities.shape, run.losses.shape, run.frames.shape
    ((3, 28, 28), (3, 10), (80, 3), (24, 3, 28, 28))
    >>> run.verdicts
    ('convinced', 'convinced', 'convinced')
    """
    check_classifier(classifier)
    shipped = isinstance(classifier, str) and classifier in CLASSIFIERS
    if method is None and not _names_classes(targets):
        method, settings = "plain", {**BETWEEN_CLASSES, **settings}
    record = method_for(str(classifier) if shipped else "", method, settings)
    seed = check_whole(seed, "seed", 0, MAX_SEED)
    frames = check_whole(frames, "frames", 0, MAX_FRAMES)
    if frames == 1:
        raise ValueError("frames must be 0 or at least 2, the start and the end; got 1.")
    if shipped:
        wanted = check_wanted(targets, DIGIT_LABELS)  # at once, before TensorFlow is imported
    if isinstance(record, Optimization):
        beginnings.check(record, start)
    elif start is not None and not (isinstance(start, str) and start == starts.RANDOM):
        raise ValueError(f"{record.name} starts from a random code and takes no other start.")

    graph = open_graph(classifier)
    if not shipped:
        wanted = check_wanted(targets, graph.labels)
    notes: tuple[str, ...] = ()
    if not shipped and method is None and start is None and settings.keys() <= {"steps"}:
        chosen = choice.method_of(graph)
        record, notes = method_for("", chosen.method, settings), (chosen.why,)
    if not shipped and record.name == "regularized" and not settings.keys() & WEIGHTS:
        record = method_for("", record.name, {**settings, **choice.weights_of(graph)})
    if not isinstance(record, Optimization):
        if not wanted.by_class:
            raise ValueError(f"{record.name} draws one class an image; name classes alone.")
        beginnings.check_digits(record.name, graph)
        return _imagine(record, graph, wanted.classes, seed)
    beginnings.check_network(record, graph)
    named = record.start if start is None else start
    run = _learn(record, graph, wanted, seed, named, frames)
    if start is None and named == "black" and "never moved" in run.verdicts:
        # On a black page every unit may be inactive; the faintest noise wakes some.
        run = _learn(record, graph, wanted, seed, "noise", frames)
    for weaker in WEAKER if record.view == "camera" else ():
        if set(run.verdicts) == {"convinced"}:
            break
        milder = dataclasses.replace(record, strength=weaker * record.strength)
        run = runs.mended(run, _learn(milder, graph, wanted, seed, named, frames))
    return dataclasses.replace(run, notes=(*run.notes, *notes))


def _names_classes(targets: Any) -> bool:
    """Whether targets are classes, as far as their kind tells."""
    if isinstance(targets, list | tuple):
        return not any(isinstance(target, Mapping) for target in targets)
    floats = isinstance(targets, np.ndarray) and targets.dtype.kind == "f" and targets.ndim == 2
    return not isinstance(targets, Mapping) and not floats


def _learn(
    record: Optimization,
    graph: FrozenGraph,
    wanted: Wanted,
    seed: int,
    start: npt.ArrayLike | dict[str, Any],
    frames: int,
) -> Run:
    """Run the optimisation, from one start."""
    from invert.inversion.learning import learn
    from invert.inversion.loop import Objective
    from invert.inversion.views import VIEWS
    from invert.methods import pen

    if not wanted.by_class:  # between two classes it only comes to rest if its steps shrink
        record = dataclasses.replace(record, loss="aims", decay=1.0)
    parametrisation, first, weights, length, tries = beginnings.begin(
        record, graph, start, wanted.classes, seed
    )
    frame_steps = np.linspace(0, record.steps, frames).round().astype(int)
    learned = learn(
        graph,
        Objective(
            record.loss,
            record.step_rule,
            tuple(weights),
            VIEWS[record.view],
            record.looks,
            record.unseen if tries > 1 else 0,
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
        frame_steps=frame_steps.tolist(),
        seed=seed,
    )
    probabilities = graph.probabilities(learned.logits)
    met = wanted.met(probabilities, graph.convinced(probabilities, wanted.classes))
    return Run(
        targets=wanted.classes,
        aims=wanted.aims,
        images=learned.inputs,
        probabilities=probabilities,
        verdicts=runs.verdicts(met, learned.moved),
        losses=learned.losses,
        frames=learned.frames,
        frame_probabilities=graph.probabilities(learned.frame_logits),
        frame_steps=frame_steps,
        method=record.name,
        classifier=graph.name,
        labels=graph.labels,
        domain=graph.domain,
        seed=seed,
        start=_name_of(start),
        settings=record.settings,
        notes=graph.notes,
        **pen.drawn(parametrisation, learned),
    )


def _name_of(start: npt.ArrayLike | dict[str, Any]) -> str:
    if isinstance(start, str):
        return start
    return "drawing" if isinstance(start, dict) else "image"


def _imagine(record: Method, graph: FrozenGraph, targets: np.ndarray, seed: int) -> Run:
    """A run of no steps: the inverse model's images, and what the classifier says of them."""
    from invert.networks import inverse_model

    images = graph.domain.from_unit(inverse_model.imagine(targets, seed))
    return run_without_steps(graph, record.name, targets, images, seed)


def run_without_steps(
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
