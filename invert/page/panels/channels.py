"""What the channels of a layer look for: each draws in waves what makes it most active."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

import invert
from invert.methods import records
from invert.page.own_network import held_networks
from invert.page.pictures import markup, morph
from invert.page.server import failure, loading, queue
from invert.page.session import network
from invert.page.session.remembered import remembered

METHOD, STEPS, FEWEST_STEPS = "fourier", 120, 40
AT_ONCE, AT_FIRST, MORE = 4, 12, 24  # channels of a turn, those shown at first, and then
SHOWN = "layer that is looked into, and how many of its channels"
CUT = "the layer that was looked into last"
SIDES = {"small": 64, "medium": 96, "large": 112}
MOST_SAID = 99

WHAT = (
    "A layer keeps what its channels look for, and the layers behind it see nothing else. Each"
    " picture below is what makes one channel most active."
)
NUMBER = (
    "The number says how far above noise a picture lifts its channel, in standard deviations. Above"
    " {:.0f} the channel answers, and more is clearer. Silent: the search found nothing that the"
    " channel responds to."
)
NONE = "The layers of `{}` cannot be told apart, so none is looked into."
TOO_SLOW = "This network is too slow to draw what its channels look for. Choose another one above."


class Group(NamedTuple):
    """Some channels and what each looks for.

    Attributes:
        images: in [0, 1].
        above: how far above noise each lifts its channel, in standard deviations.
        answers: the deviations from which a channel counts as answering.
    """

    images: np.ndarray
    above: np.ndarray
    answers: float


def show(chosen: network.Network) -> None:
    """Show the choice of a layer, and what its channels look for, a few at a time."""
    if not loading.ready():
        st.html(loading.when_ready(str))
        return
    from invert.inversion.freezing import cutting
    from invert.networks.classifier import open_graph

    graph = open_graph(chosen.classifier)
    layers = cutting.telling_layers(graph)
    at_once, steps = _pace(chosen)
    if not layers or not at_once:
        name = markup.network_name(chosen.name)
        st.html(markup.sentence(TOO_SLOW if layers else NONE.format(name), "hint"))
        return
    st.html(markup.sentence(WHAT, "sentence short"))
    widths = {layer.name: _counted(graph, layer) for layer in layers}
    maps = [place for place, layer in enumerate(layers) if graph.places[layer.name].axes]
    picked = st.selectbox(
        "Layer",
        list(widths),
        index=maps[-1] if maps else 0,
        width=320,
        format_func=lambda name: f"{name}: {widths[name]}",
        key=f"channels-layer-{chosen.name}-{held_networks.files_read()}",
    )
    layer = next((each for each in layers if each.name == picked), layers[0])
    with st.container(key="channels"):
        count = _count(chosen, layer)
        failure.guard(lambda: _show_groups(chosen, graph, layer, count, at_once, steps))
        if count < layer.width:
            more = min(MORE, layer.width - count)
            st.button(f"Show {more} more", key="more-channels", on_click=_show_more)


def _pace(chosen: network.Network) -> tuple[int, int]:
    """How many channels are drawn in one turn, and in how many steps; of a slow network 0 and 0."""
    record = records.METHODS[METHOD]
    for count in (AT_ONCE, 1):
        steps = chosen.most_steps(record, count)
        if steps >= FEWEST_STEPS:
            return count, min(STEPS, steps)
    return 0, 0


def _counted(graph, layer) -> str:
    kind = "channels" if graph.places[layer.name].axes else "units"
    return f"{layer.width} {kind}"


def _count(chosen: network.Network, layer) -> int:
    """How many channels of the layer are to be shown."""
    which, count = st.session_state.get(SHOWN, (None, 0))
    if which != (chosen.name, layer.name):
        count = AT_FIRST
        st.session_state[SHOWN] = (chosen.name, layer.name), count
    return min(count, layer.width)


def _show_more() -> None:
    which, count = st.session_state[SHOWN]
    st.session_state[SHOWN] = which, count + MORE


def _show_groups(
    chosen: network.Network, graph, layer, count: int, at_once: int, steps: int
) -> None:
    """Show frames for all, and fill them as they are drawn."""
    place, status = st.empty(), st.empty()
    groups: list[Group] = []
    for first in range(0, count, at_once):
        some = min(at_once, layer.width - first)
        place.html(_sheet(groups, count, chosen))
        said = f"Drawing {first + 1} to {first + some} of {count}"
        status.html(markup.status(said, first / count))
        groups.append(_drawn(chosen.name, layer.name, first, some, steps, graph))
    place.html(_sheet(groups, count, chosen))
    status.html(markup.sentence(NUMBER.format(groups[0].answers), "note"))


@queue.aside
@remembered(24)
def _drawn(name: str, layer: str, first: int, count: int, steps: int, _graph) -> Group:
    from invert.methods import answers

    with queue.turn():
        cut = _cut(_graph, layer)
        targets = list(range(first, first + count))
        run = invert.generate(targets, METHOD, classifier=cut, steps=steps)
        above = answers.sure(cut, run.probabilities, run.targets)
    images = np.clip(cut.domain.to_unit(run.images), 0, 1)
    return Group(images, above, answers.CONVINCING)


def _cut(graph, layer: str):
    """The network up to a layer; the last one is kept."""
    from invert.inversion.compiling import without_xla
    from invert.inversion.freezing import freeze

    if graph.compiled.get(CUT, ("", None))[0] != layer:
        graph.compiled[CUT] = layer, without_xla(freeze(graph, output=layer))
    return graph.compiled[CUT][1]


def _sheet(groups: list[Group], count: int, chosen: network.Network) -> str:
    """All pictures that are there, and an empty frame for each that is to come."""
    figures: list[str] = []
    for group in groups:
        style = morph.sprite(group.images)
        for row, above in enumerate(group.above):
            figures.append(_figure(len(figures) + 1, f"{style};--row:{row}", above, group, chosen))
    figures += [
        markup.captioned('<div class="waiting"></div>', str(number + 1))
        for number in range(len(figures), count)
    ]
    return (
        f'<div class="channels" style="{morph.sizes(chosen.shape, SIDES)}">{"".join(figures)}</div>'
    )


def _figure(number: int, style: str, above: float, group: Group, chosen: network.Network) -> str:
    silent = above <= group.answers
    much = "silent" if silent else f"+{min(above, MOST_SAID):.0f}"
    words = f"what {number} looks for: {much}"
    kind = f"{markup.paper(chosen.shape)} strip{' silent' if silent else ''}"
    return (
        f'<figure class="captioned"><div class="{kind}" role="img" aria-label="{escape(words)}"'
        f' style="{style}"></div><figcaption><b>{number}</b> {much}</figcaption></figure>'
    )
