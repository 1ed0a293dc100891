"""Targets as they are typed: classes, mixtures, outputs, values of features."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def targets(texts: Sequence[str], labels: Sequence[str], head: str, count: int) -> Any:
    """Return what ``generate`` takes for targets.

    Args:
        texts: each a label or number of a class; a mixture such as "3:.5,8:.5"; "8:0" for anything
            but it; a number for each output, such as "7.0" or ".2,.8"; or "price:7", by the
            output's label.
        labels: of the classes or outputs.
        head: of the network.
        count: inputs of each.

    >>> targets(["3:.5,8:.5", "8:0"], [str(k) for k in range(10)], "softmax", 1)
    [{'3': 0.5, '8': 0.5}, {'8': 0.0}]
    >>> targets(["7"], ["price"], "values", 2)
    [[7.0], [7.0]]
    """
    each = [_target(text, labels, head) for text in texts for _ in range(count)]
    if head == "values":
        return each
    rows = [isinstance(target, list) for target in each]
    if any(rows) and not all(rows):
        raise ValueError("targets must be all outputs, with a number for each, or none of them.")
    return np.array(each, np.float32) if any(rows) else each


def _target(text: str, labels: Sequence[str], head: str) -> Any:
    if text in labels and head != "values":
        return text
    if ":" in text:
        pairs = [part.rpartition(":") for part in text.split(",")]
        if not all(sign for _, sign, _ in pairs):
            raise ValueError(f"a mixture must be CLASS:SHARE,CLASS:SHARE,…; got {text!r}.")
        return {label.strip(): _number(share, text) for label, _, share in pairs}
    if "," in text or head == "values":
        numbers = [_number(part, text) for part in text.split(",")]
        if len(numbers) != len(labels):
            raise ValueError(
                f"a target of outputs must have a number for each of the {len(labels)}; got"
                f" {len(numbers)}, {text!r}."
            )
        return numbers
    return text


def fixed(texts: Sequence[str]) -> dict[Any, float] | None:
    """Return what is typed as NAME=VALUE; None for nothing.

    >>> fixed(["x1=3", "7=-.5"])
    {'x1': 3.0, 7: -0.5}
    """
    found: dict[Any, float] = {}
    for text in texts:
        name, sign, value = text.rpartition("=")
        if not sign:
            raise ValueError(f"--fixed must be NAME=VALUE; got {text!r}.")
        found[int(name) if name.isdecimal() else name] = _number(value, text)
    return found or None


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{whole!r} needs a number in the place of {text.strip()!r}.") from error
