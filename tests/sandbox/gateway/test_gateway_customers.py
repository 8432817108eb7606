from typing import Any

import pytest
from httpx import Client

from .control_client import Control
from .merchant import Merchant
from .payer import Payer
from .set_clock import SetClock

CARD = {"card_number": "4100280000001007", "card_expiry": "12/33", "card_cvv": "123"}
DAY_S = 86_400
ASHA = {"name": "Asha Rao", "email": "asha@example.com", "contact": "+919876543210"}


def create_customer(merchant: Merchant, **changes: Any) -> Any:
    answer = merchant.call("POST", "/v1/customers", json={**ASHA, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def pay_by_card(merchant: Merchant, payer: Payer, order: Any, **form: str) -> Any:
    payer.start(merchant.form(order, **form)).press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
    return merchant.payments(order["id"])[0]


def tokens_of(merchant: Merchant, customer: Any) -> list[Any]:
    items: list[Any] = merchant.get(f"/v1/customers/{customer['id']}/tokens")["items"]
    return items


def give_mandate(merchant: Merchant, payer: Payer, customer: Any, **terms: Any) -> Any:
    order = merchant.create_order(100, customer_id=customer["id"], token={"max_amount": 500_000, **terms})
    pay_by_card(merchant, payer, order)
    return tokens_of(merchant, customer)[0]


def charge(merchant: Merchant, customer: Any, token: Any, order: Any, **changes: Any) -> Any:
    body = {
        "email": "asha@example.com",
        "contact": "+919876543210",
        "amount": order["amount"],
        "currency": "INR",
        "order_id": order["id"],
        "customer_id": customer["id"],
        "token": token["id"],
        "recurring": True,
        **changes,
    }
    return merchant.call("POST", "/v1/payments/create/recurring", json=body)


def test_the_same_customer_is_refused_or_returned_as_asked(merchant: Merchant) -> None:
    customer = create_customer(merchant)
    for asked in ({}, {"fail_existing": "1"}):
        error = merchant.refused("POST", "/v1/customers", json={**ASHA, **asked})
        assert error["description"] == "Customer already exists for the merchant"
    assert create_customer(merchant, fail_existing="0", name="Another")["id"] == customer["id"]
    assert create_customer(merchant, contact="+919876543211")["id"] != customer["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "asha"}, "email"),
        ({"contact": "12"}, "contact"),
        ({"name": "x" * 51}, "name"),
        ({"name": 5}, "name"),
        ({"fail_existing": "maybe"}, "fail_existing"),
        ({"gstin": "x" * 16}, "gstin"),
    ],
)
def test_a_wrong_customer_is_refused_with_its_field(merchant: Merchant, body: dict[str, Any], field: str) -> None:
    assert merchant.refused("POST", "/v1/customers", json={**ASHA, **body})["field"] == field


def test_a_customer_cannot_become_another(merchant: Merchant) -> None:
    create_customer(merchant)
    other = create_customer(merchant, email="bilal@example.com")
    path = f"/v1/customers/{other['id']}"
    assert merchant.refused("PUT", path, json={"email": "asha@example.com"})
    edited = merchant.call("PUT", path, json={"contact": "+919876500000"}).json()
    assert (edited["contact"], edited["email"]) == ("+919876500000", "bilal@example.com")


def test_a_card_is_kept_only_when_the_customer_wants_it(merchant: Merchant, payer: Payer) -> None:
    customer = create_customer(merchant)
    unkept = pay_by_card(merchant, payer, merchant.create_order(), customer_id=customer["id"])
    assert (unkept["token_id"], tokens_of(merchant, customer)) == (None, [])
    assert pay_by_card(merchant, payer, merchant.create_order(), save="1")["token_id"] is None
    kept = pay_by_card(merchant, payer, merchant.create_order(), customer_id=customer["id"], save="1")
    (token,) = tokens_of(merchant, customer)
    assert (token["id"], token["recurring"], token["card"]["last4"]) == (kept["token_id"], False, "1007")
    expanded = merchant.get(f"/v1/payments/{kept['id']}", **{"expand[]": "token"})
    assert expanded["token"] == token


def test_a_failed_payment_leaves_no_token(merchant: Merchant, payer: Payer) -> None:
    customer = create_customer(merchant)
    order = merchant.create_order(customer_id=customer["id"], token={"max_amount": 500_000})
    payer.start(merchant.form(order)).press("Pay", within="#netbanking").press("Failure")
    assert tokens_of(merchant, customer) == []


def test_a_form_with_an_unknown_customer_is_refused(merchant: Merchant, payer: Payer) -> None:
    payer.start(merchant.form(merchant.create_order(), customer_id="cust_00000000000000"))
    assert (payer.status, payer.heading) == (400, "Unknown customer")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"token": {"max_amount": 500_000}}, "customer_id"),
        ({"token": {"max_amount": 99}}, "max_amount"),
        ({"token": {"frequency": "hourly"}}, "frequency"),
        ({"token": {"expire_at": -1}}, "expire_at"),
        ({"method": "barter"}, "method"),
    ],
)
def test_wrong_terms_of_a_mandate_are_refused(merchant: Merchant, body: dict[str, Any], field: str) -> None:
    customer = {} if field == "customer_id" else {"customer_id": create_customer(merchant)["id"]}
    given = {"amount": 100, "currency": "INR", **customer, **body}
    assert merchant.refused("POST", "/v1/orders", json=given)["field"] == field


def test_a_mandate_by_upi_shows_its_address(merchant: Merchant, payer: Payer) -> None:
    customer = create_customer(merchant)
    terms = {"max_amount": 500_000, "frequency": "monthly"}
    order = merchant.create_order(100, customer_id=customer["id"], method="upi", token=terms)
    payer.start(merchant.form(order, recurring="1"))
    assert payer.page.select_one("#cards") is None
    payer.press("Pay", within="#upi", app="phonepe")
    payer.follow("Open on your phone").press("Approve")
    (token,) = tokens_of(merchant, customer)
    assert (token["method"], token["vpa"]["handle"], token["max_amount"]) == ("upi", "sandbox", 500_000)


def test_a_method_the_order_does_not_ask_for_cannot_be_forced(merchant: Merchant, payer: Payer, client: Client) -> None:
    payer.start(merchant.form(merchant.create_order(method="upi")))
    form_token = payer.page.find("input", {"name": "form_token"})
    assert form_token is not None
    answer = client.post(f"{payer.path}/cards", data={"form_token": str(form_token["value"]), **CARD})
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "hours"), [("cards", 36), ("upi", 25)])
def test_a_charge_is_debited_after_the_notice(
    merchant: Merchant, payer: Payer, control: Control, method: str, hours: int
) -> None:
    customer = create_customer(merchant)
    order = merchant.create_order(100, customer_id=customer["id"], token={"max_amount": 500_000})
    if method == "cards":
        pay_by_card(merchant, payer, order)
    else:
        payer.start(merchant.form(order)).press("Pay", within="#upi", app="bhim")
        payer.follow("Open on your phone").press("Approve")
    (token,) = tokens_of(merchant, customer)
    debit = merchant.create_order(200_000)
    payment_id = charge(merchant, customer, token, debit).json()["razorpay_payment_id"]
    control.advance(hours * 3600 - 60)
    assert merchant.get(f"/v1/payments/{payment_id}")["status"] == "created"
    control.advance(120)
    payment = merchant.get(f"/v1/payments/{payment_id}")
    assert (payment["status"], payment["token_id"]) == ("captured", token["id"])
    assert merchant.order(debit["id"])["status"] == "paid"


def test_a_charge_waits_for_the_instant_it_was_announced_for(
    merchant: Merchant, payer: Payer, control: Control, clock: SetClock
) -> None:
    customer = create_customer(merchant)
    token = give_mandate(merchant, payer, customer)
    notice = {"token_id": token["id"], "payment_after": int(clock.now()) + 5 * DAY_S}
    order = merchant.create_order(200_000, notification=notice)
    assert order["notification"]["status"] == "delivered"
    charge(merchant, customer, token, order)
    control.advance(4 * DAY_S)
    assert merchant.order(order["id"])["status"] == "attempted"
    control.advance(DAY_S + 1)
    assert merchant.order(order["id"])["status"] == "paid"


@pytest.mark.parametrize("ending", ["pause", "cancel"])
def test_a_mandate_that_ends_before_the_debit_fails_it_for_good(
    merchant: Merchant, payer: Payer, control: Control, ending: str
) -> None:
    customer = create_customer(merchant)
    token = give_mandate(merchant, payer, customer)
    order = merchant.create_order(200_000)
    payment_id = charge(merchant, customer, token, order).json()["razorpay_payment_id"]
    control.act("tokens", token["id"], ending)
    control.advance(2 * DAY_S)
    control.advance(9 * DAY_S)
    payment = merchant.get(f"/v1/payments/{payment_id}")
    assert (payment["status"], payment["error_reason"]) == ("failed", "payment_declined")
    assert merchant.order(order["id"])["status"] == "attempted"


def test_a_charge_outside_the_mandate_is_refused(merchant: Merchant, payer: Payer, clock: SetClock) -> None:
    customer = create_customer(merchant)
    token = give_mandate(merchant, payer, customer, expire_at=int(clock.now()) + DAY_S)
    order = merchant.create_order(200_000)
    too_much = merchant.create_order(500_001)
    assert charge(merchant, customer, token, too_much).json()["error"]["field"] == "amount"
    wrong_amount = charge(merchant, customer, token, order, amount=100_000).json()["error"]
    assert wrong_amount["reason"] == "order_amount_mismatch"
    assert charge(merchant, customer, token, order, recurring=False).json()["error"]["field"] == "recurring"
    stranger = create_customer(merchant, email="chen@example.com")
    assert charge(merchant, stranger, token, order).json()["error"]["description"] == "The id provided does not exist"
    clock.pass_s(DAY_S)
    assert charge(merchant, customer, token, order).json()["error"]["description"] == "The token has expired"


def test_an_order_is_charged_once(merchant: Merchant, payer: Payer, control: Control) -> None:
    customer = create_customer(merchant)
    token = give_mandate(merchant, payer, customer)
    order = merchant.create_order(200_000)
    charge(merchant, customer, token, order)
    assert charge(merchant, customer, token, order).status_code == 400
    control.advance(2 * DAY_S)
    assert charge(merchant, customer, token, order).json()["error"]["reason"] == "order_already_paid"


def test_a_cancelled_or_deleted_token_is_of_no_use(merchant: Merchant, payer: Payer, control: Control) -> None:
    customer = create_customer(merchant)
    token = give_mandate(merchant, payer, customer)
    path = f"/v1/customers/{customer['id']}/tokens/{token['id']}"
    assert merchant.call("PUT", f"{path}/cancel").json() == {"status": "cancelled"}
    assert merchant.refused("PUT", f"{path}/cancel")
    assert merchant.get(path)["recurring_details"]["status"] == "cancelled"
    assert charge(merchant, customer, token, merchant.create_order(100)).status_code == 400
    assert merchant.call("DELETE", path).json() == {"deleted": True}
    assert merchant.refused("GET", path)["description"] == "The id provided does not exist"
    assert merchant.refused("DELETE", path)
    assert tokens_of(merchant, customer) == []
    kinds = [event["event"] for event in control.items("events") if event["event"].startswith("token")]
    assert kinds == ["token.cancelled", "token.confirmed"]
