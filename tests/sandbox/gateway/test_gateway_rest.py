from typing import Any

import pytest
from httpx import Client

from . import shapes
from .merchant import KEY_ID, KEY_SECRET, Merchant
from .payer import Payer
from .set_clock import SetClock
from .shapes import assert_shape


def test_a_new_order_has_every_documented_key(merchant: Merchant) -> None:
    order = merchant.create_order(receipt="top_1", notes={"top_up": "1"})
    assert_shape(order, shapes.ORDER)
    assert (order["status"], order["amount_due"], order["attempts"]) == ("created", 118_000, 0)
    assert order["notes"] == {"top_up": "1"}
    assert merchant.order(order["id"]) == order


def test_empty_notes_are_an_empty_list(merchant: Merchant) -> None:
    assert merchant.create_order()["notes"] == []


def test_notes_can_be_changed_and_nothing_else(merchant: Merchant) -> None:
    path = f"/v1/orders/{merchant.create_order()['id']}"
    assert merchant.call("PATCH", path, json={"notes": {"a": "b"}}).json()["notes"] == {"a": "b"}
    error = merchant.refused("PATCH", path, json={"amount": 1})
    assert error["description"] == "amount is/are not required and should not be sent"


@pytest.mark.parametrize(
    ("body", "field", "description"),
    [
        ({"currency": "INR"}, "amount", "The amount field is required."),
        ({"amount": 99, "currency": "INR"}, "amount", "The amount must be at least INR 1.00"),
        ({"amount": -1, "currency": "INR"}, "amount", "The amount must be at least INR 1.00"),
        ({"amount": 100.5, "currency": "INR"}, "amount", "The amount must be an integer."),
        ({"amount": "1e3", "currency": "INR"}, "amount", "The amount must be an integer."),
        ({"amount": True, "currency": "INR"}, "amount", "The amount must be an integer."),
        ({"amount": 10**12, "currency": "INR"}, "amount", "Amount exceeds maximum amount allowed."),
        ({"amount": 100}, "currency", "The currency field is required."),
        ({"amount": 100, "currency": "USD"}, "currency", "The currency is not supported."),
        (
            {"amount": 100, "currency": "INR", "receipt": "x" * 41},
            "receipt",
            "The receipt may not be greater than 40 characters.",
        ),
        (
            {"amount": 100, "currency": "INR", "notes": {"a": "x" * 257}},
            "notes",
            "Each note must be a text of at most 256 characters.",
        ),
        (
            {"amount": 100, "currency": "INR", "notes": {str(i): "" for i in range(16)}},
            "notes",
            "The notes may not have more than 15 items.",
        ),
    ],
)
def test_a_wrong_order_is_refused_with_its_field(
    merchant: Merchant, body: dict[str, Any], field: str, description: str
) -> None:
    assert merchant.refused("POST", "/v1/orders", json=body) == {
        "code": "BAD_REQUEST_ERROR",
        "description": description,
        "source": "business",
        "step": "payment_initiation",
        "reason": "input_validation_failed",
        "metadata": {},
        "field": field,
    }


def test_an_unknown_field_is_refused(merchant: Merchant) -> None:
    error = merchant.refused("POST", "/v1/orders", json={"amount": 100, "currency": "INR", "colour": "red"})
    assert error["description"] == "colour is/are not required and should not be sent"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(merchant: Merchant, body: bytes) -> None:
    assert merchant.refused("POST", "/v1/orders", content=body)["code"] == "BAD_REQUEST_ERROR"


@pytest.mark.parametrize(
    ("path", "description"),
    [
        ("/v1/orders/order_00000000000000", "The id provided does not exist"),
        ("/v1/orders/pay_00000000000000", "pay_00000000000000 is not a valid id"),
        ("/v1/payments/pay_1", "pay_1 is not a valid id"),
        ("/v1/orders?count=101", "The count may not be greater than 100."),
        ("/v1/orders?count=x", "The count must be an integer."),
        ("/v1/orders?colour=red", "colour is/are not required and should not be sent"),
    ],
)
def test_a_wrong_read_is_refused(merchant: Merchant, path: str, description: str) -> None:
    assert merchant.refused("GET", path)["description"] == description


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/orders/a/b/c"])
def test_an_unknown_url_has_a_body_of_its_own(merchant: Merchant, path: str) -> None:
    answer = merchant.call("GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["description"] == "The requested URL was not found on the server."


@pytest.mark.parametrize(
    ("auth", "description"),
    [
        (None, "Authentication failed"),
        ((KEY_ID, "wrong"), "Authentication failed"),
        ((KEY_ID, ""), "Authentication failed"),
        (("rzp_test_other", KEY_SECRET), "The api key provided is invalid"),
        (("", ""), "Authentication failed"),
    ],
)
def test_a_wrong_key_is_refused(client: Client, auth: tuple[str, str] | None, description: str) -> None:
    answer = client.get("/v1/orders", auth=auth)
    assert (answer.status_code, answer.json()["error"]["description"]) == (401, description)


@pytest.mark.parametrize("header", ["Bearer abc", "basic cnpwOng=", "Basic !!", "Basic"])
def test_another_authorization_scheme_is_refused(client: Client, header: str) -> None:
    assert client.get("/v1/orders", headers={"authorization": header}).status_code == 401


def test_a_collection_is_newest_first_and_paged(merchant: Merchant, clock: SetClock) -> None:
    made = []
    for number in range(12):
        made.append(merchant.create_order(receipt=f"r{number}")["id"])
        clock.pass_s(1)
    first = merchant.get("/v1/orders")
    assert (first["entity"], first["count"]) == ("collection", 10)
    assert [order["id"] for order in first["items"]] == made[:1:-1]
    assert [order["id"] for order in merchant.get("/v1/orders", skip=10)["items"]] == [made[1], made[0]]
    instants = merchant.order(made[3])["created_at"], merchant.order(made[5])["created_at"]
    between = merchant.get("/v1/orders", **{"from": instants[0], "to": instants[1]})
    assert [order["id"] for order in between["items"]] == [made[5], made[4], made[3]]


def test_orders_are_found_by_receipt(merchant: Merchant) -> None:
    wanted = merchant.create_order(receipt="top_7")
    merchant.create_order(receipt="top_8")
    assert [order["id"] for order in merchant.get("/v1/orders", receipt="top_7")["items"]] == [wanted["id"]]


def test_an_order_expands_into_its_payments_and_cards(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
    plain = merchant.payments(order["id"])[0]
    assert "card" not in plain
    expanded = merchant.get(f"/v1/orders/{order['id']}", **{"expand[]": "payments.card"})
    (payment,) = expanded["payments"]["items"]
    assert payment["card"]["last4"] == "1007"
    listed = merchant.get("/v1/orders", **{"expand[]": ["payments"]})["items"][0]
    assert listed["payments"]["count"] == 1


CARD = {"card_number": "4100280000001007", "card_expiry": "12/33", "card_cvv": "123"}


def test_a_captured_card_payment_has_every_documented_key(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
    (payment,) = merchant.payments(order["id"])
    assert_shape(payment, shapes.PAYMENT)
    assert (payment["status"], payment["captured"], payment["method"]) == ("captured", True, "card")
    assert (payment["fee"], payment["tax"]) == (2784, 424)
    assert len(payment["acquirer_data"]["auth_code"]) == 6
    card = merchant.get(f"/v1/payments/{payment['id']}/card")
    assert card["id"] == payment["card_id"]
    assert (card["entity"], card["network"], card["type"], card["last4"]) == ("card", "Visa", "credit", "1007")


def test_a_failed_payment_keeps_fee_and_bank_reference_null(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#netbanking").press("Failure")
    (payment,) = merchant.payments(order["id"])
    assert_shape(payment, shapes.PAYMENT)
    assert (payment["status"], payment["fee"], payment["tax"]) == ("failed", None, None)
    assert payment["acquirer_data"] == {"bank_transaction_id": None}
    assert merchant.refused("GET", f"/v1/payments/{payment['id']}/card")["description"] == (
        "Payment was not done using card."
    )


def test_manual_capture_leaves_the_payment_authorised_until_asked(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order(payment={"capture": "manual"})
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    assert payer.heading == "Payment Successful"
    (payment,) = merchant.payments(order["id"])
    assert (payment["status"], merchant.order(order["id"])["status"]) == ("authorized", "attempted")
    assert merchant.get("/v1/orders", authorized="1")["items"][0]["id"] == order["id"]
    path = f"/v1/payments/{payment['id']}/capture"
    wrong = merchant.refused("POST", path, json={"amount": 1, "currency": "INR"})
    assert wrong["description"] == "Capture amount must be equal to the amount authorized"
    captured = merchant.call("POST", path, json={"amount": 118_000, "currency": "INR"}).json()
    assert captured["status"] == "captured"
    assert merchant.order(order["id"])["amount_paid"] == 118_000
    again = merchant.refused("POST", path, json={"amount": 118_000, "currency": "INR"})
    assert again["description"] == "This payment has already been captured"


def test_refunds_add_up_and_never_exceed_the_payment(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    path = f"/v1/payments/{merchant.payments(order['id'])[0]['id']}"
    part = merchant.call("POST", f"{path}/refund", json={"amount": 18_000}).json()
    assert (part["entity"], part["status"], part["notes"]) == ("refund", "processed", [])
    assert merchant.get(path)["refund_status"] == "partial"
    assert "greater than" in merchant.refused("POST", f"{path}/refund", json={"amount": 100_001})["description"]
    rest = merchant.call("POST", f"{path}/refund", json={}).json()
    assert rest["amount"] == 100_000
    assert (merchant.get(path)["status"], merchant.get(path)["refund_status"]) == ("refunded", "full")
    assert merchant.order(order["id"])["status"] == "paid"
    assert [refund["id"] for refund in merchant.get(f"{path}/refunds")["items"]] == [rest["id"], part["id"]]
    assert merchant.get(f"{path}/refunds/{part['id']}") == merchant.get(f"/v1/refunds/{part['id']}") == part
    assert merchant.get("/v1/refunds")["count"] == 2


def test_a_repeated_refund_key_refunds_once(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order()
    payer.start(merchant.form(order)).press("Pay", within="#wallet").press("Success")
    path = f"/v1/payments/{merchant.payments(order['id'])[0]['id']}/refund"
    headers = {"x-refund-idempotency": "refund-0000001"}
    first = merchant.call("POST", path, json={"amount": 100}, headers=headers)
    again = merchant.call("POST", path, json={"amount": 100}, headers=headers)
    other = merchant.call("POST", path, json={"amount": 200}, headers=headers)
    assert again.json() == first.json()
    assert other.status_code == 409


def test_methods_are_served_with_and_without_the_version(client: Client) -> None:
    for path in ("/v1/methods", "/methods"):
        methods = client.get(path, auth=(KEY_ID, "")).json()
        assert methods["entity"] == "methods"
        assert methods["netbanking"]["HDFC"] == "HDFC Bank"
        assert (methods["upi"], methods["card"]) == (True, True)


def test_a_huge_body_is_refused(merchant: Merchant) -> None:
    answer = merchant.call("POST", "/v1/orders", content=b'{"a": "' + b"x" * 70_000 + b'"}')
    assert answer.status_code == 413
