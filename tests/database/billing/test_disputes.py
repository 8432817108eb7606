"""Disputes: unspent credits are held while a bank decides, and taken back only if it is lost."""

from uuid import uuid4

import pytest

from khata.billing import queries
from khata.billing.models import Dispute
from khata.billing.operations import TopUpDisputed, settle_top_up, start_refund
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.ledger.core import Capture, Grant, PlaceHold
from khata.ledger.operations import CreditsOwed, post_batch, unfreeze_wallet, verify_ledger
from khata.payments.port import Payment, PaymentStatus
from khata.payments.reversals import DisputeStatus
from tests.database.billing.staged_gateway import StagedGateway

CREDIT = 1_000_000


@pytest.fixture
def payment(top_up: TopUpRow, gateway: StagedGateway) -> Payment:
    staged = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    return staged


def wallet(top_up: TopUpRow) -> tuple[int, int, bool]:
    """(available, held, frozen), in whole credits."""
    balance = ledger.balance(organisation_id=top_up.organisation_id)
    return balance.available // CREDIT, balance.held // CREDIT, balance.is_frozen


def spend(top_up: TopUpRow, credits: int) -> None:
    reference = uuid4()
    with in_transaction() as raw:
        hold = PlaceHold(top_up.organisation_id, reference, credits * CREDIT)
        post_batch(raw, [hold, Capture(top_up.organisation_id, reference, credits * CREDIT)])


def dispute(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway, status: DisputeStatus, amount_minor: int = 118_000
) -> TopUpState:
    gateway.stage_dispute(payment.payment_ref, amount_minor, status)
    for _ in range(2):
        state = settle_top_up(top_up_id=top_up.id).state
    return state


def test_an_open_dispute_holds_what_is_unspent(top_up: TopUpRow, payment: Payment, gateway: StagedGateway) -> None:
    spend(top_up, 1_000)
    assert dispute(top_up, payment, gateway, DisputeStatus.OPEN) is TopUpState.DISPUTED
    assert wallet(top_up) == (0, 4_000, False)
    with pytest.raises(TopUpDisputed):
        start_refund(top_up_id=top_up.id, amount_minor=None, idempotency_key="k", reason="", started_by="khata")
    assert queries.refundable_minor(organisation_id=top_up.organisation_id, top_up_id=top_up.id) == 0


@pytest.mark.parametrize("end", [DisputeStatus.WON, DisputeStatus.CLOSED])
def test_a_dispute_that_is_won_returns_what_was_held(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway, end: DisputeStatus
) -> None:
    spend(top_up, 1_000)
    dispute(top_up, payment, gateway, DisputeStatus.OPEN)
    dispute(top_up, payment, gateway, DisputeStatus.UNDER_REVIEW)
    assert dispute(top_up, payment, gateway, end) is TopUpState.PAID
    assert wallet(top_up) == (4_000, 0, False)


@pytest.mark.parametrize("is_seen_open", [True, False])
def test_a_lost_dispute_takes_the_credits_and_what_was_spent_is_owed(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway, caplog: pytest.LogCaptureFixture, is_seen_open: bool
) -> None:
    spend(top_up, 1_000)
    if is_seen_open:
        dispute(top_up, payment, gateway, DisputeStatus.OPEN)
    assert dispute(top_up, payment, gateway, DisputeStatus.LOST) is TopUpState.REVERSED
    assert wallet(top_up) == (-1_000, 0, True)
    assert [record.levelname for record in caplog.records if "is lost" in record.message] == ["CRITICAL"]
    assert verify_ledger().is_sound


def test_a_lost_dispute_that_credits_cover_leaves_the_wallet_open(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    assert dispute(top_up, payment, gateway, DisputeStatus.LOST, amount_minor=59_000) is TopUpState.REVERSED
    assert wallet(top_up) == (2_500, 0, False)


def test_a_dispute_won_first_and_lost_in_the_end_takes_the_credits(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    for status in (DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.WON):
        state = dispute(top_up, payment, gateway, status)
    assert (state, wallet(top_up)) == (TopUpState.REVERSED, (0, 0, False))


def test_with_everything_spent_there_is_nothing_to_hold(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    spend(top_up, 5_000)
    assert dispute(top_up, payment, gateway, DisputeStatus.OPEN) is TopUpState.DISPUTED
    assert wallet(top_up) == (0, 0, False)
    assert dispute(top_up, payment, gateway, DisputeStatus.WON) is TopUpState.PAID


def test_a_dispute_of_what_was_refunded_takes_only_the_rest(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    start_refund(top_up_id=top_up.id, amount_minor=59_000, idempotency_key="k", reason="", started_by="khata")
    dispute(top_up, payment, gateway, DisputeStatus.LOST)
    assert wallet(top_up) == (0, 0, False)
    assert Dispute.objects.get(top_up_id=top_up.id).credits_micro == 2_500 * CREDIT


def test_a_dispute_of_a_surplus_payment_moves_no_credits(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    second = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert dispute(top_up, second, gateway, DisputeStatus.LOST) is TopUpState.PAID
    assert wallet(top_up) == (5_000, 0, False)


def test_a_frozen_wallet_opens_again_only_once_what_is_owed_is_paid(
    top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    spend(top_up, 5_000)
    dispute(top_up, payment, gateway, DisputeStatus.LOST)
    with pytest.raises(CreditsOwed) as refused:
        unfreeze_wallet(top_up.organisation_id)
    assert refused.value.extra == {"owed": "5000"}
    with in_transaction() as raw:
        post_batch(raw, [Grant(top_up.organisation_id, uuid4(), 5_001 * CREDIT)])
    assert wallet(top_up) == (1, 0, True)
    unfreeze_wallet(top_up.organisation_id)
    assert wallet(top_up) == (1, 0, False)
    assert verify_ledger().is_sound
