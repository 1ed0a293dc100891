import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import invert
from invert import __main__ as command
from invert.commands import dataset
from invert.methods import shards

ROOT = Path(__file__).parents[2]
# Two processes only where it matters that there are two.
ALONE = ["--workers", "1"]
STEPS = ["--classifier", "robust", "--steps", "3", *ALONE]


def test_a_shard_is_what_generate_makes_and_says_how(in_this_process, tmp_path, capsys):
    out = tmp_path / "digits"
    assert command.main(["dataset", "25", *STEPS, "--shard", "10", "--out", str(out)]) == 0
    assert "25 images in 3 shards" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == [
        "dataset.json", "shard-00000.npz", "shard-00001.npz", "shard-00002.npz",
    ]  # fmt: skip
    parts = [np.load(path) for path in sorted(out.glob("*.npz"))]
    assert [len(part["images"]) for part in parts] == [10, 10, 5]
    assert np.concatenate([part["digits"] for part in parts]).tolist() == [*range(10)] * 2 + [
        *range(5)
    ]
    assert len({seed for part in parts for seed in part["seeds"]}) == 3
    for part in parts:
        seed = int(part["seeds"][0])
        run = invert.generate(
            part["digits"], classifier="robust", seed=seed, start="noise", steps=3
        )
        assert (part["seeds"] == seed).all()
        assert part["images"].dtype == np.uint8
        # Another number of threads may change the last bits, so a level at the most.
        assert np.abs(part["images"] / 255 - run.images).max() < 1.1 / 255
        np.testing.assert_allclose(part["probabilities"], run.probabilities, atol=1e-3)
        settings = json.loads(str(part["settings"]))
        assert settings["method"] == "steepest" and settings["steps"] == 3
        assert settings["classifier"] == "robust" and settings["start"] == "noise"


@pytest.mark.long
def test_it_goes_on_where_it_stopped_and_workers_change_no_bit(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    arguments = ["dataset", "40", *STEPS, "--shard", "10", "--out"]
    assert command.main([*arguments, str(one)]) == 0
    assert command.main([*arguments, str(two), "--workers", "2"]) == 0
    files = {path.name: path.read_bytes() for path in one.iterdir()}
    assert files == {path.name: path.read_bytes() for path in two.iterdir()}
    (one / "shard-00002.npz").unlink()
    kept = (one / "shard-00001.npz").stat().st_mtime_ns
    assert command.main([*arguments, str(one)]) == 0
    assert files == {path.name: path.read_bytes() for path in one.iterdir()}
    assert (one / "shard-00001.npz").stat().st_mtime_ns == kept


def test_a_network_of_ones_own_makes_a_dataset_too(in_this_process, tmp_path):
    random = np.random.default_rng(0)
    layers = [keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    layers[-1].set_weights([random.normal(size=(90, 3)), np.zeros(3)])
    model.save(tmp_path / "own.keras")
    out = tmp_path / "out"
    own = str(tmp_path / "own.keras")
    arguments = ["dataset", "7", "--classifier", own, "--steps", "20", *ALONE]
    arguments += ["--pixel-range", "-1", "1", "--labels", "ant,bee,cat", "--out", str(out)]
    assert command.main(arguments) == 0
    part = np.load(out / "shard-00000.npz")
    assert part["images"].shape == (7, 6, 5, 3)
    assert (part["probabilities"].argmax(axis=1) == part["digits"]).all()
    assert json.loads(str(part["settings"]))["labels"] == ["ant", "bee", "cat"]
    made = (out / "shard-00000.npz").stat().st_mtime_ns
    assert command.main(arguments) == 0
    assert (out / "shard-00000.npz").stat().st_mtime_ns == made
    for other in (["--pixel-range", "0", "1"], ["--labels", "ant,bee,cow"]):
        assert command.main([*arguments, *other]) == 2
    model.layers[-1].set_weights([random.normal(size=(90, 3)), np.zeros(3)])
    model.save(tmp_path / "own.keras")
    assert command.main(arguments) == 2  # another network under the same name


def test_a_range_for_each_channel_is_known_again(in_this_process, tmp_path):
    layers = [keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    keras.Sequential(layers).save(tmp_path / "own.keras")
    graph = invert.freeze(tmp_path / "own.keras", pixel_range=([-2, -1, 0], [2, 1, 3]))
    options = argparse.Namespace(classifier=str(tmp_path / "own.keras"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset.shared, "open_asked", lambda options: graph)
        _, labels, known = dataset._classifier(options)
    plan = shards.Plan(5, 5, len(labels))
    assert dataset._prepare(tmp_path / "out", plan, known) == [0]
    assert dataset._prepare(tmp_path / "out", plan, known) == [0]


def test_a_network_of_values_is_refused_before_anything_is_written(tmp_path, capsys):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(tmp_path / "own.keras")
    arguments = ["dataset", "5", "--classifier", str(tmp_path / "own.keras"), "--bounds", "0", "1"]
    assert command.main([*arguments, "--head", "values", "--out", str(tmp_path / "out")]) == 2
    assert "dataset makes inputs of classes; own.keras gives values" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def own_network(path):
    """A network of usual size: its weights are kept beside its graph, as tensors."""
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(64, "relu")]
    keras.Sequential([*layers, keras.layers.Dense(10)]).save(path)
    return str(path)


def test_a_network_of_usual_size_reaches_its_worker(tmp_path):
    own, out = own_network(tmp_path / "own.keras"), tmp_path / "out"
    arguments = ["dataset", "5", "--classifier", own, "--steps", "3", *ALONE, "--out", str(out)]
    assert command.main(arguments) == 0
    made = np.load(out / "shard-00000.npz")
    run = invert.generate(
        made["digits"], classifier=own, seed=int(made["seeds"][0]), start="noise", steps=3
    )
    assert np.abs(made["images"] / 255 - run.images).max() < 1.1 / 255


def test_two_seeds_have_no_image_in_common():
    seeds = {(s, n): shards.Plan(9000, seed=s).seed_of(n, 0) for s in range(20) for n in range(9)}
    assert len(set(seeds.values())) == len(seeds)


@pytest.fixture
def impatient(monkeypatch):
    """A scheduler that does not answer is given up soon."""
    monkeypatch.setattr(dataset, "PATIENCE", 1)


def test_a_first_attempt_that_failed_reserves_nothing(in_this_process, impatient, tmp_path):
    arguments = ["dataset", "3", *STEPS, "--out", str(tmp_path)]
    assert command.main([*arguments, "--seed", "5", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert command.main(arguments) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["5", "--shape", "28,28"], "energy ships and needs no options of a network's file"),
        (["0"], "the count of images must be a whole number from 1"),
        (["5", "--shard", "0"], "the images of a shard must be a whole number from 1"),
        (["5", "--workers", "-1"], "--workers must be a whole number from 1"),
        (["5", "--seed", "-1"], "seed must be a whole number from 0"),
        (["5", "--classifier", "quick"], "classifier must be one of question"),
        (["5", "--method", "magic"], "method must be one of plain"),
        (["5", "--start", "white"], "start must be an image or one of black"),
        (["5", "--scheduler", "tcp://127.0.0.1:1"], "No Dask scheduler answers at tcp://127.0.0.1"),
    ],
)
def test_mistakes_are_one_line(arguments, words, impatient, tmp_path, capsys):
    assert command.main(["dataset", *arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("invert: ") and words in error and error.count("\n") == 1


def test_another_plan_and_unknown_shards_are_left_alone(in_this_process, tmp_path, capsys):
    arguments = ["dataset", "2", *STEPS, "--out", str(tmp_path)]
    assert command.main(arguments) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for more in (["--seed", "1"], ["--shard", "1"], ["--method", "plain"]):
        assert command.main([*arguments, *more]) == 2
        assert "holds another data set: its " in capsys.readouterr().err
    (tmp_path / dataset.PLAN).unlink()
    assert command.main(arguments) == 2
    assert "holds shards of an unknown plan" in capsys.readouterr().err
    (tmp_path / dataset.PLAN).write_text("[")
    assert command.main(arguments) == 2
    assert "dataset.json cannot be read" in capsys.readouterr().err
    (tmp_path / dataset.PLAN).write_bytes(before[dataset.PLAN])
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_without_dask_a_sentence_says_how_to_install_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert command.main(["dataset", "5", "--out", str(tmp_path), "--scheduler", "tcp://x:1"]) == 2
    assert 'pip install "dask[distributed]"' in capsys.readouterr().err


RUN = "import sys; from invert.__main__ import main; sys.exit(main(sys.argv[1:]))"


def started(*arguments):
    """The command in a process of its own, once its first shard is there."""
    folder = Path(arguments[-1])
    run = [sys.executable, "-c", RUN, "dataset", *arguments]
    process = subprocess.Popen(
        run, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    until(lambda: list(folder.glob("shard-*.npz")), 120)
    return process


def workers_of(process):
    """The processes that make its shards."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(n) for n in children if b"spawn_main" in Path(f"/proc/{n}/cmdline").read_bytes()]


def until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


LONG = ["100000", "--classifier", "robust", "--shard", "200", *ALONE, "--out"]


@pytest.mark.long
def test_a_killed_worker_is_told_and_whole_shards_stay(tmp_path):
    process = started(*LONG, str(tmp_path))
    for pid in workers_of(process):
        os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "A worker ended before its shard was whole" in said
    assert said.count("\n") == 1
    for path in tmp_path.glob("shard-*.npz"):
        assert len(np.load(path)["images"]) == 200


@pytest.mark.long
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_whoever_stops_it_waits_for_no_shard_and_leaves_no_worker(ending, tmp_path):
    process = started(*LONG, str(tmp_path))
    workers = workers_of(process)
    began = time.monotonic()
    process.send_signal(ending)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    if ending == signal.SIGINT:
        assert process.returncode == 130
        assert "stopped. Whole shards stay; the same command goes on from there." in said
    until(lambda: not any(Path(f"/proc/{pid}/stat").exists() for pid in workers), 20)


@pytest.fixture
def cluster(tmp_path, request):
    """A Dask scheduler and two worker processes: its address, and the workers.

    Each is told where the package is, unless a test says which is not; then one worker will do.
    """
    lost = getattr(request, "param", None)
    environments = {
        what: os.environ if what == lost else {**os.environ, "PYTHONPATH": str(ROOT)}
        for what in ("scheduler", "worker")
    }
    address = tmp_path / "scheduler.json"
    started = []

    def start(what, *arguments):
        line = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(line, env=environments[what], cwd=tmp_path, **nowhere))
        return started[-1]

    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
          "--scheduler-file", str(address))  # fmt: skip
    until(lambda: address.is_file() and address.read_text(), 60)
    url = json.loads(address.read_text())["address"]
    workers = [start("worker", url, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                     "--host", "127.0.0.1") for _ in range(1 if lost else 2)]  # fmt: skip
    yield url, workers
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_killed_worker_of_a_cluster_loses_nothing_and_nothing_comes_twice(
    cluster, tmp_path, monkeypatch
):
    url, workers = cluster
    wrote = []
    write = dataset.shell.write

    def writing(path, data):
        write(path, data)
        wrote.append(path.name)
        if len(wrote) == 3:  # the plan and two shards
            os.kill(workers[0].pid, signal.SIGKILL)

    monkeypatch.setattr(dataset.shell, "write", writing)
    out = tmp_path / "out"
    arguments = ["dataset", "120", *STEPS, "--shard", "10", "--out"]
    assert command.main([*arguments, str(out), "--scheduler", url]) == 0
    assert workers[0].wait(10) == -signal.SIGKILL and workers[1].poll() is None
    assert sorted(wrote) == ["dataset.json", *(f"shard-{n:05}.npz" for n in range(12))]
    monkeypatch.setattr(dataset.shell, "write", write)
    assert command.main([*arguments, str(tmp_path / "here")]) == 0
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes()

    # The worker that is left takes a network of usual size, too.
    own = own_network(tmp_path / "own.keras")
    arguments = ["dataset", "4", "--classifier", own, "--steps", "3", "--out"]
    assert command.main([*arguments, str(tmp_path / "there"), "--scheduler", url]) == 0
    assert len(np.load(tmp_path / "there" / "shard-00000.npz")["images"]) == 4


@pytest.mark.parametrize("cluster", ["scheduler", "worker"], indirect=True)
def test_a_cluster_without_the_package_is_told(cluster, tmp_path, capsys):
    url, _ = cluster
    out = str(tmp_path / "out")
    assert command.main(["dataset", "3", *STEPS, "--out", out, "--scheduler", url]) == 2
    error = capsys.readouterr().err
    (line,) = (line for line in error.splitlines() if line.startswith("invert: "))
    assert "Scheduler and workers need this package" in line
