"""How large a file may be that is read whole."""

from pathlib import Path

from invert.inversion.freezing.refusal import Refusal

MAX_FILE = 2**30


def read(path: Path, most: int = MAX_FILE) -> bytes:
    """Return a file's bytes, or say that they are too many."""
    size = path.stat().st_size
    if size > most:
        raise Refusal(f"{path} has {size / 2**20:,.0f} MB; at most {most / 2**20:,.0f} are read.")
    with path.open("rb") as file:
        return file.read(most)
