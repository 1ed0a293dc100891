"""Look into zip archives, bounded before anything in them is unpacked.

A zip archive of a few hundred bytes can claim gigabytes, or name files outside of the folder that
it is unpacked into.
"""

import contextlib
import io
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from invert.inversion.freezing.opening.file_sizes import MAX_FILE, check_growth
from invert.inversion.freezing.refusal import Refusal

SIGNATURE = b"PK\x03\x04"  # how an archive begins
MAX_PARTS = 1000
MAX_LISTING = 2**20  # bytes of the table of contents, which is read at once
MAX_DEPTH = 10
CHUNK = 2**16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1
OF_SYSTEMS = ("__MACOSX", ".DS_Store", "desktop.ini", "Thumbs.db")


class _Sparing(io.FileIO):
    """A file of which at most ``MAX_LISTING`` bytes are read at once."""

    def read(self, size: int | None = -1) -> bytes:
        left = os.fstat(self.fileno()).st_size - self.tell()
        if left < 0 or size is None or size < 0:
            size = left
        if size > MAX_LISTING:
            raise Refusal(
                f"The archive's table of contents takes {size:,} bytes; at most {MAX_LISTING:,} are"
                " read."
            )
        return super().read(size) or b""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose parts, names and sizes are within bounds.

    Raises:
        Refusal: there are too many, they claim too much, or a name leads elsewhere.
    """
    with _Sparing(path, "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise Refusal(f"{path} is a zip archive that is cut short or damaged.") from error
        with archive:
            _check(path, archive.infolist())
            yield archive


def part(archive: zipfile.ZipFile, which: str | zipfile.ZipInfo) -> bytes:
    """Return a part of an archive; two of one name are told apart by their entries."""
    return b"".join(_chunks(archive, which))


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a zip archive into a folder that goes when the block ends.

    Raises:
        Refusal: as for ``opened``, or a part is damaged.
    """
    with tempfile.TemporaryDirectory() as name, opened(path) as archive:
        folder = Path(name)
        for info in archive.infolist():
            parts = _sides(info.filename)
            if info.is_dir() or any(known in parts for known in OF_SYSTEMS):
                continue
            target = folder.joinpath(*parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    file.writelines(_chunks(archive, info.filename))
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise Refusal(
                    f"The archive has two parts named {info.filename[:80]!r}, or one of them inside"
                    " the other."
                ) from error
        try:
            yield folder
        except Refusal as error:  # which names the temporary folder
            raise type(error)(str(error).replace(name, str(path))) from error


def _check(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS:
        raise Refusal(f"{path} has {len(parts):,} parts; at most {MAX_PARTS:,} are allowed.")
    claimed, held = (sum(getattr(p, k) for p in parts) for k in ("file_size", "compress_size"))
    check_growth("parts", claimed, min(held, path.stat().st_size))
    for info in parts:
        name = info.filename
        sides = _sides(name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
        if not sides or ".." in sides or sides[0] == "/" or ":" in sides[0]:
            raise Refusal(f"The archive has a part named {name[:80]!r}, which leads elsewhere.")
        if not plain or len(sides) > MAX_DEPTH or max(map(len, sides)) > 200:
            raise Refusal(f"The archive has a part {name[:80]!r}, which is no plain file.")
        if info.flag_bits & ENCRYPTED:
            raise Refusal(f"{path} is locked with a password. Unpack it, and give what is in it.")
        if info.compress_type not in METHODS:
            raise Refusal(
                f"The archive's part {name[:80]!r} is packed in a way that is rarely used. Pack it"
                " again as an ordinary zip file."
            )


def _chunks(archive: zipfile.ZipFile, which: str | zipfile.ZipInfo) -> Iterator[bytes]:
    """A part in pieces. It must not be longer than the archive says."""
    info = archive.getinfo(which) if isinstance(which, str) else which
    name, left = info.filename, min(info.file_size, MAX_FILE)
    try:
        with archive.open(info) as file:
            while data := file.read(CHUNK):
                left -= len(data)
                if left < 0:
                    raise Refusal(f"The archive's {name[:80]!r} unpacks to more than it says.")
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise Refusal(f"The archive's part {name[:80]!r} is damaged.") from error


def _sides(name: str) -> tuple[str, ...]:
    """The folders and the file that a name stands for; Windows writes them in its own way."""
    return PurePosixPath(name.replace("\\", "/")).parts
