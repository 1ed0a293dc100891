"""The page's state in its address: a link shows the same, and says what it cannot show."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from page_driver import CANVAS, ONE, ZERO, Page, at, encoded
from PIL import Image

from invert.drawing import from_strokes, in_link
from invert.page.canvas import shown_instead
from invert.page.panels import classify
from invert.page.session import link, settings

COUNT = settings.COUNT
CHOICES = ["digit", "network", "method", "count", "seed", "start", "steps", "pen"]


def test_url_sets_every_choice(page, monkeypatch):
    link = {"digit": "3", "network": "question", "method": "plain", "count": "4", "seed": "12"}
    link |= {"start": "noise", "steps": "20", "pen": "thin"}
    assert set(link) == set(CHOICES)
    other = Page(monkeypatch)
    for key, value in link.items():
        other.test.query_params[key] = value
    other.run()
    assert {key: str(other.test.get_by_key(key).value) for key in link} == link
    assert len(other.images) == 4 and "made to be a 3" in other.images[0]


@pytest.mark.parametrize("key", [*CHOICES, "left", "right"])
@pytest.mark.parametrize("value", ["", "nonsense", "-1", "1e9", "<script>alert(1)</script>"])
def test_bad_url_falls_back_to_what_is_valid(page, monkeypatch, key, value):
    other = Page(monkeypatch)
    other.test.query_params[key] = value
    other.run()
    assert len(other.images) == COUNT and "made to be an 8" in other.images[0]
    assert 'role="alert"' not in other.html and "<script>alert" not in other.html
    said = " ".join(toast.value for toast in other.test.toast)
    shown = value if len(value) < 9 else "scriptalert1script"
    assert (f"cannot be chosen here: {key} {shown}. " in said) == bool(value) and "<" not in said
    assert not other.run().test.toast, "it is said once"


def test_link_with_valid_values_is_followed_without_a_word(page, monkeypatch):
    link = {"digit": "8", "count": "04", "seed": "7", "pen": "thin", "left": "Classify"}
    link |= {"network": "robust", "method": "its best"}
    assert not at(monkeypatch, **link, utm="x", lost_image="nonsense").test.toast


@pytest.mark.parametrize(
    "asking, named",
    [
        ({"upload": "1", "instead": "1", "sent": "x", "link asks": "x"}, []),
        ({"canvas": "1", "strokes": "1", "drawn image": "1", "complaint": "x", "dice": "1"}, []),
        ({"seed": "inf"}, ["seed inf"]),
        (
            {"seed": "1e400", "count": "-inf", "steps": "7", "utm": "inf"},
            ["count -inf", "seed 1e400", "steps 7"],
        ),
    ],
)
def test_link_names_in_its_message_only_choices(page, monkeypatch, asking, named):
    visitor = at(monkeypatch, **asking)
    said = [toast.value for toast in visitor.test.toast]
    assert len(visitor.images) == COUNT and 'role="alert"' not in visitor.html
    assert [re.search("chosen here: (.*?)[.] The", words)[1] for words in said] == (
        [", ".join(named)] if named else []
    )
    assert not visitor.draw(ONE).test.toast and visitor.answer == 1


def test_no_address_in_a_link_becomes_a_link_of_the_page(page, monkeypatch):
    visitor = at(monkeypatch, seed="www.example.org/a", steps="[a](b)", count="2.5")
    (toast,) = visitor.test.toast
    assert toast.value == link.MISSING.format("count 2.5, seed wwwexampleorga, steps ab")


@pytest.mark.long
def test_link_knows_every_choice_that_the_url_keeps(page, monkeypatch):
    bound = {"", "left", "right"}  # the tabs, which are no widgets
    for right in ("Generate", "Better ways", "What is lost"):
        widgets = at(monkeypatch, right=right).test.main
        bound |= {getattr(widget.proto, "query_param_key", "") for widget in widgets}
    assert bound == {"", *link.CHOICES}


def test_no_control_needs_a_help_sign(page):
    for key in [*CHOICES, "dice", "example", "back", "upload"]:
        widget = page.test.get_by_key(key)
        assert widget.label and not getattr(widget, "help", ""), key


def test_a_link_opens_with_the_drawing_it_carries_and_keeps_the_next(page, monkeypatch):
    page.draw(ZERO)
    text = page.test.query_params["drawing"]
    other = Page(monkeypatch)
    other.test.query_params["drawing"] = text
    opened = []
    monkeypatch.setattr(
        CANVAS,
        "st_canvas",
        lambda initial_drawing, **_: (
            opened.append(initial_drawing)
            or SimpleNamespace(json_data=other.drawing or initial_drawing)
        ),
    )
    other.run()
    assert other.answer == 0 and "labelled" not in other.html, "no example over it"
    apart = np.abs(from_strokes(opened[0]) - from_strokes(ZERO)).mean()
    assert apart < 0.02
    other.draw({"objects": [*opened[0]["objects"], *ONE["objects"]]})
    assert opened[-1] == opened[0], "what a link brings is the same for the whole visit"
    assert other.test.query_params["drawing"] != text
    other.draw({"objects": []})
    assert "drawing" not in other.test.query_params


def test_a_new_server_asks_the_browser_what_its_canvas_began_with(page, monkeypatch):
    opened = []
    other = Page(monkeypatch)
    other.test.query_params["drawing"] = in_link.encode(ZERO)
    other.opened, other.drawing = in_link.encode(ONE), ZERO
    monkeypatch.setattr(
        CANVAS,
        "st_canvas",
        lambda initial_drawing, **_: (
            opened.append(initial_drawing) or SimpleNamespace(json_data=other.drawing)
        ),
    )
    other.run()
    assert opened[-1] == in_link.decode(other.opened), "another would empty the canvas"
    assert other.answer == 0
    other.opened = "no drawing"
    assert other.run().answer == 0 and opened[-1] is None


@pytest.mark.parametrize("text", ["x", "1" * 5000, "<script>alert(1)</script>", "%00", "1AAAA"])
def test_a_link_with_a_bad_drawing_says_so_and_opens_as_usual(page, monkeypatch, text):
    other = at(monkeypatch, drawing=text)
    (toast,) = other.test.toast
    assert (
        toast.value == "The link asks for what cannot be chosen here: drawing. The usual is shown."
    )
    assert "labelled" in other.html and 'role="alert"' not in other.html


def test_a_link_opens_with_the_example_that_was_shown(page, monkeypatch):
    page.draw(ZERO)
    numbers = iter([7, 4])
    monkeypatch.setattr(shown_instead.random, "randrange", lambda stop: next(numbers))
    page.click("example")
    assert page.test.query_params["example"] == "7-4"
    seven = page.test.session_state["drawn image"]
    assert "example" not in page.click("back").test.query_params and page.answer == 0
    other = at(monkeypatch, example="7-4")
    np.testing.assert_array_equal(other.test.session_state["drawn image"], seven)
    for bad in ("x", "77-1", "3-", "<script>"):
        assert f"labelled {shown_instead.FIRST[0]}" in at(monkeypatch, example=bad).html


@pytest.mark.parametrize("kind, key", [("Path", "path"), ("Polygon", "points")])
def test_a_drawing_that_takes_long_to_shorten_is_not_kept_whatever_it_is_made_of(
    page, monkeypatch, kind, key
):
    monkeypatch.setattr(link.in_link, "encode", lambda drawing: "short")
    x, y = np.random.default_rng(0).uniform(0, 280, (2, 3000)).round(1).tolist()
    path = [["M", x[0], y[0]], *(["L", *point] for point in zip(x, y, strict=True))]
    points = [{"x": a, "y": b} for a, b in zip(x, y, strict=True)]
    long = {"type": kind, key: path if kind == "Path" else points}
    page.draw({"objects": [long]})
    assert "drawing" not in page.test.query_params
    assert classify.LEFT_OUT in page.words and classify.LEFT_OUT in page.run().words
    assert classify.LEFT_OUT not in page.click("example").words, "the link shows the example"
    page.click("back").draw({"objects": [{**long, key: long[key][:100]}]})
    assert page.test.query_params["drawing"] == "short" and classify.LEFT_OUT not in page.words


def left_out(page):
    """What the button Share says that the link is without."""
    return re.search(r'data-left-out="([^"]*)"', page.html)[1]


def test_share_says_that_a_picture_is_in_no_link_and_no_other_is_named_in_its_place(page):
    assert left_out(page) == "", "whoever opens the link is met by the same example"
    assert left_out(page.draw(ZERO)) == ""
    assert left_out(page.click("example")) == "" and "example" in page.test.query_params
    page.click("read-1")
    assert left_out(page) == "the picture" and "example" not in page.test.query_params
    assert left_out(page.click("back")) == ""
    page.click("example")
    digit = encoded(Image.fromarray(np.uint8(255 * (1 - from_strokes(ONE)))), "PNG")
    page.test.get_by_key("upload").upload("one.png", digit, "image/png")
    page.run()
    assert "your picture one.png" in page.words
    assert left_out(page) == "the picture" and "example" not in page.test.query_params
    assert left_out(page.draw(ONE)) == ""


def test_share_says_that_a_drawing_of_too_many_points_is_left_out(page):
    across = np.linspace(20, 260, 10_001).tolist()
    path = [["M", 20, 20], *(["L", x, 140] for x in across)]
    page.draw({"objects": [{"type": "Path", "path": path}]})
    assert left_out(page) == "the drawing" and "drawing" not in page.test.query_params
    assert "at most 10,000 points" in page.words
