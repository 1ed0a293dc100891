"""One's own network on the page: it reads and draws, and stays in its session."""

import collections
import dataclasses
import gc
import io
import tempfile
import weakref

import keras
import numpy as np
import pytest
import streamlit as st
from page_driver import ONE, ZERO, at
from PIL import Image

import invert
from invert import upload
from invert.inversion.freezing import freeze
from invert.page.canvas import layers
from invert.page.own_network import effort, held_networks, network_file
from invert.page.panels import classify, code
from invert.page.server import departures
from invert.page.session import link, network, settings


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two networks as files: one reads digits in 0 to 255, one tells colours apart."""
    folder = tmp_path_factory.mktemp("networks")
    keras.utils.set_random_seed(3)
    digits = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 5, strides=3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    colours = keras.Sequential(
        [keras.Input((6, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    for name, model in (("digits", digits), ("colours", colours)):
        model.save(folder / f"{name}.keras")
    return folder


@pytest.fixture
def drop(monkeypatch):
    """Drop a file on the page: it is read here and now, as the throwaway process would."""

    whole = network_file.read

    def read(name, data, still_wanted):
        if data == b"bad":
            return whole(name, data)
        with tempfile.NamedTemporaryFile(suffix=".keras") as file:
            file.write(data)
            file.flush()
            frozen = freeze(file.name)
        return dataclasses.replace(frozen, name=network_file.graph_name(name, data))

    monkeypatch.setattr(network_file, "read", read)
    monkeypatch.setattr(held_networks, "_held", collections.OrderedDict())

    def onto(page, name, data):
        uploader(page).upload(name, data, "application/octet-stream")
        return page.run()

    return onto


def uploader(page):
    """Where a network is dropped, of which there is one."""
    (one,) = [each for each in page.test.file_uploader if each.key.startswith("network-file")]
    return one


def test_without_a_file_the_page_asks_for_one(page):
    page.choose("network", "own").draw(ONE)
    assert held_networks.NOT_YET in page.words and page.answer is None and not page.images
    assert 'data-left-out=""' in page.html, "a link has all there is"
    assert "16 MB" in page.words and 'role="alert"' not in page.html
    assert layers.NOT_GIVEN in page.words
    page.choose("network", "energy")
    assert page.answer == 1 and page.images, "the others go on"


def test_a_network_of_digits_reads_the_drawing_in_its_own_range_and_draws(page, files, drop):
    path = files / "digits.keras"
    drop(page.choose("network", "own").draw(ZERO), "mine.keras", path.read_bytes())
    frozen = freeze(path)
    assert frozen.pixel_range == (0, 255)
    image = page.test.session_state["drawn image"]
    want = invert.classify(255 * image, frozen)[0]
    assert page.answer == want.argmax()
    assert "“mine.keras” reads 28×28 images, pixels in [0, 255], 10 classes." in page.words
    (shown,) = page.images
    run = invert.generate(8, "steepest", classifier=frozen, seed=settings.SEED)
    assert f"network says {run.probabilities[0].argmax()}" in shown
    assert "mine stays as it is" in page.words and "#" not in page.words
    page.click("read-1")
    np.testing.assert_allclose(
        page.test.session_state["drawn image"], run.images[0] / 255, atol=0.02
    )
    page.choose("start", "my drawing")
    assert page.images and 'role="alert"' not in page.html


def test_a_network_of_other_images_is_shown_a_picture(page, files, drop, monkeypatch):
    drop(page.choose("network", "own"), "c.keras", (files / "colours.keras").read_bytes())
    assert "Give it a picture to read." in page.words and 'role="alert"' not in page.html
    assert page.test.get_by_key("class").options == ["0", "1", "2"]
    page.choose("class", 2)
    assert "Image made to be a 2" in page.html and "judge says" not in page.html
    picture = Image.new("RGB", (80, 60), (250, 10, 10))
    out = io.BytesIO()
    picture.save(out, "PNG")
    decoded = []
    decode = upload.read_whole
    monkeypatch.setattr(
        upload, "read_whole", lambda *args: decoded.append(args[1]) or decode(*args)
    )
    page.test.get_by_key("picture").upload("red.png", out.getvalue(), "image/png")
    page.run().run()
    assert decoded == [(6, 8, 3)], "once, however often the page is run"
    red = np.tile(np.float32([250, 10, 10]) / 255, (6, 8, 1))
    want = invert.classify(red, freeze(files / "colours.keras"))[0]
    assert f"<b>{want.argmax()}</b>" in page.html
    page.test.get_by_key("picture").upload("no.png", b"no picture", "image/png")
    page.run().run()
    assert upload.NO_PICTURE in page.words and "your picture red.png" in page.words
    assert f"<b>{want.argmax()}</b>" in page.html, "what was read stays"
    page.click("read-1")
    assert "drawn to be a 2 by c" in page.html
    assert 'data-left-out="your network"' in page.html, "as Share says"
    page.choose("network", "energy")
    assert "drawn to be a 2" not in page.html, "it is no drawing of a digit"
    assert 'data-left-out=""' in page.html


def test_nothing_is_said_of_a_drawing_where_no_canvas_is_shown(page, files, drop, monkeypatch):
    monkeypatch.setattr(link, "MOST_PIECES", 0)
    page.draw(ZERO)
    assert classify.LEFT_OUT in page.words
    drop(page.choose("network", "own"), "c.keras", (files / "colours.keras").read_bytes())
    assert "Give it a picture to read." in page.words and classify.LEFT_OUT not in page.words


def test_a_bad_file_is_refused_in_a_sentence_and_the_one_before_stays(page, files, drop):
    drop(page.choose("network", "own").draw(ONE), "a.keras", (files / "digits.keras").read_bytes())
    answer = page.answer
    for name in ("bad.keras", "worse.keras"):
        drop(page, name, b"bad")
        assert f"by its first bytes “{name}” is none of these" in page.words
        assert "“a.keras” reads 28×28 images" in page.words and page.answer == answer
        assert uploader(page).value is None, "no file stands there that is not in use"
    drop(page, "c.keras", (files / "colours.keras").read_bytes())
    assert "“c.keras” reads 6×8×3" in page.words and 'role="alert"' not in page.html


def test_it_stays_in_its_session_and_few_are_held(page, files, drop, monkeypatch):
    drop(page.choose("network", "own").draw(ONE), "a.keras", (files / "digits.keras").read_bytes())
    other = at(monkeypatch, network="own").draw(ONE)
    assert held_networks.NOT_YET in other.words
    monkeypatch.setattr(held_networks, "MOST", 1)
    drop(other, "c.keras", (files / "colours.keras").read_bytes())
    assert held_networks.PUT_AWAY in page.run().words and page.answer is None


@pytest.mark.whole
def test_no_more_is_offered_than_a_slow_network_may_be_asked_for(page, files, drop, monkeypatch):
    monkeypatch.setattr(effort, "effort_of", lambda frozen: effort.Effort(step=0, image=1))
    monkeypatch.setattr(effort, "MOST_OF_A_RUN", 250)
    drop(page.choose("network", "own"), "a.keras", (files / "digits.keras").read_bytes())
    assert page.test.get_by_key("steps").options[-1] == "200"
    assert page.test.get_by_key("count").max == 3, "250 by the method's 80 steps"
    page.choose("count", 3).choose("steps", "200")
    assert len(page.images) == 1


def test_the_names_on_the_page_are_the_classifiers_and_one_more():
    assert list(network.NAMES) == [*invert.CLASSIFIERS, "own"]
    assert set(network.MEANINGS) == set(invert.CLASSIFIERS)


def test_whoever_brings_many_loses_their_own_first(monkeypatch):
    homes = {"a": "10.0.0.1", "b": "10.0.0.2"}
    whose = {"session": "", "home": ""}
    monkeypatch.setattr(held_networks.state, "session", lambda: whose["session"])
    monkeypatch.setattr(held_networks.admission, "home_of", lambda address: whose["home"])
    monkeypatch.setattr(held_networks, "_held", collections.OrderedDict())
    for number, who in enumerate("ab" + "a" * 30):
        whose.update(session=f"{who}{number}", home=homes[who])
        held_networks._hold(f"network {number}")
    held = held_networks._held
    assert len(held) == held_networks.MOST and held["b1"].graph == "network 1"
    assert list(held)[-1] == "a31", "the newest is there"
    whose.update(session="a31", home=homes["a"])
    held_networks._hold("another")
    assert len(held) == held_networks.MOST, "a session holds one"


def test_an_interrupted_reading_begins_anew(page, files, drop, monkeypatch):
    calls = []
    read = network_file.read

    def interrupted(name, data, still_wanted):
        calls.append(name)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return read(name, data, still_wanted)

    monkeypatch.setattr(network_file, "read", interrupted)
    monkeypatch.setattr(held_networks, "_hold", lambda graph: calls.append(graph.name))
    before, data = held_networks.files_read(), (files / "digits.keras").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        held_networks.take("a.keras", lambda: data)
    assert held_networks.files_read() == before, "the file still stands there"
    held_networks.take("a.keras", lambda: data)
    assert held_networks.files_read() == before + 1
    assert len(calls) == 3 and calls[2].startswith("a#")


def test_the_code_tab_says_how_many_programs_it_shows(page, files, drop, monkeypatch):
    other = at(monkeypatch, right="Code")
    assert code.WHAT in other.words and len(other.test.code) == 2
    drop(other.choose("network", "own"), "d.keras", (files / "digits.keras").read_bytes())
    assert code.WHAT_BY_CALL in other.words and len(other.test.code) == 1, "its range is 0 to 255"


def test_what_a_session_held_is_given_up_when_its_visitor_is_gone(page, files, drop, monkeypatch):
    there, now = {"test session id"}, [1000.0]
    monkeypatch.setattr(departures, "_is_here", there.__contains__)
    monkeypatch.setattr(departures, "monotonic", lambda: now[0])
    monkeypatch.setattr(departures, "_forget", {})
    monkeypatch.setattr(departures, "_missing", {})
    drop(page.choose("network", "own"), "a.keras", (files / "digits.keras").read_bytes())
    (session,) = departures._forget
    graph = weakref.ref(next(iter(held_networks._held.values())).graph)
    there.clear()
    there.add(session)
    departures.look()
    assert held_networks._held, "the visitor is there"
    there.clear()
    departures.look()
    now[0] += departures.SECONDS / 2
    departures.look()
    there.add(session)
    departures.look()
    there.clear()
    departures.look()
    now[0] += departures.SECONDS - 1
    departures.look()
    assert held_networks._held, "a connection that was taken up again starts anew"
    now[0] += 1
    departures.look()
    assert not held_networks._held and not departures._forget
    st.cache_data.clear()  # as Streamlit does for a session that has closed
    del page
    gc.collect()
    assert graph() is None, "nothing else holds it"
