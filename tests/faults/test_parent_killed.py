"""kill -9 of the demo itself: everything it started ends with it, and the next start finds everything accepted."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.cli.test_demo import demo as demo_on
from tests.cli.waiting import wait_until

from . import books, payer
from .running_demo import RunningDemo, demo_folder
from .senders import TIMEOUT_S, post_message

SENDERS_COUNT = 6
BEFORE_THE_KILL_COUNT = 40
CREDITS = 50_000


@pytest.fixture
def folder() -> Iterator[Path]:
    with demo_folder() as folder:
        yield folder


def test_a_killed_demo_leaves_no_process_and_comes_back_with_credits_and_messages(folder: Path) -> None:
    with demo_on(folder) as (process, ready):
        first = RunningDemo(process, ready, folder)
        payer.top_up(ready, rupees=CREDITS // 5)
        accepted, cut_off = _send_until_killed(first)
    with demo_on(folder) as (process, ready):
        second = RunningDemo(process, ready, folder)
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            for key in cut_off:  # Nobody knows what became of these: asked again, each is one message.
                accepted[key] = str(post_message(client, ready, body=key, key=key).json()["id"])
        books.wait_until_all_ended(second, "last")
        books.assert_each_key_made_one_message(second, accepted, "last")
        books.assert_holds_and_messages_belong_together(second)
        books.assert_nobody_paid_too_much(second)
        books.assert_submitted_once_at_most(second, "last")
        assert second.balance()[0] == CREDITS - len(accepted)
        code, words = second.verify_ledger()
        assert code == 0, words
        second.end()


def _send_until_killed(running: RunningDemo) -> tuple[dict[str, str], list[str]]:
    """What was accepted, key and id, and the keys whose answer the kill cut off."""
    accepted: dict[str, str] = {}
    cut_off: list[str] = []

    def send_on(number: int) -> None:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            for turn in itertools.count():
                key = f"last-{number}-{turn}"
                try:
                    answer = post_message(client, running.ready, body=key, key=key)
                except httpx.TransportError:
                    cut_off.append(key)
                    return
                if answer.status_code == 503:  # PostgreSQL may be gone before the web server is.
                    cut_off.append(key)
                    return
                assert answer.status_code == 202, answer.text
                accepted[key] = str(answer.json()["id"])

    with ThreadPoolExecutor(SENDERS_COUNT) as threads:
        sending = [threads.submit(send_on, number) for number in range(SENDERS_COUNT)]
        wait_until(lambda: len(accepted) >= BEFORE_THE_KILL_COUNT, "messages were accepted")
        running.kill_parent()
    for task in sending:
        task.result()
    return accepted, cut_off
