"""The chart: ten lines where the probabilities are, and the same in words."""

import xml.etree.ElementTree as ElementTree

import numpy as np

from invert.page.pictures import chart


def test_chart_draws_every_digit_where_it_is_and_the_target_last():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 61)
    root = ElementTree.fromstring(chart.svg(probabilities, np.arange(61), target=4))
    paths = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("class") != "grid"]
    assert len(paths) == 10 and paths[-1].get("class") == "target"
    points = np.array([p.split() for p in paths[-1].get("d")[1:].split("L")], float)
    np.testing.assert_allclose(points[:, 0], np.arange(61) * chart.WIDTH / 60, atol=0.06)
    np.testing.assert_allclose(1 - points[:, 1] / chart.HEIGHT, probabilities[:, 4], atol=0.001)


def test_frames_stand_where_their_steps_are():
    probabilities = np.full((3, 10), 0.1)
    root = ElementTree.fromstring(chart.svg(probabilities, np.array([0, 250, 1000]), 0))
    last = list(root)[-1].get("d")[1:].split("L")
    assert [float(point.split()[0]) for point in last] == [0, chart.WIDTH / 4, chart.WIDTH]
    assert "in 1000 steps" in chart.figure(probabilities, np.array([0, 250, 1000]), 0, 1)


def test_chart_says_in_words_what_it_shows():
    probabilities = np.zeros((3, 10))
    probabilities[:, 8], probabilities[:, 3] = (0.0, 0.5, 0.97), (0.9, 0.2, 0.0)
    html = chart.figure(probabilities, np.arange(3), target=8, images=4)
    assert "8 goes from 0% to 97% in 2 steps; of the others 3 comes highest, 90%." in html
    assert "mean of 4 images" in html
    assert "From step 1 on it is the answer." in html and "--turn:0.5000" in html


def test_the_turn_is_the_last_one_and_none_where_nothing_turned():
    rng = np.random.default_rng(1)
    for _ in range(50):
        probabilities = rng.dirichlet(np.ones(4), 12)
        row = chart.turn(probabilities, 2)
        answers = probabilities.argmax(axis=1) == 2
        if row is None:
            assert answers.all() or not answers[-1]
        else:
            assert answers[row:].all() and not answers[row - 1]


def test_labels_are_shown_escaped():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
    html = chart.figure(probabilities, np.arange(2), 1, 1, ("<i>cat</i>", "dog"))
    assert "<i>cat" not in html and "&lt;i&gt;cat" in html and "from step 1 it says dog" in html
