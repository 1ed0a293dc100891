"""The ladder of methods, each a record, and ``generate``, which climbs it.

This module knows the methods without TensorFlow; the first ``generate`` brings it in.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from invert import starts
from invert.images import (
    MAX_FRAMES,
    MAX_SEED,
    MAX_STEPS,
    SIDE,
    check_digits,
    check_whole,
)

MAX_SETTING = 100.0
MAX_JITTER = 8
CODE = "code"


@dataclasses.dataclass(frozen=True)
class Method:
    """A named recipe for making an image of a digit.

    Attributes:
        name: its key in ``METHODS``.
        claim: what it does, in one line.
        source: the paper or page it comes from.
        classifier: the one that is run backwards.
        start: where M starts, one of ``invert.STARTS``; or "code": M is a random code, which a
            decoder makes an image of.
        loss: "cross-entropy" of the target, or the target's "logit".
        step_rule: "adam" or "steepest" (steps of one length in L2).
        steps: how many; 0 where an image takes no optimisation.
        step_size: of Adam, or the length of a steepest step, in units of the image
            (full ink of one pixel = 1).
        priors: names from ``invert.priors`` with their weights; a caller may change a weight.
    """

    name: str
    claim: str
    source: str
    classifier: str
    start: str
    loss: str
    step_rule: str
    steps: int
    step_size: float
    priors: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def sees_training_data(self) -> bool:
        """Whether it uses anything drawn from training images but the classifier itself."""
        return self.sees_training_data_from(self.start)

    def sees_training_data_from(self, start: str) -> bool:
        """The same, from another start than the method's own."""
        return start in starts.FROM_TRAINING_DATA or start == CODE

    @property
    def settings(self) -> dict[str, float]:
        """What a caller of ``generate`` may set by name, with the method's own values."""
        if not self.steps:
            return {}
        return {"steps": self.steps, "step_size": self.step_size, **self.priors}


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="plain",
            claim="The question's plan to the letter, on the classifier that its author trained.",
            source="the question",
            classifier="question",
            start="black",
            loss="cross-entropy",
            step_rule="adam",
            steps=200,
            step_size=0.05,
        ),
        Method(
            name="regularized",
            claim="The same classifier, and what is known of pictures: smooth, little ink, steady.",
            source="Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; "
            "Yosinski et al. 2015, https://arxiv.org/abs/1506.06579",
            classifier="question",
            start="noise",
            loss="logit",  # cross-entropy falls silent as soon as the classifier is sure
            step_rule="adam",
            steps=200,
            step_size=0.05,
            priors={"total_variation": 10.0, "l2": 10.0, "jitter": 2},
        ),
        Method(
            name="robust",
            claim="The plan unchanged, on the same network trained to withstand small changes.",
            source="Madry et al. 2018, https://arxiv.org/abs/1706.06083; "
            "Santurkar et al. 2019, https://arxiv.org/abs/1906.09453",
            classifier="robust",
            start="black",
            loss="cross-entropy",
            step_rule="steepest",
            steps=80,
            step_size=0.4,
        ),
        Method(
            name="class-prior",
            claim="The same climb, from a blurred random guess at the digit: its pixel Gaussian.",
            source="Santurkar et al. 2019, https://arxiv.org/abs/1906.09453",
            classifier="robust",
            start="class-gaussian",
            loss="logit",
            step_rule="steepest",
            steps=16,
            step_size=0.2,
        ),
        Method(
            name="energy",
            claim="The climb again; the network was trained to tell real digits from its drawings.",
            source="Grathwohl et al. 2020, https://arxiv.org/abs/1912.03263; "
            "Yin et al. 2022, https://arxiv.org/abs/2012.06568",
            classifier="energy",
            start="noise",
            loss="logit",
            step_rule="steepest",
            steps=100,
            step_size=0.45,
        ),
        Method(
            name="latent",
            claim="M is the code of a decoder that knows handwriting, and is told no digit.",
            source="Nguyen et al. 2016, https://arxiv.org/abs/1605.09304; "
            "Nguyen et al. 2017, https://arxiv.org/abs/1612.00005",
            classifier="robust",
            start=CODE,
            loss="cross-entropy",
            step_rule="adam",
            # More steps, or a stronger prior, are surer of the digit and less varied.
            steps=140,
            step_size=0.4,
            priors={"l2": 0.003},
        ),
        Method(
            name="inverse",
            claim="The reply's opposite model, digit and seed to image: nothing runs backwards.",
            source="Kingma & Welling 2014, https://arxiv.org/abs/1312.6114; "
            "Lipman et al. 2023, https://arxiv.org/abs/2210.02747",
            classifier="robust",
            start=CODE,
            loss="",
            step_rule="",
            steps=0,
            step_size=0.0,
        ),
    )
}


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
    counts=(1, 16),
    frames: int = 32,
) -> None:
    """Load every network and compile what ``generate`` will need, so that no visitor waits for it.

    Args:
        report: called with a sentence of what is being done, and the share done, 0 to 1.
        counts: batch sizes to compile for.
        frames: the number of frames to compile for.

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
    for count in counts:
        for name, method in METHODS.items():
            # Compiling takes a step, not a run.
            settings = {"steps": 1} if method.steps else {}
            run = functools.partial(generate, [0] * count, name, frames=frames, **settings)
            jobs.append((f"Compiling “{name}” for {count} at a time", run))
    for number, (sentence, job) in enumerate(jobs, start=1):
        report(sentence, number / (len(jobs) + 1))
        job()
    report("Ready", 1.0)


def check(method: str, settings: Mapping[str, Any]) -> Method:
    """Return a method with a caller's settings in place of its own.

    Raises:
        ValueError: there is no such method, or a setting is unknown or out of range.

    >>> check("robust", {"steps": 7}).steps
    7
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    recipe = METHODS[method]
    for name, value in settings.items():
        if name not in recipe.settings:
            known = ", ".join(recipe.settings) or "none"
            raise ValueError(f"the settings of {method} are {known}; got {name!r}.")
        if name == "steps":
            check_whole(value, "steps", 1, MAX_STEPS)
        elif name == "jitter":
            check_whole(value, "jitter", 0, MAX_JITTER)
        else:
            _check_setting(value, name)
    weights = {name: settings.get(name, weight) for name, weight in recipe.priors.items()}
    own = {name: settings[name] for name in settings.keys() - weights.keys()}
    return dataclasses.replace(recipe, **own, priors=weights)


def _check_setting(value, name: str) -> None:
    """A weight may be nothing; a step must lead somewhere."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not 0 <= value <= MAX_SETTING or (name == "step_size" and value == 0):
        least = "above 0, up to" if name == "step_size" else "from 0 to"
        raise ValueError(f"{name} must be a number {least} {MAX_SETTING:g}; got {value!r}.")


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
