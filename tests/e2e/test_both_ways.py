"""What the page is about: one network both ways, its story, its code, one's own network."""

import io

import numpy as np
import pytest
from PIL import Image
from test_page_in_browser import (
    ONE,
    THREE,
    Easel,
    answer,
    choose,
    count_sent,
    frames,
    made,
    open_tab,
    wait_for_url,
)

READ_SECONDS = 90  # for a network of one's own, on cores that others use as well


@pytest.mark.long
def test_the_film_is_played_again_until_somebody_does_something(visit, computers):
    options = {"owner": "with a clock that is set", "moving": True}
    computers(**options).clock.install()
    page = visit(**options)
    at = page.locator(".player .at")
    for _ in range(2):
        at.get_by_text("step 100 of 100", exact=True).wait_for()
        page.wait_for_function(
            "!document.querySelector('.player .at').textContent.startsWith('step 100')"
        )
    said = page.locator(".says[data-who=judge] .said")
    said.get_by_text("not a digit").wait_for()
    page.mouse.click(5, 5)
    at.get_by_text("step 100 of 100", exact=True).wait_for()
    assert said.inner_text() == "8", "the captions follow the frame"
    page.clock.fast_forward(60_000)
    frames(page)
    assert at.inner_text() == "step 100 of 100"


@pytest.mark.parametrize("width", [1366, 390])
def test_the_story_by_keys_and_every_scene_shows_its_side(visit, width):
    mobile = {"has_touch": True, "is_mobile": True} if width == 390 else {}
    page = visit("?scene=1", first=".scene", width=width, **mobile)
    shown = (".film", ".film", ".morph", ".film", "canvas.upper-canvas")
    for number, shows in enumerate(shown, 1):
        page.locator(".scene .number", has_text=f"{number} of 5").wait_for()
        wait_for_url(page, f"scene={number}")
        page.locator(shows).first.wait_for()
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.locator(".scene .number", has_text="4 of 5").wait_for()
    page.keyboard.press("Escape")
    page.locator(".scene").wait_for(state="detached")
    page.wait_for_function("!location.search.includes('scene')")


def test_on_a_phone_the_story_covers_nothing_that_it_asks_to_touch(visit):
    mobile = {"has_touch": True, "is_mobile": True}
    page = visit("?scene=1", first=".scene", width=390, height=667, **mobile)
    reached = """([number, key]) => {
        const scene = document.querySelector(".scene");
        if (!scene.innerText.includes(`${number} of 5`)) return false;
        const shown = [...document.querySelectorAll(key)].filter((e) => e.checkVisibility());
        return shown.some((e) => {
            const { left, right, top, bottom } = e.getBoundingClientRect();
            const middle = (left + right) / 2;
            return [top + 4, bottom - 4].every(
                (y) => e.contains(document.elementFromPoint(middle, y)));
        });
    }"""
    touched = [".run figure", ".sheet", ".way", ".sheet", ".st-key-easel"]
    for number, key in enumerate(touched, 1):
        page.wait_for_function(reached, arg=[number, key])
        if number < 5:
            page.get_by_role("button", name="Next").click()


def test_closing_the_story_shows_the_side_that_it_began_on(visit):
    page = visit(first=".sides", width=820, height=1000)
    page.locator(".sides button", has_text="It draws").click()
    page.get_by_role("button", name="The story").click()
    for number in range(2, 6):
        page.get_by_role("button", name="Next").click()
        page.locator(".scene .number", has_text=f"{number} of 5").wait_for()
    page.locator("canvas.upper-canvas").wait_for()
    page.get_by_role("button", name="Close").click()
    page.locator(".scene").wait_for(state="detached")
    page.locator(".run figure").first.wait_for()
    assert not page.locator("canvas.upper-canvas").is_visible()


def test_a_projector_hides_the_story_and_the_arrow_keys_rest(visit):
    page = visit("?scene=1", first=".scene")
    image = page.locator(".run figure").first
    image.wait_for()
    page.keyboard.press("p")
    page.locator(".scene").wait_for(state="hidden")
    count_sent(page)
    page.keyboard.press("ArrowRight")
    frames(page)
    assert page.evaluate("sent") == 0
    top, bottom = image.evaluate(
        "e => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom]"
    )
    assert bottom > 0 and top < page.viewport_size["height"], "it is still in the window"
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    page.locator(".scene .number", has_text="2 of 5").wait_for()


GROW = """() => document.querySelector("[data-testid=stMainBlockContainer]")
    .append(document.createElement("hr"))"""
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


def test_what_is_read_in_a_scenes_image_is_not_covered_on_a_phone(visit):
    page = visit("?scene=1", first=".scene", width=390, height=844, has_touch=True, is_mobile=True)
    page.locator(".st-key-run .send").first.tap()
    page.locator(".answer", has_text="Others read").wait_for()
    page.wait_for_function(
        """() => document.querySelector(".answer").getBoundingClientRect().bottom
            <= document.querySelector(".st-key-scene").getBoundingClientRect().top"""
    )


def test_what_a_hidden_scene_speaks_of_is_left_where_it_is(visit):
    page = visit("?scene=1", first=".scene", width=390, height=667)
    page.locator(".run figure").first.wait_for()
    page.evaluate("document.body.classList.add('projector')")  # by no key: the scene is untouched
    page.add_style_tag(content="[data-testid=stMainBlockContainer] { padding-bottom: 200vh }")
    frames(page)
    # To the end, past the image that the scene speaks of: to scroll to it again were to go up.
    end = page.evaluate(f"{SCROLLED} = 9000, {SCROLLED}")
    page.evaluate(GROW)
    frames(page)
    assert page.evaluate(SCROLLED) == end > 0


def test_what_lies_beside_the_scenes_card_is_not_covered_by_it(visit):
    page = visit("?scene=5", first=".scene")
    page.locator("canvas.upper-canvas").wait_for()
    beside = ".st-key-scene { left: 900px !important; height: 90vh }"
    page.add_style_tag(content=beside)
    page.evaluate(f"{SCROLLED} = 0")
    page.evaluate(GROW)
    frames(page)
    easel = page.locator(".st-key-easel").bounding_box()
    card = page.locator(".st-key-scene").bounding_box()
    assert easel["x"] + easel["width"] <= card["x"] and card["y"] < easel["y"] + easel["height"]
    assert page.evaluate(SCROLLED) == 0


def test_whoever_scrolls_during_a_scene_is_not_scrolled_back(visit):
    page = visit("?scene=1", first=".scene", width=390, height=667)
    page.locator(".run figure").first.wait_for()
    page.wait_for_function(f"{SCROLLED} > 0")
    page.mouse.move(195, 300)
    page.mouse.wheel(0, -2000)
    page.wait_for_function(f"{SCROLLED} === 0")
    page.evaluate(GROW)
    frames(page)
    assert page.evaluate(SCROLLED) == 0


def test_the_code_is_that_of_the_picture(visit):
    page = visit("?digit=5&network=robust&count=2&seed=4")
    made(page, 5)
    open_tab(page, "Code", "[data-testid=stCode]")
    program, call = (code.inner_text() for code in page.locator("[data-testid=stCode]").all())
    assert "model_weights/robust.weights.h5" in program and "invert" not in program
    assert "invert.generate([5] * 2" in call and 'classifier="robust"' in call and "seed=4" in call


def test_a_projector_shows_canvas_answer_and_film_alone(visit):
    page = visit(width=1440, height=900)
    assert page.locator(".st-key-more-drawing").is_visible(), "there is something to hide"
    page.keyboard.press("p")
    for shown in ("canvas.upper-canvas", ".answer .best", ".film", ".player"):
        assert page.locator(shown).first.is_visible(), shown
    mores = (".st-key-more-reading", ".st-key-more-drawing")
    for hidden in (".st-key-network", ".st-key-digit", ".chart", ".layers", ".heading", *mores):
        assert page.locator(hidden).first.is_hidden(), hidden
    said, bars = (page.locator(part).bounding_box() for part in (".answer", ".bars"))
    assert said["y"] + said["height"] <= bars["y"] + 1
    page.keyboard.press("p")
    assert page.locator(".heading").is_visible()


def test_a_large_screen_is_used_and_the_canvas_draws_where_the_pen_is(visit):
    page = visit(width=1920, height=1080)
    paper = page.locator("canvas.upper-canvas").bounding_box()
    assert paper["width"] >= 400 and page.locator(".film").first.bounding_box()["width"] >= 400
    more = page.locator(".st-key-from-drawing button").first.bounding_box()["height"]
    for name in ("Undo", "Redo", "Clear"):
        tool = Easel(page).tool(name).bounding_box()
        assert 30 <= tool["height"] <= more, "no larger than other buttons"
        assert paper["x"] <= tool["x"] and tool["x"] + tool["width"] <= paper["x"] + paper["width"]
    scale = paper["width"] / 280
    Easel(page).draw([(scale * x, scale * y) for x, y in THREE])
    answer(page, 3)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollHeight") <= 1080


@pytest.mark.long
def test_a_refused_network_leaves_the_drawing_on_the_canvas(visit, tmp_path):
    (tmp_path / "bad.keras").write_bytes(b"PK\x03\x04 no network")
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    drawn = easel.ink()
    choose(page, "network", "own")
    page.locator(".st-key-network-file input[type=file]").set_input_files(tmp_path / "bad.keras")
    page.get_by_role("alert").get_by_text("bad.keras").wait_for(timeout=READ_SECONDS * 1000)
    choose(page, "network", "energy")
    answer(page, 1)
    assert easel.ink() == drawn > 0


def test_a_network_of_ones_own_reads_and_draws(visit, tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(3)]
    keras.Sequential([keras.Input((12, 12, 3)), *layers]).save(tmp_path / "own.keras")
    (tmp_path / "other.onnx").write_bytes(b"\x08\x07 no network for us")
    page = visit()
    Easel(page).draw(ONE)
    answer(page, 1)
    choose(page, "network", "own")
    page.get_by_text("Drop a network in the heading").first.wait_for()
    drop = page.locator(".st-key-network-file input[type=file]")
    drop.set_input_files(tmp_path / "own.keras")
    page.get_by_text("“own.keras” reads 12×12×3 images").wait_for(timeout=READ_SECONDS * 1000)
    page.locator(".film.colour").wait_for()
    out = io.BytesIO()
    Image.fromarray(np.full((30, 30, 3), (200, 30, 30), np.uint8)).save(out, "PNG")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": out.getvalue()}
    page.locator(".st-key-picture input[type=file]").set_input_files(file)
    page.locator(".answer .best").wait_for()
    drop.set_input_files(tmp_path / "other.onnx")
    page.get_by_role("alert").get_by_text("“other.onnx” is none of these").wait_for(
        timeout=READ_SECONDS * 1000
    )
    kept = page.get_by_text("“own.keras” reads 12×12×3 images")
    assert kept.is_visible(), "the one before stays"
    place = page.locator(".st-key-network-file")
    assert "other.onnx" not in place.inner_text() and "own.keras" not in place.inner_text()
    choose(page, "network", "energy")
    answer(page, 1)
    made(page, 8)
