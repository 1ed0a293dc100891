"""``inspect``: say what a file of one's own is to ``invert.freeze``."""

from invert.commands import feature_tables, pictures, pixel_readings
from invert.commands import options as shared

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
    said["shape"] = graph.image_shape
    if graph.domain.is_image:
        said["pixel_range"] = graph.pixel_range
    else:
        said |= feature_tables.arguments(graph.domain)
    arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
    print(f"invert.freeze({options.classifier!r}, {arguments})")
    labels = _few(graph.labels)
    taken = f"{'×'.join(str(side) for side in graph.image_shape)} images"
    if not graph.domain.is_image:
        taken = f"{graph.image_shape[-1]} features ({_few(graph.domain.names)})"
    what = f"{graph.classes} classes ({labels}), {graph.head} of its logits"
    if not graph.classifies:
        what = f"{graph.classes} {graph.head}{' of ' * bool(graph.layer)}{graph.layer} ({labels})"
    print(f"{graph.name}: {taken}, {what}")
    if graph.layers:
        print("Its layers, for --output, and how many units or channels each has:")
        print("\n".join(f"  {name} ({units})" for name, units in graph.layers))
    failed: list[str] = []
    by_each = graph.range_assumed and bool(options.files)
    if graph.range_evidence:
        taken = graph.domain.range_in_words
        print(f"Its pixels are taken to be in {taken}: {graph.range_evidence}.")
    if graph.range_assumed:
        print("If that is wrong, say --pixel-range." + (READ_BY_EACH if by_each else ""))
    if by_each:
        light = pictures.each(
            options.files,
            failed,
            lambda path, data: pictures.light(path, data, graph.image_shape, options.whole),
        )
        print("\n".join(pixel_readings.table(graph, light)))
    else:
        taken = pictures.read_pictures(options.files, graph, options.whole, failed)
        pictures.print_answers(graph, taken)
    pictures.say_failed(failed, len(options.files))


def _few(names) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
