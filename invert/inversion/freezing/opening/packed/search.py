"""Find the one network in a folder, such as one that a zip archive was unpacked into."""

from collections.abc import Callable, Iterator
from pathlib import Path

from invert.inversion.freezing.opening import saved_model
from invert.inversion.freezing.refusal import Refusal, listed

MAX_FILES = 1000
# Other files are not looked into: values, labels, pictures.
ENDINGS = (".h5", ".hdf5", ".keras", ".pb", ".pbtxt", ".tflite", ".lite", ".json", ".meta")
KindOf = Callable[[Path], tuple[str, Path]]


def only_one(folder: Path, kind_of: KindOf, deep: bool) -> tuple[str, Path] | None:
    """Return the kind and the path of the one network in a folder; None if there is none.

    Args:
        folder: where to look.
        kind_of: tells what a file or a SavedModel's folder is, or refuses it.
        deep: whether to look into folders of folders, too.

    Raises:
        Refusal: there are several, or the only file that might be one is refused.
    """
    found: dict[Path, str] = {}
    refused: list[Refusal] = []
    for path in _candidates(folder, deep):
        try:
            kind, place = kind_of(path)
        except Refusal as error:
            if path.suffix != ".json":  # which most often are something else
                refused.append(error)
            continue
        found[place] = kind
    if sorted(found.values()) == ["description", "hdf5"]:  # one network in two files
        found = {path: kind for path, kind in found.items() if kind == "description"}
    if len(found) > 1:
        names = listed(sorted(str(path.relative_to(folder)) for path in found))
        raise Refusal(f"{folder} holds several networks: {names}. Give one of them.")
    if not found and len(refused) == 1:
        raise refused[0]
    return next(((kind, path) for path, kind in found.items()), None)


def _candidates(folder: Path, deep: bool) -> Iterator[Path]:
    """The files that may be networks, and the folders of SavedModels; links are not followed."""
    if saved_model.is_folder(folder):
        yield folder
        return
    waiting, count = [folder], 0
    while waiting:
        place = waiting.pop()
        for path in sorted(place.iterdir()):
            count += 1
            if count > MAX_FILES:
                raise Refusal(
                    f"{folder} holds over {MAX_FILES:,} files. Give the network's file itself."
                )
            if path.is_symlink():
                continue
            if not path.is_dir():
                if path.suffix.lower() in ENDINGS:
                    yield path
            elif saved_model.is_folder(path):
                yield path
            elif deep:
                waiting.append(path)
