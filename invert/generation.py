"""``generate``: one call of a method, from digits and a seed to images; and the warm-up for it.

TensorFlow is imported after the checks, so that a mistake is answered at once.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from invert import starts
from invert.images import MAX_FRAMES, MAX_SEED, SIDE, check_digits, check_whole
from invert.methods import CODE, METHODS, Method, check


@dataclasses.dataclass(frozen=True)
class Run:
    """What one call of a method returns: ``N`` images, ``S`` steps, ``F`` frames.

    Attributes:
        digits: the targets, ``(N,)`` int64.
        images: ``(N, 28, 28)`` float32 in [0, 1], ink = 1.
        probabilities: ``(N, 10)`` float32, of the classifier that was inverted.
        losses: ``(S, N)`` float32, each image's before each step.
        probabilities_by_step: ``(S + 1, N, 10)`` float32, from the start to the image.
        frames: ``(F, N, 28, 28)`` float32, the way from the start to the image; None where none
            were asked for, and where there is no way.
        frame_steps: ``(F,)`` int64, how many steps lie before each frame.
        method: the method's name.
        seed: the seed.
        start: the start's name, or "image".
        classifier: the name of the classifier that was inverted, or "own".
        settings: the method's settings as they were used.
    """

    digits: np.ndarray
    images: np.ndarray
    probabilities: np.ndarray
    losses: np.ndarray
    probabilities_by_step: np.ndarray
    frames: np.ndarray | None
    frame_steps: np.ndarray
    method: str
    seed: int
    start: str
    classifier: str
    settings: Mapping[str, Any]


def generate(
    digits,
    method: str = "robust",
    *,
    seed: int = 0,
    start=None,
    frames: int = 0,
    classifier=None,
    **settings,
) -> Run:
    """Make images of digits by running a classifier backwards.

    Args:
        digits: the targets, a digit 0–9 or a sequence of them, at most ``MAX_COUNT``.
        method: a name in ``METHODS``.
        seed: 0 to ``MAX_SEED``. The same seed gives the same images, in any thread; and image
            ``i`` starts alike however many are asked for.
        start: where M starts: "black", "noise", "average", "class-gaussian", an image
            ``(28, 28)`` or one a digit ``(N, 28, 28)``; by default the method's own.
        frames: how many frames of the way to keep, 2 to ``MAX_FRAMES``, or 0 for none.
        classifier: a shipped classifier's name, or one of your own from ``invert.freeze``, to
            invert instead of the method's.
        **settings: the method's by name: ``steps``, 1 to ``MAX_STEPS``; ``step_size``; and the
            weights of its priors (``METHODS[name].settings`` has them all).

    Returns:
        The run: images, probabilities, losses, frames and how they came about.

    Raises:
        ValueError: an argument breaks its rule; the text says which, and the way out.
        WeightsError: the classifier's weights are missing, cut or altered.

    >>> run = generate([8, 8, 3], method="robust", seed=0, frames=24)
    >>> run.images.shape, run.probabilities.shape, run.losses.shape, run.frames.shape
    ((3, 28, 28), (3, 10), (80, 3), (24, 3, 28, 28))
    """
    digits = check_digits(digits)
    recipe = check(method, settings)
    seed = check_whole(seed, "seed", 0, MAX_SEED)
    frames = check_whole(frames, "frames", 0, MAX_FRAMES)
    if frames == 1:
        raise ValueError("frames must be 0 or at least 2, the start and the end; got 1.")
    start = recipe.start if start is None else start
    if recipe.start == CODE and not (isinstance(start, str) and start == CODE):
        raise ValueError(f"{method} starts from a random code and takes no other start.")
    if not recipe.steps:
        if classifier is not None:
            raise ValueError(f"{method} inverts no classifier, so it takes none.")
        return _imagine(recipe, digits, seed)
    first = None if recipe.start == CODE else starts.make(start, digits, seed)

    from invert import frozen, inversion

    name = "own"
    if classifier is None or isinstance(classifier, str):
        name = classifier or recipe.classifier
        classifier = frozen.load(name)
    elif not isinstance(classifier, frozen.FrozenGraph):
        raise ValueError(
            f"classifier must be a name or made by invert.freeze; got {type(classifier).__name__}."
        )
    decoder = None
    if recipe.start == CODE:
        from invert import inverse_model

        decoder = frozen.load_decoder()
        first = inverse_model.start_codes(len(digits), seed)
    frame_steps = np.linspace(0, recipe.steps, frames).round().astype(int)
    learned = inversion.learn(
        classifier,
        inversion.Objective(recipe.loss, recipe.step_rule, tuple(recipe.priors)),
        first.reshape(len(digits), -1),
        digits,
        decoder=decoder,
        steps=recipe.steps,
        step_size=recipe.step_size,
        weights=recipe.priors,
        frame_steps=frame_steps,
        seed=seed,
    )
    probabilities = _softmax(learned.logits)
    return Run(
        digits=digits,
        images=learned.images.reshape(-1, SIDE, SIDE),
        probabilities=probabilities[-1],
        losses=learned.losses,
        probabilities_by_step=probabilities,
        frames=learned.frames.reshape(frames, -1, SIDE, SIDE) if frames else None,
        frame_steps=frame_steps,
        method=method,
        seed=seed,
        start=start if isinstance(start, str) else "image",
        classifier=name,
        settings=recipe.settings,
    )


def _imagine(recipe: Method, digits: np.ndarray, seed: int) -> Run:
    """A run of no steps: the inverse model's images, and what the classifier says of them."""
    from invert import classifier, inverse_model

    images = inverse_model.imagine(digits, seed)
    probabilities = classifier.classify(images, recipe.classifier)
    return Run(
        digits=digits,
        images=images,
        probabilities=probabilities,
        losses=np.zeros((0, len(digits)), np.float32),
        probabilities_by_step=probabilities[None],
        frames=None,
        frame_steps=np.zeros(0, int),
        method=recipe.name,
        seed=seed,
        start=recipe.start,
        classifier=recipe.classifier,
        settings=recipe.settings,
    )


def warm_up(
    report: Callable[[str, float], None] = lambda sentence, done: None,
    counts=(10, 1, 16),
    first: str = "energy",
    frames: int = 32,
) -> None:
    """Load every network and compile what ``generate`` will need, so that no visitor waits for it.

    Args:
        report: called with a sentence of what is being done, and the share done, 0 to 1.
        counts: batch sizes to compile for.
        frames: the number of frames to compile for.
        first: the method that is likely to be asked for first.

    Raises:
        WeightsError: weights are missing, cut or altered.
    """
    report("Starting TensorFlow", 0.0)
    from invert import classifier, judge

    blank = np.zeros((SIDE, SIDE))
    jobs = [
        ("Loading the classifier", lambda: classifier.classify(blank)),
        ("Loading the judge", lambda: judge.read(blank)),
        ("Loading the average digits", starts.class_gaussian),
    ]
    ordered = sorted(METHODS.values(), key=lambda method: method.name != first)
    for count in counts:
        for method in ordered:
            # Compiling takes a step, not a run.
            settings = {"steps": 1} if method.steps else {}
            run = functools.partial(generate, [0] * count, method.name, frames=frames, **settings)
            jobs.append((f"Compiling “{method.name}” for {count} at a time", run))
    for number, (sentence, job) in enumerate(jobs, start=1):
        report(sentence, number / (len(jobs) + 1))
        job()
    report("Ready", 1.0)


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
