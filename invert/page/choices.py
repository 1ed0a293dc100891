"""One control for "one of these", as every panel uses it."""

from collections.abc import Sequence

import streamlit as st

from invert.networks.classifier import CLASSIFIERS


def one_of(
    label: str, options: Sequence[str], default: str, key: str, help: str, width="content"
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
        help=help,
        width=width,
    )
    return chosen or default


def classifier(
    default: str, key: str, label: str = "Network", names: Sequence[str] = tuple(CLASSIFIERS)
) -> str:
    """Let the visitor choose one of the classifiers that ship."""
    meanings = "; ".join(f"`{name}`: trained {CLASSIFIERS[name].training}" for name in names)
    words = f"What reads, or is run backwards. {meanings}."
    return one_of(label, names, default, key, words)
