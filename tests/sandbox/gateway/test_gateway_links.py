from typing import Any
from urllib.parse import urlsplit

import pytest

from .control_client import Control
from .merchant import Merchant
from .payer import Payer
from .set_clock import SetClock

CARD = {"card_number": "4100280000001007", "card_expiry": "12/33", "card_cvv": "123"}
DAY_S = 86_400
PARTS = {"accept_partial": True, "first_min_partial_amount": 50_000}


def create_link(merchant: Merchant, **more: Any) -> Any:
    answer = merchant.call("POST", "/v1/payment_links", json={"amount": 118_000, "currency": "INR", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def link_of(merchant: Merchant, link: Any) -> Any:
    return merchant.get(f"/v1/payment_links/{link['id']}")


def visit(payer: Payer, link: Any) -> Payer:
    return payer.open(urlsplit(link["short_url"]).path)


def pay(payer: Payer, link: Any, **fields: str) -> Payer:
    visit(payer, link).press("Proceed to pay", **fields)
    return payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")


def kinds_of(control: Control, subject_id: str) -> list[str]:
    """The events kept in turn for one order or link, oldest first."""
    events = [event for event in control.items("events") if event["order_id"] == subject_id]
    return [event["event"] for event in reversed(events)]


@pytest.mark.parametrize(
    ("body", "field", "description"),
    [
        ({"amount": None}, "amount", "The amount field is required."),
        ({"amount": 99}, "amount", "The amount must be at least INR 1.00"),
        ({"currency": "USD"}, "currency", "The currency is not supported."),
        ({"description": "x" * 2049}, "description", "The description may not be greater than 2048 characters."),
        ({"reference_id": "x" * 41}, "reference_id", "The reference_id may not be greater than 40 characters."),
        ({"customer": "Asha"}, "customer", "The customer must be an object."),
        ({"expire_by": 1_700_000_000}, "expire_by", "timestamp must be atleast 15 minutes in future"),
        ({"expire_by": 4_000_000_000}, "expire_by", "expire_by can not be more than 6 months in future."),
        ({"callback_url": "shop"}, "callback_url", "The callback_url format is invalid."),
        ({"callback_url": "http://shop.test"}, "callback_method", "The callback_method field is required."),
        (
            {"callback_url": "http://shop.test", "callback_method": "post"},
            "callback_method",
            "The selected callback_method is invalid.",
        ),
        (
            {"first_min_partial_amount": 5_000},
            "first_min_partial_amount",
            "first_min_partial_amount needs accept_partial.",
        ),
        (
            {"accept_partial": True, "first_min_partial_amount": 118_001},
            "first_min_partial_amount",
            "first_min_partial_amount must be less than the amount.",
        ),
    ],
)
def test_a_wrong_link_is_refused_with_its_field(
    merchant: Merchant, body: dict[str, Any], field: str, description: str
) -> None:
    given = {"amount": 118_000, "currency": "INR", **body}
    error = merchant.refused("POST", "/v1/payment_links", json=given)
    assert (error["field"], error["description"]) == (field, description)


def test_a_upi_link_is_refused_in_test_mode(merchant: Merchant) -> None:
    error = merchant.refused("POST", "/v1/payment_links", json={"amount": 100, "upi_link": True})
    assert error["description"] == "UPI Payment Links is not supported in Test Mode"


def test_a_reference_is_taken_once(merchant: Merchant) -> None:
    create_link(merchant, reference_id="top_1")
    error = merchant.refused("POST", "/v1/payment_links", json={"amount": 100, "reference_id": "top_1"})
    assert error["field"] == "reference_id"
    other = create_link(merchant)
    assert merchant.refused("PATCH", f"/v1/payment_links/{other['id']}", json={"reference_id": "top_1"})


def test_a_link_has_no_order_until_it_is_opened(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant, notes={"top_up": "1"}, reference_id="top_1")
    assert ("order_id" in link, link["payments"], merchant.get("/v1/orders")["count"]) == (False, None, 0)
    pay(payer, link)
    order = merchant.order(link_of(merchant, link)["order_id"])
    assert (order["receipt"], order["notes"], order["status"]) == ("top_1", {"top_up": "1"}, "paid")


def test_a_paid_link_tells_of_payment_order_and_link(merchant: Merchant, payer: Payer, control: Control) -> None:
    link = create_link(merchant)
    pay(payer, link)
    order_id = link_of(merchant, link)["order_id"]
    assert kinds_of(control, order_id) == [
        "payment.authorized",
        "payment.captured",
        "order.paid",
        "payment_link.paid",
    ]
    told = control.items("events")[0]["body"]
    assert sorted(told["contains"]) == ["order", "payment", "payment_link"]
    assert told["payload"]["payment_link"]["entity"] == link_of(merchant, link)


def test_a_payment_of_a_link_is_described_by_the_links_id(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant, description="Credits")
    pay(payer, link)
    (paid,) = merchant.get(f"/v1/orders/{link_of(merchant, link)['order_id']}/payments")["items"]
    assert paid["description"] == "#" + link["id"].removeprefix("plink_")


def test_a_link_without_a_callback_ends_on_its_own_page(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant)
    assert "You can close this page." in pay(payer, link).text
    assert "paid in full" in visit(payer, link).text


def test_failed_attempts_carry_nothing_back(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant, callback_url="http://localhost:9/linked", callback_method="get")
    visit(payer, link).press("Proceed to pay")
    checkout = payer.path
    for _ in range(5):
        payer.open(checkout).press("Pay", within="#netbanking").press("Failure")
    assert payer.page.select_one("#return-form") is None
    assert payer.open(checkout).heading == "Too many attempts"
    assert payer.page.select_one("#return-form") is None
    pay(payer, link)
    assert link_of(merchant, link)["status"] == "paid"


def test_a_link_is_paid_in_parts(merchant: Merchant, payer: Payer, control: Control) -> None:
    link = create_link(merchant, **PARTS)
    pay(payer, link, amount="600")
    half = link_of(merchant, link)
    assert (half["status"], half["amount_paid"], len(half["payments"])) == ("partially_paid", 60_000, 1)
    order = merchant.order(half["order_id"])
    assert (order["status"], order["amount_due"]) == ("attempted", 58_000)
    pay(payer, link, amount="580.00")
    whole = link_of(merchant, link)
    assert (whole["status"], whole["amount_paid"]) == ("paid", 118_000)
    assert [part["amount"] for part in whole["payments"]] == [60_000, 58_000]
    kinds = kinds_of(control, half["order_id"])
    assert kinds.count("order.paid") == 1
    assert [kind for kind in kinds if kind.startswith("payment_link")] == [
        "payment_link.partially_paid",
        "payment_link.paid",
    ]


@pytest.mark.parametrize("amount", ["499.99", "1180.01", "0", "-5", "abc", "", "1e3"])
def test_a_part_outside_its_limits_is_not_taken(merchant: Merchant, payer: Payer, amount: str) -> None:
    link = create_link(merchant, **PARTS)
    visit(payer, link).press("Proceed to pay", amount=amount)
    assert (payer.status, payer.path) == (422, urlsplit(link["short_url"]).path)


def test_the_amount_of_a_whole_link_is_not_the_payers_to_choose(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant)
    pay(payer, link, amount="1")
    assert link_of(merchant, link)["amount_paid"] == 118_000


@pytest.mark.parametrize(("first", "paid_minor"), [("1180", 118_000), ("600", 60_000)])
def test_two_tabs_cannot_pay_more_than_is_due(merchant: Merchant, payer: Payer, first: str, paid_minor: int) -> None:
    link = create_link(merchant, **PARTS)
    other = Payer(payer.client)
    for tab, amount in ((payer, first), (other, "1180")):
        visit(tab, link).press("Proceed to pay", amount=amount)
        tab.press("Pay", within="#cards", **CARD)
    payer.press("Submit OTP", otp="1234")
    order_id = link_of(merchant, link)["order_id"]
    other.press("Submit OTP", otp="1234")
    assert merchant.order(order_id)["amount_paid"] == paid_minor
    assert link_of(merchant, link)["amount_paid"] == paid_minor
    assert [payment["status"] for payment in merchant.payments(order_id)].count("captured") == 1


def test_a_link_expires_with_the_clock(merchant: Merchant, payer: Payer, control: Control, clock: SetClock) -> None:
    link = create_link(merchant, expire_by=int(clock.now()) + DAY_S)
    assert "withdrawn" not in visit(payer, link).text
    control.advance(DAY_S)
    expired = link_of(merchant, link)
    assert (expired["status"], expired["expired_at"]) == ("expired", link["expire_by"])
    assert "ran out" in visit(payer, link).text
    assert payer.page.find("form") is None
    assert kinds_of(control, link["id"]) == ["payment_link.expired"]


def test_an_unset_expiry_is_six_months(merchant: Merchant, control: Control) -> None:
    link = create_link(merchant)
    assert link["expire_by"] == 0
    control.advance(182 * DAY_S)
    assert link_of(merchant, link)["status"] == "created"
    control.advance(DAY_S)
    assert link_of(merchant, link)["status"] == "expired"


def test_money_that_comes_after_the_expiry_still_counts(
    merchant: Merchant, payer: Payer, control: Control, clock: SetClock
) -> None:
    link = create_link(merchant, expire_by=int(clock.now()) + 1000)
    visit(payer, link).press("Proceed to pay").press("Pay", within="#netbanking").press("Stay pending")
    control.advance(2000)
    assert link_of(merchant, link)["status"] == "expired"
    control.act("payments", control.items("payments")[0]["id"], "succeed")
    assert (link_of(merchant, link)["status"], link_of(merchant, link)["amount_paid"]) == ("paid", 118_000)


def test_a_cancelled_link_takes_nothing(merchant: Merchant, payer: Payer, control: Control) -> None:
    link = create_link(merchant)
    path = f"/v1/payment_links/{link['id']}"
    visit(payer, link)
    assert merchant.call("POST", f"{path}/cancel").json()["status"] == "cancelled"
    assert "withdrawn" in payer.press("Proceed to pay").text
    assert merchant.refused("POST", f"{path}/cancel")["description"] == (
        "Payment Link cannot be cancelled in cancelled state."
    )
    assert merchant.refused("PATCH", path, json={"notes": {"a": "b"}})
    assert merchant.refused("POST", f"{path}/notify_by/email")
    assert kinds_of(control, link["id"]) == ["payment_link.cancelled"]


def test_a_link_paid_in_part_cannot_be_cancelled(merchant: Merchant, payer: Payer) -> None:
    link = create_link(merchant, **PARTS)
    pay(payer, link, amount="600")
    assert merchant.refused("POST", f"/v1/payment_links/{link['id']}/cancel")


@pytest.mark.parametrize("medium", ["sms", "email", "pigeon"])
def test_a_notice_needs_an_address(merchant: Merchant, medium: str) -> None:
    link = create_link(merchant)
    assert merchant.refused("POST", f"/v1/payment_links/{link['id']}/notify_by/{medium}")


def test_links_are_found_by_reference_and_by_payment(merchant: Merchant, payer: Payer) -> None:
    link, other = create_link(merchant, reference_id="top_1"), create_link(merchant, reference_id="top_2")
    pay(payer, link)
    payment_id = link_of(merchant, link)["payments"][0]["payment_id"]
    for query, wanted in (({"reference_id": "top_2"}, other), ({"payment_id": payment_id}, link)):
        found = merchant.get("/v1/payment_links", **query)
        assert list(found) == ["payment_links"]
        assert [one["id"] for one in found["payment_links"]] == [wanted["id"]]


def test_an_edit_keeps_what_it_does_not_name(merchant: Merchant, clock: SetClock) -> None:
    link = create_link(merchant, reference_id="top_1", notes={"a": "b"})
    expire_by = int(clock.now()) + DAY_S
    edited = merchant.call("PATCH", f"/v1/payment_links/{link['id']}", json={"expire_by": expire_by}).json()
    assert (edited["expire_by"], edited["reference_id"], edited["notes"]) == (expire_by, "top_1", {"a": "b"})
    error = merchant.refused("PATCH", f"/v1/payment_links/{link['id']}", json={"amount": 1})
    assert error["description"] == "amount is/are not required and should not be sent"


def test_an_order_takes_parts_on_the_hosted_checkout(merchant: Merchant, payer: Payer) -> None:
    order = merchant.create_order(partial_payment=True, first_payment_min_amount=50_000)
    payer.start(merchant.form(order, amount="49999"))
    assert payer.status == 400
    for amount, due in ((60_000, 58_000), (58_000, 0)):
        payer.start(merchant.form(order, amount=str(amount)))
        payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
        assert merchant.order(order["id"])["amount_due"] == due
    assert merchant.order(order["id"])["status"] == "paid"


def test_an_unknown_link_is_a_page_that_says_so(payer: Payer) -> None:
    assert (payer.open("/l/nothing").status, payer.heading) == (404, "No such payment link")
