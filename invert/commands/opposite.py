"""``opposite``: learn the opposite model of a classifier, without data."""

from pathlib import Path

from invert import shell
from invert.commands import options as shared
from invert.inversion.checks import MAX_SEED, check_whole

STOPPED = "The same command goes on from where it was."


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "opposite",
        help="learn the opposite model of a classifier, class and seed to image, without data",
        parents=[shared.of_files()],
    )
    command.add_argument("classifier", metavar="NAME", help="a network that ships, or a file")
    command.add_argument("--out", required=True, metavar="FILE", help="a .keras file")
    command.add_argument(
        "--seed", type=int, default=0, help="another finds other styles (default 0)"
    )
    command.add_argument("--steps", type=int, help="at most; by default enough")
    command.set_defaults(run=run, stopped=STOPPED)


def run(options) -> None:
    """Learn, with a progress bar that says how long it will take, and write the file."""
    out = Path(options.out)
    if out.suffix != ".keras":
        raise ValueError(f"--out must end in .keras; got {out.name!r}.")
    if not out.parent.is_dir():
        raise ValueError(f"--out must be in a folder that exists; got {options.out!r}.")
    check_whole(options.seed, "--seed", 0, MAX_SEED)
    graph = shared.open_asked(options)
    with shell.quiet():
        from keras.utils import Progbar

        from invert.methods.opposite import opposite

    bar = Progbar(100, unit_name="per cent")
    learned = opposite(
        graph,
        options.seed,
        lambda done, left: bar.update(min(99, int(100 * done))),
        steps=options.steps,
        checkpoint=out.with_name(f"unfinished-{out.stem}.npz"),
    )
    bar.update(100, finalize=True)
    learned.save(out)
    made = learned.draw([number % graph.classes for number in range(200)], seed=1)
    share = sum(verdict == "convinced" for verdict in made.verdicts) / len(made.verdicts)
    print(f"{out}: {share:.0%} of its images convince {graph.name}")
