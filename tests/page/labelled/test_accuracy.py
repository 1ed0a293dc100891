"""Labelled pictures at once: how many are read right, on shipped networks and one's own."""

import html
import io
import re
import zipfile

import keras
import numpy as np
import pytest
from page_driver import at, encoded, with_own_network
from PIL import Image

import invert
from invert.evaluation.tally import wilson
from invert.page import examples
from invert.page.labelled import accuracy, labelled_files
from invert.page.labelled.class_in_name import class_of
from invert.page.session.network import Network

DIGITS = tuple("0123456789")


@pytest.mark.parametrize(
    ("path", "labels", "want"),
    [
        ("cat_01.png", ("cat", "dog"), 0),
        ("a/b/Dog/x.JPG", ("cat", "dog"), 1),
        ("dog/cat.png", ("cat", "dog"), 1),
        ("dog/cat/1.png", ("cat", "dog"), 0),
        ("cat/dogs/3.png", ("cat", "dog"), 0),
        ("3-a.png", DIGITS, 3),
        ("digit 3.png", DIGITS, None),
        ("33.png", DIGITS, None),
        ("007.png", DIGITS, 7),
        ("3a.png", DIGITS, 3),
        ("ice-cream-2.webp", ("ice", "ice cream"), 1),
        ("category.png", ("cat", "dog"), None),
        ("été/1.png", ("ÉTÉ", "hiver"), 0),
        ("", DIGITS, None),
        ("..", DIGITS, None),
        ("!.png", ("!", "?"), None),
    ],
)
def test_a_name_tells_its_class(path, labels, want):
    assert class_of(path, labels) == want


@pytest.fixture
def panel(page, monkeypatch):
    """The open tab, of a network that reads digits."""
    return at(monkeypatch, left="Accuracy", network="robust")


def drop(page, *files):
    (field,) = [f for f in page.test.file_uploader if f.key == "labelled"]
    field.set_value([(name, data, "application/octet-stream") for name, data in files])
    return page.run()


def png(image):
    """A digit as a photo of it would be: dark ink, and larger than it was."""
    picture = Image.fromarray((255 - 255 * image).astype(np.uint8)).resize((112, 112))
    return encoded(picture, "PNG")


def packed(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def cells(page):
    """The table of confusions: is, read as → how many."""
    (shown,) = re.findall(r'<div class="confusions".*?</table>', page.html)
    head = re.findall(r'<th scope="col">([^<]*)</th>', shown)[1:]
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', shown)
    return {
        (is_, read): int(count)
        for is_, row in rows
        for read, count in zip(head, re.findall(r"<td[^>]*>([^<]*)</td>", row), strict=True)
        if count != "·"
    }


def test_all_examples_are_read_and_what_is_misread_is_shown(panel):
    panel.choose("network", "question").click("labelled-examples")
    images = examples.load().reshape(-1, 28, 28)
    is_ = np.repeat(np.arange(10), examples.EACH)
    said = invert.classify(images, classifier="question")
    right = int((said.argmax(axis=1) == is_).sum())
    low, high = (round(100 * end) for end in wilson(right, 100))
    assert f"{right} of 100 right, so between {low} and {high} % of such pictures." in panel.words
    want = {}
    for pair in zip(map(str, is_), map(str, said.argmax(axis=1)), strict=True):
        want[pair] = want.get(pair, 0) + 1
    assert cells(panel) == want
    shown = re.findall(r"<b>is (\d)</b> <span>read as (\d),", panel.html)
    assert len(shown) == 100 - right > 0
    wrong = [pair for pair in want for _ in range(want[pair]) if pair[0] != pair[1]]
    assert sorted(shown) == sorted(wrong)


def test_the_sample_of_shapes_has_labelled_examples_too(fresh):
    """Their names say what the sample network, with the labels in its file, reads in them."""
    graph = invert.freeze(examples.SAMPLE)
    chosen = Network("own#1", graph, graph.image_shape, graph.labels, graph.pixel_range)
    given = accuracy._examples(chosen)
    read = invert.classify(chosen.fit(np.stack([each.image for each in given])), graph)
    known = [class_of(each.name, graph.labels) for each in given]
    assert len(given) == 20 and np.mean(read.argmax(axis=1) == known) >= 0.9
    assert accuracy._examples(chosen._replace(labels=tuple("abcde"))) == []


def test_files_by_their_names_and_an_archive_by_its_folders(panel):
    digits = examples.load()
    drop(
        panel,
        ("7_a.png", png(digits[7, 0])),
        ("1.png", png(digits[1, 0])),
        ("1.png", png(digits[1, 1])),  # two of one name
        ("3_no.png", png(digits[7, 1])),  # which says what is not so
        ("more.zip", packed(**{"set/0/a.png": png(digits[0, 0]), "set/notes.txt": b"?"})),
    )
    assert cells(panel) == {("7", "7"): 1, ("1", "1"): 2, ("3", "7"): 1, ("0", "0"): 1}
    assert "4 of 5 right" in panel.words and "is 3" in panel.words and "read as 7" in panel.words
    assert "3_no.png is a 3, read as a 7" in html.unescape(panel.html)
    panel.choose("network", "question")
    assert "of 5 right" in panel.words, "whichever network is chosen reads them"


def test_a_picture_without_a_class_is_counted_once_one_is_chosen(panel):
    digits = examples.load()
    drop(panel, ("IMG.png", png(digits[7, 0])), ("2.png", png(digits[2, 0])))
    assert "1 of 1 right" in panel.words and "1 picture's name tells no class" in panel.words
    (which,) = [each for each in panel.test.selectbox if each.key.startswith("labelled-")]
    panel.choose(which.key, "8")
    assert cells(panel) == {("8", "7"): 1, ("2", "2"): 1} and "1 of 2 right" in panel.words
    panel.choose(which.key, "7")
    assert "2 of 2 right" in panel.words and "None is misread." in panel.words


def test_what_cannot_be_read_is_named_and_the_rest_counts(panel, monkeypatch):
    good = png(examples.load()[4, 0])
    drop(
        panel,
        ("4.png", good),
        ("5.png", b"no picture"),
        ("<u>6</u>.png", b""),
        ("bad.zip", b"PK\x03\x04"),
        ("empty.zip", packed(**{"a.txt": b"?"})),
        ("up.zip", packed(**{"../4.png": good})),
    )
    assert "1 of 1 right" in panel.words
    for said in (
        "5.png: This file is no PNG, JPEG or WEBP picture.",
        "<u>6</u>.png: This file is no PNG",
        "bad.zip is a zip archive that is cut short or damaged.",
        "No PNG, JPEG or WEBP picture is in empty.zip.",
        "which leads elsewhere",
    ):
        assert said in panel.words
    assert panel.html.count('role="alert"') == 5 and "<u>" not in panel.html
    assert "/tmp" not in panel.html
    monkeypatch.setattr(labelled_files, "MOST_PICTURES", 2)
    monkeypatch.setattr(labelled_files, "MOST_FILE", len(good) - 1)
    drop(panel, *[(f"{n}.png", good if n else b"x" * 9) for n in range(4)])
    assert "2 more were given" in panel.words and labelled_files.TOO_LARGE in panel.words


def test_two_parts_of_one_name_are_both_read():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for digit in (3, 8):
            archive.writestr("3/a.png", png(examples.load()[digit, 0]))
    found, more = labelled_files.read([("a.zip", data.getvalue)], (28, 28), True)
    assert not more and [each.name for each in found] == ["3/a.png"] * 2
    said = invert.classify([each.image for each in found], classifier="robust")
    assert said.argmax(axis=1).tolist() == [3, 8]


def test_of_large_images_fewer_are_taken(monkeypatch):
    monkeypatch.setattr(labelled_files, "MOST_VALUES", 2 * 784 + 783)
    files = [(f"{digit}.png", lambda d=digit: png(examples.load()[d, 0])) for digit in range(4)]
    found, more = labelled_files.read(files, (28, 28), True)
    assert [each.name for each in found] == ["0.png", "1.png"]
    assert more == labelled_files.MORE.format(2, 2)


def test_an_archive_is_bounded_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(labelled_files, "MOST_FILE", 1000)
    monkeypatch.setattr(labelled_files, "MOST_TOGETHER", 5000)

    def said(data):
        (only,), _ = labelled_files.read([("a.zip", lambda: data)], (28, 28), True)
        return only.complaint

    assert said(packed(**{"1.png": bytes(1001)})) == labelled_files.TOO_LARGE
    many = packed(**{f"{n}.png": bytes(900) for n in range(6)})
    assert "may take" in said(many) and "a.zip take more" in said(many)
    monkeypatch.setattr(labelled_files, "MOST_ZIP", 20)
    assert "An archive may have" in said(many)


def test_ones_own_network_of_colours_reads_pictures_as_they_are(page, tmp_path, monkeypatch):
    """Of red and blue pictures, by the mean of the two colours."""
    model = keras.Sequential(
        [keras.Input((6, 8, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    )
    model.layers[1].set_weights([np.array([[9, 0], [0, 0], [0, 9]]), np.zeros(2)])
    model.save(tmp_path / "hues.keras")
    other = at(monkeypatch, left="Accuracy")
    with_own_network(other, tmp_path / "hues.keras", monkeypatch)
    (named,) = [f for f in other.test.text_input if f.key.startswith("own-names")]
    other.choose(named.key, "red, blue")
    red, blue = (encoded(Image.new("RGB", (80, 60), c), "PNG") for c in ((200, 0, 9), (9, 0, 200)))
    files = ("red 1.png", red), ("red 2.png", blue), ("blue.png", blue), ("Blue/1.png", blue)
    drop(other, *files)
    assert cells(other) == {("red", "red"): 1, ("red", "blue"): 1, ("blue", "blue"): 2}
    assert accuracy.WHAT.format("blue", 100) in other.words
    sure = re.search(r"read as blue, (\S+) sure", other.words)[1]
    share = 1 / (1 + np.exp(9 * (9 - 200) / 255))
    assert sure == f"{100 * share:.0f}%" or (sure == ">99%" and share >= 0.995)
