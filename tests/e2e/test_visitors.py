"""Several visitors at once, each with a session of their own: nobody gets another's answer."""

import asyncio
import concurrent.futures
import dataclasses

import pytest
from visitors import KINDS, crowd, visit, warm, wrong

VISITORS, SECONDS = 6, 8


@pytest.fixture(scope="module")
def visitors(server):
    """Visitors who have been on the page together."""
    came = []

    async def together():
        await warm(server)
        came.extend(crowd(VISITORS, SECONDS))
        await visit(server, came)

    # A thread of its own: Playwright's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor() as another_thread:
        another_thread.submit(asyncio.run, together()).result()
    return came


@pytest.fixture(scope="module")
def answers(visitors):
    return [answer for visitor in visitors for answer in visitor.answers]


def test_every_answer_is_the_one_that_the_package_gives_alone(visitors, answers):
    assert [visitor.troubles for visitor in visitors] == [[]] * VISITORS
    assert [len(visitor.sessions) for visitor in visitors] == [1] * VISITORS
    assert {answer.kind for answer in answers} == set(KINDS)
    assert wrong(answers) == []


def test_a_wrong_answer_is_found(answers):
    made = next(answer for answer in answers if answer.kind == "choice → images")
    other_seed = dataclasses.replace(made, asked={**made.asked, "seed": made.asked["seed"] + 1})
    read = next(a for a in answers if a.kind == "stroke → answer" and a.asked["objects"])
    picture, *others = made.shown
    other_picture = dataclasses.replace(made, shown=(picture.swapcase(), *others))
    other_number = dataclasses.replace(read, shown=("0.1234", *read.shown[1:]))
    blank = dataclasses.replace(read, asked={**read.asked, "objects": []})
    false = [other_seed, other_picture, other_number, blank]
    assert wrong([made, *false, read]) == false


def test_only_this_machine_is_visited():
    abroad = visit("http://192.0.2.1:8501", crowd(1, 1))
    with (
        concurrent.futures.ThreadPoolExecutor() as another_thread,
        pytest.raises(SystemExit, match="must be this machine"),
    ):
        another_thread.submit(asyncio.run, abroad).result()
