"""Run any trained image classifier backwards: learn the image that makes it say "8".

>>> import invert
>>> run = invert.generate([8, 8, 3], seed=0)
>>> run.images.shape
(3, 28, 28)
>>> invert.classify(run.images).argmax(axis=1)
array([8, 8, 3])

``invert.generate("ship", classifier="my.h5")`` does so with a network of one's own. Importing
``invert`` is cheap: TensorFlow is imported by the first call that needs it.
"""

import importlib
import os

# TensorFlow's start-up chatter is of no use to someone who draws digits.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# __init__.pyi says the same for type checkers; a test compares them.
_HOME = {
    "classify": "networks.classifier",
    "CLASSIFIERS": "networks.classifier",
    "looks_like_digit": "networks.judge",
    "freeze": "inversion.freezing",
    "opposite": "methods.opposite",
    "Opposite": "methods.opposite",
    "FrozenGraph": "inversion.frozen_graph",
    "generate": "methods.generation",
    "warm_up": "methods.warming",
    "Method": "methods.records",
    "METHODS": "methods.records",
    "Run": "methods.runs",
    "MAX_COUNT": "inversion.checks",
    "MAX_STEPS": "inversion.checks",
    "MAX_SEED": "inversion.checks",
    "STARTS": "methods.starts",
}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'invert' has no attribute {name!r}")
    return getattr(importlib.import_module(f"invert.{_HOME[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOME])
