"""Pictures read side by side, by each range of pixels that networks are usually trained on.

A file rarely says how its pictures were prepared. Pictures whose content is known do: by the right
range they are read as what they show.
"""

from collections.abc import Callable, Iterable

import numpy as np

from invert.networks.classifier import read

# Of blue, green and red, as Caffe's networks took them from pixels of 0 to 255.
MEANS = np.array([103.939, 116.779, 123.68], np.float32)
# What makes the values of a reading from shares of light, 0 to 1.
Reading = Callable[[np.ndarray], np.ndarray]
READINGS: dict[str, Reading] = {
    "0 to 1": lambda light: light,
    "0 to 255": lambda light: 255 * light,
    "-1 to 1": lambda light: 2 * light - 1,
}
IN_COLOUR: dict[str, Reading] = {
    "Caffe's means": lambda light: 255 * light[..., ::-1] - MEANS,
}


def table(graph, pictures: Iterable[tuple[str, np.ndarray]]) -> list[str]:
    """Return the lines of a table: a picture a row, a reading a column, and how sure each is.

    Args:
        graph: the classifier, whose own range is marked.
        pictures: their names, and their light as shares from 0 to 1, of the network's shape.
    """
    readings = {**READINGS, **(IN_COLOUR if len(graph.image_shape) == 3 else {})}
    plain = graph.domain.range_in_words.strip("[]").split(", ")
    taken = " to ".join(plain) if len(plain) == 2 else ""
    head = ["", *(f"{name} (taken)" if name == taken else name for name in readings)]
    rows, sure = [head], []
    for path, light in pictures:
        found = [read(values(light)[None], graph)[0] for values in readings.values()]
        sure.append([row.max() for row in found])
        rows.append([path, *(f"{graph.labels[row.argmax()]} {row.max():.3f}" for row in found)])
    if not sure:
        return []
    if len(sure) > 1:
        rows.append(["sure of them", *(f"{mean:.3f}" for mean in np.mean(sure, axis=0))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
