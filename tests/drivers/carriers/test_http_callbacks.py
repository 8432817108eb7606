"""What a described carrier calls with: read leniently where it is known to be the carrier, and not at all elsewhere."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from khata.carriers.callbacks import Callback, CallbackKind, ForgedCallback
from khata.carriers.drivers.http import HttpCarrier, settings_of
from khata.carriers.port import InboundMessage, Receipt, ReceiptState

from .gateway_far_end import CALLBACK_SECRET
from .gateway_tables import json_table, line_table

JSON_TYPE = {"content-type": "application/json; charset=utf-8"}


@pytest.fixture
def by_json() -> HttpCarrier:
    return HttpCarrier(settings_of("acme", json_table("https://sms.example"), is_sandbox=False))


@pytest.fixture
def by_line() -> HttpCarrier:
    return HttpCarrier(settings_of("acme", line_table("https://sms.example"), is_sandbox=False))


def called(content: Any, kind: CallbackKind = "status", secret: str = CALLBACK_SECRET) -> Callback:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Callback(kind, "POST", f"/callbacks/carriers/acme/{kind}/{secret}", "", body, JSON_TYPE, secret)


def asked(fields: dict[str, str], method: str = "GET", secret: str = CALLBACK_SECRET) -> Callback:
    text = urlencode(fields)
    path = f"/callbacks/carriers/acme/status/{secret}"
    if method == "GET":
        return Callback("status", "GET", path, text, b"", {}, secret)
    return Callback("status", "POST", path, "", text.encode(), {}, secret)


@pytest.mark.parametrize(
    "secret", ["", "callback-secret-0002", CALLBACK_SECRET.upper(), "é" * 20, CALLBACK_SECRET + "x"]
)
def test_without_the_secret_nothing_is_read(by_json: HttpCarrier, secret: str) -> None:
    with pytest.raises(ForgedCallback):
        by_json.read_callback(called({"reports": [{"id": 1, "status": "OK"}]}, secret=secret))


def test_what_was_not_described_is_not_read(by_line: HttpCarrier) -> None:
    with pytest.raises(ForgedCallback):
        by_line.read_callback(called({"mo": {}}, "inbound"))


def test_several_receipts_come_at_once(by_json: HttpCarrier) -> None:
    news = by_json.read_callback(
        called({"reports": [{"id": 7, "status": "OK"}, {"id": "8", "status": "LOST", "err": 21}, {"id": 9}]})
    )
    assert [(item.carrier_ref, item.state, item.error_code) for item in news if isinstance(item, Receipt)] == [
        ("7", ReceiptState.DELIVERED, ""),
        ("8", ReceiptState.UNDELIVERED, "21"),
        ("9", ReceiptState.UNKNOWN, ""),
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_receipt_comes_in_the_query_or_in_a_form(by_line: HttpCarrier, method: str) -> None:
    [receipt] = by_line.read_callback(asked({"myid": "msg_1", "stat": "DELIVRD"}, method))
    assert isinstance(receipt, Receipt)
    assert (receipt.carrier, receipt.carrier_ref, receipt.state) == ("acme", "msg_1", ReceiptState.DELIVERED)


@pytest.mark.parametrize("word", ["delivrd", "DELIVERED", "", "constructor"])
def test_a_word_nobody_described_decides_nothing(by_line: HttpCarrier, word: str) -> None:
    [receipt] = by_line.read_callback(asked({"myid": "msg_1", "stat": word}))
    assert isinstance(receipt, Receipt)
    assert receipt.state is ReceiptState.UNKNOWN


@pytest.mark.parametrize(
    "body", [b"", b"null", b"7", b"{}", b"\xff", b"[" * 50_000, b'{"reports": 7}', b'{"reports": [7, null, []]}']
)
def test_what_cannot_be_read_tells_nothing(by_json: HttpCarrier, body: bytes) -> None:
    assert by_json.read_callback(called(body)) == []


def test_what_no_column_can_keep_is_left_out(by_json: HttpCarrier) -> None:
    [receipt] = by_json.read_callback(called(b'{"reports": [{"id": "a\\u0000b\\ud800", "status": "OK"}]}'))
    assert receipt.carrier_ref == "ab?"


def test_a_message_from_a_phone_is_read(by_json: HttpCarrier) -> None:
    told = {"mo": {"id": "in-1", "msisdn": "919812340100", "code": "56161", "body": "STOP ₹"}}
    [message] = by_json.read_callback(called(told, "inbound"))
    assert isinstance(message, InboundMessage)
    assert message[:5] == ("acme", "in-1", "+919812340100", "56161", "STOP ₹")


@pytest.mark.parametrize("sender", ["56161", "+919812340100", "HDFCBK", "09812340100"])
def test_a_sender_that_is_no_plain_number_stays_as_it_came(by_json: HttpCarrier, sender: str) -> None:
    [message] = by_json.read_callback(called({"mo": {"msisdn": sender, "code": "1", "body": "hi"}}, "inbound"))
    assert isinstance(message, InboundMessage)
    assert message.sender == sender


def test_far_too_many_fields_are_not_read(by_line: HttpCarrier) -> None:
    with pytest.raises(ForgedCallback):
        by_line.read_callback(asked({f"f{number}": "1" for number in range(300)}))
