"""What the README says runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

import invert
from invert.networks import classifier

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
MARKED = re.search(r"<!-- the answer:.*?-->\n```python\n(.*?)```\n<!-- end", README, re.DOTALL)


@pytest.mark.parametrize("target", [8, 3])
def test_the_answer_runs_for_any_model_and_draws_what_generate_draws(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classifier.load("energy").save("my_model.keras")
    answer = MARKED[1].replace("target, steps, length = 8,", f"target, steps, length = {target},")
    names = {}
    exec(answer, names)
    start = names["start"].numpy().reshape(28, 28)
    run = invert.generate(
        target, "steepest", classifier="my_model.keras", start=start.clip(0, 1), loss="logit",
        steps=names["steps"], step_size=names["length"],
    )  # fmt: skip
    np.testing.assert_allclose(names["M"].numpy().reshape(28, 28), run.images[0], atol=5e-3)
    assert run.verdicts == ("convinced",)


def test_the_answer_is_short_and_needs_nothing_of_this_package():
    lines = [line for line in MARKED[1].splitlines() if line.strip() and line[0] != "#"]
    assert len(lines) <= 25 and "invert" not in MARKED[1]


def test_the_readme_can_be_read_in_one_sitting():
    assert len(README.splitlines()) <= 130


def test_every_link_into_the_repository_leads_somewhere():
    root = Path(__file__).parent.parent
    for path in [root / "README.md", *root.glob("*/README.md"), *root.glob("tests/*/README.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
