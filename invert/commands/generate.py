"""``generate``: run a classifier backwards."""

import math
from collections import Counter
from pathlib import Path

import numpy as np

from invert import film, shell, tables
from invert.commands import options as shared
from invert.commands import pictures, typed_targets
from invert.inversion.checks import MAX_COUNT, MAX_SEED, check_whole
from invert.inversion.domain import Domain
from invert.methods import generation, records, starts
from invert.networks.classifier import CLASSIFIERS, check_classifier

SCALE = 4  # GIF or PNG pixels a pixel, where they fit
GIF_FRAMES = 48
PICTURE, TABLE = "generated.png", "generated.csv"  # where nobody says it
LISTED = 5  # classes of a mixture
VERDICTS = {
    "not convinced": "{} did not convince {}; try {}more --steps, or another --method.",
    "never moved": "{} could not move from the start by the gradient of {}; try another --start.",
}


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "generate", help="run a classifier backwards", parents=[shared.of_files()]
    )
    command.add_argument(
        "targets", nargs="*", metavar="TARGET", help="a digit 0 to 9; of one's own, number or label"
    )
    command.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="WHAT",
        help="likewise; or a mixture such as 3:.5,8:.5, or 8:0 for anything but it, or a number for"
        " each output, such as 7.0 or .2,.8",
    )
    command.add_argument(
        "--within",
        type=float,
        metavar="DISTANCE",
        help="how far an image may go from its start, in L2, where the pixel range counts 1",
    )
    command.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a feature that stays as it is, by its name or number",
    )
    shared.add_classifier(command)
    shared.add_method(command)
    shared.add_opposite(command)
    command.add_argument("--count", type=int, default=1, help="images of each target (default 1)")
    command.add_argument(
        "--seed",
        type=int,
        default=0,
        help="same seed, same images; from a black page it decides nothing (default 0)",
    )
    command.add_argument("--start", help=f"{', '.join(starts.STARTS)}, or a picture's path")
    shared.add_whole(command)
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
        "--out",
        metavar="FILE",
        help=".png, .gif for the film, .svg of a pen's strokes, or .csv of features (default"
        f" {PICTURE}, or {TABLE} of features, which is replaced)",
    )
    command.set_defaults(run=run, stopped="Nothing was written.")


def run(options) -> None:
    """Write the images, or the film of their optimisation, and print how they are read."""
    out = Path(options.out or PICTURE)
    film_wanted, drawn = out.suffix.lower() == ".gif", out.suffix.lower() == ".svg"
    if out.suffix.lower() not in (".png", ".gif", ".svg", ".csv"):
        raise ValueError(f"--out must end in .png, .gif, .svg or .csv; got {out.name!r}.")
    typed = [*options.targets, *options.target]
    if not typed:
        raise ValueError("Say what to make: a digit, a label, or --target.")
    if not out.parent.is_dir():
        raise ValueError(f"--out must be in a folder that exists; got {str(out)!r}.")
    count = check_whole(options.count, "--count", 1, MAX_COUNT)
    seed = check_whole(options.seed, "--seed", 0, MAX_SEED)
    check_classifier(options.classifier)
    settings = shared.settings_of(options)
    if options.loss is not None:
        settings["loss"] = options.loss
    settings |= {name: shared.number(weight, f"--prior {name}") for name, weight in options.prior}
    if options.opposite is not None:
        told = {**settings, "method": options.method, "start": options.start}
        shared.check_alone([name for name, value in told.items() if value is not None])
    method = records.method_for(options.classifier, options.method, settings)
    if film_wanted and options.opposite is not None:
        raise ValueError("An opposite model takes no steps, so it has no film; use --out FILE.png.")
    no_strokes = getattr(method, "parametrisation", "") != "strokes"
    if drawn and no_strokes and options.opposite is None and options.method is not None:
        raise ValueError(f"{method.name} draws no strokes; use --method strokes.")
    if film_wanted and not method.settings:
        raise ValueError(f"{method.name} takes no steps, so it has no film; use --out FILE.png.")
    named = options.start is None or options.start in (*starts.STARTS, starts.RANDOM)
    if not named and not Path(options.start).exists():
        raise ValueError(
            f"--start must be one of {', '.join(starts.STARTS)}, or a picture's path; there is no"
            f" file {options.start!r}."
        )
    asked = b"" if named else shell.read(options.start)

    limits = {"within": options.within, "fixed": typed_targets.fixed(options.fixed)}
    if options.opposite is not None:
        shared.check_alone([name for name, value in limits.items() if value is not None])
        targets = [target for target in typed for _ in range(count)]
        made = shared.open_opposite(options).draw(targets, seed)
        _check_kind(made.domain, made.classifier, out)
    else:
        graph = shared.open_asked(options)
        if options.out is None and not graph.domain.is_image:
            out = Path(TABLE)
        _check_kind(graph.domain, graph.name, out)
        start = (
            options.start if named else pictures.picture(options.start, asked, graph, options.whole)
        )
        made = generation.generate(
            typed_targets.targets(typed, graph.labels, graph.head, count),
            options.method,
            classifier=options.classifier if options.classifier in CLASSIFIERS else graph,
            seed=seed,
            start=start,
            frames=GIF_FRAMES if film_wanted else 0,
            **limits,
            **settings,
        )
    shell.write(out, _file(made, out, count, len(typed)))
    _say(made, out, options.within)


def _check_kind(domain: Domain, classifier: str, out: Path) -> None:
    """Refuse to write features as a picture, or pictures as a table."""
    table = out.suffix.lower() == ".csv"
    if domain.is_image == table:
        what = "pictures; use --out FILE.png" if table else "features; use --out FILE.csv"
        raise ValueError(f"{classifier} reads {what}.")


def _file(made, out: Path, count: int, several: int) -> bytes:
    """The images, the film, the strokes or the table, by the name of the file."""
    kind = out.suffix.lower()
    if kind == ".csv":
        return tables.write(made)
    # One target fills a square; several stand in a row, or in a row each where there are several.
    columns = (count if count > 1 else several) if several > 1 else None
    columns = columns or math.ceil(math.sqrt(len(made.images)))
    height, width = made.images.shape[1:3]
    longest = max(columns * width, math.ceil(len(made.images) / columns) * height)
    scale = max(1, min(SCALE, film.MAX_SIDE // longest))
    if kind == ".svg":
        if made.strokes is None:
            way_out = "" if made.method == "opposite" else "--method strokes, or "
            raise ValueError(f"{made.method} draws no strokes here; use {way_out}--out FILE.png.")
        return film.svg(made.strokes, columns)
    draw, shown = (film.gif, made.frames) if kind == ".gif" else (film.png, made.images)
    return draw(shown, scale=scale, columns=columns, pixel_range=made.pixel_range)


def _say(made, out: Path, within: float | None) -> None:
    """Print how the images are read, or how near the values came."""
    if made.misses is not None:
        convinced = made.verdicts.count("convinced")
        alike = "all alike" if made.distinct == 1 else f"{made.distinct} of them different"
        differ = f", {alike}" if convinced > 1 else ""
        print(
            f"{convinced} of {len(made.images)} inputs give what was asked{differ}; the farthest is"
            f" {made.misses.max():.4g} off"
        )
    if made.misses is None:
        _, first = np.unique(made.aims, axis=0, return_index=True)
        for number in sorted(first):
            print(_read_as(made, made.aims[number]))
    for note in made.notes:
        print(shell.as_typed(note))
    for verdict, number in Counter(made.verdicts).items():
        if verdict == "not convinced" and made.misses is not None:
            print(
                f"{_images(number, False)} did not reach it: try more --steps, or see whether the"
                " --bounds allow it."
            )
        elif verdict in VERDICTS:
            some = _images(number, made.domain.is_image)
            farther = "" if within is None else "a greater --within, "
            print(VERDICTS[verdict].format(some, made.classifier, farther))
    print(
        f"{out}: {_images(len(made.images), made.domain.is_image)}, classifier {made.classifier},"
        f" method {made.method}, start {made.start}"
    )


def _read_as(made, aims: np.ndarray) -> str:
    """What the classifier says of the images that were to become one thing."""
    own = (made.aims == aims).all(axis=1)
    asked = np.argsort(-aims, kind="stable")[: max(1, np.count_nonzero(aims > 0))][:LISTED]
    if aims.min() < 0:
        asked = np.flatnonzero(aims < 0)
    means = made.probabilities[own][:, asked].mean(axis=0)
    names = " and ".join(made.labels[k] for k in asked)
    if made.above is not None:
        return (
            f"{names}: activation {means[0]:.3g} on average,"
            f" {made.above[own].mean():.1f} standard deviations above noise"
        )
    pronoun = "it" if len(asked) == 1 else "them"
    said = " and ".join(f"{mean:.3f}" for mean in means)
    what = f"anything but {names}" if aims.min() < 0 else names
    return f"{what}: the classifier gives {pronoun} {said} on average"


def _images(number: int, pictures: bool = True) -> str:
    what = "image" if pictures else "input"
    return f"1 {what}" if number == 1 else f"{number} {what}s"
