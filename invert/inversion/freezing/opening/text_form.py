"""Read graphs that were written as text.

Protobuf's own parser takes a hundred bytes of memory for each byte of a weight. So weights are
taken out of the text before it sees them.
"""

import re
from pathlib import Path

from google.protobuf import text_format

from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.refusal import Refusal

MAX_FILE = 2**27
MAX_REST = 2**22  # bytes without the weights: two seconds, and 200 MB
# Only escapes that Python knows too. "++" and "*+" never give back: the search takes linear time.
CONTENT = re.compile(
    rb'tensor_content:\s*+"((?:[^"\\\n]++|\\(?:[0-3]?[0-7]{1,2}|x[0-9a-fA-F]{2}|[abfnrtv\\\'"]))*+)"'
)


def parse(path: Path, message, graph_of=lambda message: [message]):
    """Fill ``message`` with what a file says in protobuf's text form, and return it.

    Args:
        path: the file.
        message: an empty message.
        graph_of: finds the ``GraphDef`` parts of the message.

    Raises:
        Refusal: the text is too long, or nested too deeply.
    """
    contents: list[bytes] = []

    def take_out(found: re.Match) -> bytes:
        contents.append(found[1])
        return b'tensor_content: "%d"' % (len(contents) - 1)

    rest = CONTENT.sub(take_out, read(path, MAX_FILE))
    if len(rest) > MAX_REST:
        raise Refusal(
            f"{path} is text of {len(rest) / 2**20:.0f} MB beside its weights; at most"
            f" {MAX_REST // 2**20} MB are read. Write it in binary form."
        )
    try:
        text_format.Parse(rest.decode(), message, allow_unknown_field=True)
    except RecursionError as error:
        raise Refusal(f"{path} is text that is nested too deeply.") from error
    for graph_def in graph_of(message):
        functions = (function.node_def for function in graph_def.library.function)
        for nodes in (graph_def.node, *functions):
            for node in nodes:
                for value in node.attr.values():
                    tensor = value.tensor
                    if value.HasField("tensor") and tensor.tensor_content:
                        tensor.tensor_content = _unescaped(contents[int(tensor.tensor_content)])
    return message


def _unescaped(content: bytes) -> bytes:
    """Turn escapes into bytes; they are those of Python."""
    return content.decode("unicode_escape").encode("latin-1")
