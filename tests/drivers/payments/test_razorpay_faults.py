"""The razorpay driver against a gateway in trouble: certainly not done, perhaps done and refused are never mixed up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import (
    Order,
    OrderRequest,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Unavailable,
    Unknown,
)

from .scripted_server import Answer, ScriptedServer, hangs_up, replies

Driver = Callable[[str], RazorpayGateway]
"""Makes a driver that speaks to this address."""

TIMEOUT_S = 0.4
REQUEST = OrderRequest("top_00000000000000000000000001", 118_000, "INR", {"Amount": "1000.00"})
ORDER = {
    "id": "order_Abcdefghij0001",
    "entity": "order",
    "amount": 118_000,
    "amount_paid": 0,
    "amount_due": 118_000,
    "currency": "INR",
    "receipt": REQUEST.receipt,
    "status": "created",
    "notes": [],
    "created_at": 1_780_000_000,
}
PAYMENT = {
    "id": "pay_Abcdefghij0001",
    "order_id": ORDER["id"],
    "amount": 118_000,
    "currency": "INR",
    "status": "captured",
    "method": "netbanking",
    "bank": "HDFC",
    "acquirer_data": {"bank_transaction_id": "778899"},
    "error_code": None,
    "created_at": 1_780_000_060,
}
ERROR = {"error": {"code": "BAD_REQUEST_ERROR", "description": "no", "reason": "input_validation_failed"}}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.on("GET", "/v1/orders", replies(200, {"entity": "collection", "count": 0, "items": []}))
        server.on("GET", f"/v1/orders/{ORDER['id']}", replies(200, ORDER))
        server.on("GET", f"/v1/orders/{ORDER['id']}/payments", replies(200, {"items": [PAYMENT]}))
        yield server


@pytest.fixture
def driver() -> Iterator[Driver]:
    with ExitStack() as stack:

        def make(url: str) -> RazorpayGateway:
            gateway = _gateway(url)
            stack.callback(gateway.close)
            return gateway

        yield make


def _gateway(url: str) -> RazorpayGateway:
    settings = RazorpaySettings(
        base_url=url,
        checkout_url=url,
        key_id="rzp_test_faults",
        key_secret="secret",
        webhook_secrets=("webhook",),
        merchant_name="Khata",
        is_sandbox=True,
        timeout_s=TIMEOUT_S,
    )
    return RazorpayGateway(settings)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no single wait is long."""
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    try:
        while not handler.server.is_over.wait(timeout=0.05):  # type: ignore[attr-defined]
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


LOST: dict[str, Answer] = {
    "500 with an HTML body": replies(500, b"<html>Bad day</html>", content_type="text/html"),
    "502 with an HTML body": replies(502, b"<html>Bad gateway</html>", content_type="text/html"),
    "503": replies(503, {"error": {"code": "SERVER_ERROR", "description": "later"}}),
    "200 that is no JSON": replies(200, b"<html>a proxy's own page</html>"),
    "200 that is no object": replies(200, []),
    "200 without the order": replies(200, {"entity": "order"}),
    "truncated JSON": replies(200, b'{"id": "order_Abcdefghij0001", "amo', promised=400),
    "deeply nested JSON": replies(200, b"[" * 100_000),
    "a connection closed without an answer": hangs_up,
    "a redirect": replies(307, b""),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_an_order_whose_answer_is_lost_is_unknown(server: ScriptedServer, driver: Driver, answer: Answer) -> None:
    server.on("POST", "/v1/orders", answer)
    assert isinstance(driver(server.url).create_order(REQUEST), Unknown)
    assert len(server.sent("POST")) == 1, "perhaps done is never repeated blindly"


def test_an_order_that_is_never_answered_is_unknown_within_its_time(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", server.stay_silent)
    assert isinstance(driver(server.url).create_order(REQUEST), Unknown)


def test_an_answer_that_drips_is_given_up(server: ScriptedServer, driver: Driver) -> None:
    server.http.is_over = server.is_over  # type: ignore[attr-defined]
    server.on("POST", "/v1/orders", drips)
    assert isinstance(driver(server.url).create_order(REQUEST), Unknown)


def test_an_answer_without_end_is_given_up(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", replies(200, b" " * 2_000_000))
    assert isinstance(driver(server.url).create_order(REQUEST), Unknown)


def test_a_gateway_that_cannot_be_reached_is_unavailable(driver: Driver) -> None:
    with ScriptedServer() as gone:
        url = gone.url
    assert isinstance(driver(url).create_order(REQUEST), Unavailable)
    assert isinstance(driver(url).read("order_1"), Unavailable)


def test_too_many_requests_means_certainly_not_done(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", replies(429, ERROR))
    assert isinstance(driver(server.url).create_order(REQUEST), Unavailable)


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_keeps_the_gateways_reason(server: ScriptedServer, driver: Driver, status: int) -> None:
    server.on("POST", "/v1/orders", replies(status, ERROR))
    assert driver(server.url).create_order(REQUEST) == Refused("input_validation_failed", "no")


def test_an_unreadable_401_is_still_a_refusal(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", replies(401, b"<html></html>"))
    answer = driver(server.url).create_order(REQUEST)
    assert isinstance(answer, Refused)
    assert answer.code == "http_401"


def test_after_a_lost_answer_the_order_is_found_by_its_receipt(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", hangs_up)
    gateway = driver(server.url)
    assert isinstance(gateway.create_order(REQUEST), Unknown)
    server.on("GET", "/v1/orders", replies(200, {"items": [ORDER | {"receipt": "another"}, ORDER]}))
    assert gateway.create_order(REQUEST) == Order("order_Abcdefghij0001", 118_000, "INR", REQUEST.receipt)
    assert len(server.sent("POST")) == 1
    assert server.sent("GET")[-1] == {"receipt": [REQUEST.receipt]}


def test_an_order_of_another_amount_under_our_receipt_is_refused(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", "/v1/orders", replies(200, {"items": [ORDER | {"amount": 100}]}))
    answer = driver(server.url).create_order(REQUEST)
    assert isinstance(answer, Refused)
    assert answer.code == "receipt_taken"


def test_without_a_look_for_the_receipt_no_order_is_made(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", "/v1/orders", replies(500, b"<html></html>"))
    assert isinstance(driver(server.url).create_order(REQUEST), Unavailable)
    assert server.sent("POST") == []


def test_an_order_asks_for_automatic_capture_in_paise(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", "/v1/orders", replies(200, ORDER))
    assert isinstance(driver(server.url).create_order(REQUEST), Order)
    assert server.sent("POST") == [
        {
            "amount": 118_000,
            "currency": "INR",
            "receipt": REQUEST.receipt,
            "notes": {"Amount": "1000.00"},
            "payment_capture": 1,
        }
    ]


@pytest.mark.parametrize("answer", [*LOST.values(), replies(429, ERROR)], ids=[*LOST, "429"])
@pytest.mark.parametrize("path", [f"/v1/orders/{ORDER['id']}", f"/v1/orders/{ORDER['id']}/payments"])
def test_reading_in_trouble_is_unavailable(server: ScriptedServer, driver: Driver, path: str, answer: Answer) -> None:
    server.on("GET", path, answer)
    assert isinstance(driver(server.url).read(str(ORDER["id"])), Unavailable)


def test_an_order_the_gateway_does_not_know_is_refused(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", f"/v1/orders/{ORDER['id']}", replies(400, ERROR))
    assert isinstance(driver(server.url).read(str(ORDER["id"])), Refused)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "order_1"},
        {"id": None},
        {"id": "pay_" + "x" * 300},
        {"amount": "118000"},
        {"amount": 1180.0},
        {"amount": True},
        {"amount": -1},
        {"amount": 10**20},
        {"currency": None},
        {"currency": "rupees"},
        {"status": "brand_new"},
        {"status": None},
        {"created_at": 10**14},
        {"created_at": None},
    ],
    ids=str,
)
def test_a_payment_whose_facts_are_wrong_is_not_believed(
    server: ScriptedServer, driver: Driver, change: dict[str, Any]
) -> None:
    server.on("GET", f"/v1/orders/{ORDER['id']}/payments", replies(200, {"items": [PAYMENT | change]}))
    assert isinstance(driver(server.url).read(str(ORDER["id"])), Unavailable)


def read_payment(server: ScriptedServer, driver: Driver, **changes: Any) -> Any:
    server.on("GET", f"/v1/orders/{ORDER['id']}/payments", replies(200, {"items": [PAYMENT | changes]}))
    snapshot = driver(server.url).read(str(ORDER["id"]))
    assert isinstance(snapshot, Snapshot)
    (payment,) = snapshot.payments
    return payment


def test_a_netbanking_payment_is_told_in_our_words(server: ScriptedServer, driver: Driver) -> None:
    payment = read_payment(server, driver)
    assert (payment.status, payment.method) == (PaymentStatus.CAPTURED, PaymentMethod.NETBANKING)
    assert (payment.method_detail, payment.bank_ref) == ("HDFC Bank", "778899")


def test_a_method_nobody_here_knows_is_other(server: ScriptedServer, driver: Driver) -> None:
    payment = read_payment(server, driver, method="paylater", acquirer_data=[], notes=None)
    assert (payment.method, payment.method_detail, payment.bank_ref) == (PaymentMethod.OTHER, "paylater", "")


def test_text_from_the_gateway_loses_what_no_database_takes(server: ScriptedServer, driver: Driver) -> None:
    payment = read_payment(server, driver, error_description="a\0b\n" + "x" * 400, error_reason=7)
    assert payment.error_description == ("ab" + "x" * 400)[:255]
    assert payment.error_reason == ""


def test_a_card_is_asked_for_and_its_absence_is_survived(server: ScriptedServer, driver: Driver) -> None:
    card_path = f"/v1/payments/{PAYMENT['id']}/card"
    server.on("GET", card_path, replies(200, {"entity": "card", "network": "Visa", "last4": "1007"}))
    assert read_payment(server, driver, method="card", bank=None).method_detail == "Visa ending 1007"
    server.on("GET", card_path, replies(500, b"<html></html>"))
    assert read_payment(server, driver, method="card", bank=None).method_detail == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_id": "sk_test_1"},
        {"key_id": ""},
        {"key_secret": ""},
        {"webhook_secrets": ("good", "")},
        {"key_id": "rzp_live_1"},
        {"base_url": "ftp://gateway"},
        {"checkout_url": "gateway"},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_without_telling_secrets(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "base_url": "http://127.0.0.1:1",
        "checkout_url": "http://127.0.0.1:1",
        "key_id": "rzp_test_1",
        "key_secret": "top-secret",
        "webhook_secrets": ("hook-secret",),
        "merchant_name": "Khata",
        "is_sandbox": True,
    }
    assert "secret" not in repr(RazorpaySettings(**good)).replace("webhook_secrets", "")
    with pytest.raises(ValueError) as refused:
        RazorpaySettings(**{**good, **wrong})
    assert "top-secret" not in str(refused.value)
