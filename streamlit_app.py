"""The page and its server. Start them with ``streamlit run streamlit_app.py``."""

import streamlit as st
from starlette.middleware import Middleware

from invert.page.frame import header, html_head, look, story, tabs
from invert.page.labelled import accuracy
from invert.page.panels import better_ways, classify, code, generate, what_is_lost, why
from invert.page.server import admission, failure, loading, queue
from invert.page.session import link, network

LEFT = [("Classify", classify.show), ("Accuracy", accuracy.show), ("Why", why.show)]
RIGHT = [
    ("Generate", generate.show),
    ("Better ways", better_ways.show),
    ("What is lost", what_is_lost.show),
    ("Code", code.show),
]
OF_FEATURES = ("Classify", "Generate", "Code")  # the panels of a network that reads no pictures


def main():
    look.apply()
    asked = link.asked()
    story.open_by_link()
    header.show()
    offered = OF_FEATURES if network.chosen().features else None
    left, right = st.columns(2, gap="large")
    with left:
        tabs.strip("left", LEFT, offered)
    with right:
        tabs.strip("right", RIGHT, offered)
    story.show()
    link.say_what_is_missing(asked)


if __name__ == "__main__":  # a visitor's page
    with queue.run():
        failure.guard(main)
    loading.begin()  # last, so that the page is shown first
else:  # the server, which reads this file once as a module
    stack = [Middleware(admission.Limits), Middleware(html_head.Head)]
    app = st.App(__file__, middleware=stack, lifespan=loading.load_soon)
