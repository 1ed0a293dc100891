"""The house's rules: imports run one way, and stay absent where they must."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(p for p in (ROOT / "invert").rglob("*.py") if p != ROOT / "invert/__init__.py")
PLAN = [path for path in MODULES if "inversion" in path.parts]
# From the ground up, one floor a line. A module imports from its own folder and from lower floors;
# what stands together on a floor knows nothing of its neighbours.
FLOORS = (
    ("inversion",),
    ("images",),
    ("targets",),
    ("networks", "drawing"),
    ("methods", "explanation", "upload", "film", "data"),
    ("evaluation", "shell", "tables"),
    ("training", "page", "commands"),
    ("__main__",),
)
FLOOR_OF = {name: height for height, floor in enumerate(FLOORS) for name in floor}


def imports_of(path):
    """The modules and names that a file imports: "invert.networks.weights", "numpy", …"""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module):
    """The folder, or the module on its own, that a module of the package belongs to."""
    parts = module.split(".")
    return parts[1] if parts[0] == "invert" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_downwards(path):
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert own in FLOOR_OF, "a new folder needs its floor"
    for name in imports_of(path):
        there = room(name)
        if there in FLOOR_OF and there != own:
            assert FLOOR_OF[there] < FLOOR_OF[own], f"{own} imports {name}"


def test_every_floor_is_lived_on():
    assert {room(".".join(p.relative_to(ROOT).with_suffix("").parts)) for p in MODULES} == set(
        FLOOR_OF
    )


@pytest.mark.parametrize("path", PLAN, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_plan_knows_no_digit(path):
    numbers = [
        n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)
    ]
    assert 784 not in numbers
    assert not [n for n in imports_of(path) if n.startswith("invert.images")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_page_imports_streamlit(path):
    if "page" not in path.parts:
        assert not [name for name in imports_of(path) if name.split(".")[0].startswith("streamlit")]


def test_no_folder_holds_more_than_one_can_take_in():
    folders = {path.parent for path in MODULES}
    full = {f: len([*f.glob("*.py")]) - (f / "__init__.py").exists() for f in folders}
    assert max(full.values()) <= 14, max(full, key=full.get)


def test_no_two_modules_share_a_name():
    names = [path.stem for path in MODULES if path.stem not in ("__init__", "__main__")]
    shared = {name for name in names if names.count(name) > 1}
    # A panel is called like its method's module; a command like what it runs; a training like what
    # it trains.
    apart = {"commands", "panels", "training"}
    homes = {
        name: [p for p in MODULES if p.stem == name and p.parent.name not in apart]
        for name in shared
    }
    assert not {name for name, paths in homes.items() if len(paths) > 1}


def loaded_after(statement, module):
    code = f"import sys; {statement}; print({module!r} in sys.modules)"
    run = [sys.executable, "-c", code]
    printed = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return printed == "True\n"


@pytest.mark.parametrize(
    "statement",
    [
        "import invert; invert.METHODS, invert.STARTS, invert.MAX_COUNT, invert.generate",
        "from invert import drawing, film, images, upload",
        "from invert.networks import judge, weights, classifier",
        "from invert import __main__",
        "import streamlit_app",  # the server, and all of the page
    ],
)
def test_tensorflow_stays_away_until_it_is_needed(statement):
    assert not loaded_after(statement, "tensorflow")


def test_the_test_above_can_fail():
    assert loaded_after("import invert; invert.freeze", "tensorflow")


def test_every_public_name_is_there_described_and_typed():
    import invert

    assert set(invert.__all__) <= set(dir(invert))
    for name in invert.__all__:
        thing = getattr(invert, name)
        assert not callable(thing) or thing.__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'imagine'"):
        invert.imagine  # noqa: B018
    stub = ast.parse((ROOT / "invert/__init__.pyi").read_text())
    typed = {alias.asname: node.module for node in stub.body for alias in node.names}
    assert typed == {name: f"invert.{home}" for name, home in invert._HOME.items()}


def test_every_folder_is_installed():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {p.parent for p in (ROOT / "invert").rglob("*.py")}
    want = {".".join(p.relative_to(ROOT).parts) for p in folders}
    assert set(tool["packages"]) == want | {"invert.model_weights"}
