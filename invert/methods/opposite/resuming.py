"""Save the learning of an opposite model in a file, so that it can go on later."""

import hashlib
import io
import math
import os
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from invert.inversion.freezing.opening.file_sizes import check_growth, read
from invert.inversion.frozen_graph import FrozenGraph
from invert.methods.opposite.learning_to_draw import State
from invert.methods.opposite.model_file import MAX_TEXT, put
from invert.networks.style_network import StyleNetwork


class Checkpoint:
    """The state of learning in a file; without a path nothing is kept."""

    EVERY = 10.0  # seconds

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        frozen: FrozenGraph,
        network: StyleNetwork,
        seed: int,
    ):
        self.path = None if path is None else Path(path)
        if self.path is not None and not self.path.parent.is_dir():
            raise ValueError(f"checkpoint must be in a folder that exists; got {self.path}.")
        self.last = time.monotonic()
        self.shapes = 3 * network.shapes
        digest = hashlib.sha256(repr((network, seed, frozen.domain, frozen.labels)).encode())
        digest.update(frozen.architecture.graph_def.SerializeToString(deterministic=True))
        for value in frozen.weights:
            digest.update(np.asarray(value).tobytes())
        self.key = digest.hexdigest()

    def load(self) -> State | None:
        """Return the state that was kept, if there is one."""
        found = self.path and _read(self.path, self.key, 2, self.shapes)
        if not found:
            return None
        (step, end), arrays = found
        third = len(arrays) // 3
        thirds = [arrays[begin : begin + third] for begin in range(0, 3 * third, third)]
        return State(step, end, *thirds)

    def save(self, state: State) -> None:
        """Keep a state, unless one was kept just now."""
        if self.path is not None and time.monotonic() - self.last > self.EVERY:
            arrays = [*state.weights, *state.means, *state.squares]
            _write(self.path, self.key, (state.step, state.end), arrays)
            self.last = time.monotonic()

    def remove(self) -> None:
        """Delete the file."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _write(path: Path, key: str, numbers: Sequence[int], arrays: Sequence[Any]) -> None:
    """Write the state of learning, in one step.

    Args:
        path: where.
        key: what is learned; only the same goes on from it.
        numbers: whole numbers.
        arrays: float32.
    """
    held = io.BytesIO()
    named = {f"array{number}": each for number, each in enumerate(arrays)}
    np.savez(held, key=np.array(key), numbers=np.array(numbers, np.int64), **named)
    put(path, held.getvalue())


def _read(path: Path, key: str, count: int, shapes: Sequence[tuple[int, ...]]):
    """Return numbers and arrays that ``_write`` wrote, or None where there is no file.

    Raises:
        ValueError: the file is no checkpoint, or of something else that is learned.
    """
    if not path.exists():
        return None
    claimed = 4 * sum(map(math.prod, shapes))
    data = read(path, claimed + MAX_TEXT)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_growth("parts", sum(p.file_size for p in archive.infolist()), len(data))
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            same = str(file["key"]) == key
            numbers = [int(number) for number in file["numbers"]]
            arrays = [np.asarray(file[f"array{n}"], np.float32) for n in range(len(shapes))]
    except Exception as error:  # whatever the damage hits
        raise ValueError(
            f"{path.name} must be a checkpoint of invert.opposite; it cannot be read"
            f" ({type(error).__name__}). Delete it, or name another."
        ) from error
    fits = [each.shape for each in arrays] == list(shapes) and len(numbers) == count
    if not same or not fits:
        raise ValueError(
            f"{path.name} is a checkpoint of another classifier, seed or version. Delete it, or"
            " name another."
        )
    return numbers, arrays
