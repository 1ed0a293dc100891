"""What one takes home of a run: files that others can open."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import invert
from invert import film
from invert.networks import judge
from invert.page.pictures import downloads


def test_npz_holds_images_opinions_and_settings_without_pickle():
    run = invert.generate([3, 3], classifier="robust", seed=5, start="noise", steps=12)
    opinion = judge.look(run.images)
    with np.load(io.BytesIO(downloads.npz(run, opinion)), allow_pickle=False) as kept:
        np.testing.assert_array_equal(kept["images"], run.images)
        np.testing.assert_array_equal(kept["probabilities"], run.probabilities)
        np.testing.assert_array_equal(kept["judge"], opinion.probabilities)
        np.testing.assert_array_equal(kept["looks_like_digit"], opinion.digit)
        said = json.loads(str(kept["settings"]))
    own = said.pop("settings")
    assert said == {"classifier": "robust", "method": "steepest", "seed": 5, "start": "noise"}
    assert own["steps"] == 12
    again = invert.generate([3, 3], **said, **own)
    np.testing.assert_array_equal(again.images, run.images)


def test_png_and_gif_are_enlarged_squares_and_a_run_without_film_says_so():
    run = invert.generate([3, 3], classifier="robust", steps=5, frames=4)
    png = np.asarray(Image.open(io.BytesIO(downloads.png(run))))[:280]
    np.testing.assert_array_equal(
        png[:, 280:][::10, ::10].repeat(10, 0).repeat(10, 1), png[:, 280:]
    )
    assert Image.open(io.BytesIO(downloads.gif(run))).n_frames == 4
    with pytest.raises(ValueError, match="inverse takes no steps"):
        downloads.gif(invert.generate([3], "inverse", frames=4))


def made(**fields):
    """A run, as far as its caption goes."""
    run = {"targets": np.array([8, 8]), "labels": tuple("0123456789"), "classifier": "energy"}
    run |= {"method": "steepest", "start": "noise", "verdicts": ("convinced", "convinced")}
    return SimpleNamespace(**run | fields)


ANIMALS = ("cat", "ape", "yak")


@pytest.mark.parametrize(
    "run, words",
    [
        (made(), "8, drawn by energy run backwards · invert"),
        (made(targets=[3, 8, 3]), "3, 8, drawn by energy run backwards · invert"),
        (made(method="inverse"), "8, drawn by an inverse model · invert"),
        (
            made(targets=[0], labels=ANIMALS, classifier="mine"),
            "cat, drawn by mine run backwards · invert",
        ),
        (made(start="image"), "my drawing became an 8: energy, run backwards"),
        (made(start="image", targets=[3]), "my drawing became a 3: energy, run backwards"),
        (
            made(start="image", targets=[0, 1], labels=ANIMALS),
            "my drawing became a cat or an ape: energy, run backwards",
        ),
        (
            made(start="image", verdicts=("convinced", "not convinced")),
            "my drawing was to become an 8: energy, run backwards",
        ),
    ],
)
def test_caption_says_what_was_made_and_by_what(run, words):
    assert downloads.caption(run) == words


def test_pictures_have_the_caption_and_a_real_run_has_one():
    start = np.zeros((28, 28), np.float32)
    start[5:23, 13:16] = 1
    run = invert.generate([8], classifier="energy", steps=5, frames=3, start=start)
    assert downloads.caption(run) in (
        "my drawing became an 8: energy, run backwards",
        "my drawing was to become an 8: energy, run backwards",
    )
    words = downloads.caption(run)
    assert downloads.png(run) == film.png(run.images, scale=10, caption=words)
    assert downloads.gif(run) == film.gif(run.frames, scale=downloads.SCALE, caption=words)
