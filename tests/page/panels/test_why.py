"""Why: the reasons of two classifiers, and the layers of the one that reads."""

import re

from page_driver import ONE, ZERO, at

from invert.networks.weights import WeightsError
from invert.page import layers


def test_why_explains_the_drawing_on_two_classifiers(page, monkeypatch):
    other = at(monkeypatch, left="Why")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert (
        other.html.count('class="heat"') == 6 and other.html.count("the nearest image read") == 18
    )
    assert re.search(r"robust reads 1, \S+ sure", other.words)
    assert re.search(r"question reads \d, \S+ sure", other.words)


def test_layers_are_those_of_the_classifier_that_reads(page, monkeypatch):
    assert "Inside energy" in at(monkeypatch, left="Why").draw(ZERO).words
    assert "Inside question" in at(monkeypatch, left="Why", reader="question").draw(ZERO).words


def test_layers_that_fail_leave_the_reasons(page, monkeypatch):
    def fail(name):
        raise WeightsError("energy.weights.h5 is missing.")

    monkeypatch.setattr(layers, "style", fail)
    other = at(monkeypatch, left="Why", reader="energy").draw(ONE)
    assert other.words.count("energy.weights.h5 is missing.") == 1
    assert "robust reads 1" in other.words


def test_a_network_of_convolutions_has_no_layers_to_look_into_and_that_is_no_failure(
    page, monkeypatch
):
    other = at(monkeypatch, left="Why", reader="student").draw(ONE)
    assert "student has convolutions." in other.words and 'role="alert"' not in other.html
    assert "Inside student" not in other.words and "robust reads 1" in other.words
