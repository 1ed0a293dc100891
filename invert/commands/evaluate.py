"""``evaluate``: measure every method."""

from invert import shell
from invert.data import PATH_VARIABLE
from invert.data import load as load_mnist
from invert.evaluation import table


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser("evaluate", help="measure every method; ten minutes")
    command.add_argument("--mnist", metavar="FILE", help=f"mnist.npz; see also {PATH_VARIABLE}")
    command.set_defaults(run=run, stopped="The same command goes on where it was.")


def run(options) -> None:
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
