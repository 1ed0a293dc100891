"""The table of a network's features, a slider each.

It is a component, for only components can send. While a slider moves it sends where it stands as
often as it is answered (``features.js``).
"""

import math
from typing import Any

import streamlit as st

from invert.page.features import inputs
from invert.page.frame import look
from invert.page.session import network

MOST_NUMBER, LONGEST = 1e30, 200  # float32 knows the one; signs of a name
KEY, ANSWERED = "features", "what the features' table was answered last"


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    # It registers itself with a server, and there must be one.
    return st.components.v2.component(
        "invert_features",
        html='<div class="features"></div>',
        js=look.script("features"),
        isolate_styles=False,
    )


def show(chosen: network.Network) -> inputs.Inputs:
    """Show the table, and return what is told and set.

    Args:
        chosen: a network of features.
    """
    present = inputs.present(chosen)
    _component()(
        data={
            "of": present.of,
            "revision": present.revision,
            "rows": [list(row) for row in present.rows],
            "values": list(present.values),
            "held": sorted(present.held),
            "kinds": list(inputs.KINDS),
            "answered": st.session_state.get(ANSWERED, 0),
        },
        key=KEY,
        on_told_change=_note,
    )
    return present


def _note() -> None:
    """Use what the table has sent. What it would never send changes nothing."""
    sent = st.session_state[KEY].told
    if not isinstance(sent, dict) or type(sent.get("number")) is not int:
        return
    st.session_state[ANSWERED] = sent["number"]
    chosen = network.chosen()
    if not chosen.features or chosen.source is None:
        return
    present = inputs.present(chosen)
    said = checked(sent, len(present.rows))
    if said is not None and sent.get("of") == present.of:
        inputs.tell(present, *said)


def checked(
    sent: dict[str, Any], count: int
) -> tuple[list[inputs.Row], list[float], frozenset[int]] | None:
    """Return what the table in the browser says, or None for what it would never say.

    Args:
        sent: ``{"rows": [[name, low, high, kind], …], "values": […], "held": […]}``. A number that
            cannot be read is None.
        count: of features.
    """
    rows, values, held = sent.get("rows"), sent.get("values"), sent.get("held")
    if not (isinstance(rows, list) and isinstance(values, list) and isinstance(held, list)):
        return None
    if not len(rows) == len(values) == count or len(held) > count:
        return None
    said = [_row(row) for row in rows]
    places = all(type(place) is int and 0 <= place < count for place in held)
    if None in said or not places or not all(map(_is_number, values)):
        return None
    return [row for row in said if row], [float(value) for value in values], frozenset(held)


def _row(row: Any) -> inputs.Row | None:
    if not isinstance(row, list) or len(row) != 4:
        return None
    name, *ends, kind = row
    good = isinstance(name, str) and len(name) <= LONGEST and kind in inputs.KINDS
    if not good or not all(end is None or _is_number(end) for end in ends):
        return None
    low, high = (math.nan if end is None else float(end) for end in ends)
    return inputs.Row(name, low, high, kind)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= MOST_NUMBER
