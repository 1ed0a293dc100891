"""What is lost: what the classifier cannot see, as four experiments that one can move."""

import numpy as np
import streamlit as st

from invert.drawing import BlankDrawing
from invert.networks.classifier import DENSE
from invert.page import choices, examples, loading, markup, queue, state

SIDE = 84
ROUNDS = 120  # of the search for twins; half a second
WHAT = (
    "The first layer turns 784 pixels into 256 sums. An image can change in 784 independent ways;"
    " at least 528 of them leave all the sums as they are, and the network cannot see them."
)


def show() -> None:
    """Show the choice of an image and a classifier, then the experiments."""
    st.html(markup.sentence(WHAT))
    with st.container(key="lost-controls", horizontal=True, gap="medium"):
        source = choices.one_of(
            "Image",
            [*(str(digit) for digit in range(10)), state.DRAWN],
            "8",
            state.LOST_IMAGE,
            "A real test digit, or what is drawn on the left.",
        )
        name = choices.classifier("question", "lost-classifier", names=DENSE)
    strength = st.slider(
        "Noise",
        0.0,
        2.0,
        0.5,
        0.1,
        key="noise",
        bind="query-params",
        help="The standard deviation of the noise that is added; full ink is 1.",
    )
    with st.container(key="lost"):
        st.html(loading.when_ready(lambda: _experiments(_image(source), name, strength)))


def _image(source: str) -> np.ndarray:
    if source != state.DRAWN:
        return examples.load()[int(source), 0]
    drawn = state.drawn_image()
    if drawn is None:
        raise BlankDrawing("Nothing is drawn yet: draw a digit on the left, or choose one here.")
    return drawn


def _experiments(image: np.ndarray, name: str, strength: float) -> str:
    return "".join(
        (_ignored(name), _noise(image, name, strength), _twins(image, name), _filled(image, name))
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _ignored(name: str) -> str:
    from invert.explanation import invariances
    from invert.methods import starts

    inked = starts.class_gaussian()[0].mean(axis=0).reshape(28, 28)
    pictures = [
        (invariances.attention(name), "how strongly the first layer weighs each pixel", "weight"),
        (inked / inked.max(), "how much ink MNIST has there on average", "MNIST's ink"),
    ]
    return _experiment(
        "Pixels it ignores",
        "The more ink, the more weight. Where MNIST has no ink, training had nothing to say:"
        " `question` kept its random first weights there, so stray ink moves it; `robust` let them"
        " go.",
        pictures,
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _noise(image: np.ndarray, name: str, strength: float) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    noise = invariances.noise(strength, 0, name) if strength else np.zeros((28, 28))
    both = np.stack([image, image + noise])
    before, after = read(both, name)
    best = int(before.argmax())
    pictures = [
        (image, "the image", f"{best}: {markup.percent(before[best])}"),
        (_shown(noise), "noise that the first layer cannot see", "noise"),
        (_shown(image + noise), "both together", f"{best}: {markup.percent(after[best])}"),
    ]
    return _experiment(
        "Noise it cannot see",
        "No unit of the first layer responds to this noise: the image disappears in it, yet no"
        f" probability changes by more than {_least(np.abs(after - before).max())}.",
        pictures,
    )


@queue.aside
@st.cache_data(max_entries=32, show_spinner=False)
def _twins(image: np.ndarray, name: str) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    goals = np.concatenate(
        [examples.load()[:, 1], np.random.default_rng(0).random((6, 28, 28), np.float32)]
    )
    with queue.turn():
        twins = invariances.twin(image, goals, name, rounds=ROUNDS)
    want, said = read(image[None], name), read(twins, name)
    best = int(want[0].argmax())
    apart = np.linalg.norm((twins - image).reshape(len(twins), -1), axis=1)
    pictures = [
        (twin, f"an image the classifier reads as {best}, {far:.1f} away", f"{far:.1f}")
        for twin, far in zip(twins, apart, strict=True)
    ]
    return _experiment(
        "Many inputs, one output",
        f"Each of these is as near to another digit (the last six: to noise) as an image can be"
        f" that is read as {best} with the very same ten probabilities, to"
        f" {_least(np.abs(said - want).max())}. The number is its distance from the image:"
        f" {apart.mean():.1f} on average. `question` takes all of these for the same image;"
        " `robust` leaves hardly any room between paper and ink.",
        pictures,
        side=56,
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _filled(image: np.ndarray, name: str) -> str:
    from invert.explanation import invariances
    from invert.networks.classifier import read

    seen, _ = invariances.split(image[None], name)
    other = examples.load()[:, 2][int(read(image[None], name).argmax()) - 7]
    _, lost = invariances.split(other[None], name)
    grain = invariances.noise(0.3, 1, name)
    fillings = [
        (np.zeros((28, 28)), "what is seen alone", "nothing"),
        (lost[0], "the seen part with a real digit's unseen part", "a digit"),
        (grain, "the seen part with unseen noise", "noise"),
    ]
    pictures = [(_shown(seen[0] + part), words, label) for part, words, label in fillings]
    pictures.append((other, "the digit whose unseen part was taken", "that digit"))
    return _experiment(
        "Fill what is lost",
        "The reply's idea: keep what the classifier sees of the image, and take the rest from"
        " elsewhere. All three are one and the same to it, so no way of running it backwards could"
        " know which to draw; only what is known of pictures can.",
        pictures,
    )


def _experiment(title: str, words: str, pictures, side: int = SIDE) -> str:
    shown = "".join(
        markup.captioned(markup.picture(image, description, side), caption)
        for image, description, caption in pictures
    )
    return (
        f'<section class="experiment"><h3>{title}</h3>{markup.sentence(words)}'
        f'<div class="pictures">{shown}</div></section>'
    )


def _shown(values: np.ndarray) -> np.ndarray:
    """Squeeze values of any range into that of a picture; 0 to 1 at least is kept apart."""
    low, high = min(0.0, values.min()), max(1.0, values.max())
    return (values - low) / (high - low)


def _least(difference: float) -> str:
    return "0.0001" if difference <= 1e-4 else f"{difference:.4f}"
