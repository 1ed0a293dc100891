"""Run as a script: read many files as the throwaway process would, in one, and print its answers.

One line of JSON a file: its name, the answer's first letter, what it says, and the names of the
files that are there afterwards.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from invert.page.own_network import child, network_file
from invert.page.server import throwaway


def main(folder: str) -> None:
    throwaway.limit(400, network_file.MEMORY, network_file.FILE, network_file.FILES)
    for path in sorted(Path(folder).iterdir()):
        data = path.read_bytes()
        with tempfile.TemporaryDirectory() as empty:
            os.chdir(empty)
            said = child.answer(data)
            left = sorted(os.listdir())
            os.chdir("/")
        text = "" if said[:1] == network_file.GRAPH else said[1:].decode()
        print(json.dumps([path.name, said[:1].decode(), text, left]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
