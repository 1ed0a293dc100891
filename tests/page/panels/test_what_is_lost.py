"""What is lost: what no answer notices, and what the left side's image loses."""

import re

from page_driver import ONE, ZERO, at


def test_noise_drowns_the_picture_and_moves_no_answer(page, monkeypatch):
    other = at(monkeypatch, right="What is lost")

    def shown():
        found = re.search(r"Noise it cannot see.*?</section>", other.html)[0]
        return re.findall(r'src="([^"]*)"', found), re.findall(r"<figcaption>(.*?)<", found)

    (image, _, faint), captions = shown()
    assert captions[0] == captions[2]
    other.choose("noise", 2.0)
    assert shown()[0][0] == image and shown()[0][2] != faint and shown()[1] == captions
    other.choose("noise", 0.0)
    assert shown()[0][2] == image


def test_lost_side_follows_the_drawing_and_asks_for_one(page, monkeypatch):
    other = at(monkeypatch, right="What is lost", lost_image="drawn")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert other.html.count('class="experiment"') == 4
    first = other.html
    other.draw(ZERO)
    assert other.html.count('class="experiment"') == 4 and other.html != first
