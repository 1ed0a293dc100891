"""Answers and lengths as one speaks of them."""

import doctest

import pytest

from invert.page.pictures import wording


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize("label", ["8", "80", "11", "18", "Apple", "eel", "ink", "owl"])
def test_before_a_vowel_as_it_is_spoken_stands_an(label):
    assert wording.article(label) == "an"


@pytest.mark.parametrize("label", ["0", "1", "3", "10", "17", "cat", ""])
def test_before_all_others_stands_a(label):
    assert wording.article(label) == "a"
