"""A payment's page in every state: one word, one sentence on the money, one main action."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from khata.billing import queries as billing
from khata.billing.models import TopUp
from khata.billing.operations import settle_top_up
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.payments.port import PaymentMethod, PaymentStatus
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of, text_of

UNCLEAR = "No credits were added. If your bank debited you, they are added once it confirms"


def page_address(top_up: TopUpRow) -> str:
    return reverse("payment", args=[top_up.id])


def put_into(top_up: TopUpRow, state: TopUpState, **more: object) -> None:
    TopUp.objects.filter(id=top_up.id).update(state=state, **more)


def settled(gateway: StagedGateway, top_up: TopUpRow, status: PaymentStatus, **changes: object) -> None:
    gateway.stage(top_up.order_ref, status, **changes)  # type: ignore[arg-type]
    settle_top_up(top_up_id=top_up.id)


def test_waiting_for_payment_can_be_continued_or_cancelled(client: Client, top_up: TopUpRow) -> None:
    words = main_text(client.get(page_address(top_up)))
    assert "Waiting for payment No payment has reached us yet." in words
    assert "Continue to payment" in words
    assert "Cancel" in words


def test_pending_tells_not_to_pay_again_and_looks_by_itself(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    settled(gateway, top_up, PaymentStatus.AUTHORISED)
    answer = client.get(page_address(top_up))
    assert "Pending Your bank has not confirmed yet." in main_text(answer)
    assert "You don't need to pay again or keep this page open." in main_text(answer)
    assert "412345678901" in main_text(answer)
    page = page_of(answer)
    polled = page.find(id="payment")
    assert polled is not None
    assert polled["hx-trigger"] == "every 2s"
    refresh = page.select('noscript meta[http-equiv="refresh"]')
    assert len(refresh) == 1


@pytest.mark.parametrize(
    ("look", "trigger"), [("1", "every 2s"), ("15", "every 5s"), ("33", "every 30s"), ("x", "every 2s")]
)
def test_looks_become_rarer(client: Client, top_up: TopUpRow, look: str, trigger: str) -> None:
    answer = client.get(page_address(top_up), {"look": look}, HTTP_HX_REQUEST="true")
    polled = page_of(answer).find(id="payment")
    assert polled is not None
    assert polled["hx-trigger"] == trigger


def test_payment_successful_shows_credits_and_the_balance_at_once(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    settled(gateway, top_up, PaymentStatus.CAPTURED)
    answer = client.get(page_address(top_up))
    heading = page_of(answer).find("h1")
    assert heading is not None
    assert heading.get_text() == "Payment Successful"
    words = main_text(answer)
    assert "5,000 credits were added." in words
    assert "Your balance now 5,000 about 5,000 SMS" in words
    assert "asha@okbank" in words
    assert "Send a message" in words
    assert "My Credits 5,000" in text_of(answer)


def test_a_look_that_finds_the_end_refreshes_the_whole_page(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    assert "HX-Refresh" not in client.get(page_address(top_up), HTTP_HX_REQUEST="true")
    settled(gateway, top_up, PaymentStatus.CAPTURED)
    assert client.get(page_address(top_up), HTTP_HX_REQUEST="true")["HX-Refresh"] == "true"


def test_a_late_success_says_so(client: Client, gateway: StagedGateway, top_up: TopUpRow) -> None:
    put_into(top_up, TopUpState.EXPIRED)
    settled(gateway, top_up, PaymentStatus.CAPTURED)
    assert "Payment Successful 5,000 credits were added. Confirmed late by your bank." in main_text(
        client.get(page_address(top_up))
    )


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (TopUpState.FAILED, "payment_declined", "You were not charged."),
        (TopUpState.FAILED, "payment_timed_out", UNCLEAR),
        (TopUpState.CANCELLED, "payment_cancelled", "You were not charged."),
        (TopUpState.CANCELLED, "payment_timed_out", UNCLEAR),
        (TopUpState.EXPIRED, "payment_timed_out", UNCLEAR),
    ],
)
def test_not_charged_is_said_only_where_it_is_certain(
    client: Client, gateway: StagedGateway, top_up: TopUpRow, state: TopUpState, reason: str, sentence: str
) -> None:
    settled(gateway, top_up, PaymentStatus.FAILED, error_reason=reason)
    put_into(top_up, state)
    words = main_text(client.get(page_address(top_up)))
    assert f"{state.value.capitalize()} {sentence}" in words
    assert ("Try again" if state is TopUpState.FAILED else "Start again") in words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("customer", "Declined. It failed on your side. Try again"),
        ("issuer_bank", "Declined. It failed at the bank. Try again"),
        ("NA", "Declined. Try again"),
    ],
)
def test_a_failure_names_one_cause_and_one_place(
    client: Client, gateway: StagedGateway, top_up: TopUpRow, source: str, words: str
) -> None:
    settled(gateway, top_up, PaymentStatus.FAILED, error_source=source)
    put_into(top_up, TopUpState.FAILED)
    assert words in main_text(client.get(page_address(top_up)))


def test_the_payment_that_may_still_come_stands_before_those_that_failed(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    settled(gateway, top_up, PaymentStatus.FAILED, method=PaymentMethod.CARD, method_detail="")
    settled(gateway, top_up, PaymentStatus.AUTHORISED)
    words = main_text(client.get(page_address(top_up)))
    assert words.index("Status Authorised") < words.index("Method Card Status Failed")


@pytest.mark.parametrize("state", [TopUpState.CANCELLED, TopUpState.EXPIRED])
def test_without_any_attempt_nobody_was_charged(client: Client, top_up: TopUpRow, state: TopUpState) -> None:
    put_into(top_up, state)
    assert "You were not charged." in main_text(client.get(page_address(top_up)))


def test_a_mismatch_is_being_checked(client: Client, top_up: TopUpRow) -> None:
    put_into(top_up, TopUpState.REVIEW)
    assert "Being checked Something does not match; the operator has been told." in main_text(
        client.get(page_address(top_up))
    )


def test_every_state_has_words(client: Client, anonymous: Client, top_up: TopUpRow) -> None:
    for state in TopUpState:
        put_into(top_up, state, paid_at=utc_now() if state is TopUpState.PAID else None)
        assert client.get(page_address(top_up)).status_code == 200
        assert anonymous.get(page_address(top_up)).status_code == 200


def test_a_visitor_sees_how_it_stands_and_nothing_else(
    anonymous: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    settled(gateway, top_up, PaymentStatus.CAPTURED)
    words = text_of(anonymous.get(page_address(top_up)))
    assert "Payment Successful" in words
    assert "Log in" in words
    shown = [secret for secret in ("ACME", "1,180", "balance", "asha@", "412345678901", "pay_") if secret in words]
    assert shown == []


def test_a_visitor_learns_nothing_of_a_payment_that_is_none(anonymous: Client) -> None:
    answer = anonymous.get(f"/billing/payments/top_{'0' * 26}/")
    assert answer.status_code == 404
    assert "No such payment" in main_text(answer)


def test_check_again_asks_the_gateway_now(client: Client, gateway: StagedGateway, top_up: TopUpRow) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    answer = client.post(f"{page_address(top_up)}check/", follow=True)
    assert "Payment Successful" in main_text(answer)


def test_cancelling_what_nobody_pays_ends_it(client: Client, top_up: TopUpRow) -> None:
    words = main_text(client.post(f"{page_address(top_up)}cancel/", follow=True))
    assert "Cancelled You were not charged." in words


def test_cancelling_what_was_paid_meanwhile_shows_success(
    client: Client, gateway: StagedGateway, top_up: TopUpRow
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert "Payment Successful" in main_text(client.post(f"{page_address(top_up)}cancel/", follow=True))


def test_trying_again_starts_one_new_top_up_of_the_same_amount(client: Client, top_up: TopUpRow) -> None:
    put_into(top_up, TopUpState.FAILED)
    first, second = (client.post(f"{page_address(top_up)}again/") for _ in range(2))
    assert first["Location"] == second["Location"]
    fresh, old = billing.top_ups(organisation_id=top_up.organisation_id).rows
    assert (fresh.amount_minor, old.id) == (top_up.amount_minor, top_up.id)
    assert first["Location"] == f"/billing/payments/{fresh.public_id}/checkout/"


def test_the_checkout_of_what_has_ended_leads_to_its_page(client: Client, top_up: TopUpRow) -> None:
    put_into(top_up, TopUpState.EXPIRED, expires_at=utc_now() - timedelta(minutes=1))
    assert client.get(f"{page_address(top_up)}checkout/")["Location"] == page_address(top_up)


@pytest.mark.parametrize("verb", ["check", "cancel", "again"])
def test_nothing_is_done_by_following_a_link(client: Client, top_up: TopUpRow, verb: str) -> None:
    assert client.get(f"{page_address(top_up)}{verb}/").status_code == 405


def test_billing_lists_the_last_payments(client: Client, gateway: StagedGateway, top_up: TopUpRow) -> None:
    settled(gateway, top_up, PaymentStatus.CAPTURED)
    assert "₹1,180.00" in main_text(client.get("/billing/"))
    assert "Payment Successful" in main_text(client.get("/billing/"))


def test_no_payment_yet_is_told(client: Client) -> None:
    assert "Add credits to start sending." in main_text(client.get("/billing/"))
