"""Results of a network are remembered: a shipped one's for everybody, one's own for its session."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from invert.networks.classifier import CLASSIFIERS

P = ParamSpec("P")
R = TypeVar("R")
OF_OWN = 24  # results of one function, for each session


def remembered(
    most: int,
) -> Callable[[Callable[Concatenate[str, P], R]], Callable[Concatenate[str, P], R]]:
    """Return a decorator that remembers the results of a function whose first argument is the name
    of a network.

    Args:
        most: how many results of shipped networks are kept.
    """

    def decorate(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
        for_all = st.cache_data(max_entries=most, show_spinner=False)(function)
        few = min(most, OF_OWN)
        for_one = st.cache_data(max_entries=few, show_spinner=False, scope="session")(function)

        @functools.wraps(function)
        def of_network(name: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if name in CLASSIFIERS:
                return for_all(name, *args, **kwargs)
            session = get_script_run_ctx(suppress_warning=True)
            return (function if session is None else for_one)(name, *args, **kwargs)

        return of_network

    return decorate
