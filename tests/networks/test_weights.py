import threading
import time

import numpy as np
import pytest

from invert.networks import classifier, weights


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty model_weights/ with one small network saved in it."""
    monkeypatch.setattr(weights, "DIRECTORY", tmp_path / "model_weights")
    held = weights.arrays("float32", numbers=(3,))
    held.set_weights([np.array([1.0, 2.0, 3.0])])
    weights.save("three", held, {"seed": 7})
    return weights.DIRECTORY


def test_what_is_saved_is_loaded(folder):
    held = weights.arrays("float32", numbers=(3,))
    weights.load("three", held)
    assert held.get_weights()[0].tolist() == [1, 2, 3]
    assert weights.manifest()["three"]["seed"] == 7
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "three.weights.h5"]


def test_saving_keeps_the_other_entries(folder):
    weights.save("four", weights.arrays("float32", numbers=(4,)), {"seed": 8})
    assert weights.manifest().keys() == {"three", "four"}


def test_half_precision_halves_the_file_and_an_array_it_would_change_is_left_whole(folder, sample):
    model, again = classifier.build(), classifier.build()
    before, images = model.get_weights(), sample[0][:50].reshape(50, -1)
    answers = model(images).numpy()
    weights.save("whole", model, {})
    weights.to_half(model)
    weights.save("half", model, {})
    whole, half = (weights.path_of(name).stat().st_size for name in ("whole", "half"))
    assert half < 0.52 * whole
    weights.load("whole", again)
    for found, kept in zip(again.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, kept)
    weights.load("half", again)
    for found, kept in zip(again.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, kept.astype(np.float16))
        assert found.dtype == np.float32
    np.testing.assert_allclose(again(images), answers, atol=1e-2)
    assert len(list(folder.iterdir())) == 4  # nothing unfinished is left


def test_a_weight_too_large_for_half_precision_is_refused():
    held = weights.arrays("float32", numbers=(2,))
    held.set_weights([np.array([1.0, 70_000.0])])
    with pytest.raises(OverflowError, match="up to 65,504"):
        weights.to_half(held)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def alter(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path: path.unlink(), "is missing"),
        (replace_by_folder, "is missing"),
        (cut, "is cut or altered: its SHA-256 must be"),
        (alter, "is cut or altered: its SHA-256 must be"),
        (lambda path: path.write_bytes(b""), "is cut or altered"),
    ],
)
def test_harmed_weights_are_named_with_the_way_to_rebuild_them(folder, harm, words):
    harm(weights.path_of("three"))
    with pytest.raises(weights.WeightsError, match=words) as caught:
        weights.load("three", weights.arrays("float32", numbers=(3,)))
    assert str(caught.value).startswith("model_weights/three.weights.h5 ")
    assert str(caught.value).endswith("Rebuild it with: python -m invert.training three")


def test_an_unlisted_network_is_missing(folder):
    with pytest.raises(weights.WeightsError, match="four.weights.h5 is missing"):
        weights.load("four", weights.arrays("float32", numbers=(3,)))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"three": 1}', '{"three": {}}', "[" * 100_000]
)
def test_a_broken_manifest_is_one_sentence(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(weights.WeightsError, match="manifest.json .* git checkout"):
        weights.load("three", weights.arrays("float32", numbers=(3,)))


def test_weights_of_another_network_do_not_fit(folder):
    with pytest.raises(weights.WeightsError, match="cannot be read"):
        weights.load("three", classifier.build())


def test_once_runs_once_for_many_threads():
    calls, results = [], []

    @weights.once
    def slow(name):
        calls.append(name)
        time.sleep(0.05)
        return object()

    threads = [threading.Thread(target=lambda: results.append(slow("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["a"]
    assert len({id(result) for result in results}) == 1 and len(results) == 8


def test_once_does_not_keep_a_failure():
    answers = iter([RuntimeError("first"), "second"])

    @weights.once
    def load():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(RuntimeError, match="first"):
        load()
    assert load() == "second"


def test_every_shipped_network_is_the_one_that_was_measured():
    entries = weights.manifest()
    shipped = {path.name.split(".")[0] for path in weights.DIRECTORY.glob("*.weights.h5")}
    assert entries.keys() == shipped
    for name, entry in entries.items():
        keys = {"recipe", "seed", "seconds", "versions", "data_sha256", "figures", "sha256"}
        assert entry.keys() == keys, name


def test_the_shipped_classifiers_reach_their_figures():
    entries = weights.manifest()
    assert entries["question"]["figures"]["test_accuracy"] > 0.93
    assert entries["robust"]["figures"]["test_accuracy"] >= 0.988
    assert entries["robust"]["figures"]["pgd40_radius2_accuracy"] >= 0.55
    assert entries["judge"]["figures"]["test_accuracy"] >= 0.993
