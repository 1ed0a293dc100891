"""What is lost: changes of an image that the network cannot see, each under a slider."""

import numpy as np
import streamlit as st

from invert.drawing import BlankDrawing
from invert.networks.classifier import DENSE
from invert.page import examples
from invert.page.own_network import held_networks
from invert.page.panels import channels
from invert.page.pictures import markup, morph, wording
from invert.page.server import loading, queue
from invert.page.session import network, one_of, state
from invert.page.session.remembered import remembered

ROUNDS = 120  # of the search for twins; half a second
STRENGTHS = np.linspace(0, 2, 21)  # of the noise: its standard deviation, where full ink is 1
FIRST_STRENGTH = 5  # its position
LITTLE = 1.0  # a change that one hardly sees
FAINT = 0.3  # the noise that fills what is lost
# What is shown in place of the part that the network cannot see.
ANOTHER, UPSIDE_DOWN = "another digit’s", "its own upside down"
FILLED = {
    ANOTHER: "that of another digit",
    UPSIDE_DOWN: "that of the image upside down",
    "noise": "noise",
    "nothing": "nothing: this is all that the network sees",
}
WHAT = (
    "The first layer of `{}` sees only sums of the pixels, and fewer sums than there are pixels. A"
    " change of the image that leaves all sums as they are is invisible to the network."
)
NOTHING = "Nothing is drawn yet: draw a digit on the left, or choose one here."
NOTHING_OTHER = "Nothing is read yet: draw on the left, or give the network a picture there."
NO_INK = 1e-3  # of a pixel in MNIST, on average
KEPT = "`{}` kept the random weights it began with, so stray ink there moves it."
LET_GO = "`{}` let go of the random weights it began with, so stray ink there does not move it."
SEES_ALL = (
    "The first layer of `{}` has {:,} units for {:,} values of an image, and sees every change of"
    " it: nothing is lost there."
)


def show() -> None:
    """Show the choice of an image, then the experiments."""
    chosen = network.chosen()
    if chosen.source is None:
        st.html(markup.sentence(held_networks.NOT_YET, "hint"))
        return
    if not chosen.dense:
        channels.show(chosen)
        return
    st.html(markup.sentence(WHAT.format(markup.network_name(chosen.name)), "sentence short"))
    source = state.DRAWN
    if chosen.digits:
        with st.container(key="lost-controls"):
            source = one_of.one_of("Image", [*markup.DIGITS, state.DRAWN], "8", state.LOST_IMAGE)
    with st.container(key="lost"):
        st.html(loading.when_ready(lambda: _experiments(source, chosen)))


def _experiments(source: str, chosen: network.Network) -> str:
    from invert.networks.classifier import open_graph

    graph = open_graph(chosen.classifier)
    units, seen = _seen(chosen.name, graph)
    if seen == graph.values:
        name = markup.network_name(chosen.name)
        said = markup.sentence(SEES_ALL.format(name, units, graph.values))
        return said + _ignored(chosen.name, graph)
    image = chosen.fit(_image(source, chosen))
    parts = (_noise, _twins, _filled)
    return "".join(part(chosen.name, image, graph) for part in parts) + _ignored(chosen.name, graph)


def _image(source: str, chosen: network.Network) -> np.ndarray:
    """The image that is chosen, in [0, 1]."""
    if source != state.DRAWN:
        return chosen.inked(examples.load()[int(source), 0])
    drawn = state.drawn_image()
    if drawn is None or drawn.shape != chosen.shape:
        raise BlankDrawing(NOTHING if chosen.digits else NOTHING_OTHER)
    return drawn


@queue.aside
@remembered(8)
def _seen(name: str, _graph) -> tuple[int, int]:
    """How many units the first layer has, and how many directions it sees with them."""
    from invert.explanation import activations, invariances

    with queue.turn():
        return len(activations.first_weights(_graph)), invariances.seen_directions(_graph).shape[1]


@remembered(32)
def _noise(name: str, image: np.ndarray, _graph) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    span = float(np.mean(_graph.domain.span))
    noise = invariances.noise(span, 0, _graph)
    said = read(image + STRENGTHS.reshape(-1, *[1] * image.ndim) * noise, _graph)
    # Image and noise are two pictures. With the noise as opaque as this, laying it over the image
    # shows their sum, in the contrast that fits it.
    loudest = np.abs(noise).max() / span
    mix = 2 * loudest * STRENGTHS / (1 + 2 * loudest * STRENGTHS)
    shown = 0.5 + noise / span / (2 * loudest)
    lines = [
        f"strength {strength:.1f}: {wording.reads(p, _graph.labels)}"
        for strength, p in zip(STRENGTHS, said, strict=True)
    ]
    told = (
        "No unit of the first layer responds to this noise. The image drowns in it, and no answer"
        f" moves by more than {_least(said - said[0])}. The contrast is adjusted to what is shown."
    )
    words = morph.Words(
        "Strength of the noise", "", "The image", "The image with noise", _reading(said[0], _graph)
    )
    way = morph.Way("noise", shown, lines, told)
    start = _unit(image, _graph)
    kind = markup.paper(start.shape)
    shown_alone = f'<div class="{kind} strip" role="img" aria-label="The noise alone"></div>'
    beside = f'<div class="beside">{markup.captioned(shown_alone, "the noise alone")}</div>'
    return _experiment(
        "Noise it cannot see",
        morph.html(start, [way], words, at=FIRST_STRENGTH, mix=mix.tolist(), beside=beside),
    )


@queue.aside
@remembered(32)
def _twins(name: str, image: np.ndarray, _graph) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    want = read(image[None], _graph)[0]
    names, goals = _goals(image, int(want.argmax()), _graph)
    with queue.turn():
        twins = invariances.twin(image, _graph.domain.from_unit(goals), _graph, rounds=ROUNDS)
    start, ends = _unit(image, _graph), _unit(twins, _graph)
    ways = []
    for goal, end in zip(names, ends, strict=True):
        said = morph.read_on_the_way(start, end, _graph)
        lines = _lines(said, _graph.labels)
        length = float(np.linalg.norm(end - start))
        told = (
            f"The image was moved towards {goal} as far as it goes while all answers stay the same,"
            f" to {_least(said - want)}. That is {wording.change(length)}."
        )
        if length < LITTLE and name in DENSE and name != "question":
            told += f" `{name}` leaves little room. `question` leaves more: choose it above."
        ways.append(morph.Way(f"towards {goal}", end, lines, told))
    words = morph.Words(
        "How far from the image to its twin",
        "Which twin",
        "The image",
        "The image on its way to the twin",
        _reading(want, _graph),
    )
    return _experiment(
        "Many images, one answer",
        morph.html(start, ways, words, chosen=len(ways) - 1, thumbnails=True),
    )


def _goals(image: np.ndarray, best: int, graph) -> tuple[list[str], np.ndarray]:
    """What an image is moved towards, with names, in [0, 1]: noise at the end."""
    noise = np.random.default_rng(0).random(graph.image_shape, np.float32)
    if markup.of_digits(graph.image_shape, graph.labels):
        digits = [digit for digit in range(10) if digit != best]
        names = [wording.answer(str(digit)) for digit in digits]
        return [*names, "noise"], np.stack([*examples.load()[digits, 1], noise])
    unit = _unit(image, graph)
    names = ["its negative", "itself upside down", "an empty page", "noise"]
    return names, np.stack([1 - unit, unit[::-1], np.zeros_like(unit), noise])


def _lines(said: np.ndarray, labels: tuple[str, ...]) -> list[str]:
    """What is said at each position of a slider."""
    return [
        f"{share:.0%}: {wording.reads(p, labels)}"
        for share, p in zip(morph.SHARES, said, strict=True)
    ]


@remembered(32)
def _filled(name: str, image: np.ndarray, _graph) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    span = float(np.mean(_graph.domain.span))
    said = read(image[None], _graph)[0]
    seen, _ = invariances.split(image[None], _graph)
    whose, other = UPSIDE_DOWN, image[::-1]
    if markup.of_digits(image.shape, _graph.labels):
        another = examples.load()[int(said.argmax()) - 7, 2]
        whose, other = ANOTHER, _graph.domain.from_unit(another)
    _, lost = invariances.split(other[None], _graph)
    fillings = {
        whose: lost[0],
        "noise": invariances.noise(FAINT * span, 1, _graph),
        "nothing": np.zeros_like(image),
    }
    ends = np.stack([seen[0] + filling for filling in fillings.values()])
    every = np.stack([image, *ends])
    low, high = every.min(), every.max()  # one contrast for all, so that they can be compared
    ways = []
    for name_of, end in zip(fillings, ends, strict=True):
        shares = morph.SHARES.reshape(-1, *[1] * image.ndim)
        on_the_way = read(image + shares * (end - image), _graph)
        lines = _lines(on_the_way, _graph.labels)
        told = (
            "What the network sees of the image stays. What it cannot see gives way to"
            f" {FILLED[name_of]}. No answer moves by more than {_least(on_the_way - said)}. The"
            " contrast is adjusted to what is shown."
        )
        ways.append(morph.Way(name_of, (end - low) / (high - low), lines, told))
    words = morph.Words(
        "How much of what it cannot see is replaced",
        "Replaced by",
        "The image",
        "The image, what is lost replaced",
        _reading(said, _graph),
    )
    return _experiment("Fill what is lost", morph.html((image - low) / (high - low), ways, words))


@remembered(8)
def _ignored(name: str, _graph) -> str:
    from invert.explanation import invariances
    from invert.methods import starts

    weighed = invariances.attention(_graph)
    weighed = weighed.mean(axis=-1) if weighed.ndim == 3 else weighed
    pictures = [(weighed, "how strongly the first layer weighs each pixel", "weight")]
    words = "The more ink a pixel has here, the more it counts."
    if name in DENSE:
        inked = starts.class_gaussian()[0].mean(axis=0).reshape(28, 28)
        ink = inked / inked.max(), "how much ink MNIST has there on average", "ink in MNIST"
        pictures.append(ink)
        kept = weighed[inked < NO_INK].mean() > weighed[inked >= NO_INK].mean() / 2
        words += f" Where MNIST has no ink, {(KEPT if kept else LET_GO).format(name)}"
    shown = "".join(
        markup.captioned(
            f'<div class="paper strip" role="img" aria-label="{description}"'
            f' style="{morph.sprite(values[None])}"></div>',
            caption,
        )
        for values, description, caption in pictures
    )
    pair = f'<div class="pair" style="{morph.sizes(weighed.shape)};--row:0">{shown}</div>'
    return _experiment("Pixels it ignores", pair + markup.sentence(words, "told"))


def _experiment(title: str, shown: str) -> str:
    return f'<section class="experiment"><h3>{title}</h3>{shown}</section>'


def _reading(probabilities: np.ndarray, graph) -> str:
    return wording.reads(probabilities, graph.labels)


def _unit(images: np.ndarray, graph) -> np.ndarray:
    """The network's images in [0, 1]."""
    return np.clip(graph.domain.to_unit(images), 0, 1)


def _least(difference: np.ndarray) -> str:
    most = float(np.abs(difference).max())
    return "0.0001" if most <= 1e-4 else f"{most:.4f}"
