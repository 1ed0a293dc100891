"""The code of a picture, run as a visitor would, against the picture itself."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import invert
from invert import film
from invert.methods.records import METHODS, method_for
from invert.networks import classifier as classifiers
from invert.page.pictures import program

ROOT = Path(__file__).parents[3]
SEED = 9
# Classifier, method, start, count and what else is set; and how far a pixel may be off. Rounding
# grows most where the gradients of a decoder or a ReLU lead it.
STATES = [
    ("question", "plain", "black", 1, {}, 1e-3),
    ("question", "plain", "noise", 2, {}, 1e-3),
    ("robust", None, "black", 1, {}, 1e-4),
    ("robust", None, "noise", 4, {"steps": 10}, 1e-4),
    ("energy", None, "noise", 2, {}, 1e-4),
    ("energy", None, "my drawing", 2, {}, 1e-4),
    ("energy", None, "average", 2, {}, 1e-4),
    ("energy", None, "class-gaussian", 3, {}, 1e-4),
    ("student", None, "noise", 2, {}, 1e-4),
    (
        "question",
        "regularized",
        "noise",
        2,
        {"total_variation": 0},
        1e-4,
    ),  # jitter and l2 are the same
    ("robust", "latent", "random", 2, {}, 0.02),
    ("energy", "inverse", "random", 3, {}, 1e-4),
    ("own", None, "noise", 2, {}, 1e-4),
    ("own", None, "black", 1, {"loss": "logit"}, 1e-4),
]


def name_of(state):
    return "-".join(str(each) for each in state[:4])


@pytest.fixture(scope="module")
def drawing():
    return invert.generate([3], "inverse", seed=1).images[0]


@pytest.fixture(scope="module")
def clone(tmp_path_factory, drawing):
    """A folder with what stands in a clone beside the package, and what a visitor brings."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "model_weights").symlink_to(ROOT / "model_weights")
    np.save(folder / program.DRAWING_FILE, drawing)
    classifiers.load("robust").save(folder / program.OWN_FILE)
    return folder


@pytest.fixture(autouse=True)
def in_the_clone(clone, monkeypatch):
    monkeypatch.chdir(clone)


# One's own network would choose others here; on the page it was asked when it was read.
USUAL_WEIGHTS = {"regularized": dict(METHODS["regularized"].priors)}


def program_of(classifier, method, start, count, settings, digit=8):
    return program.tensorflow(
        classifier, method_for(classifier, method, settings), digit, count, SEED, start
    )


def made(text):
    names = {}
    exec(text, names)
    return names


def generated(classifier, method, start, count, settings, drawing, digit=8):
    """The picture of a choice, as the page asks for it."""
    name = method_for(classifier, method, settings).name
    return invert.generate(
        [digit] * count,
        name,
        classifier="my_model.keras" if classifier == "own" else classifier,
        seed=SEED,
        start={"my drawing": drawing, "random": None}.get(start, start),
        frames=32,
        **{**USUAL_WEIGHTS.get(name, {}), **settings},
    )


def assert_kept(images, digit=8):
    """The program left a PNG of these images, side by side, each pixel ten wide; ink is dark."""
    kept = np.asarray(Image.open(f"{digit}.png"), np.float32)
    light = images if images.shape[-1] == 3 else 1 - images
    want = np.concatenate(list(light), axis=1).repeat(10, axis=0).repeat(10, axis=1)
    np.testing.assert_allclose(kept, 255 * want, atol=0.51)
    Path(f"{digit}.png").unlink()


@pytest.mark.parametrize("state", STATES, ids=name_of)
def test_the_program_makes_the_picture(state, drawing):
    *choice, tolerance = state
    names = made(program_of(*choice))
    run = generated(*choice, drawing)
    images = names["images"].reshape(run.images.shape)  # one's own may have a channel
    assert_kept(images)
    np.testing.assert_allclose(images, run.images, atol=tolerance)
    if choice[2] != "random":
        np.testing.assert_array_equal(names["M"].numpy().reshape(images.shape), images)


def test_total_variation_leads_to_images_that_are_alike(drawing):
    choice = "question", "regularized", "noise", 2, {}
    images = made(program_of(*choice))["images"]
    run = generated(*choice, drawing)
    assert invert.classify(images, "question")[:, 8].min() > 0.99
    assert np.corrcoef(images.ravel(), run.images.ravel())[0, 1] > 0.9
    first = {"steps": 1}
    np.testing.assert_allclose(
        made(program_of(*choice[:4], first))["images"],
        generated(*choice[:4], first, drawing).images,
        atol=1e-4,
    )


@pytest.mark.parametrize("state", STATES, ids=name_of)
def test_the_call_makes_the_picture_to_the_bit(state, drawing):
    classifier, method, start, count, settings, _ = state
    text = program.call(classifier, method, 8, count, SEED, start, settings)
    run = generated(classifier, method, start, count, settings, drawing)
    np.testing.assert_array_equal(made(text)["run"].images, run.images)
    assert Path("8.png").read_bytes() == film.png(run.images, scale=10)


def test_your_own_network_may_read_colour_and_any_size(drawing, tmp_path, monkeypatch):
    import keras

    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten()]
    own = keras.Sequential([keras.Input((12, 16, 3)), *layers, keras.layers.Dense(5)])
    own.save("my_model.keras")
    for choice in [
        ("own", None, "noise", 2, {"steps": 20}),
        ("own", None, "black", 2, {"steps": 20}),
        ("own", "plain", "noise", 2, {}),
        ("own", "regularized", "noise", 2, {"total_variation": 0, "steps": 5}),
        ("own", "regularized", "noise", 2, {"steps": 1}),
    ]:
        images = made(program_of(*choice, digit=3))["images"]
        assert_kept(images, digit=3)
        run = generated(*choice, drawing, digit=3)
        np.testing.assert_allclose(images, run.images, atol=1e-3)


def test_the_call_keeps_the_range_of_your_own_networks_pixels(tmp_path, monkeypatch):
    import keras

    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10)]
    keras.Sequential([keras.Input((28, 28, 1)), *layers]).save("my_model.keras")
    run = made(program.call("own", None, 8, 1, SEED, "noise", {"steps": 20}))["run"]
    assert run.pixel_range == (0, 255) and run.images.max() > 1
    kept = np.asarray(Image.open("8.png"), np.float32)
    ink = run.images[0].reshape(28, 28)  # in 0 to 255, as a PNG's levels are
    np.testing.assert_allclose(kept, 255 - ink.repeat(10, axis=0).repeat(10, axis=1), atol=0.51)


def test_the_picture_of_a_network_of_dark_ink_is_dark_on_light(tmp_path, monkeypatch):
    import keras

    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(10)]
    keras.Sequential([keras.Input((28, 28)), *layers]).save("my_model.keras")
    record = method_for("own", "plain", {"steps": 20})
    for text, images in (
        (program.call("own", "plain", 8, 1, SEED, "noise", {"steps": 20}, dark=True), "run"),
        (program.tensorflow("own", record, 8, 1, SEED, "noise", dark=True), "images"),
    ):
        kept = made(text)[images]
        grey = np.asarray(getattr(kept, "images", kept), np.float32).reshape(28, 28)
        picture = np.asarray(Image.open("8.png").convert("L"), np.float32)
        np.testing.assert_allclose(picture, 255 * np.kron(grey, np.ones((10, 10))), atol=0.51)
        Path("8.png").unlink()


def test_dark_ink_is_spoken_of_where_images_are_grey():
    assert "  # ink is dark" in program_of("robust", None, "noise", 1, {})
    (light,) = [
        line
        for line in program_of("own", None, "noise", 1, {}).splitlines()
        if line.startswith("light")
    ]
    assert light.endswith("# in grey, ink is dark")


EVERY = [
    (classifier, method, start)
    for classifier in (*classifiers.CLASSIFIERS, "own")
    for method in METHODS
    if program.can_write(method_for("", method, {}))
    for start in (*invert.STARTS, "my drawing", "random")
    if (start == "random") == (method in ("latent", "inverse"))
]


@pytest.mark.parametrize("classifier, method, start", EVERY)
def test_every_choice_gives_short_lines_and_few(classifier, method, start):
    text = program_of(classifier, method, start, 16, {})
    lines = text.splitlines()
    assert max(map(len, lines)) <= program.WIDTH
    written = [line for line in lines if line.strip() and line.strip()[0] != "#"]
    # A LeNet takes four lines more than dense layers. What a decoder takes is beyond the others.
    student, decoder = classifier == "student", method == "latent"
    own = classifier == "own"
    assert len(written) <= 42 + 4 * student + 9 * decoder + 2 * own
    assert not [line for line in lines if line != line.rstrip()] and "\n\n\n\n" not in text
    call = program.call(classifier, method, 8, 16, 9999, start, {"steps": 400}).splitlines()
    assert max(map(len, call)) <= program.WIDTH and len(call) <= 18


@pytest.mark.parametrize("classifier, method, start", EVERY)
def test_a_program_imports_numpy_and_tensorflow_only_and_uses_every_name(classifier, method, start):
    text = program_of(classifier, method, start, 4, {})
    tree = ast.parse(text)
    imported = [
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [node.names[0].name])
    ]
    assert set(imported) <= {"numpy", "tensorflow"}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    assert stored - used - {"_"} == set()


def test_a_program_runs_where_there_is_no_package():
    text = program_of("robust", None, "noise", 1, {"steps": 1}) + "import sys\n"
    text += "print(images.shape, 'invert' in sys.modules)\n"
    run = [sys.executable, "-I", "-c", text]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert printed == "(1, 28, 28) False\n"


@pytest.mark.parametrize("classifier", [*classifiers.CLASSIFIERS, "own"])
def test_the_code_of_what_suits_a_network_best_is_shown_at_a_glance(classifier):
    recipe = method_for(classifier, None, {})
    if not program.can_write(recipe):
        call = program.call(classifier, None, 8, 4, SEED, None, {})
        assert len(call.splitlines()) <= 12
        return
    text = program.tensorflow(classifier, recipe, 8, 4, SEED, recipe.start)
    assert len([line for line in text.splitlines() if line]) <= 46


def test_a_call_leaves_out_what_was_not_chosen():
    assert program.call("robust", None, 3, 1, 0, None, {}).splitlines()[5:] == [
        'run = invert.generate([3], classifier="robust", seed=0)',
        "# run.images: (1, 28, 28) float32 in [0, 1]",
        'Path("3.png").write_bytes(film.png(run.images, scale=10))',
    ]


@pytest.mark.parametrize("file", ["own.keras", "n" * 40 + ".keras"])
def test_a_call_of_an_opposite_model_draws_by_it_whatever_the_file_is_called(file):
    text = program.call("own", "opposite", 3, 16, 9999, None, {}, file)
    assert "invert.generate(" not in text and ".draw([3] * 16, seed=9999)" in text
    assert f'invert.opposite.load("opposite.keras", "{file}")' in text
    compile(text, "program", "exec")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(program).failed == 0


def test_a_program_is_only_offered_for_what_the_template_has_the_words_for():
    written = {name for name in METHODS if program.can_write(method_for("", name, {}))}
    assert {"plain", "regularized", "steepest", "latent", "inverse"} <= written
    assert "fourier" not in written
