"""Why: what the layers compute, which pixels matter, and what would change the answer."""

import numpy as np
import streamlit as st

from invert.images import DIGITS
from invert.networks.classifier import DEFAULT, DENSE
from invert.page import layers, loading, markup, queue, state

CLASSIFIERS = ("robust", "question")
SIDE, SMALL = 112, 56
WHAT = (
    "What the layers compute, which ink speaks for the answer, and the nearest image with another"
    " one: to fool `robust` you must nearly draw the other digit; a few specks fool `question`."
)
NOTHING = "Nothing is drawn yet: draw a digit under Classify, or take an example there."
NOT_DENSE = "`{}` has convolutions. Choose another network under Classify to look into its layers."
MAPS = (
    "Input × gradient: each pixel's ink times the slope of the answer's score right here."
    " Integrated gradients: the same slope, averaged on the way from an empty page, so that all"
    " pixels' shares add up to the score."
)


def show() -> None:
    """Explain the drawing: inside the classifier chosen under Classify, then for two of them."""
    st.html(markup.sentence(WHAT))
    with st.container(key="why"):
        image = state.drawn_image()
        if image is None or not loading.ready():
            st.html(loading.when_ready(lambda: markup.sentence(NOTHING, "hint")))
            return
        reader = st.session_state.get(state.READER) or DEFAULT
        if reader in DENSE:
            st.html(loading.when_ready(lambda: _inside(image, reader)))
        else:
            st.html(markup.sentence(NOT_DENSE.format(reader), "note"))
        st.html(loading.when_ready(lambda: _reasons(image)))


def _inside(image: np.ndarray, reader: str) -> str:
    st.html(layers.style(reader))
    return layers.html(image, reader)


def _reasons(image: np.ndarray) -> str:
    explained = "".join(_explained(image, name) for name in CLASSIFIERS)
    return f"{explained}{markup.sentence(MAPS, 'note')}"


@queue.aside
@st.cache_data(max_entries=32, show_spinner=False)
def _explained(image: np.ndarray, name: str) -> str:
    from invert.explanation import attribution
    from invert.networks.classifier import read

    probabilities = read(image[None], name)[0]
    best = int(probabilities.argmax())
    local = attribution.input_times_gradient(image, best, name)
    whole = attribution.integrated_gradients(image, best, name)
    with queue.turn():
        changed = attribution.smallest_changes(image, name)
    which = f"as {name} reads it: blue ink speaks for {best}, orange ink against it"
    maps = "".join(
        markup.captioned(markup.heat(values, f"{kind}, {which}", SIDE), kind)
        for values, kind in ((local, "input × gradient"), (whole, "integrated gradients"))
    )
    return (
        f'<section class="experiment why"><h3><code>{name}</code> reads {best},'
        f' {markup.percent(probabilities[best])} sure</h3><div class="pictures">{maps}'
        f'<p class="key"><span><i class="for"></i>speaks for {best}</span>'
        f'<span><i class="against"></i>speaks against it</span></p></div>'
        f"{_changes(image, best, changed)}</section>"
    )


def _changes(image: np.ndarray, best: int, changed: np.ndarray) -> str:
    """The nearest images that are read as each other digit, with how far they are."""
    shown, lengths = [], []
    for digit in range(DIGITS):
        far = float(np.linalg.norm(changed[digit] - image))
        if digit == best or not np.isfinite(far):
            continue
        lengths.append(far)
        words = f"the nearest image read as {digit}, {far:.2f} away"
        picture = markup.picture(changed[digit], words, SMALL)
        shown.append(markup.captioned(picture, f"→ {digit}: {far:.2f}"))
    if not shown:
        return '<p class="note">No change was found that makes it another digit.</p>'
    return (
        '<p class="note">The smallest change that makes the network read another digit. Its length,'
        f" where full ink of one pixel counts 1, is {np.mean(lengths):.2f} on average.</p>"
        f'<div class="pictures nine">{"".join(shown)}</div>'
    )
