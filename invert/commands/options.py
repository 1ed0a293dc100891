"""What several commands may be told: a classifier, and how to take its file."""

import argparse
from pathlib import Path

from invert import shell
from invert.commands import feature_tables
from invert.methods import records
from invert.networks.classifier import CLASSIFIERS, DEFAULT, check_classifier, open_graph


def add_classifier(command) -> None:
    """Let a command be told which classifier."""
    command.add_argument(
        "--classifier",
        default=DEFAULT,
        metavar="NAME",
        help=f"{', '.join(CLASSIFIERS)}, or a file of one's own (default {DEFAULT})",
    )


def add_method(command) -> None:
    """Let a command be told how images are made."""
    command.add_argument(
        "--method", help=f"{', '.join(records.METHODS)}; by default what suits the classifier best"
    )
    command.add_argument("--steps", type=int, help="how many; by default the method's")
    command.add_argument(
        "--step-size",
        type=float,
        help="by default the method's; the more steepest steps, the shorter each",
    )


def add_opposite(command) -> None:
    """Let a command be told to draw with an opposite model."""
    command.add_argument(
        "--opposite",
        metavar="FILE",
        help="draw with an opposite model, as the command opposite makes it, in one go; of one"
        " learned through a file, --classifier names that file",
    )


def check_alone(others: list[str]) -> None:
    """Refuse, beside an opposite model, what it has no use for."""
    if others:
        raise ValueError(f"--opposite draws in one go and takes no {', '.join(others)}.")


def open_opposite(options):
    """The opposite model that is asked for, with the classifier that it was learned through."""
    if not Path(options.opposite).is_file():
        raise ValueError(f"--opposite must be a file; there is none at {options.opposite!r}.")
    graph = None if options.classifier == DEFAULT else open_asked(options)
    with shell.quiet():
        import tensorflow  # noqa: F401 - which speaks when it is imported

        from invert.methods.opposite import opposite
    found = opposite.load(options.opposite, graph)
    if found.graph is None:
        raise ValueError(
            f"{Path(options.opposite).name} was learned through {found.classifier}; say where that"
            " is with --classifier."
        )
    return found


def classifier_of(options) -> str:
    """The classifier that is to be asked of an opposite model's images, as one is told it."""
    model = open_opposite(options)
    asked: str = options.classifier
    return model.classifier if asked == DEFAULT else asked


def settings_of(options) -> dict:
    """What the options say of steps, for ``generate``."""
    said = {"steps": options.steps, "step_size": options.step_size}
    return {name: value for name, value in said.items() if value is not None}


def add_whole(command) -> None:
    """Let a command be told not to look for ink in pictures."""
    command.add_argument(
        "--whole",
        action="store_true",
        help="take pictures as they are, and do not look for a digit's ink in them; always so for"
        " networks that do not read 28×28 images",
    )


def of_files() -> argparse.ArgumentParser:
    """What ``invert.freeze`` may have to be told of a file."""
    options = argparse.ArgumentParser(add_help=False)
    group = options.add_argument_group("of a network of one's own, where the file does not say it")
    group.add_argument("--input", metavar="NAME", help="the operation that takes the images")
    group.add_argument(
        "--output", metavar="NAME", help="what gives the logits, or a hidden layer's name"
    )
    group.add_argument("--signature", metavar="NAME", help="of a SavedModel")
    group.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a number for another input, such as: --feed keep_prob=1",
    )
    group.add_argument("--shape", metavar="H,W[,3]", help="of an image, such as 28,28")
    group.add_argument(
        "--pixel-range", nargs=2, type=float, metavar=("LOW", "HIGH"), help="such as 0 255 or -1 1"
    )
    group.add_argument(
        "--labels",
        metavar="A,B,… or FILE",
        help="a name for each class, or a file of them, such as labels.txt",
    )
    group = options.add_argument_group("of a network of features, which reads no pictures")
    group.add_argument(
        "--bounds",
        nargs="+",
        metavar=("LOW", "HIGH"),
        help="the lowest and the highest value of each feature, or a .csv of examples, a feature a"
        " column",
    )
    group.add_argument("--names", metavar="A,B,…", help="of the features, in order")
    group.add_argument("--whole-numbers", metavar="A,B,…", help="features that are whole numbers")
    group.add_argument(
        "--one-of",
        action="append",
        metavar="A,B,…",
        help="features of which one is at its highest value, the others at their lowest",
    )
    group.add_argument(
        "--head", help="softmax, sigmoid or values, where the network does not show its end"
    )
    return options


def open_asked(options):
    """The classifier that is asked for, as a frozen graph."""
    arguments = told(options)
    check_classifier(options.classifier)
    shipped = options.classifier in CLASSIFIERS
    if shipped and any(value is not None for value in arguments.values()):
        raise ValueError(f"{options.classifier} ships and needs no options of a network's file.")
    with shell.quiet():
        from invert.inversion.freezing import freeze

    return open_graph(options.classifier) if shipped else freeze(options.classifier, **arguments)


def told(options) -> dict:
    """What the options say to ``invert.freeze``; None where they say nothing."""
    shape = options.shape and tuple(number(side, "--shape") for side in options.shape.split(","))
    feed = {}
    for text in options.feed:
        name, sign, value = text.rpartition("=")
        if not sign:
            raise ValueError(f"--feed must be NAME=VALUE; got {text!r}.")
        feed[name] = number(value, "--feed")
    return {
        "input": options.input,
        "output": options.output,
        "signature": options.signature,
        "feed": feed or None,
        "shape": shape,
        "pixel_range": options.pixel_range and tuple(options.pixel_range),
        "labels": options.labels and _labels(options.labels),
        "head": options.head,
        **feature_tables.told(options),
    }


def _labels(text: str) -> tuple[str, ...] | str:
    """The names that were typed, or the path of the file that they are in."""
    listed = "," in text and not Path(text).is_file()
    return tuple(text.split(",")) if listed else text


def number(text: str, flag: str) -> int | float:
    """What was typed behind a flag, as a number."""
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{flag} needs a number; got {text!r}.") from error
    return int(value) if value.is_integer() else value
