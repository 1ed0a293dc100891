"""A Keras model in two files: its description, and its weights."""

import json

import keras
import numpy as np
import pytest
from small_networks import pictures, probabilities_of

from invert.inversion.freezing import freeze

layers = keras.layers
X = pictures(3, 8, 8)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten()]
    stack += [layers.Dense(5, "relu", name="a"), layers.Dense(4, "softmax", name="b")]
    return keras.Sequential([keras.Input((8, 8, 1)), *stack])


def save_as_keras_2(model, path):
    """Weights as Keras 2 kept them: a group a layer, whose names the root lists."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


@pytest.mark.parametrize("given", ["own.json", "own.h5", "."])
@pytest.mark.parametrize("version", [2, 3])
def test_either_file_or_their_folder_leads_to_both(given, version, model, tmp_path):
    (tmp_path / "own.json").write_text(model.to_json())
    (tmp_path / "package.json").write_text('{"name": "x"}')
    if version == 2:
        save_as_keras_2(model, tmp_path / "own.h5")
    else:
        model.save_weights(tmp_path / "own.weights.h5")
        given = given.replace("own.h5", "own.weights.h5")
    frozen = freeze(tmp_path / given)
    assert frozen.name == "own.json"
    np.testing.assert_allclose(probabilities_of(frozen, X), model(X[..., None]), atol=1e-6)


def test_a_description_as_keras_2_wrote_it(model, tmp_path):
    config = {"class_name": "Sequential", "config": model.get_config()}
    (tmp_path / "m.json").write_text(json.dumps({**config, "keras_version": "2.4.3"}))
    save_as_keras_2(model, tmp_path / "other_name.h5")
    got = probabilities_of(freeze(tmp_path / "m.json"), X)
    np.testing.assert_allclose(got, model(X[..., None]), atol=1e-6)


def test_one_part_without_the_other_says_what_is_missing(model, tmp_path):
    (tmp_path / "own.json").write_text(model.to_json())
    model.save(tmp_path / "whole.h5")  # which is no weights alone
    with pytest.raises(ValueError, match=r"beside .*own.json lies no weights, such as model.save_"):
        freeze(tmp_path / "own.json")
    (tmp_path / "own.json").unlink()
    save_as_keras_2(model, tmp_path / "own.h5")
    with pytest.raises(ValueError, match=r"beside .*own.h5 lies no description, such as model.to_"):
        freeze(tmp_path / "own.h5")


def test_the_same_name_tells_which_belong_together(model, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(model.to_json())
        save_as_keras_2(model, tmp_path / f"{name}.h5")
        model.layers[-1].kernel.assign(model.layers[-1].kernel * 2)
    first, second = (probabilities_of(freeze(tmp_path / f"{n}.json"), X) for n in ("one", "two"))
    assert np.abs(first - second).max() > 1e-3
    (tmp_path / "three.json").write_text(model.to_json())
    with pytest.raises(ValueError, match=r"several files of weights: 'one.h5', 'two.h5'. Give"):
        freeze(tmp_path / "three.json")


def test_weights_of_another_network_are_refused(model, tmp_path):
    save_as_keras_2(model, tmp_path / "own.h5")
    other = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    (tmp_path / "own.json").write_text(other.to_json())
    with pytest.raises(ValueError, match="weights do not fit its network"):
        freeze(tmp_path / "own.json")


def test_a_description_may_ask_for_kerass_own_layers_alone(model, tmp_path):
    save_as_keras_2(model, tmp_path / "own.h5")
    config = json.loads(model.to_json())
    config["config"]["layers"][-1] = {"class_name": "Lambda", "config": {"function": "x"}}
    (tmp_path / "own.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="asks for 'Lambda'"):
        freeze(tmp_path / "own.json")
