"""A payment that went back, or is asked back: its page and Credit History say so in plain words."""

import pytest
from django.test import Client
from django.urls import reverse

from khata.billing.operations import settle_top_up, start_refund
from khata.billing.queries import TopUpRow
from khata.ledger import operations as ledger
from khata.payments.port import Payment, PaymentStatus, Unavailable
from khata.payments.reversals import DisputeStatus, RefundStatus
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text


@pytest.fixture
def payment(top_up: TopUpRow, gateway: StagedGateway) -> Payment:
    staged = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    return staged


def refund(top_up: TopUpRow, amount_minor: int | None) -> None:
    start_refund(
        top_up_id=top_up.id, amount_minor=amount_minor, idempotency_key="k", reason="Too many", started_by="khata"
    )


def page(client: Client, top_up: TopUpRow) -> str:
    return main_text(client.get(reverse("payment", args=[top_up.id])))


def history(client: Client) -> str:
    return main_text(client.get(reverse("credit_history")))


@pytest.mark.usefixtures("payment")
def test_a_part_that_went_back_is_told_with_its_credits(client: Client, top_up: TopUpRow) -> None:
    refund(top_up, 9_440)
    words = page(client, top_up)
    assert "Partly refunded ₹94.40 went back to the payer, with 400 credits." in words
    assert "400 taken Status Sent to the payer's bank. It usually arrives within 5–7 working days." in words
    assert "Reason Too many" in words
    assert "Refund · ₹94.40" in history(client)
    assert "Refunded −400" in history(client)


@pytest.mark.usefixtures("payment")
def test_a_refund_on_its_way_has_its_credits_reserved(client: Client, top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.refund_trouble = Unavailable("away")
    refund(top_up, None)
    words = page(client, top_up)
    assert "Payment Successful" in words
    assert "₹1,180.00 is on its way back to the payer; 5,000 credits are reserved for it." in words
    assert "5,000 reserved Status On its way. It usually arrives within 5–7 working days." in words


@pytest.mark.usefixtures("payment")
def test_a_refund_that_could_not_be_sent_says_that_its_credits_came_back(
    client: Client, top_up: TopUpRow, gateway: StagedGateway
) -> None:
    gateway.refund_status = RefundStatus.FAILED
    refund(top_up, None)
    assert "5,000 returned Status Could not be sent. Its credits came back." in page(client, top_up)
    assert "Refund · ₹1,180.00 · returned" in history(client)


def test_a_refund_made_at_the_gateway_is_named(
    client: Client, top_up: TopUpRow, payment: Payment, gateway: StagedGateway
) -> None:
    gateway.stage_refund(payment.payment_ref, 118_000)
    settle_top_up(top_up_id=top_up.id)
    assert "Refunded ₹1,180.00 went back to the payer, with 5,000 credits." in page(client, top_up)
    assert "Taken back −5,000" in history(client)


@pytest.mark.parametrize(
    ("status", "word", "sentence", "line"),
    [
        (
            DisputeStatus.OPEN,
            "Disputed",
            "Being decided by the payer's bank.",
            "Disputed payment · ₹1,180.00 · reserved",
        ),
        (DisputeStatus.LOST, "Reversed", "The bank took the payment back", "₹1,180.00 · taken back by the bank"),
        (DisputeStatus.WON, "Payment Successful", "Decided for you.", "Top-up · ₹1,180.00 paid"),
    ],
)
def test_a_dispute_is_told_with_what_it_means_for_the_credits(
    client: Client,
    top_up: TopUpRow,
    payment: Payment,
    gateway: StagedGateway,
    status: DisputeStatus,
    word: str,
    sentence: str,
    line: str,
) -> None:
    gateway.stage_dispute(payment.payment_ref, 118_000, status)
    settle_top_up(top_up_id=top_up.id)
    assert word in page(client, top_up)
    assert sentence in page(client, top_up)
    assert line in history(client)


@pytest.mark.usefixtures("payment")
def test_a_stopped_wallet_is_told_on_the_dashboard_and_not_that_a_top_up_is_enough(
    client: Client, top_up: TopUpRow
) -> None:
    refund(top_up, None)
    assert "Top up and it goes on at once." in main_text(client.get(reverse("dashboard")))
    ledger.freeze_wallet(top_up.organisation_id)
    words = main_text(client.get(reverse("dashboard")))
    assert "Sending is stopped for your organisation." in words
    assert "Top up and it goes on at once." not in words
    assert "Sending is stopped for your organisation." in page(client, top_up)
