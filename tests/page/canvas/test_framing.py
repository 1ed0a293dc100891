"""A picture in the canvas's place is turned and cropped; the next one is read as it is."""

import io

import numpy as np
from PIL import Image

from invert import upload
from invert.page.canvas import framing


def beside(sample, *rows):
    strip = np.concatenate([np.pad(sample[0][row], ((4, 4), (6, 6))) for row in rows], axis=1)
    picture = Image.fromarray(np.uint8(255 - 255 * strip)).resize((200 * len(rows), 180))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def give(page, name, data):
    (field,) = [each for each in page.test.file_uploader if each.key == "upload"]
    field.upload(name, data, "image/png")
    return page.run()


def shown(page):
    return page.test.session_state["drawn image"]


def test_a_picture_is_cropped_turned_and_forgotten(page, sample):
    page.run()
    data = beside(sample, 3, 804)
    give(page, "two.png", data)
    assert "I see 2 digits" in page.words
    np.testing.assert_allclose(shown(page), upload.read(data), atol=1e-6)

    page.test.slider(key=framing.ACROSS).set_value((0, 50))
    page.run()
    half = upload.Framing(across=(0, 0.5))
    np.testing.assert_allclose(shown(page), upload.read_counting(data, half)[0], atol=1e-6)
    assert "I see" not in page.words and "50% of its width" in page.html

    page.click("turn")
    want, _ = upload.read_counting(data, upload.Framing(1))
    np.testing.assert_allclose(shown(page), want, atol=1e-6)

    page.test.slider(key=framing.DOWN).set_value((10, 90))
    page.run()
    other = beside(sample, 10)
    give(page, "other.png", other)
    np.testing.assert_allclose(shown(page), upload.read(other), atol=1e-6)
    assert page.test.slider(key=framing.DOWN).value == (0, 100)


def test_what_leaves_no_digit_leaves_what_was_read(page, sample):
    page.run()
    data = beside(sample, 3)
    give(page, "one.png", data)
    page.test.slider(key=framing.ACROSS).set_value((0, 1))
    page.run()
    assert upload.NO_DIGIT in page.words
    np.testing.assert_allclose(shown(page), upload.read(data), atol=1e-6)
