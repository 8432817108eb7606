"""Refunds: credits first, then the gateway, then the end of both; whatever dies or comes from elsewhere is healed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import connection

from khata.billing import queries
from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.models import Refund, TaxDocument, TopUp
from khata.billing.operations import (
    AlreadyRefunded,
    IdempotencyKeyReused,
    RefundExceedsUnspent,
    TopUpNotPaid,
    send_due_refunds_later,
    send_refund,
    settle_top_up,
    start_refund,
)
from khata.billing.operations import refunds as refund_operations
from khata.billing.operations.deferral import SEND_REFUND
from khata.billing.queries import RefundRow, TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.ledger.core import Capture, Kind, PlaceHold
from khata.ledger.operations import post_batch, verify_ledger
from khata.payments.port import Payment, PaymentStatus, Refused, Unavailable, Unknown
from khata.payments.reversals import RefundStatus
from tests.database.billing import jobs
from tests.database.billing.staged_gateway import StagedGateway

CREDIT = 1_000_000
CREDITS = 5_000 * CREDIT


@pytest.fixture
def payment(top_up: TopUpRow, gateway: StagedGateway) -> Payment:
    """₹1,180 captured for the top-up, and 5,000 credits given for it."""
    staged = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    return staged


def refund(top_up: TopUpRow, amount_minor: int | None = None, key: str | None = None) -> RefundRow:
    return start_refund(
        top_up_id=top_up.id,
        amount_minor=amount_minor,
        idempotency_key=key or uuid4().hex,
        reason="Ordered too many",
        started_by="khata",
    )


def wallet(top_up: TopUpRow) -> tuple[int, int]:
    """(available, held), in whole credits."""
    balance = ledger.balance(organisation_id=top_up.organisation_id)
    return balance.available // CREDIT, balance.held // CREDIT


def spend(top_up: TopUpRow, credits: int) -> None:
    reference = uuid4()
    with in_transaction() as raw:
        hold = PlaceHold(top_up.organisation_id, reference, credits * CREDIT)
        outcomes = post_batch(raw, [hold, Capture(top_up.organisation_id, reference, credits * CREDIT)])
    assert all(outcome.condition.is_effective for outcome in outcomes)


def read(top_up: TopUpRow) -> TopUpRow:
    return queries.top_up_for_anyone(top_up_id=top_up.id)


def credit_notes(top_up: TopUpRow) -> list[int]:
    return list(
        TaxDocument.objects.filter(top_up_id=top_up.id, kind="credit_note").values_list("total_minor", flat=True)
    )


def make_due(row: RefundRow) -> None:
    Refund.objects.filter(id=row.id).update(due_at=utc_now())
    send_due_refunds_later()


def test_a_full_refund_takes_all_the_credits_and_sends_all_the_money(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    row = refund(top_up)
    assert (row.state, row.amount_minor, row.tax_minor, row.credits_micro) == (
        RefundState.PROCESSED,
        118_000,
        18_000,
        CREDITS,
    )
    assert wallet(top_up) == (0, 0)
    assert read(top_up).state is TopUpState.REFUNDED
    (sent,) = gateway.refunds.values()
    assert (sent.payment_ref, sent.amount_minor, sent.receipt) == (payment.payment_ref, 118_000, row.public_id)
    assert credit_notes(top_up) == [118_000]
    assert verify_ledger().is_sound


def test_four_hundred_credits_worth_is_refunded_with_its_tax(top_up: TopUpRow, payment: Payment) -> None:
    row = refund(top_up, 9_440)
    assert (row.tax_minor, row.credits_micro) == (1_440, 400 * CREDIT)
    assert (read(top_up).state, wallet(top_up)) == (TopUpState.PARTLY_REFUNDED, (4_600, 0))
    assert credit_notes(top_up) == [9_440]


def test_the_parts_of_a_refund_bring_back_exactly_everything(top_up: TopUpRow, payment: Payment) -> None:
    rows = [refund(top_up, 33_333), refund(top_up, 33_333), refund(top_up, 33_333), refund(top_up)]
    assert sum(row.amount_minor for row in rows) == 118_000
    assert sum(row.tax_minor for row in rows) == 18_000
    assert sum(row.credits_micro for row in rows) == CREDITS
    assert (read(top_up).state, wallet(top_up)) == (TopUpState.REFUNDED, (0, 0))
    with pytest.raises(AlreadyRefunded):
        refund(top_up)


def test_used_and_reserved_credits_are_not_refunded(top_up: TopUpRow, payment: Payment, gateway: StagedGateway) -> None:
    spend(top_up, 1_000)
    with in_transaction() as raw:
        post_batch(raw, [PlaceHold(top_up.organisation_id, uuid4(), 500 * CREDIT)])
    for amount_minor in (None, 82_601):
        with pytest.raises(RefundExceedsUnspent) as refused:
            refund(top_up, amount_minor)
        assert refused.value.extra == {"refundable": "826.00"}
    assert queries.refundable_minor(organisation_id=top_up.organisation_id, top_up_id=top_up.id) == 82_600
    assert gateway.refunds == {}
    assert Refund.objects.filter(top_up_id=top_up.id).count() == 0
    assert refund(top_up, 82_600).state is RefundState.PROCESSED
    assert wallet(top_up) == (0, 500)


def test_credits_of_another_purchase_are_not_touched_by_a_refund(
    top_up: TopUpRow, payment: Payment, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(top_up.organisation_id, 9_000)
    spend(top_up, 5_000)  # the older purchase burns first
    with pytest.raises(RefundExceedsUnspent):
        refund(top_up, 1_000)


def test_more_than_was_paid_is_refused(top_up: TopUpRow, payment: Payment) -> None:
    with pytest.raises(RefundExceedsUnspent) as refused:
        refund(top_up, 118_001)
    assert refused.value.extra == {"refundable": "1180.00"}


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_a_refund_of_nothing_is_refused(top_up: TopUpRow, payment: Payment, amount_minor: int) -> None:
    with pytest.raises(InvalidRequest):
        refund(top_up, amount_minor)


def test_what_was_not_paid_is_not_refunded(top_up: TopUpRow) -> None:
    with pytest.raises(TopUpNotPaid):
        refund(top_up)
    with pytest.raises(NotFound):
        refund(replace(top_up, id=uuid4()))


def test_the_same_key_is_the_same_refund_and_another_amount_under_it_is_refused(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    first = refund(top_up, 9_440, key="k1")
    assert refund(top_up, 9_440, key="k1") == first
    with pytest.raises(IdempotencyKeyReused):
        refund(top_up, 9_441, key="k1")
    assert len(gateway.refunds) == 1


def test_twenty_refunds_at_once_never_give_back_more_than_was_paid(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    barrier = threading.Barrier(20)

    def try_refund(_: int) -> int:
        try:
            barrier.wait(timeout=60)
            return refund(top_up, 20_000).amount_minor
        except RefundExceedsUnspent:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        amounts = list(pool.map(try_refund, range(20)))
    assert sum(amounts) == 100_000
    assert sum(sent.amount_minor for sent in gateway.refunds.values()) == 100_000
    assert verify_ledger().is_sound


def test_a_refused_refund_returns_its_credits(top_up: TopUpRow, payment: Payment, gateway: StagedGateway) -> None:
    gateway.refund_trouble = Refused("insufficient_balance", "no")
    row = refund(top_up)
    assert (row.state, row.error_code) == (RefundState.FAILED, "insufficient_balance")
    assert (read(top_up).state, wallet(top_up)) == (TopUpState.PAID, (5_000, 0))
    gateway.refund_trouble = None
    assert refund(top_up).state is RefundState.PROCESSED


def test_while_the_gateway_is_away_the_credits_stay_held_and_a_job_goes_on(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.refund_trouble = Unavailable("away")
    row = refund(top_up)
    assert (row.state, wallet(top_up)) == (RefundState.REQUESTED, (0, 5_000))
    gateway.refund_trouble = None
    make_due(row)
    assert jobs.run(row.id) == [SEND_REFUND]
    assert queries.refund_for_anyone(refund_id=row.id).state is RefundState.PROCESSED
    assert (read(top_up).state, wallet(top_up)) == (TopUpState.REFUNDED, (0, 0))


def test_a_lost_answer_is_looked_up_and_never_sent_again(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.is_refund_answer_lost = True
    row = refund(top_up)
    assert (row.state, row.refund_ref, wallet(top_up)) == (RefundState.PENDING, None, (0, 5_000))
    gateway.is_refund_answer_lost = False
    make_due(row)
    jobs.run(row.id)
    assert queries.refund_for_anyone(refund_id=row.id).state is RefundState.PROCESSED
    assert len(gateway.refunds) == 1


def test_a_lost_answer_is_also_found_by_settling(top_up: TopUpRow, payment: Payment, gateway: StagedGateway) -> None:
    gateway.is_refund_answer_lost = True
    row = refund(top_up)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REFUNDED
    send_refund(refund_id=row.id)
    assert len(gateway.refunds) == 1
    assert wallet(top_up) == (0, 0)
    assert credit_notes(top_up) == [118_000]


@pytest.mark.parametrize("is_sent", [False, True], ids=["before the gateway", "after the gateway"])
def test_whoever_dies_between_the_hold_and_the_capture_is_healed_by_the_job(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    def die(*, refund_id: UUID) -> None:
        if is_sent:
            refund_operations._ask(Refund.objects.get(id=refund_id))
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(refund_operations, "send_refund", die)
        with pytest.raises(KeyboardInterrupt):
            refund(top_up)
    (row,) = read(top_up).refunds
    assert (row.state, wallet(top_up), len(gateway.refunds)) == (RefundState.REQUESTED, (0, 5_000), int(is_sent))
    make_due(row)
    jobs.run(row.id)
    assert (read(top_up).state, wallet(top_up), len(gateway.refunds)) == (TopUpState.REFUNDED, (0, 0), 1)
    assert verify_ledger().is_sound


def test_a_pending_refund_waits_for_the_bank_and_is_asked_about_again(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.refund_status = RefundStatus.PENDING
    row = refund(top_up, 9_440)
    assert (row.state, wallet(top_up), credit_notes(top_up)) == (RefundState.PENDING, (4_600, 400), [])
    assert TopUp.objects.get(id=top_up.id).check_due_at is not None
    (sent,) = gateway.refunds.values()
    gateway.restage(sent, status=RefundStatus.PROCESSED, bank_ref="4411")
    settled = settle_top_up(top_up_id=top_up.id)
    assert (settled.state, settled.refunds[0].bank_ref) == (TopUpState.PARTLY_REFUNDED, "4411")
    assert (wallet(top_up), credit_notes(top_up)) == ((4_600, 0), [9_440])
    assert TopUp.objects.get(id=top_up.id).check_due_at is None


@pytest.mark.parametrize("before", [RefundStatus.PENDING, RefundStatus.PROCESSED])
def test_a_refund_that_fails_later_gives_its_credits_back(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway, before: RefundStatus
) -> None:
    gateway.refund_status = before
    refund(top_up)
    (sent,) = gateway.refunds.values()
    gateway.restage(sent, status=RefundStatus.FAILED)
    for _ in range(2):
        settled = settle_top_up(top_up_id=top_up.id)
        assert (settled.state, settled.refunds[0].state) == (TopUpState.PAID, RefundState.FAILED)
        assert wallet(top_up) == (5_000, 0)
    assert verify_ledger().is_sound


def test_a_refund_made_at_the_gateway_appears_and_takes_its_credits_once(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.stage_refund(payment.payment_ref, 9_440)
    for _ in range(3):
        settled = settle_top_up(top_up_id=top_up.id)
    (row,) = settled.refunds
    assert (row.origin, row.credits_micro, row.started_by) == (RefundOrigin.GATEWAY, 400 * CREDIT, "gateway")
    assert (settled.state, wallet(top_up), credit_notes(top_up)) == (TopUpState.PARTLY_REFUNDED, (4_600, 0), [9_440])
    kinds = [entry.kind for entry in ledger.history(organisation_id=top_up.organisation_id).rows]
    assert kinds == [Kind.REVERSE, Kind.PURCHASE]


def test_a_refund_made_at_the_gateway_of_spent_credits_goes_below_zero_and_freezes(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    spend(top_up, 4_800)
    gateway.stage_refund(payment.payment_ref, 118_000)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REFUNDED
    balance = ledger.balance(organisation_id=top_up.organisation_id)
    assert (balance.available, balance.is_frozen) == (-4_800 * CREDIT, True)
    assert verify_ledger().is_sound


def test_a_payment_seen_first_when_it_has_gone_back_leaves_the_same_books(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    gateway.stage_refund(payment.payment_ref, 118_000)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REFUNDED
    assert (wallet(top_up), credit_notes(top_up)) == ((0, 0), [118_000])
    assert not ledger.balance(organisation_id=top_up.organisation_id).is_frozen


def test_a_refund_made_at_the_gateway_beside_one_of_ours_leaves_no_credits_for_money_that_is_gone(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.refund_trouble = Unavailable("away")
    row = refund(top_up)
    gateway.stage_refund(payment.payment_ref, 59_000)
    settle_top_up(top_up_id=top_up.id)
    gateway.refund_trouble = Refused("refund_exceeds_captured", "no")
    make_due(row)
    jobs.run(row.id)
    assert (read(top_up).state, wallet(top_up)) == (TopUpState.PARTLY_REFUNDED, (2_500, 0))
    assert verify_ledger().is_sound


def test_a_second_captured_payment_goes_back_by_itself_and_touches_no_credits(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    second = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    for _ in range(2):
        settled = settle_top_up(top_up_id=top_up.id)
    (row,) = settled.refunds
    assert (row.origin, row.amount_minor, row.credits_micro, row.payment_ref) == (
        RefundOrigin.SURPLUS,
        118_000,
        0,
        second.payment_ref,
    )
    assert jobs.run(row.id) == [SEND_REFUND]
    settled = settle_top_up(top_up_id=top_up.id)
    assert (settled.state, settled.refunds[0].state) == (TopUpState.PAID, RefundState.PROCESSED)
    assert [sent.payment_ref for sent in gateway.refunds.values()] == [second.payment_ref]
    assert (wallet(top_up), credit_notes(top_up)) == ((5_000, 0), [])


def test_a_surplus_payment_given_back_at_the_gateway_is_not_given_back_twice(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    second = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    gateway.stage_refund(second.payment_ref, 118_000)
    settled = settle_top_up(top_up_id=top_up.id)
    assert [row.origin for row in settled.refunds] == [RefundOrigin.GATEWAY]
    assert (settled.state, wallet(top_up), credit_notes(top_up)) == (TopUpState.PAID, (5_000, 0), [])


def test_an_unanswered_refund_is_tried_ever_more_rarely(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.refund_trouble = Unknown("lost")
    row = refund(top_up)
    waits = []
    for _ in range(3):
        stored = Refund.objects.get(id=row.id)
        assert stored.due_at is not None
        waits.append(stored.due_at - utc_now())
        make_due(row)
        jobs.run(row.id)
    assert waits == sorted(waits)
    assert queries.refund_for_anyone(refund_id=row.id).state is RefundState.PENDING
