"""A drawing comes out of a link as it went in, a text is short, and no text does harm."""

import itertools
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import invert
from invert.drawing import from_strokes, in_link
from invert.drawing.in_link import decode, encode
from invert.page.canvas import drawing_area

# Digits on a canvas of 280×280: each stroke by the points that a smooth line runs through.
PENS = {
    0: [[(140, 50), (85, 90), (80, 180), (135, 230), (195, 180), (190, 90), (140, 50)]],
    1: [[(140, 50), (138, 110), (136, 170), (135, 230)]],
    2: [[(85, 100), (120, 55), (180, 70), (175, 130), (85, 220), (130, 210), (205, 222)]],
    3: [[(90, 75), (150, 50), (185, 90), (130, 135), (190, 180), (150, 230), (85, 210)]],
    4: [[(110, 55), (95, 100), (80, 150), (140, 148), (210, 150)], [(170, 60), (165, 230)]],
    5: [
        [(110, 60), (105, 130), (150, 115), (190, 165), (155, 225), (90, 210)],
        [(110, 60), (190, 58)],
    ],
    6: [[(170, 50), (110, 110), (90, 180), (130, 230), (185, 190), (140, 150), (95, 190)]],
    7: [[(80, 65), (140, 62), (200, 65), (160, 140), (125, 230)], [(110, 145), (180, 145)]],
    8: [
        [(190, 80), (130, 50), (100, 95), (180, 170), (140, 230), (90, 185), (170, 110), (190, 80)]
    ],
    9: [[(185, 90), (140, 55), (95, 95), (135, 135), (185, 90), (180, 160), (165, 230)]],
}


def smooth(points, steps=14):
    """A line through the points, as a hand draws it: Catmull and Rom's."""
    points = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    return np.concatenate([*pieces, points[-1:]])


def pen_path(points):
    """Fabric.js's path of a freehand line: curves from middle to middle of the mouse's places."""
    points = [(float(x), float(y)) for x, y in points]
    (x, y), *_, (last_x, last_y) = points
    path: list = [["M", x - 0.018, y]]
    path += [["Q", *a, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2] for a, b in itertools.pairwise(points)]
    return [*path, ["L", last_x + 0.018, last_y]]


def drawing(*paths, **fields):
    return {
        "objects": [{"type": "Path", "path": path, "strokeWidth": 18, **fields} for path in paths]
    }


def traces(count, seed=0):
    """Drawings of digits, each by another hand: turned, stretched, moved, shaky as a mouse."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        matrix = np.eye(2) + rng.normal(0, 0.08, (2, 2))
        place = rng.normal(140, 8, 2)
        strokes = [
            (smooth(points) - 140) @ matrix * rng.uniform(0.7, 1.1) + place
            for points in PENS[number % 10]
        ]
        yield drawing(*[pen_path(np.rint(s + rng.normal(0, 0.4, s.shape))) for s in strokes])


def test_digits_come_back_as_they_were_and_are_short():
    drawn = list(traces(200))
    texts = [encode(each) for each in drawn]
    back = [decode(text) for text in texts]
    there, here = (np.array([from_strokes(d) for d in many]) for many in (drawn, back))
    assert np.abs(there - here).mean(axis=(1, 2)).max() < 0.01
    assert [len(d["objects"]) for d in back] == [len(d["objects"]) for d in drawn]
    for classifier in ("energy", "question"):
        same = invert.classify(there, classifier).argmax(1) == invert.classify(
            here, classifier
        ).argmax(1)
        assert same.mean() >= 0.99
    assert np.median([len(text) for text in texts]) <= 200
    assert all(re.fullmatch("[A-Za-z0-9_-]+", text) for text in texts)
    assert [encode(d) for d in back] == texts


def test_no_point_is_further_off_than_a_pixel():
    for drawn in traces(20, seed=1):
        segments = [in_link.stroke_pieces.segments(each) for each in (drawn, decode(encode(drawn)))]
        for these, those in (segments, segments[::-1]):
            points, way = these[:, 1], those[:, 1] - those[:, 0]
            offset = points[:, None] - those[:, 0]
            along = (offset * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-12)
            distance = np.hypot(*np.moveaxis(offset - along.clip(0, 1)[..., None] * way, -1, 0))
            assert distance.min(axis=1).max() < 1


def test_a_text_by_hand():
    # Two strokes; two points: from the corner 80 and 180 half pixels, 400 to the right. Then one
    # point, a dot: 100 to the left, 20 up. Twice a number; less one of twice, where it is negative.
    numbers = [2, 2, 160, 360, 800, 0, 1, 199, 39]
    text = "1"
    for number in numbers:
        while number >= 32:
            text += in_link.ALPHABET[32 + number % 32]
            number //= 32
        text += in_link.ALPHABET[number]
    line, dot = decode(text, pen=10)["objects"]
    assert line["path"] == [["M", 40, 90], ["L", 240, 90]]
    assert dot["path"] == [["M", 190, 80], ["L", 190.01, 80]]
    assert encode(drawing(line["path"], [["M", 190, 80]])) == text
    # As Fabric.js 7 writes a freehand stroke down.
    assert line == {
        "type": "Path",
        **{"originX": "center", "originY": "center"},
        **{"left": 140, "top": 90, "width": 200, "height": 0},
        **{"fill": None, "stroke": "#17181c", "strokeWidth": 10},
        **{"strokeLineCap": "round", "strokeLineJoin": "round"},
        "path": [["M", 40, 90], ["L", 240, 90]],
    }


def test_canvas_and_link_agree():
    [stroke] = decode("1BCgFoLgZA")["objects"]
    assert stroke["strokeWidth"] == drawing_area.PENS[drawing_area.PEN]


@pytest.mark.parametrize("nothing", [None, {}, {"objects": []}, {"objects": [{"type": "IText"}]}])
def test_no_strokes_are_no_text(nothing):
    assert encode(nothing) == ""
    assert decode("") == {"objects": []}


def test_moved_scaled_and_turned_strokes_come_back_where_they_lie():
    moved = drawing(
        pen_path(smooth(PENS[3][0])),
        angle=30,
        scaleX=0.6,
        scaleY=0.8,
        left=120,
        top=150,
        flipX=True,
    )
    moved["objects"] += drawing([["M", 20, 20], ["L", 60, 40]])["objects"]
    moved["objects"] += [{"type": "Rect", "left": 200, "top": 40, "width": 30, "height": 20}]
    back = from_strokes(decode(encode(moved)))
    assert np.abs(back - from_strokes(moved)).mean() < 0.005


def test_what_was_drawn_beyond_the_canvas_is_read_too():
    beyond = drawing([["M", 140, 20], ["L", 100.3, 330.7]], [["M", 90, 100], ["L", -40.2, 120.1]])
    assert np.abs(from_strokes(decode(encode(beyond))) - from_strokes(beyond)).mean() < 0.01
    far = decode(encode(drawing([["M", 140, 20], ["L", 9_000, -9_000]])))
    assert far["objects"][0]["path"] == [["M", 140, 20], ["L", 560, -280]]


def test_a_small_drawing_keeps_its_shape():
    [large] = traces(1, seed=3)
    path = [
        [letter, *(v / 8 + 100 for v in numbers)]
        for letter, *numbers in large["objects"][0]["path"]
    ]
    small = drawing(path)
    assert np.abs(from_strokes(decode(encode(small))) - from_strokes(small)).mean() < 0.05


points = st.tuples(st.integers(-560, 1120), st.integers(-560, 1120))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(points, min_size=1, max_size=8), max_size=8))
def test_half_pixels_are_kept_to_the_letter(drawn):
    paths = [[["M" if i == 0 else "L", x / 2, y / 2] for i, (x, y) in enumerate(s)] for s in drawn]
    text = encode(drawing(*paths))
    back = decode(text)
    assert encode(back) == text
    # Where a stroke begins at the end of another they are one; no point stands twice.
    kept = []
    for stroke in paths:
        whole = kept and kept[-1][-1][1:] == stroke[0][1:]
        line = (kept.pop() if whole else []) + [["L", *p[1:]] for p in stroke]
        kept.append([p for i, p in enumerate(line) if i == 0 or p[1:] != line[i - 1][1:]])
    told = [[["L", *p[1:]] for p in o["path"] if p[1] % 0.5 == 0] for o in back["objects"]]
    assert told == kept


rng = np.random.default_rng(0)
HUGE = {
    "a stroke of thousands of curves": drawing(
        [["M", 0, 0], *(["Q", *q] for q in rng.uniform(0, 280, (9_900, 4)).tolist())]
    ),
    "thousands of curves": drawing(
        *(
            [["M", a, b], ["Q", b, a, x, y]]
            for a, b, x, y in rng.uniform(0, 280, (3_000, 4)).tolist()
        )
    ),
    "far away": drawing(
        [
            command
            for a, b, x, y in rng.uniform(-1e6, 1e6, (4_900, 4)).tolist()
            for command in (["M", a, b], ["Q", b, a, x, y])
        ],
        **{"scaleX": 1e6, "skewX": 90},
    ),
    "thousands of dots": drawing(*([["M", *q]] for q in rng.uniform(0, 280, (4_900, 2)).tolist())),
    "dots all around": drawing(*([["M", *q]] for q in rng.uniform(-400, 700, (4_900, 2)).tolist())),
    "minutes of scribbling": drawing(
        pen_path(140 + 90 * np.sin(np.cumsum(rng.normal(0, 0.05, (9_900, 2)), axis=0)))
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_drawing_fits(name):
    start = time.process_time()
    text = encode(HUGE[name])
    assert time.process_time() - start < 5
    assert len(text) <= in_link.MAX_LENGTH
    back = decode(text)
    assert sum(len(stroke["path"]) for stroke in back["objects"]) <= 2 * in_link.MAX_POINTS
    assert encode(back) == text


def test_a_scribble_keeps_its_look():
    drawn = HUGE["minutes of scribbling"]
    assert np.abs(from_strokes(decode(encode(drawn))) - from_strokes(drawn)).mean() < 0.02


WHOLE = encode(drawing(*(pen_path(smooth(points)) for points in PENS[5])))
SENTENCE = re.compile(
    r"A drawing in a link must [^\n]{10,160}\. Copy the whole link again, or draw anew\."
)


@pytest.mark.parametrize(
    "text, words",
    [
        (None, "must be text; got NoneType"),
        (b"1BCgFoLgZA", "must be text; got bytes"),
        ("1" * 4_001, r"at most 4,000 characters; got 4,001"),
        ("2BCgFoLgZA", "must begin with 1; got '2'"),
        ("\n1BCgFoLgZA", r"must begin with 1; got '\\n'"),
        ("1BCgFoLg ZA", "consist of A-Z, a-z, 0-9, - and _; got ' '"),
        ("1BCgFoLgZ\u0410", "consist of A-Z.* got '\u0410'"),
        ("1", "must be whole"),
        ("1A", "must be whole"),  # no stroke
        ("1BA", "must be whole"),  # a stroke without a point
        ("1BCgFoLgZ", "must be whole"),
        ("1BCgFoLgZAA", "must be whole"),
        ("1BCgFoLAA", "must be whole"),  # the same point twice
        ("1CBCCBAA", "must be whole"),  # a stroke that begins where another ended
        ("1hABCgFoLgZA", "must be whole"),  # a number longer than it need be
        ("1B" + "_" * 3_000, "must be whole"),
        ("1B_fAA", "at most 1,000 points"),
        ("1BBggEA", "stay within 280 pixels of the canvas"),
        ("1BBA___B", "stay within 280 pixels"),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_sentence(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        decode(text)
    assert SENTENCE.fullmatch(str(caught.value))


def test_every_cut_is_noticed():
    for end in range(1, len(WHOLE)):
        with pytest.raises(ValueError, match="must be whole"):
            decode(WHOLE[:end])


def decoded_or_refused(text):
    start = time.process_time()
    try:
        back = decode(text)
    except ValueError as error:
        assert SENTENCE.fullmatch(str(error))
    else:
        assert encode(back) == text
    assert time.process_time() - start < 0.5


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=40) | st.text(in_link.ALPHABET, max_size=4_100).map("1".__add__))
def test_any_text_is_a_drawing_or_a_sentence(text):
    decoded_or_refused(text)


@settings(deadline=None, max_examples=300)
@given(st.integers(1, len(WHOLE) - 1), st.sampled_from(in_link.ALPHABET))
def test_an_altered_character_is_another_drawing_or_a_sentence(place, character):
    decoded_or_refused(WHOLE[:place] + character + WHOLE[place + 1 :])


@pytest.mark.parametrize("character", "A_f")
def test_the_longest_texts_are_read_or_refused_quickly(character):
    decoded_or_refused("1" + character * (in_link.MAX_LENGTH - 1))
    decoded_or_refused("1B" + "oH" + "BC" * 1_800)
