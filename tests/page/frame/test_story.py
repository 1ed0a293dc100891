"""The story: each scene shows what it says, and is a link."""

import pytest
from page_driver import ZERO, at

import invert
from invert.page.canvas import shown_instead
from invert.page.frame import story
from invert.page.session import link, settings, state


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


def test_the_example_that_the_last_scene_puts_aside_comes_back(page):
    page.click("story")
    for _ in range(4):
        page.click("scene-next")
    assert "MNIST test digit" not in page.html
    page.click("scene-close")
    assert "MNIST test digit, labelled 3" in page.html and page.answer == 3
    page.click("story")
    for _ in range(4):
        page.click("scene-next")
    page.draw(ZERO).click("scene-close")
    assert "MNIST test digit" not in page.html and page.answer == 0, "something was drawn meanwhile"


def test_an_example_is_put_aside_with_its_name_in_the_link(page, monkeypatch):
    numbers = iter([7, 4, 5, 2])
    monkeypatch.setattr(shown_instead.random, "randrange", lambda stop: next(numbers))
    page.click("example").click("story")
    for _ in range(4):
        page.click("scene-next")
    assert "example" not in page.test.query_params
    page.click("scene-close")
    assert page.test.query_params["example"] == "7-4" and "labelled 7" in page.html
    page.click("story")
    for _ in range(4):
        page.click("scene-next")
    page.click("example").click("scene-close")
    assert page.test.query_params["example"] == "5-2" and "labelled 5" in page.html, "shown since"


MINE = {"network": "robust", "digit": "3", "start": "noise", "steps": "20", "seed": 5, "count": 2}


def chosen(page):
    return {key: page.test.get_by_key(key).value for key in MINE}


def test_closing_gives_back_what_was_chosen_before(page):
    for key, value in MINE.items():
        page.choose(key, value)
    assert chosen(page) == MINE
    page.click("story")
    assert chosen(page)["network"] == "question"
    for _ in range(4):
        page.click("scene-next")
    page.click("scene-close")
    assert chosen(page) == MINE and page.test.query_params["seed"] == "5"


def test_what_is_chosen_during_the_story_stays(page):
    page.choose("digit", "3").click("story").click("scene-next")
    page.choose("digit", "6").click("scene-next").click("scene-next").choose("seed", 77).click(
        "scene-close"
    )
    assert page.test.get_by_key("digit").value == "6" and page.test.get_by_key("seed").value == 77
    assert page.test.get_by_key("network").value == "energy", "as before"
    page.click("story").click("scene-close")
    assert page.test.get_by_key("digit").value == "6", "the next story begins with these"


def test_what_no_control_showed_is_as_usual_after_the_story(page):
    page.choose("network", "robust").choose("start", "black")
    assert not [each for each in page.test.number_input if each.key == "seed"]
    page.click("story").click("scene-close").choose("start", "noise")
    assert page.test.get_by_key("seed").value == settings.SEED


def test_whoever_came_by_a_link_to_a_scene_stays_there(page, monkeypatch):
    other = at(monkeypatch, scene="2").click("scene-close")
    assert other.test.get_by_key("network").value == "question"


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
    assert toast.value == link.MISSING.format(f"digit nonsense, scene {scene}".replace("<b>", "b"))
    assert not other.run().test.toast, "it is said once"


def test_a_bad_drawing_is_named_with_the_other_choices(page, monkeypatch):
    other = at(monkeypatch, drawing="nonsense", digit="nonsense")
    (toast,) = other.test.toast
    assert toast.value == link.MISSING.format("digit nonsense, drawing")
    assert not other.run().test.toast, "it is said once"


def test_a_bad_drawing_that_comes_later_than_the_page_is_named_by_its_side(page, monkeypatch):
    other, said = at(monkeypatch), []
    monkeypatch.setattr(link, "say_what_is_missing", said.append)
    other.run()
    assert len(said) == 1, "by the whole page alone"
    other.opened = "nonsense"
    other.run()
    assert said[1:] == [{}, {}] and other.test.session_state[link.BAD_DRAWING]


@pytest.mark.whole
def test_the_first_scene_is_noise_that_only_its_network_reads(page):
    page.click("story")
    (shown,) = page.images
    assert "network says 8" in shown and "judge says not a digit" in shown
    run = invert.generate(8, "plain", classifier="question", seed=9, start="noise")
    others = {
        name: int(invert.classify(run.images, name)[0].argmax()) for name in invert.CLASSIFIERS
    }
    assert others.pop("question") == 8 and 8 not in others.values(), "as the sentence says"


@pytest.mark.whole
def test_the_second_scene_is_the_same_network_with_a_pen_and_an_8_to_the_judge(page):
    page.click("story").click("scene-next")
    (shown,) = page.images
    assert "made to be an 8" in shown and "judge says 8" in shown and 'data-pen="' in page.html
    assert page.test.get_by_key("network").value == "question"


def test_the_last_scene_bends_the_visitors_strokes_whatever_covers_them(page):
    page.draw(ZERO).click("story").click("read-1")
    assert "Others read: robust" in page.words and "takes it for no digit" in page.words
    for _ in range(4):
        page.click("scene-next")
    assert page.test.get_by_key("start").value == state.MY_DRAWING and page.answer == 0
    assert "of the others 0 comes highest" in page.html and "from your drawing" in page.words
    assert 'data-pen="' in page.html
