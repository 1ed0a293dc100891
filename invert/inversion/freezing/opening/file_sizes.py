"""How large a file may be, and how much larger what it holds."""

from pathlib import Path

from invert.inversion.freezing.refusal import Refusal

MAX_FILE = 2**30
# Packed data may grow by this factor, or to this size. Trained weights hardly shrink when packed.
MAX_GROWTH = 8
MAX_UNPACKED = 2**26


def read(path: Path, most: int = MAX_FILE) -> bytes:
    """Return a file's bytes, or say that they are too many."""
    size = path.stat().st_size
    if size > most:
        raise Refusal(f"{path} has {size / 2**20:,.0f} MB; at most {most / 2**20:,.0f} are read.")
    with path.open("rb") as file:
        return file.read(most)


def check_growth(what: str, claimed: int, held: int) -> None:
    """Refuse a claimed size that is too large, by itself or for the bytes it is packed in."""
    if claimed > MAX_FILE or claimed > max(MAX_UNPACKED, MAX_GROWTH * held):
        raise Refusal(
            f"The file's {what} would grow from {held / 2**20:,.1f} to {claimed / 2**20:,.0f} MB."
            " That is more than is allowed."
        )
