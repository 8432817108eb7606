"""SMSC = messages = credits, whatever goes wrong on the way (`messages.py` runs ten thousand)."""

import secrets
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from khata.messaging.core.life import MessageStatus
from khata_sandbox.smsc import faults

from .messages_run import FAULTS, RARE_FAULTS, run
from .messages_truth import NOTHING, Kept, Taken, judge

MESSAGES = 300
WHOLE = Kept(1, "+919700000055", MessageStatus.DELIVERED, 2, 2_000_000, 2_000_000, False, False, "first")
TAKEN = Taken({1: 1, 2: 1}, frozenset({1, 2}))


@pytest.mark.timeout(600)
def test_with_every_fault_and_killed_workers_the_journal_the_messages_and_the_credits_agree() -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"python -m tests.simulation.messages --messages {MESSAGES} --seed {seed}")
    with TemporaryDirectory(prefix="khata-messages-") as folder:
        verdict = run(messages=MESSAGES, seed=seed, folder=Path(folder))
    assert verdict.problems == ()
    assert verdict.figures["delivered"] > verdict.figures["were unknown"] > 0


def test_a_run_switches_every_fault_on() -> None:
    assert {fault["fault"] for fault in FAULTS} | RARE_FAULTS.keys() == {fault.name for fault in faults.FAULTS}


def test_a_message_delivered_and_paid_for_is_right() -> None:
    assert list(judge(WHOLE, TAKEN)) == []


def test_a_resend_is_right_only_where_it_is_marked() -> None:
    twice = replace(TAKEN, times={1: 1, 2: 2})
    assert list(judge(replace(WHOLE, is_possible_duplicate=True), twice)) == []
    assert list(judge(WHOLE, twice)) == ["+919700000055: segment 2 was submitted 2 times"]


@pytest.mark.parametrize(
    ("status", "captured", "taken", "word"),
    [
        (MessageStatus.SUBMITTED, 2_000_000, TAKEN, "submitted"),
        (MessageStatus.DELIVERED, None, TAKEN, "not settled"),
        (MessageStatus.DELIVERED, 2_000_000, replace(TAKEN, delivered=frozenset({1})), "delivered 1"),
        (MessageStatus.DELIVERED, 1_000_000, TAKEN, "cost 1000000"),
        (MessageStatus.UNDELIVERED, 0, TAKEN, "cost 0"),
        (MessageStatus.FAILED, 1_000_000, NOTHING, "cost 1000000"),
        (MessageStatus.EXPIRED, 1_500_000, TAKEN, "cost 1500000"),
    ],
)
def test_what_is_not_so_is_told(status: MessageStatus, captured: int | None, taken: Taken, word: str) -> None:
    (problem,) = judge(replace(WHOLE, status=status, captured=captured), taken)
    assert word in problem


def test_a_route_that_charges_on_delivery_keeps_its_part_of_what_was_lost_and_no_more() -> None:
    lost = replace(WHOLE, status=MessageStatus.UNDELIVERED, is_charged_on_delivery=True, captured=200_000)
    assert list(judge(lost, TAKEN)) == []
    assert len(list(judge(replace(lost, captured=2_000_000), TAKEN))) == 1
