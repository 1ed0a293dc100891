"""Look into an HDF5 file before anything is loaded from it.

An HDF5 file can name other files as parts of itself, and can claim any size for what it holds.
"""

import io

import h5py

from invert.inversion.freezing.opening.file_sizes import check_growth
from invert.inversion.freezing.refusal import Refusal, shortened

SIGNATURE = b"\x89HDF\r\n\x1a\n"  # how such a file begins
MAX_OBJECTS = 50_000


def check(data: bytes) -> int:
    """Let an HDF5 file through, and return how many values it holds, or say why not.

    Raises:
        Refusal: it refers to other files, holds what is no array of numbers or text, or claims too
            much.
    """
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _check_groups(file, len(data))
    except Refusal:
        raise
    except Exception as error:  # whatever the damage hits
        raise Refusal(f"The HDF5 file cannot be read ({shortened(error)}).") from error


def text(data: bytes, name: str) -> str | None:
    """Return an attribute of an HDF5 file, if it has it and it is a text."""
    found = _attribute(data, name)
    if isinstance(found, bytes):
        found = found.decode(errors="replace")
    return found if isinstance(found, str) else None


def has(data: bytes, name: str) -> bool:
    """Whether an HDF5 file has an attribute at its root."""
    return _attribute(data, name) is not None


def _attribute(data: bytes, name: str):
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return file.attrs.get(name)
    except Exception as error:  # whatever the damage hits
        raise Refusal(f"The HDF5 file cannot be read ({shortened(error)}).") from error


def with_slashes(data: bytes) -> bytes:
    """Return an HDF5 file that passed ``check``, with "/" in the paths in it.

    On Windows Keras 2 wrote the group ``conv2d`` of the group ``layers`` as one,
    ``layers\\conv2d``.
    """
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as groups:
        for name in [name for name in groups if "\\" in name]:
            groups.move(name, name.replace("\\", "/"))
    return file.getvalue()


def _check_groups(file, held: int) -> int:
    count = values = claimed = 0
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
                if thing.shape is not None:
                    values += thing.size
                    claimed += thing.size * thing.dtype.itemsize
                    check_growth("values", claimed, held)
    return values
