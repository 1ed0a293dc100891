"""Load TensorFlow and the models in a thread, once for the whole process."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import streamlit as st

import invert
from invert.methods import opposite
from invert.networks.classifier import CLASSIFIERS
from invert.networks.weights import WeightsError
from invert.page.pictures import markup
from invert.page.server import failure

# How often the page asks how far loading is: until it can answer, and after that.
POLL_SECONDS, LATER_SECONDS = 0.4, 1.5
# How long a server waits for its first visitor before it loads all the same.
ALONE_SECONDS = 3
# A server of one visitor saves half a minute of two cores; what is asked for is compiled then.
COMPILES_AHEAD = os.environ.get("INVERT_COMPILE_AHEAD") != "no"
ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
# TensorFlow warns that each method and size is compiled once more. That is intended.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


class Loader:
    """A thread that loads and compiles, and how far it is.

    Attributes:
        sentence: what is being done, or why it failed.
        fraction: how much of it is done, 0 to 1.
        state: "idle", "loading", "done" or "failed".
        ready: whether the page can answer. It can as soon as the networks are loaded; what is
            compiled after that only spares visitors a wait.
    """

    def __init__(self):
        self.sentence, self.fraction = "Starting", 0.0
        self.state, self.ready = "idle", False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to load, unless that is under way or done; after a failure, try again."""
        with self._lock:
            if self.state in ("loading", "done"):
                return
            self.sentence, self.fraction, self.state = "Starting", 0.0, "loading"
        thread = threading.Thread(target=self._load, name="invert-warm-up", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no thread left
            self._fail(error)

    def _load(self):
        try:
            self._report("Starting TensorFlow", 0.0)
            share_arenas()
            _keep_keras_as_it_is()
            self._report("Loading the classifier", 0.1)
            load_networks()
            self.ready = True
            if COMPILES_AHEAD:
                invert.warm_up(self._report)
                self._report("Compiling the explanations", 0.97)
                warm_panels()
        except BaseException as error:  # one that ends a thread must not leave all waiting for it
            return self._fail(error)
        # What was loaded up to here stays for good: from now on no collection looks through it,
        # which takes a fifth of a second.
        gc.collect()
        gc.freeze()
        self.sentence, self.fraction, self.state = "Ready", 1.0, "done"

    def _fail(self, error: BaseException):
        self.sentence, self.state = failure.plain_sentence(error), "failed"

    def _report(self, sentence: str, fraction: float) -> None:
        self.sentence, self.fraction = sentence, max(self.fraction, fraction)


def share_arenas() -> None:
    """Let threads share two pools of memory, where the system is GNU's; for a server.

    Otherwise there are eight a core, each with room of its own that nobody uses: 100 MB. Loops of
    hundreds of images take a few per cent longer so.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(ARENA_MAX, 2)


def load_networks() -> None:
    """Load what every visitor needs first: the classifier that reads, and the judge.

    Without the judge drawings are read all the same.
    """
    blank = np.zeros((1, 28, 28), np.float32)
    invert.classify(blank)
    with contextlib.suppress(WeightsError):
        invert.looks_like_digit(blank)


def warm_panels() -> None:
    """Compile what the panels compute beside the methods, so that no first look waits for it."""
    from invert.explanation import attribution, smallest_change

    invert.opposite.load(opposite.SHIPPED).draw(0)
    blank = np.zeros((28, 28), np.float32)
    for name in CLASSIFIERS:
        smallest_change.smallest_changes(blank, name)
        attribution.integrated_gradients(blank, 0, name)
        attribution.input_times_gradient(blank, 0, name)


def _keep_keras_as_it_is() -> None:
    """Keep Streamlit from clearing Keras's session, which it does after every run of the page.

    That would take the names from under a model that another thread is building ("the name conv2d
    is used 3 times"), empty TensorFlow's kernel cache and collect garbage at every click. It is
    meant for pages that build models anew in each run; this one builds each once.
    """
    import keras

    keras.backend.clear_session = lambda free_memory=True: None


@st.cache_resource(show_spinner=False)
def _loader() -> Loader:
    return Loader()


def ready() -> bool:
    """Tell whether the networks can be used."""
    return _loader().ready


def failed() -> bool:
    """Tell whether loading has ended without the networks."""
    return _loader().state == "failed" and not ready()


def when_ready(make: Callable[[], str]) -> str:
    """Return the HTML that ``make`` makes of the models, or a sentence that says why not."""
    if failed():
        return markup.sentence("The models are not loaded.", "hint")
    if not ready():
        return markup.sentence("This comes as soon as the models are loaded.", "hint")
    return failure.instead(make)


def begin() -> None:
    """Start loading if nobody has. Last of all: it leaves little time for showing the page."""
    if _loader().state == "idle":
        _loader().start()


@contextlib.asynccontextmanager
async def load_soon(_: Any) -> AsyncIterator[None]:
    """Start loading soon after the server has started; who comes sooner is shown the page first."""
    asyncio.get_running_loop().call_later(ALONE_SECONDS, begin)
    yield


def show_status() -> None:
    """Say how far loading is; watch it only while it is under way."""
    loader = _loader()
    with st.container(key="status", width="content"):
        if loader.state in ("idle", "loading"):
            often = LATER_SECONDS if loader.ready else POLL_SECONDS
            st.fragment(_watch, run_every=often)(loader.ready)
        elif loader.state == "failed":
            st.html(markup.alert(loader.sentence))
            st.button("Try again", key="retry", on_click=loader.start)
        else:
            st.html(markup.status("Ready", 1.0))


def _watch(was_ready: bool):
    loader = _loader()
    if loader.state in ("done", "failed") or loader.ready != was_ready:
        st.rerun()  # the whole page: its panels can answer now, or there is nothing left to watch
    st.html(markup.status(loader.sentence, loader.fraction))
