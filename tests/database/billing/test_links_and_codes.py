"""Payment links and UPI QR codes: settled like any top-up, and closed at the gateway once they are over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from khata.billing.models import OrderState, TopUp, WebhookEvent
from khata.billing.operations import (
    IdempotencyKeyReused,
    TopUpClosed,
    begin_checkout,
    cancel_top_up,
    look_again,
    receive_webhook,
    settle_top_up,
    start_top_up,
)
from khata.billing.operations.deferral import CLOSE_ORDER, SETTLE_WEBHOOK
from khata.billing.operations.reconciliation import RECENT, reconcile_payments
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest
from khata.kernel.ids import new_uuid
from khata.ledger import queries as ledger
from khata.payments import registry
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Capabilities, PaymentStatus, Refused, Unavailable, Unknown
from khata.payments.ways import PayBy
from khata.tenancy.models import Organisation
from tests.database.billing import jobs
from tests.database.billing.listing_gateway import ListingGateway
from tests.database.billing.staged_gateway import StagedGateway, webhook

CREDITS = 5_000_000_000
WAYS = (PayBy.LINK, PayBy.UPI_QR)
Start = Callable[..., TopUpRow]


@pytest.fixture
def start(gateway: StagedGateway, organisation: Organisation) -> Start:
    def started(way: PayBy, amount_minor: int = 100_000, key: str | None = None) -> TopUpRow:
        return start_top_up(
            organisation_id=organisation.id,
            amount_minor=amount_minor,
            idempotency_key=key or str(new_uuid()),
            pay_by=way,
        )

    return started


def available(top_up: TopUpRow) -> int:
    return ledger.balance(organisation_id=top_up.organisation_id).available


def cancelled(top_up: TopUpRow) -> TopUpRow:
    return cancel_top_up(organisation_id=top_up.organisation_id, top_up_id=top_up.id)


def let_time_run_out(top_up: TopUpRow) -> None:
    TopUp.objects.filter(id=top_up.id).update(expires_at=utc_now())


@pytest.mark.parametrize("way", WAYS)
def test_a_captured_payment_becomes_credits_once(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    assert (top_up.pay_by, top_up.pay_url.startswith("http")) == (way, True)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    for _ in range(2):
        assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    assert available(top_up) == CREDITS
    assert CLOSE_ORDER not in jobs.waiting(top_up.id), "what is paid is over at the gateway, too"


def test_a_link_lasts_for_days_and_a_code_for_half_an_hour(start: Start) -> None:
    spans = {way: start(way).expires_at - utc_now() for way in PayBy}
    assert timedelta(days=2) < spans[PayBy.LINK] <= timedelta(days=3)
    assert timedelta(minutes=15) < spans[PayBy.UPI_QR] <= timedelta(minutes=30)
    assert spans[PayBy.CHECKOUT] <= timedelta(minutes=20)


def test_a_failed_attempt_leaves_a_link_payable(gateway: StagedGateway, start: Start) -> None:
    top_up = start(PayBy.LINK)
    gateway.stage(top_up.order_ref, PaymentStatus.FAILED)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PENDING
    let_time_run_out(top_up)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.FAILED


@pytest.mark.parametrize("way", WAYS)
def test_cancelling_closes_it_at_the_gateway(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    assert cancelled(top_up).state is TopUpState.CANCELLED
    assert jobs.run(top_up.id) == [CLOSE_ORDER]
    assert gateway.closed == [top_up.order_ref]


@pytest.mark.parametrize("way", WAYS)
def test_what_ran_out_is_closed_at_the_gateway(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    let_time_run_out(top_up)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.EXPIRED
    assert jobs.run(top_up.id) == [CLOSE_ORDER]
    assert gateway.closed == [top_up.order_ref]
    settle_top_up(top_up_id=top_up.id)
    assert jobs.waiting(top_up.id) == [], "once is enough"


def test_the_checkouts_order_is_never_closed(top_up: TopUpRow) -> None:
    assert cancelled(top_up).state is TopUpState.CANCELLED
    assert jobs.waiting(top_up.id) == []


@pytest.mark.parametrize("trouble", [Unavailable("down"), Unknown("lost")])
def test_closing_is_tried_again_until_the_gateway_has_answered(
    gateway: StagedGateway, start: Start, trouble: Unavailable | Unknown
) -> None:
    top_up = start(PayBy.LINK)
    cancelled(top_up)
    gateway.close_trouble = trouble
    with pytest.raises(GatewayUnavailable):
        jobs.run(top_up.id)
    gateway.close_trouble = Refused("over", "it was closed before")
    assert jobs.run(top_up.id) == [CLOSE_ORDER]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_paid_after_its_end_is_credited_late(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    cancelled(top_up)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    late = settle_top_up(top_up_id=top_up.id)
    assert (late.state, late.is_paid_late, available(top_up)) == (TopUpState.PAID, True, CREDITS)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_payment_goes_back_and_is_not_credited(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    for _ in range(2):
        gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settled = settle_top_up(top_up_id=top_up.id)
    assert (settled.state, available(top_up)) == (TopUpState.PAID, CREDITS)
    assert [payment.is_surplus for payment in settled.payments].count(True) == 1
    assert [refund.amount_minor for refund in settled.refunds] == [118_000]


@pytest.mark.parametrize("way", WAYS)
def test_another_amount_is_for_a_person_and_closes_it(gateway: StagedGateway, start: Start, way: PayBy) -> None:
    top_up = start(way)
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, amount_minor=100)
    settled = settle_top_up(top_up_id=top_up.id)
    assert (settled.state, settled.review_reason, available(top_up)) == (TopUpState.REVIEW, "amount_differs", 0)
    assert jobs.run(top_up.id) == [CLOSE_ORDER]


def test_an_event_that_names_the_order_behind_a_link_is_settled_by_its_payment(
    gateway: StagedGateway, start: Start
) -> None:
    top_up = start(PayBy.LINK)
    body, headers = webhook("order_behindTheLink1")
    receive_webhook(gateway_code="razorpay", body=body, headers=headers)
    event = WebhookEvent.objects.get(event_ref=headers["x-razorpay-event-id"])
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    WebhookEvent.objects.filter(id=event.id).update(payment_ref=f"pay_{event.id.hex[:14]}")
    assert (jobs.waiting(event.id), available(top_up)) == ([], 0), "parked: nothing here knows its payment yet"
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, payment_ref=f"pay_{event.id.hex[:14]}")
    settle_top_up(top_up_id=top_up.id)
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    event.refresh_from_db()
    assert event.processed_at is not None


@pytest.mark.parametrize("way", WAYS)
def test_the_same_key_gives_the_same_one_and_no_other_way(start: Start, way: PayBy) -> None:
    key = str(new_uuid())
    assert start(way, key=key).id == start(way, key=key).id
    with pytest.raises(IdempotencyKeyReused):
        start(PayBy.CHECKOUT, key=key)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_is_sent_to_the_checkout_of_it(start: Start, way: PayBy) -> None:
    top_up = start(way)
    with pytest.raises(TopUpClosed):
        begin_checkout(organisation_id=top_up.organisation_id, top_up_id=top_up.id)


@pytest.mark.parametrize("way", WAYS)
def test_after_a_lost_answer_looking_again_asks_for_the_same_one(
    gateway: StagedGateway, start: Start, way: PayBy
) -> None:
    gateway.order_trouble = Unknown("the answer was lost")
    top_up = start(way)
    assert (top_up.state, top_up.order_ref, top_up.pay_url) == (TopUpState.PENDING, None, "")
    gateway.order_trouble = None
    found = look_again(organisation_id=top_up.organisation_id, top_up_id=top_up.id)
    assert found.order_ref in gateway.orders
    assert found.pay_url
    assert TopUp.objects.get(id=top_up.id).order_state == OrderState.CREATED


def test_a_code_is_not_made_above_what_upi_takes(start: Start) -> None:
    with pytest.raises(InvalidRequest) as refused:
        start(PayBy.UPI_QR, amount_minor=85_000_00)
    assert "UPI takes at most ₹1,00,000.00 in one payment, tax included." in str(refused.value.extra)
    assert start(PayBy.LINK, amount_minor=85_000_00).pay_url


@pytest.mark.parametrize("way", WAYS)
def test_a_way_the_gateway_does_not_have_is_refused(
    gateway: StagedGateway, start: Start, way: PayBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Capabilities(frozenset({"INR"}), ("Cards",), 1_00_000_00)
    monkeypatch.setattr(registry.default_gateway(), "capabilities", plain)
    with pytest.raises(InvalidRequest) as refused:
        start(way)
    assert "Razorpay has no" in str(refused.value.extra)
    assert gateway.orders == {}


@pytest.mark.parametrize("way", WAYS)
def test_reconciliation_finds_what_nobody_told(
    monkeypatch: pytest.MonkeyPatch, organisation: Organisation, way: PayBy
) -> None:
    listing = ListingGateway()
    listing.code = f"t{new_uuid().hex[:12]}"
    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(listing)
    wanted: dict[str, Any] = {"amount_minor": 100_000, "idempotency_key": str(new_uuid()), "pay_by": way}
    top_up = start_top_up(organisation_id=organisation.id, **wanted)
    listing.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    (run,) = reconcile_payments(span=RECENT)
    assert (run.repaired_count, run.found_count, available(top_up)) == (1, 0, CREDITS)
    (run,) = reconcile_payments(span=RECENT)
    assert (run.matched_count, run.found_count) == (1, 0)
    listing.close()
