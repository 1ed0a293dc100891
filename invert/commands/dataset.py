"""``dataset``: as many images as one wants, in shards, on this machine or on a Dask cluster."""

import concurrent.futures
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from invert import shell
from invert.commands import options as shared
from invert.inversion.checks import MAX_COUNT, check_whole
from invert.methods import records, shards, starts
from invert.networks import weights
from invert.networks.classifier import CLASSIFIERS, check_classifier

PLAN = "dataset.json"
STOPPED = "Whole shards stay; the same command goes on from there."
MOST_WORKERS = 256


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
    command.add_argument(
        "--method", help=f"{', '.join(records.METHODS)}; by default what suits the classifier best"
    )
    command.add_argument(
        "--start", help=f"{', '.join(starts.STARTS)}; by default the method's, noise for black"
    )
    command.add_argument("--steps", type=int, help="how many; by default the method's")
    command.add_argument("--step-size", type=float, help="by default the method's")
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
    workers = (os.cpu_count() or 1) if options.workers is None else options.workers
    check_whole(workers, "--workers", 1, MOST_WORKERS)
    check_classifier(options.classifier)
    settings = {"steps": options.steps, "step_size": options.step_size}
    settings = {name: value for name, value in settings.items() if value is not None}
    start = options.start
    if start is not None:
        starts.check_name(start)
    recipe = records.recipe_for(options.classifier, options.method, settings)
    if start is None and isinstance(recipe, records.Optimization) and recipe.start == "black":
        start = "noise"  # from a black page every image of a class is the same
    classifier, classes, digest = _classifier(options)
    plan = shards.Plan(
        options.count,
        options.shard,
        classes,
        classifier,
        options.method,
        start,
        settings,
        options.seed,
    )
    folder = Path(options.out)
    missing = _prepare(folder, plan, digest)
    _make(plan, missing, folder, workers, options.scheduler)
    print(f"{folder}: {plan.count} images in {plan.shards} shards, shard-00000.npz and so on")


def _classifier(options) -> tuple[str | bytes, int, str]:
    """What workers open, how many classes it has, and a digest of its weights."""
    if options.classifier in CLASSIFIERS:
        return options.classifier, 10, weights.manifest()[options.classifier]["sha256"]
    graph = shared.open_asked(options)
    known = hashlib.sha256(graph.graph_def.SerializeToString(deterministic=True))
    for value in graph.weights.values():
        known.update(np.asarray(value).tobytes())
    return pickle.dumps(graph), graph.classes, known.hexdigest()


def _prepare(folder: Path, plan: shards.Plan, digest: str) -> list[int]:
    """Make the folder, or see that it is of the same plan; the numbers of the missing shards."""
    wanted = {
        "classifier_sha256": digest,
        "count": plan.count,
        "shard": plan.shard,
        "method": plan.method,
        "start": plan.start,
        "settings": dict(plan.settings),
        "seed": plan.seed,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PLAN
    if not path.exists():
        if any(folder.glob("shard-*.npz")):
            raise ValueError(f"{folder} holds shards of an unknown plan. Choose another --out.")
        shell.write(path, json.dumps(wanted, indent=1).encode())
    try:
        found = json.loads(path.read_text("utf-8"))
        differing = [name for name in wanted if found.get(name) != wanted[name]]
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path} cannot be read. Choose another --out.") from error
    if differing:
        name = differing[0]
        raise ValueError(
            f"{folder} holds another data set: its {name} is {found.get(name)!r}, not"
            f" {wanted[name]!r}. Choose another --out."
        )
    return [number for number in range(plan.shards) if not _path(folder, number).exists()]


def _make(plan, missing: list[int], folder: Path, workers: int, scheduler: str | None) -> None:
    with shell.quiet():
        from keras.utils import Progbar

    bar = Progbar(plan.shards, unit_name="shard")
    done = plan.shards - len(missing)
    bar.update(done)
    with _cluster(scheduler) if scheduler else _processes(min(workers, len(missing))) as executor:
        numbers = {executor.submit(shards.make, plan, number): number for number in missing}
        try:
            for future in concurrent.futures.as_completed(numbers):
                arrays: dict[str, Any] = future.result()
                held = io.BytesIO()
                np.savez_compressed(held, **arrays)
                shell.write(_path(folder, numbers.pop(future)), held.getvalue())
                done += 1
                bar.update(done)
        except BrokenProcessPool as error:
            raise ValueError(
                f"A worker ended before its shard was whole, for want of memory perhaps. {STOPPED}"
                " Fewer --workers need less."
            ) from error
        finally:
            for future in numbers:
                future.cancel()


@contextlib.contextmanager
def _processes(count: int) -> Iterator[concurrent.futures.Executor]:
    """So many processes of this machine, each with one thread, as ``shards.make`` wants."""
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    os.environ.update(one_thread)
    with concurrent.futures.ProcessPoolExecutor(
        max(1, count), multiprocessing.get_context("spawn"), _begin
    ) as executor:
        yield executor


def _begin() -> None:
    """Of each process, before its first shard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for the shards answers it
    with shell.quiet():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def _cluster(scheduler: str) -> Iterator[concurrent.futures.Executor]:
    """The workers of a Dask cluster; what a lost one had begun, another does again."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(
            '--scheduler needs Dask. Install it with: pip install "dask[distributed]"'
        ) from error
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {scheduler}. Start one with: dask scheduler"
        ) from error
    with client:
        yield client.get_executor(pure=False)


def _path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05}.npz"
