"""The public names as a typed program uses them; ``.ci/run`` has mypy check it, strictly."""

from pathlib import Path
from typing import assert_type

import numpy as np

import invert


def use(model: Path) -> None:
    graph = invert.freeze(model, shape=(28, 28), pixel_range=(0, 255), feed={"keep_prob": 1.0})
    assert_type(graph, invert.FrozenGraph)
    assert_type(graph.image_shape, tuple[int, ...])
    run = invert.generate([8, 3], "steepest", classifier=graph, seed=1, frames=24, steps=60)
    assert_type(run, invert.Run)
    assert_type(run.images, np.ndarray)
    assert_type(run.labels, tuple[str, ...])
    assert_type(invert.classify(run.images, graph), np.ndarray)
    assert_type(invert.METHODS["steepest"], invert.Method)
    assert_type(invert.CLASSIFIERS["robust"].training, str)
    assert_type(invert.MAX_COUNT + invert.MAX_STEPS + invert.MAX_SEED, int)
    invert.generate("ship", classifier="my.h5", start=np.zeros((32, 32, 3)))
    invert.warm_up()
