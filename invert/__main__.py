"""The package from a shell: ``python -m invert classify``, ``generate`` and ``evaluate``."""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

from invert import evaluation, film, generation, methods, shell, starts, upload, weights
from invert.data import PATH_VARIABLE
from invert.data import load as load_mnist
from invert.images import MAX_COUNT, MAX_SEED, SIDE, check_digits, check_whole

SCALE = 4  # GIF or PNG pixels a pixel, where they fit
GIF_FRAMES = 48


def main(arguments=None) -> int:
    """Run one command; a mistake is one line on standard error and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m invert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    names = ", ".join(weights.CLASSIFIERS)
    command = commands.add_parser("classify", help="read the digit in each picture")
    command.add_argument("files", nargs="+", metavar="FILE", help="a PNG, JPEG or WEBP picture")
    command.add_argument(
        "--classifier", default="robust", help="question, robust (default) or energy"
    )
    command.set_defaults(run=classify, stopped="")

    command = commands.add_parser("generate", help="run a classifier backwards")
    command.add_argument("digits", nargs="+", type=int, metavar="DIGIT", help="0 to 9")
    command.add_argument("--method", default="robust", help=", ".join(methods.METHODS))
    command.add_argument("--count", type=int, default=1, help="images of each digit (default 1)")
    command.add_argument(
        "--seed",
        type=int,
        default=0,
        help="same seed, same images; from a black page it decides nothing (default 0)",
    )
    command.add_argument("--start", help=f"{', '.join(starts.STARTS)}, or a picture's path")
    command.add_argument("--steps", type=int, help="how many; by default the method's")
    command.add_argument("--step-size", type=float, help="by default the method's")
    command.add_argument("--classifier", help=f"to invert in place of the method's: {names}")
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

    command = commands.add_parser("evaluate", help="measure every method; minutes")
    command.add_argument("--mnist", metavar="FILE", help=f"mnist.npz; see also {PATH_VARIABLE}")
    command.set_defaults(run=evaluate, stopped="The same command goes on where it was.")

    options = parser.parse_args(arguments)
    return shell.run(lambda: options.run(options), options.stopped)


def classify(options) -> None:
    """Print each file's digit, its probability, and the second guess."""
    images = np.stack([_read(path) for path in options.files])
    weights.check_classifier(options.classifier)

    with shell.quiet():
        from invert.classifier import classify

    for path, row in zip(options.files, classify(images, options.classifier), strict=True):
        best, second = np.argsort(row)[:-3:-1]
        print(f"{path}: {best} ({row[best]:.3f}), or {second} ({row[second]:.3f})")


def generate(options) -> None:
    """Write the images, or the film of their optimisation, and print how they are read."""
    out = Path(options.out)
    film_wanted = out.suffix.lower() == ".gif"
    if out.suffix.lower() not in (".png", ".gif"):
        raise ValueError(f"--out must end in .png or .gif; got {out.name!r}.")
    if not out.parent.is_dir():
        raise ValueError(f"--out must be in a folder that exists; got {options.out!r}.")
    count = check_whole(options.count, "--count", 1, MAX_COUNT)
    digits = check_digits([digit for digit in options.digits for _ in range(count)])
    settings = {"steps": options.steps, "step_size": options.step_size}
    settings = {name: value for name, value in settings.items() if value is not None}
    settings |= {name: _number(weight, name) for name, weight in options.prior}
    method = methods.check(options.method, settings)
    if film_wanted and not method.steps:
        raise ValueError(f"{method.name} takes no steps, so it has no film; use --out FILE.png.")
    if options.classifier is not None:
        weights.check_classifier(options.classifier)
    named = options.start is None or options.start in (*starts.STARTS, methods.CODE)
    start = options.start if named else _read(options.start)
    seed = check_whole(options.seed, "--seed", 0, MAX_SEED)

    with shell.quiet():
        import tensorflow  # noqa: F401
    run = generation.generate(
        digits,
        options.method,
        seed=seed,
        start=start,
        frames=GIF_FRAMES if film_wanted else 0,
        classifier=options.classifier,
        **settings,
    )
    # One digit fills a square; several stand in a row, or in a row each where there are several.
    several = len(options.digits) > 1
    columns = (count if count > 1 else len(options.digits)) if several else None
    columns = columns or math.ceil(math.sqrt(len(digits)))
    widest = max(columns, math.ceil(len(digits) / columns))
    scale = max(1, min(SCALE, film.MAX_SIDE // (widest * SIDE)))
    draw, pictures = (film.gif, run.frames) if film_wanted else (film.png, run.images)
    out.write_bytes(draw(pictures, scale=scale, columns=columns))

    for digit in dict.fromkeys(options.digits):
        confidence = run.probabilities[run.digits == digit, digit].mean()
        print(f"{digit}: the classifier gives it {confidence:.3f} on average")
    images = "1 image" if len(digits) == 1 else f"{len(digits)} images"
    print(f"{out}: {images}, method {run.method}, start {run.start}")


def evaluate(options) -> None:
    """Measure the whole ladder; write the table to model_weights/ and into the README."""
    evaluation.check_readme()
    mnist = load_mnist(options.mnist)

    with shell.quiet():
        from keras.utils import Progbar

    bar = Progbar(len(evaluation.plan()) + 2, unit_name="row")
    rows = evaluation.evaluate(mnist, lambda done, _: bar.update(done))
    table = evaluation.markdown(rows)
    evaluation.write_readme(table)
    print(table)


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"--prior {name} needs a number; got {text!r}.") from error
    return int(value) if value.is_integer() else value


def _read(path: str) -> np.ndarray:
    try:
        return upload.read(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
