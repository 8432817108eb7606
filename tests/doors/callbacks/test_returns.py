"""Browsers that come back from the gateway: a cross-site POST without cookies, believed in nothing."""

import pytest
from django.test import Client

from khata.billing import queries
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.ids import new_uuid, public_id
from khata.ledger import queries as ledger
from tests.doors.callbacks.far_end import PaymentWorld, cancel_path, return_path

FORM = "application/x-www-form-urlencoded"
CROSS_SITE = {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "cross-site"}


def available(top_up: TopUpRow) -> int:
    return ledger.balance(organisation_id=top_up.organisation_id).available


def state(top_up: TopUpRow) -> TopUpState:
    return queries.top_up_for_anyone(top_up_id=top_up.id).state


def come_back(stranger: Client, top_up: TopUpRow, fields: dict[str, str] | None = None) -> None:
    """Every return is answered alike: on to the payment page, and not a cookie set."""
    answer = stranger.post(return_path(top_up), fields or {}, headers=CROSS_SITE)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/billing/payments/{top_up.public_id}/"
    assert answer.cookies == {}


def test_a_payer_who_has_paid_finds_the_credits_already_there(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    fields = payments.sandbox.pay(payments.checkout(top_up))
    assert available(top_up) == 0
    come_back(stranger, top_up, fields)
    assert (state(top_up), available(top_up)) == (TopUpState.PAID, 5_000_000_000)


def test_coming_back_again_changes_nothing(stranger: Client, payments: PaymentWorld, top_up: TopUpRow) -> None:
    fields = payments.sandbox.pay(payments.checkout(top_up))
    for _ in range(3):
        come_back(stranger, top_up, fields)
    assert available(top_up) == 5_000_000_000


@pytest.mark.parametrize(
    "fields",
    [
        {"razorpay_payment_id": "pay_Abcdefghij0001", "razorpay_order_id": "order_x", "razorpay_signature": "0" * 64},
        {"razorpay_payment_id": "", "razorpay_signature": ""},
        {"razorpay_payment_id": "\0\ud7ff", "razorpay_signature": "ü"},
        {"status": "paid", "amount": "118000", "credits": "999999"},
        {},
    ],
    ids=["forged", "empty", "not text", "other fields", "nothing"],
)
def test_a_return_without_a_payment_brings_nothing(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow, fields: dict[str, str]
) -> None:
    payments.checkout(top_up)
    come_back(stranger, top_up, fields)
    assert (state(top_up), available(top_up)) == (TopUpState.PENDING, 0)


def test_another_payments_genuine_return_brings_nothing(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    from khata.billing.operations import start_top_up

    cheap = start_top_up(organisation_id=top_up.organisation_id, amount_minor=10_000, idempotency_key=str(new_uuid()))
    fields = payments.sandbox.pay(payments.checkout(cheap))
    come_back(stranger, top_up, fields)
    assert available(top_up) == 0


def test_a_failed_payment_is_known_on_return(stranger: Client, payments: PaymentWorld, top_up: TopUpRow) -> None:
    payments.sandbox.decline(payments.checkout(top_up))
    come_back(stranger, top_up, {"error[code]": "BAD_REQUEST_ERROR", "error[reason]": "payment_failed"})
    assert (state(top_up), available(top_up)) == (TopUpState.FAILED, 0)


def test_a_return_claiming_failure_does_not_undo_a_payment(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    payments.sandbox.pay(payments.checkout(top_up))
    come_back(stranger, top_up, {"error[code]": "BAD_REQUEST_ERROR"})
    assert state(top_up) is TopUpState.PAID


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"%ff%fe=%00&" * 2000),
        (FORM, b"x" * 2_000_000),
        (f"{FORM}; charset=utf-16", b"a=b"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data", b""),
        ("application/json", b"{"),
    ],
)
def test_a_form_that_cannot_be_read_still_leads_to_the_payment_page(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow, content_type: str, body: bytes
) -> None:
    payments.sandbox.pay(payments.checkout(top_up))
    answer = stranger.post(return_path(top_up), data=body, content_type=content_type)
    assert answer.status_code == 303
    assert state(top_up) is TopUpState.PAID


def test_a_return_by_get_settles_too(stranger: Client, payments: PaymentWorld, top_up: TopUpRow) -> None:
    payments.sandbox.pay(payments.checkout(top_up))
    assert stranger.get(return_path(top_up)).status_code == 303
    assert state(top_up) is TopUpState.PAID


@pytest.mark.parametrize("top_up_id", [public_id("top", new_uuid()), "top_1", "org_0000000000001", "x"])
@pytest.mark.parametrize("verb", ["return", "cancel"])
def test_a_top_up_nobody_made_is_not_found(stranger: Client, payments: PaymentWorld, verb: str, top_up_id: str) -> None:
    assert stranger.get(f"/callbacks/razorpay/{verb}/{top_up_id}/").status_code == 404


def test_cancelling_at_the_gateway_cancels_the_top_up(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    payments.checkout(top_up)
    answer = stranger.get(cancel_path(top_up), headers=CROSS_SITE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/billing/payments/{top_up.public_id}/")
    assert answer.cookies == {}
    assert state(top_up) is TopUpState.CANCELLED


def test_cancelling_while_the_bank_is_still_thinking_keeps_the_top_up_pending(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    payments.sandbox.leave_pending(payments.checkout(top_up))
    stranger.get(cancel_path(top_up))
    assert state(top_up) is TopUpState.PENDING


def test_cancelling_after_paying_credits(stranger: Client, payments: PaymentWorld, top_up: TopUpRow) -> None:
    payments.sandbox.pay(payments.checkout(top_up))
    stranger.get(cancel_path(top_up))
    assert (state(top_up), available(top_up)) == (TopUpState.PAID, 5_000_000_000)


def test_cancelling_is_no_post(stranger: Client, payments: PaymentWorld, top_up: TopUpRow) -> None:
    assert stranger.post(cancel_path(top_up)).status_code in (403, 405)
    assert state(top_up) is TopUpState.CREATED


def test_a_gateway_in_trouble_does_not_keep_the_payer_from_the_page(
    stranger: Client, payments: PaymentWorld, top_up: TopUpRow
) -> None:
    from khata.payments import registry

    registry._gateways.clear()
    come_back(stranger, top_up)
    assert state(top_up) is TopUpState.CREATED
