"""The program that trains one's own network to hold runs as it is written."""

import runpy

import keras
import numpy as np
import pytest

from invert.page.pictures import training_program as program

layers = keras.layers
CONVOLUTIONS = [layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization()]
SCALED = [layers.Rescaling(1 / 255)]
NETWORKS = {
    "convolutions": ((9, 9, 1), (9, 9), CONVOLUTIONS, (4, "softmax"), (0.0, 1.0), 4, "softmax"),
    "flat logits": (
        (64,),
        (8, 8),
        [layers.Rescaling(1 / 255)],
        (3, None),
        (0.0, 255.0),
        3,
        "softmax",
    ),
    "colours": ((5, 5, 3), (5, 5, 3), [], (3, "softmax"), ((-1.0, -2.0, 0.0), 3.0), 3, "softmax"),
    "flat colours": ((48,), (4, 4, 3), [], (2, None), ((0.0, 0.0, 0.5), 1.0), 2, "softmax"),
    "one sigmoid": ((6, 6), (6, 6), [], (1, "sigmoid"), (0.0, 1.0), 2, "softmax"),
    "sigmoids": ((6, 6), (6, 6), [], (3, "sigmoid"), (0.0, 1.0), 3, "sigmoid"),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_it_runs_and_its_pictures_mislead_within_their_bounds(kind, tmp_path, monkeypatch):
    given, shape, hidden, end, (low, high), classes, head = NETWORKS[kind]
    keras.utils.set_random_seed(0)
    hidden = [layer.__class__.from_config(layer.get_config()) for layer in hidden]
    ending = [layers.Flatten(), layers.Dense(end[0], activation=end[1])]
    model = keras.Sequential([keras.Input(given), *hidden, *ending])
    model.save(tmp_path / "mine.keras")
    before = model.get_weights()
    random = np.random.default_rng(0)
    low_of, high_of = (np.broadcast_to(np.float32(each), shape) for each in (low, high))
    images = random.uniform(low_of, high_of, (20, *shape)).astype(np.float32)
    np.savez(tmp_path / "training.npz", images=images, classes=np.arange(20) % classes)
    monkeypatch.setattr(program, "EPOCHS", 2)
    monkeypatch.setattr(program, "BATCH", 8)
    text = program.text("mine.keras", shape, low, high, classes, head)
    (tmp_path / "program.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    ran = runpy.run_path("program.py")
    after = keras.models.load_model("mine_robust.keras").get_weights()
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(after, before, strict=True))
    x, y = ran["images"][:8], ran["classes"][:8]
    span = (high_of - low_of).reshape(given)
    changed = ran["mislead"](keras.ops.convert_to_tensor(x), y, ran["radius"]).numpy()
    lengths = np.linalg.norm(((changed - x) / span).reshape(8, -1), axis=1)
    assert lengths.max() < 1.001 * program.radius(shape) and lengths.min() > 0
    assert (changed >= low_of.reshape(given) - 1e-4).all()
    assert (changed <= high_of.reshape(given) + 1e-4).all()
    loss = [float(ran["loss_of"](y, ran["model"](each))) for each in (x, changed)]
    assert loss[1] > loss[0]


def test_an_epoch_costs_a_pass_for_each_step_and_the_radius_grows_with_the_picture():
    text = program.text("a.keras", (28, 28), 0.0, 1.0, 10, "softmax")
    assert f"attack_steps, epochs, batch = {program.times_an_epoch() - 1}, " in text
    assert program.radius((56, 56)) == 2 * program.radius((28, 28)) == 3.0


@pytest.mark.parametrize(
    ("file", "note", "opens"),
    [
        ('my "best".h5', "", 'load_model("my \\"best\\".h5")'),
        ("digits.tflite", "# The model that you made .tflite from", 'load_model("my_model.keras")'),
        ("TM.zip", "# The file in your .zip.", 'load_model("my_model.keras")'),
    ],
)
def test_a_file_that_keras_does_not_open_is_named_otherwise(file, note, opens):
    text = program.text(file, (28, 28), 0.0, 1.0, 10, "softmax")
    assert opens in text and note in text
    assert max(map(len, text.splitlines())) <= 80
    compile(text, "program", "exec")
