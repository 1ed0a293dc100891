"""What a link asks for that the page does not have, so that it is not dropped without a word."""

import math

import streamlit as st

# The keys of all widgets that are bound to the URL.
CHOICES: tuple[str, ...] = (
    "digit",
    "network",
    "method",
    "count",
    "seed",
    "start",
    "steps",
    "pen",
    "reader",
)
CHOICES += ("left", "right", "ladder-seed", "noise", "lost-image", "lost-classifier")


def asked() -> dict[str, str]:
    """Return what the link says when it is opened, and nothing later. Call it before any widget."""
    if "link asks" not in st.session_state:
        link = {key: st.query_params[key] for key in CHOICES if st.query_params.get(key)}
        st.session_state["link asks"] = link
        endless = [key for key, value in link.items() if _endless(value)]
        for key in endless:
            del st.query_params[key]  # Streamlit's number fields fail on it
        if endless:
            st.rerun()
    link, st.session_state["link asks"] = st.session_state["link asks"], {}
    return link


def say_what_is_missing(asked: dict[str, str]) -> None:
    """Name the choices that show something else than the link asks for. Call it after all widgets.

    Only choices that are shown are named, by their own names and nobody else's.
    """
    shown = {key: st.session_state[key] for key in asked if key in st.session_state}
    ignored = [key for key, value in shown.items() if not _same(asked[key], value)]
    if ignored:
        st.toast(
            f"The link asks for what this page does not have: {', '.join(ignored)}."
            " The usual is shown.",
            duration="long",
        )


def _same(asked: str, value) -> bool:
    try:
        return float(asked) == float(value)
    except (TypeError, ValueError):
        return asked == str(value)


def _endless(value: str) -> bool:
    try:
        return math.isinf(float(value))
    except ValueError:
        return False
