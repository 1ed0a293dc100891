"""What one call of ``generate`` returns."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from invert.inversion.domain import Domain
from invert.methods import answers

Verdict = Literal["convinced", "not convinced", "never moved"]


@dataclasses.dataclass(frozen=True, repr=False)
class Run:
    """What one call of a method returns: ``N`` images, ``S`` steps, ``F`` frames, ``C`` classes.

    ``inverse`` makes its images in one go: it has 0 steps and 0 frames.

    Attributes:
        targets: the classes asked for, ``(N,)`` int64; of a mixture the one of the largest share.
        aims: what was asked of the probabilities, ``(N, C)`` float32: one-hot for a class, shares,
            -1 for a class to avoid. Or values, NaN where any will do.
        images: ``(N, *shape)`` float32 in the classifier's pixel range; of digits ``(N, 28, 28)``
            in [0, 1], ink = 1.
        probabilities: ``(N, C)`` float32, of the classifier that was run backwards; of a hidden
            layer its ``C`` units' activations, of a regression its values.
        verdicts: of each image "convinced", where the classifier takes it for its target: of a
            softmax, no class is more likely; of sigmoids, the target's probability is at least
            0.5; of a mixture, each probability is within 0.1 of its share, and of outputs within
            0.05; of a hidden layer, its unit is more than 3 standard deviations ``above`` noise.
            Of a regression, each value is within 1 % of the range of nine in ten random inputs'.
            "never moved", where it does not and the image could not leave its start; or "not
            convinced".
        losses: ``(S, N)`` float32, each image's before each step.
        frames: ``(F, N, *shape)`` float32, the way from the start to the image.
        frame_probabilities: ``(F, N, C)`` float32, what the classifier says of the frames.
        frame_steps: ``(F,)`` int64, how many steps lie before each frame.
        method: the method's name.
        classifier: the classifier's name.
        labels: of its classes, ``C`` of them.
        domain: of its images: their shape and pixel range.
        seed: the seed.
        start: the start's name, or "image".
        settings: the method's settings as they were used.
        notes: what it rests on that nobody said, such as a range of pixels, in sentences.
        strokes: of ``strokes``, the control points of each image's pen strokes, ``(N, K, P, 2)``
            float32: x to the right, y down, in the pixels of the page's canvas.
        stroke_frames: the same of the frames, ``(F, N, K, P, 2)``.
        usual: of a hidden layer, mean and standard deviation of each unit's activation over 64
            pictures of noise, ``(2, C)`` float32.
        misses: of a network of values, how far from what was asked each input's farthest output
            is, ``(N,)`` float32, in the outputs' own units.
        neighbourhood: of features, the standard deviation of each output over 64 neighbours of the
            input, ``(N, C)`` float32: inputs whose free values differ by normal noise of 2 % of
            their range. Where it is small, an input's answer is steady.
    """

    targets: np.ndarray
    aims: np.ndarray
    images: np.ndarray
    probabilities: np.ndarray
    verdicts: tuple[Verdict, ...]
    losses: np.ndarray
    frames: np.ndarray
    frame_probabilities: np.ndarray
    frame_steps: np.ndarray
    method: str
    classifier: str
    labels: tuple[str, ...]
    domain: Domain
    seed: int
    start: str
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    strokes: np.ndarray | None = None
    stroke_frames: np.ndarray | None = None
    usual: np.ndarray | None = None
    misses: np.ndarray | None = None
    neighbourhood: np.ndarray | None = None

    def __repr__(self) -> str:
        """Say what it is in a line; a notebook would show every array otherwise."""
        images = "×".join(map(str, self.images.shape))
        convinced = self.verdicts.count("convinced")
        return (
            f"<Run of {self.method} on {self.classifier}: images {images}, {convinced} of"
            f" {len(self.images)} convinced>"
        )

    @property
    def distinct(self) -> int:
        """How many different inputs convinced: some value differs by over 5 % of its range.

        Inputs for one target are compared with each other alone.
        """
        won = np.array([verdict == "convinced" for verdict in self.verdicts])
        return answers.distinct(self.domain.to_unit(self.images[won]), self.aims[won])

    @property
    def above(self) -> np.ndarray | None:
        """Of a hidden layer, how many standard deviations above noise each unit is, ``(N,)``."""
        if self.usual is None:
            return None
        return answers.above(self.probabilities, self.targets, self.usual)

    @property
    def pixel_range(self) -> tuple[Any, Any]:
        """The lowest and the highest value of its images."""
        return self.domain.low, self.domain.high


def verdicts(met: np.ndarray, moved: np.ndarray) -> tuple[Verdict, ...]:
    """What came of each image, by whether it is what was asked for, and whether it ever moved."""
    return tuple(
        "convinced" if sure else "not convinced" if each_moved else "never moved"
        for sure, each_moved in zip(met, moved, strict=True)
    )


def mended(run: Run, other: Run, better: np.ndarray | None = None) -> Run:
    """The run with the other's images in place of those that did not convince.

    Or, where ``better`` is given, ``(N,)`` bool, in place of those where it is true.
    """
    weak = np.array([verdict != "convinced" for verdict in run.verdicts])
    weak = weak if better is None else better

    def mixed(name: str, axis: int) -> np.ndarray:
        one, two = getattr(run, name), getattr(other, name)
        return np.asarray(np.where(weak.reshape(-1, *[1] * (one.ndim - axis - 1)), two, one))

    verdicts = [
        two if w else one for w, one, two in zip(weak, run.verdicts, other.verdicts, strict=True)
    ]
    each = ("images", "probabilities", "misses", "neighbourhood")
    changed: dict[str, Any] = {n: mixed(n, 0) for n in each if getattr(run, n) is not None}
    for name in ("losses", "frames", "frame_probabilities"):
        changed[name] = mixed(name, 1)
    return dataclasses.replace(run, verdicts=tuple(verdicts), **changed)
