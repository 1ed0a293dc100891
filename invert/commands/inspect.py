"""``inspect``: say what a file of one's own is to ``invert.freeze``."""

from invert.commands import options as shared
from invert.commands import pixel_readings

READ_BY_EACH = " By each of the usual ranges the pictures are read as:"


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
    said = {name: value for name, value in shared.told(options).items() if value is not None}
    said |= {"shape": graph.image_shape, "pixel_range": graph.pixel_range}
    arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
    print(f"invert.freeze({options.classifier!r}, {arguments})")
    labels = ", ".join(graph.labels[:10]) + (", …" if graph.classes > 10 else "")
    print(
        f"{graph.name}: {'×'.join(str(side) for side in graph.image_shape)} images,"
        f" {graph.classes} classes ({labels}), {graph.head} of its logits"
    )
    failed: list[str] = []
    by_each = graph.range_assumed and bool(options.files)
    if graph.range_evidence:
        taken = graph.domain.range_in_words
        print(f"Its pixels are taken to be in {taken}: {graph.range_evidence}.")
    if graph.range_assumed:
        print("If that is wrong, say --pixel-range." + (READ_BY_EACH if by_each else ""))
    if by_each:
        light = shared.each(
            options.files,
            failed,
            lambda path, data: shared.light(path, data, graph.image_shape, options.whole),
        )
        print("\n".join(pixel_readings.table(graph, light)))
    else:
        pictures = shared.read_pictures(options.files, graph, options.whole, failed)
        shared.print_answers(graph, pictures)
    shared.say_failed(failed, len(options.files))
