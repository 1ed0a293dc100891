"""A lost connection, and a server that is killed: what the visitor has stays."""

import pytest
from conftest import MODELS_SECONDS
from test_page_in_browser import (
    ONE,
    THREE,
    Easel,
    answer,
    choose,
    close_more,
    made,
    more,
    wait_for_url,
)

SPRITE = "document.querySelector('.sheet').style.getPropertyValue('--sprite')"
LOST = "The connection is lost."


@pytest.fixture
def visitor(browser):
    """A visitor's own window."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(MODELS_SECONDS * 1000)
    yield context.new_page()
    context.close()


@pytest.mark.long
def test_killed_server_comes_back_to_the_same_images_and_drawing(visitor, spare):
    spare.run()
    visitor.goto(f"{spare.address}/?digit=3&network=robust&count=3&steps=20")
    made(visitor, 3)
    more(visitor, "drawing")
    seed = visitor.get_by_label("Seed", exact=True)
    seed.fill("5")
    seed.press("Enter")
    wait_for_url(visitor, "seed=5")
    close_more(visitor)
    easel = Easel(visitor)
    easel.draw(THREE)
    answer(visitor, 3)
    wait_for_url(visitor, "drawing=")
    query, sprite, ink = (
        visitor.evaluate("location.search"),
        visitor.evaluate(SPRITE),
        easel.ink(),
    )
    spare.kill()
    visitor.get_by_role("status").get_by_text(LOST).wait_for()
    assert not visitor.get_by_role("dialog").is_visible(), "one sentence, and no box over all"

    spare.run()
    visitor.get_by_role("status").get_by_text(LOST).wait_for(state="hidden")
    visitor.locator(".answer").get_by_text("as soon as the models are loaded").wait_for()
    answer(visitor, 3)
    made(visitor, 3)
    assert visitor.evaluate("location.search") == query
    assert visitor.evaluate(SPRITE) == sprite
    assert easel.ink() == ink
    easel.tool("Undo").click()
    visitor.locator(".answer").get_by_text("Draw a digit").wait_for()


def test_what_is_drawn_while_the_connection_is_lost_is_read_when_it_is_back(visitor, server, ready):
    sockets = []

    def connect(socket):
        socket.connect_to_server()
        sockets.append(socket)

    visitor.route_web_socket("**/_stcore/stream", connect)
    visitor.goto(f"{server}/?digit=5")
    # While it loads, the page asks the server again and again, and that would mend everything.
    visitor.get_by_role("status").get_by_text("Ready").wait_for()
    made(visitor, 5)
    Easel(visitor).paper.wait_for()
    visitor.route("**/_stcore/h*", lambda route: route.abort())
    sockets[-1].close()
    visitor.get_by_role("status").get_by_text(LOST).wait_for()
    Easel(visitor).draw(ONE, until_read=False)
    visitor.unroute_all()
    answer(visitor, 1)
    assert visitor.get_by_role("status").get_by_text(LOST).count() == 0
    choose(visitor, "digit", "7")
    made(visitor, 7)
