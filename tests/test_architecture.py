"""The house's rules: imports run one way, and stay absent where they must."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(p for p in (ROOT / "invert").rglob("*.py") if p.name != "__init__.py")
# From the ground up: a module may import those before it, wherever in its file.
ORDER = [
    *(
        "images",
        "weights",
        "data",
        "strokes",
        "picture",
        "drawing",
        "upload",
        "film",
        "shell",
        "starts",
    ),
    *(
        "classifier",
        "inverse_model",
        "matmul",
        "frozen",
        "priors",
        "inversion",
        "judge",
        "methods",
        "generation",
    ),
    *("evaluation", "invariances", "attribution", "activations", "training", "page", "__main__"),
]


def imports_of(path):
    """The modules that a file imports, relative to nothing: "invert.weights", "numpy", …"""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(module):
    """A module's place in ORDER: "invert.training.attack" → that of "training"."""
    parts = module.split(".")
    return (
        ORDER.index(parts[1])
        if parts[0] == "invert" and len(parts) > 1 and parts[1] in ORDER
        else None
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_downwards(path):
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    assert place(own) is not None, "a new module needs its place in ORDER"
    for name in imports_of(path):
        there = place(name)
        assert there is None or there <= place(own), f"{own} imports {name}"
        assert there != place(own) or own.count(".") > 1, f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_page_imports_streamlit(path):
    if "page" not in path.parts:
        assert not [name for name in imports_of(path) if name.split(".")[0].startswith("streamlit")]


def loaded_after(statement, module):
    code = f"import sys; {statement}; print({module!r} in sys.modules)"
    run = [sys.executable, "-c", code]
    printed = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return printed == "True\n"


@pytest.mark.parametrize(
    "statement",
    [
        "import invert; invert.METHODS, invert.STARTS, invert.MAX_COUNT",
        "from invert import drawing, film, judge, images, weights, starts, generation",
        "from invert import __main__",
        "sys.modules['streamlit_drawable_canvas'] = type(sys)('stub'); sys.modules["
        "'streamlit_drawable_canvas'].st_canvas = None; from invert.page import classify_panel,"
        " generate_panel, how, ladder_panel, loading, look, lost_panel, tabs, why_panel",
    ],
)
def test_tensorflow_stays_away_until_it_is_needed(statement):
    assert not loaded_after(statement, "tensorflow")


def test_the_test_above_can_fail():
    assert loaded_after("from invert import frozen", "tensorflow")


def test_every_public_name_is_there_and_described():
    import invert

    assert set(invert.__all__) <= set(dir(invert))
    for name in invert.__all__:
        thing = getattr(invert, name)
        assert not callable(thing) or thing.__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'imagine'"):
        invert.imagine  # noqa: B018
