"""A network of features, and labelled pictures at once, in a real browser."""

import numpy as np
import pytest
from conftest import MODELS_SECONDS
from PIL import Image
from test_page_in_browser import grave_violations

from invert.page import examples
from invert.training.samples import throws

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def inputs(page):
    """Where the sliders stand."""
    return np.array([page.evaluate("window.invertInputs")])


def distance(page):
    return float(page.locator(".values dd").first.inner_text().replace(",", ""))


def follows(page):
    """Wait until the answer is what the formula gives for where the sliders stand."""
    want = float(throws.distance(inputs(page))[0])
    given = "Number(document.querySelector('.values dd').textContent.replace(',', ''))"
    page.wait_for_function(f"want => Math.abs({given} - want) < 3", arg=want)


def sample(visit, **how):
    """The page with its sample of features."""
    page = visit("?network=own", first=".st-key-sample-features", **how)
    page.set_default_timeout(1000 * MODELS_SECONDS)  # the file is read in a process of its own
    button = page.get_by_role("button", name="Try one of numbers")
    page.wait_for_function(
        "[...document.querySelectorAll('.st-key-sample-features button')].some((b) => !b.disabled)"
    )
    button.click()
    page.locator(".feature[data-place='5']").wait_for()
    page.locator(".values").wait_for()
    return page


def test_the_answer_follows_a_slider_and_a_line_moves_them_all(visit):
    page = sample(visit)
    follows(page)
    slider = page.locator(".feature[data-place='0'] [type=range]")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=5)
    follows(page)  # while it is held down
    page.mouse.up()
    page.locator(".feature[data-place='5'] [type=radio]").check()
    follows(page)
    assert inputs(page)[0, 3:].tolist() == [0, 0, 1], "the moon alone"
    page.locator(".feature[data-place='1'] .hold input").check()
    page.get_by_role("button", name="Find inputs").click()
    page.locator(".summary", has_text="Held: angle at 45.").wait_for()
    assert page.locator(".parallel .line").count() == 12 and grave_violations(page) == []
    line = page.locator(".parallel .touch[data-line='0']")
    wanted = page.locator("tr[data-line='0'] td").all_inner_texts()
    line.dispatch_event("click")
    page.wait_for_function(
        "speed => Math.abs(window.invertInputs[0] - speed) < 0.01", arg=float(wanted[0])
    )
    follows(page)
    assert inputs(page)[0, 1] == 45 and abs(distance(page) - float(wanted[4])) < 1
    name = page.locator(".feature[data-place='1'] .name")
    name.fill("elevation")
    name.press("Enter")
    page.get_by_role("button", name="Find inputs").click()
    page.locator(".parallel .axis-name", has_text="elevation").wait_for()


@pytest.mark.long
def test_features_on_a_phone_at_night(visit):
    page = sample(visit, color_scheme="dark", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert grave_violations(page) == []
    page.get_by_role("button", name="It draws").tap()
    page.locator(".parallel svg").wait_for()
    assert grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark", **PHONE}], ids=["wide", "phone"])
def test_many_labelled_pictures_at_once(visit, tmp_path, how):
    """More files than three, each an upload of its own."""
    paths = []
    for digit in range(10):
        image = Image.fromarray(np.uint8(255 - 255 * examples.load()[digit, 0])).resize((84, 84))
        paths.append(tmp_path / f"{digit}_x.png")
        image.save(paths[-1])
    (tmp_path / "IMG.png").write_bytes(paths[7].read_bytes())
    (tmp_path / "8_bad.png").write_bytes(b"?")
    page = visit("?left=Accuracy&network=robust", first=".st-key-labelled", **how)
    field = page.locator(".st-key-labelled input[type=file]").first
    field.set_input_files([*paths, tmp_path / "IMG.png", tmp_path / "8_bad.png"])
    share = page.locator(".accuracy .share", has_text="10 of 10 right")
    share.wait_for(timeout=1000 * MODELS_SECONDS)
    page.get_by_text("8_bad.png: This file is no PNG").wait_for()
    page.locator(".unnamed", has_text="IMG.png").wait_for()
    assert page.locator(".confusions td.right:not(.none)").count() == 10
    assert page.evaluate("document.documentElement.scrollWidth") <= how.get("width", 1440)
    assert grave_violations(page) == []
