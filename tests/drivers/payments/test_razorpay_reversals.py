"""The razorpay driver's refunds, disputes and lists, against a far end that answers what each test tells it to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway
from khata.payments.port import (
    Refused,
    Snapshot,
    Unavailable,
    Unknown,
)
from khata.payments.reversals import DisputeStatus, Refund, RefundRequest, RefundStatus

from .fault_contract import LOST
from .razorpay_script import ORDER, PAYMENT, RazorpayScript
from .scripted_server import Answer, ScriptedServer, replies

Driver = Callable[[str], RazorpayGateway]
"""Makes a driver that speaks to this address."""

ERROR = {"error": {"code": "BAD_REQUEST_ERROR", "description": "no", "reason": "input_validation_failed"}}
PAY = PAYMENT["id"]
AT = 1_780_000_100
REQUEST = RefundRequest("rfnd_00000000000000000000000001", str(PAY), 9_440, "INR", {"top_up": "top_1"})
REFUND = {
    "id": "rfnd_Abcdefghij0001",
    "entity": "refund",
    "amount": 9_440,
    "currency": "INR",
    "payment_id": PAY,
    "notes": [],
    "receipt": REQUEST.receipt,
    "acquirer_data": {"arn": None, "rrn": "5511"},
    "status": "processed",
    "created_at": AT,
}
MADE = Refund(
    "rfnd_Abcdefghij0001",
    str(PAY),
    9_440,
    "INR",
    RefundStatus.PROCESSED,
    REQUEST.receipt,
    "5511",
    datetime.fromtimestamp(AT, UTC),
)
DISPUTE = {
    "id": "disp_Abcdefghij0001",
    "payment_id": PAY,
    "amount": 118_000,
    "currency": "INR",
    "amount_deducted": 0,
    "reason_code": "goods_not_received",
    "respond_by": AT + 86_400,
    "status": "under_review",
    "created_at": AT,
}
REFUNDS, REFUND_PATH = f"/v1/payments/{PAY}/refunds", f"/v1/payments/{PAY}/refund"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.on("GET", f"/v1/orders/{ORDER['id']}", replies(200, ORDER))
        server.on("GET", f"/v1/orders/{ORDER['id']}/payments", replies(200, {"items": [PAYMENT]}))
        server.on("GET", REFUNDS, replies(200, {"items": []}))
        server.on("GET", "/v1/disputes", replies(200, {"items": []}))
        server.on("POST", REFUND_PATH, replies(200, REFUND))
        yield server


@pytest.fixture
def driver() -> Iterator[Driver]:
    with ExitStack() as stack:

        def make(url: str) -> RazorpayGateway:
            gateway = RazorpayScript().gateway(url)
            stack.callback(gateway.close)
            return gateway

        yield make


def pages(items: list[Any]) -> Answer:
    """A list in pages, as `count` and `skip` ask for it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        skip, count = int(query["skip"][0]), int(query["count"][0])
        replies(200, {"items": items[skip : skip + count]})(handler)

    return answer


def read(gateway: RazorpayGateway) -> Snapshot:
    snapshot = gateway.read(str(ORDER["id"]))
    assert isinstance(snapshot, Snapshot)
    return snapshot


def test_a_refund_is_asked_for_under_its_receipt(server: ScriptedServer, driver: Driver) -> None:
    assert driver(server.url).refund(REQUEST) == MADE
    (sent,) = [request for request in server.requests if request.method == "POST"]
    assert sent.headers["x-refund-idempotency"] == REQUEST.receipt
    assert server.sent("POST") == [
        {"amount": 9_440, "speed": "normal", "receipt": REQUEST.receipt, "notes": {"top_up": "top_1"}}
    ]


def test_a_refund_made_by_an_earlier_try_is_found_and_not_made_again(server: ScriptedServer, driver: Driver) -> None:
    server.on(
        "GET", REFUNDS, pages([{**REFUND, "id": f"rfnd_{n:014}", "receipt": None} for n in range(150)] + [REFUND])
    )
    assert driver(server.url).refund(REQUEST) == MADE
    assert server.sent("POST") == []


def test_a_refund_of_another_amount_under_our_receipt_is_refused(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", REFUNDS, replies(200, {"items": [REFUND | {"amount": 1}]}))
    answer = driver(server.url).refund(REQUEST)
    assert isinstance(answer, Refused)
    assert answer.code == "receipt_taken"


@pytest.mark.parametrize("answer", [*LOST.values(), replies(409, ERROR)], ids=[*LOST, "409"])
def test_a_refund_whose_answer_is_lost_is_unknown(server: ScriptedServer, driver: Driver, answer: Answer) -> None:
    server.on("POST", REFUND_PATH, answer)
    assert isinstance(driver(server.url).refund(REQUEST), Unknown)
    assert len(server.sent("POST")) == 1


@pytest.mark.parametrize("answer", [*LOST.values(), replies(400, ERROR), replies(401, b"")], ids=[*LOST, "400", "401"])
def test_without_a_look_for_the_receipt_no_refund_is_made(
    server: ScriptedServer, driver: Driver, answer: Answer
) -> None:
    server.on("GET", REFUNDS, answer)
    assert isinstance(driver(server.url).refund(REQUEST), Unavailable)
    assert server.sent("POST") == []


def test_a_refund_the_gateway_does_not_make_is_refused(server: ScriptedServer, driver: Driver) -> None:
    server.on("POST", REFUND_PATH, replies(400, ERROR))
    assert driver(server.url).refund(REQUEST) == Refused("input_validation_failed", "no")


def test_an_order_reads_with_the_refunds_and_disputes_of_its_payments(server: ScriptedServer, driver: Driver) -> None:
    stranger = DISPUTE | {"id": "disp_Abcdefghij0002", "payment_id": "pay_OfSomebodyElse"}
    server.on("GET", REFUNDS, replies(200, {"items": [REFUND]}))
    server.on("GET", "/v1/disputes", pages([stranger, DISPUTE]))
    snapshot = read(driver(server.url))
    assert snapshot.refunds == (MADE,)
    (dispute,) = snapshot.disputes
    assert (dispute.dispute_ref, dispute.status) == ("disp_Abcdefghij0001", DisputeStatus.UNDER_REVIEW)
    assert dispute.respond_by == datetime.fromtimestamp(AT + 86_400, UTC)


def test_a_payment_that_took_nothing_is_not_asked_for_refunds(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", f"/v1/orders/{ORDER['id']}/payments", replies(200, {"items": [PAYMENT | {"status": "failed"}]}))
    read(driver(server.url))
    assert {request.path for request in server.requests}.isdisjoint({REFUNDS, "/v1/disputes"})


def test_an_account_without_the_disputes_api_still_reads(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", "/v1/disputes", replies(400, ERROR))
    assert read(driver(server.url)).disputes == ()


@pytest.mark.parametrize("path", [REFUNDS, "/v1/disputes"])
@pytest.mark.parametrize("answer", [*LOST.values(), replies(429, ERROR)], ids=[*LOST, "429"])
def test_an_order_whose_refunds_or_disputes_cannot_be_read_is_not_read(
    server: ScriptedServer, driver: Driver, path: str, answer: Answer
) -> None:
    server.on("GET", path, answer)
    assert isinstance(driver(server.url).read(str(ORDER["id"])), Unavailable)


@pytest.mark.parametrize(
    ("path", "entity", "change"),
    [
        (REFUNDS, REFUND, {"status": "brand_new"}),
        (REFUNDS, REFUND, {"amount": "9440"}),
        (REFUNDS, REFUND, {"currency": None}),
        (REFUNDS, REFUND, {"payment_id": None}),
        ("/v1/disputes", DISPUTE, {"status": "brand_new"}),
        ("/v1/disputes", DISPUTE, {"amount": -1}),
        ("/v1/disputes", DISPUTE, {"respond_by": "soon"}),
        ("/v1/disputes", DISPUTE, {"id": None}),
    ],
    ids=str,
)
def test_a_refund_or_dispute_whose_facts_are_wrong_is_not_believed(
    server: ScriptedServer, driver: Driver, path: str, entity: dict[str, Any], change: dict[str, Any]
) -> None:
    server.on("GET", path, replies(200, {"items": [entity | change]}))
    assert isinstance(driver(server.url).read(str(ORDER["id"])), Unavailable)


def test_payments_are_listed_to_the_last_page_oldest_first_and_within_the_time(
    server: ScriptedServer, driver: Driver
) -> None:
    all_of_them = [PAYMENT | {"id": f"pay_{n:014}", "created_at": AT + n} for n in range(250)]
    server.on("GET", "/v1/payments", pages(all_of_them[::-1]))
    start = datetime.fromtimestamp(AT, UTC)
    found = driver(server.url).list_payments(created_from=start, created_until=start + timedelta(seconds=240))
    assert isinstance(found, tuple)
    assert [payment.payment_ref for payment in found] == [f"pay_{n:014}" for n in range(240)]
    assert server.sent("GET")[0]["from"] == [str(AT)]


def test_a_list_whose_pages_never_end_is_unavailable(server: ScriptedServer, driver: Driver) -> None:
    server.on("GET", "/v1/payments", replies(200, {"items": [PAYMENT | {"id": f"pay_{n:014}"} for n in range(100)]}))
    found = driver(server.url).list_payments(created_from=datetime.now(UTC), created_until=datetime.now(UTC))
    assert isinstance(found, Unavailable)


def test_what_was_settled_on_a_day_is_listed(server: ScriptedServer, driver: Driver) -> None:
    line = {
        "entity_id": PAY,
        "type": "payment",
        "debit": 0,
        "credit": 115_215,
        "amount": 118_000,
        "currency": "INR",
        "fee": 2_785,
        "tax": 425,
        "settled": True,
        "settled_at": AT,
        "settlement_id": "setl_Abcdefghij0001",
        "order_id": ORDER["id"],
    }
    transfer = line | {"entity_id": "trf_1", "type": "transfer", "fee": None, "tax": None, "order_id": None}
    waiting = line | {"entity_id": "pay_2", "settled": False, "settlement_id": None, "settled_at": None}
    server.on("GET", "/v1/settlements/recon/combined", pages([line, transfer, waiting]))
    found = driver(server.url).list_settled(year=2026, month=5, day=7)
    assert isinstance(found, tuple)
    assert [(item.kind, item.ref, item.amount_minor, item.fee_minor, item.tax_minor) for item in found] == [
        ("payment", PAY, 118_000, 2_785, 425),
        ("adjustment", "trf_1", 118_000, 0, 0),
    ]
    (query,) = server.sent("GET")
    assert (query["year"], query["month"], query["day"], query["count"]) == (["2026"], ["05"], ["07"], ["1000"])


@pytest.mark.parametrize("entity", ["refund", "dispute"])
def test_an_event_about_a_refund_or_dispute_names_its_payment(entity: str) -> None:
    from khata.payments.drivers.razorpay.webhooks import _payment_ref

    assert _payment_ref({"payload": {entity: {"entity": {"payment_id": PAY}}}}) == PAY
