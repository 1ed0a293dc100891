"""Generate: every choice takes effect, and what is shown is what was asked for."""

import re

import pytest
from page_driver import ONE, ZERO, Page, sprite

import invert
from invert import CLASSIFIERS
from invert.methods import starts
from invert.methods.records import recipe_for
from invert.networks.classifier import DEFAULT
from invert.page import state
from invert.page.panels import better_ways, generate

COUNT = generate.COUNT


def test_a_digit_appears_with_both_opinions(page):
    page.choose("digit", "3")
    page.choose("count", 1)
    (description,) = page.images
    assert re.match(r"Image made to be a 3: classifier says 3, .*%; judge says \d, ", description)
    assert "data:image/png;base64," in page.html and "data:image/svg+xml;base64," in page.html


@pytest.mark.parametrize("classifier, method", better_ways.RUNGS)
def test_every_method_and_start_shows_images_and_its_claim(page, classifier, method):
    page.choose("network", classifier).choose("method", method)
    recipe = recipe_for(classifier, method, {})
    free = getattr(recipe, "start", starts.CODE) in invert.STARTS
    assert page.test.get_by_key("start").disabled != free
    assert page.test.get_by_key("steps").disabled == ("steps" not in recipe.settings)
    for start in [generate.OWN, *invert.STARTS] if free else [generate.OWN]:
        if free:
            page.choose("start", start)
        assert len(page.images) == COUNT and 'role="alert"' not in page.html
    assert recipe.claim in page.words
    assert ("The network stays as it is" in page.words) == free


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_network_is_run_backwards_by_its_best_method_unless_another_is_asked_for(page, name):
    assert page.test.get_by_key("network").value == DEFAULT
    assert page.test.get_by_key("method").value == generate.BEST
    page.choose("network", name)
    best = CLASSIFIERS[name].method
    assert f"{best} : {invert.METHODS[best].claim}" in page.words, "it says which that is"
    steps = recipe_for(name, None, {}).steps
    assert f"step {steps} of {steps}" in page.words
    shown = sprite(page)
    page.choose("method", best)
    assert sprite(page) == shown, "named, it is the same"
    page.choose("method", "plain")
    assert sprite(page) != shown and invert.METHODS["plain"].claim in page.words


@pytest.mark.parametrize("count", [1, 4, 5, 16])
def test_as_many_images_as_asked_for(page, count):
    page.choose("count", count)
    assert len(page.images) == count


def test_training_data_is_admitted(page):
    page.choose("start", "noise")
    assert "training data" not in page.words
    page.choose("start", "average")
    assert "Start: average, drawn from training data." in page.words


def test_seed_decides_and_the_dice_changes_it(page, monkeypatch):
    page.choose("start", "noise")
    first = sprite(page)
    monkeypatch.setattr(generate.random, "randint", lambda low, high: 77)
    page.test.button(key="dice").click()
    page.run()
    assert page.test.number_input(key="seed").value == 77
    assert sprite(page) != first
    page.choose("seed", generate.SEED)
    assert sprite(page) == first


def test_steps_are_the_methods_own_or_the_visitors(page):
    own = recipe_for(DEFAULT, None, {}).steps
    assert f"step {own} of {own}" in page.words
    page.choose("steps", "10")
    assert "step 10 of 10" in page.words


def test_a_run_is_not_computed_again_for_a_rerun_or_another_visitor(page, monkeypatch):
    calls = []
    make = invert.generate
    monkeypatch.setattr(invert, "generate", lambda *a, **k: calls.append(1) or make(*a, **k))
    page.choose("digit", "5")
    page.draw(ONE)
    other = Page(monkeypatch).run()
    other.choose("digit", "5")
    assert calls == [1]


def test_method_that_takes_no_steps_shows_its_images_without_a_film(page):
    page.choose("steps", "10").choose("method", "inverse")
    assert len(page.images) == COUNT and "Made in one go" in page.words
    assert 'class="player"' not in page.html and 'class="chart"' not in page.html
    assert page.test.get_by_key("keep-gif").disabled
    page.choose("method", "steepest")
    assert "step 10 of 10" in page.words, "the choice was kept"


def test_several_images_from_black_would_be_one_so_they_start_from_noise(page):
    assert recipe_for("robust", None, {}).start == "black"
    page.choose("network", "robust")
    assert "Start: noise." in page.words
    page.choose("count", 1)
    assert "Start: black." in page.words
    page.choose("count", 2).choose("start", "black")
    assert "Start: black." in page.words, "who asks for it has it"


def test_my_drawing_becomes_another_digit_and_follows_the_pen(page):
    page.choose("count", 1).choose("start", state.MY_DRAWING)
    assert "Nothing is drawn yet" in page.words and not page.images
    assert 'role="alert"' not in page.html
    page.draw(ZERO)
    assert "Start: your drawing." in page.words and "of the others 0 comes highest" in page.html
    zero = sprite(page)
    page.draw(ONE)
    assert "of the others 1 comes highest" in page.html and sprite(page) != zero


def test_images_that_did_not_convince_their_network_are_counted_in_place_of_the_invitation(page):
    invitation = "Click an image to classify it."
    assert invitation in page.words
    page.choose("network", "question").choose("steps", "5")
    assert (
        f"{COUNT} of {COUNT} did not convince the network. Try more steps, or another method."
        in page.words
    )
    assert invitation not in page.words and 'role="alert"' not in page.html
    page.choose("steps", generate.OWN)
    assert invitation in page.words
