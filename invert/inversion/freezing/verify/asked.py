"""What a source is asked, so that its answer says most: the tensor before its softmax.

Two networks that are both sure of a class may give the same probabilities and differ in all else.
"""

import dataclasses
from typing import Literal

import numpy as np
import tensorflow as tf

from invert.inversion.architecture import full_name
from invert.inversion.freezing.flattening.walk import Walk
from invert.inversion.freezing.names_in_graphs import data_inputs
from invert.inversion.freezing.reading_off.logits import MAX_CLASSES, Ending
from invert.inversion.freezing.source import Source
from invert.inversion.frozen_graph import Head

Kind = Literal["logits", "logit", "probabilities", "probability", "class"]
LEAST = 1e-30  # of a probability whose logarithm is looked at


@dataclasses.dataclass(frozen=True)
class Question:
    """A tensor of the source, and what it has to do with the frozen graph's logits.

    Attributes:
        tensor: its name in the source's graph.
        without: an operation that is to pass its input on, as (function, operation), or None.
        kind: the logits, the one logit of two classes, the probabilities, the probability of the
            second of two classes, or the number of the likeliest class.
        head: what makes probabilities of the logits.
        backwards: whether its gradient by the image is asked for too. Whole numbers have none.
        places: axes of the tensor that its channels are averaged over.
    """

    tensor: str
    without: tuple[str, str] | None
    kind: Kind
    head: Head
    backwards: bool
    places: tuple[int, ...] = ()

    def of(self, logits: tf.Tensor) -> tf.Tensor:
        """What the source should answer, ``(N, values)``, by the frozen graph's logits."""
        if self.kind == "class":
            return tf.argmax(logits, axis=-1)[:, None]
        if self.kind == "logit":
            return logits[:, 1:] - logits[:, :1]
        if self.kind == "logits" or self.head in ("values", "activations"):
            return logits
        odds = tf.nn.softmax(logits) if self.head == "softmax" else tf.sigmoid(logits)
        return odds[:, 1:] if self.kind == "probability" else odds

    def mixture(self, answer: tf.Tensor) -> tf.Tensor | None:
        """One number made of all values of an answer, to take the gradient of; or None.

        Of a softmax's probabilities the logarithms are mixed: they differ where the probabilities
        are nearly 0 or 1.
        """
        if not self.backwards:
            return None
        rows = tf.reshape(tf.cast(answer, tf.float32), (tf.shape(answer)[0], -1))
        if self.logarithms:
            rows = tf.math.log(tf.maximum(rows, LEAST))
        shares = np.random.default_rng(0).standard_normal(MAX_CLASSES).astype(np.float32)
        return tf.reduce_sum(rows * tf.constant(shares)[: tf.shape(rows)[1]])

    @property
    def logarithms(self) -> bool:
        """Whether values are compared by their logarithms too."""
        return self.kind == "probabilities" and self.head == "softmax"


def question(source: Source, walk: Walk, ending: Ending, answer: str, pixels) -> Question:
    """Return what to ask a source whose ``answer`` ends in ``ending``, and its pixels' type."""
    backwards = pixels.is_floating
    of_classes = ending.answer == "class"
    asked = answer, None, ending.answer, ending.head, backwards and not of_classes
    whole = Question(*asked, ending.places)
    if ending.last not in walk.origins:
        return whole
    function, name = where = walk.origins[ending.last]
    kind: Kind = "logit" if ending.answer == "probability" else "logits"
    if not function:
        tensor = full_name(data_inputs(source.nodes[name])[0])
        return Question(tensor, None, kind, ending.head, backwards)
    if of_classes or source.compute is not None or list(walk.origins.values()).count(where) > 1:
        return whole
    return Question(answer, where, kind, ending.head, backwards)


def answered(answer: tf.Tensor, question: Question, images: tf.Tensor) -> list[tf.Tensor]:
    """Return an answer, and the gradient of its mixture by the images if there is one."""
    if question.places:
        answer = tf.reduce_mean(answer, question.places)
    mixture = question.mixture(answer)
    if mixture is None:
        return [answer]
    try:
        (gradient,) = tf.gradients(mixture, images)
    except LookupError:  # TensorFlow has none of some operation
        return [answer]
    return [answer] if gradient is None else [answer, tf.convert_to_tensor(gradient)]


def result(computed: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values of ``answered``, and None for a gradient that there is not."""
    values, *gradient = (np.asarray(value) for value in computed)
    return values, gradient[0] if gradient else None
