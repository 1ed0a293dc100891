"""Pictures as files, how a classifier takes them, and what it says of them."""

import numpy as np

from invert import shell, upload
from invert.images import SIDE
from invert.inversion.domain import Domain
from invert.networks.classifier import read

SHOWN = 10  # outputs of a network that tells no classes


def read_pictures(paths, graph, whole: bool, failed: list[str]):
    """Yield each path, its picture as the classifier takes it, and how many digits are seen in it.

    Bad files are passed over.

    Args:
        paths: of the pictures.
        graph: the classifier; None for those that ship.
        whole: to take pictures as they are.
        failed: gets a sentence for each file that cannot be read.
    """
    counted = graph is None and not whole  # others' networks read what the judge does not know

    def take(path: str, data: bytes):
        if counted:
            return _of(path, upload.read_counting, data)
        return picture(path, data, graph, whole), 1

    for path, (image, count) in each(paths, failed, take):
        yield path, image, count


def each(paths, failed: list[str], take):
    """Yield each path, and what ``take`` makes of it and its bytes; bad files are passed over.

    Args:
        paths: of the files.
        failed: gets a sentence for each that cannot be read.
        take: a function of a path and the bytes there, which may raise a ValueError.
    """
    for path in paths:
        try:
            taken = take(path, shell.read(path))
        except OSError as error:
            failed.append(f"{error.filename or path}: {error.strerror or error}.")
        except ValueError as error:
            failed.append(str(error))
        else:
            yield path, taken


def picture(path: str, data: bytes, graph, whole: bool) -> np.ndarray:
    """A picture file's bytes as the classifier takes them; with no graph, as those that ship do."""
    if graph is not None and not graph.domain.is_image:
        raise ValueError(f"{path}: {graph.name} reads features, no pictures.")
    shape = (SIDE, SIDE) if graph is None else graph.image_shape
    domain = Domain(shape) if graph is None else graph.domain
    return domain.from_unit(light(path, data, shape, whole))


def light(path: str, data: bytes, shape: tuple[int, ...], whole: bool) -> np.ndarray:
    """A picture file's bytes as shares of light from 0 to 1; of a digit, of ink."""
    if whole or shape != (SIDE, SIDE):
        return _of(path, upload.read_whole, data, shape)
    return _of(path, upload.read, data)


def _of(path: str, read, *arguments):
    """What ``read`` makes of a picture; where it cannot, the sentence begins with the path."""
    try:
        return read(*arguments)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def print_answers(graph, pictures) -> None:
    """Print each picture's class, its probability, and the second guess; else its first outputs."""
    labels = graph.labels
    for path, image, count in pictures:
        row = read(image[None], graph)[0]
        if not graph.classifies:
            print(f"{path}: {', '.join(map('{} {:.4g}'.format, labels[:SHOWN], row))}")
            continue
        best, second = np.argsort(row)[:-3:-1]
        several = f"; but {count} digits are seen, and read as one" if count > 1 else ""
        print(
            f"{path}: {labels[best]} ({row[best]:.3f}), or {labels[second]} ({row[second]:.3f})"
            f"{several}"
        )


def say_failed(failed: list[str], count: int) -> None:
    """Raise a ValueError that names every file of ``count`` that failed, if any did."""
    if failed:
        several = f"{len(failed)} of {count} pictures could not be read. " if count > 1 else ""
        raise ValueError(several + " ".join(failed))
