"""The sheet of images: whole pixels, and what came of them."""

from types import SimpleNamespace

import numpy as np
import pytest

import invert
from invert.inversion.domain import Domain
from invert.page.pictures import run_images
from invert.page.session import settings


@pytest.mark.parametrize("count", range(1, settings.MOST_IMAGES + 1))
def test_images_are_whole_multiples_of_their_pixels_and_fit_the_sheet(count):
    columns, side, large = run_images.grid(count)
    assert side % 28 == large % 28 == 0 and large > side
    assert columns * side <= 288 and columns * large <= 440 and columns**2 >= count
    assert count > 1 or side >= 240, "one image is large"


@pytest.mark.parametrize(
    "verdicts, words",
    [
        (("convinced", "convinced"), ""),
        (("convinced", "not convinced"), "1 of 2 images do not convince the network."),
        (("not convinced",), "The image does not convince the network. Try more steps, or"),
        (("never moved", "never moved"), "2 of 2 images could not move from this start."),
        (("never moved",), "The image could not move from this start."),
    ],
)
def test_under_the_images_stands_what_came_of_them(verdicts, words):
    note = run_images.note(SimpleNamespace(verdicts=verdicts, losses=[1, 2], frames=[]))
    assert words in note and bool(words) == bool(note)


@pytest.mark.parametrize(
    ("moved", "first", "said"), [(0.01, 3, True), (0.1, 3, False), (0.01, 8, False)]
)
def test_that_a_start_was_the_target_already_is_said(moved, first, said):
    """Not where it was seen to move, nor where it was read as something else at first."""
    start = np.zeros((1, 1, 28, 28), np.float32)
    run = SimpleNamespace(
        verdicts=("convinced",),
        losses=[1],
        frames=start,
        images=start[0] + moved,
        pixel_range=(0, 1),
        frame_probabilities=np.eye(10)[[[first]]],
        targets=np.array([3]),
        labels=tuple("0123456789"),
    )
    assert ("already reads this start as 3" in run_images.note(run)) == said


def test_what_is_no_digit_to_the_judge_is_said_in_its_place():
    run = invert.generate([3, 8], classifier="robust", steps=1)
    said = run_images.Opinions(
        [[("3", "99%")], [("5", "80%")]], [[("3", "100%")], [(run_images.NO_DIGIT, "")]]
    )
    first, second = run_images.html(run, said).split("<figure>")[1:]
    assert "network says 3, 99%; judge says 3, 100%" in first and "not a digit" not in first
    assert "network says 5, 80%; judge says not a digit" in second
    assert 'class="says"' in first and second.count('class="says other"') == 2


def test_images_of_another_form_are_not_shown_to_the_judge():
    rng = np.random.default_rng(0)
    images = rng.random((2, 5, 4, 3), np.float32) * 255
    run = SimpleNamespace(
        images=images,
        frames=images[None],
        frame_steps=[0],
        domain=Domain((5, 4, 3), 0, 255),
        pixel_range=(0.0, 255.0),
        labels=("cat", "<b>dog</b>"),
        targets=np.array([0, 1]),
        classifier="own",
        strokes=None,
        frame_probabilities=np.array([[[0.9, 0.1], [0.2, 0.8]]]),
    )
    said = run_images.opinions(run)
    assert said.judge is None and said.network == [[("cat", "90%")], [("<b>dog</b>", "80%")]]
    shown = run_images.html(run, said) + run_images.legend(run)
    assert "<b>dog" not in shown and "judge" not in shown and "film paper colour" in shown
