"""Everything but a plain success: declines, pending, late success, too many attempts."""

import json

import pytest

from khata_sandbox.gateway.cards import PUBLISHED_CARDS, PublishedCard
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.payments import settle_due

from .merchant import CALLBACK_URL, Merchant
from .payer import Payer
from .set_clock import SetClock
from .test_gateway_checkout import CARD, PHONE, start

CHALLENGED = "authentication_failed"
FAILING_CARDS = [card for card in PUBLISHED_CARDS if card.outcome not in ("success", CHALLENGED)]
CHALLENGED_CARDS = [card for card in PUBLISHED_CARDS if card.outcome == CHALLENGED]


@pytest.mark.parametrize("card", FAILING_CARDS, ids=lambda card: card.number)
@pytest.mark.parametrize("otp", ["123456", "12"])
def test_a_failing_card_has_its_own_reason_whatever_is_typed(
    merchant: Merchant, payer: Payer, card: PublishedCard, otp: str
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD | {"card_number": card.number}).press("Submit OTP", otp=otp)
    assert payer.heading == "Payment failed"
    (payment,) = merchant.payments(order_id)
    assert (payment["status"], payment["error_reason"]) == ("failed", card.outcome)
    is_gateway = card.outcome == "gateway_technical_error"
    assert payment["error_code"] == ("GATEWAY_ERROR" if is_gateway else "BAD_REQUEST_ERROR")
    assert merchant.order(order_id)["status"] == "attempted"


@pytest.mark.parametrize("card", CHALLENGED_CARDS, ids=lambda card: card.number)
def test_a_challenged_card_fails_by_the_button_of_its_mock_page(
    merchant: Merchant, payer: Payer, card: PublishedCard
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD | {"card_number": card.number}).press("Failure")
    assert merchant.payments(order_id)[0]["error_reason"] == CHALLENGED


@pytest.mark.parametrize(("otp", "heading"), [("1234", "Payment Successful"), ("1234567890", "Payment Successful")])
def test_four_to_ten_digits_succeed(merchant: Merchant, payer: Payer, otp: str, heading: str) -> None:
    start(merchant, payer)
    assert payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp=otp).heading == heading


def test_fewer_than_four_digits_fail(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp="123")
    assert merchant.payments(order_id)[0]["error_reason"] == "incorrect_otp"
    assert "You were not charged." in payer.text


@pytest.mark.parametrize("otp", ["", "12a4", "12345678901"])
def test_what_is_no_otp_at_all_is_asked_for_again(merchant: Merchant, payer: Payer, otp: str) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp=otp)
    assert payer.status == 422
    assert merchant.payments(order_id)[0]["status"] == "created"


def test_an_otp_is_valid_for_three_minutes_and_resent_at_most_three_times(
    merchant: Merchant, payer: Payer, clock: SetClock
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD)
    assert payer.press("Resend OTP (3 left)").status == 422
    for left in (3, 2, 1):
        clock.pass_s(31)
        assert payer.press(f"Resend OTP ({left} left)").status == 200
    clock.pass_s(31)
    assert payer.press("Resend OTP (0 left)").status == 422
    clock.pass_s(181)
    payer.press("Submit OTP", otp="123456")
    assert merchant.payments(order_id)[0]["error_reason"] == "otp_expired"


def test_cancel_on_the_otp_page_fails_the_attempt_and_offers_another(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD).press("Cancel")
    assert payer.heading == "Payment failed"
    (payment,) = merchant.payments(order_id)
    assert (payment["error_code"], payment["error_source"], payment["error_step"], payment["error_reason"]) == (
        "BAD_REQUEST_ERROR",
        "customer",
        "payment_authentication",
        "payment_cancelled",
    )
    payer.follow("Other method").press("Pay", within="#wallet").press("Success")
    assert merchant.order(order_id)["attempts"] == 2
    assert merchant.order(order_id)["status"] == "paid"


@pytest.mark.parametrize(
    ("button", "pin", "reason"),
    [
        ("Decline", "1234", "payment_declined"),
        ("Approve", "0000", "payment_declined"),
        ("App not installed", "1234", "psp_app_not_available"),
    ],
)
def test_a_upi_app_declines(merchant: Merchant, payer: Payer, button: str, pin: str, reason: str) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#upi").follow("Open on your phone").press(button, within=PHONE, pin=pin)
    assert payer.heading == "Not paid"
    assert merchant.payments(order_id)[0]["error_reason"] == reason
    assert payer.follow("Back to the checkout").heading == "Payment failed"


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12ab"])
def test_what_is_no_pin_is_asked_for_again(merchant: Merchant, payer: Payer, pin: str) -> None:
    order_id = start(merchant, payer)
    payer.follow("Open test phone").press("Approve", within=PHONE, pin=pin)
    assert (payer.status, merchant.payments(order_id)) == (422, [])


def test_a_declined_qr_code_gives_way_to_a_new_one(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.follow("Open test phone").press("Decline", within=PHONE)
    declined = payer.path
    payer.open(page).follow("Open test phone")
    assert payer.path != declined
    payer.press("Approve", within=PHONE)
    assert [payment["status"] for payment in merchant.payments(order_id)] == ["captured", "failed"]


def test_a_pending_payment_succeeds_when_the_bank_confirms(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#netbanking").press("Stay pending")
    assert payer.heading == "Waiting for your bank"
    waiting = payer.path
    (payment,) = merchant.payments(order_id)
    assert payment["status"] == "created"
    payer.open("/control").press("Succeed now")
    assert payer.open(waiting).heading == "Payment Successful"
    assert merchant.order(order_id)["status"] == "paid"


def test_a_bank_that_never_answers_fails_after_ten_minutes_and_may_still_confirm(
    merchant: Merchant, payer: Payer, gateway: Gateway, clock: SetClock
) -> None:
    order_id = start(merchant, payer)
    payer.follow("Open test phone").press("Keep pending", within=PHONE)
    assert payer.heading == "Pending"
    clock.pass_s(599)
    settle_due(gateway)
    assert merchant.payments(order_id)[0]["status"] == "created"
    clock.pass_s(1)
    settle_due(gateway)
    assert merchant.payments(order_id)[0]["error_reason"] == "payment_timed_out"
    assert "or the money goes back" in payer.follow("Back to the checkout").text
    payer.open("/control").press("Succeed late")
    (payment,) = merchant.payments(order_id)
    assert (payment["status"], payment["error_reason"]) == ("captured", None)


def test_pay_late_succeeds_after_the_session_has_expired(
    merchant: Merchant, payer: Payer, gateway: Gateway, clock: SetClock
) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.follow("Open test phone").press("Pay late", within=PHONE)
    clock.pass_s(902)
    settle_due(gateway)
    assert merchant.payments(order_id)[0]["status"] == "failed"
    assert payer.open(page).heading == "Session expired"
    clock.pass_s(5)
    settle_due(gateway)
    assert merchant.payments(order_id)[0]["status"] == "captured"
    assert payer.open(page).heading == "Payment Successful"


def test_a_late_success_on_a_paid_order_stays_uncaptured(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.press("Pay", within="#netbanking").press("Stay pending").open(page)
    payer.press("Pay", within="#wallet").press("Success").open("/control").press("Succeed now")
    assert [payment["status"] for payment in merchant.payments(order_id)] == ["captured", "authorized"]
    assert merchant.order(order_id)["amount_paid"] == 118_000


def test_after_five_failed_attempts_the_failure_goes_back_to_the_merchant(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    for left in (4, 3, 2, 1):
        payer.open(page).press("Pay", within="#netbanking").press("Failure")
        assert f"{left} attempt" in payer.text
    payer.open(page).press("Pay", within="#netbanking").press("Failure")
    action, fields = payer.return_form()
    newest = merchant.payments(order_id)[0]
    assert action == CALLBACK_URL
    assert json.loads(fields.pop("error[metadata]")) == {"order_id": order_id, "payment_id": newest["id"]}
    assert fields == {
        "error[code]": newest["error_code"],
        "error[description]": newest["error_description"],
        "error[source]": newest["error_source"],
        "error[step]": newest["error_step"],
        "error[reason]": "payment_failed",
    }
    assert payer.open(page).heading == "Too many attempts"
