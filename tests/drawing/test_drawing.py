"""Drawings and pictures come out as MNIST's digits: the box, the centre, the pen, and no traps."""

import contextlib
import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from PIL import Image, ImageDraw

from invert import drawing
from invert.drawing import BlankDrawing, from_pixels, from_strokes

# A seven, a two with curves and a five in two strokes, on a 280×280 canvas.
SEVEN = [[["M", 80, 70], ["L", 200, 75], ["L", 120, 220]]]
TWO = [
    [
        ["M", 90, 100],
        ["Q", 120, 40, 160, 60],
        ["Q", 210, 90, 160, 150],
        ["Q", 120, 195, 85, 220],
        ["L", 200, 215],
    ]
]
FIVE = [
    [["M", 110, 60], ["L", 105, 130], ["Q", 190, 110, 185, 170], ["Q", 175, 230, 95, 205]],
    [["M", 110, 62], ["L", 190, 58]],
]
digits = st.sampled_from([SEVEN, TWO, FIVE])


@settings(max_examples=10, deadline=None)
@given(digits, st.integers(2, 8))
def test_a_larger_image_is_the_same_drawing_finer(digit, times):
    small = from_strokes(canvas(digit))
    large = from_strokes(canvas(digit), (28 * times, 28 * times))
    cells = large.reshape(28, times, 28, times).mean((1, 3))
    assert np.abs(cells - small).max() < 0.35 and np.abs(cells - small).mean() < 0.008


def test_a_wide_image_has_the_drawing_in_its_middle_square():
    square, wide = (from_strokes(canvas(TWO), shape) for shape in ((40, 40), (40, 60)))
    assert wide.shape == (40, 60)
    np.testing.assert_allclose(wide[:, 10:50], square, atol=1e-4)
    assert not wide[:, :10].any() and not wide[:, 50:].any()


def canvas(paths, pen=16, **fields):
    return {
        "version": "7.4.0",
        "objects": [{"type": "Path", "path": path, "strokeWidth": pen, **fields} for path in paths],
    }


def mapped(paths, change):
    """The same paths with every point (x, y) changed."""
    return [
        [
            [letter, *(v for x, y in zip(n[::2], n[1::2], strict=True) for v in change(x, y))]
            for letter, *n in path
        ]
        for path in paths
    ]


def centre_of_mass(image):
    at = np.arange(28)
    return image.sum(axis=1) @ at / image.sum(), image.sum(axis=0) @ at / image.sum()


def longest_side(image):
    """Of the ink, in pixels and their parts: a stroke's box cuts the pixels at its edge."""
    shown = image > 0.5
    return max(np.ptp(np.flatnonzero(shown.any(axis=axis))) + 1 for axis in (0, 1))


def check(image):
    assert image.shape == (28, 28) and image.dtype == np.float32
    assert np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1
    assert image.max() > 0


# Strokes


def test_horizontal_stroke_by_hand():
    image = from_strokes(canvas([[["M", 40, 90], ["L", 240, 90]]]))
    # 2.8 pixels high about row 14: row 14 whole, rows 13 and 15 for the 0.9 that is left.
    expected = np.eye(28)[14] + 0.9 * np.eye(28)[[13, 15]].sum(axis=0)
    np.testing.assert_allclose(image[:, 14], expected, atol=0.005)
    # 20 pixels wide about column 14: columns 5 to 23 whole, half of columns 4 and 24.
    np.testing.assert_allclose(image[14, 5:24], 1)
    np.testing.assert_allclose(image[14, [4, 24]], 0.5, atol=0.01)
    assert not image[14, :4].any() and not image[14, 25:].any()
    assert not image[:12].any() and not image[17:].any()


@pytest.mark.parametrize("pen", [1, 16, 60])
@pytest.mark.parametrize(
    "path",
    [
        [["M", 70, 80]],
        [["M", 70, 80], ["L", 70.001, 80]],
        [["M", 70, 80], ["Q", 70, 80, 71, 81], ["L", 71, 81]],
    ],
)
def test_tap_is_a_dot(path, pen):
    image = from_strokes(canvas([path], pen))
    down, across = np.mgrid[:28, :28] - 14
    np.testing.assert_allclose(image, np.clip(1.9 - np.hypot(down, across), 0, 1), atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(
    digits,
    st.floats(-500, 500),
    st.floats(-500, 500),
    st.floats(0.1, 10),
    st.floats(1, 60),
)
def test_place_size_and_pen_do_not_matter(digit, right, down, size, pen):
    moved = mapped(digit, lambda x, y: (x * size + right, y * size + down))
    there, here = from_strokes(canvas(moved, pen)), from_strokes(canvas(digit))
    np.testing.assert_allclose(there, here, atol=2e-3)


@settings(deadline=None, max_examples=60)
@given(digits, st.floats(0, 360))
def test_box_and_centre(digit, angle):
    turn = np.exp(1j * math.radians(angle))
    turned = mapped(digit, lambda x, y: ((z := complex(x, y) * turn).real, z.imag))
    image = from_strokes(canvas(turned))
    check(image)
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.02)
    assert longest_side(image) in (19, 20, 21)
    assert longest_side(image > 0) in (20, 21, 22)


def test_lopsided_ink_stays_inside():
    # Nearly all the ink along the left, a tail to the right: centred, the tail would leave.
    bar = [["M", 0, 0], ["L", 0, 200], ["L", 20, 200], ["L", 20, 0]]
    image = from_strokes(canvas([bar, [["M", 0, 100], ["L", 200, 100]]]))
    check(image)
    columns = np.flatnonzero((image > 0.4).any(axis=0))
    assert columns[[0, -1]].tolist() == [8, 27]
    assert image[14, 27] > 0.9


def test_order_and_direction_do_not_matter():
    backwards = [[["M", 120, 220], ["L", 200, 75], ["L", 80, 70]]]
    seven = from_strokes(canvas(SEVEN))
    np.testing.assert_allclose(from_strokes(canvas(backwards)), seven, atol=0.02)
    np.testing.assert_allclose(
        from_strokes(canvas(FIVE[::-1])), from_strokes(canvas(FIVE)), atol=0.02
    )


def test_curve_is_the_parabola():
    parabola = [["M", 40, 200]] + [
        ["L", 40 + 200 * t, 200 - 2 * t * (1 - t) * 180] for t in np.linspace(0.02, 1, 50)
    ]
    drawn = from_strokes(canvas([[["M", 40, 200], ["Q", 140, 20, 240, 200]]]))
    np.testing.assert_allclose(drawn, from_strokes(canvas([parabola])), atol=0.06)


@settings(deadline=None, max_examples=60)
@given(
    digits,
    st.floats(-180, 180),
    st.floats(0.3, 3),
    st.floats(0.3, 3),
    st.booleans(),
    st.booleans(),
    st.sampled_from([("center", "center"), ("left", "top"), ("right", "bottom")]),
)
def test_moved_in_edit_mode_is_as_drawn_there(digit, angle, wide, high, flip_x, flip_y, origin):
    path = digit[0]
    points = np.array([command[1:3] if len(command) == 3 else command[3:] for command in path])
    if digit is not SEVEN:
        path = [["M", *points[0]]] + [["L", *point] for point in points[1:]]
    low, high_ = points.min(axis=0), points.max(axis=0)
    middle, size = (low + high_) / 2, high_ - low
    turn = np.exp(1j * math.radians(angle))
    # A second, unmoved stroke makes the place matter.
    still = [["M", 20, 20], ["L", 60, 40]]
    stretch = np.array([-wide if flip_x else wide, -high if flip_y else high])

    def there(x, y):
        z = complex(*((np.array([x, y]) - middle) * stretch)) * turn + complex(130, 150)
        return z.real, z.imag

    # Fabric's origin: that corner of the unturned box with its pen, turned about the middle.
    way = {"left": -0.5, "center": 0, "right": 0.5, "top": -0.5, "bottom": 0.5}
    corner = complex(
        *[way[o] * (s + 16) * k for o, s, k in zip(origin, size, (wide, high), strict=True)]
    )
    corner = corner * turn + complex(130, 150)
    moved = canvas(
        [path],
        angle=angle,
        scaleX=wide,
        scaleY=high,
        flipX=flip_x,
        flipY=flip_y,
        originX=origin[0],
        originY=origin[1],
        left=corner.real,
        top=corner.imag,
    )
    moved["objects"] += canvas([still])["objects"]
    np.testing.assert_allclose(
        from_strokes(moved), from_strokes(canvas([*mapped([path], there), still])), atol=2e-3
    )


def test_skewed_in_edit_mode():
    upright = canvas([[["M", 100, 50], ["L", 100, 150]]], skewX=45, left=100, top=100)
    slanted = canvas([[["M", 50, 50], ["L", 150, 150]]])
    np.testing.assert_allclose(from_strokes(upright), from_strokes(slanted), atol=1e-3)


SQUARE = [["M", 10, 20], ["L", 110, 20], ["L", 110, 120], ["L", 10, 120], ["Z"]]


@pytest.mark.parametrize(
    "shape, path",
    [
        ({"type": "Rect", "width": 100, "height": 100}, SQUARE),
        ({"type": "Line", "x1": -50, "y1": -50, "x2": 50, "y2": 50}, [SQUARE[0], SQUARE[2]]),
        (
            {"type": "Polygon", "points": [{"x": x, "y": y} for _, x, y in SQUARE[:3]]},
            [*SQUARE[:3], ["Z"]],
        ),
        (
            {"type": "Circle", "radius": 50},
            [["M", 100, 0]]
            + [["L", 100 * math.cos(a), 100 * math.sin(a)] for a in np.linspace(0.1, 2 * math.pi)],
        ),
    ],
)
def test_shapes_are_their_outlines(shape, path):
    path = [["M" if i == 0 else c[0] if c[0] == "Z" else "L", *c[1:]] for i, c in enumerate(path)]
    np.testing.assert_allclose(
        from_strokes({"objects": [shape]}), from_strokes(canvas([path])), atol=0.06
    )


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        {"objects": []},
        {"objects": None},
        {"objects": [{"type": "IText", "text": "8"}, 7, None, {"type": ["Path"]}]},
        {"objects": [{"type": "Path", "path": []}]},
    ],
)
def test_nothing_drawn(nothing):
    with pytest.raises(BlankDrawing, match="^Draw a digit"):
        from_strokes(nothing)


NESTED: list = []
for _ in range(100_000):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "bad, words",
    [
        ("hello", r"must be a dict .* got str\. Clear"),
        ([], r"must be a dict .* got list\. Clear"),
        ({"objects": "Path"}, r"objects must be a list; got str\. Clear"),
        ({"objects": [{"type": "Path", "path": "M 0 0"}]}, r"path must be a list; got str"),
        (
            canvas([[["M", 0, math.nan]]]),
            r"must be finite and at most 1,000,000 .* got nan\. Clear",
        ),
        (canvas([[["M", 0, -math.inf]]]), r"must be finite .* got -inf"),
        (canvas([[["M", 0, 1e300]]]), r"must be finite .* got 1e\+300"),
        (canvas([[["M", 0, 10**6000]]]), r"must be finite .* got int"),
        (canvas([[["M", 0, "7"]]]), r"must be finite .* got str"),
        (canvas([[["M", 0, NESTED]]]), r"must be finite .* got list"),
        (canvas([[["M", 0, 1], ["A", 1, 2]]]), r"M, L, Q, C or Z .* got 'A' with 2 numbers"),
        (canvas([[["L", 0, 1]]]), r"M first; got 'L'"),
        (canvas([[["M", 0]]]), r"got 'M' with 1 numbers"),
        (canvas([[[]]]), r"got '' with 0 numbers"),
        (canvas([[NESTED]]), r"got '' with 0 numbers"),
        (canvas(SEVEN, angle=None), r"must be finite .* got NoneType"),
        (canvas(SEVEN, scaleX=math.inf), r"must be finite .* got inf"),
        (
            canvas([[["M", 0, 0]] + [["L", 1, 1]] * 1_000_000]),
            r"at most 10,000 points; got 1,000,0",
        ),
        (canvas([[["M", 0, 0]]] * 9_000), r"at most 10,000 points; got 18,000"),
        ({"objects": [7] * 1_000_000}, r"at most 10,000 points; got 1,000,000\. Clear"),
    ],
    ids=range(20),
)
def test_bad_drawing_is_one_sentence(bad, words):
    start = time.process_time()
    with pytest.raises(ValueError, match=words) as caught:
        from_strokes(bad)
    assert not isinstance(caught.value, BlankDrawing)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)
    assert time.process_time() - start < 1


def test_largest_drawing_is_bounded_in_time():
    rng = np.random.default_rng(0)
    ends = rng.uniform(-1e6, 1e6, (4_990, 4)).tolist()
    path = [c for a, b, x, y in ends for c in (["M", a, b], ["Q", b, a, x, y])]
    start = time.process_time()
    check(from_strokes(canvas([path], scaleX=1e6, skewX=90, skewY=-90, strokeWidth=-1e6)))
    assert time.process_time() - start < 5


def test_json_of_a_real_canvas_goes_through():
    check(from_strokes(json.loads(json.dumps(canvas(TWO, originX="center", left=145, top=140)))))


# Pixels


def enlarged(image, side, resample):
    """An image as a uint8 picture with the given side."""
    picture = Image.fromarray(np.uint8(np.round(np.asarray(image) * 255)))
    return np.asarray(picture.resize((side, side), resample))


def anywhere(images, side, resample, seed=0):
    """Each image enlarged and put somewhere on a black canvas of 280×280."""
    rng = np.random.default_rng(seed)
    for image in images:
        page = np.zeros((280, 280), np.uint8)
        y, x = rng.integers(0, 281 - side, 2)
        page[y : y + side, x : x + side] = enlarged(image, side, resample)
        yield page


def rendered(paths, pen, size=1.0, ink=255, paper=0, scale=4):
    """Polylines drawn by Pillow with a round pen on a 280×280 canvas."""
    picture = Image.new("L", (280 * scale, 280 * scale), paper)
    draw = ImageDraw.Draw(picture)
    for path in paths:
        points = [((c[-2] - 140) * size + 140, (c[-1] - 140) * size + 140) for c in path]
        points = [(x * scale, y * scale) for x, y in points]
        draw.line(points, ink, width=pen * scale)
        for x, y in points:
            r = pen * scale / 2
            draw.ellipse([x - r, y - r, x + r, y + r], ink)
    return np.asarray(picture.reduce(scale))


def right(images, digits):
    from invert import classify

    return float((classify(np.asarray(images)).argmax(axis=1) == digits).mean())


def test_mnist_comes_out_as_it_went_in(sample):
    images, digits = sample
    out = np.stack([from_pixels(image) for image in images])
    assert np.abs(out - images).mean() < 1e-3
    assert right(out, digits) >= right(images, digits) - 0.005


@pytest.mark.parametrize(
    "side, resample",
    [
        (56, Image.Resampling.NEAREST),
        (97, Image.Resampling.BICUBIC),
        (280, Image.Resampling.NEAREST),
    ],
)
def test_mnist_enlarged_anywhere_loses_half_a_point_at_most(sample, side, resample):
    images, digits = (each[::2] for each in sample)
    out = np.stack([from_pixels(page) for page in anywhere(images, side, resample)])
    assert right(out, digits) >= right(images, digits) - 0.005


def test_box_and_centre_of_pixels(sample):
    for page in anywhere(sample[0][::25], 160, Image.Resampling.BICUBIC):
        image = from_pixels(page)
        check(image)
        assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.1)
        assert longest_side(image > 0.2) in (20, 21)


def test_lopsided_picture_stays_inside():
    page = np.zeros((280, 280), np.uint8)
    page[40:240, 40:80] = page[134:146, 80:240] = 255
    for turn in range(4):
        image = from_pixels(np.rot90(page, turn))
        sides = [np.flatnonzero((image > 0.4).any(axis=axis))[[0, -1]] for axis in (0, 1)]
        assert max(np.ptp(side) + 1 for side in sides) in (20, 21)
    columns = np.flatnonzero((from_pixels(page) > 0.4).any(axis=0))
    assert columns[[0, -1]].tolist() == [8, 27]


@pytest.mark.parametrize("digit", [SEVEN, TWO, FIVE])
def test_pen_and_size_hardly_matter(digit):
    usual = rendered(digit, 20)
    for pen in (3, 8, 14, 30):
        for size in (0.6, 1.0):
            other = from_pixels(rendered(digit, pen, size))
            overlap = np.corrcoef(other.ravel(), from_pixels(usual).ravel())[0, 1]
            assert overlap > 0.75, (pen, size)
            assert 0.5 < other.sum() / from_pixels(usual).sum() < 2, (pen, size)


def test_thin_strokes_are_thickened():
    image = from_pixels(rendered(SEVEN, 2))
    assert image.max() == 1 and image[10:18].sum(axis=1).min() > 1.5


def test_dark_on_light_is_light_on_dark(sample):
    for page in anywhere(sample[0][::50], 150, Image.Resampling.BICUBIC):
        np.testing.assert_allclose(from_pixels(255 - page), from_pixels(page), atol=1e-4)


@pytest.mark.parametrize("digit", [SEVEN, FIVE])
def test_every_kind_of_array_is_the_same_picture(digit):
    page = rendered(digit, 20)
    expected = from_pixels(page)
    alpha = np.dstack([np.zeros((280, 280, 3), np.uint8), page])
    red = np.dstack([np.full((280, 280), 255, np.uint8), 255 - page, 255 - page])
    yellow = np.dstack([np.full((280, 280, 2), 255, np.uint8), 255 - page])
    same = {
        "channel": page[..., None],
        "rgb": np.dstack([page] * 3),
        "opaque": np.dstack([page, page, page, np.full_like(page, 255)]),
        "black on nothing": alpha,
        "white on nothing": np.dstack([np.full((280, 280, 3), 255, np.uint8), page]),
        "red on white": red,
        "yellow on white": yellow,
        "to 1": page / 255,
        "to 255": page.astype(np.float64),
        "float16": page.astype(np.float16),
        "16 bit": page.astype(np.uint16) * 257,
        "int64": page.astype(np.int64),
        "faint": page / 255 * 0.3 + 0.5,
        "list": page.tolist(),
    }
    for name, picture in same.items():
        np.testing.assert_allclose(from_pixels(picture), expected, atol=0.02, err_msg=name)
    overlap = np.corrcoef(from_pixels(page > 127).ravel(), expected.ravel())[0, 1]
    assert overlap > 0.98


def photographed(image, rng, shadow):
    """A digit in grey pencil on paper: uneven light, a soft shadow, grain; 300×400 RGB."""
    side = int(rng.integers(120, 260))
    ink = np.zeros((300, 400))
    y, x = rng.integers(20, 280 - side), rng.integers(20, 380 - side)
    ink[y : y + side, x : x + side] = enlarged(image, side, Image.Resampling.BICUBIC) / 255
    down, across = np.mgrid[:300, :400] / 400
    a, b = rng.uniform(0, 2 * math.pi, 2)
    light = 0.75 + 0.35 * (math.cos(a) * (across - 0.5) + math.sin(a) * (down - 0.4))
    if shadow:
        edge = math.cos(b) * (across - 0.5) + math.sin(b) * (down - 0.4)
        light *= 1 - 0.35 / (1 + np.exp(-edge * 60))
    tones = light * (0.9 - 0.6 * ink) + rng.normal(0, 0.02, ink.shape)
    return np.uint8(np.clip(tones, 0, 1)[..., None] * np.array([255, 250, 235]))


@pytest.mark.parametrize("shadow", [False, True])
def test_photos_of_digits_on_paper(sample, shadow):
    rng = np.random.default_rng(4)
    images, digits = sample[0][::10], sample[1][::10]
    out = np.stack([from_pixels(photographed(image, rng, shadow)) for image in images])
    assert right(out, digits) >= right(images, digits) - 0.04


def test_specks_do_not_move_the_digit():
    page = rendered(SEVEN, 16)
    dirty = page.copy()
    dirty[5:9, 5:9] = dirty[270:274, 20:25] = 255
    np.testing.assert_allclose(from_pixels(dirty), from_pixels(page), atol=1e-6)


def test_a_second_stroke_is_no_speck():
    page = rendered(FIVE[:1], 16).copy()
    page[40:52, 230:260] = 255  # a short stroke apart, a tenth of the ink
    assert np.abs(from_pixels(page) - from_pixels(rendered(FIVE[:1], 16))).max() > 0.5


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((280, 280)),
        np.full((28, 28), 255, np.uint8),
        np.full((5, 5, 3), 7, np.uint16),
        np.zeros((280, 280, 4), np.uint8),
        np.ones((1, 1), bool),
        np.full((300, 300), 200) + np.random.default_rng(0).integers(-8, 9, (300, 300)),
    ],
    ids=["black", "white", "grey", "transparent", "one pixel", "noise"],
)
def test_blank_picture(blank):
    with pytest.raises(BlankDrawing, match="^Draw a digit"):
        from_pixels(blank)


@pytest.mark.parametrize(
    "bad, words",
    [
        (np.full((9, 9), np.nan), r"values must be from 0 to 255; got nan to nan\. Pass"),
        (np.array([[0, np.inf]]), r"values must be from 0 to 255; got 0 to inf\. Pass"),
        (np.array([[-1, 5]]), r"values must be from 0 to 255; got -1 to 5\. Pass"),
        (np.array([[0, 70000]]), r"values must be from 0 to 65535; got 0 to 70000"),
        (np.zeros(784), r"pixels in rows and columns; got \(784,\)\. Pass"),
        (np.zeros((0, 28)), r"pixels in rows and columns; got \(0, 28\)"),
        (np.zeros((28, 28, 2)), r"pixels in rows and columns; got \(28, 28, 2\)"),
        (np.zeros((2, 28, 28, 3)), r"pixels in rows and columns; got \(2, 28, 28, 3\)"),
        (None, r"must be numbers; got dtype object\. Pass"),
        ("8.png", r"must be numbers; got dtype <U5\. Pass"),
        (np.zeros((3, 3), complex), r"must be numbers; got dtype complex128"),
        ([[1, 2], [3]], r"one array of numbers; .* Pass"),
        (
            np.broadcast_to(np.uint8(0), (10_000, 5_001)),
            r"50,000,000 pixels; got 10000×5001\. Make",
        ),
    ],
    ids=range(13),
)
def test_bad_picture_is_one_sentence(bad, words):
    with pytest.raises(ValueError, match=words) as caught:
        from_pixels(bad)
    assert not isinstance(caught.value, BlankDrawing)


def test_large_picture_is_bounded_in_time():
    page = np.zeros((5_000, 10_000, 3), np.uint8)
    page[1_000:4_000, 2_000:2_300] = 255
    start = time.process_time()
    image = from_pixels(page)
    assert time.process_time() - start < 10
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.1)


kinds = st.sampled_from([np.uint8, np.uint16, np.bool_, np.float32, np.float64, np.int16])
sides = st.one_of(st.integers(1, 40), st.just(600))
shapes = st.one_of(
    st.tuples(sides, st.integers(1, 40)),
    st.tuples(st.integers(1, 40), sides, st.sampled_from([1, 3, 4])),
)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_picture_is_an_image_or_a_sentence(data):
    kind = data.draw(kinds)
    values = st.floats(0, 255, width=32) if np.dtype(kind).kind == "f" else None
    picture = data.draw(stn.arrays(kind, data.draw(shapes), elements=values))
    try:
        image = from_pixels(picture)
    except ValueError as error:
        assert str(error).startswith(("Draw a digit", "A picture"))
    else:
        check(image)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.integers(1, 90), st.integers(1, 90), st.floats(0.01, 1))
def test_noise_is_an_image_or_blank(seed, height, width, strength):
    noise = np.random.default_rng(seed).normal(0.5, strength, (height, width, 3))
    with contextlib.suppress(BlankDrawing):
        check(from_pixels(np.clip(noise, 0, 1)))


def scan(image, side=112):
    """A digit as dark ink in the middle of a light page."""
    page = np.full((side, side), 250, np.uint8)
    big = enlarged(image, 84, Image.Resampling.BICUBIC)
    page[14:98, 14:98] = np.uint8(250 - big * (230 / 255))
    return page


@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right"])
def test_a_ruled_line_at_the_edge_is_left_out(sample, edge):
    images, digits = sample[0][::10], sample[1][::10]
    ruled = []
    for image in images:
        page = scan(image)
        turned = {"top": page, "bottom": page[::-1], "left": page.T, "right": page.T[::-1]}[edge]
        turned[1:5, 8:] = 20
        ruled.append(from_pixels(page))
    assert right(ruled, digits) >= right(images, digits) - 0.03


def test_a_ruled_line_is_left_out_of_a_photo_that_cuts_the_digits_foot(sample):
    images, digits = sample[0][::10], sample[1][::10]
    light = np.linspace(0.7, 1.0, 112)[:, None]  # so it is a photo
    cut = []
    for image in images:
        page = np.roll(scan(image), 112 - 94, axis=0)[:110] * light[:110]
        page[:, 104:108] = 30
        cut.append(from_pixels(np.uint8(page)))
    assert right(cut, digits) >= right(images, digits) - 0.1


def test_a_digit_in_a_frame_with_ticks_is_read_without_it(sample):
    images, digits = sample[0][::10], sample[1][::10]
    framed = []
    for image in images:
        page = np.full((200, 200), 255, np.uint8)
        page[30:170, 30:170] = np.pad(scan(image), 14, constant_values=255)
        page[[30, 169], 30:170] = page[30:170, [30, 169]] = 0
        page[169:176, 40:170:20] = page[40:170:20, 24:31] = 0
        framed.append(from_pixels(page))
    assert right(framed, digits) >= right(images, digits) - 0.02


def test_a_light_digit_in_a_dark_box_on_a_light_page_is_read(sample):
    images, digits = sample[0][::10], sample[1][::10]
    boxed = []
    for image in images:
        page = np.full((200, 200), 255, np.uint8)
        page[30:170, 30:170] = enlarged(image, 140, Image.Resampling.BICUBIC)
        boxed.append(from_pixels(page))
    assert right(boxed, digits) >= right(images, digits) - 0.02


def test_a_square_nought_is_no_frame():
    page = np.full((100, 100), 255, np.uint8)
    page[20:80, 30:70] = 0
    page[30:70, 40:60] = 255
    image = from_pixels(page)
    assert image.max() == 1 and image[14, 14] < 0.1 and image.sum() > 100


@pytest.mark.parametrize("light", [False, True])
def test_tiny_pictures_filled_to_the_edge_are_read(sample, light):
    images, digits = sample[0][::5], sample[1][::5]
    read = []
    for image in images:
        rows, columns = (np.flatnonzero((image > 0.3).any(axis=axis)) for axis in (1, 0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        tiny = Image.fromarray(np.uint8(255 * cut)).resize((16, 16), Image.Resampling.BOX)
        sharp = np.where(np.asarray(tiny) > 110, 255, 0).astype(np.uint8)
        read.append(from_pixels(sharp if light else 255 - sharp))
    # A 1 that fills a square is a black page.
    others = digits != 1
    assert right(np.array(read)[others], digits[others]) >= 0.8


def test_things_that_stand_apart_are_pieces_in_reading_order(sample):
    page = np.full((220, 224), 250, np.uint8)
    digits = [sample[0][100 * d + 7] for d in (3, 8, 1, 6)]
    for n, digit in enumerate(digits):
        row, column = divmod(n, 2)
        page[108 * row : 108 * row + 112, 112 * column : 112 * column + 112] = scan(digit)
    found = drawing.pieces(page)
    assert found.shape == (4, 28, 28)
    for piece, digit in zip(found, digits, strict=True):
        assert np.abs(piece - from_pixels(scan(digit))).mean() < 0.03


def test_the_bar_of_a_five_is_no_piece_of_its_own():
    page = np.full((100, 100), 255, np.uint8)
    page[20:26, 40:75] = 0
    page[30:80, 40:46] = page[50:56, 40:70] = page[50:80, 64:70] = page[74:80, 40:70] = 0
    assert len(drawing.pieces(page)) == 1


def test_a_blank_picture_has_no_pieces():
    assert drawing.pieces(np.full((50, 50), 255, np.uint8)).shape == (0, 28, 28)


@pytest.mark.parametrize("margin", [2, 6, 12])
@pytest.mark.parametrize("beside", [0, 8])
def test_a_straight_one_beside_another_digit_is_no_ruled_line(sample, beside, margin):
    other = enlarged(sample[0][100 * beside + 7], 84, Image.Resampling.BICUBIC)
    rows, columns = (np.flatnonzero((other > 80).any(axis=axis)) for axis in (1, 0))
    other = other[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    one = np.full((len(other), 9), 255, np.uint8)
    page = np.concatenate([one, np.zeros((len(other), 14), np.uint8), other], axis=1)
    assert len(drawing.pieces(255 - np.pad(page, margin))) == 2


def test_each_box_of_a_form_holds_a_piece(sample):
    page = np.full((140, 3 * 140), 255, np.uint8)
    for n, row in enumerate((300, 805, 410)):
        left = 140 * n
        page[14:126, left + 14 : left + 126] = scan(sample[0][row])
        page[[10, 130], left + 10 : left + 131] = page[10:131, [left + 10, left + 130]] = 0
    assert len(drawing.pieces(page)) == 3


def test_strokes_side_by_side_are_told_apart_and_a_scribble_is_not_looked_through():
    bars = [
        {"type": "Path", "path": [["M", x, 60], ["L", x, 220]], "strokeWidth": 18}
        for x in (40, 140, 240)
    ]
    apart = drawing.groups({"objects": bars[::-1]})
    assert len(apart) == 3
    np.testing.assert_array_equal(apart[0], drawing.from_strokes({"objects": bars[:1]}))
    assert len(drawing.groups({"objects": bars[:1]})) == 1
    crossed = {"type": "Path", "path": [["M", 30, 140], ["L", 250, 140]]}
    assert len(drawing.groups({"objects": [*bars, crossed]})) == 1
    long = [["M", 40, 60], *([["L", 40, 220], ["L", 41, 60]] * 200)]
    assert len(drawing.groups({"objects": [{"type": "Path", "path": long}, bars[2]]})) == 0
    assert len(drawing.groups(None)) == 0
