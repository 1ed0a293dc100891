"""Visitors are answered while somebody does the server harm, and nothing is left of it.

One of the attacks of tests/load, for a few seconds; there all of them are measured.
"""

import asyncio
import concurrent.futures

import attacks
import long_life
import pytest
from visitors import warm, wrong

SECONDS = 8  # of two cores that may have other tests to run


def beside_floods(address):
    """Let visitors come while ten connections, from ten addresses, ask as fast as they can."""
    asyncio.run(warm(address))
    with attacks.under("floods_from_everywhere", address):
        return asyncio.run(attacks.visit(address, SECONDS))


@pytest.mark.long
def test_everyone_is_answered_beside_a_flood(server):
    # A thread of its own: Playwright's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor() as another_thread:
        came = another_thread.submit(beside_floods, server).result()
    assert [visitor.troubles for visitor in came] == [[]] * attacks.VISITORS
    answers = [answer for visitor in came for answer in visitor.answers]
    assert {answer.kind for answer in answers} >= {"page open → first images"}
    assert len(answers) > attacks.VISITORS, "somebody drew or chose, and was answered"
    assert wrong(answers) == []


def test_many_runs_with_many_networks_leave_no_thread_and_no_file():
    first, *_, last = long_life.live(40, networks=4)
    assert last.files <= first.files
    assert last.threads <= first.threads + 2  # TensorFlow's own pools may have grown to their size
