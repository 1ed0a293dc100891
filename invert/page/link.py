"""What a link asks for that the page does not have, so that it is not dropped without a word."""

import math

import streamlit as st


def asked() -> dict[str, str]:
    """Return what the link says when it is opened, and nothing later. Call it before any widget."""
    endless = [key for key, value in st.query_params.items() if _endless(value)]
    if endless and not st.session_state.setdefault("link was mended", False):
        st.session_state["link was mended"] = True
        for key in endless:
            del st.query_params[key]  # Streamlit's number fields fail on it
        st.rerun()
    if st.session_state.setdefault("link was read", False):
        return {}
    st.session_state["link was read"] = True
    return {key: value for key, value in st.query_params.items() if key and value}


def say_what_is_missing(asked: dict[str, str]) -> None:
    """Name the choices that show something else than the link asks for. Call it after all widgets.

    Only choices that the page knows and shows are named, by their own names and nobody else's.
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
    except ValueError:
        return asked == str(value)


def _endless(value: str) -> bool:
    try:
        return math.isinf(float(value))
    except ValueError:
        return False
