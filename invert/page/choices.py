"""One control for "one of these", as every panel uses it."""

from collections.abc import Sequence

import streamlit as st

import invert

CLASSIFIERS = {
    "question": "trained as the question describes",
    "robust": "trained on digits that were disturbed so as to mislead it",
    "energy": "trained so too, and to tell real digits from those it imagines itself",
}


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


def classifier(default: str, key: str) -> str:
    """Let the visitor choose one of the classifiers that the methods invert."""
    used = (method.classifier for method in invert.METHODS.values())
    names = list(dict.fromkeys(name for name in (default, *used) if name in CLASSIFIERS))
    meanings = "; ".join(f"`{name}`: {CLASSIFIERS[name]}" for name in names)
    words = (
        f"One network, trained in different ways. {meanings}. The methods `robust` and `energy`"
        " under Generate are named after the classifier that they run backwards."
    )
    return one_of("Classifier", names, default, key, words)
