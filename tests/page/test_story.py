"""The story: each scene shows what it says, and is a link."""

import pytest
from page_driver import ZERO, at

import invert
from invert.page import link, state, story


def test_the_story_is_turned_and_closed(page):
    assert "of 5" not in page.words
    page.click("story")
    for number, scene in enumerate(story.SCENES, 1):
        assert f"{number} of 5" in page.words and scene.sentence in page.words
        assert scene.touch in page.words
        assert page.test.query_params["scene"] == str(number)
        assert page.test.button(key="scene-back").disabled == (number == 1)
        assert page.test.button(key="scene-next").disabled == (number == 5)
        if number < 5:
            page.click("scene-next")
    page.click("scene-back")
    assert "4 of 5" in page.words
    page.click("scene-close")
    assert "of 5" not in page.words and "scene" not in page.test.query_params


@pytest.mark.parametrize("number", range(1, len(story.SCENES) + 1))
def test_a_link_opens_at_its_scene(page, monkeypatch, number):
    scene = story.SCENES[number - 1]
    other = at(monkeypatch, scene=str(number))
    assert scene.sentence in other.words and 'role="alert"' not in other.html
    kept = other.test.session_state
    assert all(kept[key] == value for key, value in scene.shows.items() if key in kept)
    assert not other.test.toast
    assert scene.where in other.html


@pytest.mark.parametrize("scene", ["6", "x", "-1", "01", "<b>", "inf"])
def test_a_link_to_no_scene_opens_the_page_and_says_so(page, monkeypatch, scene):
    other = at(monkeypatch, scene=scene, digit="nonsense")
    assert "of 5" not in other.words and other.images and "scene" not in other.test.query_params
    (toast,) = other.test.toast
    assert toast.value == link.MISSING.format("digit, scene")
    assert not other.run().test.toast, "it is said once"


def test_the_first_scene_is_noise_that_only_its_network_reads(page):
    page.click("story")
    (shown,) = page.images
    assert "network says 8" in shown and "judge says not a digit" in shown
    run = invert.generate(8, "plain", classifier="question", seed=9, start="noise")
    others = {
        name: int(invert.classify(run.images, name)[0].argmax()) for name in invert.CLASSIFIERS
    }
    assert others.pop("question") == 8 and 8 not in others.values(), "as the sentence says"


def test_the_third_scenes_digit_is_one_to_the_judge(page):
    page.click("story").click("scene-next").click("scene-next")
    (shown,) = page.images
    assert "judge says 8" in shown


def test_the_last_scene_changes_the_visitors_drawing(page):
    page.draw(ZERO).click("story")
    for _ in range(4):
        page.click("scene-next")
    assert page.test.get_by_key("start").value == state.MY_DRAWING
    assert "of the others 0 comes highest" in page.html
