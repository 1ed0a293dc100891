"""What is made of a network, and who is shown it again."""

from types import SimpleNamespace

from streamlit.runtime import caching
from streamlit.runtime.caching import cache_data_api

from invert.page.session import remembered


def test_what_was_made_of_an_own_network_is_its_sessions_alone(fresh, monkeypatch):
    made, session = [], SimpleNamespace(session_id="a")

    @remembered.remembered(5)
    def make(name, what):
        made.append(name)
        return what

    monkeypatch.setattr(remembered, "get_script_run_ctx", lambda **_: session)
    monkeypatch.setattr(cache_data_api, "get_session_id_or_throw", lambda: session.session_id)
    for name in ("robust", "mine#1", "robust", "mine#1"):
        assert make(name, 3) == 3
    assert made == ["robust", "mine#1"]
    session.session_id = "b"
    make("robust", 3), make("mine#1", 3)
    assert made[2:] == ["mine#1"]
    caching.clear_session_data_cache("a")  # Streamlit does so when a session closes
    make("mine#1", 3)
    assert made[3:] == [], "what the other session had is left"
    session.session_id = "a"
    make("mine#1", 3)
    assert made[3:] == ["mine#1"]
    assert make("robust", 3) and made[4:] == []


def test_without_a_session_nothing_is_remembered_of_an_own_network(fresh):
    made = []
    make = remembered.remembered(5)(lambda name: made.append(name))
    make("mine#1"), make("mine#1")
    assert len(made) == 2
