"""Pictures of one's own: in place of a drawing, or for a network of colour images."""

import numpy as np
import streamlit as st

from invert import upload
from invert.page import examples
from invert.page.canvas import drawing_area, framing, shown_instead
from invert.page.own_network import held_networks
from invert.page.pictures import markup
from invert.page.server import failure, queue
from invert.page.session import network, state

MOST_OF_A_NAME = 30
UPLOADED = "a picture was uploaded"
OWN_PICTURE = "your picture"
NO_PICTURE = "Give it a picture to read."


def offer_others(digits: bool) -> None:
    """Show what else can be read: a real digit, or a picture of one's own."""
    if digits:
        st.button(
            "Example digit",
            icon=":material/shuffle:",
            key="example",
            on_click=shown_instead.put_example,
        )
    what = "A picture of a digit" if digits else "A picture"
    st.file_uploader(
        f"{what}: drop it here or on the canvas, or paste it",
        type=[ending for endings in upload.TYPES.values() for ending in endings],
        key="upload",
        on_change=_note_upload,
    )
    st.html(markup.sentence("Pictures are read on this server and not kept.", "note"))


def _note_upload() -> None:
    st.session_state[UPLOADED] = True


def offer_framing(chosen: network.Network) -> None:
    """Show what turns and crops a picture of one's own, where one is shown."""
    instead = state.instead()
    if chosen.grey:
        own = instead is not None and instead.words.startswith(OWN_PICTURE)
        file = st.session_state.get("upload") if own else None
    else:
        file = st.session_state.get("picture") if instead is None else None
    if file is not None:
        # A picture in colour is read in every run; one in grey when it is asked for.
        framing.offer(file, _note_upload if chosen.grey else lambda: None)


def read_upload(chosen: network.Network) -> None:
    """Show a picture that was uploaded just now in the drawing's place."""
    file = st.session_state.get("upload")
    if st.session_state.pop(UPLOADED, False) and file is not None:
        make = _digit if chosen.digits else _whole
        asked = framing.asked(file)
        shown_instead.put(lambda: make(file.name, file.getvalue(), asked, chosen.shape))


@queue.aside
def _digit(name: str, data: bytes, asked: upload.Framing, _shape: tuple[int, ...]) -> state.Instead:
    """A picture file of a digit as an image, by its name."""
    with queue.turn(queue.FILES):
        image, count = upload.read_counting(data, asked)
    words = f"{OWN_PICTURE} {name[:MOST_OF_A_NAME]}"
    words = words if count == 1 else f"{words}: I see {count} digits, read as one"
    return state.Instead(image, words, ink=True)


@queue.aside
def _whole(name: str, data: bytes, asked: upload.Framing, shape: tuple[int, ...]) -> state.Instead:
    """A picture file as a network of other images sees it, by its name."""
    with queue.turn(queue.FILES):
        image = upload.read_whole(data, shape, asked)
    return state.Instead(image, f"{OWN_PICTURE} {name[:MOST_OF_A_NAME]}")


def show_picture(chosen: network.Network) -> tuple[np.ndarray | None, Exception | None]:
    """Show a picture in the network's size; return it in [0, 1], or why there is none."""
    file = st.file_uploader(
        "A picture to read: drop it here, or paste it",
        type=[ending for endings in upload.TYPES.values() for ending in endings],
        key="picture",
        on_change=shown_instead.take_away,
    )
    if chosen.shape == examples.pictures().shape[1:]:
        st.button(
            "Example picture",
            icon=":material/shuffle:",
            key="example-picture",
            on_click=shown_instead.put_picture,
        )
    drawn = state.instead()
    if drawn and drawn.image.shape == chosen.shape:
        st.html(
            markup.captioned(
                markup.picture(drawn.image, drawn.words, drawing_area.SIDE), drawn.words
            )
        )
        return drawn.image, None
    if file is None:
        missing = NO_PICTURE if chosen.source is not None else held_networks.NOT_YET
        return None, failure.NotYet(missing)
    # Decoded once, however often the page is run.
    key = (file.file_id, chosen.shape, framing.asked(file))
    before = st.session_state.get("decoded", (None, None, None, None))
    if before[0] != key:
        image, error = _decoded(file, *key[1:])
        name = file.name
        if image is None and before[1] is not None and before[1].shape == chosen.shape:
            _, image, _, name = before  # what is read already stays
        st.session_state["decoded"] = (key, image, error, name)
    _, image, error, name = st.session_state["decoded"]
    if image is not None and error is not None:
        st.html(markup.alert(failure.plain_sentence(error)))
        error = None
    if image is not None:
        words = f"{OWN_PICTURE} {name[:MOST_OF_A_NAME]}, as the network sees it"
        shown = markup.picture(image, words, drawing_area.SIDE)
        st.html(markup.captioned(shown, words))
    return image, error


@queue.aside
def _decoded(
    file, shape: tuple[int, ...], asked: upload.Framing
) -> tuple[np.ndarray | None, ValueError | None]:
    try:
        with queue.turn(queue.FILES):
            return upload.read_whole(file.getvalue(), shape, asked), None
    except ValueError as error:
        return None, error
