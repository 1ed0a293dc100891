import os
import re
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from PIL import Image

import invert
from invert import __main__ as command
from invert import film
from invert.methods import generation


def test_generate_writes_the_images_it_made(tmp_path, capsys):
    out = tmp_path / "eights.png"
    arguments = ["generate", "8", "--classifier", "robust", "--count", "4", "--seed", "3"]
    assert command.main([*arguments, "--start", "noise", "--out", str(out)]) == 0
    run = invert.generate([8] * 4, classifier="robust", seed=3, start="noise")
    assert out.read_bytes() == film.png(run.images, scale=4)
    printed = capsys.readouterr().out
    assert (
        "8: the classifier gives it 0.9" in printed or "8: the classifier gives it 1.0" in printed
    )
    assert "4 images, classifier robust, method steepest, start noise" in printed


def test_ten_digits_stand_in_one_row_and_several_of_each_in_ten(tmp_path):
    digits = [str(d) for d in range(10)]
    for count, size in ((1, (1120, 112)), (2, (224, 1120))):
        out = tmp_path / f"{count}.png"
        main = ["generate", *digits, "--count", str(count), "--steps", "1", "--out", str(out)]
        assert command.main(main) == 0
        with Image.open(out) as picture:
            assert picture.size == size


def test_a_gif_is_the_film(tmp_path):
    out = tmp_path / "eight.gif"
    black = ["generate", "8", "--classifier", "robust", "--out", str(out)]
    assert command.main(black) == 0
    with Image.open(out) as picture:
        assert picture.n_frames > 20
        assert np.asarray(picture.convert("L")).min() == 255  # black start: no ink yet


def test_what_was_generated_is_classified(tmp_path, capsys):
    out = tmp_path / "four.png"
    command.main(["generate", "4", "--out", str(out)])
    capsys.readouterr()
    assert command.main(["classify", str(out), str(out)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second and first.startswith(f"{out}: 4 (")


def test_a_picture_can_be_the_start(tmp_path):
    start, out = tmp_path / "start.png", tmp_path / "out.png"
    pixels = np.zeros((280, 280), np.uint8)
    pixels[60:220, 130:150] = 255
    Image.fromarray(pixels).save(start)
    assert command.main(["generate", "7", "--start", str(start), "--out", str(out)]) == 0
    assert out.is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("generate eight", "each digit must be a whole number from 0 to 9; got 'eight'"),
        ("generate 8 --loss hinge", "loss must be one of cross-entropy, logit, margin"),
        ("generate 8 --shape 28,28", "energy ships and needs no options of a network's file"),
        ("generate 8 --classifier text.png", "text.png"),
        ("inspect text.png", "text.png"),
        ("inspect nothing.h5", "classifier must be one of question"),
        ("inspect text.png --feed keep_prob", "--feed must be NAME=VALUE; got 'keep_prob'"),
        ("inspect text.png --shape wide", "--shape needs a number; got 'wide'"),
        ("generate 12", "each digit must be a whole number from 0 to 9; got 12"),
        ("generate 8 --count 0", "--count must be a whole number from 1 to 1000; got 0"),
        ("generate 8 --count 1000000", "--count must be a whole number from 1 to 1000"),
        ("generate 8 9 --count 600", "count of images must be a whole number from 1 to 1000"),
        ("generate 8 --method magic", "method must be one of plain, "),
        ("generate 8 --seed -3", "seed must be a whole number from 0"),
        ("generate 8 --start nothing.png", "nothing.png"),
        ("generate 8 --steps 0", "steps must be a whole number from 1 to 1000; got 0"),
        ("generate 8 --step-size -1", "step_size must be a number above 0"),
        (
            "generate 8 --out eights.bmp",
            "--out must end in .png, .gif, .svg or .csv; got 'eights.bmp'",
        ),
        ("generate 8 --out nowhere/eights.png", "a folder that exists; got 'nowhere/eights.png'"),
        ("generate 8 --method inverse --out x.gif", "inverse takes no steps, so it has no film"),
        ("generate 8 --start random", "start must be an image or one of black"),
        ("generate 8 --prior l2 much", "--prior l2 needs a number; got 'much'"),
        ("generate 8 --prior l2 3", "settings of steepest are loss, steps, step_size; got 'l2'"),
        ("generate 8 --classifier quick", "classifier must be one of question"),
        ("classify nothing.png", "nothing.png"),
        ("classify text.png", "text.png: This file is no PNG, JPEG or WEBP picture."),
        ("classify blank.png", "blank.png: "),
        ("generate 8 --start blck", "--start must be one of black, noise, average, class-gaussian"),
        ("generate 8 --start blck", "or a picture's path; there is no file 'blck'."),
        ("dataset 9 --out blank.png", "--out must be a folder; blank.png is a file."),
        (
            "classify eight.png --classifier quick",
            "classifier must be one of question, robust, energy, student, the path of a file, or",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("L", (50, 50), 255).save("blank.png")
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save("eight.png")
    assert command.main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.err.startswith("invert: ")
    assert captured.err.count("\n") == 1 and captured.out == ""


def test_a_bad_file_stops_no_other(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("not a picture")
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save("line.png")
    assert command.main(["classify", "text.png", "line.png", "gone.png", "line.png"]) == 2
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.out.splitlines()] == ["line.png"] * 2
    assert said.err.count("\n") == 1
    assert "2 of 4 pictures could not be read. text.png: This file is no" in said.err
    assert "gone.png: No such file" in said.err


def test_more_than_one_digit_is_said(sample, tmp_path, capsys):
    files = []
    for row in range(300, 400, 10):
        two = np.concatenate([np.pad(sample[0][each], 6) for each in (row, row + 505)], axis=1)
        files.append(str(tmp_path / f"{row}.png"))
        Image.fromarray(np.uint8(255 * two)).resize((320, 160)).save(files[-1])
    assert command.main(["classify", *files]) == 0
    said = capsys.readouterr().out.count("; but 2 digits are seen, and read as one")
    assert said >= 9  # the judge does not know every digit for one


def test_a_large_sheet_is_drawn_smaller(tmp_path):
    out = tmp_path / "sheet.PNG"
    main = ["generate", "1", "2", "--count", "80", "--steps", "1", "--out", str(out)]
    assert command.main(main) == 0
    with Image.open(out) as picture:
        assert picture.size == (80 * 28, 2 * 28)


def test_priors_and_classifier_can_be_set(tmp_path):
    out = tmp_path / "three.png"
    arguments = ["generate", "3", "--method", "regularized", "--classifier", "robust"]
    arguments += ["--prior", "l2", "0.5", "--prior", "jitter", "1", "--out", str(out)]
    assert command.main(arguments) == 0
    run = invert.generate(3, "regularized", classifier="robust", l2=0.5, jitter=1)
    assert out.read_bytes() == film.png(run.images, scale=4)


def test_nothing_but_the_mistake_reaches_standard_error(tmp_path):
    # In a process of its own: TensorFlow's libraries write to the file, not to Python's stream.
    code = "from invert import shell\nwith shell.quiet(): import tensorflow\n"
    code += "import sys; from invert.__main__ import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["generate", "8", "--out", str(tmp_path / "x.png")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(generation, "generate", stop)
    assert command.main(["generate", "8"]) == 130
    assert capsys.readouterr().err == "\ninvert: stopped. Nothing was written.\n"


@pytest.mark.parametrize("arguments", ["", "generate -x", "draw", "classify", "inspect"])
def test_what_argparse_refuses_is_exit_code_2_too(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(arguments.split())
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("python -m invert") and said.endswith("--help\n")
    assert said.count("\n") == 1, "no list of all options"


@pytest.fixture
def own(tmp_path):
    """A file of one's own: three classes of 8×6 colour images from 0 to 255."""
    import keras

    rng = np.random.default_rng(0)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((8, 6, 3)), *layers])
    layers[-1].set_weights([rng.normal(size=(144, 3)), np.zeros(3)])
    model.save(tmp_path / "own.keras")
    return tmp_path / "own.keras"


def test_labels_may_be_in_a_file(own, tmp_path, capsys):
    (tmp_path / "names").write_text("0 ant\n1 bee, small\n2 cat\n")
    assert command.main(["inspect", str(own), "--labels", str(tmp_path / "names")]) == 0
    assert "3 classes (ant, bee, small, cat)" in capsys.readouterr().out
    assert command.main(["inspect", str(own), "--labels", "nowhere.txt"]) == 2
    assert "there is no file 'nowhere.txt'." in capsys.readouterr().err


@pytest.fixture
def bright(tmp_path):
    """A network that says how many pixels are light: above 100, as those of 0 to 255 are."""
    import keras

    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((8, 6, 3)), *layers])
    layers[-1].set_weights([np.array([[0, 0.1]] * 3), np.array([0, -30.0])])
    model.save(tmp_path / "bright.keras")
    return tmp_path / "bright.keras"


def test_pictures_are_read_by_each_range_where_nothing_says_which(bright, tmp_path, capsys):
    for name, level in (("light.png", 240), ("dark.png", 15)):
        Image.new("RGB", (6, 8), (level,) * 3).save(tmp_path / name)
    pictures = [str(tmp_path / name) for name in ("light.png", "dark.png")]
    assert command.main(["inspect", str(bright), "--labels", "dim,lit", *pictures]) == 0
    *_, assumed, asked, head, light, dark, sure = capsys.readouterr().out.splitlines()
    assert assumed.endswith("in [0, 1]: nothing in the network speaks of another range.")
    assert asked.startswith("If that is wrong, say --pixel-range. By each of the usual ranges")
    assert re.split("  +", head.strip()) == [
        "0 to 1 (taken)",
        "0 to 255",
        "-1 to 1",
        "Caffe's means",
    ]
    # By hand: of light, 0.1 · 3 · 240 - 30 = 42 in the second column, 36 less in the fourth.
    assert re.findall("dim|lit", light) == ["dim", "lit", "dim", "lit"]
    assert re.findall("dim|lit", dark) == ["dim"] * 4
    assert float(re.split("  +", sure)[2]) > 0.9

    assert command.main(["inspect", str(bright), "--pixel-range", "0", "255", pictures[0]]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{pictures[0]}: 1 (1.000)")


def test_a_run_on_an_assumed_range_says_so(bright, tmp_path, capsys):
    generate = ["generate", "1", "--classifier", str(bright), "--out", str(tmp_path / "1.png")]
    assert command.main(generate) == 0
    said = capsys.readouterr().out
    assert "Pixels of bright.keras are taken to be in [0, 1]: nothing" in said
    assert "freeze it with another --pixel-range." in said
    assert command.main([*generate, "--pixel-range", "0", "255"]) == 0
    assert "are taken to be" not in capsys.readouterr().out


def test_a_file_of_ones_own_is_inspected_run_backwards_and_asked(own, tmp_path, capsys):
    labels = ["--labels", "ant,bee,cat"]
    out = tmp_path / "bee.png"
    generate = ["generate", "bee", "--classifier", str(own), *labels, "--out", str(out)]
    assert command.main(generate) == 0
    said = re.search(r"bee: the classifier gives it ([\d.]+)", capsys.readouterr().out)
    assert float(said[1]) > 0.9
    with Image.open(out) as picture:
        assert picture.mode == "RGB" and picture.size == (24, 32)

    assert command.main(["inspect", str(own), *labels, str(out)]) == 0
    pasted, found, of_layers, *layers, assumed, answer = capsys.readouterr().out.splitlines()
    assert assumed == "Its pixels are taken to be in [0, 255]: its first step is 0.003922·x + 0."
    graph = eval(pasted, {"invert": invert})  # what was printed can be pasted
    assert (graph.image_shape, graph.pixel_range) == ((8, 6, 3), (0, 255))
    assert "8×6×3 images, 3 classes (ant, bee, cat)" in found
    assert of_layers == "Its layers, for --output, and how many units or channels each has:"
    assert layers == [f"  {name} ({units})" for name, units in graph.layers]
    assert answer.startswith(f"{out}: bee (")
    assert command.main(["classify", str(out), "--classifier", str(own), *labels]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: bee (")


@pytest.mark.parametrize(
    "words", [["generate", "3", "--out", "x.png", "5"], ["classify", "a", "-x"]]
)
def test_what_belongs_nowhere_is_named(words, capsys):
    with pytest.raises(SystemExit):
        command.main(words)
    assert f"unrecognized arguments: {words[-1]}" in capsys.readouterr().err


def test_what_did_not_work_is_said(tmp_path, capsys):
    out = ["--out", str(tmp_path / "x.png")]
    command.main(["generate", *"0123456789", "--steps", "1", "--step-size", "0.001", *out])
    assert "did not convince energy; try more --steps" in capsys.readouterr().out
    command.main(["generate", "8", "--start", "noise", "--within", "0.1", *out])
    assert "energy; try a greater --within, more --steps" in capsys.readouterr().out


def test_each_share_of_a_mixture_is_said(tmp_path, capsys):
    out = ["--out", str(tmp_path / "x.png"), "--steps", "3"]
    command.main(["generate", "--target", "3:.7,8:.3", "--target", "8:0", "4", *out])
    said = capsys.readouterr().out.splitlines()
    number = r"0\.\d{3}"
    assert re.match(f"4: the classifier gives it {number} on average$", said[0])
    assert re.match(f"3 and 8: the classifier gives them {number} and {number} on", said[1])
    assert re.match(f"anything but 8: the classifier gives it {number} on average$", said[2])


def test_options_are_named_as_a_shell_has_them(tmp_path, capsys):
    stack = [keras.Input((784,)), keras.layers.Dense(5)]
    keras.Sequential(stack).save(tmp_path / "a.keras")
    assert command.main(
        ["generate", "1", "--classifier", str(tmp_path / "a.keras"), "--output", "z"]
    )
    assert "has no output" in capsys.readouterr().err
    stack = [keras.Input((None, None, 1)), keras.layers.GlobalMaxPool2D(), keras.layers.Dense(5)]
    keras.Sequential(stack).save(tmp_path / "b.keras")
    assert command.main(["generate", "1", "--classifier", str(tmp_path / "b.keras")]) == 2
    said = capsys.readouterr().err
    assert "--shape 28,28" in said and "shape=" not in said


def test_a_file_is_replaced_by_a_whole_one_or_not_at_all(tmp_path, monkeypatch, capsys):
    out = tmp_path / "x.png"
    out.write_bytes(b"before")

    def full(self, data):
        self.touch()
        raise OSError(28, "No space left on device", str(self))

    with monkeypatch.context() as disk:
        disk.setattr("pathlib.Path.write_bytes", full)
        assert command.main(["generate", "1", "--steps", "1", "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"invert: {out}: No space left on device.\n"
    assert out.read_bytes() == b"before" and list(tmp_path.iterdir()) == [out]
    assert command.main(["generate", "1", "--steps", "1", "--out", str(out)]) == 0
    assert out.read_bytes() != b"before" and list(tmp_path.iterdir()) == [out]


class ResourceExhaustedError(Exception):
    """TensorFlow's error has this name."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "There is not enough memory for so much at once. Ask for fewer images."),
        (ResourceExhaustedError("OOM"), "There is not enough memory for so much at once."),
        (RuntimeError("can't start new thread"), "The system has no thread left."),
    ],
)
def test_what_the_machine_lacks_is_one_line(error, words, monkeypatch, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(generation, "generate", fail)
    assert command.main(["generate", "8"]) == 2
    captured = capsys.readouterr().err
    assert captured.startswith(f"invert: {words}") and captured.count("\n") == 1


def test_a_mistake_of_our_own_keeps_its_traceback(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(generation, "generate", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        command.main(["generate", "8"])


@pytest.mark.parametrize("arguments", [["classify"], ["inspect", "robust"]])
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_a_device_and_a_pipe_are_refused_unread(arguments, kind, capsys, tmp_path):
    path = "/dev/null" if kind == "device" else tmp_path / "pipe.png"
    if kind == "pipe":
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR)  # whoever reads it nevertheless is not left waiting
        os.write(end, b"no picture")
        threading.Timer(2, os.close, [end]).start()
    assert command.main([*arguments, str(path)]) == 2
    words = f"A picture must be an ordinary file; {path} is a device or a pipe."
    assert words in capsys.readouterr().err


def test_a_picture_too_large_is_read_no_further_than_it_may_be(capsys, tmp_path):
    (tmp_path / "large.png").touch()
    os.truncate(tmp_path / "large.png", 65 * 2**20)
    assert command.main(["classify", str(tmp_path / "large.png")]) == 2
    assert "A picture must have at most 64 MB" in capsys.readouterr().err


def test_no_name_is_no_classifier(capsys):
    assert command.main(["inspect", ""]) == 2
    assert "classifier must be one of question," in capsys.readouterr().err


def test_a_number_is_a_label_where_labels_are_numbers(own, tmp_path, capsys):
    out = ["--out", str(tmp_path / "x.png"), "--steps", "1"]
    labels = ["--labels", "3,8,5"]
    command.main(["generate", "8", "--classifier", str(own), *labels, *out])
    assert capsys.readouterr().out.startswith("8: the classifier gives it")


def test_strokes_are_written_as_svg_and_nothing_else_is(tmp_path, capsys):
    out = tmp_path / "eights.svg"
    generate = ["generate", "8", "--classifier", "question", "--steps", "20", "--out", str(out)]
    assert command.main(generate) == 0
    assert out.read_bytes().count(b"<path") == 2
    assert command.main([*generate, "--method", "plain"]) == 2
    assert "plain draws no strokes; use --method strokes" in capsys.readouterr().err
