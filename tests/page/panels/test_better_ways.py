"""Better ways: a rung for each classifier and method that was measured, and the table."""

import re

import pytest
from page_driver import at, rungs

import invert
from invert import CLASSIFIERS
from invert.evaluation import table
from invert.methods.records import recipe_for
from invert.page.panels import better_ways


def test_ladder_draws_ten_digits_a_rung_and_the_seed_moves_those_that_have_one(page, monkeypatch):
    other = at(monkeypatch, right="Better ways")
    before = rungs(other)
    assert list(before) == list(better_ways.RUNGS)
    assert all(rung.count("made to be a") == 10 for rung in before.values())
    other.choose("ladder-seed", 1)
    moved = {name for name, rung in rungs(other).items() if rung != before[name]}
    black = {name for name in before if getattr(recipe_for(*name, {}), "start", "") == "black"}
    assert black and moved == set(before) - black


def test_ladder_has_every_method_and_every_classifier():
    classifiers, methods = zip(*better_ways.RUNGS, strict=True)
    assert set(classifiers) == set(CLASSIFIERS) and set(methods) == set(invert.METHODS)


@pytest.mark.parametrize("classifier, method", better_ways.RUNGS)
def test_of_several_starts_that_were_measured_the_methods_own_comes_first(classifier, method):
    measured = next(start for *rung, start in table.PLAN if rung == [classifier, method])
    assert measured == getattr(recipe_for(classifier, method, {}), "start", "code")


def test_ladders_figures_are_the_measured_ones(page, monkeypatch):
    row = table.Row(
        "robust", "steepest", "black", False, 0.995, 0.987, 543.2, 0.12, 0.876, 6.5, 1.25
    )
    other = row._replace(start="noise", frechet=311.4)
    monkeypatch.setattr(table, "load", lambda: [row, other])
    shown = at(monkeypatch, right="Better ways")
    found = rungs(shown)
    assert "543.2" in found["robust", "steepest"] and "311.4" not in found["robust", "steepest"]
    assert "Fréchet" not in found["question", "plain"] + found["energy", "steepest"]
    assert re.search(r"robust steepest noise 0.995 0.987 311.4 0.12 0.876 6.5 1.25", shown.words)
