"""Closed by default: settings, pins, and what the code may not do."""

import ast
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from page_driver import ONE, at, stroke
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed

from invert.networks import weights
from invert.page.canvas import drawing_area, shown_instead
from invert.page.pictures import markup
from invert.page.server import failure
from invert.page.session import settings as choices
from invert.page.session import state

ROOT = Path(__file__).parent.parent
CODE = sorted([ROOT / "streamlit_app.py", *(ROOT / "invert").rglob("*.py")])
SCRIPT = "<script>alert('x')</script>\"'`&"


def settings():
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))


def test_the_servers_settings_are_closed():
    server = settings()["server"]
    assert server["enableXsrfProtection"] and server["enableCORS"]
    assert server["maxUploadSize"] <= 16 and server["maxMessageSize"] <= 16
    assert not server.get("enableStaticServing") and not server.get("enableAgentApi")
    assert settings()["browser"]["gatherUsageStats"] is False


def test_no_message_is_answered_by_the_name_of_one_that_a_browser_may_have_forgotten(monkeypatch):
    kept = settings()["global"]["minCachedMessageSize"]
    assert kept > settings()["server"]["maxMessageSize"] * 2**20
    message = ForwardMsg()
    message.delta.new_element.text.body = "answer " * 10_000

    def cacheable(least):
        monkeypatch.setattr(config, "get_option", {"global.minCachedMessageSize": least}.get)
        message.hash = ""
        populate_hash_if_needed(message)
        return message.metadata.cacheable

    assert not cacheable(kept) and cacheable(10_000)  # Streamlit's own limit


def test_visitors_get_no_details_of_what_streamlit_shows_itself():
    client = settings()["client"]
    assert client["showErrorDetails"] == "none" and client["showErrorLinks"] is False
    assert client["toolbarMode"] == "minimal"


@pytest.mark.parametrize("path", ["requirements.txt", "tests/requirements.txt"])
def test_every_dependency_is_pinned_exactly(path):
    lines = (ROOT / path).read_text("utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[0-9][0-9A-Za-z.]*", line), line


# Loaders and calls that run what they read.
RUNS_CODE = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
RUNS_CODE |= {"yaml.load", "yaml.unsafe_load", "marshal.load", "marshal.loads"}
RUNS_CODE |= {"torch.load", "joblib.load", "enable_unsafe_deserialization"}
PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch"}
LOADERS = {"np.load", "numpy.load"}


def faults_of(source):
    """What a file does that none may: (line, why)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            if {name.split(".")[0] for name in names} & PICKLERS:
                yield node.lineno, "pickles"
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name in RUNS_CODE or name.split(".")[-1] in (
            "enable_unsafe_deserialization",
            "unpickle",
        ):
            yield node.lineno, f"{name} runs what it reads"
        if name in LOADERS and options.get("allow_pickle") != "False":
            yield node.lineno, "np.load without allow_pickle=False"
        if name.startswith("subprocess.") and options.get("shell", "False") != "False":
            yield node.lineno, "a shell"
        if name.endswith("load_model") and options.get("safe_mode") != "True":
            yield node.lineno, "load_model without safe_mode=True"
        if name.endswith("load_weights") and options.get("skip_mismatch", "False") != "False":
            yield node.lineno, "weights that do not fit"
        if "unsafe_allow_html" in options:
            yield node.lineno, "HTML by another way than st.html, which removes scripts"
        if name.endswith("cache_data") and "max_entries" not in options:
            yield node.lineno, "a cache without bounds"


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_code_runs_what_it_reads_or_keeps_without_bounds(path):
    assert list(faults_of(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "np.load(f)",
        "np.load(f, allow_pickle=True)",
        "keras.models.load_model(f)",
        "keras.config.enable_unsafe_deserialization()",
        "subprocess.run('ls', shell=True)",
        "st.markdown(x, unsafe_allow_html=True)",
        "@st.cache_data(ttl=3)\ndef f(): ...",
    ],
)
def test_the_test_above_can_fail(source):
    assert list(faults_of(source))


def test_every_cache_decorator_has_its_bounds_in_brackets():
    # A bare @st.cache_data is no call, so the test above would not see it.
    for path in CODE:
        assert not re.search(r"@st\.cache_data\s*$", path.read_text("utf-8"), re.MULTILINE), path


def test_no_html_of_a_run_may_hold_a_script():
    asked = ("unsafe_allow_javascript", "unsafe_allow_html")
    assert not [path for path in CODE for each in asked if each in path.read_text("utf-8")]


def test_weights_are_read_from_h5_files_alone():
    files = {path.suffix for path in weights.DIRECTORY.iterdir()} - {".md"}
    assert files == {".h5", ".json"}
    assert weights.path_of("robust").name == "robust.weights.h5"


# --- What visitors send


def forge(monkeypatch, widget, value):
    """Send a value that a browser cannot send; a program that speaks to the server can."""
    honest = type(widget)._widget_state.fget

    def forged(asked):
        state = honest(asked)
        if asked.proto.id == widget.proto.id:
            field = state.WhichOneof("value")
            if field in ("double_value", "string_value"):
                setattr(state, field, value)
            else:
                getattr(state, field).data[:] = [value]
        return state

    monkeypatch.setattr(type(widget), "_widget_state", property(forged))


@pytest.mark.parametrize(
    "key, value, taken",
    [
        ("count", 9, True),  # what the page offers is, so that this test can fail
        ("count", choices.MOST_IMAGES + 1, False),
        ("count", -3, False),
        ("count", float("nan"), False),
        ("seed", 10**12, False),
        ("seed", -1, False),
        ("steps", "1000000", False),
        ("digit", "99", False),
        ("method", SCRIPT, False),
        ("network", "/etc/passwd", False),
    ],
)
def test_choices_that_the_page_does_not_offer_are_not_taken(page, monkeypatch, key, value, taken):
    before = page.test.get_by_key(key).value
    forge(monkeypatch, page.test.get_by_key(key), value)
    page.run()
    assert page.test.get_by_key(key).value == (value if taken else before)
    assert len(page.images) == page.test.get_by_key("count").value and closed(page)


def test_a_seed_that_is_no_number_is_the_senders_trouble_alone(page, monkeypatch):
    """Streamlit itself fails on it, before the page is asked."""
    with monkeypatch.context() as sent:
        forge(sent, page.test.get_by_key("seed"), float("nan"))
        page.test.run()
    other = at(monkeypatch)
    assert other.test.get_by_key("seed").value == choices.SEED
    assert len(other.images) == choices.COUNT


# --- Nothing given becomes HTML


def closed(page):
    return "<script>alert" not in page.html


@pytest.mark.parametrize(
    "drawing",
    [
        {"objects": [{"type": SCRIPT, "path": [["M", 1, 1]]}]},
        {"objects": [{"type": "Path", "path": [[SCRIPT, 1, 1]]}]},
        {"objects": [{"type": "Path", "path": [["M", SCRIPT, 1]]}]},
        {"objects": [{"type": "Path", "path": SCRIPT}]},
        {"objects": SCRIPT},
        {SCRIPT: SCRIPT, "objects": [{SCRIPT: 1}, stroke((140, 40), (140, 240))]},
    ],
)
def test_texts_in_a_drawing_stay_texts(page, drawing):
    assert closed(page.draw(drawing))
    assert page.draw(ONE).answer == 1


def test_texts_of_errors_and_names_stay_texts():
    for html in (
        failure.html(weights.WeightsError(SCRIPT)),
        markup.status(SCRIPT, 0.5),
        markup.sentence(SCRIPT),
        markup.captioned(markup.picture(np.zeros((28, 28)), SCRIPT, 28), SCRIPT),
        markup.heat(np.zeros((28, 28)), SCRIPT, 28),
        shown_instead.cover(state.Instead(np.zeros((28, 28)), SCRIPT), drawing_area.SIDE),
    ):
        assert "<script" not in html and "alert(&#x27;x&#x27;)" in html


def test_a_link_of_scripts_shows_none(page, monkeypatch):
    keys = ("digit", "network", "method", "seed", "right", "left")
    visitor = at(monkeypatch, **dict.fromkeys(keys, SCRIPT))
    assert closed(visitor) and visitor.images
    assert not any("<" in toast.value for toast in visitor.test.toast)
