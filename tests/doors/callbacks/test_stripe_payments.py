"""A top-up paid through Stripe, from the Add Credits page to the credits, beside Razorpay as a second gateway."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from khata.billing import queries
from khata.billing.models import WebhookEvent
from khata.billing.queries import TopUpRow, TopUpState
from khata.ledger import queries as ledger
from khata.payments import registry
from khata.tenancy.models import Organisation
from tests.database.billing import jobs
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of
from tests.drivers.payments.stripe_far_end import StripeServer, event, signed
from tests.drivers.payments.test_stripe_contract import StripeBench

ADDRESS, WEBHOOKS = "/billing/add-credits/", "/callbacks/stripe/webhook"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeBench]:
    with StripeServer() as server:
        bench = StripeBench(server)
        yield bench
        bench.gateway.close()


@pytest.fixture(autouse=True)
def two_gateways(stripe: StripeBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_gateways", {})
    staged = StagedGateway()
    registry.register_gateway(staged)
    registry.register_gateway(stripe.gateway)
    yield
    staged.close()


def typed(**more: str) -> dict[str, str]:
    return {"amount": "1000", "amount_shown": "1000", "token": uuid4().hex, **more}


def top_up_of(organisation: Organisation) -> TopUpRow:
    (top_up,) = queries.top_ups(organisation_id=organisation.id).rows
    return top_up


def sent_to_stripe(client: Client) -> str:
    """Where the payer ends up after choosing Stripe."""
    started = client.post(ADDRESS, typed(gateway="stripe"))
    return str(client.get(started["Location"])["Location"])


def available(organisation: Organisation) -> int:
    return ledger.balance(organisation_id=organisation.id).available


def test_with_two_gateways_the_payer_chooses_and_the_first_is_chosen_already(client: Client) -> None:
    answer = client.get(ADDRESS)
    choices = page_of(answer).select('input[name="gateway"]')
    assert [choice["value"] for choice in choices] == ["razorpay", "stripe"]
    assert [choice["value"] for choice in choices if choice.has_attr("checked")] == ["razorpay"]
    assert "Pay by UPI QR · UPI · Cards · Netbanking · Wallet." in main_text(answer)


def test_with_one_gateway_there_is_nothing_to_choose(client: Client, stripe: StripeBench) -> None:
    registry._gateways.pop("razorpay")
    answer = client.get(ADDRESS)
    assert page_of(answer).select('input[name="gateway"]') == []
    started = client.post(ADDRESS, typed())
    assert client.get(started["Location"])["Location"].startswith(stripe.far_end.url)


def test_a_choice_outlives_a_wrong_amount(client: Client) -> None:
    answer = client.post(ADDRESS, typed(gateway="stripe") | {"amount": "1"})
    assert answer.status_code == 422
    assert [choice["value"] for choice in page_of(answer).select('input[name="gateway"][checked]')] == ["stripe"]


def test_a_gateway_that_is_not_offered_starts_nothing(client: Client, organisation: Organisation) -> None:
    answer = client.post(ADDRESS, typed(gateway="elsewhere"))
    assert answer.status_code == 422
    assert "elsewhere is not one of the available choices" in main_text(answer)
    assert queries.top_ups(organisation_id=organisation.id).rows == []


def test_going_back_to_choose_the_other_gateway_is_a_new_top_up(client: Client, organisation: Organisation) -> None:
    form = typed()
    for gateway in ("razorpay", "stripe", "stripe"):
        client.post(ADDRESS, form | {"gateway": gateway})
    rows = queries.top_ups(organisation_id=organisation.id).rows
    assert sorted(row.gateway_code for row in rows) == ["razorpay", "stripe"]


def test_a_payer_who_has_paid_finds_the_credits_on_coming_back(
    client: Client, stranger: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    page = sent_to_stripe(client)
    stripe.far_end.pay(page)
    top_up = top_up_of(organisation)
    assert top_up.order_ref is not None
    back = stranger.get(f"/callbacks/stripe/return/{top_up.public_id}/?session_id={top_up.order_ref}")
    assert (back.status_code, back["Location"]) == (303, f"/billing/payments/{top_up.public_id}/")
    assert top_up_of(organisation).state is TopUpState.PAID
    assert available(organisation) == 5_000_000_000


def test_a_return_that_names_a_session_without_paying_brings_nothing(
    client: Client, stranger: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    sent_to_stripe(client)
    top_up = top_up_of(organisation)
    stranger.get(f"/callbacks/stripe/return/{top_up.public_id}/?session_id={top_up.order_ref}&payment_status=paid")
    assert (top_up_of(organisation).state, available(organisation)) == (TopUpState.PENDING, 0)


def test_whoever_goes_to_pay_again_after_paying_is_brought_back_instead(
    client: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    stripe.far_end.pay(sent_to_stripe(client))
    top_up = top_up_of(organisation)
    answer = client.get(f"/billing/payments/{top_up.public_id}/checkout/")
    assert urlsplit(answer["Location"]).path == f"/callbacks/stripe/return/{top_up.public_id}/"


def deliver(client: Client, body: bytes, headers: dict[str, str]) -> int:
    return client.post(WEBHOOKS, data=body, content_type="application/json", headers=headers).status_code


def test_webhooks_alone_bring_the_credits_once(
    client: Client, stranger: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    stripe.far_end.pay(sent_to_stripe(client))
    order_ref = top_up_of(organisation).order_ref
    assert order_ref is not None
    for body, headers in [*stripe.webhooks(order_ref), *stripe.webhooks(order_ref)]:
        assert deliver(stranger, body, headers) == 200
    for stored in WebhookEvent.objects.filter(gateway_code="stripe", order_ref=order_ref):
        jobs.run(stored.id)
    assert top_up_of(organisation).state is TopUpState.PAID
    assert available(organisation) == 5_000_000_000


def test_a_forged_webhook_is_turned_away_and_not_kept(stranger: Client) -> None:
    body = event("checkout.session.completed", {"id": "cs_test_1"}, id="evt_forged")
    assert deliver(stranger, *signed(body, secret="whsec_of_somebody")) == 400
    assert deliver(stranger, body, {}) == 400
    assert not WebhookEvent.objects.filter(event_ref="evt_forged").exists()


def test_another_gateways_webhooks_do_not_fit(stranger: Client, stripe: StripeBench) -> None:
    body, headers = signed(event("checkout.session.completed", {"id": "cs_test_1"}))
    answer = stranger.post("/callbacks/razorpay/webhook", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 400


def test_a_refund_made_in_the_dashboard_takes_its_credits_back(
    client: Client, stranger: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    charge = stripe.far_end.pay(sent_to_stripe(client))
    top_up = top_up_of(organisation)
    stranger.get(f"/callbacks/stripe/return/{top_up.public_id}/")
    made = stripe.far_end.refund_in_dashboard(charge["id"], 59_000)
    assert deliver(stranger, *signed(event("refund.created", made, id=f"evt_{made['id']}"))) == 200
    jobs.run(WebhookEvent.objects.get(event_ref=f"evt_{made['id']}").id)
    assert available(organisation) == 2_500_000_000


def test_a_lost_dispute_takes_the_credits_back(
    client: Client, stranger: Client, stripe: StripeBench, organisation: Organisation
) -> None:
    charge = stripe.far_end.pay(sent_to_stripe(client))
    top_up = top_up_of(organisation)
    stranger.get(f"/callbacks/stripe/return/{top_up.public_id}/")
    stripe.lose_dispute(stripe.dispute(charge["id"]))
    lost = event("charge.dispute.closed", {"id": "du_1", "charge": charge["id"]}, id=f"evt_{charge['id']}")
    assert deliver(stranger, *signed(lost)) == 200
    jobs.run(WebhookEvent.objects.get(event_ref=f"evt_{charge['id']}").id)
    assert available(organisation) == 0
