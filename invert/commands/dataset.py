"""``dataset``: as many images as one wants, in shards, on this machine or on a Dask cluster."""

import concurrent.futures
import contextlib
import hashlib
import io
import itertools
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from invert import shell
from invert.commands import options as shared
from invert.inversion.checks import MAX_COUNT, brief, check_whole
from invert.methods import records, shards, starts
from invert.networks.classifier import CLASSIFIERS, check_classifier

PLAN = "dataset.json"
STOPPED = "Whole shards stay; the same command goes on from there."
MOST_WORKERS = 256
OF_THE_PACKAGE = (
    "Scheduler and workers need this package: start them where it is installed, or with"
    " PYTHONPATH=. beside it."
)
AHEAD = 3  # shards that are given out for each worker
PATIENCE = 10  # seconds, before it is seen whether anybody is there


def add(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "dataset", help="make thousands of images, in shards", parents=[shared.of_files()]
    )
    command.add_argument("count", type=int, metavar="COUNT", help="of images, all classes alike")
    shared.add_classifier(command)
    command.add_argument("--out", required=True, metavar="DIR", help="a folder for the shards")
    command.add_argument(
        "--shard", type=int, default=MAX_COUNT, help="images in a shard (default 1000)"
    )
    shared.add_method(command)
    shared.add_opposite(command)
    command.add_argument(
        "--start", help=f"{', '.join(starts.STARTS)}; by default the method's, noise for black"
    )
    command.add_argument("--seed", type=int, default=0, help="same seed, same images (default 0)")
    command.add_argument(
        "--workers", type=int, help="processes side by side (default: one for each core)"
    )
    command.add_argument(
        "--scheduler", metavar="URL", help="of a Dask cluster that does it, such as tcp://host:8786"
    )
    command.set_defaults(run=run, stopped=STOPPED)


def run(options) -> None:
    """Write the shards that are not there yet, with a progress bar."""
    workers = _cores() if options.workers is None else options.workers
    check_whole(workers, "--workers", 1, MOST_WORKERS)
    if Path(options.out).is_file():
        raise ValueError(f"--out must be a folder; {options.out} is a file.")
    check_classifier(options.classifier)
    settings = shared.settings_of(options)
    start = options.start
    if start is not None:
        starts.check_name(start)
    recipe = records.method_for(options.classifier, options.method, settings)
    held, known_opposite = None, {}
    if options.opposite is not None:
        told = {**settings, "method": options.method, "start": start}
        shared.check_alone([name for name, value in told.items() if value is not None])
        options.classifier = shared.classifier_of(options)
        held = Path(options.opposite).read_bytes()
        sha256 = hashlib.sha256(held).hexdigest()
        known_opposite = {"method": "opposite", "settings": {}, "opposite_sha256": sha256}
    if (
        held is None
        and start is None
        and isinstance(recipe, records.Optimization)
        and recipe.start == "black"
    ):
        start = "noise"  # from a black page every image of a class is the same
    classifier, labels, known = _classifier(options)
    plan = shards.Plan(
        options.count,
        options.shard,
        len(labels),
        classifier,
        recipe.name,
        start,
        settings,
        options.seed,
        held,
        labels,
    )
    folder = Path(options.out)
    wanted = {
        **known,
        "count": plan.count,
        "shard": plan.shard,
        "seed": plan.seed,
        "start": plan.start,
        "starts": starts.STRENGTHS,
        "method": recipe.name,
        "settings": dict(recipe.settings),
        **known_opposite,
    }
    missing = _prepare(folder, plan, wanted)
    if missing:
        _make(plan, missing, folder, workers, options.scheduler)
    print(f"{folder}: {plan.count} images in {plan.shards} shards, shard-00000.npz and so on")


def _cores() -> int:
    """How many this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return min(MOST_WORKERS, len(allowed(0)) if allowed else os.cpu_count() or 1)


def _classifier(options) -> tuple[str | bytes, tuple[str, ...], dict]:
    """What workers open, its classes' labels, and what tells it from any other."""
    with shell.quiet():
        from invert.inversion.freezing import passing

    graph = shared.open_asked(options)
    if not graph.classifies:
        raise ValueError(
            f"dataset makes inputs of classes; {graph.name} gives {graph.head}. Use generate with"
            " --target."
        )
    digest = hashlib.sha256(graph.architecture.graph_def.SerializeToString(deterministic=True))
    for value in graph.weights:
        digest.update(np.asarray(value).tobytes())
    known = {
        "network_sha256": digest.hexdigest(),
        "image_shape": list(graph.image_shape),
        "pixel_range": list(graph.pixel_range),
        "labels": list(graph.labels),
        "head": graph.head,
    }
    shipped = options.classifier in CLASSIFIERS
    return options.classifier if shipped else passing.pack(graph), graph.labels, known


def _prepare(folder: Path, plan: shards.Plan, wanted: dict) -> list[int]:
    """Make the folder, or see that it is of the same plan; the numbers of the missing shards."""
    folder.mkdir(parents=True, exist_ok=True)
    path, wanted = folder / PLAN, json.loads(json.dumps(wanted))  # which has no tuples
    if not any(folder.glob("shard-*.npz")):
        shell.write(path, json.dumps(wanted, indent=1, ensure_ascii=False).encode())
    elif not path.exists():
        raise ValueError(f"{folder} holds shards of an unknown plan. Choose another --out.")
    try:
        found = json.loads(path.read_text("utf-8"))
        differing = [name for name in wanted if found.get(name) != wanted[name]]
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path} cannot be read. Choose another --out.") from error
    if differing:
        name = differing[0]
        raise ValueError(
            f"{folder} holds another data set: its {name} is {brief(found.get(name))}, not"
            f" {brief(wanted[name])}. Choose another --out."
        )
    return [number for number in range(plan.shards) if not _path(folder, number).exists()]


def _make(plan, missing: list[int], folder: Path, workers: int, scheduler: str | None) -> None:
    with shell.quiet():
        from keras.utils import Progbar

    bar = Progbar(plan.shards, unit_name="shard")
    done = plan.shards - len(missing)
    bar.update(done)
    with _cluster(scheduler) if scheduler else _processes(workers) as (executor, left):
        waiting, count = iter(missing), left()
        under_way: dict[concurrent.futures.Future, int] = {}
        while True:
            # A few ahead of the workers: a plan may have more shards than memory has room for.
            for number in itertools.islice(waiting, AHEAD * count - len(under_way)):
                under_way[executor.submit(shards.make, plan, number)] = number
            if not under_way:
                return
            finished, _ = concurrent.futures.wait(
                under_way, PATIENCE, return_when=concurrent.futures.FIRST_COMPLETED
            )
            if not finished and not left():
                raise ValueError(f"No worker is left. {OF_THE_PACKAGE} {STOPPED}")
            for future in finished:
                held = io.BytesIO()
                np.savez_compressed(held, **_result(future))
                shell.write(_path(folder, under_way.pop(future)), held.getvalue())
                done += 1
                bar.update(done)


def _result(future) -> dict[str, Any]:
    """A shard's arrays; or a ValueError that says what became of its worker."""
    try:
        arrays: dict[str, Any] = future.result()
    except Exception as error:
        lost = type(error).__name__ in ("BrokenProcessPool", "KilledWorker")
        if lost:
            raise ValueError(
                f"A worker ended before its shard was whole, for want of memory perhaps. {STOPPED}"
                " Fewer workers need less."
            ) from error
        if isinstance(error, ModuleNotFoundError) or "deserialization" in str(error):
            raise ValueError(f"A shard could not be given out. {OF_THE_PACKAGE}") from error
        raise
    return arrays


@contextlib.contextmanager
def _processes(count: int) -> Iterator[tuple[concurrent.futures.Executor, Callable[[], int]]]:
    """So many processes of this machine, each with one thread, as ``shards.make`` wants."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    executor = concurrent.futures.ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), _begin
    )
    try:
        yield executor, lambda: count  # one that is lost breaks the pool
        executor.shutdown()
    except ValueError:  # of a pool that has lost a worker, and has ended the others itself
        executor.shutdown(cancel_futures=True)
        raise
    except BaseException:
        # What is half done would be thrown away: nobody waits for it.
        for process in list((executor._processes or {}).values()):
            process.terminate()
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        os.environ.clear()
        os.environ.update(before)


def _begin() -> None:
    """Prepare each process, before its first shard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for the shards answers it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Errors travel with the shard; what TensorFlow and XLA log is for nobody's screen.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _end_with_parent() -> None:
    """Nobody waits for the shards of one who was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _cluster(scheduler: str) -> Iterator[tuple[concurrent.futures.Executor, Callable[[], int]]]:
    """A Dask cluster and how many workers are left; what a lost one had begun, another does."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(
            '--scheduler needs Dask. Install it with: pip install "dask[distributed]"'
        ) from error
    try:
        client = Client(scheduler, timeout=f"{PATIENCE}s")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {scheduler}. Start one with: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ValueError(
                f"The scheduler at {scheduler} has no worker. Start one with: dask worker"
                f" {scheduler} --nthreads 1"
            ) from error
        yield client.get_executor(pure=False), lambda: sum(client.nthreads().values())


def _path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05}.npz"
