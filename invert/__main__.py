"""The package from a shell: ``python -m invert classify``, ``generate`` and ``evaluate``."""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from invert import film, methods, starts
from invert.data import PATH_VARIABLE, DataError
from invert.data import load as load_mnist
from invert.drawing import from_pixels
from invert.weights import WeightsError


def main(arguments=None) -> int:
    """Run one command; a mistake is one line on standard error and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m invert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("classify", help="read the digit in each picture")
    command.add_argument("files", nargs="+", metavar="FILE", help="a PNG, JPEG or WEBP picture")
    command.add_argument("--classifier", default="robust", help="question or robust (default)")
    command.set_defaults(run=classify)

    command = commands.add_parser("generate", help="run a classifier backwards")
    command.add_argument("digits", nargs="+", type=int, metavar="DIGIT", help="0 to 9")
    command.add_argument("--method", default="robust", help=", ".join(methods.METHODS))
    command.add_argument("--count", type=int, default=1, help="images of each digit (default 1)")
    command.add_argument("--seed", type=int, default=0, help="same seed, same images (default 0)")
    command.add_argument("--start", help=f"{', '.join(starts.STARTS)}, or a picture's path")
    command.add_argument("--steps", type=int, help="how many; by default the method's")
    command.add_argument("--step-size", type=float, help="by default the method's")
    command.add_argument(
        "--out", default="generated.png", metavar="FILE", help=".png, or .gif for the film"
    )
    command.set_defaults(run=generate)

    command = commands.add_parser("evaluate", help="measure every method; minutes")
    command.add_argument("--mnist", metavar="FILE", help=f"mnist.npz; see also {PATH_VARIABLE}")
    command.set_defaults(run=evaluate)

    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, DataError, WeightsError, OSError) as error:
        print(f"invert: {error}", file=sys.stderr)
        return 2
    return 0


def classify(options) -> None:
    """Print each file's digit, its probability, and the second guess."""
    images = np.stack([_read(path) for path in options.files])

    from invert.classifier import classify

    for path, row in zip(options.files, classify(images, options.classifier), strict=True):
        best, second = np.argsort(row)[:-3:-1]
        print(f"{path}: {best} ({row[best]:.3f}), or {second} ({row[second]:.3f})")


def generate(options) -> None:
    """Write the images, or the film of their optimisation, and print how they are read."""
    out = Path(options.out)
    if out.suffix not in (".png", ".gif"):
        raise ValueError(f"--out must end in .png or .gif; got {out.name!r}.")
    count = methods.check_whole(options.count, "--count", 1, methods.MAX_COUNT)
    settings = {"steps": options.steps, "step_size": options.step_size}
    start = options.start
    run = methods.generate(
        [digit for digit in options.digits for _ in range(count)],
        options.method,
        seed=options.seed,
        start=_read(start) if start and start not in starts.STARTS else start,
        frames=48 if out.suffix == ".gif" else 0,
        **{name: value for name, value in settings.items() if value is not None},
    )
    # One digit fills a square; several stand in a row, or in a row each where there are several.
    several = len(options.digits) > 1
    columns = (count if count > 1 else len(options.digits)) if several else None
    draw, pictures = (film.gif, run.frames) if out.suffix == ".gif" else (film.png, run.images)
    out.write_bytes(draw(pictures, scale=4, columns=columns))

    for digit in dict.fromkeys(options.digits):
        confidence = run.probabilities[run.digits == digit, digit].mean()
        print(f"{digit}: the classifier gives it {confidence:.3f} on average")
    print(f"{out}: {len(run.digits)} images, method {run.method}, start {run.start}")


def evaluate(options) -> None:
    """Measure the whole ladder; write the table to model_weights/ and into the README."""
    mnist = load_mnist(options.mnist)

    from keras.utils import Progbar

    from invert import evaluation

    bar = Progbar(len(evaluation.plan()) + 2, unit_name="row")
    rows = evaluation.evaluate(mnist, lambda done, _: bar.update(done))
    evaluation.write_readme(rows)
    print(evaluation.markdown(rows))


def _read(path: str) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            return from_pixels(np.asarray(picture.convert("RGBA")))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} must be a PNG, JPEG or WEBP picture.") from error
    except (Image.DecompressionBombError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
