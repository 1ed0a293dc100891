"""Accuracy: several labelled pictures at once, and how many of them the network reads right."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from invert import upload
from invert.evaluation.tally import tally
from invert.page import examples
from invert.page.labelled import confusions, labelled_files
from invert.page.labelled.class_in_name import class_of
from invert.page.labelled.labelled_files import Labelled
from invert.page.own_network import held_networks
from invert.page.pictures import markup
from invert.page.server import failure, loading, queue
from invert.page.session import network

WHAT = (
    "Drop up to {1} labelled pictures, and see how many of them this network reads right. A"
    " picture's name tells its class, such as {0}_01.png, or its folder in a .zip, such as"
    " {0}/1.png. Where it does not, choose the class below."
)
EXAMPLES, DECODED, READ = "labelled examples are shown", "labelled pictures", "labelled answers"
MOST_CHOSEN = 24  # pictures whose class is asked for at once
NO_CLASS = "choose"


class Given(NamedTuple):
    """What was given.

    Attributes:
        key: tells it from all else that was given in this session.
        pictures: those that can be read.
        refused: those that cannot.
        more: why there are no more of them; or "".
    """

    key: tuple
    pictures: list[Labelled]
    refused: list[Labelled]
    more: str


def show() -> None:
    """Show what may be dropped, and what the network makes of it."""
    chosen = network.chosen()
    if chosen.source is None:
        st.html(markup.sentence(held_networks.NOT_YET, "hint"))
        return
    with st.container(key="accuracy"):
        what = WHAT.format(chosen.labels[-1], labelled_files.most_pictures(chosen.shape))
        st.html(markup.sentence(what, "sentence short"))
        with st.container(key="labelled-given", horizontal=True, vertical_alignment="bottom"):
            files = st.file_uploader(
                "Labelled pictures, or a .zip of them",
                type=[*(ending for each in upload.TYPES.values() for ending in each), "zip"],
                accept_multiple_files=True,
                key="labelled",
                on_change=_note_files,
            )
            if _examples(chosen):
                st.button("Try examples", key="labelled-examples", on_click=_note_examples)
        if not loading.ready():
            st.html(markup.sentence("They are read as soon as the models are loaded.", "hint"))
            return
        given = _given(chosen, files or [])
        if given is not None:
            failure.guard(lambda: _show_given(chosen, given))


def _note_files() -> None:
    st.session_state[EXAMPLES] = False


def _note_examples() -> None:
    st.session_state[EXAMPLES] = True


def _examples(chosen: network.Network) -> list[Labelled]:
    """Pictures that the page has itself, with their classes in their names."""
    if chosen.digits:
        return [
            Labelled(f"{digit}/{number}.png", image)
            for digit, images in enumerate(examples.load())
            for number, image in enumerate(images)
        ]
    if chosen.shape == examples.pictures().shape[1:] and set(chosen.labels) == {*examples.SHAPES}:
        shown = zip(examples.picture_classes(), examples.pictures(), strict=True)
        return [
            Labelled(f"{examples.SHAPES[k]}/{n}.png", image) for n, (k, image) in enumerate(shown)
        ]
    return []


def _given(chosen: network.Network, files: list) -> Given | None:
    """What was given, decoded once for each size of images."""
    by_page = st.session_state.get(EXAMPLES, False) and _examples(chosen)
    ids = "examples" if by_page else tuple(file.file_id for file in files)
    if not ids:
        return None
    key = (ids, chosen.shape, chosen.digits)
    known: Given | None = st.session_state.get(DECODED)
    if known is None or known.key != key:
        named = [(file.name, file.getvalue) for file in files]
        found, more = (by_page, "") if by_page else _read(named, chosen.shape, chosen.digits)
        pictures = [each for each in found if each.kept is not None]
        refused = [each for each in found if each.kept is None]
        known = st.session_state[DECODED] = Given(key, pictures, refused, more)
    return known


@queue.aside
def _read(named: list, shape: tuple[int, ...], digits: bool) -> tuple[list[Labelled], str]:
    return labelled_files.read(named, shape, digits)


def _show_given(chosen: network.Network, given: Given) -> None:
    classes = [class_of(each.name, chosen.labels) for each in given.pictures]
    unknown = [number for number, known in enumerate(classes) if known is None]
    above = st.container(key="labelled-found")
    for number, picked in _choose(chosen, given, unknown).items():
        classes[number] = picked
    with above:
        _show_tally(chosen, given, classes)
    said = [
        each.complaint if each.name in each.complaint else f"{each.name}: {each.complaint}"
        for each in given.refused
    ]
    if said or given.more:
        st.html("".join(markup.alert(each) for each in [*said[:MOST_CHOSEN], given.more] if each))


def _show_tally(chosen: network.Network, given: Given, classes: list[int | None]) -> None:
    counted = [(n, known) for n, known in enumerate(classes) if known is not None]
    if not counted:
        return
    said = _answers(chosen, given)
    answers = said.argmax(axis=1)
    numbers, known = zip(*counted, strict=True)
    counts = tally(known, answers[list(numbers)], len(chosen.labels))
    wrong = [
        confusions.Wrong(
            given.pictures[n].name,
            chosen.inked(given.pictures[n].image) if chosen.digits else given.pictures[n].image,
            chosen.labels[is_],
            chosen.labels[int(answers[n])],
            float(said[n].max()),
        )
        for n, is_ in counted
        if is_ != answers[n]
    ]
    left_out = len(classes) - len(counted)
    st.html(confusions.html(counts, chosen.labels, wrong, left_out))


def _answers(chosen: network.Network, given: Given) -> np.ndarray:
    """What the network answers to all of the pictures, ``(N, classes)``; asked once."""
    key = (chosen.name, given.key)
    kept = st.session_state.get(READ)
    if kept is None or kept[0] != key:
        images = np.stack([each.image for each in given.pictures])
        images = chosen.inked(images) if chosen.digits else images
        kept = st.session_state[READ] = (key, _classified(chosen.fit(images), chosen.classifier))
    said: np.ndarray = kept[1]
    return said


@queue.aside
def _classified(images: np.ndarray, classifier) -> np.ndarray:
    import invert

    with queue.turn():
        return invert.classify(images, classifier=classifier)


def _choose(chosen: network.Network, given: Given, unknown: list[int]) -> dict[int, int]:
    """Ask for the classes that no name tells, some at a time; return those that were chosen."""
    if not unknown:
        return {}
    picked = {}
    st.html(confusions.unnamed(len(unknown), MOST_CHOSEN))
    options = [NO_CLASS, *chosen.labels]
    with st.container(key="labelled-unknown", horizontal=True):
        for number in unknown[:MOST_CHOSEN]:
            each = given.pictures[number]
            with st.container(width=128):
                st.html(confusions.thumbnail(each.image, each.name))
                said = st.selectbox(
                    f"Class of {each.name}",
                    options,
                    key=f"labelled-{hash(given.key)}-{number}",
                    label_visibility="collapsed",
                )
            if said is not None and said != NO_CLASS:
                picked[number] = options.index(said) - 1
    return picked
