"""What freezing returns: a network as a graph of constants, and what is known of it."""

import dataclasses
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import Architecture, Head, take_apart
from invert.inversion.domain import Domain

_making = threading.RLock()
Made = TypeVar("Made")
# A sigmoid says yes at this probability or above.
YES = 0.5
# What a frozen graph knows apart from its architecture, its labels and its name.
APART = ("range_evidence", "range_assumed", "layers", "layer", "places")


class Layer(NamedTuple):
    """A layer between the input and the output.

    Attributes:
        name: its name, behind those of the models that it lies in, such as "base/conv2d_2".
        width: how many units or channels it has.
    """

    name: str
    width: int


class Place(NamedTuple):
    """Where a layer's output is.

    Attributes:
        tensor: its name, the batch in front.
        axes: those that a channel is averaged over; none of units.
    """

    tensor: str
    axes: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class FrozenGraph:
    """A network with constants for weights, one open input, and logits at its end.

    Attributes:
        architecture: the graph without its weights, which networks of one shape share.
        weights: its weights, in the order of ``architecture.weights``.
        labels: a name for each class, by default its number.
        name: what to call the network, such as its file's name.
        range_evidence: what its range of pixels is taken from; "" where it was told.
        range_assumed: whether that does not settle it.
        layers: those between its input and its source's output, in order, which ``output=`` of
            ``freeze`` takes.
        layer: the hidden one whose units' activations it gives; "" where it gives the answers.
        places: where the outputs of its layers are in its graph, by their names. A layer that does
            not lead to the logits has none, nor has a convolution that its normalisation is folded
            into.
        compiled: what was made for this graph, such as compiled functions; it goes with the graph.
    """

    architecture: Architecture = dataclasses.field(repr=False)
    weights: tuple[tf.Tensor, ...] = dataclasses.field(repr=False)
    labels: tuple[str, ...]
    name: str = "own"
    range_evidence: str = ""
    range_assumed: bool = False
    layers: tuple[Layer, ...] = ()
    layer: str = ""
    places: Mapping[str, Place] = dataclasses.field(default_factory=dict, repr=False)
    compiled: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        graph_def: tf.compat.v1.GraphDef,
        constants: Mapping[str, np.ndarray],
        placeholder: str,
        output: str,
        *,
        input_shape: tuple[int, ...],
        domain: Domain,
        labels: tuple[str, ...],
        head: Head = "softmax",
        name: str = "own",
        places: Mapping[str, Place] | None = None,
    ) -> "FrozenGraph":
        """Return the frozen graph of a ``GraphDef`` with constants beside it.

        Args:
            graph_def: the graph, without the placeholder's own node.
            constants: what it takes from elsewhere, by the name of the tensor.
            placeholder: name of the tensor that something must be put in the place of.
            output: name of the tensor of the logits, ``(N, classes)``.
            input_shape: of one input as the graph takes it, such as ``(28, 28, 1)``.
            domain: of one input as everybody else sees it.
            labels: a name for each class.
            head: what makes probabilities of the logits: a softmax, or a sigmoid for each class.
            name: what to call it.
            places: of layers, by the names of tensors that ``graph_def`` has.

        Raises:
            ValueError: the logits do not depend on the input.
        """
        places = places or {}
        architecture, weights, renamed = take_apart(
            graph_def,
            constants,
            placeholder,
            output,
            inside=[place.tensor for place in places.values()],
            input_shape=tuple(input_shape),
            domain=domain,
            outputs=len(labels),
            head=head,
        )
        kept = {
            layer: place._replace(tensor=renamed[place.tensor])
            for layer, place in places.items()
            if place.tensor in renamed
        }
        return cls(architecture, weights, labels, name, places=kept)

    def __reduce__(self) -> tuple[Any, ...]:
        """What another process needs to rebuild this graph: numbers, no tensors."""
        known = self.architecture
        constants = dict(zip(known.weights, map(np.asarray, self.weights), strict=True))
        ends = known.graph_def.SerializeToString(), constants, known.placeholder, known.output
        known_of_it = known.input_shape, known.domain, self.labels, known.head, self.name
        own = {name: getattr(self, name) for name in APART}
        return _again, (*ends, *known_of_it, own)

    @property
    def domain(self) -> Domain:
        """What an input may be."""
        return self.architecture.domain

    @property
    def head(self) -> Head:
        """What makes answers of what the graph returns.

        A softmax, or a sigmoid for each class apart; of a regression "values" and of a hidden layer
        "activations", which are answers as they are.
        """
        return self.architecture.head

    @property
    def classifies(self) -> bool:
        """Whether its answers are probabilities of classes."""
        return self.head in ("softmax", "sigmoid")

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Of one input as everybody else sees it, ``(H, W)`` or ``(H, W, 3)`` for an image."""
        return self.domain.shape

    @property
    def pixel_range(self) -> tuple[Any, Any]:
        """The lowest and highest value of a pixel, such as ``(0.0, 1.0)``."""
        return self.domain.low, self.domain.high

    @property
    def notes(self) -> tuple[str, ...]:
        """What its user should know, in sentences."""
        found = []
        taken = self.architecture.input_shape
        if self.domain.is_image and len(taken) == 2 and taken[0] != taken[1]:
            height, width = taken
            found.append(
                f"Inputs of {self.name}, {height}×{width} values, are taken for grey pictures. If"
                " they are a sequence or features, freeze it with bounds=."
            )
        if self.range_assumed:
            found.append(
                f"Pixels of {self.name} are taken to be in {self.domain.range_in_words}:"
                f" {self.range_evidence}. If that is wrong, freeze it with another pixel_range=."
            )
        return tuple(found)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return len(self.labels)

    @property
    def values(self) -> int:
        """How many values an input has."""
        return self.domain.values

    @property
    def transposes(self) -> tuple[tf.Tensor, ...]:
        """Transposed copies of the weights in ``architecture.products``."""

        def transposed() -> tuple[tf.Tensor, ...]:
            held = dict(zip(self.architecture.weights, self.weights, strict=True))
            with tf.init_scope():  # outside of any graph, so that all share them
                return tuple(tf.transpose(held[name]) for name in self.architecture.products)

        return self.once("transposed weights", transposed)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` makes of this graph, made once; ``key`` tells it from the rest."""
        if key not in self.compiled:  # nobody waits here for what is made already
            with _making:
                if key not in self.compiled:
                    self.compiled[key] = make()
        made: Made = self.compiled[key]
        return made

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the network's answers for logits ``(…, classes)``, float32.

        Of a classifier they are probabilities; values and activations are answers as they are.
        """
        if not self.classifies:
            return logits
        if self.head == "sigmoid":
            odds = np.exp(-np.abs(logits))  # of the less likely side, so that nothing overflows
            return np.asarray(np.where(logits >= 0, 1.0, odds) / (1.0 + odds))
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=-1, keepdims=True))

    def convinced(self, probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return whether the network takes each input for its target, ``(N,)`` bool.

        Of a softmax, that is when no class is more likely; of sigmoids, when the target's
        probability is at least 0.5.

        Args:
            probabilities: ``(N, classes)``.
            targets: ``(N,)`` numbers of classes.
        """
        if self.head == "sigmoid":
            return np.asarray(probabilities[np.arange(len(targets)), targets] >= YES)
        return np.asarray(probabilities.argmax(axis=1) == targets)


def _again(
    graph_def: bytes,
    constants: Mapping[str, np.ndarray],
    placeholder: str,
    output: str,
    input_shape: tuple[int, ...],
    domain: Domain,
    labels: tuple[str, ...],
    head: Head,
    name: str,
    apart: dict[str, Any],
) -> FrozenGraph:
    frozen = FrozenGraph.of(
        tf.compat.v1.GraphDef.FromString(graph_def),
        constants,
        placeholder,
        output,
        input_shape=input_shape,
        domain=domain,
        labels=labels,
        head=head,
        name=name,
    )
    return dataclasses.replace(frozen, **apart)
