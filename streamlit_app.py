"""The page. Start it with ``streamlit run streamlit_app.py``."""

import streamlit as st

from invert.page import failure, headers


def main():
    # Here, for the canvas can only be imported where Streamlit runs already.
    from invert.page import (
        classify_panel,
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

    look.apply()
    asked = link.asked()
    look.heading(how.show, loading.show_status)
    left, right = st.columns(2, gap="large")
    with left:
        tabs.strip("left", [("Classify", classify_panel.show), ("Why", why_panel.show)])
    with right:
        tabs.strip(
            "right",
            [
                ("Generate", generate_panel.show),
                ("Better ways", ladder_panel.show),
                ("What is lost", lost_panel.show),
            ],
        )
    link.say_what_is_missing(asked)
    loading.begin()


if __name__ == "__main__":  # Streamlit runs this file so for each visitor,
    main()
else:  # and imports it once before, for what concerns the whole server.
    app = st.App(__file__, middleware=headers.MIDDLEWARE, on_script_error=failure.say)
