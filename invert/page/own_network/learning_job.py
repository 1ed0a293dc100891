"""The opposite model of one's own network, learned in a thread of its own while the page goes on.

It takes turns like everybody (``queue.WORK``): a short one for a few steps, then others come first.
A job ends when its visitor has left, stops it, or has it learn another network's.
"""

import contextlib
import dataclasses
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from invert.page.own_network import effort, held_networks, told
from invert.page.server import departures, failure, queue
from invert.page.session import network, state

if TYPE_CHECKING:
    from invert.inversion.frozen_graph import FrozenGraph
    from invert.methods.opposite import Opposite

# Of all steps together: two minutes by the measure of ``effort``. Of larger images the pen alone
# takes too long.
MOST_WORK, MOST_SIDE = 20 * effort.MOST_OF_A_RUN, 48
# Of one turn: half a second by that measure, for the pen takes about as long again.
WORK_OF_A_TURN, STEPS_OF_A_TURN = effort.MOST_OF_A_RUN / 12, 25
MOST_JOBS = 3  # at work on this server
BUSY = "Others are learning theirs at the moment. Try again in a minute or two."
_lock = threading.Lock()
_jobs: dict[str, "Job"] = {}  # by session


class Stopped(Exception):
    """Nobody wants it any more."""


class Job:
    """The learning of one opposite model.

    Attributes:
        whose: what tells its network, and how that is read, from others.
        share: how much is done, 0 to 1.
        seconds: how long the rest takes; None while nobody knows.
        found: the model, once it is learned.
        complaint: why it failed, if it did.
    """

    def __init__(self, graph: "FrozenGraph", whose: tuple, who: object, steps: int):
        self.whose, self.share, self.complaint = whose, 0.0, ""
        self.seconds: float | None = None
        self.found: Opposite | None = None
        self._who, self._wanted, self._turn = who, True, contextlib.ExitStack()
        # A daemon: a server that ends waits for nobody.
        self._thread = threading.Thread(target=self._work, args=(graph, steps), daemon=True)

    @property
    def under_way(self) -> bool:
        """Whether it is at work, or waits for its turn."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present turn."""
        self._wanted = False

    def _work(self, graph: "FrozenGraph", steps: int) -> None:
        import invert

        try:
            with self._turn:
                self._wait()
                every = turn_steps(graph)
                learned = invert.opposite(graph, progress=self._pause, steps=steps, every=every)
            # The network is kept in one place only, where it is deleted.
            self.found = dataclasses.replace(learned, graph=None)
        except Stopped:
            pass
        except Exception as error:
            self.complaint = failure.plain_sentence(error)

    def _pause(self, share: float, seconds: float) -> None:
        self.share, self.seconds = share, seconds
        self._turn.close()
        self._wait()

    def _wait(self) -> None:
        self._turn.enter_context(queue.turn(queue.WORK, self._who, self._check))
        self._check()

    def _check(self) -> None:
        if not self._wanted:
            raise Stopped


def steps_for(graph: "FrozenGraph") -> int:
    """How many steps the opposite of a network may learn; 0 if those are too few."""
    from invert.methods.opposite import crafts, learning_to_draw

    known = effort.effort_of(graph)
    at_once = learning_to_draw.AT_ONCE * known.results
    if max(graph.image_shape[:2]) > MOST_SIDE:
        return 0
    craft = crafts.craft_for(graph.image_shape)
    steps = min(craft.steps, int(MOST_WORK / _step_work(known)))
    return steps if steps >= craft.fewest and at_once <= effort.MOST_RESULTS_OF_A_RUN else 0


def turn_steps(graph: "FrozenGraph") -> int:
    """How many steps are taken in one turn."""
    return max(1, min(STEPS_OF_A_TURN, int(WORK_OF_A_TURN / _step_work(effort.effort_of(graph)))))


def _step_work(known: effort.Effort) -> float:
    from invert.methods.opposite import learning_to_draw

    return known.step + learning_to_draw.AT_ONCE * known.image


def begin(chosen: network.Network) -> None:
    """Learn the opposite of the page's own network.

    Raises:
        ValueError: too many are at work already.
    """
    graph, session = chosen.classifier, state.session()
    assert not isinstance(graph, str)
    job = Job(graph, _whose(chosen), queue.visitor(), steps_for(graph))
    stop(session)
    with _lock:
        if sum(other.under_way for other in _jobs.values()) >= MOST_JOBS:
            raise ValueError(BUSY)
        _jobs[session] = job
        job.start()
    departures.when_gone("opposite", lambda: stop(session))


def stop(session: str) -> None:
    """Stop a session's job, and forget what it has learned."""
    with _lock:
        job = _jobs.pop(session, None)
    if job is not None:
        job.stop()


def present(chosen: network.Network) -> Job | None:
    """Return the job of the page's own network; one of another network is stopped."""
    job = _jobs.get(state.session())
    if job is not None and chosen.source is not None and job.whose != _whose(chosen):
        stop(state.session())
        return None
    return job


def learned(chosen: network.Network) -> "Opposite | None":
    """Return the opposite model of the page's own network, if it is learned."""
    if isinstance(chosen.source, str) or chosen.source is None:
        return None
    job = present(chosen)
    if job is None or job.found is None:
        return None
    return dataclasses.replace(job.found, labels=chosen.labels, graph=chosen.source)


def file_of(opposite: "Opposite") -> bytes:
    """Return the file that ``invert.opposite.load`` opens."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "opposite.keras")
        opposite.save(path)
        return path.read_bytes()


def _whose(chosen: network.Network) -> tuple:
    graph = held_networks.held()
    return (graph.name if graph else "", chosen.pixel_range, told.ink())
