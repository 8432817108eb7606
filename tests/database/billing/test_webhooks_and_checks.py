"""Webhooks as rows and jobs, and the poller that needs none of them."""

from datetime import timedelta

import pytest

from khata.billing import queries
from khata.billing.models import TopUp, WebhookEvent
from khata.billing.operations import (
    begin_checkout,
    receive_webhook,
    settle_due_top_ups_later,
    settle_due_webhooks_later,
    settle_top_up,
    start_top_up,
)
from khata.billing.operations.deferral import SETTLE_TOP_UP, SETTLE_WEBHOOK
from khata.billing.operations.orders import order_request
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.ledger import queries as ledger
from khata.payments.errors import UnknownGateway
from khata.payments.port import ForgedWebhook, Order, PaymentStatus, Unavailable, Unknown
from khata.tenancy.models import Organisation
from tests.database.billing import jobs
from tests.database.billing.staged_gateway import StagedGateway, refund_webhook, webhook

CREDITS = 5_000_000_000


def receive(body: bytes, headers: dict[str, str]) -> WebhookEvent:
    receive_webhook(gateway_code="razorpay", body=body, headers=headers)
    return WebhookEvent.objects.get(event_ref=headers["x-razorpay-event-id"])


def available(top_up: TopUpRow) -> int:
    return ledger.balance(organisation_id=top_up.organisation_id).available


def state(top_up: TopUpRow) -> TopUpState:
    return queries.top_up_for_anyone(top_up_id=top_up.id).state


def test_a_webhook_is_stored_as_it_came_and_settled_by_its_job(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    body, headers = webhook(top_up.order_ref)
    event = receive(body, headers)
    assert bytes(event.body) == body
    assert "cookie" not in event.headers
    assert (event.processed_at, available(top_up)) == (None, 0)
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    event.refresh_from_db()
    assert event.processed_at is not None
    assert (state(top_up), available(top_up)) == (TopUpState.PAID, CREDITS)


def test_a_webhook_is_only_a_reason_to_ask(top_up: TopUpRow, gateway: StagedGateway) -> None:
    event = receive(*webhook(top_up.order_ref, "payment.captured"))
    jobs.run(event.id)
    assert (gateway.read_count, available(top_up)) == (1, 0)


def test_a_replayed_webhook_is_kept_once_and_credits_once(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    body, headers = webhook(top_up.order_ref)
    event = receive(body, headers)
    receive(body, headers)
    assert jobs.run(event.id) == [SETTLE_WEBHOOK, SETTLE_WEBHOOK]
    receive(body, headers)
    assert jobs.waiting(event.id) == [], "what is known to be done needs no job"
    assert available(top_up) == CREDITS


def test_an_event_whose_settlement_failed_is_not_done_when_it_comes_again(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    gateway.trouble = Unavailable("down")
    body, headers = webhook(top_up.order_ref)
    event = receive(body, headers)
    jobs.run(event.id)
    event.refresh_from_db()
    assert (event.processed_at, event.tries) == (None, 1)
    gateway.trouble = None
    receive(body, headers)
    jobs.run(event.id)
    assert available(top_up) == CREDITS


def test_an_event_whose_job_died_is_found_again(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    event = receive(*webhook(top_up.order_ref))
    settle_due_webhooks_later()
    assert jobs.waiting(event.id) == [SETTLE_WEBHOOK], "its own job comes first"
    WebhookEvent.objects.filter(id=event.id).update(due_at=utc_now())
    settle_due_webhooks_later()
    settle_due_webhooks_later()
    assert jobs.run(event.id) == [SETTLE_WEBHOOK, SETTLE_WEBHOOK], "the first and one more: a claim keeps others away"
    event.refresh_from_db()
    assert event.due_at is None
    assert available(top_up) == CREDITS


def test_an_event_about_a_strangers_order_is_parked_and_credits_nobody(gateway: StagedGateway) -> None:
    event = receive(*webhook("order_OfAnotherShop1"))
    jobs.run(event.id)
    event.refresh_from_db()
    assert (event.processed_at, event.due_at, event.error) == (None, None, "no top-up of ours")
    assert gateway.read_count == 0


def test_an_event_that_comes_before_its_order_is_settled_once_the_order_is_ours(
    gateway: StagedGateway, organisation: Organisation
) -> None:
    gateway.order_trouble = Unknown("the answer was lost")
    top_up = start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=str(new_uuid()))
    gateway.order_trouble = None
    early = gateway.create_order(order_request(TopUp.objects.get(id=top_up.id)))
    assert isinstance(early, Order)
    event = receive(*webhook(early.order_ref))
    jobs.run(event.id)
    gateway.stage(early.order_ref, PaymentStatus.CAPTURED)
    begin_checkout(organisation_id=organisation.id, top_up_id=top_up.id)
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    event.refresh_from_db()
    assert event.processed_at is not None
    assert available(top_up) == CREDITS


def test_an_event_that_names_only_a_payment_settles_its_top_up(top_up: TopUpRow, gateway: StagedGateway) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    gateway.stage_refund(payment.payment_ref, 118_000)
    event = receive(*refund_webhook(payment.payment_ref))
    jobs.run(event.id)
    event.refresh_from_db()
    assert event.processed_at is not None
    assert queries.top_up_for_anyone(top_up_id=top_up.id).state is TopUpState.REFUNDED


def test_an_event_about_an_unknown_payment_waits_for_it(top_up: TopUpRow, gateway: StagedGateway) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    event = receive(*refund_webhook(payment.payment_ref))
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    settle_top_up(top_up_id=top_up.id)
    assert jobs.run(event.id) == [SETTLE_WEBHOOK]
    event.refresh_from_db()
    assert event.processed_at is not None


def test_an_event_of_an_unknown_kind_is_kept(gateway: StagedGateway) -> None:
    event = receive(*webhook(None, "brand.new"))
    jobs.run(event.id)
    event.refresh_from_db()
    assert event.processed_at is not None
    assert gateway.read_count == 0


def test_a_forged_webhook_leaves_no_trace(top_up: TopUpRow, gateway: StagedGateway) -> None:
    body, headers = webhook(top_up.order_ref)
    with pytest.raises(ForgedWebhook):
        receive_webhook(gateway_code="razorpay", body=body + b" ", headers=headers)
    assert not WebhookEvent.objects.filter(event_ref=headers["x-razorpay-event-id"]).exists()


def test_a_webhook_for_a_gateway_nobody_has_is_refused(gateway: StagedGateway) -> None:
    with pytest.raises(UnknownGateway):
        receive_webhook(gateway_code="stripe", body=b"", headers={})


def test_without_any_webhook_the_poller_credits(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    TopUp.objects.filter(id=top_up.id).update(check_due_at=utc_now())
    assert settle_due_top_ups_later() >= 1
    assert jobs.run(top_up.id)[0] == SETTLE_TOP_UP
    assert available(top_up) == CREDITS


def test_a_fresh_top_up_is_asked_about_within_a_minute(top_up: TopUpRow, gateway: StagedGateway) -> None:
    settle_top_up(top_up_id=top_up.id)
    due_at = TopUp.objects.get(id=top_up.id).check_due_at
    assert due_at is not None
    assert due_at < utc_now() + timedelta(minutes=1)


def test_what_is_claimed_is_not_claimed_twice(top_up: TopUpRow) -> None:
    TopUp.objects.filter(id=top_up.id).update(check_due_at=utc_now())
    settle_due_top_ups_later()
    settle_due_top_ups_later()
    assert jobs.waiting(top_up.id) == [SETTLE_TOP_UP]


def test_a_paid_top_up_is_not_asked_about_again(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    assert TopUp.objects.get(id=top_up.id).check_due_at is None


def test_a_top_up_left_alone_expires_and_is_still_looked_at(top_up: TopUpRow, gateway: StagedGateway) -> None:
    TopUp.objects.filter(id=top_up.id).update(expires_at=utc_now())
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.EXPIRED
    assert TopUp.objects.get(id=top_up.id).check_due_at is not None


def test_five_days_later_an_expired_top_up_rests(top_up: TopUpRow, gateway: StagedGateway) -> None:
    long_ago = utc_now() - timedelta(days=6)
    TopUp.objects.filter(id=top_up.id).update(created_at=long_ago, expires_at=long_ago, state=TopUpState.EXPIRED)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.EXPIRED
    assert TopUp.objects.get(id=top_up.id).check_due_at is None
