"""What the tests of ``invert.inversion`` need beside the fixtures of all."""

import pytest


@pytest.fixture(autouse=True)
def many_architectures(monkeypatch):
    """Tests make more architectures in one process than XLA compiles for."""
    from invert.inversion import compiling

    monkeypatch.setattr(compiling, "MOST_BY_XLA", 10_000)
