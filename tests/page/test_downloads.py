"""What one takes home of a run: files that others can open."""

import io
import json

import numpy as np
import pytest
from PIL import Image

import invert
from invert.networks import judge
from invert.page import downloads


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
    png = np.asarray(Image.open(io.BytesIO(downloads.png(run))))
    np.testing.assert_array_equal(
        png[:, 280:][::10, ::10].repeat(10, 0).repeat(10, 1), png[:, 280:]
    )
    assert Image.open(io.BytesIO(downloads.gif(run))).n_frames == 4
    with pytest.raises(ValueError, match="inverse takes no steps"):
        downloads.gif(invert.generate([3], "inverse", frames=4))
