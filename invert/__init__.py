"""Run a digit classifier backwards: learn the image that makes it say "8".

>>> import invert
>>> run = invert.generate([8, 8, 3], method="robust", seed=0)
>>> run.images.shape
(3, 28, 28)
>>> invert.classify(run.images).argmax(axis=1)
array([8, 8, 3])

Importing ``invert`` is cheap: TensorFlow is imported by the first call that needs it.
"""

import importlib
import os

# TensorFlow's start-up chatter is of no use to someone who draws digits.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_HOME = {
    "classify": "classifier",
    "freeze": "frozen",
    "generate": "generation",
    "warm_up": "generation",
    "Method": "methods",
    "METHODS": "methods",
    "Run": "generation",
    "MAX_COUNT": "images",
    "MAX_STEPS": "images",
    "MAX_SEED": "images",
    "STARTS": "starts",
}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'invert' has no attribute {name!r}")
    return getattr(importlib.import_module(f"invert.{_HOME[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOME])
