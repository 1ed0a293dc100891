import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

import invert
from invert.inversion import compiling
from invert.inversion.freezing.opening import formats
from invert.methods.opposite import model_file

SIDE = 16
pytestmark = pytest.mark.usefixtures("small_opposites")


@pytest.fixture(scope="module")
def lines():
    """A network that tells upright drawings from level ones, and from those that lean."""
    down, right = np.mgrid[:SIDE, :SIDE] / (SIDE - 1) * 2 - 1
    kernel = np.stack([down**2 - right**2, right**2 - down**2, 2 * down * right], -1)
    layers = [keras.Input((SIDE, SIDE)), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    model.layers[-1].set_weights([kernel.reshape(-1, 3), np.zeros(3)])
    frozen = invert.freeze(model, labels=("upright", "level", "leaning"), pixel_range=(0, 1))
    return compiling.without_xla(frozen)


@pytest.fixture(scope="module")
def learned(lines, small_opposites):
    return invert.opposite(lines, seed=3, steps=60)


def sure(model):
    run = model.draw(np.arange(60) % 3, seed=5)
    return run.probabilities[np.arange(60), run.targets].mean()


def test_it_learns_to_convince(lines, learned):
    start = invert.opposite(lines, seed=3, steps=1)
    assert sure(learned) > sure(start) + 0.15
    run = learned.draw(["level", 0], seed=1)
    assert run.method == "opposite" and run.losses.shape == (0, 2)
    assert run.images.shape == (2, SIDE, SIDE)
    assert 0 <= run.images.min() < 0.1 and 0.5 < run.images.max() <= 1


def test_an_image_hangs_on_its_seed_number_and_class_alone(learned):
    many = learned.images([0, 1, 2, 1], seed=8)
    assert np.array_equal(many, learned.images([0, 1, 2, 1], seed=8))
    np.testing.assert_allclose(learned.images([0, 1], seed=8), many[:2], atol=1e-5)
    np.testing.assert_allclose(learned.images([2, 1], seed=8)[1], many[1], atol=1e-5)
    assert np.abs(many[1] - many[3]).max() > 0.1
    assert np.abs(many - learned.images([0, 1, 2, 1], seed=9)).max() > 0.1


def test_a_saved_one_draws_the_same_bits(learned, lines, tmp_path):
    path = tmp_path / "lines.keras"
    learned.save(path)
    again = invert.opposite.load(path, lines)
    assert again.labels == learned.labels and again.domain == learned.domain
    first, second = (each.draw([0, 1, 2], seed=4) for each in (learned, again))
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.probabilities, second.probabilities)
    alone = invert.opposite.load(path)
    assert np.array_equal(alone.images([0, 1, 2], seed=4), first.images)
    with pytest.raises(ValueError, match=r"draw asks .* load\(path, classifier="):
        alone.draw([0])
    with pytest.raises(
        ValueError,
        match="classes and images as the one it .*; question has others",
    ):
        invert.opposite.load(path, "question")
    with pytest.raises(ValueError, match="lines.keras is an opposite model. Open it by"):
        invert.freeze(path)


def test_keras_opens_the_file_as_a_network_of_its_own(learned, tmp_path):
    path = tmp_path / "lines.keras"
    learned.save(path)
    numbers = np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32)
    rows = np.arange(6)
    theirs = keras.saving.load_model(path)([rows, numbers]).numpy()
    ours = learned.network.m_of(learned.weights, rows, numbers)
    # Ours is moved to the middle, at the size of one.
    moved = learned.network.parametrisation.project(theirs.astype(np.float32))
    np.testing.assert_allclose(ours, moved, atol=0.02)  # half precision


def test_it_goes_on_from_where_it_was_stopped(lines, tmp_path, monkeypatch):
    from invert.methods.opposite.resuming import Checkpoint

    monkeypatch.setattr(Checkpoint, "EVERY", 0.0)
    path = tmp_path / "half.npz"

    def stop(done, left):
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invert.opposite(lines, seed=3, progress=stop, steps=60, checkpoint=path)
    assert path.exists()
    with pytest.raises(ValueError, match=r"half.npz is a checkpoint of another classifier, seed"):
        invert.opposite(lines, seed=4, steps=60, checkpoint=path)
    seen = []
    model = invert.opposite(lines, 3, lambda done, left: seen.append(done), checkpoint=path)
    assert seen and min(seen) > 0.6 and seen[-1] == 1
    whole = invert.opposite(lines, seed=3, steps=60)
    assert all(map(np.array_equal, model.weights, whole.weights))
    assert not path.exists()
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="must be a checkpoint of invert.opposite"):
        invert.opposite(lines, seed=3, checkpoint=path)


def changed(path, about=lambda about: about, weights=lambda data: data):
    """The bytes of a file with something else in it."""
    held = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == formats.OPPOSITE:
                data = json.dumps(about(json.loads(data))).encode()
            new.writestr(name, weights(data) if name == model_file.WEIGHTS else data)
    return held.getvalue()


def other_array(change):
    def of(data):
        held = io.BytesIO(data)
        with h5py.File(held, "r+") as file:
            place = model_file.PLACES[0]
            values = change(file[place][()])
            del file[place]
            file[place] = values
        return held.getvalue()

    return of


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"about": lambda about: about | {"styles": 10**9}}, "no whole number from 1 to 1000"),
        ({"about": lambda about: about | {"styles": True}}, "no whole number"),
        ({"about": lambda about: about | {"styles": 3}}, "larger|must be"),
        ({"about": lambda about: about | {"shape": [4096, 4096]}}, "no shape of an image"),
        ({"about": lambda about: about | {"strokes": [2]}}, "not enough values"),
        ({"about": lambda about: about | {"strokes": [8, 32], "styles": 1000,
            "labels": ["a"] * 1000}}, "more than 8,388,608 values"),
        ({"about": lambda about: about | {"high": 0}}, "its pixel range is wrong"),
        ({"about": lambda about: about | {"low": "0"}}, "its pixel range is wrong"),
        ({"about": lambda about: about | {"labels": [1, 2]}}, "its labels are wrong"),
        ({"about": lambda about: []}, "does not say what it is"),
        ({"about": lambda about: {}}, "there is no 'shape'"),
        ({"weights": other_array(lambda values: values * np.nan)}, "must be finite"),
        ({"weights": other_array(lambda values: values[:-1])}, r"must be \(6, 24\)"),
        ({"weights": other_array(lambda values: values.astype(int))}, "real numbers"),
        ({"weights": lambda data: data[:100]}, "cannot be read"),
    ],
)  # fmt: skip
def test_another_file_is_refused_in_a_sentence(learned, tmp_path, change, says):
    path = tmp_path / "lines.keras"
    learned.save(path)
    path.write_bytes(changed(path, **change))
    with pytest.raises(ValueError, match=f"An opposite model must be .* is none: .*({says})"):
        invert.opposite.load(path)


def test_what_grows_is_refused_before_it_is_unpacked(learned, tmp_path, monkeypatch):
    path = tmp_path / "lines.keras"
    learned.save(path)
    monkeypatch.setattr(model_file, "MAX_TEXT", 100)
    with pytest.raises(ValueError, match="larger than it need be"):
        invert.opposite.load(path)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(ValueError, match=r"is none: there is no 'opposite.json' in it"):
        invert.opposite.load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="no archive, or a broken one"):
        invert.opposite.load(path)


def test_arguments_are_checked_at_once(lines, tmp_path):
    with pytest.raises(ValueError, match="seed must be a whole number"):
        invert.opposite(lines, seed=-1)
    with pytest.raises(ValueError, match="checkpoint must be in a folder that exists"):
        invert.opposite(lines, checkpoint=tmp_path / "none" / "half.npz")
    with pytest.raises(ValueError, match="classifier must be one of"):
        invert.opposite("nothing")
