"""Models of tensorflow.js for tests, with its own answers to them; ``tests/data`` says whence."""

import base64
import json
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[3] / "data" / "tfjs"


def recorded(name):
    """A model, its weights and tensorflow.js's own answers to ``images()``."""
    known = json.loads((DATA / name).read_text())
    return known["model"], base64.b64decode(known["weights"]), np.array(known["answers"])


def images():
    """Two images of a pattern that is the same here and in tensorflow.js."""
    places = np.arange(1, 2 * 8 * 8 * 3 + 1.0)
    return np.sin(0.003 * places**2).reshape(2, 8, 8, 3).astype(np.float32)


def put(folder, model, data):
    """Write a model into a folder, its weights cut into as many files as it names."""
    (folder / "model.json").write_text(json.dumps(model))
    paths = model["weightsManifest"][0]["paths"]
    for number, path in enumerate(paths):
        last = number == len(paths) - 1
        (folder / path).write_bytes(data[100 * number :] if last else data[100 * number :][:100])
    return folder
