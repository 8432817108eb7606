"""Every fault switch does what its line in `faults.py` says, to its target alone, and by its seed alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from khata_sandbox.gateway.faults import FAULTS
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.signatures import payment_signature
from khata_sandbox.gateway.switches import strike, switch_on, wanted_switch

from .control_client import Control
from .merchant import KEY_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock
from .test_gateway_checkout import start

DAY_S = 86_400


def pay(merchant: Merchant, payer: Payer) -> str:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#wallet").press("Success")
    return order_id


def statuses(merchant: Merchant, order_id: str) -> list[str]:
    """Newest first."""
    return [payment["status"] for payment in merchant.payments(order_id)]


# Payments


def test_a_late_success_fails_now_and_is_captured_when_its_time_has_come(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("pay_late", value=600)
    order_id = pay(merchant, payer)
    (payment,) = merchant.payments(order_id)
    assert (payment["status"], payment["error_reason"]) == ("failed", "payment_timed_out")
    control.advance(599)
    assert statuses(merchant, order_id) == ["failed"]
    control.advance(1)
    (payment,) = merchant.payments(order_id)
    assert (payment["status"], payment["error_reason"]) == ("captured", None)
    assert merchant.order(order_id)["status"] == "paid"


def test_a_late_success_reaches_every_method(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("pay_late")
    card = {"card_number": "6527658900001005", "card_expiry": "12/33", "card_cvv": "123"}
    by_card = start(merchant, payer)
    payer.press("Pay", within="#cards", **card).press("Submit OTP", otp="1234")
    by_phone = start(merchant, payer)
    payer.follow("Open test phone").press("Approve", pin="1234")
    assert statuses(merchant, by_card) == statuses(merchant, by_phone) == ["failed"]


def test_a_late_capture_leaves_the_payment_authorised_until_then(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("capture_late", value=3600)
    order_id = pay(merchant, payer)
    assert statuses(merchant, order_id) == ["authorized"]
    assert merchant.order(order_id)["status"] == "attempted"
    control.advance(3600)
    assert statuses(merchant, order_id) == ["captured"]
    assert merchant.order(order_id)["status"] == "paid"


def test_a_late_capture_gives_way_to_a_capture_by_the_merchant(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("capture_late", value=3600)
    order_id = pay(merchant, payer)
    (payment,) = merchant.payments(order_id)
    merchant.call("POST", f"/v1/payments/{payment['id']}/capture", json={"amount": payment["amount"]})
    control.advance(3600)
    assert [event["event"] for event in control.items("events")].count("payment.captured") == 1


def test_a_double_capture_takes_the_money_of_one_order_twice(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("pay_twice", count=1)
    order_id = pay(merchant, payer)
    assert payer.heading == "Payment Successful"
    twin, payment = merchant.payments(order_id)
    assert (twin["status"], twin["amount"]) == (payment["status"], payment["amount"]) == ("captured", 118_000)
    assert twin["id"] != payment["id"]
    order = merchant.order(order_id)
    assert (order["status"], order["amount_paid"], order["attempts"]) == ("paid", 118_000, 2)
    assert statuses(merchant, pay(merchant, payer)) == ["captured"]


def test_a_captured_payment_can_be_captured_again_by_hand(merchant: Merchant, payer: Payer, control: Control) -> None:
    order_id = pay(merchant, payer)
    control.act("payments", merchant.payments(order_id)[0]["id"], "capture_again")
    assert statuses(merchant, order_id) == ["captured", "captured"]


def test_both_payments_of_a_double_capture_can_be_refunded(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("pay_twice")
    order_id = pay(merchant, payer)
    for payment in merchant.payments(order_id):
        assert merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={}).status_code == 200
    assert statuses(merchant, order_id) == ["refunded", "refunded"]


def test_a_wrong_amount_is_smaller_by_what_the_switch_says(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("pay_short", value=1_000)
    order_id = pay(merchant, payer)
    (payment,) = merchant.payments(order_id)
    assert (payment["status"], payment["amount"]) == ("captured", 117_000)
    assert merchant.order(order_id)["amount_paid"] == 117_000


# Money back


def refund(merchant: Merchant, order_id: str) -> Any:
    (payment,) = merchant.payments(order_id)
    answer = merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={"amount": 1_000, "receipt": "rfnd_1"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_slow_refund_is_pending_until_its_time_has_come(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("refund_slow", value=5 * DAY_S)
    made = refund(merchant, pay(merchant, payer))
    assert made["status"] == "pending"
    control.advance(5 * DAY_S)
    assert merchant.get(f"/v1/refunds/{made['id']}")["status"] == "processed"


def test_a_failing_refund_gives_the_money_back_to_its_payment(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("refund_fails", value=60, target="rfnd_1")
    order_id = pay(merchant, payer)
    made = refund(merchant, order_id)
    assert made["status"] == "pending"
    control.advance(60)
    assert merchant.get(f"/v1/refunds/{made['id']}")["status"] == "failed"
    assert merchant.payments(order_id)[0]["amount_refunded"] == 0
    assert control.items("events")[0]["event"] == "refund.failed"


@pytest.mark.parametrize(
    ("fault", "verdict", "deducted"), [("dispute_won", "won", 0), ("dispute_lost", "lost", 118_000)]
)
def test_a_dispute_opens_by_itself_and_is_decided(
    merchant: Merchant, payer: Payer, control: Control, fault: str, verdict: str, deducted: int
) -> None:
    control.switch_on(fault, value=3600, count=1)
    pay(merchant, payer)
    control.advance(1)
    (dispute,) = control.items("disputes")
    assert dispute["status"] == "open"
    control.advance(3600)
    (dispute,) = control.items("disputes")
    assert (dispute["status"], dispute["amount_deducted"]) == (verdict, deducted)
    control.advance(3600)
    assert len(control.items("disputes")) == 1


def test_a_dispute_over_money_that_has_gone_back_is_closed(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("dispute_lost", value=3600)
    (payment,) = merchant.payments(pay(merchant, payer))
    assert merchant.call("POST", f"/v1/payments/{payment['id']}/refund", json={}).status_code == 200
    control.advance(1)
    control.advance(3600)
    (dispute,) = control.items("disputes")
    assert (dispute["status"], dispute["amount_deducted"]) == ("closed", 0)


def test_a_lost_dispute_takes_no_more_than_was_not_refunded_and_leaves_nothing_to_refund(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    order_id = pay(merchant, payer)
    refund(merchant, order_id)
    (payment,) = merchant.payments(order_id)
    control.act("payments", payment["id"], "dispute")
    control.act("disputes", control.items("disputes")[0]["id"], "lose")
    assert control.items("disputes")[0]["amount_deducted"] == 118_000 - 1_000
    merchant.refused("POST", f"/v1/payments/{payment['id']}/refund", json={"amount": 1})


# The way back


def test_a_payer_can_get_lost_on_the_way_back(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("return_lost")
    order_id = pay(merchant, payer)
    assert payer.heading == "Payment Successful"
    assert payer.page.select_one("#return-form") is None
    assert merchant.order(order_id)["status"] == "paid"


def test_a_forged_return_carries_a_signature_that_does_not_fit(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    control.switch_on("return_forged", count=1)
    order_id = pay(merchant, payer)
    expected = payment_signature(KEY_SECRET, order_id, merchant.payments(order_id)[0]["id"])
    assert payer.return_form()[1]["razorpay_signature"] != expected
    payer.open(payer.url)
    assert payer.return_form()[1]["razorpay_signature"] == expected


# The API


@pytest.mark.parametrize(("fault", "status"), [("api_429", 429), ("api_500", 500), ("api_html", 502)])
def test_a_refused_call_does_nothing(merchant: Merchant, control: Control, fault: str, status: int) -> None:
    control.switch_on(fault, count=1)
    body = {"amount": 118_000, "currency": "INR"}
    answer = merchant.call("POST", "/v1/orders", json=body)
    assert answer.status_code == status
    assert merchant.get("/v1/orders")["count"] == 0
    is_json = answer.headers["content-type"] == "application/json"
    assert is_json is (fault != "api_html")
    assert merchant.call("POST", "/v1/orders", json=body).status_code == 200


def test_a_switch_can_name_a_call(merchant: Merchant, control: Control) -> None:
    control.switch_on("api_500", target="POST /v1/orders")
    assert merchant.get("/v1/orders")["count"] == 0
    body = {"amount": 118_000, "currency": "INR"}
    assert merchant.call("POST", "/v1/orders", json=body).status_code == 500


def test_a_switch_can_name_a_call_whatever_id_it_is_for(merchant: Merchant, control: Control) -> None:
    order = merchant.create_order()
    control.switch_on("api_429", target="GET /v1/orders/*")
    assert merchant.call("GET", f"/v1/orders/{order['id']}").status_code == 429
    assert merchant.call("GET", f"/v1/orders/{order['id']}/payments").status_code == 200


def test_a_switch_can_name_the_receipt_of_an_order_that_is_not_there_yet(merchant: Merchant, control: Control) -> None:
    control.switch_on("api_500", target="top_1")
    body = {"amount": 118_000, "currency": "INR", "receipt": "top_1"}
    assert merchant.call("POST", "/v1/orders", json=body).status_code == 500
    assert merchant.call("GET", "/v1/orders", params={"receipt": "top_1"}).status_code == 500
    assert merchant.call("POST", "/v1/orders", json=body | {"receipt": "top_2"}).status_code == 200


def test_a_wrong_key_is_told_before_any_fault(merchant: Merchant, control: Control) -> None:
    control.switch_on("api_500")
    assert merchant.client.get("/v1/orders", auth=("rzp_test_other", "x")).status_code == 401


# Chance


def struck(gateway: Gateway, percent: int, draws: int = 200) -> list[bool]:
    switch_on(gateway.store, wanted_switch({"fault": "api_500", "percent": percent}))
    return [strike(gateway, "api_500") is not None for _ in range(draws)]


def test_the_same_seed_strikes_the_same_draws_and_another_seed_others(gateway: Gateway) -> None:
    seven = replace(gateway, settings=replace(gateway.settings, seed=7))
    first, again = struck(seven, 50), struck(seven, 50)
    other = struck(replace(gateway, settings=replace(gateway.settings, seed=8)), 50)
    assert first == again
    assert first != other


def test_a_chance_is_met_about_as_often_as_it_says(gateway: Gateway) -> None:
    seeded = replace(gateway, settings=replace(gateway.settings, seed=7))
    assert 30 < sum(struck(seeded, 25)) < 70
    assert all(struck(seeded, 100))


def test_a_switch_strikes_no_more_than_it_may(merchant: Merchant, control: Control) -> None:
    control.switch_on("api_500", count=2)
    answers = [merchant.call("GET", "/v1/orders").status_code for _ in range(4)]
    assert answers == [500, 500, 200, 200]
    switch = control.switch("api_500")
    assert (switch["left"], switch["strikes"], switch["draws"]) == (0, 2, 2)


def test_a_switch_for_a_named_target_goes_before_one_for_all(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    order = merchant.create_order()
    control.switch_on("pay_short", value=100)
    control.switch_on("pay_short", value=200, target=order["id"])
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    assert merchant.payments(order["id"])[0]["amount"] == 118_000 - 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"fault": "api_501"},
        {"fault": "api_500", "percent": 0},
        {"fault": "api_500", "percent": 101},
        {"fault": "api_500", "percent": "50"},
        {"fault": "api_500", "count": 0},
        {"fault": "api_500", "value": 1},
        {"fault": "webhook_delay", "value": -1},
        {"fault": "api_slow", "value": 121},
        {"fault": "api_500", "target": ""},
        {"fault": "api_500", "target": 1},
        {"fault": "api_500", "on": True},
        {},
    ],
)
def test_a_switch_takes_only_positions_it_has(control: Control, wanted: dict[str, Any]) -> None:
    control.refused("POST", "/faults", json=wanted)
    assert control.call("GET", "/faults")["switches"] == []


def test_a_switch_is_off_again_where_it_was_switched_off(merchant: Merchant, control: Control) -> None:
    control.switch_on("api_500")
    control.switch_on("api_429", target="top_1")
    control.call("DELETE", "/faults", params={"fault": "api_500"})
    assert merchant.get("/v1/orders")["count"] == 0
    control.call("DELETE", "/faults")
    assert control.call("GET", "/faults")["switches"] == []


def test_every_fault_is_listed_with_its_measure(control: Control) -> None:
    listed = control.call("GET", "/faults")["faults"]
    assert [fault["name"] for fault in listed] == [fault.name for fault in FAULTS]
    assert all(fault["maximum"] > 0 for fault in listed if fault["unit"])


def test_the_documentation_names_every_fault() -> None:
    page = (Path(__file__).parents[3] / "docs/sandbox/gateway.md").read_text()
    assert [fault.name for fault in FAULTS if f"`{fault.name}`" not in page] == []


def test_with_nothing_switched_on_nothing_is_drawn(
    gateway: Gateway, merchant: Merchant, payer: Payer, clock: SetClock
) -> None:
    order_id = pay(merchant, payer)
    assert statuses(merchant, order_id) == ["captured"]
    payment = gateway.store.first(Payment, "true")
    assert payment is not None
    assert all(strike(gateway, fault.name, payment.id) is None for fault in FAULTS)
