"""The film as a file: what Pillow reads back is what went in, pixel by pixel."""

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image
from scipy.interpolate import BSpline

from invert import film
from invert.drawing import bezier


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def grey(frames):
    """The grey levels by the rule's own words: ink 1 is black, paper 0 is white."""
    return np.rint(255 * (1 - np.asarray(frames, np.float32))).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    npst.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)),
        elements=st.floats(0, 1, width=32),
    )
)
def test_sprite_has_every_pixel_of_every_frame_in_its_place(frames):
    sheet = np.asarray(opened(film.sprite(frames)))
    count, images, height, width = frames.shape
    for f in range(count):
        for n in range(images):
            cell = sheet[f * height : (f + 1) * height, n * width : (n + 1) * width]
            np.testing.assert_array_equal(cell, grey(frames[f, n]))


def test_sprite_is_a_greyscale_png():
    picture = opened(film.sprite(np.zeros((24, 3, 28, 28))))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (84, 672))


def test_sprite_of_one_image_may_lack_the_axis_of_images():
    frames = np.random.default_rng(0).random((5, 28, 28))
    assert film.sprite(frames) == film.sprite(frames[:, None])


def test_gif_shows_the_frames_enlarged_sharp_side_by_side():
    frames = np.random.default_rng(1).random((4, 3, 7, 5), np.float32)
    picture = opened(film.gif(frames, scale=3, columns=2))
    assert picture.format == "GIF" and picture.n_frames == 4
    for f in range(4):
        picture.seek(f)
        shown = np.asarray(picture.convert("L"))
        assert shown.shape == (2 * 7 * 3, 2 * 5 * 3)
        for n in range(3):
            row, column = divmod(n, 2)
            cell = shown[row * 21 : (row + 1) * 21, column * 15 : (column + 1) * 15]
            np.testing.assert_array_equal(cell, np.kron(grey(frames[f, n]), np.ones((3, 3))))
        assert (shown[21:, 15:] == 255).all(), "the place without an image is paper"


def test_gif_loops_and_rests_on_its_last_frame():
    frames = np.linspace(0, 1, 25)[:, None, None, None] * np.ones((1, 1, 4, 4))
    picture = opened(film.gif(frames, duration=2.4, hold=1.2))
    times = []
    for f in range(picture.n_frames):
        picture.seek(f)
        times.append(picture.info["duration"])
    assert picture.info["loop"] == 0
    assert times == [100] * 24 + [1300]


def test_gif_arranges_images_nearly_square():
    assert opened(film.gif(np.zeros((2, 7, 28, 28)), scale=1)).size == (3 * 28, 3 * 28)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (10, 28, 28)])
def test_png_shows_the_images_as_the_gif_shows_its_frames(shape):
    images = np.random.default_rng(2).random(shape)
    picture = opened(film.png(images, scale=2, columns=5))
    assert (picture.format, picture.mode) == ("PNG", "L")
    in_gif = opened(film.gif(images.reshape(1, -1, 28, 28), scale=2, columns=5)).convert("L")
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(in_gif))


@pytest.mark.parametrize("make", [film.sprite, film.gif])
@pytest.mark.parametrize(
    "frames, words",
    [
        (np.zeros((28, 28)), r"shape \(F, N, H, W\).*got \(28, 28\)"),
        (np.zeros((0, 1, 28, 28)), r"none of them 0; got \(0, 1, 28, 28\)"),
        (np.full((1, 1, 2, 2), np.nan), r"in \[0, 1\].*nan"),
        (np.full((1, 1, 2, 2), 255), r"in \[0, 1\].*255"),
        (np.full((1, 1, 2, 2), -0.5), r"in \[0, 1\].*-0.5"),
        (np.full((1, 1, 2, 2), "x"), r"real numbers; got dtype <U1"),
    ],
)
def test_frames_that_are_none_are_refused_in_words(make, frames, words):
    with pytest.raises(ValueError, match=words):
        make(frames)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"scale": 0}, "at least 1; got 0 and 1"),
        ({"columns": 0}, "at least 1; got 8 and 0"),
        ({"hold": -1}, "seconds from 0; got 2.4 and -1"),
        ({"scale": 200}, "5600 by 5600 pixels, and 4096 a side is the limit"),
    ],
)
def test_gif_settings_are_checked_in_words(settings, words):
    with pytest.raises(ValueError, match=words):
        film.gif(np.zeros((2, 1, 28, 28)), **settings)


WORDS = "8, drawn by energy run backwards · invert"
CAPTIONS = [
    "8",
    WORDS,
    "W" * 40,
    "far too long to be read, " * 1_000,
    "i" * 100_000,
    "two\nlines\tand\0more",
    "漢字 → \u0378 é \U0001f600",
    "half a pair: \ud800",
    "אבג \u202e abc",
]


def strip_of(picture, height):
    """The part of a picture under its images, which are so high."""
    return np.asarray(picture)[height:]


@pytest.mark.parametrize("caption", CAPTIONS, ids=range(len(CAPTIONS)))
@pytest.mark.parametrize("side, scale", [(28, 1), (28, 8), (28, 40), (1, 1)])
def test_a_caption_has_a_strip_of_its_own_and_fits(caption, side, scale):
    images = np.random.default_rng(3).random((5, side, side))
    bare = opened(film.png(images, scale=scale))
    picture = opened(film.png(images, scale=scale, caption=caption))
    width, height = bare.size
    assert (picture.width, picture.mode, picture.format) == (width, "L", "PNG")
    assert picture.height - height == max(1, round(0.121 * width))
    np.testing.assert_array_equal(np.asarray(picture)[:height], np.asarray(bare))
    strip = strip_of(picture, height)
    if width < 28:
        return
    rows, columns = (np.flatnonzero((strip < 250).any(axis=axis)) for axis in (1, 0))
    assert len(rows), "there is ink"
    assert columns[0] >= 0.04 * width and columns[-1] < 0.96 * width
    assert abs(columns[0] + columns[-1] + 1 - width) < 0.04 * width + 2, "in the middle"
    assert rows[0] > 0 and rows[-1] < len(strip) - 1
    if scale > 1:
        assert strip[[0, -1]].min() == 255 and 85 <= strip.min() <= 130, "grey, not black"


def test_different_captions_differ_and_the_same_is_the_same():
    images = np.zeros((1, 28, 28))
    made = [film.png(images, caption=caption) for caption in ("8", "3", WORDS, "3")]
    assert made[1] == made[3] and len(set(made)) == 3


def test_a_longer_caption_has_smaller_letters_and_one_too_long_ends_in_an_ellipsis():
    def drawn(caption):
        strip = strip_of(opened(film.png(np.zeros((28, 28)), scale=50, caption=caption)), 1400)
        return strip[:, (strip < 250).any(axis=0)]

    def high(caption):
        return np.ptp(np.flatnonzero((drawn(caption) < 250).any(axis=1)))

    assert high("H") > high("H" * 30) >= 0.5 * high("H")
    cut, whole = drawn("H" * 200), drawn("H" * 30)
    dots = np.flatnonzero((cut < 250).any(axis=1))[-1]
    tail, stem = cut[:, -12:], whole[:, -12:]
    assert (tail[: dots - 15] == 255).all(), "dots at the foot of the line, and nothing above"
    assert (stem < 250).any(axis=1).sum() > 20


@pytest.mark.parametrize("empty", ["", " \n ", "\0"])
def test_without_a_caption_nothing_changes(empty):
    frames = np.random.default_rng(4).random((3, 2, 28, 28))
    assert film.png(frames[0], caption=empty) == film.png(frames[0])
    assert film.gif(frames, caption=empty) == film.gif(frames)


def test_every_frame_of_a_gif_has_the_caption():
    frames = np.random.default_rng(5).random((6, 4, 28, 28), np.float32)
    film_bare, film_named = opened(film.gif(frames)), opened(film.gif(frames, caption=WORDS))
    named = opened(film.png(frames[0], caption=WORDS))
    assert film_named.n_frames == 6 and film_named.size == named.size
    for f in range(6):
        film_bare.seek(f)
        film_named.seek(f)
        assert film_named.info["duration"] == film_bare.info["duration"]
        shown = np.asarray(film_named.convert("L"))
        np.testing.assert_array_equal(shown[:448], np.asarray(film_bare.convert("L")))
        np.testing.assert_array_equal(shown[448:], strip_of(named, 448))


def test_pictures_in_colour_have_a_caption_too():
    images = np.random.default_rng(6).random((2, 16, 16, 3))
    bare, picture = (opened(film.png(images, caption=c)) for c in ("", WORDS))
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture)[:128], np.asarray(bare))
    darkest = strip_of(picture, 128).reshape(-1, 3).min(axis=0)
    assert (darkest >= (93, 90, 82)).all() and (darkest < 130).all()


def test_bezier_pieces_are_the_spline():
    """SciPy's spline of the same control points, at places along each piece."""
    for count in (2, 3, 4, 6, 10):
        points = np.random.default_rng(count).normal(size=(count, 2))
        degree = min(3, count - 1)
        inner = np.linspace(0, 1, count - degree + 1)
        knots = np.r_[[0] * degree, inner, [1] * degree]
        spline = BSpline(knots, points, degree)
        pieces = bezier.pieces(points)
        assert pieces.shape == (count - degree, 4, 2)
        for piece, begin, end in zip(pieces, inner[:-1], inner[1:], strict=True):
            for share in (0, 0.2, 0.5, 0.9):
                rest = 1 - share
                weights = [rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3]
                want = spline(begin + share * (end - begin))
                np.testing.assert_allclose(weights @ piece, want, atol=1e-12)


def test_an_svg_has_a_path_a_stroke_each_drawing_on_its_own_page():
    strokes = np.random.default_rng(0).uniform(40, 240, (3, 2, 6, 2))
    root = ElementTree.fromstring(film.svg(strokes, columns=2))
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("viewBox") == "0 0 560 560"
    groups = root.findall(f"{space}g")
    assert [g.get("transform") for g in groups] == [
        "translate(0 0)",
        "translate(280 0)",
        "translate(0 280)",
    ]
    paths = [path.get("d") for path in groups[1]]
    assert len(paths) == 2 and all(path.count("C") == 3 for path in paths)
    ends = [float(number) for number in paths[0].split("C")[-1].split()[-2:]]
    np.testing.assert_allclose(ends, strokes[1, 0, -1], atol=0.006)


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        (np.zeros((3, 2)), r"shape \(N, K, P, 2\).*got \(3, 2\)"),
        (np.zeros((1, 1, 1, 2)), "P at least 2"),
        (np.full((1, 1, 2, 2), np.nan), "finite"),
    ],
)
def test_what_is_no_stroke_is_named(strokes, words):
    with pytest.raises(ValueError, match=words):
        film.svg(strokes)
