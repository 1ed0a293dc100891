"""One control for "one of these", as every panel uses it."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st


def one_of(
    label: str,
    options: Sequence[str],
    default: str,
    key: str,
    width: Literal["content", "stretch"] = "content",
) -> str:
    """Let the visitor choose one of a few options, each one click away; the URL keeps the choice.

    Returns:
        The option chosen; the default where a link says ``?key=`` and so chooses none.
    """
    chosen = st.segmented_control(
        label,
        options,
        default=default,
        required=True,
        key=key,
        bind="query-params",
        width=width,
    )
    return chosen or default
