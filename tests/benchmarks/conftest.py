"""With ``--write-readme`` what was measured goes into the README: two tables, and a plot."""

from pathlib import Path

import pytest

from invert.evaluation.table import write_readme

ROOT = Path(__file__).parent.parent.parent
README = Path(__file__).parent / "README.md"
MARKS = {
    name: (f"<!-- {name}: written by pytest tests/benchmarks -->", f"<!-- end of {name} -->")
    for name in ("speed", "convolutions", "photographs")
}
PLOT = ROOT / ".github" / "growth.png"
INK, ACCENT, SOFT = "#23252b", "#3949ab", "#8f8b80"


@pytest.fixture(autouse=True, scope="session")
def no_xla():
    """What is measured is compiled as for visitors; in other tests XLA compiles nothing."""


def pytest_addoption(parser):
    parser.addoption("--write-readme", action="store_true", help="put the medians in the README")


def pytest_terminal_summary(config):
    if not config.getoption("--write-readme"):
        return
    measured = [
        (dict(b.extra_info), 1000 * b.stats.median) for b in config._benchmarksession.benchmarks
    ]
    tables = {"speed": dense_table, "convolutions": peers_table, "photographs": peers_table}
    for name, table in tables.items():
        times = {(i["column"], i["images"]): t for i, t in measured if i["table"] == name}
        write_readme(table(times), MARKS[name], README)
    plot([(i["images"], i["steps"], t) for i, t in measured if i["table"] == "growth"])


def dense_table(speed):
    """Milliseconds, and what they are in terms of the others'."""
    lines = [
        "| images | `generate` | tf-keras-vis | times faster | NumPy's products"
        " | TensorFlow's products | ratio to the faster |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in sorted({count for _, count in speed}):
        own, peer = speed["generate", count], speed.get(("tf-keras-vis", count))
        limits = [speed[f"{library}'s products", count] for library in ("NumPy", "TensorFlow")]
        peers = ("", "") if peer is None else (f"{peer:,.0f}", f"{peer / own:.0f}")
        cells = [str(count), f"{own:.1f}", *peers, *(f"{limit:.1f}" for limit in limits)]
        lines.append(f"| {' | '.join(cells)} | {own / min(limits):.2f} |")
    return "\n".join(lines)


def peers_table(times):
    """The same for a network of convolutions."""
    lines = [
        "| images | `generate` | an ordinary `tf.function` | ratio | tf-keras-vis | times faster |",
        "|---|---|---|---|---|---|",
    ]
    for count in sorted({count for _, count in times}):
        own, plain = times["generate", count], times["tf.function", count]
        vis = times.get(("tf-keras-vis", count))
        peers = ("", "") if vis is None else (f"{vis:,.0f}", f"{vis / own:.1f}")
        cells = [str(count), f"{own:,.0f}", f"{plain:,.0f}", f"{own / plain:.2f}", *peers]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(growth):
    """Milliseconds by images and by steps, beside a straight line through the last point."""
    from matplotlib import pyplot

    _, steps_of_sweep, _ = max(growth)
    by_images = [(count, t) for count, steps, t in growth if steps == steps_of_sweep]
    by_steps = [(steps, t) for count, steps, t in growth if count == 16]
    figure, axes = pyplot.subplots(1, 2, figsize=(8, 2.9), layout="constrained", sharey=True)
    for axis, points, words in (
        (axes[0], dict(by_images), f"images, {steps_of_sweep} steps each"),
        (axes[1], dict(by_steps), "steps, 16 images"),
    ):
        across = sorted(points)
        high = [points[x] for x in across]
        straight = [high[-1] * x / across[-1] for x in across]
        axis.loglog(across, straight, "--", color=SOFT, lw=1, label="in proportion")
        axis.loglog(across, high, "o-", color=ACCENT, lw=1.5, ms=4, label="generate")
        axis.set_xlabel(words, color=INK)
        axis.set_xticks(across, [str(x) for x in across], minor=False)
        axis.minorticks_off()
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("milliseconds", color=INK)
    axes[0].legend(frameon=False)
    figure.savefig(PLOT, dpi=130, facecolor="white")
