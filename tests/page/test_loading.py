"""The page while its models are loaded, and what is loaded once for all."""

import threading

from page_driver import ONE, SECONDS, Page, until

from invert.methods import generation
from invert.page import loading
from invert.page.panels import generate


def test_page_stands_before_the_models_are_loaded(fresh, monkeypatch):
    go = threading.Event()

    def slow():
        loading._loader()._report("Loading <the> classifier", 0.25)
        assert go.wait(SECONDS)

    monkeypatch.setattr(loading, "load_networks", slow)
    monkeypatch.setattr(generation, "warm_up", lambda report: None)
    page = Page(monkeypatch).run()
    until(lambda: loading._loader().fraction == 0.25)
    page.draw(ONE)
    assert "Loading &lt;the&gt; classifier" in page.html and "width:25%" in page.html
    assert [tab.label for tab in page.test.tabs] == [
        *("Classify", "Why"),
        *("Generate", "Better ways", "What is lost"),
    ]
    assert page.test.get_by_key("digit").value == "8"
    assert "The answer comes as soon as" in page.words and page.answer is None
    assert "The images come as soon as" in page.words
    assert 'alt="your drawing as the classifier sees it"' in page.html, "that needs no model"
    go.set()
    until(loading.ready)
    page.run()
    assert page.answer == 1 and len(page.images) == generate.COUNT


def test_models_are_loaded_once_for_all_visitors(fresh, monkeypatch):
    calls = []
    monkeypatch.setattr(generation, "warm_up", lambda report: calls.append(1))
    for _ in range(3):
        Page(monkeypatch).run()
        until(lambda: loading._loader().state == "done")
    assert calls == [1]


def test_streamlit_cannot_clear_keras_while_models_are_built(page):
    import keras
    from keras.src.backend.common import global_state
    from streamlit.runtime.scriptrunner import script_runner

    before = global_state.GLOBAL_STATE_TRACKER
    script_runner._clean_problem_modules()
    assert global_state.GLOBAL_STATE_TRACKER is before
    assert keras.layers.Dense(1).name != keras.layers.Dense(1).name
