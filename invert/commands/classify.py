"""``classify``: read pictures."""

from invert.commands import options as shared
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
        pictures = list(shared.read_pictures(options.files, None, options.whole, failed))
        if pictures:
            shared.print_answers(shared.open_asked(options), pictures)
    else:
        graph = shared.open_asked(options)
        pictures = shared.read_pictures(options.files, graph, options.whole, failed)
        shared.print_answers(graph, pictures)
    shared.say_failed(failed, len(options.files))
