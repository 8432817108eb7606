"""The control page, pressed without a script, and who may use it."""

import httpx
import pytest

from .control_client import Control
from .merchant import Merchant
from .payer import Payer
from .shop import Shop
from .test_gateway_faults import pay, refund
from .test_gateway_webhooks import event_ids, kinds, shop

__all__ = ["shop"]


def form_of(payer: Payer, fault: str) -> str:
    """The selector of the page's form for one fault."""
    assert payer.page.select_one(f"form:has(input[value={fault}])") is not None
    return f"form:has(input[value={fault}])"


def test_a_fault_is_switched_on_and_off_on_the_page(merchant: Merchant, payer: Payer, control: Control) -> None:
    payer.open("/control")
    payer.press(
        "Switch on", within=form_of(payer, "webhook_delay"), percent="50", count="3", value="90", target="top_1"
    )
    assert "Delay 90 s" in payer.text
    switch = control.switch("webhook_delay")
    assert (switch["target"], switch["percent"], switch["left"], switch["value"]) == ("top_1", 50, 3, 90)
    payer.press("Switch off")
    assert control.call("GET", "/faults")["switches"] == []


def test_what_is_left_empty_means_all_and_always(payer: Payer, control: Control) -> None:
    payer.open("/control")
    payer.press("Switch on", within=form_of(payer, "webhook_drop"))
    switch = control.switch("webhook_drop")
    assert (switch["target"], switch["percent"], switch["left"]) == ("all", 100, None)
    payer.press("Switch all off")
    assert "None is on" in payer.text


def test_a_wrong_position_is_told_and_changes_nothing(payer: Payer, control: Control) -> None:
    payer.open("/control")
    payer.press("Switch on", within=form_of(payer, "webhook_drop"), percent="a lot")
    assert (payer.status, payer.heading) == (422, "Not a switch position")
    assert control.call("GET", "/faults")["switches"] == []


def test_the_clock_is_moved_on_and_sped_up_on_the_page(payer: Payer, control: Control) -> None:
    before = control.call("GET")["clock"]["now"]
    payer.open("/control").press("1 day")
    assert control.call("GET")["clock"]["now"] == before + 86_400
    payer.press("an hour a second")
    assert control.call("GET")["clock"]["speed"] == 3600
    assert "3600 times as fast" in payer.text


def test_banks_answer_by_button(merchant: Merchant, payer: Payer, control: Control) -> None:
    order_id = pay(merchant, payer)
    payer.open("/control").press("Capture again", within="#payments")
    assert len(merchant.payments(order_id)) == 2
    payer.press("Dispute", within="#payments").press("Shop loses", within="#disputes")
    assert control.items("disputes")[0]["status"] == "lost"


def test_a_refund_is_failed_and_processed_by_button(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("refund_slow", count=1)
    refund(merchant, pay(merchant, payer))
    payer.open("/control").press("Process now", within="#refunds")
    assert control.items("refunds")[0]["status"] == "processed"
    payer.press("Fail", within="#refunds")
    assert control.items("refunds")[0]["status"] == "failed"


def test_an_authorised_payment_is_captured_by_button(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.switch_on("capture_late")
    order_id = pay(merchant, payer)
    payer.open("/control").press("Capture", within="#payments")
    assert merchant.order(order_id)["status"] == "paid"


def test_what_was_captured_is_paid_out_by_button(merchant: Merchant, payer: Payer, control: Control) -> None:
    pay(merchant, payer)
    payer.open("/control").press("Settle now")
    (settlement,) = control.items("settlements")
    assert settlement["amount"] == 118_000 - settlement["fees"]
    assert control.call("POST", "/settlements")["settlement"] is None


def test_a_method_is_announced_as_down_and_up_again(payer: Payer, control: Control) -> None:
    payer.open("/control").press("upi", within="#downtimes")
    assert [(one["method"], one["status"]) for one in control.items("downtimes")] == [("upi", "started")]
    payer.press("End", within="#downtimes")
    assert control.items("downtimes")[0]["status"] == "resolved"
    control.call("POST", "/downtimes", json={"method": "netbanking", "instrument": {"bank": "HDFC"}})
    assert control.items("downtimes")[0]["instrument"] == {"bank": "HDFC"}
    control.refused("POST", "/downtimes", json={"method": "cheque"})


def test_what_is_not_possible_now_is_told(merchant: Merchant, payer: Payer, control: Control) -> None:
    pay(merchant, payer)
    payer.open("/control").press("Dispute", within="#payments").press("Dispute", within="#payments")
    assert (payer.status, payer.heading) == (409, "Not possible now")


def test_an_event_has_a_page_with_its_body_and_tries(merchant: Merchant, payer: Payer, shop: Shop) -> None:
    pay(merchant, payer)
    received = shop.receive()
    payer.open("/control").open(f"/control/events/{event_ids(received)[0]}")
    assert payer.heading == "payment.authorized"
    assert received[0].headers["x-razorpay-signature"] in payer.text
    payer.press("Send again")
    assert kinds(shop.receive()) == ["payment.authorized"]


def test_reset_forgets_everything(merchant: Merchant, payer: Payer, shop: Shop, control: Control) -> None:
    pay(merchant, payer)
    control.switch_on("webhook_drop")
    control.advance(3600)
    at = control.call("GET")["clock"]["now"]
    payer.open("/control").press("Reset everything")
    assert merchant.get("/v1/orders")["count"] == merchant.get("/v1/payments")["count"] == 0
    assert shop.receive() == []
    assert control.call("GET", "/faults")["switches"] == []
    assert control.call("GET")["clock"]["now"] < at


def test_the_control_page_takes_no_form_of_another_site(client: httpx.Client, merchant: Merchant, payer: Payer) -> None:
    order_id = pay(merchant, payer)
    payment_id = merchant.payments(order_id)[0]["id"]
    for path in ("reset", "faults/on", "faults/off", "clock", "webhooks/enable", f"payments/{payment_id}/dispute"):
        assert client.post(f"/control/{path}", data={}).status_code == 403
    assert merchant.order(order_id)["status"] == "paid"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/payments"),
        ("POST", "/faults"),
        ("DELETE", "/faults"),
        ("POST", "/clock"),
        ("POST", "/reset"),
    ],
)
def test_programs_need_the_key(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, f"/_sandbox{path}").status_code == 401
    assert client.request(method, f"/_sandbox{path}", auth=("rzp_test_merchant", "wrong")).status_code == 401


def test_what_is_not_there_is_told_to_programs_in_json(merchant: Merchant, control: Control) -> None:
    assert merchant.call("GET", "/_sandbox/nothing").json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert merchant.call("POST", "/_sandbox/payments/pay_1/succeed").status_code == 400
    assert merchant.call("POST", "/_sandbox/payments/pay_1/explode").status_code == 404
