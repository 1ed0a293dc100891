"""What stands in the drawing's place, until the pen touches it or the drawing is asked back."""

from page_driver import ONE, ZERO

import invert
from invert.page.canvas import drawing_area, shown_instead
from invert.page.pictures import markup
from invert.page.session import settings


def test_a_visitor_is_met_by_an_example_that_is_gone_with_the_first_stroke(page):
    digit, _ = shown_instead.FIRST
    assert f"MNIST test digit, labelled {digit}" in page.html and page.answer == digit
    page.draw(ONE)
    assert "labelled" not in page.html and page.answer == 1
    page.draw({"objects": []})
    assert "labelled" not in page.html and "Draw a digit" in page.words, "it comes once"


def test_example_digit_stands_in_place_of_the_drawing_until_the_next_stroke(page, monkeypatch):
    page.draw(ZERO)
    assert not page.has_container("back-offered")
    numbers = iter([4, 0])
    monkeypatch.setattr(shown_instead.random, "randrange", lambda stop: next(numbers))
    page.click("example")
    assert "MNIST test digit, labelled 4" in page.html and page.answer == 4
    assert page.has_container("back-offered")
    page.choose("digit", "3").choose("pen", "thick")
    assert page.answer == 4, "nothing but the pen takes it away"
    page.click("back")
    assert "labelled 4" not in page.html and page.answer == 0
    numbers = iter([4, 0])
    page.click("example").draw(ONE)
    assert "labelled 4" not in page.html and page.answer == 1


def test_generated_image_is_classified_on_the_left(page):
    page.choose("digit", "2").choose("count", 4).draw(ONE)
    page.click("read-3")
    run = invert.generate([2] * 4, seed=settings.SEED)
    words = f"drawn to be a 2 by {run.classifier}"
    assert page.answer == 2 and words in page.html
    assert markup.picture(run.images[2], words, drawing_area.SIDE) in page.html
    page.click("back")
    assert page.answer == 1
