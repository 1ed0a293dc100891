"""The methods, each a record that names no classifier, and the check of a caller's settings."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

from invert.inversion.checks import MAX_STEPS, brief, check_whole, is_number
from invert.methods import starts
from invert.networks.classifier import CLASSIFIERS

MAX_SETTING = 100.0
MAX_JITTER = 8
# For some networks a camera's views are too strong. What does not convince them is learned again,
# with views of these shares of the strength.
WEAKER = (0.5, 0.25)
MAX_HAND = 3.0  # of the usual strength; more is beyond reading
LOSSES = ("cross-entropy", "logit", "margin")


@dataclasses.dataclass(frozen=True)
class Method:
    """A named way of making an image of a class.

    Attributes:
        name: its key in ``METHODS``.
        title: what a person would call it.
        claim: what it does, in a sentence or two.
        source: the paper or page it comes from.
    """

    name: str
    title: str
    claim: str
    source: str

    @property
    def settings(self) -> dict[str, Any]:
        """What a caller of ``generate`` may set by name, with the method's own values."""
        return {}

    def sees_training_data(self, start: str) -> bool:
        """Whether, from this start, it uses anything of the training images but the classifier."""
        return True


@dataclasses.dataclass(frozen=True)
class Optimization(Method):
    """A method that learns M.

    Attributes:
        start: where M starts, one of ``invert.STARTS``, where M is pixels; "random" where not.
        loss: "cross-entropy" of the target, the target's "logit", or its "margin" over all others.
        step_rule: "adam" or "steepest" (steps of one length in L2).
        steps: how many.
        step_size: of Adam, or the L2 length of a steepest step on an image of 28×28 values, where
            the pixel range counts as 1. Larger images take steps that change a pixel as much.
            It belongs to ``steps``: of another number of steepest steps, see ``method_for``.
        parametrisation: what M is: "pixels", "fourier" for waves, "strokes" of a pen, or "decoder"
            for the code of one.
        priors: names from ``invert.inversion.priors`` with their weights.
        view: a name in ``invert.inversion.views``: how the classifier sees the image.
        strength: of the view.
        decay: the share of its size that a step loses by the end.
        looks: views in one step.
        tries: starts an image; the classifier chooses among their results.
        unseen: views that it chooses by, none of them seen by a step.
    """

    start: str
    loss: Literal["cross-entropy", "logit", "margin", "aims", "values"]
    step_rule: Literal["adam", "steepest"]
    steps: int
    step_size: float
    parametrisation: Literal["pixels", "fourier", "strokes", "decoder"] = "pixels"
    priors: Mapping[str, float] = dataclasses.field(default_factory=dict)
    view: Literal["straight", "jitter", "camera", "hand"] = "straight"
    strength: float = 0
    decay: float = 0
    looks: int = 1
    tries: int = 1
    unseen: int = 0

    @property
    def passes(self) -> int:
        """How often a step leads an image through the classifier, at the most.

        What does not convince under a camera's views is learned again by weaker ones.
        """
        return self.looks * self.tries * (1 + len(WEAKER) * (self.view == "camera"))

    @property
    def settings(self) -> dict[str, Any]:
        """Loss, steps, step size, the weights of the priors and the strength of the view."""
        own = {"loss": self.loss, "steps": self.steps, "step_size": self.step_size}
        seen: dict[str, Any] = {} if self.view == "straight" else {self.view: self.strength}
        return {**own, **self.priors, **seen}

    def sees_training_data(self, start: str) -> bool:
        """Some starts were drawn from training images, and so were the decoder's codes."""
        return start in starts.FROM_TRAINING_DATA or self.parametrisation == "decoder"


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Optimization(
            name="plain",
            title="The plan to the letter",
            claim="Adam changes the image until the network says the target. Nothing else counts.",
            source="the question that this project answers",
            start="black",
            loss="cross-entropy",
            step_rule="adam",
            steps=200,
            step_size=0.05,
        ),
        Optimization(
            name="regularized",
            title="With rules for pictures",
            claim="Adam, with three rules: be smooth, use little ink, read alike when shifted.",
            source="Mahendran & Vedaldi 2015, https://arxiv.org/abs/1412.0035; "
            "Yosinski et al. 2015, https://arxiv.org/abs/1506.06579",
            start="noise",
            loss="logit",  # the gradient of the cross-entropy vanishes once the classifier is sure
            step_rule="adam",
            steps=200,
            step_size=0.05,
            priors={"total_variation": 10.0, "l2": 10.0},
            view="jitter",
            strength=2,
        ),
        Optimization(
            name="steepest",
            title="Straight uphill",
            claim="Each step has the same length and goes where the target's score rises fastest.",
            source="Madry et al. 2018, https://arxiv.org/abs/1706.06083; "
            "Santurkar et al. 2019, https://arxiv.org/abs/1906.09453",
            start="noise",
            loss="cross-entropy",
            step_rule="steepest",
            steps=80,
            step_size=0.4,
        ),
        Optimization(
            name="fourier",
            title="In waves",
            claim="Waves add up to the image, long ones first. The network sees it a little moved,"
            " nearer and in another light at every step.",
            source="Olah et al. 2017, https://distill.pub/2017/feature-visualization/",
            start=starts.RANDOM,
            parametrisation="fourier",
            loss="margin",
            step_rule="adam",
            steps=200,
            step_size=0.2,  # half is too faint for other networks to read, twice is too coarse
            # Minus the log-density of pictures of natural spectrum. Without it, other networks read
            # less: of two networks of CIFAR-10 each reads 0.69 of the other's, with it 0.75 and
            # 0.81; with twice as much, images of a class are too alike.
            priors={"l2": 0.0001},
            view="camera",
            strength=1,
        ),
        Optimization(
            name="latent",
            title="Through a decoder",
            claim="A decoder that knows handwriting draws the image. Its code is what is learned.",
            source="Nguyen et al. 2016, https://arxiv.org/abs/1605.09304; "
            "Nguyen et al. 2017, https://arxiv.org/abs/1612.00005",
            start=starts.RANDOM,
            parametrisation="decoder",
            loss="cross-entropy",
            step_rule="adam",
            # More steps, or a stronger prior, are surer of the digit and less varied.
            steps=130,
            step_size=0.4,
            priors={"l2": 0.003},
        ),
        Optimization(
            name="strokes",
            title="With a pen",
            claim="A pen of two strokes draws. Where the strokes go is learned, not the pixels.",
            source="Frans et al. 2021, https://arxiv.org/abs/2106.14843; "
            "Li et al. 2020, https://people.csail.mit.edu/tzumao/diffvg/",
            start=starts.RANDOM,
            parametrisation="strokes",
            loss="margin",
            step_rule="adam",
            steps=300,
            step_size=0.03,
            decay=0.9,
            priors={"bending": 0.0005, "breadth": 100.0, "travel": 0.5, "closeness": 0.05},
            view="hand",
            strength=1.0,
            looks=2,
            tries=4,
            unseen=16,
        ),
        Method(
            name="inverse",
            title="The opposite model",
            claim="A second network turns a digit and a seed into an image, in one go.",
            source="Kingma & Welling 2014, https://arxiv.org/abs/1312.6114; "
            "Lipman et al. 2023, https://arxiv.org/abs/2210.02747",
        ),
    )
}
OWN_METHOD = "steepest"  # of one's own network
VALUES_METHOD = "plain"  # of one that gives values


def method_for(classifier: str, method: str | None, settings: Mapping[str, Any]) -> Method:
    """Return the method that a classifier is run backwards by, with all its settings in place.

    Steepest steps shrink with the square root of their number, unless a caller says how long they
    are: more of them go farther and are finer. With steps of one length, long climbs go astray.

    Args:
        classifier: a shipped classifier's name, or any other for one's own.
        method: a name in ``METHODS``; None for the one that suits the classifier best.
        settings: a caller's, before the classifier's own and the method's.

    Raises:
        ValueError: there is no such method, or a setting is unknown or out of range.

    >>> method_for("robust", None, {"steps": 320}).settings
    {'loss': 'cross-entropy', 'steps': 320, 'step_size': 0.2}
    """
    shipped = CLASSIFIERS.get(classifier)
    best = shipped.method if shipped else OWN_METHOD
    method = best if method is None else method
    if not isinstance(method, str) or method not in METHODS:
        way_out = ""
        if isinstance(method, str) and method in CLASSIFIERS:
            way_out = f" {method} is a classifier: generate(…, classifier={method!r})."
        elif method == "opposite":
            way_out = (
                " An opposite model draws by itself: invert.opposite.load(…).draw(…) in Python,"
                " --opposite FILE in a shell."
            )
        raise ValueError(
            f"method must be one of {', '.join(METHODS)}; got {brief(method)}.{way_out}"
        )
    record = METHODS[method]
    for name, value in settings.items():
        if name not in record.settings:
            known = ", ".join(record.settings) or "none"
            raise ValueError(f"the settings of {method} are {known}; got {name!r}.")
        _check_setting(name, value)
    if not isinstance(record, Optimization):
        return record
    own = dict(shipped.settings) if shipped and method == best else {}
    if record.step_rule == "steepest" and "steps" in settings:
        usual = record.settings | own
        shorter = math.sqrt(usual["steps"] / settings["steps"])
        own["step_size"] = round(usual["step_size"] * shorter, 4)
    priors = {name: settings.get(name, weight) for name, weight in record.priors.items()}
    strength = settings.get(record.view, record.strength)
    others = {n: v for n, v in settings.items() if n not in priors and n != record.view}
    return dataclasses.replace(record, **{**own, **others}, priors=priors, strength=strength)


def _check_setting(name: str, value: Any) -> None:
    if name == "loss":
        if not isinstance(value, str) or value not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}; got {brief(value)}.")
    elif name == "steps":
        check_whole(value, "steps", 1, MAX_STEPS)
    elif name == "jitter":
        check_whole(value, "jitter", 0, MAX_JITTER)
    else:  # a weight may be 0, a step size may not
        most = MAX_HAND if name == "hand" else MAX_SETTING
        if not is_number(value) or not 0 <= value <= most or (name == "step_size" and value == 0):
            least = "above 0, up to" if name == "step_size" else "from 0 to"
            raise ValueError(f"{name} must be a number {least} {most:g}; got {brief(value)}.")
