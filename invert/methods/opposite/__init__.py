"""``invert.opposite``: the opposite model of any classifier, learned through it alone."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from invert.inversion.checks import MAX_SEED, check_whole
from invert.methods import one_run
from invert.methods.records import METHODS, Optimization
from invert.methods.runs import Run
from invert.networks import weights
from invert.networks.classifier import CLASSIFIERS, check_classifier, open_graph
from invert.targets import check_targets

if TYPE_CHECKING:
    from invert.inversion.domain import Domain
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.methods.opposite.learning_to_draw import State
    from invert.methods.opposite.model_file import Held
    from invert.networks.classifier import Classifier
    from invert.networks.style_network import StyleNetwork

METHOD = "opposite"
SHIPPED = "question"  # the classifier whose opposite model ships
STROKES = cast(Optimization, METHODS["strokes"])  # which finds out whether ink is dark


@dataclasses.dataclass(frozen=True, eq=False)
class Opposite:
    """An opposite model: class and seed → image, in one go.

    Attributes:
        network: which styles it has, and what M is.
        weights: its weights, in the network's order.
        labels: of its classes.
        domain: of its images.
        classifier: the name of the one it was learned through.
        graph: that one, where it is at hand.
    """

    network: StyleNetwork
    weights: list[np.ndarray] = dataclasses.field(repr=False)
    labels: tuple[str, ...]
    domain: Domain
    classifier: str
    graph: FrozenGraph | None = dataclasses.field(default=None, repr=False)

    @functools.cached_property
    def _draw(self) -> Callable[..., Any]:
        from invert.methods.opposite.crafts import craft_of

        return self.network.drawing(self.weights, craft_of(self.network).strength)

    def images(self, targets: int | str | Iterable[int | str], seed: int = 0) -> np.ndarray:
        """Return images alone, without asking a classifier what it says of them.

        Args:
            targets: a class or a sequence of at most ``MAX_COUNT``, by number or label.
            seed: 0 to ``MAX_SEED``. Image ``i`` depends on it, on ``i`` and on its class only.

        Returns:
            ``(N, *shape)`` float32 in the domain's range.

        Raises:
            ValueError: an argument breaks its rule.
        """
        return self._imagine(check_targets(targets, self.labels), seed)[0]

    def draw(self, targets: int | str | Iterable[int | str], seed: int = 0) -> Run:
        """Return a run of no steps: the images, and what the classifier says of them.

        Args:
            targets: as for ``images``.
            seed: as for ``images``.

        Raises:
            ValueError: an argument breaks its rule, or the classifier is not at hand.
        """
        if self.graph is None:
            raise ValueError(
                f"draw asks {self.classifier} what it says of the images; load(path, classifier=…)"
                " gives it. Without a classifier, images(…) draws."
            )
        whole = check_targets(targets, self.labels)
        images, m = self._imagine(whole, seed)
        from invert.methods import pen

        strokes = pen.of(self.network.parametrisation, m)
        return one_run.without_steps(self.graph, METHOD, whole, images, seed, strokes)

    def _imagine(self, classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        seed = check_whole(seed, "seed", 0, MAX_SEED)
        inputs, m = self._draw(classes, seed)
        return self.domain.from_unit(inputs), m

    def with_classifier(self, graph: FrozenGraph) -> Opposite:
        """Return a copy whose runs ask this classifier.

        Raises:
            ValueError: it has other classes or images.
        """
        if (graph.labels, graph.domain) != (self.labels, self.domain):
            raise ValueError(
                "An opposite model needs a classifier with the same classes and images as the one"
                f" it was learned through, {self.classifier}; {graph.name} has others."
            )
        return dataclasses.replace(self, graph=graph)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as a ``.keras`` file, in one step: Keras itself can open it, as style → M.

        Raises:
            ValueError: the path does not end in ``.keras``.
            OSError: it cannot be written.
        """
        from invert.methods.opposite.model_file import Held, write

        held = Held(self.network, self.weights, self.labels, self.domain, self.classifier)
        write(Path(path), held)


class _Learner:
    """Learn the opposite model of a classifier, without data, through that classifier alone.

    A small network turns a class and random numbers into a pen's strokes, or into waves where the
    classifier reads colours. The classifier looks at what is drawn, as other hands would have drawn
    it or other cameras taken it, and its gradient teaches the small network to draw what convinces,
    in as many styles as it finds. ``invert.opposite.load(path)`` opens one that was saved.

    Args:
        classifier: a name, the path of a file, or what ``invert.freeze`` made; it reads images.
        seed: 0 to ``MAX_SEED``: another seed finds other styles.
        progress: called with the share done, 0 to 1, and the seconds left.
        steps: at most; it ends earlier once the classifier is convinced.
        every: after how many steps progress is told, and is asked whether the classifier is
            convinced; 1 to 100, by default 100.
        checkpoint: a path where the state of learning is saved every few seconds. Called again
            with the same arguments, it goes on from there. At the end the file is deleted.

    Returns:
        The opposite model.

    Raises:
        ValueError: an argument breaks its rule, or the classifier's inputs are no images.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> learned = invert.opposite("question", steps=10)  # doctest: +SKIP
    >>> learned.draw([8, 8, 3], seed=1).images.shape  # doctest: +SKIP
    (3, 28, 28)
    """

    def __call__(
        self,
        classifier: Classifier,
        seed: int = 0,
        progress: Callable[[float, float], None] | None = None,
        *,
        steps: int | None = None,
        every: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Opposite:
        """Learn; see the class."""
        check_classifier(classifier)
        seed = check_whole(seed, "seed", 0, MAX_SEED)
        if steps is not None:
            steps = check_whole(steps, "steps", 1, 1_000_000)
        if every is not None:
            every = check_whole(every, "every", 1, 100)
        from invert.methods.opposite import crafts, learning_to_draw
        from invert.methods.opposite.resuming import Checkpoint

        frozen = open_graph(classifier)
        if not frozen.domain.is_image:
            raise ValueError(
                f"opposite needs a classifier of images; {frozen.name} reads features."
            )
        if not frozen.classifies:
            raise ValueError(
                f"opposite needs a classifier; {frozen.name} gives {frozen.head}. Freeze it without"
                " the name of a hidden layer."
            )
        network = _network_for(frozen)
        kept = Checkpoint(checkpoint, frozen, network, seed)
        state = kept.load() or learning_to_draw.begin(
            network, seed, steps or crafts.craft_of(network).steps
        )

        def report(state: State, seconds: float) -> None:
            kept.save(state)
            if progress is not None:
                progress(state.step / state.end, (state.end - state.step) * seconds)

        state = learning_to_draw.learn(frozen, network, state, seed, report, every)
        keep = max(1, network.styles * crafts.KEPT // crafts.STYLES)
        rows = learning_to_draw.choose(frozen, network, state.weights, seed, keep)
        chosen = [state.weights[0][rows.ravel()], *state.weights[1:]]
        halves = [each.astype(np.float16).astype(np.float32) for each in chosen]  # as in files
        kept.remove()
        return Opposite(
            dataclasses.replace(network, styles=keep),
            halves,
            frozen.labels,
            frozen.domain,
            frozen.name,
            frozen,
        )

    def load(self, path: str | os.PathLike[str], classifier: Classifier | None = None) -> Opposite:
        """Return a saved opposite model; nothing in the file is run.

        Args:
            path: of a file that ``save`` wrote; or "question", whose opposite model ships.
            classifier: whose answers its runs show; by default the one that it was learned
                through, where that one ships.

        Raises:
            ValueError: it is no such file, or not of that classifier.
            OSError: it cannot be read.
            WeightsError: those that ship are missing, cut or altered.
        """
        from invert.methods.opposite import model_file

        if path == SHIPPED:
            return _shipped()
        found = of_held(model_file.load(Path(path)))
        if classifier is None and found.classifier in CLASSIFIERS:
            classifier = found.classifier
        if classifier is None:
            return found
        check_classifier(classifier)
        return found.with_classifier(open_graph(classifier))


opposite = _Learner()


def of_held(held: Held, graph: FrozenGraph | None = None) -> Opposite:
    """Return the opposite model that a file holds."""
    return Opposite(held.network, held.weights, held.labels, held.domain, held.classifier, graph)


def build_shipped() -> Any:
    """Return the arrays of the one that ships, for its weights file."""
    shapes = _network_shipped().shapes
    return weights.arrays("float32", **{f"array{n}": shape for n, shape in enumerate(shapes)})


@weights.once
def _shipped() -> Opposite:
    frozen, model = open_graph(SHIPPED), build_shipped()
    weights.load("opposite", model)
    learned = model.get_weights()
    return Opposite(_network_shipped(), learned, frozen.labels, frozen.domain, frozen.name, frozen)


def _network_shipped() -> StyleNetwork:
    from invert.inversion.parametrisations.strokes import Strokes
    from invert.methods.opposite import crafts

    frozen = open_graph(SHIPPED)
    return crafts.of_pen(Strokes(frozen.domain.shape), frozen.classes, crafts.KEPT)


def _network_for(frozen: FrozenGraph) -> StyleNetwork:
    """What is to be learned for a classifier: a pen for grey images, waves for colour."""
    from invert.inversion.parametrisations.strokes import Strokes
    from invert.methods import pen
    from invert.methods.opposite import crafts

    shape, classes = frozen.domain.shape, frozen.classes
    if crafts.craft_for(shape) is crafts.WAVES:
        waves = crafts.waves_for(shape)
        return crafts.of_waves(waves, classes, crafts.styles_of_waves(waves, classes))
    dark = pen.ink_is_dark(frozen, STROKES)
    return crafts.of_pen(Strokes(shape, dark=dark), classes, crafts.STYLES)
