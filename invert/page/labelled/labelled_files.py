"""Files that were dropped → pictures with names, bounded in number and in size."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from invert import upload
from invert.page.server import failure, queue

MOST_PICTURES = 100
MOST_VALUES = 2**23  # of all pictures together: 8 MB, 55 of 224×224×3
MOST_FILE = 2**23  # bytes of one picture
MOST_ZIP, MOST_TOGETHER = 2**24, 2**26  # of an archive, and of what is in all of them
ENDINGS = tuple(f".{ending}" for endings in upload.TYPES.values() for ending in endings)
TOO_LARGE = f"A picture may have {MOST_FILE // 2**20} MB; this one has more. Make it smaller."
MORE = "Only the first {0} pictures are taken; {1} more were given."
LONGEST_NAME = 80


class Labelled(NamedTuple):
    """A picture that was given.

    Attributes:
        name: of its file, with the folders in an archive.
        kept: its image as it is kept: of a digit in [0, 1], ink = 1; of others in 0 to 255, light
            = 255. None where the file cannot be read.
        complaint: why not; or "".
    """

    name: str
    kept: np.ndarray | None
    complaint: str = ""

    @property
    def image(self) -> np.ndarray:
        """The image in [0, 1]."""
        assert self.kept is not None
        levels = 255 if self.kept.dtype == np.uint8 else 1
        return self.kept.astype(np.float32) / np.float32(levels)


def most_pictures(shape: tuple[int, ...]) -> int:
    """Return how many pictures are taken at once by a network of images of this shape."""
    return min(MOST_PICTURES, max(1, MOST_VALUES // int(np.prod(shape))))


def read(
    files: Sequence[tuple[str, Callable[[], bytes]]], shape: tuple[int, ...], digits: bool
) -> tuple[list[Labelled], str]:
    """Return the pictures in some files, and why there are no more of them, or "".

    Each is decoded in a turn of its own, so that others' files come in between.

    Args:
        files: the name and what returns the bytes of each: pictures, or zip archives of pictures.
        shape: of the network's images.
        digits: whether it reads digits, which are then looked for in the pictures.
    """
    most = most_pictures(shape)
    found: list[Labelled] = []
    more = 0
    for name, content in _opened(files):
        if len(found) == most:
            more += 1
            continue
        short = "".join(sign for sign in name if sign.isprintable())[-LONGEST_NAME:]
        try:
            with queue.turn(queue.FILES):
                found.append(Labelled(short, _decoded(content(), shape, digits)))
        except Exception as error:
            found.append(Labelled(short, None, failure.plain_sentence(error)))
    return found, MORE.format(most, more) if more else ""


def _decoded(data: bytes, shape: tuple[int, ...], digits: bool) -> np.ndarray:
    if len(data) > MOST_FILE:
        raise ValueError(TOO_LARGE)
    if digits:
        return upload.read(data)
    return np.rint(255 * upload.read_whole(data, shape)).astype(np.uint8)


def _opened(
    files: Sequence[tuple[str, Callable[[], bytes]]],
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Pictures one by one, those in archives too; what is no archive is a picture until it is read.

    An archive's parts are unpacked one at a time.
    """
    for name, content in files:
        if name.lower().endswith(".zip"):
            yield from _in_archive(name, content)
        else:
            yield name, content


def _in_archive(
    name: str, content: Callable[[], bytes]
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    from invert.inversion.freezing.opening.packed import archives

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pictures.zip")
        try:
            data = content()
            if len(data) > MOST_ZIP:
                raise ValueError(f"An archive may have {MOST_ZIP // 2**20} MB; {name} has more.")
            path.write_bytes(data)
            with archives.opened(path) as archive:
                parts = [i for i in archive.infolist() if _is_picture(i.filename)]
                if sum(part.file_size for part in parts) > MOST_TOGETHER:
                    raise ValueError(
                        f"The pictures in an archive may take {MOST_TOGETHER // 2**20} MB;"
                        f" those in {name} take more."
                    )
                if not parts:
                    raise ValueError(f"No PNG, JPEG or WEBP picture is in {name}.")
                for part in parts:
                    large = part.file_size > MOST_FILE
                    read_part = partial(archives.part, archive, part)
                    yield part.filename, partial(_fail, TOO_LARGE) if large else read_part
        except ValueError as error:
            sentence = str(error).replace(str(path), name)
            yield name, partial(_fail, sentence)


def _is_picture(name: str) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
    return name.lower().endswith(ENDINGS) and not hidden


def _fail(sentence: str) -> bytes:
    raise ValueError(sentence)
