"""A script that runs a command and, when it has ended, ends everything that it has started.

``python keeper.py FOLDER COMMAND…``. A process whose parent is gone becomes this one's child, so
none gets away, not even one that leads a session of its own. It ends as the command did. When it is
told to end (SIGTERM), or its own parent is gone, it ends the command too and deletes the folder
that the command worked in. For Linux alone.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CHILDREN = "/proc/self/task/{}/children"


def main(folder: str, command: list[str]) -> None:
    """Run the command, with the standard streams of this process."""

    def end_now(*_) -> None:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(128 + signal.SIGTERM)

    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, end_now)
    number = os.posix_spawn(command[0], command, os.environ)
    for stream in (0, 1, 2):  # or nobody would see that the command has closed its own
        os.close(stream)
    _, status = os.waitpid(number, 0)
    end_all()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with contextlib.suppress(OSError):  # SIGKILL has no handler to reset
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def end_all() -> None:
    """Kill all children, and those who become children by that, until there is none."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for number in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    try:
        with open(CHILDREN.format(os.getpid())) as file:
            return [int(number) for number in file.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
