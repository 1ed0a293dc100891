"""The page while its models are loaded, and what is loaded once for all."""

import asyncio
import concurrent.futures
import io
import logging
import threading

import pytest
from page_driver import ONE, SECONDS, Page, until

from invert.methods import warming
from invert.page.server import loading
from invert.page.session import settings


def test_page_stands_before_the_models_are_loaded(fresh, monkeypatch):
    go = threading.Event()

    def slow():
        loading._loader()._report("Loading <the> classifier", 0.25)
        assert go.wait(SECONDS)

    monkeypatch.setattr(loading, "load_networks", slow)
    monkeypatch.setattr(warming, "warm_up", lambda report: None)
    page = Page(monkeypatch).run()
    until(lambda: loading._loader().fraction == 0.25)
    page.draw(ONE)
    assert "Loading &lt;the&gt; classifier" in page.html and "width:25%" in page.html
    assert [tab.label for tab in page.test.tabs] == [
        *("Classify", "Accuracy", "Why"),
        *("Generate", "Better ways", "What is lost", "Code"),
    ]
    assert page.test.get_by_key("digit").value == "8"
    assert "The answer comes as soon as" in page.words and page.answer is None
    assert "The images come as soon as" in page.words
    assert 'alt="the image as it goes in"' in page.html, "that needs no model"
    go.set()
    until(loading.ready)
    page.run()
    assert page.answer == 1 and len(page.images) == settings.COUNT


def test_models_are_loaded_once_for_all_visitors(fresh, monkeypatch):
    calls = []
    monkeypatch.setattr(warming, "warm_up", lambda report: calls.append(1))
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


def test_a_server_loads_soon_though_nobody_comes(fresh, monkeypatch):
    monkeypatch.setattr(loading, "ALONE_SECONDS", 0.1)
    monkeypatch.setattr(loading, "load_networks", lambda: None)
    monkeypatch.setattr(loading, "warm_panels", lambda: None)
    monkeypatch.setattr(warming, "warm_up", lambda report: None)
    states = []

    async def serve():
        async with loading.load_soon(None):
            states.append(loading._loader().state)
            await asyncio.sleep(0.3)

    with concurrent.futures.ThreadPoolExecutor(1) as thread:  # this one may have a loop running
        thread.submit(asyncio.run, serve()).result()
    until(lambda: loading._loader().state == "done")
    assert states == ["idle"], "who comes first is shown the page first"


@pytest.mark.parametrize(
    "name, words, lines",
    [
        ("runtime.caching.cache_data_api", "No runtime found, using MemoryCacheStorageManager", 0),
        ("runtime.caching.cache_data_api", "something else", 1),
        ("web.server.starlette.starlette_websocket", "Error deserializing back message", 1),
    ],
)
def test_the_log_holds_a_line_for_what_visitors_cause_and_none_for_what_is_meant(
    name, words, lines
):
    written = io.StringIO()
    logger, handler = logging.getLogger(f"streamlit.{name}"), logging.StreamHandler(written)
    logger.addHandler(handler)
    try:
        raise ValueError("of a visitor's making")
    except ValueError as error:
        logger.warning(words, exc_info=error if "websocket" in name else None)
    finally:
        logger.removeHandler(handler)
    assert written.getvalue().count("\n") == lines
