"""The pen while it is down: how often it may ask."""

import time

import pytest
from page_driver import ONE, at

from invert.page.canvas import stroke_stream


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.setattr(stroke_stream, "_at_work", {})


@pytest.mark.parametrize("pens, rest", [(0, 100), (1, 100), (2, 166), (6, 500), (60, 5000)])
def test_all_pens_together_ask_no_more_than_that(pens, rest):
    stroke_stream._at_work.update({str(pen): time.monotonic() for pen in range(pens)})
    assert stroke_stream._rest() == rest
    assert pens * 1000 / stroke_stream._rest() <= stroke_stream.ASKED_A_SECOND + 0.1


def test_a_pen_that_is_up_for_a_while_counts_no_more(monkeypatch):
    stroke_stream._at_work.update({str(pen): time.monotonic() for pen in range(20)})
    now = time.monotonic() + 3
    monkeypatch.setattr(stroke_stream.time, "monotonic", lambda: now)
    assert stroke_stream._rest() == stroke_stream.REST_MILLISECONDS and not stroke_stream._at_work


def test_one_visitor_alone_is_answered_five_times_a_second_at_least():
    answer = 0.04  # seconds, more than a run of the page takes
    assert 1 / (answer + stroke_stream.REST_MILLISECONDS / 1000) > 5


def test_joined_is_the_drawing_and_the_stroke():
    drawn = stroke_stream.joined(ONE, [[1, 2], [3, 4]])
    assert drawn["objects"][:-1] == ONE["objects"]
    assert drawn["objects"][-1]["path"] == [["M", 1, 2], ["L", 3, 4]]
    assert stroke_stream.joined(None, [[1, 2], [3, 4]])["objects"][0]["path"][0] == ["M", 1, 2]


def test_points_are_a_visitors_own(page, monkeypatch):
    page.move_pen((60, 40), (200, 40))
    other = at(monkeypatch)
    assert "labelled" in other.html, "another still has the example"
