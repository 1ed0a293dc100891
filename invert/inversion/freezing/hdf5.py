"""Look into an HDF5 file before anything is loaded from it.

An HDF5 file can name other files as parts of itself, and can claim any size for what it holds.
"""

import h5py

from invert.inversion.freezing.limits import MAX_FILE
from invert.inversion.freezing.refusal import Refusal, shortened

MAX_OBJECTS = 50_000


def check(file) -> None:
    """Let an HDF5 file through, given as a path or an open binary file, or say why not.

    Raises:
        Refusal: it refers to other files, holds what is no array of numbers or text, or claims too
            much.
    """
    try:
        with h5py.File(file, "r") as opened:
            _check_groups(opened)
    except Refusal:
        raise
    except Exception as error:  # whatever the damage hits
        raise Refusal(f"The HDF5 file cannot be read ({shortened(error)}).") from error


def text(file, name: str) -> str | None:
    """Return an attribute of an HDF5 file, if it has it and it is a text."""
    with h5py.File(file, "r") as opened:
        found = opened.attrs.get(name)
    if isinstance(found, bytes):
        found = found.decode(errors="replace")
    return found if isinstance(found, str) else None


def _check_groups(file) -> None:
    count = total = 0
    seen, waiting = set(), [file]
    while waiting:
        group = waiting.pop()
        for name in group:
            count += 1
            if count > MAX_OBJECTS:
                raise Refusal(f"The HDF5 file holds more than {MAX_OBJECTS:,} things.")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise Refusal(
                    f"The HDF5 file refers to other places ({str(name)[:80]!r}); it must hold all"
                    " of its values itself."
                )
            thing = group[name]
            address = h5py.h5o.get_info(thing.id).addr
            if isinstance(thing, h5py.Group):
                if address not in seen:
                    seen.add(address)
                    waiting.append(thing)
            elif isinstance(thing, h5py.Dataset):
                if thing.external or thing.is_virtual:
                    raise Refusal(
                        f"The HDF5 file's {str(name)[:80]!r} lies in another file; it must hold all"
                        " of its values itself."
                    )
                total += thing.size * thing.dtype.itemsize if thing.shape is not None else 0
                if total > MAX_FILE:
                    raise Refusal(
                        f"The HDF5 file claims more than {MAX_FILE // 2**20:,} MB of values. That"
                        " is more than is allowed."
                    )
