"""The ladder of methods, each a record, and the check of a caller's settings."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from invert import starts
from invert.images import (
    MAX_STEPS,
    brief,
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
            claim="The question's plan to the letter, on a classifier trained by its recipe.",
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
            claim="The robust plan, from a blurred random guess at the digit: its pixel Gaussian.",
            source="Santurkar et al. 2019, https://arxiv.org/abs/1906.09453",
            classifier="robust",
            start="class-gaussian",
            loss="logit",
            step_rule="steepest",
            steps=26,
            step_size=0.2,
        ),
        Method(
            name="energy",
            claim="Climbs the digit's logit in a network that learned to reject its bad drawings.",
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
            steps=130,
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


def check(method: str, settings: Mapping[str, Any]) -> Method:
    """Return a method with a caller's settings in place of its own.

    Raises:
        ValueError: there is no such method, or a setting is unknown or out of range.

    >>> check("robust", {"steps": 7}).steps
    7
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {brief(method)}.")
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
        raise ValueError(f"{name} must be a number {least} {MAX_SETTING:g}; got {brief(value)}.")
