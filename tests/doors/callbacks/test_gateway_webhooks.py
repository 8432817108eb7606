"""The webhook's door: genuine events are stored and answered at once, everything else is turned away alike."""

import json

import pytest
from django.test import Client

from khata.billing import queries
from khata.billing.models import WebhookEvent
from khata.billing.queries import TopUpRow, TopUpState
from khata.ledger import queries as ledger
from tests.database.billing import jobs
from tests.doors.callbacks.far_end import PaymentWorld
from tests.drivers.payments.scripted_server import Received
from tests.owner import owner_connection

PATH = "/callbacks/razorpay/webhook"


def deliver(client: Client, request: Received, body: bytes | None = None, **headers: str) -> int:
    kept = {"x-razorpay-signature", "x-razorpay-event-id"}
    sent = {name: value for name, value in request.headers.items() if name in kept} | headers
    answer = client.post(
        PATH, data=request.body if body is None else body, content_type="application/json", headers=sent
    )
    assert answer.cookies == {}
    return answer.status_code


def stored(request: Received) -> WebhookEvent:
    return WebhookEvent.objects.get(event_ref=request.headers["x-razorpay-event-id"])


def available(top_up: TopUpRow) -> int:
    return ledger.balance(organisation_id=top_up.organisation_id).available


@pytest.fixture
def events(payments: PaymentWorld, top_up: TopUpRow) -> list[Received]:
    """What the gateway sent about a top-up that was paid and whose payer never came back."""
    payments.sandbox.pay(payments.checkout(top_up))
    return payments.webhooks(top_up)


def test_webhooks_alone_bring_the_credits(stranger: Client, events: list[Received], top_up: TopUpRow) -> None:
    assert [deliver(stranger, event) for event in events] == [200] * len(events)
    assert available(top_up) == 0, "the answer does not wait for the settlement"
    for event in events:
        jobs.run(stored(event).id)
    assert queries.top_up_for_anyone(top_up_id=top_up.id).state is TopUpState.PAID
    assert available(top_up) == 5_000_000_000


def test_reordered_and_replayed_webhooks_credit_once(
    stranger: Client, events: list[Received], top_up: TopUpRow
) -> None:
    for event in [*reversed(events), *events]:
        assert deliver(stranger, event) == 200
        jobs.run(stored(event).id)
    assert available(top_up) == 5_000_000_000


def test_whatever_is_forged_gets_the_same_answer_and_leaves_no_trace(
    stranger: Client, payments: PaymentWorld, events: list[Received], top_up: TopUpRow
) -> None:
    event = events[0]
    altered = json.dumps(json.loads(event.body) | {"created_at": 1}).encode()
    forgeries: list[tuple[bytes, dict[str, str]]] = [
        (altered, {}),
        (event.body + b"\n", {}),
        (b"", {}),
        (b"\xff\x00", {}),
        (event.body, {"x-razorpay-signature": ""}),
        (event.body, {"x-razorpay-signature": "0" * 64}),
        (event.body, {"x-razorpay-signature": "é" * 64}),
        (event.body, {"x-razorpay-event-id": ""}),
        (event.body, {"x-razorpay-event-id": "a b"}),
    ]
    answers = set()
    for body, changes in forgeries:
        headers = {
            "x-razorpay-signature": event.headers["x-razorpay-signature"],
            "x-razorpay-event-id": event.headers["x-razorpay-event-id"],
            **changes,
        }
        answer = stranger.post(PATH, data=body, content_type="application/json", headers=headers)
        answers.add((answer.status_code, answer.content, answer.headers["content-type"]))
    assert [(status, kind) for status, _, kind in answers] == [(400, "application/problem+json")]
    assert not WebhookEvent.objects.filter(order_ref=top_up.order_ref).exists()


def test_a_body_beyond_all_measure_is_refused_unread(stranger: Client, events: list[Received]) -> None:
    assert deliver(stranger, events[0], b" " * 300_000) == 413


def test_a_gateway_nobody_has_is_not_found(stranger: Client, payments: PaymentWorld) -> None:
    assert stranger.post("/callbacks/stripe/webhook", b"{}", content_type="application/json").status_code == 404


def test_a_webhook_is_a_post(stranger: Client) -> None:
    assert stranger.get(PATH).status_code == 405


def test_an_event_that_cannot_be_stored_is_asked_for_again(stranger: Client, events: list[Received]) -> None:
    with owner_connection() as owner:
        owner.execute("lock table billing_webhookevent in access exclusive mode")
        assert deliver(stranger, events[0]) == 503
    assert deliver(stranger, events[0]) == 200
