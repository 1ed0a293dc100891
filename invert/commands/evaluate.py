"""``evaluate``: measure every method, or what other networks read of what one draws."""

import argparse

from invert import shell
from invert.commands import options as shared
from invert.data import PATH_VARIABLE
from invert.data import load as load_mnist
from invert.evaluation import table, transfer_table
from invert.inversion.checks import MAX_COUNT, check_whole
from invert.methods.opposite import SHIPPED, opposite

STOPPED = "The same command goes on where it was; a table of transfer begins anew."


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "evaluate",
        help="measure every method, in ten minutes; or the transfer between networks",
        parents=[shared.of_files()],
    )
    command.add_argument("--mnist", metavar="FILE", help=f"mnist.npz; see also {PATH_VARIABLE}")
    command.add_argument(
        "--transfer",
        nargs="+",
        metavar="NETWORK",
        help="networks of the same classes: draw by each method through each, and print the share"
        " that each of the others reads as meant. Options of a network's file count for all",
    )
    command.add_argument(
        "--count",
        type=int,
        help=f"images by each method, with --transfer (default {transfer_table.COUNT})",
    )
    command.add_argument(
        "--opposite",
        nargs="+",
        metavar="FILE",
        help="with --transfer: files of opposite models of these networks, as the command opposite"
        " makes them; each adds a row. The one of question is always there",
    )
    command.set_defaults(run=run, stopped=STOPPED)


def run(options) -> None:
    """Measure all methods; write the table to model_weights/, and into the README there."""
    if options.transfer is not None:
        return _transfer(options)
    told = shared.told(options)
    told |= {"count": options.count, "opposite": options.opposite}
    others = [name for name, value in told.items() if value is not None]
    if others:
        raise ValueError(f"--{others[0].replace('_', '-')} is for networks behind --transfer.")
    table.check_readme()
    mnist = load_mnist(options.mnist)
    bar = _bar(len(table.PLAN) + 2)
    rows = table.evaluate(mnist, lambda done, _: bar.update(done))
    text = table.markdown(rows)
    table.write_readme(text)
    print(text)


def _transfer(options) -> None:
    """Print the table of transfer."""
    count = transfer_table.COUNT if options.count is None else options.count
    check_whole(count, "--count", 1, MAX_COUNT)
    told = vars(options)
    graphs = [
        shared.open_asked(argparse.Namespace(**{**told, "classifier": network}))
        for network in options.transfer
    ]
    models = [opposite.load(path) for path in options.opposite or ()]
    known = {model.classifier for model in models} | {SHIPPED}
    bar = _bar(len(graphs) * len(transfer_table.BY) + sum(graph.name in known for graph in graphs))
    rows = transfer_table.measure(
        graphs, count, report=lambda done, _: bar.update(done), models=models
    )
    print(transfer_table.markdown(rows))


def _bar(rows: int):
    with shell.quiet():
        from keras.utils import Progbar

    return Progbar(rows, unit_name="row")
