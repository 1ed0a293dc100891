"""The story in five scenes over the page: a sentence, one thing to touch, and the page's state."""

from html import escape
from typing import Any, NamedTuple

import streamlit as st

from invert.page.canvas import shown_instead
from invert.page.session import link, settings, state

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
        reached: in what is framed, what a finger has to reach; without it, all of it.
        watched: a selector of what is to be in view beside that, because it changes.
    """

    sentence: str
    touch: str
    where: str
    shows: dict[str, Any]
    reached: str = ""
    watched: str = ""

    @property
    def touched(self) -> str:
        """What has to be in view, as a selector."""
        return self.watched or f".st-key-{self.where} {self.reached}".strip()


DRAWS = {
    state.LEFT: "Classify",
    state.RIGHT: "Generate",
    state.METHOD: settings.BEST,
    state.START: settings.DEFAULT,
    state.STEPS: settings.DEFAULT,
    state.SEED: 9,
    state.COUNT: 1,
}
SCENES = (
    Scene(
        "Somebody asked: can I learn the picture that makes my network say 8? This is what the plan"
        " gives in pixels. It is noise, and only this network reads it as an 8.",
        "Click the image, and see what the other networks read in it.",
        "run",
        {**DRAWS, state.NETWORK: "question", state.METHOD: "plain", state.START: "noise",
         state.DIGIT: "8"},
        reached="figure",
    ),
    Scene(
        "The same plan and the same network, but now it draws with a pen. What is learned is where"
        " two strokes go, not each pixel: it is an 8, and anyone can read it.",
        "Choose another digit.",
        "digit",
        {**DRAWS, state.NETWORK: "question", state.DIGIT: "8", state.SEED: 18},
        watched=".sheet",
    ),
    Scene(
        "Why noise? The network cannot see most of a picture. The digit drowns in this noise, and"
        " the answer does not change.",
        "Move the slider.",
        "lost",
        {state.LEFT: "Classify", state.RIGHT: "What is lost", state.NETWORK: "question"},
        reached=".way",
    ),
    Scene(
        "This network was trained on digits that were disturbed to mislead it, and learned to"
        " reject its own bad drawings. In pixels, too, it draws digits, and no two alike.",
        "Choose another digit.",
        "digit",
        {**DRAWS, state.NETWORK: "energy", state.START: "noise", state.DIGIT: "5",
         state.COUNT: 4, state.SEED: 7},
        watched=".sheet",
    ),
    Scene(
        "Now your own digit. The network bends your strokes until they are an 8.",
        "Draw a 3.",
        "easel",
        {**DRAWS, state.NETWORK: "question", state.START: state.MY_DRAWING, state.DIGIT: "8"},
    ),
)  # fmt: skip


# What a visitor has chosen where a control is not shown; None: this is left as it is.
USUAL: dict[str, Any] = {
    **DRAWS,
    state.SEED: settings.SEED,
    **dict.fromkeys((state.LEFT, state.RIGHT, state.NETWORK, state.DIGIT, state.CLASS)),
}


def open_by_link() -> None:
    """Open the scene that the link names, if there is one. Call it before any widget."""
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
    own = scene.where == "easel"
    side = "reads" if own else "draws"
    with st.container(key="scene", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<section class="scene" data-side="{side}" data-touched="{scene.touched}"'
            f' data-own="{own:d}"'
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
    kept = st.session_state
    present = kept.get(SCENE, 0)
    theirs = kept[THEIRS] | _chosen_in_the_scene(present) if present else _before_the_story()
    for key, value in (SCENES[number - 1].shows if number else theirs).items():
        kept[key] = value
    kept[SCENE], kept[THEIRS] = number, theirs
    if number and SCENES[number - 1].shows.get(state.START) == state.MY_DRAWING:
        shown_instead.put_aside()  # what covers the drawing that the scene starts from
    else:
        shown_instead.put_back()


def _before_the_story() -> dict[str, Any]:
    """What the visitor has chosen while no scene is shown."""
    before = {key: st.session_state.get(key, usual) for key, usual in USUAL.items()}
    return {key: value for key, value in before.items() if value is not None}


def _chosen_in_the_scene(number: int) -> dict[str, Any]:
    """What the visitor has chosen otherwise than the scene of this number shows it."""
    kept, shown = st.session_state, SCENES[number - 1].shows
    return {key: kept[key] for key in shown if kept.get(key, shown[key]) != shown[key]}
