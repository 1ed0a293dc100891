"""Why: which ink matters to the network, and how small a change makes it read something else."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from invert.inversion.domain import Domain
from invert.methods import records
from invert.page.own_network import held_networks
from invert.page.panels import verdict
from invert.page.pictures import markup, morph, wording
from invert.page.server import loading, queue
from invert.page.session import network, state
from invert.page.session.remembered import remembered

# The two networks that every smallest change is compared with, where they read such images too.
COMPARED = ("question", "robust")
MOST_CLASSES = 10  # of many, the likeliest
# What is shown has 256 shades. Where rounding to them turns the answer back, the change is made
# this much longer.
LONGER = (1.0, 1.01, 1.03, 1.1, 1.3, 2.0, 4.0, 8.0)
NOTHING = "Nothing is drawn yet: draw a digit under Classify, or take an example there."
MAPS = (
    "The first map takes the score's slope at this very image. The second averages the slope"
    " while the ink fades in, so that its pixels add up to the score."
)
TOO_SLOW = "This network is too slow for what this tab looks into. Choose another one above."
NO_DRAWING = "Nothing is read yet: draw under Classify, or give the network a picture there."
NO_PICTURE = "Nothing is read yet: give the network a picture under Classify."


class Changes(NamedTuple):
    """For each of some classes the nearest image read as it, and how far that is; NaN for none."""

    ends: np.ndarray
    lengths: np.ndarray


def show() -> None:
    """Explain what the chosen network reads in the drawing."""
    with st.container(key="why"):
        image, chosen = state.drawn_image(), network.chosen()
        if image is None or not loading.ready() or chosen.source is None:
            nothing = held_networks.NOT_YET if chosen.source is None else _nothing(chosen)
            st.html(loading.when_ready(lambda: markup.sentence(nothing, "hint")))
            if loading.ready():
                verdict.show(chosen, None)
            return
        drawn, image = image, chosen.fit(image)
        most = _most_classes(chosen)
        if not most:
            st.html(markup.sentence(TOO_SLOW, "hint"))
            return
        st.html(loading.when_ready(lambda: _ink(chosen.name, image, chosen.classifier)))
        st.html(loading.when_ready(lambda: _changes(image, chosen.name, chosen.classifier, most)))
        verdict.show(chosen, drawn if drawn.shape == chosen.shape else None)


def _nothing(chosen: network.Network) -> str:
    if chosen.digits:
        return NOTHING
    return NO_DRAWING if chosen.grey else NO_PICTURE


def _most_classes(chosen: network.Network) -> int:
    """How many classes the smallest change may be looked for: of a slow network few, or none."""
    from invert.explanation import smallest_change

    plain, counts = records.METHODS["plain"], range(MOST_CLASSES, 0, -1)
    return next((n for n in counts if chosen.most_steps(plain, n) >= smallest_change.STEPS), 0)


@queue.aside
@remembered(32)
def _ink(name: str, image: np.ndarray, _classifier) -> str:
    """The ink that speaks for the answer and against it, as two maps."""
    from invert.explanation import attribution
    from invert.networks.classifier import open_graph, read

    graph = open_graph(_classifier)
    if sentence := _misfit(image, name, graph):
        return sentence
    probabilities = read(image[None], graph)[0]
    best = int(probabilities.argmax())
    with queue.turn():
        local = attribution.input_times_gradient(image, best, graph)
        whole = attribution.integrated_gradients(image, best, graph)
    label = graph.labels[best]
    maps = "".join(
        _map(values, f"{plain} ({term}): blue ink speaks for {label}, orange against it", term)
        for values, plain, term in (
            (local, "ink times slope", "input × gradient"),
            (whole, "ink times mean slope", "integrated gradients"),
        )
    )
    return (
        '<section class="experiment why"><h3>Which ink matters</h3>'
        + markup.sentence(
            f"`{markup.network_name(name)}` {wording.reads(probabilities, graph.labels)}."
        )
        + f'<div class="pair">{maps}</div><p class="key"><span><i class="for"></i>ink that speaks'
        f' for {escape(label)}</span><span><i class="against"></i>ink that speaks against'
        f" it</span></p>{markup.sentence(MAPS, 'note')}</section>"
    )


def _map(values: np.ndarray, description: str, caption: str) -> str:
    total = values.sum(axis=-1) if values.ndim == 3 else values
    uri = markup.data_uri(markup.colours(total))
    picture = (
        f'<img class="heat sized" style="{morph.sizes(values.shape)}" src="{uri}"'
        f' alt="{escape(description)}">'
    )
    return markup.captioned(picture, caption)


def _changes(image: np.ndarray, name: str, classifier, most: int = MOST_CLASSES) -> str:
    """The smallest change for each other answer, as one pair of pictures."""
    from invert.networks.classifier import open_graph

    graph = open_graph(classifier)
    if _misfit(image, name, graph):
        return ""  # said above
    others = [n for n in COMPARED if n != name] if _reads_digits(graph) else []
    return _changed_html(name, image, graph, tuple(others), most)


class Found(NamedTuple):
    """What was found for the classes that an image can be turned into.

    Attributes:
        targets: the classes.
        ends: for each the nearest image read as it, ``(N, *shape)`` in the pixel range.
        lengths: how far that is, where the pixel range counts as 1.
        compared: the same change for other networks, by name.
    """

    targets: tuple[int, ...]
    ends: np.ndarray
    lengths: np.ndarray
    compared: dict[str, Changes]


@queue.aside
@remembered(32)
def _changed_html(name: str, image: np.ndarray, _graph, others: tuple[str, ...], most: int) -> str:
    from invert.networks.classifier import read

    probabilities = read(image[None], _graph)[0]
    found = _find(name, image, _graph, probabilities, others, most)
    if not found.targets:
        none = f"No change was found that makes `{markup.network_name(name)}` read anything else."
        return f'<section class="experiment why">{markup.sentence(none)}</section>'
    return (
        '<section class="experiment why"><h3>The smallest change that makes it read something else'
        f"</h3>{_turning(name, image, _graph, probabilities, found)}</section>"
    )


def _find(name, image, graph, probabilities, others: tuple[str, ...], most: int) -> Found:
    """Look for the nearest image of each of the likeliest other classes."""
    best = int(probabilities.argmax())
    likely = [int(c) for c in np.argsort(-probabilities) if c != best][:most]
    changes = _smallest(name, image, graph, tuple(sorted(likely)))
    there = np.isfinite(changes.lengths)
    targets = tuple(np.array(sorted(likely))[there].tolist())
    compared = {n: _smallest(n, image, n, targets) for n in others if targets}
    return Found(targets, changes.ends[there], changes.lengths[there], compared)


def _turning(name: str, image: np.ndarray, graph, probabilities: np.ndarray, found: Found) -> str:
    """The drawing that turns into each of the images that were found, as HTML."""
    start = morph.eight_bit(image, graph.domain)
    words = morph.Words(
        "How much of the change is made",
        "What the network is to read instead",
        "The drawing",
        "The drawing with the smallest change",
        f"{markup.network_name(name)} {wording.reads(probabilities, graph.labels)}",
    )
    beside = "".join(_beside(image, n, other.ends) for n, other in found.compared.items())
    return morph.html(
        start,
        [_way(name, number, start, graph, found) for number in range(len(found.targets))],
        words,
        chosen=int(found.lengths.argmin()),
        beside=f'<div class="beside">{beside}</div>' if beside else "",
    )


def _way(name: str, number: int, start: np.ndarray, graph, found: Found) -> morph.Way:
    """The way to one of the images that were found, and what is said on it."""
    label = graph.labels[found.targets[number]]
    end = morph.eight_bit(found.ends[number], graph.domain)
    lines = [
        f"{markup.network_name(name)} {wording.reads(p, graph.labels)}"
        for p in morph.read_on_the_way(start, end, graph)
    ]
    channels = start.shape[-1] if start.ndim == 3 else 1
    told = (
        f"`{markup.network_name(name)}` takes this for {wording.answer(label)} after"
        f" {wording.change(found.lengths[number], channels)}."
    )
    needs = [f"`{n}` {_needs(other.lengths[number])}" for n, other in found.compared.items()]
    return morph.Way(label, end, lines, " ".join([told, _joined(needs)]))


def _joined(needs: list[str]) -> str:
    return f"{', '.join(needs)}." if needs else ""


def _needs(length: float) -> str:
    if not np.isfinite(length):
        return "was not fooled"
    if length < 1e-6:
        return "reads that already"
    return f"needs {length:.1f} ({wording.pixels(length)})"


def _beside(image: np.ndarray, name: str, ends: np.ndarray) -> str:
    """The same change for another network, small, which moves with the digit that is chosen."""
    frames = np.stack([image, *(image if np.isnan(end).any() else end for end in ends)])
    shown = (
        f'<div class="paper strip" role="img" aria-label="The drawing with the smallest change for'
        f' {name}" style="{morph.sprite(morph.eight_bit(frames, Domain(frames.shape[1:])))}"></div>'
    )
    return markup.captioned(shown, f"for {name}")


@queue.aside
@remembered(64)
def _smallest(name: str, image: np.ndarray, _classifier, targets: tuple[int, ...]) -> Changes:
    """The nearest image read as each target, also when it is rounded to 256 shades."""
    from invert.explanation import smallest_change
    from invert.networks.classifier import open_graph, read

    graph = open_graph(_classifier)
    with queue.turn():
        changed = smallest_change.smallest_changes(image, graph, list(targets))
    shown, settled = changed.copy(), np.zeros(len(targets), bool)
    for longer in LONGER:
        tried = graph.domain.clip(image + longer * (changed - image))
        tried = graph.domain.from_unit(morph.eight_bit(tried, graph.domain))
        right = read(np.nan_to_num(tried), graph).argmax(axis=1) == np.array(targets)
        shown[right & ~settled] = tried[right & ~settled]
        settled |= right
    return Changes(shown, smallest_change.lengths(image[None], changed, graph))


def _reads_digits(graph) -> bool:
    unit = tuple(graph.pixel_range) == (0.0, 1.0)
    return unit and markup.of_digits(graph.image_shape, graph.labels)


def _misfit(image: np.ndarray, name: str, graph) -> str:
    """Why the network cannot read such an image; "" if it can."""
    if image.shape == graph.image_shape:
        return ""
    have, wants = ("×".join(map(str, shape)) for shape in (image.shape, graph.image_shape))
    return markup.sentence(
        f"`{markup.network_name(name)}` reads images of {wants}; this one is {have}.", "hint"
    )
