"""A process that is started for one piece of work and then thrown away.

It may crash, run for ever, fill its memory or be taken over by what it reads: whoever started it
waits a bounded time, reads a bounded answer, and leaves nothing behind. Before the process reads
anything it limits what it may take of the machine (``limit``).
"""

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import invert

LENGTH = 8  # bytes, of the number in front of what is sent to the process
CHUNK = 2**16
MOST_ERRORS = 2**14  # bytes: of a longer standard error the end is kept
SECONDS_BETWEEN = 5
WANT_OF_MEMORY = (b"bad_alloc", b"MemoryError", b"out of memory", b"Out of memory", b"OOM")
PASSED_ON = ("LD_LIBRARY_PATH", "SYSTEMROOT")
KEEPER = Path(__file__).with_name("keeper.py")
SECONDS_TO_END = 2  # for the keeper; then all are ended without it
LOOK_SECONDS = 0.25  # how often one who waits looks whether the answer is still wanted


class TookTooLong(Exception):
    """The process was ended when its time was up."""


class WantedMemory(Exception):
    """The process ended for want of memory."""


class Ended(Exception):
    """The process ended without an answer, or with too long a one."""


def run(
    command: Sequence[str],
    data: bytes,
    seconds: float,
    most: int,
    still_wanted: Callable[[], None] = lambda: None,
) -> bytes:
    """Run a command of Python in a process of its own, and return what it answers.

    It runs in a private folder, which is deleted afterwards, and in a session of its own. Whatever
    it has started is killed, in other sessions too where there is a keeper (``keeper.py``). It is
    told nothing of this process's environment. Its standard input stays open for as long as this
    process lives; see ``receive``.

    Args:
        command: what comes after ``python``, such as ``["-m", "invert.page.own_network.child"]``.
        data: what it is sent on standard input.
        seconds: how long it may take.
        most: how many bytes it may answer on standard output.
        still_wanted: called again and again; if it raises, the process is ended.

    Raises:
        TookTooLong, WantedMemory, Ended: it gave no answer.
        OSError: it could not be started.
    """
    folder = tempfile.mkdtemp(prefix="invert-")  # for this user alone
    try:
        process = subprocess.Popen(
            [*_keeper(folder), sys.executable, "-P", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
            bufsize=0,
        )
        try:
            deadline = time.monotonic() + seconds
            sent = len(data).to_bytes(LENGTH) + data
            answer, errors = _talk(process, sent, deadline, most, still_wanted)
            _await(process, deadline)
        except TimeoutError:
            raise TookTooLong from None
        finally:
            status = _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if status:
        raise _why(status, errors)
    return answer


def receive() -> bytes:
    """In the process: return what was sent, and from now on end when the sender does.

    Raises:
        EOFError: the sender has left already.
    """
    source = sys.stdin.buffer
    length = source.read(LENGTH)
    data = source.read(int.from_bytes(length))
    if len(length) < LENGTH or len(data) < int.from_bytes(length):
        raise EOFError
    threading.Thread(target=_end_with_sender, args=(os.getcwd(),), daemon=True).start()
    return data


def limit(cpu_seconds: int, memory: int, file: int, files: int, threads: int = 512) -> None:
    """In the process: bound what it may take, where the system knows such bounds.

    Args:
        cpu_seconds: of all its threads together.
        memory: bytes that it may write to.
        file: bytes of one file.
        files: how many may be open at once.
        threads: how many threads and processes it may add to those that this user has now. Those of
            the system administrator are not counted.
    """
    with contextlib.suppress(OSError):  # where memory is short all the same, it goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    with contextlib.suppress(AttributeError, OSError):  # visitors' answers go first
        os.nice(10)
    try:
        import resource
    except ImportError:  # not on Windows
        return
    bounds = {
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_DATA": memory,
        "RLIMIT_FSIZE": file,
        "RLIMIT_NOFILE": files,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": _threads_of_this_user() + threads,
    }
    for name, most in bounds.items():
        which = getattr(resource, name, None)
        if which is not None:
            hard = resource.getrlimit(which)[1]
            # Of time the first limit sends a signal that says so, and the second one kills.
            later = most + (SECONDS_BETWEEN if name == "RLIMIT_CPU" else 0)
            later = later if hard == resource.RLIM_INFINITY else min(later, hard)
            resource.setrlimit(which, (min(most, later), later))


def _threads_of_this_user() -> int:
    """How many threads this user's processes have together, as the system counts them."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                count += len(os.listdir(folder / "task"))
    return count


def _environment(folder: str) -> dict[str, str]:
    root = str(Path(invert.__file__).parent.parent)
    paths = [root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "PYTHONPATH": os.pathsep.join(path for path in paths if os.path.isabs(path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        **dict.fromkeys(("HOME", "TMPDIR", "TEMP", "KERAS_HOME"), folder),
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "",
        "MALLOC_ARENA_MAX": "2",  # each takes memory for itself
    }


def _keeper(folder: str) -> list[str]:
    """What runs a command so that nothing it starts outlives it, where the system can do that."""
    return [sys.executable, "-I", "-S", str(KEEPER), folder] if sys.platform == "linux" else []


def _talk(
    process, data: bytes, deadline: float, most: int, still_wanted: Callable[[], None]
) -> tuple[bytes, bytes]:
    """Send all and read all, side by side, until the process has closed what it writes to."""
    sent, answer, errors = memoryview(data), bytearray(), bytearray()
    with selectors.DefaultSelector() as ready:
        for pipe in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
        ready.register(process.stdin, selectors.EVENT_WRITE)
        ready.register(process.stdout, selectors.EVENT_READ, answer)
        ready.register(process.stderr, selectors.EVENT_READ, errors)
        reading = 2
        while reading:
            if time.monotonic() > deadline:
                raise TimeoutError
            still_wanted()
            found = ready.select(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
            for key, _ in found:
                if key.fileobj is process.stdin:
                    try:
                        sent = sent[os.write(key.fd, sent[:CHUNK]) :]
                    except BrokenPipeError:  # it reads no more; it may answer all the same
                        sent = sent[:0]
                    if not sent:
                        ready.unregister(process.stdin)  # and leave it open
                    continue
                chunk = os.read(key.fd, CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    ready.unregister(key.fileobj)
                    reading -= 1
            if len(answer) > most:
                raise Ended
            del errors[:-MOST_ERRORS]
    return bytes(answer), bytes(errors)


def _await(process, deadline: float) -> None:
    """Wait until the process has ended by itself; its number stays its own."""
    if not hasattr(os, "waitid"):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        return
    how = os.WEXITED | os.WNOWAIT | os.WNOHANG
    while os.waitid(os.P_PID, process.pid, how) is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def _end(process) -> int:
    """End the process and whatever it started, wait until it is gone, and return its status."""
    # Nobody has waited for it, so its number, which is its session's, is no one else's.
    if sys.platform == "linux":
        _end_by_keeper(process)
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    status = process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            pipe.close()
    return int(status)


def _end_by_keeper(process) -> None:
    """Have the keeper end all; where it cannot, being stopped itself, end those that are known."""
    os.kill(process.pid, signal.SIGTERM)  # Popen would wait for it, and forget its number
    until = time.monotonic() + SECONDS_TO_END
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > until:
            for number in descendants(process.pid):
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            return
        time.sleep(0.01)


def descendants(number: int) -> list[int]:
    """Return the numbers of all processes that descend from a process."""
    found: list[int] = []
    for path in Path(f"/proc/{number}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def _why(status: int, errors: bytes) -> Exception:
    if status == -getattr(signal, "SIGXCPU", 0):
        return TookTooLong()
    # The system itself kills whoever takes the last of its memory.
    killed = status == -getattr(signal, "SIGKILL", 0)
    if killed or any(sign in errors for sign in WANT_OF_MEMORY):
        return WantedMemory()
    return Ended(status)


def _end_with_sender(folder: str) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, CHUNK):  # past Python's buffer, which is locked while it is waited for
            pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
