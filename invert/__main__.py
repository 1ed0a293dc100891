"""The package from a shell: ``python -m invert COMMAND``."""

import argparse
import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from invert import film, shell, upload
from invert.data import PATH_VARIABLE
from invert.data import load as load_mnist
from invert.evaluation import table
from invert.images import SIDE
from invert.inversion.checks import MAX_COUNT, MAX_SEED, check_whole
from invert.methods import generation, records, starts
from invert.networks.classifier import CLASSIFIERS, DEFAULT, check_classifier, open_graph, read

SCALE = 4  # GIF or PNG pixels a pixel, where they fit
GIF_FRAMES = 48
VERDICTS = {
    "not convinced": "{} did not convince {}; try more --steps, or another --method.",
    "never moved": "{} could not move from the start by the gradient of {}; try another --start.",
}


def main(arguments=None) -> int:
    """Run one command; a mistake is one line on standard error and exit code 2."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(options, "files") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:  # argparse leaves files that stand behind an option
        options.files += rest
    return shell.run(lambda: options.run(options), options.stopped)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m invert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    of_files = _options_of_freeze()

    command = commands.add_parser("classify", help="read pictures", parents=[of_files])
    command.add_argument("files", nargs="+", metavar="FILE", help="a PNG, JPEG or WEBP picture")
    _add_classifier(command)
    _add_whole(command)
    command.set_defaults(run=classify, stopped="")

    command = commands.add_parser("generate", help="run a classifier backwards", parents=[of_files])
    command.add_argument(
        "targets", nargs="+", metavar="TARGET", help="a digit 0 to 9; of one's own, number or label"
    )
    _add_classifier(command)
    command.add_argument(
        "--method", help=f"{', '.join(records.METHODS)}; by default what suits the classifier best"
    )
    command.add_argument("--count", type=int, default=1, help="images of each target (default 1)")
    command.add_argument(
        "--seed",
        type=int,
        default=0,
        help="same seed, same images; from a black page it decides nothing (default 0)",
    )
    command.add_argument("--start", help=f"{', '.join(starts.STARTS)}, or a picture's path")
    _add_whole(command)
    command.add_argument("--steps", type=int, help="how many; by default the method's")
    command.add_argument("--step-size", type=float, help="by default the method's")
    command.add_argument("--loss", help=f"{' or '.join(records.LOSSES)}; by default the method's")
    command.add_argument(
        "--prior",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "WEIGHT"),
        help="a weight of the method's priors, such as: --prior l2 3",
    )
    command.add_argument(
        "--out", default="generated.png", metavar="FILE", help=".png, or .gif for the film"
    )
    command.set_defaults(run=generate, stopped="Nothing was written.")

    command = commands.add_parser(
        "inspect", help="say what a file of one's own is to invert.freeze", parents=[of_files]
    )
    command.add_argument("classifier", metavar="FILE", help="a trained network")
    command.add_argument("files", nargs="*", metavar="PICTURE", help="pictures to read with it")
    _add_whole(command)
    command.set_defaults(run=inspect, stopped="")

    command = commands.add_parser("evaluate", help="measure every method; minutes")
    command.add_argument("--mnist", metavar="FILE", help=f"mnist.npz; see also {PATH_VARIABLE}")
    command.set_defaults(run=evaluate, stopped="The same command goes on where it was.")
    return parser


def _options_of_freeze() -> argparse.ArgumentParser:
    """What ``invert.freeze`` may have to be told of a file."""
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("of a network of one's own, where the file does not say it")
    group.add_argument("--input", metavar="NAME", help="the operation that takes the images")
    group.add_argument("--output", metavar="NAME", help="the operation that gives the logits")
    group.add_argument("--signature", metavar="NAME", help="of a SavedModel")
    group.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a number for another input, such as: --feed keep_prob=1",
    )
    group.add_argument("--shape", metavar="H,W[,3]", help="of an image, such as 28,28")
    group.add_argument(
        "--pixel-range", nargs=2, type=float, metavar=("LOW", "HIGH"), help="such as 0 255 or -1 1"
    )
    group.add_argument("--labels", metavar="A,B,…", help="a name for each class")
    return options


def _add_classifier(command) -> None:
    command.add_argument(
        "--classifier",
        default=DEFAULT,
        metavar="NAME",
        help=f"{', '.join(CLASSIFIERS)}, or a file of one's own (default {DEFAULT})",
    )


def _add_whole(command) -> None:
    command.add_argument(
        "--whole",
        action="store_true",
        help="take pictures as they are, and do not look for a digit's ink in them; always so for"
        " networks that do not read 28×28 images",
    )


def classify(options) -> None:
    """Print each file's class, its probability, and the second guess."""
    check_classifier(options.classifier)
    pictures = [shell.read(path) for path in options.files]
    if options.classifier in CLASSIFIERS:  # a mistake is told before TensorFlow is imported
        for path, data in zip(options.files, pictures, strict=True):
            _read(path, data, None, options.whole)
    _print_answers(_open(options), options.files, pictures, options.whole)


def generate(options) -> None:
    """Write the images, or the film of their optimisation, and print how they are read."""
    out = Path(options.out)
    film_wanted = out.suffix.lower() == ".gif"
    if out.suffix.lower() not in (".png", ".gif"):
        raise ValueError(f"--out must end in .png or .gif; got {out.name!r}.")
    if not out.parent.is_dir():
        raise ValueError(f"--out must be in a folder that exists; got {options.out!r}.")
    count = check_whole(options.count, "--count", 1, MAX_COUNT)
    seed = check_whole(options.seed, "--seed", 0, MAX_SEED)
    check_classifier(options.classifier)
    settings = {"steps": options.steps, "step_size": options.step_size, "loss": options.loss}
    settings = {name: value for name, value in settings.items() if value is not None}
    settings |= {name: _number(weight, f"--prior {name}") for name, weight in options.prior}
    method = records.recipe_for(options.classifier, options.method, settings)
    if film_wanted and not method.settings:
        raise ValueError(f"{method.name} takes no steps, so it has no film; use --out FILE.png.")
    named = options.start is None or options.start in (*starts.STARTS, starts.CODE)
    asked = b"" if named else shell.read(options.start)

    graph = _open(options)
    start = options.start if named else _read(options.start, asked, graph, options.whole)
    targets = [_target(text, graph.labels) for text in options.targets]
    run = generation.generate(
        [target for target in targets for _ in range(count)],
        options.method,
        classifier=options.classifier if options.classifier in CLASSIFIERS else graph,
        seed=seed,
        start=start,
        frames=GIF_FRAMES if film_wanted else 0,
        **settings,
    )
    # One target fills a square; several stand in a row, or in a row each where there are several.
    several = len(targets) > 1
    columns = (count if count > 1 else len(targets)) if several else None
    columns = columns or math.ceil(math.sqrt(len(run.images)))
    height, width = run.images.shape[1:3]
    longest = max(columns * width, math.ceil(len(run.images) / columns) * height)
    scale = max(1, min(SCALE, film.MAX_SIDE // longest))
    draw, pictures = (film.gif, run.frames) if film_wanted else (film.png, run.images)
    picture = draw(pictures, scale=scale, columns=columns, pixel_range=run.pixel_range)
    shell.write(out, picture)

    for target in dict.fromkeys(run.targets):
        confidence = run.probabilities[run.targets == target, target].mean()
        print(f"{run.labels[target]}: the classifier gives it {confidence:.3f} on average")
    for verdict, number in Counter(run.verdicts).items():
        if verdict in VERDICTS:
            print(VERDICTS[verdict].format(_images(number), run.classifier))
    print(
        f"{out}: {_images(len(run.images))}, classifier {run.classifier}, method {run.method},"
        f" start {run.start}"
    )


def inspect(options) -> None:
    """Print what a network of one's own is, as arguments of ``invert.freeze``; read pictures."""
    pictures = [shell.read(path) for path in options.files]
    graph = _open(options)
    told = {name: value for name, value in _told(options).items() if value is not None}
    told |= {"shape": graph.image_shape, "pixel_range": graph.pixel_range}
    arguments = ", ".join(f"{name}={value!r}" for name, value in told.items())
    print(f"invert.freeze({options.classifier!r}, {arguments})")
    labels = ", ".join(graph.labels[:10]) + (", …" if graph.classes > 10 else "")
    print(
        f"{graph.name}: {'×'.join(str(side) for side in graph.image_shape)} images,"
        f" {graph.classes} classes ({labels}), {graph.head} of its logits"
    )
    if options.pixel_range is None:
        low, high = graph.pixel_range
        print(f"Its pixels are taken to be {low:g} to {high:g}; say --pixel-range if they are not.")
    _print_answers(graph, options.files, pictures, options.whole)


def evaluate(options) -> None:
    """Measure all methods; write the table to model_weights/, and into the README there."""
    table.check_readme()
    mnist = load_mnist(options.mnist)

    with shell.quiet():
        from keras.utils import Progbar

    bar = Progbar(len(table.PLAN) + 2, unit_name="row")
    rows = table.evaluate(mnist, lambda done, _: bar.update(done))
    text = table.markdown(rows)
    table.write_readme(text)
    print(text)


def _told(options) -> dict:
    """What the options say to ``invert.freeze``; None where they say nothing."""
    shape = options.shape and tuple(_number(side, "--shape") for side in options.shape.split(","))
    feed = {}
    for text in options.feed:
        name, sign, value = text.rpartition("=")
        if not sign:
            raise ValueError(f"--feed must be NAME=VALUE; got {text!r}.")
        feed[name] = _number(value, "--feed")
    return {
        "input": options.input,
        "output": options.output,
        "signature": options.signature,
        "feed": feed or None,
        "shape": shape,
        "pixel_range": options.pixel_range and tuple(options.pixel_range),
        "labels": options.labels and tuple(options.labels.split(",")),
    }


def _open(options):
    """The classifier that is asked for, as a frozen graph."""
    told = _told(options)
    check_classifier(options.classifier)
    shipped = options.classifier in CLASSIFIERS
    if shipped and any(value is not None for value in told.values()):
        raise ValueError(f"{options.classifier} ships and needs no options of a network's file.")
    with shell.quiet():
        from invert.inversion.freezing import freeze

    return open_graph(options.classifier) if shipped else freeze(options.classifier, **told)


def _target(text: str, labels) -> int | str:
    """A class as it was typed: its label, or else its number."""
    named = text in labels and list(labels) != [str(number) for number in range(len(labels))]
    return int(text) if not named and text.removeprefix("-").isdecimal() else text


def _print_answers(graph, files, pictures, whole: bool) -> None:
    for path, data in zip(files, pictures, strict=True):
        row = read(_read(path, data, graph, whole)[None], graph)[0]
        best, second = np.argsort(row)[:-3:-1]
        labels = graph.labels
        print(f"{path}: {labels[best]} ({row[best]:.3f}), or {labels[second]} ({row[second]:.3f})")


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{number} images"


def _number(text: str, flag: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{flag} needs a number; got {text!r}.") from error
    return int(value) if value.is_integer() else value


def _read(path: str, data: bytes, graph, whole: bool) -> np.ndarray:
    """A picture as the classifier takes it; with no graph, as the shipped ones do."""
    shape = (SIDE, SIDE) if graph is None else graph.image_shape
    least, most = (0.0, 1.0) if graph is None else graph.pixel_range
    try:
        if whole or shape != (SIDE, SIDE):
            image = upload.read_whole(data, shape)
        else:
            image = upload.read(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return np.clip(least + (most - least) * image, least, most)


if __name__ == "__main__":
    sys.exit(main())
