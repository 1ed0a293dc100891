"""Why: which pixels speak for the answer, and the smallest change that makes it another."""

import numpy as np
import streamlit as st

from invert.page import loading, markup

CLASSIFIERS = ("robust", "question")
SIDE, SMALL = 112, 56
WHAT = (
    "Blue ink speaks for the answer, orange ink against it. Below, the nearest image that is read"
    " as another digit: `robust` must be shown one, for `question` a little dust will do."
)


def show() -> None:
    """Explain the drawing on the canvas, for two trainings of the same network."""
    st.html(markup.sentence(WHAT))
    with st.container(key="why"):
        st.html(loading.when_ready(_reasons))


def _reasons() -> str:
    image = st.session_state.get("drawn image")
    if image is None:
        return markup.sentence("Draw a digit first, under Classify.", "hint")
    return "".join(_explained(image, name) for name in CLASSIFIERS)


@st.cache_data(max_entries=32, show_spinner=False)
def _explained(image: np.ndarray, name: str) -> str:
    from invert import attribution, classifier

    probabilities = classifier.read(image, name)[0]
    best = int(probabilities.argmax())
    maps = [
        (
            attribution.input_times_gradient(image, best, name),
            "ink times the slope of the logit at this image",
            "input × gradient",
        ),
        (
            attribution.integrated_gradients(image, best, name),
            "each pixel's share of the logit, gathered on the way from a black page",
            "integrated gradients",
        ),
    ]
    heat = "".join(markup.heat(values, words, label, SIDE) for values, words, label in maps)
    changed = attribution.smallest_changes(image, name)
    others = []
    for digit in range(10):
        if digit == best:
            continue
        far = np.linalg.norm(changed[digit] - image)
        if not np.isfinite(far):
            continue
        words = f"the nearest image read as {digit}, {far:.2f} away"
        others.append(markup.captioned(changed[digit], words, f"{digit}: {far:.2f}", side=SMALL))
    return (
        f'<section class="experiment"><h3><code>{name}</code> reads {best},'
        f" {markup.percent(probabilities[best])} sure</h3>"
        f'<div class="pictures">{heat}</div>'
        f'<p class="note">Smallest change that makes it another digit, and its length in L2 (full'
        f' ink of one pixel = 1)</p><div class="pictures">{"".join(others)}</div></section>'
    )
