"""Installed, the package works from any folder, with its weights and its types."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "build", "*.egg-info", "__pycache__")


def test_pip_installs_it_whole(tmp_path):
    clone, site, elsewhere = (tmp_path / name for name in ("clone", "site", "elsewhere"))
    shutil.copytree(ROOT, clone, ignore=LEFT_OUT)
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(site), str(clone)], check=True)
    command = [sys.executable, "-m", "invert", "generate", "3", "--out", "three.png"]
    run = subprocess.run(
        command,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "three.png: 1 image, classifier energy" in run.stdout
    assert (elsewhere / "three.png").is_file()
    shipped = {path.name for path in (ROOT / "model_weights").glob("*.h5")}
    installed = site / "invert"
    assert {path.name for path in (installed / "model_weights").glob("*.h5")} == shipped
    for name in (
        "py.typed",
        "__init__.pyi",
        "page/browser/page.css",
        "page/browser/pen.js",
        "page/pictures/program.jinja",
    ):
        assert (installed / name).is_file(), name


def test_the_lock_holds_what_is_required_and_a_hash_of_each():
    lock = (ROOT / "tests/requirements.lock").read_text()
    locked = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert len(locked) > 40 and all("--hash=sha256:" in each for each in locked)
    names = {each.split()[0] for each in locked}
    assert set((ROOT / "requirements.txt").read_text().split()) <= names
