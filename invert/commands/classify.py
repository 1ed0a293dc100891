"""``classify``: read pictures."""

from invert.commands import options as shared
from invert.commands import pictures
from invert.networks.classifier import CLASSIFIERS, check_classifier


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser("classify", help="read pictures", parents=[shared.of_files()])
    command.add_argument("files", nargs="+", metavar="FILE", help="a PNG, JPEG or WEBP picture")
    shared.add_classifier(command)
    shared.add_whole(command)
    command.set_defaults(run=run, stopped="")


def run(options) -> None:
    """Print each file's class, its probability, and the second guess."""
    check_classifier(options.classifier)
    failed: list[str] = []
    if options.classifier in CLASSIFIERS:
        # What they read is known, so a mistake is found before a network is opened.
        taken = list(pictures.read_pictures(options.files, None, options.whole, failed))
        if taken:
            pictures.print_answers(shared.open_asked(options), taken)
    else:
        graph = shared.open_asked(options)
        taken = pictures.read_pictures(options.files, graph, options.whole, failed)
        pictures.print_answers(graph, taken)
    pictures.say_failed(failed, len(options.files))
