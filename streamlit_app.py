"""The page. Start it with ``streamlit run streamlit_app.py``."""

import streamlit as st

from invert.page import (
    classify_panel,
    failure,
    generate_panel,
    how,
    ladder_panel,
    link,
    loading,
    look,
    lost_panel,
    tabs,
    why_panel,
)

LEFT = [("Classify", classify_panel.show), ("Why", why_panel.show)]
RIGHT = [
    ("Generate", generate_panel.show),
    ("Better ways", ladder_panel.show),
    ("What is lost", lost_panel.show),
]


def main():
    look.apply()
    asked = link.asked()
    look.heading(how.show, loading.show_status)
    left, right = st.columns(2, gap="large")
    with left:
        tabs.strip("left", LEFT)
    with right:
        tabs.strip("right", RIGHT)
    link.say_what_is_missing(asked)


failure.guard(main)
loading.begin()  # last, so that the page is shown first
