"""How easily one's own network is fooled, beside two that ship; and the training that helps."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from invert.methods import records
from invert.page import examples
from invert.page.own_network import held_networks
from invert.page.pictures import markup, morph, training_program, wording
from invert.page.server import loading, queue
from invert.page.session import network
from invert.page.session.remembered import remembered

# The two that every digit network is compared with, and what they are to people.
COMPARED = {"question": "trained as usual", "robust": "on disturbed digits"}
MOST = 10  # images
READS = 0.7  # of the examples that a network must read right to be measured on them
HOLDS, LIKE = 0.75, 1.5  # of what `robust` needs, and times what `question` needs
SEEN = 5  # shades of 256: a smaller change of every value is hardly seen
SIDES = {"small": 64, "medium": 64, "large": 84}

TITLE = "How easily it is fooled"
WHAT = (
    "For {} the smallest change was looked for that turns the answer. Its length is its L2 norm: of"
    " one pixel from white to black it is 1. More is better."
)
EXAMPLES, PICTURES = "{} example digits", "{} example pictures"
ONE, ALONE = "the picture under Classify", " One picture tells little: give it others there."
NOT_COMPARED = " `question` and `robust` are not beside it: {}, so the lengths cannot be compared."
OTHERS = "they read digits of 28×28 pixels"
UNREAD = "this network reads {} of this page’s 100 digits right"
BARS = "The change that turns half of the answers; more is better"
SHADES = (
    "Half of its answers turn within a change of {:.2f}, as if every value moved by {:.1f} of 256"
    " shades. Below some {} shades one hardly sees a change, so more than that is good."
)
UNTURNED = "Nothing that was tried turned even half of its answers: that is good."
WAY_ON = "What training would change it"
RECIPE = (
    "Adversarial training, as `robust` had it: at every step each picture is first changed so as to"
    " mislead the network, and then learned. An epoch takes about {} times as long as an ordinary"
    " one. It costs a little accuracy on clean pictures, more with a larger `radius`; with"
    " `attack_steps = 1` it takes twice an ordinary epoch."
)


class Asked(NamedTuple):
    """What a network is measured on.

    Attributes:
        images: in [0, 1].
        words: what they are.
        note: what is said of them beside that.
        compared: whether the networks that ship read them too.
    """

    images: np.ndarray
    words: str
    note: str
    compared: bool


class Fooled(NamedTuple):
    """What turned a network's answers to some pictures, which one's own network reads right.

    Attributes:
        ends: the nearest images with another answer, in [0, 1]; the images where none was found.
        lengths: how far they are; infinite where none was found.
        before, after: the answers' numbers.
    """

    ends: np.ndarray
    lengths: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @property
    def half(self) -> float:
        """The change that half of the images stand."""
        return float(np.median(self.lengths))


def show(chosen: network.Network, image: np.ndarray | None) -> None:
    """Show the verdict on one's own network, and the program that would better it.

    Args:
        chosen: the network; of one that ships nothing is shown.
        image: what is read at the moment, in [0, 1], or None.
    """
    from invert.explanation import smallest_change

    if chosen.source is None or isinstance(chosen.source, str):
        return
    most = min(MOST, chosen.most_images(records.METHODS["plain"], smallest_change.STEPS))
    if not most:
        return  # said above
    with st.container(key="verdict"):
        place = st.empty()
        if said := loading.when_ready(lambda: _verdict(chosen, image, most)):
            place.html(said)
        with st.expander(WAY_ON):
            times = wording.number(training_program.times_an_epoch())
            st.html(markup.sentence(RECIPE.format(times), "told"))
            st.code(_program(chosen), language="python")


def _program(chosen: network.Network) -> str:
    file, (low, high) = held_networks.file_name(), chosen.pixel_range
    assert not isinstance(chosen.classifier, str)
    head = chosen.classifier.head
    return training_program.text(file, chosen.shape, low, high, len(chosen.labels), head)


def _verdict(chosen: network.Network, image: np.ndarray | None, most: int) -> str:
    asked = _asked(chosen, image, most)
    if asked is None:
        return ""
    fooled = _fooled(chosen.name, chosen.fit(asked.images), chosen.classifier)
    plain = 1 - asked.images if chosen.dark else asked.images
    others = {name: _fooled(name, plain, name) for name in COMPARED} if asked.compared else {}
    parts = (
        markup.sentence(_said(fooled, others, chosen)),
        _bars({markup.network_name(chosen.name): fooled} | others) if others else "",
        _pictures(fooled, chosen),
        markup.sentence(WHAT.format(asked.words) + asked.note, "note"),
    )
    return f'<section class="experiment verdict"><h3>{TITLE}</h3>{"".join(parts)}</section>'


def _asked(chosen: network.Network, image: np.ndarray | None, most: int) -> Asked | None:
    """Choose what the network is measured on: examples if it reads them, else what is read now."""
    reason = OTHERS
    if chosen.digits:
        digits = examples.load()
        each = digits.reshape(-1, *chosen.shape)
        right = _read_right(chosen, each, np.repeat(np.arange(10), examples.EACH))
        if right.mean() >= READS:
            rows = right.reshape(10, examples.EACH)
            firsts = [digits[c, row.argmax()] for c, row in enumerate(rows) if row.any()][:most]
            words = EXAMPLES.format(wording.number(len(firsts)))
            return Asked(chosen.inked(np.stack(firsts)), words, "", True)
        reason = UNREAD.format(round(100 * right.mean()))
    elif chosen.shape == examples.pictures().shape[1:]:
        pictures = examples.pictures()
        right = _read_right(chosen, pictures, examples.picture_classes())
        if right.mean() >= READS:
            asked = pictures[right][:most]
            words = PICTURES.format(wording.number(len(asked)))
            return Asked(asked, words, NOT_COMPARED.format(reason), False)
    if image is None:
        return None
    return Asked(image[None], ONE, NOT_COMPARED.format(reason) + ALONE, False)


def _read_right(chosen: network.Network, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Which of some examples a network reads right, by the numbers of its classes: ``(N,)``."""
    return _right(chosen.name, chosen.fit(chosen.inked(images)), classes, chosen.classifier)


@queue.aside
@remembered(4)
def _right(name: str, images: np.ndarray, classes: np.ndarray, _graph) -> np.ndarray:
    from invert.networks.classifier import read

    with queue.turn():
        return np.asarray(read(images, _graph).argmax(axis=1) == classes)


@queue.aside
@remembered(8)
def _fooled(name: str, images: np.ndarray, _classifier) -> Fooled:
    from invert.explanation import smallest_change
    from invert.networks.classifier import open_graph, read

    graph = open_graph(_classifier)
    with queue.turn():
        near = smallest_change.nearest_others(images, graph)
    lengths = smallest_change.lengths(images, near, graph)
    found = np.isfinite(lengths)
    near[~found] = images[~found]
    before, after = (read(each, graph).argmax(axis=1) for each in (images, near))
    ends = np.clip(graph.domain.to_unit(near), 0, 1)
    return Fooled(ends, np.where(found, lengths, np.inf), before, after)


def _bars(fooled: dict[str, Fooled]) -> str:
    """A bar for each network: the first one's own, then those that it is compared with."""
    longest = max((each.half for each in fooled.values() if np.isfinite(each.half)), default=1.0)
    rows = []
    for number, (name, each) in enumerate(fooled.items()):
        share = min(1.0, each.half / longest) if longest else 0.0
        what = f" <small>{COMPARED[name]}</small>" if number else ""
        own = ' class="best"' if not number else ""
        much = f"{each.half:.2f}" if np.isfinite(each.half) else "∞"
        rows.append(
            f"<li{own}><b>{escape(name)}{what}</b><span class='track'>"
            f"<i style='--from:0;--to:{share:.4f}'></i></span><em>{much}</em></li>"
        )
    return f'<ol class="bars lengths" aria-label="{escape(BARS)}">{"".join(rows)}</ol>'


def _pictures(fooled: Fooled, chosen: network.Network) -> str:
    """The images that turned the answer, the nearest first, each with what it turned into."""
    order = [n for n in np.argsort(fooled.lengths) if np.isfinite(fooled.lengths[n])]
    if not order:
        return ""
    shape, figures = chosen.shape, []
    for row, n in enumerate(order):
        old, new = (chosen.labels[each[n]] for each in (fooled.before, fooled.after))
        said = f"{escape(old)} → {escape(new)}"
        said = said if len(said) < 7 else f"{escape(old)}<br>→ {escape(new)}"
        words = f"{old}, read as {new} after a change of {fooled.lengths[n]:.2f}"
        figures.append(
            f'<figure class="captioned"><div class="{markup.paper(shape)} strip" role="img"'
            f' aria-label="{escape(words)}" style="--row:{row}"></div><figcaption>'
            f"<b>{said}</b><br>{fooled.lengths[n]:.2f}</figcaption></figure>"
        )
    style = f"{morph.sizes(shape, SIDES)};{morph.sprite(fooled.ends[order])}"
    return f'<div class="pair fooling" style="{style}">{"".join(figures)}</div>'


def _said(fooled: Fooled, others: dict[str, Fooled], chosen: network.Network) -> str:
    """The verdict in plain words, with what is good."""
    if not np.isfinite(fooled.half):
        return UNTURNED
    if not others:
        shades = 255 * fooled.half / np.sqrt(np.prod(chosen.shape))
        return SHADES.format(fooled.half, shades, SEEN)
    name, half = markup.network_name(chosen.name), fooled.half
    question, robust = (others[n].half for n in COMPARED)
    if half >= HOLDS * robust:
        verdict = f"`{name}` holds as `robust` does: to fool it one must nearly draw another digit."
    elif half <= LIKE * question:
        verdict = f"`{name}` is fooled as easily as `question`: a few specks that nobody sees do."
    else:
        verdict = (
            f"Fooling `{name}` takes {half / question:.1f} times the change that fools `question`,"
            f" and {half / robust:.0%} of the one that fools `robust`."
        )
    channels = chosen.shape[2] if len(chosen.shape) == 3 else 1
    return (
        f"{verdict} Half of its answers turn within {wording.change(half, channels)}. Half of those"
        f" of `robust` turn within {robust:.1f}, a change that one can see."
    )
