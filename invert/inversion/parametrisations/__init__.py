"""What M is, and how an input is made of it: a module each.

A parametrisation is a record. It has

- ``shape``: of one input;
- ``start(count, seed)``: where M starts, ``(N, *M's shape)`` float32; image ``i`` starts alike
  however many are made beside it;
- ``make(m)``: the inputs ``(N, *shape)`` in [0, 1] that are made of M, by TensorFlow;
- ``project(m)``: M after a step, moved back to where it may be;
- ``holds_weights``: whether it holds tensors of its own. What is compiled for it is then forgotten
  with it; otherwise equal ones share what is compiled.
"""

from typing import Any, Protocol

import numpy as np


class Parametrisation(Protocol):
    """What ``learn`` asks of M."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""

    @property
    def holds_weights(self) -> bool:
        """Whether it holds tensors of its own."""

    def start(self, count: int, seed: int) -> np.ndarray:
        """Where M starts."""

    def make(self, m: Any) -> Any:
        """The inputs that are made of M."""

    def project(self, m: Any) -> Any:
        """M, moved back to where it may be."""
