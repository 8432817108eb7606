"""A message from acceptance to its end: it exists only with its hold, and its credits follow what the carrier said."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Refused, Unavailable, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, KhataError, NotFound
from khata.kernel.ids import public_organisation_id, shard_of
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import InsufficientCredits, WalletFrozen, freeze_wallet, verify_ledger
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import AwaitedPart, Message, ParkedReceipt
from khata.messaging.operations import (
    Acceptance,
    DestinationUnpriced,
    Handed,
    IdempotencyKeyReused,
    InvalidRecipient,
    SendRequest,
    SentMessage,
    accept_batch,
    apply_parked_receipts,
    send_message,
    send_messages,
    settle_news,
)
from khata.messaging.operations import (
    Accepted as AcceptedMessage,
)
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.leases import LONG_AGO, claim_all, lease, let_run_out, old_lease, sweep_all

GiveCredits = Callable[[int, int], None]
CREDIT = 1_000_000
TO = "+919812345678"
LONG = "x" * 400  # three segments


@pytest.fixture
def funded(organisation: Organisation, give_credits: GiveCredits) -> int:
    give_credits(organisation.id, 10)
    return organisation.id


def send(organisation_id: int, body: str = "Hello", to: str = TO) -> SentMessage:
    return send_message(organisation_id=organisation_id, request=SendRequest(to, body))


def send_once(organisation_id: int, request: SendRequest, key: str) -> tuple[SentMessage, bool]:
    (answer,) = accept_batch([Acceptance(request, organisation_id, idempotency_key=key)])
    if isinstance(answer, AcceptedMessage):
        return answer.sent, answer.is_replayed
    raise answer


def claim_of(organisation_id: int) -> list[ClaimedMessage]:
    return [message for message in claim_all() if message.organisation_id == organisation_id]


def hand_over(message: ClaimedMessage, *answers: Answer) -> None:
    settle_news([Handed(message, "smpp", decide_hand_over(answers, message.segments))])


def receipt(ref: str, state: ReceiptState, error_code: str = "000") -> None:
    settle_news([Receipt("smpp", ref, state, error_code, f"id:{ref} stat:{state}", utc_now())])


def money(organisation_id: int) -> tuple[int, int]:
    """(available, held) in whole credits."""
    now = balance(organisation_id=organisation_id)
    return now.available // CREDIT, now.held // CREDIT


def detail(organisation_id: int, sent: SentMessage) -> queries.MessageDetail:
    return queries.message(organisation_id=organisation_id, message_id=sent.id)


def events(organisation_id: int, sent: SentMessage) -> list[str]:
    return [step.event for step in detail(organisation_id, sent).timeline]


def test_an_accepted_message_holds_its_credits(funded: int) -> None:
    sent = send(funded, LONG)
    assert (sent.segments, sent.credits_micro, sent.balance_micro) == (3, 3 * CREDIT, 7 * CREDIT)
    assert money(funded) == (7, 3)
    assert events(funded, sent) == ["accepted", "credits_held"]


def test_a_delivered_message_uses_its_credits_and_tells_its_story(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    ref = uuid.uuid4().hex
    hand_over(claimed, Accepted(ref))
    assert detail(funded, sent).status is MessageStatus.SUBMITTED
    assert money(funded) == (9, 0)
    receipt(ref, ReceiptState.DELIVERED)
    assert detail(funded, sent).status is MessageStatus.DELIVERED
    assert events(funded, sent) == ["accepted", "credits_held", "submitted", "credits_captured", "delivered"]
    assert not AwaitedPart.objects.filter(message_id=sent.id).exists()


def test_a_refused_message_costs_nothing(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    hand_over(claimed, Refused("0x0000000B", "ESME_RINVDSTADR"))
    assert detail(funded, sent).status is MessageStatus.FAILED
    assert money(funded) == (10, 0)
    assert events(funded, sent) == ["accepted", "credits_held", "credits_returned", "failed"]


def test_only_the_segments_a_carrier_took_are_charged(funded: int) -> None:
    sent = send(funded, LONG)
    (claimed,) = claim_of(funded)
    hand_over(claimed, Accepted(uuid.uuid4().hex), Refused("0x00000014", "x"))
    assert detail(funded, sent).status is MessageStatus.FAILED
    assert money(funded) == (9, 0)


def test_a_lost_answer_keeps_the_credits_held_and_the_message_unsent_again(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    hand_over(claimed, Unknown("no answer in 10 s"))
    assert detail(funded, sent).status is MessageStatus.UNKNOWN
    assert money(funded) == (9, 1)
    assert claim_of(funded) == []


def test_a_doubt_that_lasts_too_long_ends_and_its_credits_return(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    hand_over(claimed, Unknown("no answer"))
    Message.objects.filter(id=sent.id).update(submitted_at=LONG_AGO)
    sweep_all(lease())
    assert detail(funded, sent).status is MessageStatus.EXPIRED
    assert money(funded) == (10, 0)


def test_a_message_no_carrier_could_take_waits_and_is_tried_again(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    handed_at = utc_now()
    hand_over(claimed, Unavailable("throttled"))
    waiting = detail(funded, sent)
    assert (waiting.status, waiting.due_at >= handed_at + timedelta(seconds=1)) == (MessageStatus.ACCEPTED, True)
    assert money(funded) == (9, 1)
    Message.objects.filter(id=sent.id).update(due_at=utc_now() + timedelta(hours=1))
    assert claim_of(funded) == []  # not before its pause is over
    Message.objects.filter(id=sent.id).update(due_at=utc_now())
    (again,) = claim_of(funded)
    assert again.attempts == 2


def test_a_message_nobody_took_within_its_validity_fails_for_free(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    old = claimed._replace(valid_from=claimed.valid_from.replace(year=2025))
    hand_over(old, Unavailable("not bound"))
    assert detail(funded, sent).status is MessageStatus.FAILED
    assert money(funded) == (10, 0)


def test_a_worker_that_hung_past_its_lease_changes_nothing(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    let_run_out(claimed.lease_token)
    sweep_all(old_lease())
    assert detail(funded, sent).status is MessageStatus.UNKNOWN
    hand_over(claimed, Accepted("late"))
    assert detail(funded, sent).status is MessageStatus.UNKNOWN
    assert money(funded) == (9, 1)


def test_two_workers_never_claim_the_same_message(funded: int) -> None:
    sent = {send(funded).id for _ in range(10)}
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: with_pooled_connection(lambda: claim_of(funded)), range(16)))
    ids = [message.id for claim in claims for message in claim]
    assert len(ids) == len(set(ids))
    assert set(ids) == sent


def test_a_receipt_that_comes_before_the_answer_waits_for_it(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    ref = uuid.uuid4().hex
    receipt(ref, ReceiptState.DELIVERED)
    apply_parked_receipts()
    assert detail(funded, sent).status is MessageStatus.SUBMITTING
    hand_over(claimed, Accepted(ref))
    assert detail(funded, sent).status is MessageStatus.SUBMITTED
    apply_parked_receipts()
    assert detail(funded, sent).status is MessageStatus.DELIVERED


def test_the_first_final_receipt_wins_and_foreign_ones_change_nothing(funded: int) -> None:
    sent = send(funded)
    (claimed,) = claim_of(funded)
    ref, foreign = uuid.uuid4().hex, uuid.uuid4().hex
    hand_over(claimed, Accepted(ref))
    receipt(ref, ReceiptState.ENROUTE)
    receipt(foreign, ReceiptState.UNDELIVERED)
    receipt(ref, ReceiptState.DELIVERED)
    receipt(ref, ReceiptState.UNDELIVERED, "001")
    receipt(ref, ReceiptState.EXPIRED)
    assert detail(funded, sent).status is MessageStatus.DELIVERED
    assert ParkedReceipt.objects.filter(carrier_ref=foreign).count() == 1


def test_a_long_message_is_delivered_when_its_last_part_is(funded: int) -> None:
    sent = send(funded, LONG)
    (claimed,) = claim_of(funded)
    refs = [uuid.uuid4().hex for _ in range(3)]
    hand_over(claimed, *(Accepted(ref) for ref in refs))
    for ref in refs[:2]:
        receipt(ref, ReceiptState.DELIVERED)
    assert detail(funded, sent).status is MessageStatus.SUBMITTED
    receipt(refs[2], ReceiptState.DELIVERED)
    assert detail(funded, sent).status is MessageStatus.DELIVERED


def test_one_lost_part_loses_the_message_and_says_why(funded: int) -> None:
    sent = send(funded, LONG)
    (claimed,) = claim_of(funded)
    refs = [uuid.uuid4().hex for _ in range(3)]
    hand_over(claimed, *(Accepted(ref) for ref in refs))
    for ref, state in zip(
        refs, (ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.DELIVERED), strict=True
    ):
        receipt(ref, state, "034")
    found = detail(funded, sent)
    assert (found.status, found.error_code) == (MessageStatus.UNDELIVERED, "034")


def test_two_hundred_parallel_sends_on_fifty_credits_accept_exactly_fifty(
    organisation: Organisation, give_credits: GiveCredits
) -> None:
    give_credits(organisation.id, 50)

    def attempt(_: int) -> bool:
        try:
            with_pooled_connection(lambda: send(organisation.id))
        except InsufficientCredits:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(attempt, range(200)))
    assert answers.count(True) == 50
    assert Message.objects.filter(organisation_id=organisation.id).count() == 50
    assert money(organisation.id) == (0, 50)


def test_a_balance_of_exactly_the_price_sends_and_one_short_does_not(funded: int) -> None:
    for _ in range(3):
        send(funded, LONG)
    send(funded)
    assert money(funded) == (0, 10)
    with pytest.raises(InsufficientCredits) as refusal:
        send(funded)
    assert refusal.value.extra["balance"] == "0"
    assert refusal.value.extra["required"] == "1"


def test_a_refused_send_changes_nothing(organisation: Organisation) -> None:
    with pytest.raises(InsufficientCredits):
        send(organisation.id)
    assert not Message.objects.filter(organisation_id=organisation.id).exists()
    assert money(organisation.id) == (0, 0)
    assert verify_ledger().is_sound


def test_a_frozen_organisation_sends_nothing(funded: int) -> None:
    freeze_wallet(funded)
    with pytest.raises(WalletFrozen):
        send(funded)


def test_all_or_nothing_holds_for_all_or_for_none(funded: int) -> None:
    requests = [SendRequest(TO, LONG)] * 4  # 12 credits, 10 there
    answers = send_messages(organisation_id=funded, requests=requests, is_all_or_nothing=True)
    assert all(isinstance(answer, InsufficientCredits) for answer in answers)
    assert answers[0].extra == {  # type: ignore[union-attr]
        "organisation": public_organisation_id(funded),
        "balance": "10",
        "required": "12",
        "balance_micro": 10 * CREDIT,
        "required_micro": 12 * CREDIT,
    }
    assert money(funded) == (10, 0)


def test_without_all_or_nothing_each_message_gets_its_own_answer(funded: int) -> None:
    requests = [SendRequest(TO, "one"), SendRequest("12", "two"), SendRequest(TO, LONG * 4), SendRequest(TO, "four")]
    answers = send_messages(organisation_id=funded, requests=requests, is_all_or_nothing=False)
    assert [type(answer) for answer in answers] == [SentMessage, InvalidRecipient, InsufficientCredits, SentMessage]
    assert money(funded) == (8, 2)


def test_one_idempotency_key_sends_once_even_a_hundred_times_at_once(funded: int) -> None:
    request = SendRequest(TO, "Hello")

    def attempt(_: int) -> tuple[SentMessage, bool]:
        return with_pooled_connection(lambda: send_once(funded, request, "order-7"))

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(attempt, range(100)))
    assert len({sent.id for sent, _ in answers}) == 1
    assert [is_replayed for _, is_replayed in answers].count(False) == 1
    assert money(funded) == (9, 1)


def test_a_key_with_another_request_is_refused_and_another_organisations_key_is_independent(
    funded: int, world: World, give_credits: GiveCredits
) -> None:
    send_once(funded, SendRequest(TO, "Hello"), "k")
    with pytest.raises(IdempotencyKeyReused):
        send_once(funded, SendRequest(TO, "Other"), "k")
    give_credits(world.chens_organisation.id, 1)
    _, is_replayed = send_once(world.chens_organisation.id, SendRequest(TO, "Other"), "k")
    assert not is_replayed


def test_a_refusal_leaves_the_key_free_for_after_the_top_up(
    organisation: Organisation, give_credits: GiveCredits
) -> None:
    request = SendRequest(TO, "Hello")
    with pytest.raises(InsufficientCredits):
        send_once(organisation.id, request, "k")
    give_credits(organisation.id, 1)
    sent, is_replayed = send_once(organisation.id, request, "k")
    assert (sent.status, is_replayed) == (MessageStatus.ACCEPTED, False)


@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("", InvalidRecipient),
        ("12345", InvalidRecipient),
        ("not a number", InvalidRecipient),
        ("+91981234567", InvalidRecipient),
        ("+91" + "9" * 40, InvalidRecipient),
        ("+918022221111", InvalidRecipient),  # a landline
        ("+919812345678\x00", InvalidRecipient),
        ("+8613800138000", DestinationUnpriced),
    ],
)
def test_a_recipient_no_message_can_reach_is_refused(funded: int, to: str, error: type[KhataError]) -> None:
    with pytest.raises(error):
        send(funded, to=to)
    assert money(funded) == (10, 0)


@pytest.mark.parametrize("to", ["9812345678", "09812345678", "919812345678", "+91 98123-45678", "(+91) 98123 45678"])
def test_numbers_are_read_as_people_write_them(funded: int, to: str) -> None:
    assert send(funded, to=to).recipient == TO


@pytest.mark.parametrize("body", ["", "   ", "a\x00b", "x" * 1_601, "\ud800"])
def test_a_body_that_cannot_travel_is_refused(funded: int, body: str) -> None:
    with pytest.raises(InvalidRequest):
        send(funded, body)
    assert money(funded) == (10, 0)


@pytest.mark.parametrize("sender", ["TWELVELETTER", "", "HDR\r\n", "é", "12"])
def test_a_sender_that_cannot_travel_is_refused(funded: int, sender: str) -> None:
    with pytest.raises(InvalidRequest):
        send_message(organisation_id=funded, request=SendRequest(TO, "Hello", sender))


def test_another_organisations_message_does_not_exist(funded: int, world: World) -> None:
    sent = send(funded)
    with pytest.raises(NotFound):
        queries.message(organisation_id=world.chens_organisation.id, message_id=sent.id)
    assert queries.messages(organisation_id=world.chens_organisation.id).rows == []
    assert shard_of(funded) == Message.objects.get(id=sent.id).shard
