"""What the start takes and what memory goes where, each part in a process of its own.

``python tests/benchmarks/resources.py`` prints seconds and resident megabytes (MB, 10⁶ bytes) after
every part of the start, then what 10,000 further calls add.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

CALLS = 10_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """Resident memory of this process in MB, garbage taken out."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def start() -> None:
    """Every part of the start, in the order in which the page takes them."""
    import numpy as np

    blank = np.zeros((28, 28), np.float32)
    began = time.perf_counter()

    def done(what: str) -> None:
        nonlocal began
        print(f"{what:<52}{time.perf_counter() - began:>8.2f} s{resident():>8.0f} MB", flush=True)
        began = time.perf_counter()

    done("Python and NumPy")
    import invert

    done("import invert")
    import streamlit  # noqa: F401

    from invert.page.server import loading

    loading.share_arenas()
    done("import streamlit")
    import tensorflow  # noqa: F401

    done("import tensorflow")
    invert.classify(blank)
    done("load the classifier, first answer")
    from invert.networks import judge

    judge.read(blank)
    done("load the judge")
    said = []

    def report(sentence: str, _: float) -> None:
        if said:
            done(said.pop())
        said.append(sentence)

    invert.warm_up(report)
    loading.warm_panels()
    done("compile the explanations")


def own_networks(count: int) -> None:
    """A dozen networks of visitors, one after the other, as the page holds and uses them."""
    import keras
    import numpy as np

    import invert
    from invert.inversion.compiling import without_xla
    from invert.page.own_network import effort, held_networks
    from invert.page.server import loading

    loading.share_arenas()

    invert.warm_up(lambda *_: None)
    before = resident()
    held: list = []
    for number in range(count):
        layers = keras.layers
        inner = [layers.Conv2D(16 + number, 3, activation="relu"), layers.MaxPooling2D(4)]
        inner += [layers.Flatten(), layers.Dense(20_000 // (number + 8), "relu")]
        model = keras.Sequential([keras.Input((48, 48, 3)), *inner, layers.Dense(10)])
        graph = without_xla(invert.freeze(model))
        del model
        keras.backend.clear_session()
        effort.check(graph, (effort.MOST_IMAGES,))
        images = np.zeros((1, *graph.image_shape), np.float32)
        invert.classify(images, graph)
        for images in (1, 4):
            invert.generate([0] * images, "steepest", classifier=graph, frames=8, steps=5)
        held = [*held, graph][-held_networks.MOST :]
        del graph
    print(f"{count} own networks, the last {len(held)} held: {before:.0f} → {resident():.0f} MB")


def many_classes(count: int) -> None:
    """One step towards ten of many classes: how far memory rises above what is held."""
    import keras

    import invert

    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(count)]
    graph = invert.freeze(keras.Sequential(layers))
    for steps in (2, 1):  # the first call compiles
        before = resident()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        invert.generate(range(10), "steepest", classifier=graph, steps=steps)
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(f"a step towards ten of {count:,} classes: {int(peak) * 1024 / 1e6 - before:+.1f} MB")


def growth(calls: int) -> None:
    """Many calls of every kind that a visitor makes, after as many as warm everything up."""
    import numpy as np

    import invert
    from invert.methods.warming import LIKELY
    from invert.networks import judge

    kinds = [(*pair, count) for pair in LIKELY for count in (1, 4, 16)]
    images = np.random.default_rng(0).random((64, 28, 28), np.float32)

    def call(number: int) -> None:
        name, method, count = kinds[number % len(kinds)]
        steps = {"steps": 1 + number % 3} if invert.METHODS[method].settings else {}
        settings = {"classifier": name, "seed": number, "frames": 32, **steps}
        run = invert.generate([number % 10] * count, method, **settings)
        judge.read(run.images)
        invert.classify(images[number % 64])

    for number in range(500):
        call(number)
    before, began = resident(), time.perf_counter()
    for number in range(calls):
        call(number)
    seconds, after = time.perf_counter() - began, resident()
    print(
        f"{calls:,} calls more ({seconds:.0f} s): {before:.0f} → {after:.0f} MB,"
        f" {after - before:+.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="to look for growth (%(default)s)")
    options = parser.parse_args()
    apart = multiprocessing.get_context("spawn")
    for part, arguments in (
        (start, ()),
        (own_networks, (12,)),
        (many_classes, (5000,)),
        (growth, (options.calls,)),
    ):
        process = apart.Process(target=part, args=arguments)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
