"""The five methods from the merchant's form to a signed return, by plain HTML forms."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Client

from khata_sandbox.gateway.app import create_app
from khata_sandbox.gateway.settings import GatewaySettings
from khata_sandbox.gateway.signatures import payment_signature

from .in_process import InProcess
from .merchant import CALLBACK_URL, CANCEL_URL, KEY_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock

CARD = {"card_number": "4100280000001007", "card_expiry": "12/33", "card_cvv": "123"}
PHONE = "main.phone"


def start(merchant: Merchant, payer: Payer, amount_minor: int = 118_000) -> str:
    order = merchant.create_order(amount_minor)
    payer.start(merchant.form(order))
    return str(order["id"])


def assert_paid(merchant: Merchant, payer: Payer, order_id: str, method: str) -> None:
    assert payer.heading == "Payment Successful"
    action, fields = payer.return_form()
    (payment,) = merchant.payments(order_id)
    assert action == CALLBACK_URL
    assert fields == {
        "razorpay_payment_id": payment["id"],
        "razorpay_order_id": order_id,
        "razorpay_signature": payment_signature(KEY_SECRET, order_id, payment["id"]),
    }
    assert (payment["status"], payment["method"], payment["amount"]) == ("captured", method, 118_000)
    assert merchant.order(order_id)["status"] == "paid"


def test_the_page_offers_the_five_methods_in_order_with_upi_qr_open(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer)
    methods = payer.page.select("details.method")
    labels = [method.select_one(".label") for method in methods]
    assert [label.get_text() for label in labels if label] == ["UPI QR", "UPI", "Cards", "Netbanking", "Wallet"]
    assert [method["id"] for method in methods if method.has_attr("open")] == ["upi-qr"]
    assert {method["name"] for method in methods} == {"method"}


def test_a_phone_finds_the_upi_apps_open(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer)
    payer.client.headers["user-agent"] = "Mozilla/5.0 (Linux; Android 16) Mobile Safari/537.36"
    payer.open(payer.url)
    assert [method["id"] for method in payer.page.select("details.method[open]")] == ["upi"]


def test_merchant_and_amount_come_from_the_gateway_never_from_the_form(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order(notes={"Amount": "1000.00", "top_up": "1"})
    payer.start(merchant.form(order))
    assert "A name of the form's" not in payer.text
    summary = payer.page.select_one(".summary")
    assert summary is not None
    assert " ".join(summary.get_text(" ", strip=True).split()) == (
        f"T Tea & Sons Credits for SMS Services Amount ₹1,000.00 Total ₹1,180.00 Order {order['id']}"
    )


def test_paying_by_upi_qr(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    address = payer.page.select_one("#upi-address")
    assert address is not None
    assert address.get_text() == (
        f"upi://pay?pa=merchant@sandbox&pn=Tea%20%26%20Sons&mc=4814&tr={order_id.replace('_', '')}"
        "&tn=Credits%20for%20SMS%20Services&am=1180.00&cu=INR"
    )
    assert payer.page.select_one("#qr svg") is not None
    payer.follow("Open test phone").press("Approve", within=PHONE)
    assert payer.heading == "Approved"
    payer.follow("Back to the checkout")
    assert_paid(merchant, payer, order_id, "upi")


def test_check_status_before_any_payment_says_so_and_after_it_leads_on(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.follow("Check status")
    assert "No payment has arrived yet." in payer.text
    payer.follow("Open test phone").press("Approve", within=PHONE)
    payer.open(page)
    assert_paid(merchant, payer, order_id, "upi")


def test_paying_by_upi_app(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#upi", app="bhim")
    assert payer.heading == "Approve in BHIM"
    assert 'http-equiv="refresh"' in payer.response.text
    payer.follow("Open on your phone").press("Approve", within=PHONE).follow("Back to the checkout")
    assert_paid(merchant, payer, order_id, "upi")
    assert "UPI, BHIM" in payer.text


def test_paying_by_card(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", **CARD)
    assert payer.heading == "Confirm with your bank"
    payer.press("Submit OTP", otp="123456")
    assert_paid(merchant, payer, order_id, "card")
    assert "Visa ending 1007" in payer.text


def test_a_test_card_of_the_list_fills_the_form(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.open(f"{payer.path}?method=cards&card=4").press("Pay", within="#cards").press("Submit OTP", otp="4321")
    assert_paid(merchant, payer, order_id, "card")
    assert "American Express ending 1007" in payer.text


def test_paying_by_netbanking(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#netbanking", other_bank="KARB")
    assert payer.heading == "Karnataka Bank (simulated)"
    payer.press("Success")
    assert_paid(merchant, payer, order_id, "netbanking")


def test_paying_by_wallet(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#wallet", wallet="mobikwik", mobile="098765 43211")
    assert payer.heading == "Authorise MobiKwik"
    payer.press("Success")
    assert_paid(merchant, payer, order_id, "wallet")
    assert merchant.payments(order_id)[0]["contact"] == "+919876543211"


def test_the_wallet_form_knows_the_mobile_number_already(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer)
    mobile = payer.page.select_one("#mobile")
    assert mobile is not None
    assert mobile["value"] == "+919876543210"


@pytest.mark.parametrize("mobile", ["", "12345", "1234567890", "+44 7700 900123", "९८७६५४३२१०"])
def test_a_wrong_mobile_number_is_refused_in_place(merchant: Merchant, payer: Payer, mobile: str) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#wallet", mobile=mobile)
    assert (payer.status, merchant.payments(order_id)) == (422, [])
    assert "Enter the ten digits of an Indian mobile number." in payer.text


def test_card_errors_stand_beside_their_fields_and_number_and_cvv_are_not_kept(
    merchant: Merchant, payer: Payer
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#cards", card_number="4100280000001008", card_expiry="01/20", card_cvv="12")
    assert (payer.status, merchant.payments(order_id)) == (422, [])
    kept = {}
    for name in ("card_number", "card_expiry", "card_cvv"):
        field = payer.page.select_one(f"#{name}")
        problem = payer.page.select_one(f"#{name}-problem")
        assert field is not None
        assert problem is not None
        assert (field["aria-invalid"], field["aria-describedby"]) == ("true", problem["id"])
        kept[name] = field["value"]
    assert kept == {"card_number": "", "card_expiry": "01/20", "card_cvv": ""}


@pytest.mark.parametrize(
    ("method", "field", "value"),
    [("upi", "app", "other"), ("netbanking", "other_bank", "ALLA"), ("wallet", "wallet", "paypal")],
)
def test_a_choice_that_is_not_offered_is_refused(
    merchant: Merchant, payer: Payer, method: str, field: str, value: str
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within=f"#{method}", **{field: value})
    assert (payer.status, merchant.payments(order_id)) == (422, [])


def test_a_method_over_its_maximum_is_closed_with_the_reason(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer, 10_000_001)
    assert "UPI QR takes at most ₹1,00,000.00 per payment." in payer.text
    assert payer.page.select_one("#upi form") is None
    assert payer.page.select_one("#cards form") is not None


def test_a_second_click_makes_no_second_payment(merchant: Merchant, payer: Payer, client: Client) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    shown = payer.page
    payer.press("Pay", within="#netbanking")
    payer.page = shown
    payer.press("Pay", within="#netbanking")
    assert len(merchant.payments(order_id)) == 1
    assert payer.path == f"{page}/attempts/{merchant.payments(order_id)[0]['id']}"


def test_success_pressed_twice_pays_once(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#netbanking")
    shown = payer.page
    payer.press("Success")
    payer.page = shown
    payer.press("Failure")
    assert_paid(merchant, payer, order_id, "netbanking")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"amount": "1"}, "Form differs from order"),
        ({"currency": "USD"}, "Form differs from order"),
        ({"key_id": "rzp_test_other"}, "Unknown key"),
        ({"order_id": "order_00000000000000"}, "Unknown order"),
        ({"callback_url": "javascript:alert(1)"}, "No way back"),
        ({"callback_url": ""}, "No way back"),
        ({"callback_url": "http://localhost:9;script-src *"}, "No way back"),
        ({"cancel_url": "data:text/html,x"}, "No way back"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(
    merchant: Merchant, payer: Payer, changes: dict[str, str], title: str
) -> None:
    payer.start(merchant.form(merchant.create_order(), **changes))
    assert (payer.status, payer.heading) == (400, title)


def test_a_paid_order_cannot_be_paid_again(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order))
    second_tab = Payer(payer.client).start(merchant.form(order))
    payer.press("Pay", within="#wallet").press("Success")
    second_tab.press("Pay", within="#wallet")
    assert second_tab.heading == "Already paid"
    assert Payer(payer.client).start(merchant.form(order)).heading == "Already paid"
    assert len(merchant.payments(order["id"])) == 1


def test_a_form_without_its_token_is_refused(merchant: Merchant, payer: Payer, client: Client) -> None:
    order_id = start(merchant, payer)
    for path in ("upi", "cards", "netbanking", "wallet", "cancel", "more-time", "new-qr"):
        assert client.post(f"{payer.path}/{path}", data={"form_token": "0" * 64}).status_code == 403
    assert merchant.payments(order_id) == []


def test_cancelling_leads_to_the_cancel_address_without_parameters(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.follow("Cancel payment").press("Yes, cancel")
    assert payer.left_for == CANCEL_URL
    assert payer.open(page).heading == "Payment cancelled"
    assert merchant.order(order_id)["status"] == "created"


def test_cancelling_during_the_otp_fails_that_attempt(merchant: Merchant, payer: Payer) -> None:
    order_id = start(merchant, payer)
    page = payer.path
    payer.press("Pay", within="#cards", **CARD).open(page).follow("Cancel payment").press("Yes, cancel")
    assert merchant.payments(order_id)[0]["error_reason"] == "payment_cancelled"


def test_a_session_ends_after_fifteen_minutes_and_goes_back_as_a_failure(
    merchant: Merchant, payer: Payer, clock: SetClock
) -> None:
    order_id = start(merchant, payer)
    clock.pass_s(901)
    assert payer.press("Pay", within="#wallet").heading == "Session expired"
    action, fields = payer.return_form()
    assert action == CALLBACK_URL
    assert (fields["error[code]"], fields["error[reason]"]) == ("BAD_REQUEST_ERROR", "payment_session_expired")
    assert json.loads(fields["error[metadata]"]) == {"order_id": order_id}
    assert merchant.payments(order_id) == []


def test_more_time_starts_both_countdowns_afresh(merchant: Merchant, payer: Payer, clock: SetClock) -> None:
    start(merchant, payer)
    clock.pass_s(800)
    payer.open(payer.path)
    assert "This code has expired." in payer.text
    payer.press("Give me more time")
    clock.pass_s(400)
    payer.open(payer.path)
    assert payer.page.select_one("#qr svg") is not None
    assert "Session ends in 8:20" in payer.text


def test_an_expired_qr_code_is_replaced_on_request(merchant: Merchant, payer: Payer, clock: SetClock) -> None:
    start(merchant, payer)
    link = payer.page.select_one("#open-test-phone")
    assert link is not None
    clock.pass_s(481)
    assert Payer(payer.client).open(str(link["href"])).status == 410
    payer.open(payer.path).press("Show a new code").follow("Open test phone")
    assert payer.heading == "to Tea & Sons"


def test_pages_name_no_foreign_host_but_the_return_addresses(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer)
    policy = payer.response.headers["content-security-policy"]
    assert "form-action 'self' http://localhost:9;" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', payer.response.text)
    assert {url for url in loaded if "://" in url and not url.startswith("http://127.0.0.1:8001/phone/")} == set()
    assert ' style="' not in payer.response.text


def test_every_page_says_that_no_real_money_moves(merchant: Merchant, payer: Payer) -> None:
    start(merchant, payer)
    pages = [
        payer.text,
        payer.follow("Cancel payment").text,
        payer.follow("Keep paying").press("Pay", within="#cards", **CARD).text,
        payer.press("Submit OTP", otp="12").text,
        payer.follow("Other method").follow("Open test phone").text,
        payer.open("/control").text,
        payer.open("/nothing-here").text,
    ]
    assert len(set(pages)) == len(pages)
    assert all("SANDBOX: no real money moves" in page for page in pages)


def test_a_lan_address_makes_the_qr_code_reachable_by_a_real_phone(settings: GatewaySettings, tmp_path: Path) -> None:
    app = create_app(replace(settings, lan_host="192.168.1.20", data_dir=tmp_path / "lan"))
    client = Client(transport=InProcess(app), base_url="http://127.0.0.1:8001")
    payer = Payer(client)
    start(Merchant(client), payer)
    app.state.gateway.store.close()
    link = payer.page.select_one("#open-test-phone")
    assert link is not None
    assert str(link["href"]).startswith("http://192.168.1.20:8001/phone/")


def test_another_host_name_is_not_answered(client: Client) -> None:
    assert client.get("/control", headers={"host": "evil.example"}).status_code == 400
