"""What the tests share: a real sample of MNIST, and a Keras model's sums done in NumPy."""

import concurrent.futures
import contextlib
import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest

SAMPLE = Path(__file__).parent / "data" / "mnist-test-sample.npz"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A process takes whole modules; those that share the server and the browser go together."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "tests/e2e" if "/e2e/" in nodeid else nodeid.split("::")[0]

    return ByModule(config, log)


def pytest_collection_modifyitems(items):
    """What goes together longest comes first, so that no process waits for it at the end."""
    items.sort(key=lambda item: "/e2e/" not in item.nodeid)


@pytest.fixture(scope="session")
def sample():
    """1,000 MNIST test images ``(N, 28, 28)`` in [0, 1], 100 a class, and their digits."""
    with np.load(SAMPLE) as archive:
        return archive["images"].astype(np.float32) / 255, archive["labels"].astype(np.int64)


@pytest.fixture(scope="session")
def robust_by_hand():
    """The classifier `robust` in NumPy, float64."""
    from invert.networks import classifier

    return ByHand(classifier.load("robust").get_weights())


@pytest.fixture(autouse=True, scope="session")
def no_xla():
    """XLA compiles for a test only on request, by the fixture ``xla``.

    It takes 1 to 5 seconds for each method and each number of images.
    """
    from invert.inversion import compiling

    compiling.MOST_BY_XLA = 0


@pytest.fixture
def xla(monkeypatch):
    """XLA compiles for any architecture that it is fast for, as for visitors."""
    from invert.inversion import compiling

    monkeypatch.setattr(compiling, "MOST_BY_XLA", 10_000)
    # Under another key, so that later tests of the same architectures run without XLA again.
    monkeypatch.setattr(compiling, "ADMITTED", object())


@pytest.fixture
def short_runs(request, monkeypatch):
    """Optimising methods take ten steps, unless the test is marked ``whole``.

    `energy` and `student` keep numbers of steps of their own.
    """
    from invert.methods.records import METHODS, Optimization

    if request.node.get_closest_marker("whole"):
        return
    for name, method in METHODS.items():
        if isinstance(method, Optimization):
            short = dataclasses.replace(method, steps=min(10, method.steps))
            monkeypatch.setitem(METHODS, name, short)


@pytest.fixture
def no_jit(monkeypatch):
    """Keras has XLA compile no training: that takes more than a short one itself."""
    import keras

    without = functools.partialmethod(keras.Sequential.compile, jit_compile=False)
    monkeypatch.setattr(keras.Sequential, "compile", without)


@pytest.fixture
def in_this_process(monkeypatch):
    """Shards are made here, one after another: a process takes seconds to start."""
    from invert.commands import dataset
    from invert.methods import shards

    @contextlib.contextmanager
    def processes(count):
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            yield executor, lambda: 1

    monkeypatch.setattr(dataset, "_processes", processes)
    monkeypatch.setattr(shards, "_keep_to_one_thread", lambda: None)


class ByHand:
    """A 784-256-256-10 ReLU network: logits and, by the chain rule, gradients."""

    def __init__(self, weights):
        self.w1, self.b1, self.w2, self.b2, self.w3, self.b3 = (
            w.astype(np.float64) for w in weights
        )

    def logits(self, x):
        h1 = np.maximum(x @ self.w1 + self.b1, 0)
        h2 = np.maximum(h1 @ self.w2 + self.b2, 0)
        return h2 @ self.w3 + self.b3

    def loss(self, x, digits, kind="cross-entropy"):
        z = self.logits(x)
        target = z[np.arange(len(z)), digits]
        if kind == "logit":
            return -target
        top = z.max(axis=1)
        return np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - target

    def gradient(self, x, digits, kind="cross-entropy"):
        a1 = x @ self.w1 + self.b1
        a2 = np.maximum(a1, 0) @ self.w2 + self.b2
        z = np.maximum(a2, 0) @ self.w3 + self.b3
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        back = p if kind == "cross-entropy" else np.zeros_like(p)
        back[np.arange(len(z)), digits] -= 1
        back = back @ self.w3.T * (a2 > 0)
        back = back @ self.w2.T * (a1 > 0)
        return back @ self.w1.T


@pytest.fixture
def fresh():
    """Every test loads, and computes, for itself."""
    import page_driver  # noqa: F401  (before the page: it stands in for the canvas)
    import streamlit as st

    from invert.page.server import loading

    st.cache_data.clear()
    loading._loader.clear()
    yield
    st.cache_data.clear()
    loading._loader.clear()


@pytest.fixture
def page(fresh, monkeypatch, short_runs):
    """The page with its models loaded, and short runs.

    What is compiled early is for visitors, not for tests.
    """
    from page_driver import Page, until

    from invert.methods import warming
    from invert.page.server import loading

    monkeypatch.setattr(warming, "warm_up", lambda report: None)
    monkeypatch.setattr(loading, "warm_panels", lambda: None)
    page = Page(monkeypatch).run()
    until(lambda: loading._loader().state == "done")
    return page.run()


@pytest.fixture(scope="module")
def small_opposites():
    """Opposite models of a test's size."""
    from invert.methods.opposite import crafts, learning_to_draw

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crafts, "STYLES", 4)
        patch.setattr(crafts, "KEPT", 2)
        patch.setattr(learning_to_draw, "AT_ONCE", 12)
        patch.setattr(learning_to_draw, "CHUNK", 20)
        yield
