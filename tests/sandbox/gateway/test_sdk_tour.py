"""A tour of the gateway by the official Python SDK, unmodified but for its base URL, with every entity's shape."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import razorpay  # type: ignore[import-untyped]

from . import shapes
from .gateway_process import GatewayProcess
from .merchant import CALLBACK_URL, KEY_ID, KEY_SECRET
from .payer import Payer
from .shapes import assert_shape

CARD = {"card_number": "4100280000001007", "card_expiry": "12/33", "card_cvv": "123"}
DAY_S = 86_400


class Tour:
    """One gateway process with its merchant (the SDK), its payer and whoever drives the sandbox."""

    def __init__(self, far_end: GatewayProcess, browser: httpx.Client) -> None:
        self.sdk, self.browser = far_end.sdk(), browser

    def control(self, path: str, body: dict[str, Any]) -> None:
        answer = self.browser.post(f"/_sandbox{path}", json=body, auth=(KEY_ID, KEY_SECRET))
        assert answer.status_code == 200, answer.text

    def pay(self, order: Any, **more: str) -> Any:
        """The order's payment, made by card on the hosted checkout."""
        form = {"key_id": KEY_ID, "order_id": order["id"], "callback_url": CALLBACK_URL, **more}
        payer = Payer(self.browser).start(form)
        payer.press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
        returned = payer.return_form()[1]
        assert self.sdk.utility.verify_payment_signature(returned) is True
        return self.sdk.payment.fetch(returned["razorpay_payment_id"])

    def paid(self, amount_minor: int = 118_000) -> Any:
        return self.pay(self.sdk.order.create({"amount": amount_minor, "currency": "INR"}))


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with GatewayProcess(folder) as far_end, httpx.Client(base_url=far_end.url, trust_env=False) as browser:
        yield Tour(far_end, browser)


def assert_collection(answer: Any, shape: dict[str, Any]) -> list[Any]:
    assert_shape(answer, shapes.COLLECTION)
    assert answer["count"] == len(answer["items"]) > 0
    for item in answer["items"]:
        assert_shape(item, shape)
    items: list[Any] = answer["items"]
    return items


def test_orders_are_made_listed_edited_and_expanded(tour: Tour) -> None:
    order = tour.sdk.order.create({"amount": 118_000, "currency": "INR", "receipt": "tour_1", "notes": {"a": "b"}})
    assert_shape(order, shapes.ORDER)
    assert tour.sdk.order.fetch(order["id"]) == order
    assert tour.sdk.order.all({"receipt": "tour_1"})["items"] == [order]
    assert tour.sdk.order.edit(order["id"], {"notes": {"c": "d"}})["notes"] == {"c": "d"}
    payment = tour.pay(order)
    (listed,) = assert_collection(tour.sdk.order.payments(order["id"]), shapes.PAYMENT)
    assert listed == payment
    expanded = tour.sdk.order.all({"receipt": "tour_1", "expand[]": "payments.card"})["items"][0]
    assert_shape(expanded["payments"]["items"][0]["card"], shapes.CARD)
    assert_collection(tour.sdk.order.all({"count": 2}), shapes.ORDER)


def test_payments_are_captured_by_hand_read_and_edited(tour: Tour) -> None:
    order = tour.sdk.order.create({"amount": 118_000, "currency": "INR", "payment": {"capture": "manual"}})
    authorised = tour.pay(order)
    assert (authorised["status"], authorised["fee"], authorised["tax"]) == ("authorized", None, None)
    payment = tour.sdk.payment.capture(authorised["id"], 118_000, {"currency": "INR"})
    assert_shape(payment, shapes.PAYMENT)
    assert_shape(payment["acquirer_data"], shapes.ACQUIRER["card"])
    assert (payment["status"], payment["captured"]) == ("captured", True)
    assert_shape(tour.sdk.payment.fetchCardDetails(payment["id"]), shapes.CARD)
    assert_shape(tour.sdk.payment.fetch(payment["id"], {"expand[]": "card"})["card"], shapes.CARD)
    assert tour.sdk.payment.edit(payment["id"], {"notes": {"a": "b"}})["notes"] == {"a": "b"}
    assert_collection(tour.sdk.payment.all({"count": 3}), shapes.PAYMENT)
    assert_shape(tour.sdk.payment.fetchDownTime(), shapes.COLLECTION)
    assert tour.sdk.payment.fetchPaymentMethods()["entity"] == "methods"


def test_refunds_in_part_at_once_and_in_full(tour: Tour) -> None:
    payment = tour.paid()
    headers = {"X-Refund-Idempotency": "tour-refund-01"}
    body = {"amount": 18_000, "receipt": "back_1", "notes": {"a": "b"}}
    part = tour.sdk.payment.refund(payment["id"], body, headers=headers)
    assert_shape(part, shapes.REFUND)
    assert tour.sdk.payment.refund(payment["id"], body, headers=headers) == part
    instant = tour.sdk.payment.refund(payment["id"], {"amount": 50_000, "speed": "optimum"})
    assert (instant["status"], instant["speed_requested"], instant["speed_processed"]) == (
        "pending",
        "optimum",
        "instant",
    )
    rest = tour.sdk.refund.create({"payment_id": payment["id"]})
    assert rest["amount"] == 50_000
    tour.control("/clock", {"advance_s": 3 * DAY_S})
    done = tour.sdk.refund.fetch(instant["id"])
    assert (done["status"], len(done["acquirer_data"]["arn"])) == ("processed", 12)
    assert tour.sdk.refund.edit(part["id"], {"notes": {"c": "d"}})["notes"] == {"c": "d"}
    assert tour.sdk.payment.fetch_refund_id(payment["id"], rest["id"])["id"] == rest["id"]
    assert len(assert_collection(tour.sdk.payment.fetch_multiple_refund(payment["id"]), shapes.REFUND)) == 3
    assert_collection(tour.sdk.refund.all(), shapes.REFUND)
    refunded = tour.sdk.payment.fetch(payment["id"])
    assert (refunded["status"], refunded["refund_status"]) == ("refunded", "full")


def test_a_payment_link_is_paid_and_its_return_verified(tour: Tour) -> None:
    link = tour.sdk.payment_link.create(
        {
            "amount": 118_000,
            "currency": "INR",
            "description": "Credits",
            "reference_id": "tour_link_1",
            "customer": {"name": "Asha", "email": "asha@example.com", "contact": "+919876543210"},
            "notify": {"sms": True, "email": True},
            "callback_url": "http://localhost:9/linked?top_up=1",
            "callback_method": "get",
        }
    )
    assert_shape(link, shapes.PAYMENT_LINK)
    assert tour.sdk.payment_link.fetch(link["id"]) == link
    assert tour.sdk.payment_link.notifyBy(link["id"], "email") == {"success": True}
    assert tour.sdk.payment_link.edit(link["id"], {"reference_id": "tour_link_2"})["reference_id"] == "tour_link_2"
    payer = Payer(tour.browser).open(urlsplit(link["short_url"]).path)
    payer.press("Proceed to pay").press("Pay", within="#cards", **CARD).press("Submit OTP", otp="1234")
    target, fields = payer.return_form()
    assert fields["top_up"] == "1"
    assert urlsplit(target).path == "/linked"
    given = {name.removeprefix("razorpay_"): value for name, value in fields.items()}
    signed = given | {name: fields[name] for name in ("razorpay_payment_id", "razorpay_signature")}
    assert tour.sdk.utility.verify_payment_link_signature(signed) is True
    paid = tour.sdk.payment_link.fetch(link["id"])
    assert_shape(paid, shapes.PAID_PAYMENT_LINK)
    assert_shape(paid["payments"][0], shapes.LINK_PAYMENT)
    assert (paid["status"], paid["amount_paid"]) == ("paid", 118_000)
    listed = tour.sdk.payment_link.all({"reference_id": "tour_link_2"})
    assert listed == {"payment_links": [paid]}
    other = tour.sdk.payment_link.create({"amount": 100, "currency": "INR"})
    assert tour.sdk.payment_link.cancel(other["id"])["status"] == "cancelled"


def test_a_qr_code_is_scanned_and_closed(tour: Tour) -> None:
    made = {"type": "upi_qr", "name": "Counter", "usage": "multiple_use", "fixed_amount": True}
    qr_code = tour.sdk.qrcode.create({**made, "payment_amount": 30_000, "close_by": int(time.time()) + 400 * DAY_S})
    assert_shape(qr_code, shapes.QR_CODE)
    assert parse_qs(urlsplit(qr_code["image_content"]).query)["am"] == ["300.00"]
    image = tour.browser.get(urlsplit(qr_code["image_url"]).path)
    assert (image.headers["content-type"], image.content[:4]) == ("image/png", b"\x89PNG")
    Payer(tour.browser).open(urlsplit(qr_code["image_url"]).path.removesuffix(".png")).press("Approve")
    (payment,) = assert_collection(tour.sdk.qrcode.fetch_all_payments(qr_code["id"]), shapes.PAYMENT)
    assert (payment["order_id"], payment["description"], payment["amount"]) == (None, "QRv2 Payment", 30_000)
    assert_shape(payment["acquirer_data"], shapes.ACQUIRER["upi"])
    assert_shape(payment["upi"], shapes.UPI)
    credited = tour.sdk.qrcode.fetch(qr_code["id"])
    assert (credited["payments_amount_received"], credited["payments_count_received"]) == (30_000, 1)
    closed = tour.sdk.qrcode.close(qr_code["id"])
    assert (closed["status"], closed["close_reason"]) == ("closed", "on_demand")
    assert_collection(tour.sdk.qrcode.all({"payment_id": payment["id"]}), shapes.QR_CODE)


def test_a_customer_gives_a_mandate_that_is_charged_later(tour: Tour) -> None:
    customer = tour.sdk.customer.create({"name": "Asha Rao", "email": "asha@example.com", "contact": "+919876543210"})
    assert_shape(customer, shapes.CUSTOMER)
    again = tour.sdk.customer.create({**person(customer), "fail_existing": "0"})
    assert again["id"] == customer["id"]
    with pytest.raises(razorpay.errors.BadRequestError, match="already exists"):
        tour.sdk.customer.create(person(customer))
    assert tour.sdk.customer.edit(customer["id"], {"name": "Asha R"})["name"] == "Asha R"
    assert tour.sdk.customer.fetch(customer["id"])["name"] == "Asha R"
    assert_collection(tour.sdk.customer.all(), shapes.CUSTOMER)

    terms = {"max_amount": 500_000, "expire_at": int(time.time()) + 900 * DAY_S, "frequency": "as_presented"}
    first = {"amount": 100, "currency": "INR", "customer_id": customer["id"], "method": "card", "token": terms}
    order = tour.sdk.order.create(first)
    assert_shape(order["token"], shapes.MANDATE_TERMS)
    payment = tour.pay(order, customer_id=customer["id"], recurring="1")
    assert payment["customer_id"] == customer["id"]
    (token,) = assert_collection(tour.sdk.token.all(customer["id"]), shapes.TOKEN)
    assert token["id"] == payment["token_id"]
    assert tour.sdk.token.fetch(customer["id"], token["id"]) == token
    assert_shape(token["card"], shapes.TOKEN_CARD)
    assert_shape(token["recurring_details"], shapes.RECURRING_DETAILS)

    notice = {"token_id": token["id"], "payment_after": None}
    order = tour.sdk.order.create({"amount": 200_000, "currency": "INR", "notification": notice})
    assert_shape(order["notification"], shapes.NOTIFICATION)
    charged = tour.sdk.payment.createRecurring(
        {
            "email": "asha@example.com",
            "contact": "+919876543210",
            "amount": 200_000,
            "currency": "INR",
            "order_id": order["id"],
            "customer_id": customer["id"],
            "token": token["id"],
            "recurring": True,
        }
    )
    assert tour.sdk.payment.fetch(charged["razorpay_payment_id"])["status"] == "created"
    tour.control("/clock", {"advance_s": 2 * DAY_S})
    assert tour.sdk.order.fetch(order["id"])["status"] == "paid"
    assert tour.sdk.token.cancel(customer["id"], token["id"]) == {"status": "cancelled"}
    assert tour.sdk.token.delete(customer["id"], token["id"]) == {"deleted": True}


def test_settlements_add_up_to_their_reconciliation(tour: Tour) -> None:
    order = tour.sdk.order.create({"amount": 118_000, "currency": "INR", "receipt": "tour_settled"})
    payment = tour.pay(order)
    tour.sdk.payment.refund(payment["id"], {"amount": 18_000})
    tour.control("/clock", {"advance_s": DAY_S + 1})
    settlement = assert_collection(tour.sdk.settlement.all({"count": 1}), shapes.SETTLEMENT)[0]
    assert tour.sdk.settlement.fetch(settlement["id"]) == settlement
    day = time.gmtime(settlement["created_at"] + 19_800)
    asked = {"year": day.tm_year, "month": day.tm_mon, "day": day.tm_mday, "count": 1000}
    lines = assert_collection(tour.sdk.settlement.report(asked), shapes.RECONCILIATION_LINE)
    mine = [line for line in lines if line["settlement_id"] == settlement["id"]]
    assert sum(line["credit"] - line["debit"] for line in mine) == settlement["amount"]
    of_payment = {line["type"]: line for line in mine if line["order_id"] == order["id"]}
    assert of_payment["payment"]["credit"] == 118_000 - payment["fee"]
    assert (of_payment["refund"]["debit"], of_payment["refund"]["payment_id"]) == (18_000, payment["id"])


def test_disputes_are_contested_and_accepted(tour: Tour) -> None:
    tour.control("/faults", {"fault": "dispute_won", "count": 2, "value": 30 * DAY_S})
    contested_payment, accepted_payment = tour.paid(), tour.paid()
    tour.control("/clock", {"advance_s": 1})
    disputes = {dispute["payment_id"]: dispute for dispute in assert_collection(tour.sdk.dispute.all(), shapes.DISPUTE)}
    contested = disputes[contested_payment["id"]]
    assert tour.sdk.dispute.fetch(contested["id"]) == contested
    assert_shape(contested["evidence"], shapes.EVIDENCE)
    evidence = {"amount": 5_000, "summary": "Delivered", "shipping_proof": ["doc_1"], "action": "submit"}
    under_review = tour.sdk.dispute.contest(contested["id"], evidence)
    assert (under_review["status"], under_review["evidence"]["summary"]) == ("under_review", "Delivered")
    lost = tour.sdk.dispute.accept(disputes[accepted_payment["id"]]["id"])
    assert (lost["status"], lost["amount_deducted"]) == ("lost", 118_000)


def test_what_is_not_there_is_refused_in_the_sdks_own_words(tour: Tour) -> None:
    for resource in (tour.sdk.subscription, tour.sdk.invoice):
        with pytest.raises(razorpay.errors.BadRequestError, match="not offered by this sandbox"):
            resource.all()
    with pytest.raises(razorpay.errors.BadRequestError, match="The id provided does not exist"):
        tour.sdk.payment_link.fetch("plink_00000000000000")
    with pytest.raises(razorpay.errors.BadRequestError, match="The count may not be greater than 100"):
        tour.sdk.qrcode.all({"count": 101})


def person(customer: Any) -> dict[str, str]:
    return {name: customer[name] for name in ("name", "email", "contact")}
