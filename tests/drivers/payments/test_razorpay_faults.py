"""The razorpay driver against a gateway in trouble, and what is Razorpay's own about asking it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.port import (
    Order,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Unavailable,
    Unknown,
)
from khata.payments.reversals import Refund

from .fault_contract import REQUEST, FaultContract, refund_request
from .razorpay_script import ORDER, ORDERS, PAYMENT, PAYMENT_PATH, PAYMENTS, REFUND, REFUNDS, RazorpayScript, collection
from .scripted_server import ScriptedServer, hangs_up, replies


@pytest.fixture
def script() -> RazorpayScript:
    return RazorpayScript()


def read_payment(server: ScriptedServer, gateway: RazorpayGateway, **changes: Any) -> Any:
    server.on("GET", PAYMENTS, replies(200, collection(PAYMENT | changes)))
    snapshot = gateway.read(RazorpayScript.order_ref)
    assert isinstance(snapshot, Snapshot)
    (payment,) = snapshot.payments
    return payment


class TestRazorpay(FaultContract):
    def test_after_a_lost_answer_the_order_is_found_by_its_receipt(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        server.on("POST", ORDERS, hangs_up)
        assert isinstance(gateway.create_order(REQUEST), Unknown)
        server.on("GET", ORDERS, replies(200, collection(ORDER | {"receipt": "another"}, ORDER)))
        assert gateway.create_order(REQUEST) == Order(RazorpayScript.order_ref, 118_000, "INR", REQUEST.receipt)
        assert server.posted(ORDERS) == 1
        assert server.sent("GET")[-1] == {"receipt": [REQUEST.receipt]}

    def test_an_order_of_another_amount_under_our_receipt_is_refused(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        server.on("GET", ORDERS, replies(200, collection(ORDER | {"amount": 100})))
        answer = gateway.create_order(REQUEST)
        assert isinstance(answer, Refused)
        assert answer.code == "receipt_taken"

    @pytest.mark.parametrize("answer", [replies(500, b"<html></html>"), replies(200, {})])
    def test_without_a_look_for_the_receipt_nothing_is_made(
        self, script: RazorpayScript, server: ScriptedServer, gateway: RazorpayGateway, answer: Any
    ) -> None:
        server.on("GET", ORDERS, answer)
        server.on("GET", REFUNDS, answer)
        assert isinstance(gateway.create_order(REQUEST), Unavailable)
        assert isinstance(gateway.refund(refund_request(script)), Unavailable)
        assert server.sent("POST") == []

    def test_a_refund_made_before_is_found_by_its_receipt(
        self, script: RazorpayScript, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        wanted = refund_request(script)
        made = REFUND | {"id": "rfnd_Abcdefghij0009", "receipt": wanted.receipt}
        server.on("GET", REFUNDS, replies(200, collection(REFUND, made)))
        refunded = gateway.refund(wanted)
        assert isinstance(refunded, Refund)
        assert refunded.refund_ref == "rfnd_Abcdefghij0009"
        assert isinstance(gateway.refund(replace(wanted, amount_minor=100)), Refused)
        assert server.posted(script.refund_path) == 0

    def test_a_refund_carries_its_receipt_as_the_idempotency_key(
        self, script: RazorpayScript, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        wanted = refund_request(script)
        gateway.refund(wanted)
        (posted,) = [request for request in server.requests if request.method == "POST"]
        assert posted.headers["x-refund-idempotency"] == wanted.receipt

    def test_an_order_asks_for_automatic_capture_in_paise(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        assert isinstance(gateway.create_order(REQUEST), Order)
        assert server.sent("POST") == [
            {
                "amount": 118_000,
                "currency": "INR",
                "receipt": REQUEST.receipt,
                "notes": {"Amount": "1000.00"},
                "payment_capture": 1,
            }
        ]

    @pytest.mark.parametrize(
        "change",
        [{"id": "order_1"}, {"id": "pay_" + "x" * 300}, {"amount": "118000"}, {"currency": "rupees"}],
        ids=str,
    )
    def test_a_payment_almost_right_is_not_believed(
        self, server: ScriptedServer, gateway: RazorpayGateway, change: dict[str, Any]
    ) -> None:
        server.on("GET", PAYMENTS, replies(200, collection(PAYMENT | change)))
        assert isinstance(gateway.read(RazorpayScript.order_ref), Unavailable)

    def test_an_answer_beyond_all_measure_is_not_read_however_good_it_is(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        server.on("POST", ORDERS, replies(200, json.dumps(ORDER).encode() + b" " * 2_000_000))
        assert isinstance(gateway.create_order(REQUEST), Unknown)

    def test_a_netbanking_payment_is_told_in_our_words(self, server: ScriptedServer, gateway: RazorpayGateway) -> None:
        payment = read_payment(server, gateway)
        assert (payment.status, payment.method) == (PaymentStatus.CAPTURED, PaymentMethod.NETBANKING)
        assert (payment.method_detail, payment.bank_ref) == ("HDFC Bank", "778899")

    def test_a_method_nobody_here_knows_is_other(self, server: ScriptedServer, gateway: RazorpayGateway) -> None:
        payment = read_payment(server, gateway, method="paylater", acquirer_data=[], notes=None)
        assert (payment.method, payment.method_detail, payment.bank_ref) == (PaymentMethod.OTHER, "paylater", "")

    def test_text_from_the_gateway_loses_what_no_database_takes(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        payment = read_payment(server, gateway, error_description="a\0b\n" + "x" * 400, error_reason=7)
        assert payment.error_description == ("ab" + "x" * 400)[:255]
        assert payment.error_reason == ""

    def test_a_card_is_asked_for_and_its_absence_is_survived(
        self, server: ScriptedServer, gateway: RazorpayGateway
    ) -> None:
        card_path = f"{PAYMENT_PATH}/card"
        server.on("GET", card_path, replies(200, {"entity": "card", "network": "Visa", "last4": "1007"}))
        assert read_payment(server, gateway, method="card", bank=None).method_detail == "Visa ending 1007"
        server.on("GET", card_path, replies(500, b"<html></html>"))
        assert read_payment(server, gateway, method="card", bank=None).method_detail == ""


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
