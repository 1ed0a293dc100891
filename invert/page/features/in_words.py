"""Numbers and outputs of a network of features, in words."""

from typing import TYPE_CHECKING

from invert.page.session import network

if TYPE_CHECKING:
    import numpy as np


def number(value: "float | np.floating") -> str:
    """Return a number in four figures.

    >>> number(123.456), number(-0.00012345), number(1234567.0), number(2.0)
    ('123.5', '−0.0001234', '1,235,000', '2')
    """
    value = float(f"{float(value):.4g}")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


def off(miss: float, near: float) -> str:
    """Return how far off a value is, where up to ``near`` counts as there.

    >>> off(1e-7, 2.0), off(0.5, 2.0)
    ('0', '0.5')
    """
    return "0" if miss < near / 100 else number(miss)


def outputs(chosen: network.Network) -> list[str]:
    """Return what to call the outputs: those without a name are values.

    >>> outputs(network.Network("own", None, (3,), ("0",)))
    ['value']
    """
    named = chosen.labels != tuple(str(number) for number in range(len(chosen.labels)))
    if named:
        return list(chosen.labels)
    return ["value"] if len(chosen.labels) == 1 else [f"value {label}" for label in chosen.labels]
