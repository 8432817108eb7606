"""Stripe's words in ours: states, methods, reasons, refunds and disputes."""

from collections.abc import Iterator
from typing import Any

import pytest

from khata.payments.drivers.stripe import StripeGateway
from khata.payments.port import PaymentMethod, PaymentStatus, Snapshot, Unavailable
from khata.payments.reversals import DisputeStatus, RefundStatus

from .fault_contract import NOW
from .scripted_server import ScriptedServer, replies
from .stripe_script import CHARGES, CREATED, REFUND, REFUNDS, SESSION, SESSION_REF, Json, StripeScript, page_of


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        StripeScript().stage(server, StripeScript.payment)
        yield server


@pytest.fixture
def gateway(server: ScriptedServer) -> Iterator[StripeGateway]:
    gateway = StripeScript().gateway(server.url)
    yield gateway
    gateway.close()


def read(server: ScriptedServer, gateway: StripeGateway, **changes: Any) -> Snapshot:
    server.on("GET", CHARGES, replies(200, page_of(StripeScript.payment | changes)))
    snapshot = gateway.read(SESSION_REF)
    assert isinstance(snapshot, Snapshot)
    return snapshot


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "pending", "captured": False}, PaymentStatus.CREATED),
        ({"status": "succeeded", "captured": False}, PaymentStatus.AUTHORISED),
        ({"status": "succeeded"}, PaymentStatus.CAPTURED),
        ({"status": "succeeded", "refunded": True}, PaymentStatus.REFUNDED),
        ({"status": "failed", "captured": False}, PaymentStatus.FAILED),
    ],
    ids=str,
)
def test_a_charge_is_a_payment_in_one_of_our_states(
    server: ScriptedServer, gateway: StripeGateway, changes: Json, status: PaymentStatus
) -> None:
    snapshot = read(server, gateway, **changes)
    assert [payment.status for payment in snapshot.payments] == [status]


@pytest.mark.parametrize(
    ("details", "method", "shown"),
    [
        ({"type": "card", "card": {"brand": "amex", "last4": "0005"}}, PaymentMethod.CARD, "American Express"),
        ({"type": "card", "card": {"brand": "brandnew", "last4": "1"}}, PaymentMethod.CARD, "brandnew ending 1"),
        ({"type": "upi", "upi": {"vpa": "asha@okbank"}}, PaymentMethod.UPI, "asha@okbank"),
        ({"type": "upi", "upi": None}, PaymentMethod.UPI, "upi"),
        ({"type": "pay_by_bank"}, PaymentMethod.NETBANKING, "pay by bank"),
        ({"type": "something_new"}, PaymentMethod.OTHER, "something new"),
        ({}, PaymentMethod.OTHER, ""),
    ],
    ids=str,
)
def test_a_method_is_told_as_people_know_it(
    server: ScriptedServer, gateway: StripeGateway, details: Json, method: PaymentMethod, shown: str
) -> None:
    (payment,) = read(server, gateway, payment_method_details=details).payments
    assert payment.method is method
    assert payment.method_detail.startswith(shown)


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        ("card_declined", "insufficient_funds", "insufficient_funds"),
        ("card_declined", "generic_decline", "card_declined"),
        ("card_declined", "lost_card", "card_declined"),
        ("expired_card", None, "card_expired"),
        ("incorrect_cvc", None, "incorrect_cvv"),
        ("processing_error", None, "processing_error"),
    ],
)
def test_a_failure_is_told_in_the_words_that_say_whether_money_moved(
    server: ScriptedServer, gateway: StripeGateway, code: str, reason: str | None, told: str
) -> None:
    (payment,) = read(
        server,
        gateway,
        status="failed",
        failure_code=code,
        failure_message="No.",
        outcome={"type": "issuer_declined", "reason": reason},
    ).payments
    assert (payment.error_code, payment.error_reason, payment.error_description) == (code, told, "No.")


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("succeeded", RefundStatus.PROCESSED),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.FAILED),
    ],
)
def test_a_refund_of_the_dashboard_is_read_in_each_of_its_states(
    server: ScriptedServer, gateway: StripeGateway, status: str, ours: RefundStatus
) -> None:
    destination = {"type": "card", "card": {"reference": "74291"}}
    made = REFUND | {"status": status, "destination_details": destination}
    server.on("GET", REFUNDS, replies(200, page_of(made)))
    (refund,) = read(server, gateway).refunds
    assert (refund.status, refund.receipt, refund.bank_ref) == (ours, "", "74291")


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("warning_needs_response", DisputeStatus.OPEN),
        ("warning_closed", DisputeStatus.CLOSED),
        ("needs_response", DisputeStatus.OPEN),
        ("under_review", DisputeStatus.UNDER_REVIEW),
        ("prevented", DisputeStatus.CLOSED),
        ("won", DisputeStatus.WON),
        ("lost", DisputeStatus.LOST),
    ],
)
def test_only_a_lost_dispute_is_lost(
    server: ScriptedServer, gateway: StripeGateway, status: str, ours: DisputeStatus
) -> None:
    made = {
        "id": "du_1",
        "charge": {"id": "ch_1"},
        "amount": 118_000,
        "currency": "inr",
        "status": status,
        "reason": "fraudulent",
        "evidence_details": {"due_by": CREATED},
        "created": CREATED,
    }
    server.on("GET", "/v1/disputes", replies(200, page_of(made)))
    (dispute,) = read(server, gateway).disputes
    assert (dispute.status, dispute.reason_code, dispute.respond_by) == (ours, "fraudulent", NOW)


@pytest.mark.parametrize("path", [REFUNDS, "/v1/disputes"])
def test_a_refund_or_dispute_in_a_state_nobody_knows_is_not_believed(
    server: ScriptedServer, gateway: StripeGateway, path: str
) -> None:
    server.on("GET", path, replies(200, page_of(REFUND | {"status": "brand_new"})))
    assert isinstance(gateway.read(SESSION_REF), Unavailable)


@pytest.mark.parametrize(
    ("told", "is_paid", "paid_minor"), [("paid", True, 118_000), ("unpaid", False, 0), (7, False, 0)]
)
def test_a_session_is_paid_in_full_or_not_at_all(
    server: ScriptedServer, gateway: StripeGateway, told: Any, is_paid: bool, paid_minor: int
) -> None:
    server.on("GET", StripeScript.read_paths[0], replies(200, SESSION | {"payment_status": told}))
    snapshot = read(server, gateway, status="pending")
    assert (snapshot.is_paid, snapshot.paid_minor) == (is_paid, paid_minor)


@pytest.mark.parametrize(("livemode", "mode"), [(False, "test"), (True, "live")])
def test_the_session_itself_says_whether_its_money_is_real(
    server: ScriptedServer, gateway: StripeGateway, livemode: bool, mode: str
) -> None:
    server.on("GET", StripeScript.read_paths[0], replies(200, SESSION | {"livemode": livemode}))
    assert read(server, gateway).mode == mode


@pytest.mark.parametrize(
    "change",
    [{"livemode": None}, {"amount_total": None}, {"currency": None}, {"id": "x"}, {"payment_intent": "ch_1"}],
    ids=str,
)
def test_a_session_whose_facts_are_wrong_is_not_believed(
    server: ScriptedServer, gateway: StripeGateway, change: Json
) -> None:
    server.on("GET", StripeScript.read_paths[0], replies(200, SESSION | change))
    assert isinstance(gateway.read(SESSION_REF), Unavailable)
