"""The story in five scenes over the page: a sentence, one thing to touch, and the page's state."""

from html import escape
from typing import Any, NamedTuple

import streamlit as st

from invert.page import link, settings, state

# The present scene's number, from 1, in the session's state; 0 where the story is closed.
SCENE = link.SCENE
THEIRS = "choices of the visitor's own"  # by key: those before the story, and those made in it


class Scene(NamedTuple):
    """One scene.

    Attributes:
        sentence: what it shows.
        touch: what to do in it.
        where: the key of what is to be touched; the style sheet frames it.
        shows: the page's state, as its keys and their values.
    """

    sentence: str
    touch: str
    where: str
    shows: dict[str, Any]


DRAWS = {
    state.LEFT: "Classify",
    state.RIGHT: "Generate",
    state.METHOD: settings.BEST,
    state.START: settings.OWN,
    state.STEPS: settings.OWN,
    state.SEED: 9,
    state.COUNT: 1,
}
SCENES = (
    Scene(
        "Somebody asked: can I learn the picture that makes my network say 8? This is what the plan"
        " gives. It is noise, and only this network reads it as an 8.",
        "Click the image: the other networks see no 8.",
        "run",
        {**DRAWS, state.NETWORK: "question", state.METHOD: "plain", state.START: "noise",
         state.DIGIT: "8"},
    ),
    Scene(
        "The network cannot see most of a picture. The digit drowns in this noise, and"
        " the answer does not change.",
        "Move the slider.",
        "lost",
        {state.LEFT: "Classify", state.RIGHT: "What is lost", state.NETWORK: "question"},
    ),
    Scene(
        "Now the same network, trained on digits that were disturbed to mislead it. The same plan"
        " draws digits that anyone can read.",
        "Choose another digit.",
        "digit",
        {**DRAWS, state.NETWORK: "robust", state.DIGIT: "8"},
    ),
    Scene(
        "This network also learned to reject its own bad drawings. Each seed gives it another"
        " handwriting.",
        "Choose another digit.",
        "digit",
        {**DRAWS, state.NETWORK: "energy", state.START: "noise", state.DIGIT: "5",
         state.COUNT: 4},
    ),
    Scene(
        "Now your own digit. The network changes your drawing step by step until it is an 8.",
        "Draw a 3.",
        "easel",
        {**DRAWS, state.NETWORK: "energy", state.START: state.MY_DRAWING, state.DIGIT: "8"},
    ),
)  # fmt: skip


# What a visitor has chosen where a control is not shown; of None, nothing is known then.
USUAL: dict[str, Any] = {
    **DRAWS,
    state.SEED: settings.SEED,
    **dict.fromkeys((state.LEFT, state.RIGHT, state.NETWORK, state.DIGIT, state.CLASS)),
}
# In what is framed, what a finger has to reach; else all of it.
REACHED = {"run": "figure", "lost": ".way"}


def open_by_link() -> None:
    """Open the scene that the link names, if there is such a one. Call it before any widget."""
    if SCENE in st.session_state:
        return
    asked = st.query_params.get(link.SCENE, "")
    st.session_state[SCENE] = 0
    if asked in [str(number) for number in range(1, len(SCENES) + 1)]:
        _turn_to(int(asked))
        st.session_state[THEIRS] = {}  # whoever closes it stays where the link led


def offer() -> None:
    """Show the button that begins the story."""
    st.button("The story", key="story", on_click=_turn_to, args=(1,))


def show() -> None:
    """Show the present scene, if any, over the page."""
    number = st.session_state.get(SCENE, 0)
    if not number:
        st.query_params.pop(link.SCENE, None)
        return
    st.query_params[link.SCENE] = str(number)
    scene = SCENES[number - 1]
    side = "reads" if scene.where == "easel" else "draws"
    touched = f".st-key-{scene.where} {REACHED.get(scene.where, '')}"
    with st.container(key="scene", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<section class="scene" data-side="{side}" data-touched="{touched}"'
            ' aria-label="The story">'
            f'<p class="number">{number} of {len(SCENES)}</p><div role="status">'
            f"<p>{escape(scene.sentence)}</p><p><b>{escape(scene.touch)}</b></p></div></section>"
        )
        for label, key, to in (
            ("Back", "scene-back", number - 1),
            ("Next", "scene-next", number + 1),
            ("Close", "scene-close", 0),
        ):
            beyond = key != "scene-close" and not 1 <= to <= len(SCENES)
            st.button(label, key=key, on_click=_turn_to, args=(to,), disabled=beyond)
    st.html(f"<style>.st-key-{scene.where} {{ animation: touch 1.6s ease-in-out 3 }}</style>")


def _turn_to(number: int) -> None:
    """Show a scene's state; or, where the story is closed, the visitor's own choices again."""
    theirs = _theirs()
    shown = SCENES[number - 1].shows if number else theirs
    for key, value in shown.items():
        st.session_state[key] = value
    st.session_state[SCENE], st.session_state[THEIRS] = number, theirs


def _theirs() -> dict[str, Any]:
    """What the visitor chose before the story; where they chose otherwise in a scene, that."""
    kept, number = st.session_state, st.session_state.get(SCENE, 0)
    if not number:
        before = {key: kept.get(key, usual) for key, usual in USUAL.items()}
        return {key: value for key, value in before.items() if value is not None}
    shown = SCENES[number - 1].shows
    changed = {key: kept[key] for key in shown if kept.get(key, shown[key]) != shown[key]}
    return kept[THEIRS] | changed
