import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invert.drawing import polylines, stroke_pieces

places = st.tuples(*[st.integers(0, 280)] * 2)


def off(points, way):
    """How far each point is from the nearest piece of a way, by trying a thousand places on it."""
    along = np.linspace(0, 1, 1000)[:, None]
    on = np.concatenate([a + along * (b - a) for a, b in itertools.pairwise(way)])
    return np.array([np.hypot(*(on - point).T).min() for point in points])


@given(st.lists(places, min_size=2, max_size=25), st.floats(0.1, 30))
def test_what_is_left_out_lies_within_the_tolerance_of_what_stays(drawn, tolerance):
    points = np.array(drawn, float)
    kept = polylines.simplified(points, tolerance)
    assert kept[0].tolist() == points[0].tolist() and kept[-1].tolist() == points[-1].tolist()
    assert {tuple(point) for point in kept} <= {tuple(point) for point in points}
    assert off(points, kept).max() <= tolerance + 0.4  # half of what the tried places leave between


def test_a_corner_stays_and_what_lies_in_line_goes():
    points = np.array([[0, 0], [3, 0], [10, 0], [10, 4], [10, 9]], float)
    assert polylines.simplified(points, 0.5).tolist() == [[0, 0], [10, 0], [10, 9]]


def test_strokes_part_where_the_pen_was_lifted_and_stay_within_the_bounds():
    paths = [
        [["M", 10, 10], ["L", 60, 10], ["L", 60, 40]],
        [["M", 90, 90], ["L", 900, 90]],
    ]
    drawing = {"objects": [{"type": "Path", "path": path} for path in paths]}
    drawn = polylines.of_segments(stroke_pieces.segments(drawing), -20, 300)
    moved = [[point for point, _ in itertools.groupby(points.tolist())] for points in drawn]
    assert moved == [[[10, 10], [60, 10], [60, 40]], [[90, 90], [300, 90]]]


@pytest.mark.parametrize("curves", [10, 400])
def test_no_more_points_than_can_be_simplified(curves, monkeypatch):
    monkeypatch.setattr(polylines, "MOST", 1000)
    path = [["M", 0, 0], *(["Q", 9 * n, 200, 9 * n + 9, 0] for n in range(curves))]
    segments = stroke_pieces.segments({"objects": [{"type": "Path", "path": path}]})
    [points] = polylines.of_segments(segments, 0, 10_000)
    assert len(points) <= 1001 and points[-1].tolist() == [9 * curves, 0]
