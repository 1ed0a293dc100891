"""What freezing returns: a classifier as a graph of constants, and what is known of it."""

import dataclasses
import math
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Literal, TypeVar

import numpy as np
import tensorflow as tf

_making = threading.RLock()
Made = TypeVar("Made")
Head = Literal["softmax", "sigmoid"]


@dataclasses.dataclass(frozen=True, eq=False)
class FrozenGraph:
    """A classifier as a ``GraphDef``: constants for weights, one open input, logits at its end.

    Attributes:
        graph_def: the graph, *without* the placeholder's own node: nothing may be left of it,
            since XLA has no kernel for a placeholder that nothing feeds.
        weights: the large constants, taken out of the graph, by the name of their tensor.
        placeholder: name of the tensor that something must be put in the place of.
        output: name of the tensor of the logits, ``(N, classes)``.
        input_shape: of one input as the graph takes it, such as ``(784,)`` or ``(28, 28, 1)``.
        image_shape: of one image as everybody else sees it, ``(H, W)`` or ``(H, W, 3)``.
        labels: a name for each class, by default its number.
        pixel_range: the lowest and highest value of a pixel, such as ``(0.0, 1.0)``.
        head: what makes probabilities of the logits: a softmax, or a sigmoid for each class apart.
        name: what to call the classifier, such as its file's name.
        compiled: what others have compiled for this graph; it goes when the graph goes.
    """

    graph_def: tf.compat.v1.GraphDef = dataclasses.field(repr=False)
    weights: Mapping[str, tf.Tensor] = dataclasses.field(repr=False)
    placeholder: str
    output: str
    input_shape: tuple[int, ...]
    image_shape: tuple[int, ...]
    labels: tuple[str, ...]
    pixel_range: tuple[float, float] = (0.0, 1.0)
    head: Head = "softmax"
    name: str = "own"
    compiled: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to have this graph too."""
        weights = {name: np.asarray(value) for name, value in self.weights.items()}
        return {**self.__dict__, "weights": weights, "compiled": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        weights = {name: tf.constant(value) for name, value in state["weights"].items()}
        self.__dict__.update(state, weights=weights)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return len(self.labels)

    @property
    def values(self) -> int:
        """How many values an image has."""
        return math.prod(self.image_shape)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` makes of this graph, made once; ``key`` tells it from the rest."""
        if key not in self.compiled:  # nobody waits here for what is made already
            with _making:
                if key not in self.compiled:
                    self.compiled[key] = make()
        made: Made = self.compiled[key]
        return made

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the classifier's probabilities for logits ``(…, classes)``, float32."""
        if self.head == "sigmoid":
            odds = np.exp(-np.abs(logits))  # of the less likely side, so that nothing overflows
            return np.asarray(np.where(logits >= 0, 1.0, odds) / (1.0 + odds))
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=-1, keepdims=True))
