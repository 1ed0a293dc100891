import hashlib

import keras
import numpy as np
import pytest

from invert import data


@pytest.fixture
def small(monkeypatch):
    """Seven training and three test images in MNIST's place: their hash, and two to validate."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (7, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 7, np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 3, np.uint8),
    }
    digest = hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()
    monkeypatch.setattr(data, "SHA256", digest)
    monkeypatch.setattr(data, "VALIDATION", 2)
    monkeypatch.setattr(data, "SHAPES", [(a.shape, a.dtype) for a in arrays.values()])
    monkeypatch.delenv(data.PATH_VARIABLE, raising=False)
    return arrays


def test_a_named_file_is_split_and_scaled(small, tmp_path):
    np.savez(tmp_path / "mnist.npz", **small)
    mnist = data.load(tmp_path / "mnist.npz")
    assert [len(split.images) for split in mnist] == [5, 2, 3]
    assert mnist.train.images.dtype == np.float32
    assert np.array_equal(np.rint(mnist.train.images * 255), small["x_train"][2:])
    assert np.array_equal(mnist.validation.digits, small["y_train"][:2])
    assert np.array_equal(mnist.test.digits, small["y_test"])


def test_the_environment_names_a_file(small, tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "other.npz", **small)
    monkeypatch.setenv(data.PATH_VARIABLE, str(tmp_path / "other.npz"))
    assert len(data.load().train.images) == 5


def test_without_a_path_keras_loads_it(small, monkeypatch):
    pairs = (small["x_train"], small["y_train"]), (small["x_test"], small["y_test"])
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pairs)
    assert len(data.load().test.images) == 3


def test_a_failed_download_says_how_to_go_on(small, monkeypatch):
    def fail():
        raise Exception("URL fetch failure on https://example.org: timed out")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(data.DataError, match="could not download MNIST.*timed out.*INVERT_MNIST"):
        data.load()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(data.DataError, match="no file .*nothing.npz.*--mnist"):
        data.load(tmp_path / "nothing.npz")


def test_an_altered_file_is_named(small, tmp_path):
    small["y_test"][0] ^= 1
    np.savez(tmp_path / "mnist.npz", **small)
    with pytest.raises(data.DataError, match="must have the SHA-256 .*mnist.npz has"):
        data.load(tmp_path / "mnist.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kept", [0, 1, 100, 5000])
def test_a_cut_file_is_named(small, tmp_path, kept, save):
    save(tmp_path / "mnist.npz", **small)
    path = tmp_path / "cut.npz"
    path.write_bytes((tmp_path / "mnist.npz").read_bytes()[:kept])
    with pytest.raises(data.DataError, match="cut.npz must be an .npz archive"):
        data.load(path)


def test_a_file_with_other_keys_is_named(small, tmp_path):
    np.savez(tmp_path / "mnist.npz", images=small["x_train"])
    with pytest.raises(data.DataError, match="x_train, y_train, x_test, y_test"):
        data.load(tmp_path / "mnist.npz")


def test_pickles_are_refused(small, tmp_path):
    np.savez(tmp_path / "mnist.npz", **{**small, "x_train": np.array([{}], object)})
    with pytest.raises(data.DataError, match="reading it failed"):
        data.load(tmp_path / "mnist.npz")


def test_a_single_array_is_no_archive(small, tmp_path):
    np.save(tmp_path / "mnist.npy", small["x_train"])
    with pytest.raises(data.DataError, match="mnist.npy must be an .npz archive"):
        data.load(tmp_path / "mnist.npy")


def test_a_damaged_file_is_named_wherever_the_damage_is(small, tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **small)
    whole = (tmp_path / "mnist.npz").read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.npz"
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= rng.integers(1, 256)
        path.write_bytes(damaged)
        try:
            data.load(path)  # some bytes of an archive mean nothing
        except data.DataError as error:
            assert "damaged.npz" in str(error)


def test_arrays_of_another_shape_are_named(small, tmp_path):
    small["x_train"] = small["x_train"].reshape(7, 784)
    np.savez(tmp_path / "mnist.npz", **small)
    with pytest.raises(data.DataError, match=r"must be uint8 arrays of the shapes .*mnist.npz is"):
        data.load(tmp_path / "mnist.npz")
