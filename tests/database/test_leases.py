"""Leases of workers: who may claim, whose silence is judged, and by whom. Nothing is ever claimed twice."""

from collections.abc import Callable

import pytest

from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Unknown
from khata.kernel.clock import utc_now
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import AwaitedPart, ParkedReceipt, WorkerLease
from khata.messaging.operations import (
    Handed,
    SendRequest,
    claim_messages,
    end_lease,
    renew_lease,
    send_message,
    settle_news,
)
from khata.tenancy.models import Organisation
from tests.leases import LONG_AGO, claim_all, lease, let_run_out, old_lease, sweep_all

CREDIT = 1_000_000
LONG = "x" * 400  # three segments


@pytest.fixture
def message(organisation: Organisation, give_credits: Callable[[int, int], None]) -> ClaimedMessage:
    """One message of a fresh organisation, under the lease of a worker that has just come."""
    give_credits(organisation.id, 10)
    return claimed_of(organisation.id)


def claimed_of(organisation_id: int, body: str = "Hello") -> ClaimedMessage:
    send_message(organisation_id=organisation_id, request=SendRequest("+919812345678", body))
    (mine,) = [one for one in claim_all() if one.organisation_id == organisation_id]
    return mine


def detail(message: ClaimedMessage) -> queries.MessageDetail:
    return queries.message(organisation_id=message.organisation_id, message_id=message.id)


def status(message: ClaimedMessage) -> MessageStatus:
    return detail(message).status


def accepted(message: ClaimedMessage, *refs: str) -> Handed:
    return Handed(message, "smpp", decide_hand_over([Accepted(ref) for ref in refs], message.segments))


def receipt(ref: str, state: ReceiptState = ReceiptState.DELIVERED) -> Receipt:
    return Receipt("smpp", ref, state, "000", f"id:{ref} stat:{state}", utc_now())


def test_what_a_living_worker_has_in_hand_is_left_alone(message: ClaimedMessage) -> None:
    sweep_all(old_lease())
    assert status(message) is MessageStatus.SUBMITTING


def test_what_a_dead_worker_had_in_hand_becomes_unknown_and_is_not_claimed_again(message: ClaimedMessage) -> None:
    let_run_out(message.lease_token)
    assert sweep_all(old_lease()) >= 1
    assert status(message) is MessageStatus.UNKNOWN
    assert message.id not in {one.id for one in claim_all()}


def test_a_worker_that_has_just_come_judges_nobody(message: ClaimedMessage) -> None:
    """After an outage of the database all leases have run out; first everybody gets the time to renew."""
    let_run_out(message.lease_token)
    sweep_all(lease())
    assert status(message) is MessageStatus.SUBMITTING


def test_a_worker_whose_own_lease_was_broken_counts_as_one_that_has_just_come(message: ClaimedMessage) -> None:
    token = old_lease()
    let_run_out(token)
    let_run_out(message.lease_token)
    renew_lease(token=token)
    sweep_all(token)
    assert status(message) is MessageStatus.SUBMITTING


def test_renewing_in_time_keeps_a_lease_unbroken(message: ClaimedMessage) -> None:
    token = old_lease()
    renew_lease(token=token)
    assert WorkerLease.objects.get(token=token).unbroken_since.isoformat().startswith(LONG_AGO[:10])


def test_a_worker_that_comes_back_in_time_settles_what_it_has(message: ClaimedMessage) -> None:
    let_run_out(message.lease_token)
    renew_lease(token=message.lease_token)
    sweep_all(old_lease())
    settle_news([accepted(message, message.id.hex)])
    assert status(message) is MessageStatus.SUBMITTED


def test_a_worker_without_a_lease_in_force_claims_nothing(
    organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 1)
    send_message(organisation_id=organisation.id, request=SendRequest("+919812345678", "Hello"))
    token = lease()
    let_run_out(token)
    assert claim_messages(token=token, limit=1_000) == []


def test_what_a_worker_leaves_behind_at_its_end_is_judged_at_once(message: ClaimedMessage) -> None:
    end_lease(token=message.lease_token)
    sweep_all(old_lease())
    assert status(message) is MessageStatus.UNKNOWN


def test_leases_long_over_are_forgotten() -> None:
    token = lease()
    let_run_out(token)
    sweep_all(old_lease())
    assert not WorkerLease.objects.filter(token=token).exists()


def test_an_answer_and_its_receipt_are_settled_together(message: ClaimedMessage) -> None:
    ref = message.id.hex
    settle_news([receipt(ref), accepted(message, ref)])
    found = detail(message)
    assert (found.status, found.carrier_refs, found.receipt_raw) == (MessageStatus.DELIVERED, (ref,), "")
    assert not AwaitedPart.objects.filter(message_id=message.id).exists()
    assert not ParkedReceipt.objects.filter(carrier_ref=ref).exists()
    assert balance(organisation_id=message.organisation_id).held == 0


def test_what_is_reported_of_a_message_in_doubt_is_kept_with_its_parts(
    organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 10)
    long = claimed_of(organisation.id, LONG)
    refs = [f"{long.id.hex}-{part}" for part in range(2)]
    answers: list[Answer] = [*(Accepted(ref) for ref in refs), Unknown("no answer")]
    settle_news([Handed(long, "smpp", decide_hand_over(answers, long.segments)), *map(receipt, refs)])
    assert status(long) is MessageStatus.UNKNOWN
    assert AwaitedPart.objects.filter(message_id=long.id, status=MessageStatus.DELIVERED).count() == 2


def test_the_carriers_words_about_a_lost_message_are_kept_and_those_about_a_delivered_one_are_not(
    message: ClaimedMessage,
) -> None:
    ref = message.id.hex
    settle_news([accepted(message, ref), receipt(ref, ReceiptState.UNDELIVERED)])
    assert detail(message).receipt_raw == f"id:{ref} stat:undelivered"


@pytest.mark.parametrize("ref", ['a"b', "a\\b", "{a,b}", "NULL", "a b", "é\x1eÿ", "'; --"])
def test_whatever_a_carrier_calls_a_submission_its_receipt_finds_it(message: ClaimedMessage, ref: str) -> None:
    name = f"{ref}{message.id.hex}"
    settle_news([accepted(message, name)])
    assert detail(message).carrier_refs == (name,)
    settle_news([receipt(name)])
    assert status(message) is MessageStatus.DELIVERED
