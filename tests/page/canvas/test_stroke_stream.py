"""The pen while it is down: how often it may ask."""

import re
import time

import pytest
from page_driver import ONE, at, stroke

from invert.page.canvas import stroke_stream


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.setattr(stroke_stream, "_at_work", {})


@pytest.mark.parametrize("pens, rest", [(0, 80), (1, 83), (2, 166), (6, 500), (60, 5000)])
def test_all_pens_together_ask_no_more_than_that(pens, rest):
    stroke_stream._at_work.update({str(pen): time.monotonic() for pen in range(pens)})
    assert stroke_stream._rest() == rest
    assert pens * 1000 / stroke_stream._rest() <= stroke_stream.ASKED_A_SECOND + 0.1


def test_a_pen_that_is_up_for_a_while_counts_no_more(monkeypatch):
    stroke_stream._at_work.update({str(pen): time.monotonic() for pen in range(20)})
    now = time.monotonic() + 3
    monkeypatch.setattr(stroke_stream.time, "monotonic", lambda: now)
    assert stroke_stream._rest() == stroke_stream.REST_MILLISECONDS and not stroke_stream._at_work


def test_one_visitor_alone_is_answered_seven_times_a_second_at_least():
    answer = 0.04  # seconds, more than a run of the page takes
    assert 1 / (answer + stroke_stream.REST_MILLISECONDS / 1000) > 7


def test_joined_is_the_drawing_and_the_stroke():
    drawn = stroke_stream.joined(ONE, [[1, 2], [3, 4]])
    assert drawn["objects"][:-1] == ONE["objects"]
    assert drawn["objects"][-1]["path"] == [["M", 1, 2], ["L", 3, 4]]
    assert stroke_stream.joined(None, [[1, 2], [3, 4]])["objects"][0]["path"][0] == ["M", 1, 2]


def test_a_stroke_that_has_ended_is_told_before_the_canvas_sends_it(page):
    told = lambda: re.findall(r'data-(strokes|ended)="(\d+)"', page.html)  # noqa: E731
    page.draw(ONE).move_pen((60, 40), (200, 40))
    assert told() == [("strokes", "1"), ("ended", "1")], "the pen is down"
    page.move_pen((60, 40), (200, 40), lifted=True)
    assert told() == [("strokes", "1"), ("ended", "2")]
    page.draw({"objects": [*ONE["objects"], stroke((60, 40), (200, 40))]})
    assert told() == [("strokes", "2"), ("ended", "2")]


def test_points_are_a_visitors_own(page, monkeypatch):
    page.move_pen((60, 40), (200, 40))
    other = at(monkeypatch)
    assert "labelled" in other.html, "another still has the example"
