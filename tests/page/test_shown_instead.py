"""What stands in the drawing's place, until the pen touches it or the drawing is asked back."""

from page_driver import ONE, ZERO

import invert
from invert.page import canvas, markup
from invert.page.panels import classify, generate


def test_example_digit_stands_in_place_of_the_drawing_until_the_next_stroke(page, monkeypatch):
    page.draw(ZERO)
    assert page.test.button(key="back").disabled
    numbers = iter([4, 0])
    monkeypatch.setattr(classify.random, "randrange", lambda stop: next(numbers))
    page.click("example")
    assert "MNIST test digit, labelled 4" in page.html and page.answer == 4
    page.choose("digit", "3").choose("pen", "thick")
    assert page.answer == 4, "nothing but the pen takes it away"
    page.click("back")
    assert "labelled 4" not in page.html and page.answer == 0
    numbers = iter([4, 0])
    page.click("example").draw(ONE)
    assert "labelled 4" not in page.html and page.answer == 1


def test_generated_image_is_classified_on_the_left(page):
    page.choose("digit", "2").draw(ONE)
    page.click("classify-3")
    run = invert.generate([2] * generate.COUNT, seed=generate.SEED)
    words = f"made to be a 2 by {run.classifier}, {run.method}"
    assert page.answer == 2 and words in page.html
    assert markup.picture(run.images[2], words, canvas.SIDE) in page.html
    page.click("back")
    assert page.answer == 1
