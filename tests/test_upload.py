"""Picture files as visitors have them: every kind, and every kind of damage."""

import numpy as np
import pytest
from page_driver import encoded
from PIL import Image, ImageDraw

import invert
from invert import drawing, upload


def seven(side=200):
    """A 7 as one would write it with a ruler, dark on light."""
    picture = Image.new("L", (side, side), 235)
    pen = ImageDraw.Draw(picture)
    points = [(p * side) for p in (0.3, 0.25, 0.7, 0.25, 0.45, 0.8)]
    pen.line(points, fill=30, width=side // 12, joint="curve")
    return picture


def turned(picture):
    """The picture lying on its side, with the camera's word that it does."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


def see_through(picture):
    clear = Image.new("LA", picture.size)
    clear.putalpha(picture.point(lambda grey: 255 - grey if grey < 128 else 0))
    return encoded(clear, "PNG")


def moving(picture):
    frames = [picture.convert("RGB"), Image.new("RGB", picture.size, "red")]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: encoded(p, "PNG"),
        lambda p: encoded(p.point(lambda g: 255 - g), "PNG"),
        lambda p: encoded(p.convert("RGB"), "JPEG", quality=95),
        lambda p: encoded(p.convert("CMYK"), "JPEG", quality=95),
        lambda p: encoded(p.convert("P"), "PNG"),
        lambda p: encoded(p.convert("1", dither=Image.Dither.NONE), "PNG"),
        lambda p: encoded(Image.fromarray(np.asarray(p).astype(np.uint16) * 257), "PNG"),
        lambda p: encoded(p.resize((3000, 3000)), "JPEG", quality=95),
        turned,
        see_through,
        moving,
    ],
    ids=[
        "png",
        "inverted",
        "jpeg",
        "cmyk",
        "palette",
        "bits",
        "deep",
        "large",
        "turned",
        "see-through",
        "moving",
    ],
)
def test_every_kind_of_picture_gives_the_same_digit(make):
    want = drawing.from_pixels(np.asarray(seven()))
    got = upload.read(make(seven()))
    assert got.shape == (28, 28) and invert.classify(got).argmax() == 7
    assert np.abs(got - want).mean() < 0.02


def bomb():
    return encoded(Image.new("1", (8000, 8000)), "PNG")


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", upload.NO_PICTURE),
        (b"<svg onload='alert(1)'/>", upload.NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", upload.NO_PICTURE),
        (encoded(seven(), "GIF"), upload.NO_PICTURE),
        (encoded(seven(), "PNG")[:300], upload.DAMAGED),
        (encoded(seven(), "JPEG")[:900], upload.DAMAGED),
        (bomb(), upload.TOO_LARGE),
        (encoded(Image.new("1", (16000, 12000)), "PNG"), upload.TOO_LARGE),
        (encoded(Image.new("L", (90, 90), 200), "WEBP"), upload.NO_DIGIT),
    ],
    ids=["empty", "svg", "header", "gif", "cut-png", "cut-jpeg", "large", "bomb", "blank"],
)
def test_every_bad_file_is_one_sentence(data, words):
    with pytest.raises(ValueError) as error:
        upload.read(data)
    assert str(error.value) == words
