"""What is Razorpay's own about payment links and QR codes: lookups instead of keys, names behind names, odd answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway
from khata.payments.port import Order, OrderRequest, Refused, Unavailable, Unknown
from khata.payments.ways import PayBy

from .fault_contract import NOW, REQUEST, listed
from .razorpay_script import ORDER, PAYMENT, PAYMENTS, RazorpayScript, collection
from .scripted_server import ScriptedServer, hangs_up, replies

LINKS, CODES = "/v1/payment_links", "/v1/payments/qr_codes"
ENDS_AT = NOW + timedelta(days=3)
LINK: dict[str, Any] = {
    "id": "plink_Abcdefghij0001",
    "amount": 118_000,
    "amount_paid": 0,
    "currency": "INR",
    "reference_id": REQUEST.receipt,
    "short_url": "https://pay.test/l/1",
    "status": "created",
    "notes": None,
}
CODE: dict[str, Any] = {
    "id": "qr_Abcdefghij0001",
    "entity": "qr_code",
    "payment_amount": 118_000,
    "payments_amount_received": 0,
    "notes": {"receipt": REQUEST.receipt},
    "image_url": "https://pay.test/i/1",
    "image_content": "upi://pay?pa=khata@bank&am=1180.00",
    "status": "active",
}
OF_LINK = PAYMENT | {"description": "#Abcdefghij0001"}
OF_CODE = PAYMENT | {"order_id": None, "description": "QRv2 Payment"}
MADE = {PayBy.LINK: (LINKS, LINK), PayBy.UPI_QR: (CODES, CODE)}


def found(way: PayBy, *made: dict[str, Any]) -> dict[str, Any]:
    """What a lookup answers."""
    return {"payment_links": list(made)} if way is PayBy.LINK else collection(*made)


def wanted(way: PayBy) -> OrderRequest:
    return replace(REQUEST, pay_by=way, expires_at=ENDS_AT)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        RazorpayScript().stage(server, PAYMENT)
        for way, (path, made) in MADE.items():
            server.on("GET", path, replies(200, found(way)))
            server.on("POST", path, replies(200, made))
            server.on("GET", f"{path}/{made['id']}", replies(200, made))
        yield server


@pytest.fixture
def gateway(server: ScriptedServer) -> Iterator[RazorpayGateway]:
    gateway = RazorpayScript().gateway(server.url)
    yield gateway
    gateway.close()


def test_a_link_is_asked_for_whole_once_and_without_telling_anybody(
    server: ScriptedServer, gateway: RazorpayGateway
) -> None:
    assert isinstance(gateway.create_order(wanted(PayBy.LINK)), Order)
    assert server.sent("POST") == [
        {
            "amount": 118_000,
            "currency": "INR",
            "accept_partial": False,
            "reference_id": REQUEST.receipt,
            "description": "Credits",
            "expire_by": int(ENDS_AT.timestamp()),
            "notify": {"sms": False, "email": False},
            "reminder_enable": False,
            "notes": {"Amount": "1000.00"},
            "callback_url": REQUEST.return_url,
            "callback_method": "get",
        }
    ]


def test_a_code_is_for_one_payment_of_one_amount(server: ScriptedServer, gateway: RazorpayGateway) -> None:
    assert isinstance(gateway.create_order(wanted(PayBy.UPI_QR)), Order)
    assert server.sent("POST") == [
        {
            "type": "upi_qr",
            "usage": "single_use",
            "fixed_amount": True,
            "payment_amount": 118_000,
            "name": "Credits",
            "description": "Credits",
            "close_by": int(ENDS_AT.timestamp()),
            "notes": {"Amount": "1000.00", "receipt": REQUEST.receipt},
        }
    ]


@pytest.mark.parametrize("way", MADE)
def test_after_a_lost_answer_it_is_found_and_not_made_again(
    server: ScriptedServer, gateway: RazorpayGateway, way: PayBy
) -> None:
    path, made = MADE[way]
    server.on("POST", path, hangs_up)
    assert isinstance(gateway.create_order(wanted(way)), Unknown)
    server.on("GET", path, replies(200, found(way, made)))
    again = gateway.create_order(wanted(way))
    assert isinstance(again, Order)
    assert (again.order_ref, server.posted(path)) == (made["id"], 1)


@pytest.mark.parametrize("way", MADE)
@pytest.mark.parametrize("answer", [replies(500, b"<html></html>"), replies(200, {})])
def test_without_a_look_for_the_receipt_none_is_made(
    server: ScriptedServer, gateway: RazorpayGateway, way: PayBy, answer: Any
) -> None:
    server.on("GET", MADE[way][0], answer)
    assert isinstance(gateway.create_order(wanted(way)), Unavailable)
    assert server.sent("POST") == []


@pytest.mark.parametrize("way", MADE)
@pytest.mark.parametrize("wrong", [{"id": "order_1"}, {"short_url": "javascript:1", "image_url": "data:x"}])
def test_one_that_cannot_be_read_is_unknown(
    server: ScriptedServer, gateway: RazorpayGateway, way: PayBy, wrong: dict[str, Any]
) -> None:
    path, made = MADE[way]
    server.on("POST", path, replies(200, made | wrong))
    assert isinstance(gateway.create_order(wanted(way)), Unknown)


@pytest.mark.parametrize("content", [None, "", "https://pay.test/x", 'upi://pay?pa="><script>'])
def test_a_code_whose_content_is_kept_or_odd_has_its_image_only(
    server: ScriptedServer, gateway: RazorpayGateway, content: Any
) -> None:
    server.on("POST", CODES, replies(200, CODE | {"image_content": content}))
    order = gateway.create_order(wanted(PayBy.UPI_QR))
    assert isinstance(order, Order)
    assert (order.upi_uri, order.pay_url) == ("", CODE["image_url"])


@pytest.mark.parametrize("way", MADE)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [(replies(400, RazorpayScript.refusal), Refused), (replies(429, {}), Unavailable), (hangs_up, Unknown)],
)
def test_closing_tells_no_from_not_and_from_perhaps(
    server: ScriptedServer, gateway: RazorpayGateway, way: PayBy, answer: Any, kind: type
) -> None:
    path, made = MADE[way]
    server.on("POST", f"{path}/{made['id']}/{'cancel' if way is PayBy.LINK else 'close'}", answer)
    assert isinstance(gateway.close_order(made["id"]), kind)


def test_a_link_of_another_order_is_not_believed_from_a_payments_description(
    server: ScriptedServer, gateway: RazorpayGateway
) -> None:
    """The hosted page's form carries the description, so a payer may have written it."""
    server.on("GET", "/v1/payments", replies(200, collection(OF_LINK)))
    server.on("GET", f"{LINKS}/{LINK['id']}", replies(200, LINK | {"order_id": "order_anotherOne0001"}))
    payments = listed(gateway)
    assert isinstance(payments, tuple)
    assert [payment.order_ref for payment in payments] == [ORDER["id"]]
    server.on("GET", f"{LINKS}/{LINK['id']}", replies(200, LINK | {"order_id": ORDER["id"]}))
    payments = listed(gateway)
    assert isinstance(payments, tuple)
    assert [payment.order_ref for payment in payments] == [LINK["id"]]


@pytest.mark.parametrize("payment", [OF_LINK, OF_CODE], ids=["link", "code"])
def test_a_list_that_cannot_be_named_is_no_list(
    server: ScriptedServer, gateway: RazorpayGateway, payment: dict[str, Any]
) -> None:
    server.on("GET", "/v1/payments", replies(200, collection(payment)))
    for path in (f"{LINKS}/{LINK['id']}", CODES):
        server.on("GET", path, replies(500, b""))
    assert isinstance(listed(gateway), Unavailable)


def test_a_payment_of_another_order_keeps_that_name_in_a_links_reading(
    server: ScriptedServer, gateway: RazorpayGateway
) -> None:
    link = LINK | {"order_id": ORDER["id"], "status": "paid", "amount_paid": 118_000}
    server.on("GET", f"{LINKS}/{LINK['id']}", replies(200, link))
    server.on("GET", PAYMENTS, replies(200, collection(PAYMENT, PAYMENT | {"id": "pay_2", "order_id": "order_2"})))
    server.on("GET", "/v1/payments/pay_2/refunds", replies(200, collection()))
    snapshot = gateway.read(LINK["id"])
    assert not isinstance(snapshot, Refused | Unavailable)
    assert [payment.order_ref for payment in snapshot.payments] == [LINK["id"], "order_2"]
