"""``generate``: run a classifier backwards."""

import math
from collections import Counter
from pathlib import Path

from invert import film, shell
from invert.commands import options as shared
from invert.inversion.checks import MAX_COUNT, MAX_SEED, check_whole
from invert.methods import generation, records, starts
from invert.networks.classifier import CLASSIFIERS, check_classifier

SCALE = 4  # GIF or PNG pixels a pixel, where they fit
GIF_FRAMES = 48
VERDICTS = {
    "not convinced": "{} did not convince {}; try more --steps, or another --method.",
    "never moved": "{} could not move from the start by the gradient of {}; try another --start.",
}


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "generate", help="run a classifier backwards", parents=[shared.of_files()]
    )
    command.add_argument(
        "targets", nargs="+", metavar="TARGET", help="a digit 0 to 9; of one's own, number or label"
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
        default="generated.png",
        metavar="FILE",
        help=".png, .gif for the film, or .svg of a pen's strokes (default generated.png, which is"
        " replaced)",
    )
    command.set_defaults(run=run, stopped="Nothing was written.")


def run(options) -> None:
    """Write the images, or the film of their optimisation, and print how they are read."""
    out = Path(options.out)
    film_wanted, drawn = out.suffix.lower() == ".gif", out.suffix.lower() == ".svg"
    if out.suffix.lower() not in (".png", ".gif", ".svg"):
        raise ValueError(f"--out must end in .png, .gif or .svg; got {out.name!r}.")
    if not out.parent.is_dir():
        raise ValueError(f"--out must be in a folder that exists; got {options.out!r}.")
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
    asked = b"" if named else shell.read(options.start)

    targets = [target for target in options.targets for _ in range(count)]
    if options.opposite is not None:
        made = shared.open_opposite(options).draw(targets, seed)
    else:
        graph = shared.open_asked(options)
        start = (
            options.start if named else shared.picture(options.start, asked, graph, options.whole)
        )
        made = generation.generate(
            targets,
            options.method,
            classifier=options.classifier if options.classifier in CLASSIFIERS else graph,
            seed=seed,
            start=start,
            frames=GIF_FRAMES if film_wanted else 0,
            **settings,
        )
    # One target fills a square; several stand in a row, or in a row each where there are several.
    several = len(options.targets) > 1
    columns = (count if count > 1 else len(options.targets)) if several else None
    columns = columns or math.ceil(math.sqrt(len(made.images)))
    height, width = made.images.shape[1:3]
    longest = max(columns * width, math.ceil(len(made.images) / columns) * height)
    scale = max(1, min(SCALE, film.MAX_SIDE // longest))
    if drawn:
        if made.strokes is None:
            raise ValueError(
                f"{made.method} draws no strokes; use --method strokes, or --out FILE.png."
            )
        picture = film.svg(made.strokes, columns)
    else:
        draw, pictures = (film.gif, made.frames) if film_wanted else (film.png, made.images)
        picture = draw(pictures, scale=scale, columns=columns, pixel_range=made.pixel_range)
    shell.write(out, picture)

    for target in dict.fromkeys(made.targets):
        confidence = made.probabilities[made.targets == target, target].mean()
        print(f"{made.labels[target]}: the classifier gives it {confidence:.3f} on average")
    for note in made.notes:
        print(note)
    for verdict, number in Counter(made.verdicts).items():
        if verdict in VERDICTS:
            print(VERDICTS[verdict].format(_images(number), made.classifier))
    print(
        f"{out}: {_images(len(made.images))}, classifier {made.classifier}, method {made.method},"
        f" start {made.start}"
    )


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{number} images"
