"""kill -9 of web, worker and PostgreSQL while programs send: nothing lost, nothing twice, nobody pays too much."""

import itertools
import os
import random
from collections.abc import Callable

import pytest

from khata.messaging.core.life import MessageStatus
from tests.cli.waiting import wait_until

from . import books, payer
from .running_demo import RunningDemo
from .senders import Senders, senders

KILLS_COUNT = int(os.environ.get("KHATA_TEST_KILLS", "3"))
"""`make soak` asks for many more."""
_RUPEES_PER_KILL = 20_000
"""A hundred thousand messages: many times what is sent until a part has come back, on any machine."""
_RUPEES_MAX = 500_000
"""The most that can be bought at once."""


@pytest.fixture(autouse=True)
def credits(demo: RunningDemo) -> None:
    """For each test: one never pays for another's messages."""
    needed = _RUPEES_PER_KILL * KILLS_COUNT
    for bought in range(0, needed, _RUPEES_MAX):
        payer.top_up(demo.ready, rupees=min(needed - bought, _RUPEES_MAX))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Seeded by the test's run; pytest shows the seed where the test fails."""
    seed = random.randrange(2**32)
    print(f"{request.node.name}: seed {seed}")
    return random.Random(seed)


def test_killing_the_web_server_loses_and_doubles_no_message(demo: RunningDemo, chance: random.Random) -> None:
    with senders(demo.ready, "web") as sending:
        _kill_now_and_then(sending, chance, lambda: demo.kill("web"))
    assert sending.troubles, "no sender met a dead web server"
    _assert_books_are_right(demo, sending, "web")


def test_killing_the_worker_submits_no_message_twice(demo: RunningDemo, chance: random.Random) -> None:
    # Answers that take a while, so that each kill catches messages between hand-over and answer.
    demo.switch_smsc_fault_on("answer_late", value=400)
    try:
        with senders(demo.ready, "worker") as sending:
            _kill_now_and_then(sending, chance, lambda: _kill_worker_at_work(demo))
    finally:
        demo.switch_smsc_faults_off()
    counts = _assert_books_are_right(demo, sending, "worker")
    assert counts.get(MessageStatus.UNKNOWN, 0) > 0, "no kill fell between a hand-over and its answer"


def test_killing_postgresql_is_answered_503_and_ends_by_itself(demo: RunningDemo, chance: random.Random) -> None:
    turns = itertools.cycle((True, False))

    def kill() -> None:
        if next(turns):
            demo.kill("postgres")
        else:
            demo.kill_backend(chance)

    with senders(demo.ready, "postgres") as sending:
        _kill_now_and_then(sending, chance, kill)
    assert sending.troubles["503"] > 0, "no sender met a dead database"
    _assert_books_are_right(demo, sending, "postgres")


def _kill_now_and_then(sending: Senders, chance: random.Random, kill: Callable[[], None]) -> None:
    """Between some messages and the next, and on until the service has proved that it came back."""
    for _ in range(KILLS_COUNT):
        sending.wait_for_more(chance.randint(5, 60))
        kill()
    sending.wait_for_more(30)


def _kill_worker_at_work(demo: RunningDemo) -> None:
    """As soon as the SMSC was given something whose answer is still due."""
    seen = len(demo.submits())
    wait_until(lambda: len(demo.submits(after=seen)) > 0, "something was submitted")
    demo.kill("worker")


def _assert_books_are_right(demo: RunningDemo, sending: Senders, name: str) -> dict[MessageStatus, int]:
    counts = books.wait_until_all_ended(demo, name)
    print(f"{name}: {counts}, {dict(sending.troubles)}")
    books.assert_each_key_made_one_message(demo, sending.accepted, name)
    books.assert_holds_and_messages_belong_together(demo)
    books.assert_nobody_paid_too_much(demo)
    books.assert_submitted_once_at_most(demo, name)
    code, words = demo.verify_ledger()
    assert code == 0, words
    return counts
