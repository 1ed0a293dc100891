"""Picture files as visitors have them: every kind, and every kind of damage."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from page_driver import encoded
from PIL import Image, ImageDraw

import invert
from invert import drawing, upload
from invert.networks.weights import WeightsError

ROOT = Path(__file__).parent.parent


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


def of_a_phone(picture):
    """A JPEG whose second frame is empty, as Pillow writes Multi-Picture files."""
    blank = Image.new("RGB", picture.size, "white")
    return encoded(picture.convert("RGB"), "MPO", save_all=True, append_images=[blank], quality=95)


def animated(picture):
    return encoded(picture, "PNG", save_all=True, append_images=[Image.new("L", picture.size, 235)])


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
        of_a_phone,
        animated,
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
        "of a phone",
        "animated png",
    ],
)
def test_every_kind_of_picture_gives_the_same_digit(make):
    want = drawing.from_pixels(np.asarray(seven()))
    got = upload.read(make(seven()))
    assert got.shape == (28, 28) and invert.classify(got).argmax() == 7
    assert np.abs(got - want).mean() < 0.02


def test_a_picture_is_turned_before_it_is_read():
    lying = encoded(seven().transpose(Image.Transpose.ROTATE_90), "PNG")
    want, _ = upload.read_counting(encoded(seven(), "PNG"))
    got, _ = upload.read_counting(lying, upload.Framing(1))
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert np.abs(upload.read_counting(lying, upload.Framing(3))[0] - want).max() > 0.5


@pytest.mark.parametrize(
    ("save_as", "reported"),
    [("PNG", "PNG"), ("JPEG", "JPEG"), ("MPO", "MPO"), ("WEBP", "WEBP")],
)
def test_every_type_that_pillow_reports_for_what_is_accepted_is_read(save_as, reported):
    frames = {"save_all": True, "append_images": [seven()]} if save_as == "MPO" else {}
    data = encoded(seven().convert("RGB"), save_as, **frames)
    assert Image.open(io.BytesIO(data), formats=list(upload.TYPES)).format == reported
    assert invert.classify(upload.read(data)).argmax() == 7
    assert upload.read_whole(data, (28, 28)).shape == (28, 28)


def test_the_table_of_types_is_whole():
    """Of a JPEG Pillow reports what any of its openers may make of it; of the rest their name."""
    from PIL import JpegImagePlugin, MpoImagePlugin

    Image.preinit()
    made = {MpoImagePlugin.MpoImageFile.format, JpegImagePlugin.JpegImageFile.format}
    assert made == set(upload.JPEGS)
    assert set(upload.TYPES) | made == {"PNG", "JPEG", "MPO", "WEBP"}


def scans(count):
    """A small progressive JPEG that draws its smallest refinement so many times more."""
    whole = encoded(seven(), "JPEG", progressive=True, quality=50)
    starts = [n for n in range(len(whole)) if whole[n : n + 2] == b"\xff\xda"]
    ends = [*starts[1:], len(whole) - 2]
    smallest = min((whole[a:b] for a, b in zip(starts, ends, strict=True)), key=len)
    return whole[:-2] + smallest * count + whole[-2:]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", upload.NO_PICTURE),
        (b"<svg onload='alert(1)'/>", upload.NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", upload.NO_PICTURE),
        (encoded(seven(), "GIF"), upload.NO_PICTURE),
        (encoded(seven(), "PNG")[:300], upload.DAMAGED),
        (encoded(seven(), "JPEG")[:900], upload.DAMAGED),
        (encoded(seven(), "WEBP")[:400], upload.DAMAGED),
        (encoded(Image.new("L", (90, 90), 200), "WEBP"), upload.NO_DIGIT),
    ],
    ids=[
        *("empty", "svg", "header", "gif", "cut-png", "cut-jpeg", "cut-webp", "blank"),
    ],
)
def test_every_bad_file_is_one_sentence(data, words):
    with pytest.raises(ValueError) as error:
        upload.read(data)
    assert str(error.value) == words


@pytest.mark.parametrize("kind", upload.MAX_PIXELS)
def test_a_picture_of_more_pixels_than_its_kind_may_have_is_too_large(kind, monkeypatch):
    """Where 190×190 are allowed, 200×200 are not; all other limits stay as they are."""
    how = {"format": kind.split()[-1], "progressive": kind.startswith("progressive")}
    data = encoded(seven().convert("RGB"), how.pop("format"), **how)
    monkeypatch.setitem(upload.MAX_PIXELS, kind, 200 * 200)
    assert upload.read(data).any()
    monkeypatch.setitem(upload.MAX_PIXELS, kind, 190 * 190)
    with pytest.raises(ValueError) as error:
        upload.read(data)
    assert str(error.value) == upload.TOO_LARGE


def test_a_picture_that_is_drawn_over_and_over_is_too_large(monkeypatch):
    monkeypatch.setattr(upload, "MAX_WORK", 30 * 200 * 200)
    assert upload.read(scans(9)).any()
    with pytest.raises(ValueError) as error:
        upload.read(scans(30))
    assert str(error.value) == upload.TOO_LARGE
    monkeypatch.setattr(upload, "MAX_SEGMENTS", 20)
    assert upload._scans(scans(30)) == 20


@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
def test_what_pillow_itself_takes_for_too_large_is_too_large(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 40)
    with pytest.raises(ValueError) as error:
        upload.read(encoded(seven(60), "PNG"))
    assert str(error.value) == upload.TOO_LARGE


def test_an_honest_progressive_jpeg_and_one_with_a_thumbnail_are_read():
    assert upload._scans(encoded(seven(), "JPEG", progressive=True)) > 1
    assert upload.read(scans(3)).any()
    exif = Image.Exif()
    exif[0x927C] = encoded(seven(), "JPEG")  # a whole JPEG inside the camera's own notes
    assert upload._scans(encoded(seven(), "JPEG", exif=exif)) == 1


def large(kind):
    """The largest picture of a kind that is taken."""
    pixels = upload.MAX_PIXELS[kind]
    width = int(pixels**0.5)
    grey = Image.linear_gradient("L").resize((width, pixels // width))
    if kind == "progressive JPEG":
        return encoded(grey.convert("RGB"), "JPEG", progressive=True, subsampling=0)
    if kind == "JPEG":
        return encoded(grey.convert("RGB"), "JPEG", subsampling=0)
    colours = Image.merge("RGBA", [grey] * 4)
    return encoded(colours, kind, **({"method": 0} if kind == "WEBP" else {"compress_level": 1}))


@pytest.mark.parametrize("kind", upload.MAX_PIXELS)
def test_no_picture_takes_more_than_150_mb(kind, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(large(kind))
    code = (
        "import resource, sys; from invert import upload;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "upload.read(open(sys.argv[1], 'rb').read());"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = [sys.executable, "-c", code, str(path)]
    kilobytes = int(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout)
    assert kilobytes < 150_000


def test_a_whole_picture_keeps_its_colours_and_its_light():
    halves = Image.new("RGB", (60, 40), (255, 0, 0))
    halves.paste((0, 0, 255), (30, 0, 60, 40))
    whole = upload.read_whole(encoded(halves, "PNG"), (8, 12, 3))
    assert whole.shape == (8, 12, 3) and whole.dtype == np.float32
    assert whole[4, 2].tolist() == [1, 0, 0] and whole[4, 9].tolist() == [0, 0, 1]
    grey = upload.read_whole(encoded(Image.new("L", (90, 90), 51), "PNG"), (28, 28))
    np.testing.assert_allclose(grey, 0.2, atol=1e-6)
    deep = Image.fromarray(np.full((9, 9), 65535, np.uint16))
    np.testing.assert_allclose(upload.read_whole(encoded(deep, "PNG"), (5, 5)), 1)
    with pytest.raises(ValueError, match="no PNG, JPEG or WEBP"):
        upload.read_whole(b"GIF89a", (28, 28))


def test_a_part_of_a_picture_is_read_as_if_it_were_all(sample):
    left, both = sheet(sample, 3), sheet(sample, 3, 804)
    width = Image.open(io.BytesIO(both)).width
    share = Image.open(io.BytesIO(left)).width / width
    image, count = upload.read_counting(both, upload.Framing(across=(0, share)))
    assert count == 1
    np.testing.assert_allclose(image, upload.read(left), atol=1e-6)
    # Turned first: what was to the left is above.
    framing = upload.Framing(1, down=(0, share))
    turned, _ = upload.read_counting(both, framing)
    want, _ = upload.read_counting(left, upload.Framing(1))
    np.testing.assert_allclose(turned, want, atol=1e-6)


def test_a_part_of_a_whole_picture():
    halves = Image.new("RGB", (60, 40), (255, 0, 0))
    halves.paste((0, 0, 255), (30, 0, 60, 40))
    data = encoded(halves, "PNG")
    right = upload.read_whole(data, (4, 4, 3), upload.Framing(across=(0.5, 1)))
    assert (right == [0, 0, 1]).all()
    pixel = upload.read_whole(data, (4, 4, 3), upload.Framing(across=(0, 0), down=(1, 1)))
    assert (pixel == [1, 0, 0]).all()


def test_a_picture_in_small_is_turned_and_whole():
    halves = Image.new("RGB", (600, 300), (255, 0, 0))
    halves.paste((0, 0, 255), (300, 0, 600, 300))
    small = upload.preview(encoded(halves, "PNG"), 1)
    assert small.shape == (240, 120, 3)
    assert small[0, 0].tolist() == [1, 0, 0] and small[-1, 0].tolist() == [0, 0, 1]
    assert upload.preview(encoded(Image.new("L", (9, 5)), "PNG")).shape == (5, 9, 3)


def sheet(sample, *rows):
    """Digits of the sample beside each other, as a picture."""
    strip = np.concatenate([np.pad(sample[0][row], ((4, 4), (6, 6))) for row in rows], axis=1)
    picture = Image.fromarray(np.uint8(255 - 255 * strip))
    return encoded(picture.resize((picture.width * 5, picture.height * 5)), "PNG")


@pytest.mark.parametrize("rows", [(0,), (3, 804), (205, 506, 607), (10, 211, 312, 413, 514)])
def test_several_digits_are_counted(sample, rows):
    image, count = upload.read_counting(sheet(sample, *rows))
    assert count == len(rows)
    assert np.array_equal(image, upload.read(sheet(sample, *rows)))


def test_one_digit_is_one(sample):
    assert [upload.read_counting(sheet(sample, row))[1] for row in range(0, 1000, 50)] == [1] * 20


def test_a_blank_page_has_no_digit_to_count():
    with pytest.raises(ValueError, match="No digit was found"):
        upload.read_counting(encoded(Image.new("L", (50, 50), 255), "PNG"))


def test_a_page_full_of_digits_is_counted(sample):
    page = np.full((5 * 40, 8 * 40), 255, np.uint8)
    for n in range(40):
        row, column = divmod(n, 8)
        digit = sample[0][300 + n]
        page[40 * row + 6 : 40 * row + 34, 40 * column + 6 : 40 * column + 34] = 255 - 255 * digit
    picture = Image.fromarray(page)
    _, count = upload.read_counting(encoded(picture.resize((960, 600)), "PNG"))
    assert 34 <= count <= 40


def test_many_things_cost_no_more_pixels_than_the_picture_has(monkeypatch):
    cut = []
    monkeypatch.setattr(drawing, "_thickened", lambda ink: cut.append(ink.size) or ink)
    page = np.full((512, 512), 255, np.uint8)
    page[4:508, 8::20] = 0  # as many ones as stand beside each other
    assert len(drawing.pieces(page)) == 26
    assert sum(cut) < page.size / 2


def test_without_the_judge_a_picture_is_read_and_nothing_counted(sample, monkeypatch):
    def missing(images):
        raise WeightsError("judge.weights.h5 is missing.")

    monkeypatch.setattr(upload.judge, "looks_like_digit", missing)
    image, count = upload.read_counting(sheet(sample, 3, 804))
    assert count == 1 and image.sum() > 20
