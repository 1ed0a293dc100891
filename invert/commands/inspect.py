"""``inspect``: say what a file of one's own is to ``invert.freeze``."""

from invert.commands import options as shared


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "inspect",
        help="say what a file of one's own is to invert.freeze",
        parents=[shared.of_files()],
    )
    command.add_argument("classifier", metavar="FILE", help="a trained network")
    command.add_argument("files", nargs="*", metavar="PICTURE", help="pictures to read with it")
    shared.add_whole(command)
    command.set_defaults(run=run, stopped="")


def run(options) -> None:
    """Print what a network of one's own is, as arguments of ``invert.freeze``; read pictures."""
    graph = shared.open_asked(options)
    told = {name: value for name, value in shared.told(options).items() if value is not None}
    told |= {"shape": graph.image_shape, "pixel_range": graph.pixel_range}
    arguments = ", ".join(f"{name}={value!r}" for name, value in told.items())
    print(f"invert.freeze({options.classifier!r}, {arguments})")
    labels = ", ".join(graph.labels[:10]) + (", …" if graph.classes > 10 else "")
    print(
        f"{graph.name}: {'×'.join(str(side) for side in graph.image_shape)} images,"
        f" {graph.classes} classes ({labels}), {graph.head} of its logits"
    )
    if options.pixel_range is None:
        low, high = graph.pixel_range
        print(f"Its pixels are taken to be {low:g} to {high:g}; say --pixel-range if they are not.")
    failed: list[str] = []
    pictures = shared.read_pictures(options.files, graph, options.whole, failed)
    shared.print_answers(graph, pictures)
    shared.say_failed(failed, len(options.files))
