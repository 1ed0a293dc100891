"""What a pen drew, as the browser is told it."""

import base64
import html
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.interpolate import BSpline

from invert.page.pictures import pen_film


def told(attribute):
    """What ``strokes.js`` reads: the way, and its points ``(F, N, K, P, 2)`` in canvas pixels."""
    way = json.loads(html.unescape(re.fullmatch(r'data-pen="([^"]*)"', attribute)[1]))
    points = np.frombuffer(base64.b64decode(way["points"]), "<i2") / way["units"]
    return way, points.reshape(*way["shape"], -1, 2)


@pytest.mark.parametrize("count", [2, 3, 6, 10])
def test_curves_go_where_the_splines_of_the_control_points_go(count):
    rng = np.random.default_rng(0)
    frames = rng.uniform(-30, 310, (3, 2, 2, count, 2))
    way, points = told(pen_film.attribute(frames, (28, 28), 2))
    np.testing.assert_allclose(points.reshape(frames.shape), frames, atol=0.051)
    weights = np.array(way["weights"])
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-3)
    degree = min(3, count - 1)
    inner = np.linspace(0, 1, count - degree + 1)
    knots = np.pad(inner, degree, "edge")
    ends = BSpline(knots, frames[1, 0, 1], degree)(inner)
    np.testing.assert_allclose(weights[::3] @ frames[1, 0, 1], ends, atol=0.1)


def test_what_may_begin_lies_over_one_another_and_each_is_written_in_turn():
    strokes = np.arange(2 * 4 * 3 * 6 * 2, dtype=float).reshape(2, 4, 3, 6, 2)
    way, points = told(pen_film.of_beginnings(strokes, (28, 28)))
    assert way["shape"] == [1, 2, 12, 6] and way["turns"] == 3
    np.testing.assert_array_equal(points.ravel(), strokes.ravel())


def of_run(levels, frames=None):
    strokes = np.zeros((1, 2, 6, 2))
    run = SimpleNamespace(strokes=strokes, stroke_frames=frames, images=levels[None])
    return told(pen_film.of_run(run, levels))[0]


def test_ink_is_drawn_as_the_network_sees_it():
    grey = np.zeros((28, 28))
    grey[10:12] = 1
    assert not of_run(grey)["negative"] and of_run(1 - grey)["negative"]
    colour = np.repeat(grey[..., None], 3, axis=-1)
    assert of_run(colour)["negative"] and not of_run(1 - colour)["negative"]


def test_what_was_made_in_one_go_is_a_way_of_one_frame():
    levels = np.zeros((28, 56))
    assert of_run(levels)["shape"] == [1, 1, 2, 6]
    assert of_run(levels, np.zeros((5, 1, 2, 6, 2)))["shape"] == [5, 1, 2, 6]
    assert of_run(levels)["page"] == [560, 280]
