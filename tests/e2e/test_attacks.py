"""Visitors are answered while somebody does the server harm, and nothing is left of it.

Two of the attacks of tests/load, a few seconds each; there they are measured.
"""

import asyncio
import concurrent.futures

import attacks
import long_life
import pytest
from visitors import warm, wrong

SECONDS = 5


def beside(attack, address):
    """Let visitors come during an attack."""
    asyncio.run(warm(address))
    with attacks.under(attack, address):
        return asyncio.run(attacks.visit(address, SECONDS))


@pytest.mark.parametrize("attack", ["floods_from_everywhere", "choices"])
def test_everyone_is_answered_beside(attack, server):
    # A thread of its own: Playwright's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor() as another_thread:
        came = another_thread.submit(beside, attack, server).result()
    assert [visitor.troubles for visitor in came] == [[]] * attacks.VISITORS
    answers = [answer for visitor in came for answer in visitor.answers]
    assert {answer.kind for answer in answers} >= {"page open → first images"}
    assert len(answers) > attacks.VISITORS, "somebody drew or chose, and was answered"
    assert wrong(answers) == []


def test_many_runs_with_many_networks_leave_no_thread_and_no_file():
    first, *_, last = long_life.live(40, networks=4)
    assert last.files <= first.files
    assert last.threads <= first.threads + 2  # TensorFlow's own pools may have grown to their size
