"""The package from a shell: ``python -m invert COMMAND``."""

import argparse
import sys

from invert import shell
from invert.commands import classify, dataset, evaluate, generate, inspect, opposite


class _Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line, without the list of options."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments=None) -> int:
    """Run one command; a mistake is one line on standard error and exit code 2."""
    parser = _Parser(prog="python -m invert", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (classify, generate, opposite, inspect, dataset, evaluate):
        command.add(commands)
    options, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(options, "files") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:  # argparse leaves files that stand behind an option
        options.files += rest
    return shell.run(lambda: options.run(options), options.stopped)


if __name__ == "__main__":
    sys.exit(main())
