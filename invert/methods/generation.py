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
from invert.methods import answers, beginnings, choice, one_run, runs, starts
from invert.methods.one_run import Request
from invert.methods.records import (
    OWN_METHOD,
    VALUES_METHOD,
    WEAKER,
    Optimization,
    method_for,
)
from invert.methods.runs import Run
from invert.networks.classifier import CLASSIFIERS, DEFAULT, check_classifier, open_graph
from invert.targets import DIGIT_LABELS, check_wanted

if TYPE_CHECKING:
    from invert.inversion.domain import Domain
    from invert.networks.classifier import Classifier

MOST_CHOICES = 24  # that are tried one by one, of all groups together
# Between two classes a network's probabilities change within a hair's breadth: many small steps.
BETWEEN_CLASSES = {"steps": 1000, "step_size": 0.02}

# Of a regression, likewise.
VALUES = {"steps": 300, "step_size": 0.03}

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
    within: float | None = None,
    fixed: Any = None,
    **settings: float | str,
) -> Run:
    """Make images by running a classifier backwards.

    Args:
        targets: what the images are to show: a class or a sequence of them, at most ``MAX_COUNT``,
            each by its number (of a digit 0–9) or its label. Or, for each image, a mapping: shares
            of classes that add up to 1, such as ``{3: 0.5, 8: 0.5}``; or one class to 0, such as
            ``{8: 0}``, for anything but it. Or the very probabilities, floats ``(N, classes)``.
            Of a hidden layer, a unit or channel each, by its number: the loss is then minus its
            activation. Of a network of values, a number each, or ``(N, outputs)`` floats, or
            mappings of outputs' labels to values: the loss is then the squared difference, each
            output in units of the range of what random inputs give. All but classes and units are
            learned by default by ``plain`` in many small steps, and in steps that shrink;
            probabilities by the cross-entropy.
        method: a name in ``METHODS``; by default the one that the classifier is best run backwards
            by. One's own network of pictures chooses among the pen, waves and ``steepest``, see
            ``Run.notes``.
        classifier: ``question``, ``robust``, ``energy`` or ``student``; the path of a file of one's
            own; or what ``invert.freeze`` made, which spares reading the file anew at every call.
        seed: 0 to ``MAX_SEED``. The same call gives the same images: to the bit on one machine, in
            any thread and process; on one of its cores instead of two within 0.01 of the pixel
            range, except by ``regularized`` and ``strokes``, which the last bit of a sum can lead
            elsewhere. Other processors were not compared. Image ``i`` starts alike however many
            are asked for.
        start: where M starts: "black", "noise", "average", "class-gaussian", an image of the
            classifier's shape or one a target; by default the method's own. Where that is "black"
            and an image cannot move from there, though the classifier takes it for something else,
            all start from "noise". ``strokes`` starts from "random" ones, or from a drawing, a
            dict such as the canvas's ``json_data``, and then moves as few points as it must.
        frames: how many frames of the way to keep, 2 to ``MAX_FRAMES``, or 0 for none.
        within: how far an image may go from its start: the square root of the sum over all values
            of the squared change, each as a share of the pixel range, so that one pixel from the
            lowest to the highest value counts 1. With a ``start`` of one's own, this is a small
            change that one asks for. By default there is no bound; with one, ``steepest`` is the
            method, and only methods that change pixels take it.
        fixed: a mapping of values that stay, by a feature's name or number, or by a pixel's place
            such as ``(row, column)``, in the network's own range. Only methods that change pixels
            take it.
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
    unsaid, said = method is None, settings
    if unsaid and not _names_classes(targets):
        method, settings = "plain", {**BETWEEN_CLASSES, **settings}
    elif unsaid and (within is not None or fixed is not None):
        method = OWN_METHOD
    record = method_for(str(classifier) if shipped else "", method, settings)
    if within is not None:
        within = beginnings.check_within(record, within)
    if fixed is not None:
        beginnings.check_pixels(record, "fixed holds pixels or features")
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
        wanted = check_wanted(targets, graph.labels, graph.head)
    if graph.head == "values":
        wanted = wanted._replace(scales=answers.ranges(graph))
        if unsaid:
            method, settings = VALUES_METHOD, {**VALUES, **said}
            record = method_for("", method, settings)
    domain = graph.domain if fixed is None else beginnings.fixing(graph.domain, fixed)
    notes: tuple[str, ...] = ()
    if not shipped and method is None and start is None and settings.keys() <= {"steps"}:
        chosen = choice.method_of(graph)
        record = method_for("", chosen.method, settings)
        notes = (chosen.why,) if chosen.why else ()
    if not shipped and record.name == "regularized" and not settings.keys() & WEIGHTS:
        record = method_for("", record.name, {**settings, **choice.weights_of(graph)})
    if graph.head == "activations" and isinstance(record, Optimization) and "loss" not in settings:
        record = dataclasses.replace(record, loss="logit")  # the activation itself
    if not isinstance(record, Optimization):
        if not wanted.by_class:
            raise ValueError(f"{record.name} draws one class an image; name classes alone.")
        beginnings.check_digits(record.name, graph)
        return one_run.imagined(record, graph, wanted.classes, seed)
    beginnings.check_network(record, graph)
    if within is not None and (domain.whole or domain.one_of):
        raise ValueError(
            "within bounds what can change little by little; whole numbers and one of many cannot."
        )
    request = Request(graph, wanted, domain, seed, frames, within)
    run = _mended(record, request, start)
    return dataclasses.replace(run, notes=(*run.notes, *notes))


def _mended(
    record: Optimization, request: Request, start: npt.ArrayLike | dict[str, Any] | None
) -> Run:
    """The run of a method, where images that do not convince are learned once more, otherwise."""
    domain, named = request.domain, record.start if start is None else start
    if start is None and not domain.is_image:
        named = "noise"
    run = one_run.learned(record, request, named)
    if start is None and named == "black" and "never moved" in run.verdicts:
        # On a black page every unit may be inactive; the faintest noise wakes some.
        run = one_run.learned(record, request, "noise")
    for weaker in WEAKER if record.view == "camera" else ():
        if set(run.verdicts) == {"convinced"}:
            break
        milder = dataclasses.replace(record, strength=weaker * record.strength, priors={})
        run = runs.mended(run, one_run.learned(milder, request, named))
    of_channels = record.parametrisation == "fourier" and request.graph.head == "activations"
    if of_channels and set(run.verdicts) != {"convinced"}:
        # On a page that is nearly even a channel may be inactive; strong waves wake some.
        run = _mended_where_nearer(run, one_run.learned(record, request, beginnings.STRONG_WAVES))
    if domain.whole or domain.one_of:
        # What moves in whole steps is found by now; what is left is learned around it.
        around = one_run.learned(record, request, run.images, settled=True)
        nearer = None if run.misses is None else around.misses < run.misses
        run = (
            _mended_where_nearer(run, around)
            if nearer is None
            else runs.mended(run, around, nearer)
        )
        # The gradient tells little of a choice, so what failed tries each other one.
        for group, chosen in choices(domain):
            if set(run.verdicts) == {"convinced"}:
                break
            other = _choosing(run.images, domain, group, chosen)
            other_run = one_run.learned(record, request, other, settled=True)
            run = _mended_where_nearer(run, other_run)
    return run


def _mended_where_nearer(run: Run, other: Run) -> Run:
    """The run with the other's inputs where its own failed and those come nearer."""
    failed = np.array([verdict != "convinced" for verdict in run.verdicts])
    if run.misses is None or other.misses is None:
        nearer = np.array([verdict == "convinced" for verdict in other.verdicts])
    else:
        nearer = other.misses < run.misses
    return runs.mended(run, other, failed & nearer)


def choices(domain: Domain) -> list[tuple[tuple[int, ...], int]]:
    """Return every group and place of it that may be chosen, and that what is held allows.

    Where there are more than ``MOST_CHOICES``, none is tried.
    """
    _, high = domain.ends()
    free = [
        group
        for group in domain.one_of
        if not any(domain.fixed.get(place) == high[place] for place in group)
    ]
    found = [(group, place) for group in free for place in group if place not in domain.fixed]
    return found if len(found) <= MOST_CHOICES else []


def _choosing(
    inputs: np.ndarray, domain: Domain, group: tuple[int, ...], chosen: int
) -> np.ndarray:
    """Return the inputs with this place of the group chosen."""
    low, high = domain.ends()
    flat = inputs.reshape(len(inputs), -1).copy()
    flat[:, group] = low[[*group]]
    flat[:, chosen] = high[chosen]
    return flat.reshape(inputs.shape)


def _names_classes(targets: Any) -> bool:
    """Whether targets are classes, as far as their kind tells."""
    if isinstance(targets, list | tuple):
        return not any(isinstance(target, Mapping) for target in targets)
    floats = isinstance(targets, np.ndarray) and targets.dtype.kind == "f" and targets.ndim == 2
    return not isinstance(targets, Mapping) and not floats
