"""A sheet on a dark desk: it is found where it lies, and what is drawn on it is read."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

import invert
from invert import drawing
from invert.drawing import sheet

DESK, PAPER = 70, 225


def photo(turned, drawn=None, size=(300, 220), middle=(300, 250)):
    """A photo ``(480, 640)`` of a desk with a grain, a sheet on it, and the mask of the sheet."""
    rng = np.random.default_rng(0)
    grain = 8 * np.sin(np.arange(640) / 9) + rng.normal(0, 4, (480, 640))
    page = Image.new("L", size, PAPER)
    if drawn is not None:
        side = size[1] // 2
        ink = Image.fromarray(np.uint8(255 * drawn)).resize((side, side), Image.Resampling.BICUBIC)
        page.paste(30, (60, 40), ink)
    lying = Image.new("L", (640, 480), DESK)
    mask = Image.new("L", (640, 480), 0)
    at = (middle[0] - size[0] // 2, middle[1] - size[1] // 2)
    for image, what in ((lying, page), (mask, 255)):
        image.paste(what, (*at, at[0] + size[0], at[1] + size[1]))
    lying, mask = (
        image.rotate(turned, Image.Resampling.BICUBIC, center=middle, fillcolor=around)
        for image, around in ((lying, DESK), (mask, 0))
    )
    return np.uint8(np.clip(np.asarray(lying) + grain, 0, 255)), np.asarray(mask) > 127


@pytest.mark.parametrize("turned", [0, 4, -9, 15])
def test_what_is_found_is_within_the_sheet_and_most_of_it(turned):
    picture, mask = photo(turned)
    found = sheet.find(picture / np.float32(255))
    assert mask[found].mean() > 0.97 and mask[found].sum() > 0.55 * mask.sum()


@pytest.mark.parametrize("turned", [0, -8])
def test_a_digit_on_a_sheet_on_a_desk_is_read(sample, turned):
    digits, labels = sample
    digits, labels = digits[:20], labels[:20]
    images = np.stack([drawing.from_pixels(photo(turned, digit)[0]) for digit in digits])
    assert (invert.classify(images, "energy").argmax(1) == labels).mean() >= 0.9
    assert all(len(drawing.pieces(photo(turned, digit)[0])) == 1 for digit in digits[:5])


def chalk(width):
    board = Image.new("L", (640, 480), 60)
    ImageDraw.Draw(board).ellipse((200, 80, 440, 400), outline=220, width=width)
    return np.asarray(board) / np.float32(255)


def corner():
    board = np.full((480, 640), 0.25, np.float32)
    board[60:420, 60:240] = board[260:420, 60:600] = 0.9
    return board


NO_SHEETS = {
    "chalk": chalk(12),
    "thick chalk": chalk(45),
    "a corner": corner(),
    "all of it": photo(0, size=(636, 470), middle=(320, 240))[0] / np.float32(255),
    "half of it": photo(0, size=(420, 480), middle=(210, 240))[0] / np.float32(255),
    "a label": photo(0, size=(130, 110))[0] / np.float32(255),
    "black": np.zeros((480, 640), np.float32),
    "a line": np.full((1, 7), 0.5, np.float32),
}


@pytest.mark.parametrize("name", NO_SHEETS)
def test_what_is_no_sheet(name):
    assert sheet.find(NO_SHEETS[name]) is None
