"""Strokes: what a run keeps of them, one's own as a start, dark ink."""

import numpy as np
import pytest

import invert
from invert.inversion.parametrisations.strokes import Strokes
from invert.methods import pen
from invert.methods.records import METHODS
from invert.networks.classifier import open_graph

STROKE = [["M", 100, 40], ["L", 180, 60], ["L", 120, 120], ["L", 180, 180], ["L", 100, 240]]
THREE = {"objects": [{"type": "Path", "path": STROKE, "strokeWidth": 18}]}
FEW = {"classifier": "question", "method": "strokes", "steps": 5}


def test_a_run_keeps_its_strokes_on_the_canvas_and_their_way():
    run = invert.generate([8, 3], frames=3, **FEW)
    assert run.strokes.shape == (2, 2, 6, 2) and run.stroke_frames.shape == (3, 2, 2, 6, 2)
    np.testing.assert_array_equal(run.stroke_frames[-1], run.strokes)
    assert np.abs(run.stroke_frames[0] - run.strokes).max() > 1
    middle = run.strokes.reshape(-1, 2).mean(0)
    assert np.abs(middle - 140).max() < 60, "in the middle of 280 pixels"
    # Where strokes begin and end there is ink: splines reach their ends.
    for image, strokes in zip(run.images, run.strokes, strict=True):
        for x, y in strokes[:, [0, -1]].reshape(-1, 2) / 10:
            assert image[int(y), int(x)] > 0.5


def test_other_methods_have_no_strokes():
    run = invert.generate(8, "plain", classifier="question", steps=1)
    assert run.strokes is None and run.stroke_frames is None


def test_the_same_call_gives_the_same_strokes_and_another_seed_others():
    one, same, other = (invert.generate(8, seed=seed, **FEW) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.images, same.images)
    assert np.abs(one.strokes - other.strokes).max() > 1


def test_a_drawing_is_where_m_starts_and_closeness_keeps_it_there():
    near, far = (
        invert.generate(8, start=THREE, frames=2, closeness=weight, **FEW | {"steps": 30})
        for weight in (10.0, 0.0)
    )
    assert near.start == "drawing" and near.strokes.shape == (1, 1, 10, 2)
    np.testing.assert_array_equal(near.stroke_frames[0], far.stroke_frames[0])
    begin = near.stroke_frames[0, 0, 0]
    np.testing.assert_allclose(begin[[0, -1], 0], begin[0, 0], atol=2)  # as drawn, one over another
    assert begin[0, 1] < begin[-1, 1], "y is down"
    went = [np.abs(run.strokes - run.stroke_frames[0]).mean() for run in (near, far)]
    assert went[0] < went[1] / 2


def test_a_random_start_is_held_narrow_and_travels_little_and_a_drawing_is_kept_close():
    record, graph = METHODS["strokes"], open_graph("question")
    random, drawing = (set(pen.begin(record, graph, how, 1, 0)[2]) for how in ("random", THREE))
    assert random == {"bending", "breadth", "travel"} and drawing == {"bending", "closeness"}


@pytest.mark.parametrize("start", ["black", np.zeros((28, 28)), {"objects": []}, {"objects": 3}])
def test_what_is_no_drawing_is_no_start(start):
    with pytest.raises(ValueError, match=r"drawing|Draw a digit|objects"):
        invert.generate(8, "strokes", classifier="question", start=start)


def test_a_network_tells_whether_ink_is_dark():
    graph = open_graph("question")
    keras_model = invert.networks.classifier.load("question")
    assert not pen.ink_is_dark(graph, METHODS["strokes"])
    import keras

    image = keras.Input((28, 28))
    turned = keras.layers.Rescaling(-1.0, 1.0)(keras.layers.Reshape((784,))(image))
    dark = invert.freeze(keras.Model(image, keras_model(turned)))
    assert pen.ink_is_dark(dark, METHODS["strokes"])
    assert Strokes((28, 28), dark=True).make(np.zeros((1, 2, 6, 2), np.float32))[0, 0, 0] > 0.99


def test_what_a_run_may_begin_with_is_known_before_it():
    run = invert.generate([3, 8], "strokes", classifier="question", seed=4, steps=1, frames=2)
    known = pen.beginnings(invert.METHODS["strokes"], (28, 28), None, 2, 4)
    assert known.shape == (2, 4, *run.strokes.shape[1:])
    far = np.abs(known - run.stroke_frames[0][:, None]).max(axis=(2, 3, 4))
    assert (far.min(axis=1) < 1e-3).all() and (far > 1).sum() == 6, "one of four each"
    drawing = {"objects": [{"type": "Path", "path": [["M", 40, 90], ["L", 240, 150]]}]}
    run = invert.generate(1, "strokes", classifier="question", start=drawing, steps=1, frames=2)
    known = pen.beginnings(invert.METHODS["strokes"], (28, 28), drawing, 1, 0)
    np.testing.assert_allclose(known[0], run.stroke_frames[0], atol=1e-3)
