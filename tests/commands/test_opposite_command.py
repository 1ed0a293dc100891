import json

import keras
import numpy as np
import pytest
from PIL import Image

import invert
from invert import __main__ as command
from invert.methods.opposite import crafts, learning_to_draw


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A network of one's own in a file, and its opposite model in another."""
    folder = tmp_path_factory.mktemp("opposite")
    layers = [keras.Input((12, 12)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.utils.set_random_seed(0)
    keras.Sequential(layers).save(folder / "own.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crafts, "STYLES", 2)
        patch.setattr(crafts, "KEPT", 1)
        patch.setattr(learning_to_draw, "AT_ONCE", 4)
        arguments = ["opposite", str(folder / "own.keras"), "--steps", "2", "--out"]
        assert command.main([*arguments, str(folder / "opposite.keras")]) == 0
    return folder


def test_the_shell_learns_one_and_draws_with_it(made, capsys, in_this_process):
    assert sorted(path.name for path in made.glob("*.*")) == ["opposite.keras", "own.keras"]
    whole = ["--opposite", str(made / "opposite.keras"), "--classifier", str(made / "own.keras")]
    out = made / "drawn.png"
    assert command.main(["generate", "1", "0", "--seed", "4", *whole, "--out", str(out)]) == 0
    assert "2 images, classifier own.keras, method opposite" in capsys.readouterr().out
    images = invert.opposite.load(made / "opposite.keras").images([1, 0], seed=4)
    with Image.open(out) as picture:
        side = picture.height // 12
        shown = np.asarray(picture.convert("L"), float)[side // 2 :: side, side // 2 :: side]
    drawn = np.concatenate(list(images), axis=1) * 255
    assert np.abs(shown - (255 - drawn)).max() < 2 or np.abs(shown - drawn).max() < 2
    assert command.main(["dataset", "4", *whole, "--out", str(made / "set")]) == 0
    with np.load(made / "set" / "shard-00000.npz") as shard:
        seed = int(shard["seeds"][0])
        wanted = invert.opposite.load(made / "opposite.keras").images([0, 1, 0, 1], seed=seed)
        assert np.abs(shard["images"] / 255 - wanted).max() < 1.1 / 255
        assert json.loads(str(shard["settings"]))["method"] == "opposite"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--classifier", "own.keras", "--steps", "3"], "in one go and takes no steps"),
        (["--classifier", "own.keras", "--start", "black"], "takes no start"),
        (["--classifier", "own.keras", "--out", "a.gif"], "takes no steps, so it has no film"),
        ([], "say where that is with --classifier"),
        (["--classifier", "robust"], "a classifier with the same classes and images"),
    ],
)
def test_what_does_not_fit_is_one_sentence(made, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(made)
    assert command.main(["generate", "1", "--opposite", "opposite.keras", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_file_needs_its_ending_and_its_folder(tmp_path, capsys):
    for out, says in (("a.h5", "must end in .keras"), ("no/a.keras", "a folder that exists")):
        assert command.main(["opposite", "question", "--out", str(tmp_path / out)]) == 2
        assert says in capsys.readouterr().err


def test_a_network_of_colours_is_drawn_for_with_waves(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(crafts, "STYLES", 2)
    monkeypatch.setattr(crafts, "KEPT", 1)
    monkeypatch.setattr(learning_to_draw, "AT_ONCE", 4)
    monkeypatch.chdir(tmp_path)
    layers = [keras.Input((8, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential(layers).save("own.keras")
    assert command.main(["opposite", "own.keras", "--steps", "2", "--out", "opposite.keras"]) == 0
    whole = ["--opposite", "opposite.keras", "--classifier", "own.keras"]
    assert command.main(["generate", "1", "0", *whole, "--out", "drawn.png"]) == 0
    with Image.open("drawn.png") as picture:
        assert picture.mode == "RGB" and picture.width * 8 == 2 * picture.height * 6
    assert command.main(["dataset", "4", *whole, "--out", "set"]) == 0
    with np.load("set/shard-00000.npz") as shard:
        assert shard["images"].shape == (4, 8, 6, 3)
        wanted = invert.opposite.load("opposite.keras").images([0, 1, 0, 1], int(shard["seeds"][0]))
        assert np.abs(shard["images"] / 255 - wanted).max() < 1.1 / 255
    assert command.main(["generate", "1", *whole, "--out", "drawn.svg"]) == 2
    assert "opposite draws no strokes here; use --out FILE.png" in capsys.readouterr().err
